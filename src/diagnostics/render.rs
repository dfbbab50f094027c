//! Diagnostics as text for people.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use codespan_reporting::diagnostic::{self as codespan, LabelStyle};
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::termcolor::Buffer;
use codespan_reporting::term::{Config, emit_to_write_style};

use super::excerpt::{Excerpt, excerpt, word_at};
use super::printable;
use super::trace::{TraceOptions, write_trace};
use super::{Colors, Diagnostic, FileId, Label, Location, Severity, SourceFile, SourceMap};

/// Of further errors found at the same time, how many are shown.
const MOST_FURTHER: usize = 20;

/// How diagnostics are shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RenderOptions {
    /// Whether escape sequences for colours may be used.
    pub colors: Colors,
    /// Whether to show the whole trace, or the frames in the user's own files.
    pub show_trace: bool,
    /// The directories that hold the user's own files. If there are none, it is the directory of the file that is
    /// evaluated, or the base directory of the text; see [`SourceMap::add_own`].
    pub own: Vec<PathBuf>,
}

/// A diagnostic with the source lines it points to, its notes and its trace; several lines, each
/// ended by a line feed.
///
/// Whatever sources and messages contain, the text is safe to print: control characters are
/// replaced and lines of sources are shortened.
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, options: &RenderOptions) -> String {
    let mut output = match options.colors {
        Colors::On => Buffer::ansi(),
        Colors::Off => Buffer::no_color(),
    };
    // Writing to memory does not fail, and the files answer whatever they are asked for; should
    // one of this change, the message still gets out.
    if write_all(&mut output, diagnostic, sources, options).is_err() {
        return format!("error: {}\n", printable(&diagnostic.message, options.colors));
    }
    let mut text = String::from_utf8_lossy(output.as_slice()).into_owned();
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn write_all(
    output: &mut Buffer,
    diagnostic: &Diagnostic,
    sources: &SourceMap,
    options: &RenderOptions,
) -> Result<(), Error> {
    use std::io::Write;

    write_one(output, diagnostic, sources, options)?;
    for further in diagnostic.further.iter().take(MOST_FURTHER) {
        write_one(output, further, sources, options)?;
    }
    if let Some(more @ 1..) = diagnostic.further.len().checked_sub(MOST_FURTHER) {
        writeln!(output, "… and {more} more")?;
    }
    Ok(())
}

fn write_one(
    output: &mut Buffer,
    diagnostic: &Diagnostic,
    sources: &SourceMap,
    options: &RenderOptions,
) -> Result<(), Error> {
    let places = Places::of(diagnostic, sources);
    let severity = match diagnostic.severity {
        Severity::Error => codespan::Severity::Error,
        Severity::Warning => codespan::Severity::Warning,
    };
    let safe = |text: &str| printable(text, options.colors).into_owned();
    let mut notes: Vec<String> = Vec::new();
    notes.extend(places.elsewhere.iter().map(|text| safe(text)));
    for changed in places.files.iter().filter(|shown| shown.file.has_changed()) {
        let name = safe(&changed.file.name().to_string());
        notes.push(format!(
            "note: {name} has changed since it was evaluated: what is shown of it may be something else"
        ));
    }
    notes.extend(diagnostic.notes.iter().map(|note| format!("note: {}", safe(note))));
    notes.extend(diagnostic.hints.iter().map(|hint| format!("help: {}", safe(hint))));
    let labels = places.marks.iter().map(|mark| codespan::Label {
        style: mark.style,
        file_id: mark.file,
        range: mark.shown.clone(),
        message: safe(&mark.text),
    });
    let shown = codespan::Diagnostic {
        severity,
        code: Some(diagnostic.code.to_string()),
        message: safe(&diagnostic.message),
        labels: labels.collect(),
        notes,
    };
    emit_to_write_style(output, &Config::default(), &places, &shown)?;
    let trace_options = TraceOptions { everything: options.show_trace, own: &options.own };
    write_trace(output, diagnostic, sources, &trace_options)?;
    Ok(())
}

/// The places of one diagnostic: excerpts of files, made to look like whole files.
struct Places {
    files: Vec<ShownFile>,
    marks: Vec<Mark>,
    /// What was to be said of places that are not in the excerpts.
    elsewhere: Vec<String>,
}

struct ShownFile {
    file: Arc<SourceFile>,
    /// The excerpts, end to end.
    text: String,
    /// By line, counted from 0: its part of `text`.
    lines: BTreeMap<usize, Range<usize>>,
}

struct Mark {
    style: LabelStyle,
    /// An index into [`Places::files`].
    file: usize,
    /// A part of the file's `text`.
    shown: Range<usize>,
    column: u32,
    text: String,
}

/// A label whose file is known.
struct Located<'a> {
    style: LabelStyle,
    location: Location,
    file: Arc<SourceFile>,
    label: &'a Label,
}

impl Places {
    fn of(diagnostic: &Diagnostic, sources: &SourceMap) -> Places {
        let primary = diagnostic.primary.iter().map(|label| (LabelStyle::Primary, label));
        let secondary = diagnostic.secondary.iter().map(|label| (LabelStyle::Secondary, label));
        let located: Vec<Located> = primary
            .chain(secondary)
            .filter_map(|(style, label)| {
                let location = sources.resolve(label.span.start)?;
                let file = sources.file(location.file)?;
                Some(Located { style, location, file, label })
            })
            .collect();
        let mut places = Places { files: Vec::new(), marks: Vec::new(), elsewhere: Vec::new() };
        // In the order of the labels, because the first file is shown first.
        let mut ids: Vec<FileId> = Vec::new();
        for label in &located {
            if !ids.contains(&label.location.file) {
                ids.push(label.location.file);
                places.show_file(label.file.clone(), &located);
            }
        }
        places
    }

    /// Shows all labelled lines of a file.
    fn show_file(&mut self, file: Arc<SourceFile>, located: &[Located]) {
        let mut by_line: BTreeMap<usize, Vec<&Located>> = BTreeMap::new();
        for label in located.iter().filter(|label| label.location.file == file.id()) {
            by_line.entry(label.location.line as usize - 1).or_default().push(label);
        }
        let mut shown = ShownFile { file, text: String::new(), lines: BTreeMap::new() };
        let mut previous = None;
        for (&line, labels) in &by_line {
            // A single line between two others is shown rather than left out.
            if previous.is_some_and(|previous| previous + 2 == line) {
                shown.push(line - 1, excerpt(&shown.file, line - 1, &[]));
            }
            previous = Some(line);
            self.show_line(&mut shown, line, labels);
        }
        self.files.push(shown);
    }

    fn show_line(&mut self, shown: &mut ShownFile, line: usize, labels: &[&Located]) {
        let ranges: Vec<_> = labels.iter().map(|label| label.range()).collect();
        let excerpt = excerpt(&shown.file, line, &ranges);
        let start = shown.text.len();
        for (label, mark) in labels.iter().zip(&excerpt.marks) {
            match mark {
                Some(mark) => self.marks.push(Mark {
                    style: label.style,
                    file: self.files.len(),
                    shown: start + mark.start..start + mark.end,
                    column: label.location.column,
                    text: label.label.text.clone(),
                }),
                None => self.elsewhere.push(format!(
                    "{}:{}:{}: {}",
                    label.file.name(),
                    label.location.line,
                    label.location.column,
                    label.label.text
                )),
            }
        }
        shown.push(line, excerpt);
    }
}

impl Located<'_> {
    /// The marked bytes of the file.
    fn range(&self) -> Range<usize> {
        let start = self.location.offset as usize;
        match self.label.span.len as usize {
            0 => word_at(&self.file, start),
            len => start..start + len,
        }
    }
}

impl ShownFile {
    fn push(&mut self, line: usize, excerpt: Excerpt) {
        let start = self.text.len();
        self.text.push_str(&excerpt.text);
        self.lines.insert(line, start..self.text.len());
        self.text.push('\n');
    }
}

impl Places {
    fn file(&self, id: usize) -> Result<&ShownFile, Error> {
        self.files.get(id).ok_or(Error::FileMissing)
    }
}

impl<'a> Files<'a> for Places {
    type FileId = usize;
    type Name = String;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<String, Error> {
        let name = self.file(id)?.file.name().to_string();
        Ok(printable(&name, Colors::Off).replace('\n', "␊"))
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.text)
    }

    fn line_index(&'a self, id: usize, at: usize) -> Result<usize, Error> {
        let lines = &self.file(id)?.lines;
        let line = lines.iter().find(|(_, range)| at <= range.end);
        Ok(line.or(lines.iter().next_back()).map_or(0, |(&line, _)| line))
    }

    fn line_range(&'a self, id: usize, line: usize) -> Result<Range<usize>, Error> {
        Ok(self.file(id)?.lines.get(&line).cloned().unwrap_or(0..0))
    }

    fn column_number(&'a self, id: usize, _line: usize, at: usize) -> Result<usize, Error> {
        let mark = self.marks.iter().find(|mark| mark.file == id && mark.shown.start == at);
        Ok(mark.map_or(1, |mark| mark.column as usize))
    }
}
