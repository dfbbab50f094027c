//! Traces: what was being evaluated when an error happened, innermost first.
//!
//! A trace may have thousands of frames, most of them in libraries. So what repeats is shown once, with its number. Unless
//! everything is asked for, only the frames in the user's own files are shown, and what the program itself says with
//! `builtins.addErrorContext`; for those of libraries in between there is a line with their number.

use std::io::{self, Write};
use std::path::PathBuf;
use std::slice;

use codespan_reporting::term::termcolor::{Buffer, Color, ColorSpec, WriteColor};

use super::excerpt::excerpt;
use super::fold::{Item, fold};
use super::{Code, Colors, Diagnostic, FrameKind, Gap, Pos, SourceMap, TraceFrame, printable};

/// If no frame is in a file of the user, so many are shown.
const SHORT: usize = 5;
/// Of frames that are to be shown, so many are: the innermost and the outermost.
const INNERMOST: usize = 25;
const OUTERMOST: usize = 10;
/// A line names so many files of a library.
const MOST_FILES: usize = 3;
/// Characters of source text shown for a frame.
const SOURCE_WIDTH: usize = 90;

/// What is shown of a trace.
pub(super) struct TraceOptions<'a> {
    pub(super) everything: bool,
    /// The directories of the user's own files, in place of those that the source map knows.
    pub(super) own: &'a [PathBuf],
}

/// Writes the steps of an infinite recursion and the trace below their error; nothing if there are none.
pub(super) fn write_trace(
    output: &mut Buffer,
    diagnostic: &Diagnostic,
    sources: &SourceMap,
    options: &TraceOptions<'_>,
) -> io::Result<()> {
    let steps =
        Shown { frames: &diagnostic.cycle, place: Pos::NONE, gap: None, keeps_repetitions: false, sources, options };
    if steps.are_worth_a_list() {
        writeln!(output, "  in this order:")?;
        steps.write(output)?;
        writeln!(output)?;
    }
    if diagnostic.trace.is_empty() {
        return Ok(());
    }
    let frames = Shown {
        frames: &diagnostic.trace,
        place: diagnostic.primary.as_ref().map_or(Pos::NONE, |label| label.span.start),
        gap: diagnostic.gap,
        // What repeats is what went wrong, wherever it is.
        keeps_repetitions: diagnostic.code == Code::CallDepthExceeded,
        sources,
        options,
    };
    frames.write(output)?;
    writeln!(output)
}

/// So many steps of a recursion in the user's own files are all labelled in the source.
const FEW_STEPS: usize = 4;

/// Frames that are being shown.
struct Shown<'a> {
    frames: &'a [TraceFrame],
    /// Where the error is.
    place: Pos,
    gap: Option<Gap>,
    /// Whether frames that repeat are shown though they are in a library.
    keeps_repetitions: bool,
    sources: &'a SourceMap,
    options: &'a TraceOptions<'a>,
}

/// A line, or a frame with its place.
enum Line {
    Frame(usize),
    Repetition {
        frames: usize,
        times: usize,
    },
    /// Frames of libraries, and the files that they are in.
    Library {
        frames: usize,
        files: Vec<String>,
    },
    Hidden(usize),
}

impl Shown<'_> {
    /// Whether steps of a recursion are not all labelled in the source.
    fn are_worth_a_list(&self) -> bool {
        let own = self.frames.iter().filter(|frame| self.is_told(frame)).count();
        let labelled = if own > 0 && !self.options.everything { own } else { self.frames.len() };
        labelled > FEW_STEPS
    }

    fn write(&self, output: &mut Buffer) -> io::Result<()> {
        let count = self.frames.len() + self.gap.map_or(0, |gap| gap.frames);
        let digits = count.to_string().len();
        for line in self.lines() {
            let text = match line {
                Line::Frame(index) => {
                    self.write_frame(output, index, digits)?;
                    continue;
                }
                Line::Repetition { frames: 1, times } => format!("{} more like this", grouped(times)),
                Line::Repetition { frames, times: 1 } => format!("these {frames} frames once more"),
                Line::Repetition { frames, times } => {
                    format!("these {frames} frames {} more times", grouped(times))
                }
                Line::Library { frames, files } => in_files(frames, &files),
                Line::Hidden(frames) => {
                    let plural = if frames == 1 { "" } else { "s" };
                    format!("{} more frame{plural}, shown with --show-trace", grouped(frames))
                }
            };
            writeln!(output, "  {:digits$}  … {text}", "")?;
        }
        Ok(())
    }

    fn lines(&self) -> Vec<Line> {
        let items = fold(self.frames, self.gap);
        if self.options.everything {
            let line = |item| match item {
                Item::Frame(index) => Line::Frame(index),
                Item::Repetition { frames, times } => Line::Repetition { frames, times },
                Item::Gap(frames) => Line::Hidden(frames),
            };
            return items.into_iter().map(line).collect();
        }
        let shown = self.shown(&items);
        let mut lines = Vec::new();
        let mut library = LibraryRun::default();
        for (at, item) in items.iter().enumerate() {
            match *item {
                Item::Frame(index) if self.is_told_before(index) || self.is_file(index) => {}
                Item::Frame(index) if shown[at] => {
                    library.end(&mut lines);
                    lines.push(Line::Frame(index));
                }
                Item::Frame(index) => library.add(self, index),
                Item::Gap(frames) => library.frames += frames,
                Item::Repetition { frames, times } if shown[at - frames..at].contains(&true) => {
                    library.end(&mut lines);
                    lines.push(Line::Repetition { frames, times });
                }
                Item::Repetition { frames, times } => library.frames += frames * times,
            }
        }
        library.end(&mut lines);
        without_middle(lines)
    }

    /// Whether a frame only says where the one before it is, or where the error is.
    fn is_told_before(&self, index: usize) -> bool {
        let frame = &self.frames[index];
        let is_place = frame.text == TraceFrame::HERE;
        match index.checked_sub(1).map(|before| &self.frames[before]) {
            Some(before) => is_place && before.kind == FrameKind::Context && before.pos.is_none(),
            None => is_place && frame.pos == self.place,
        }
    }

    /// Whether a frame only says which file was being evaluated, which the places of the others say.
    fn is_file(&self, index: usize) -> bool {
        self.frames[index].pos.is_none() && self.frames[index].text.starts_with("while evaluating the file '")
    }

    /// Where a frame is. What the program says is where it calls `addErrorContext`.
    fn place_of(&self, index: usize) -> Pos {
        match self.frames.get(index + 1) {
            // In a library nobody wants to know.
            Some(next) if !self.options.everything && self.is_told_before(index + 1) && self.is_told(next) => next.pos,
            _ => self.frames[index].pos,
        }
    }

    /// By item, whether its frame is shown.
    fn shown(&self, items: &[Item]) -> Vec<bool> {
        let mut shown: Vec<bool> = items
            .iter()
            .map(|item| match *item {
                Item::Frame(index) => self.is_told(&self.frames[index]),
                Item::Repetition { .. } | Item::Gap(_) => false,
            })
            .collect();
        if self.keeps_repetitions {
            let longest = items.iter().enumerate().max_by_key(|(_, item)| match item {
                Item::Repetition { frames, times } => frames * times,
                Item::Frame(_) | Item::Gap(_) => 0,
            });
            if let Some((at, &Item::Repetition { frames, .. })) = longest {
                shown[at - frames..at].fill(true);
            }
        }
        let is_frame = |item: &Item| matches!(item, Item::Frame(_));
        if !shown.contains(&true) {
            let frames = shown.iter_mut().zip(items).filter(|(_, item)| is_frame(item));
            frames.take(SHORT).for_each(|(shown, _)| *shown = true);
        }
        // A line for a single frame without a place would be no shorter than the frame.
        for at in 0..items.len() {
            let Item::Frame(index) = items[at] else { continue };
            let is_folded = |neighbour: Option<usize>| {
                neighbour
                    .and_then(|at| items.get(at).map(|item| (at, item)))
                    .is_some_and(|(at, item)| !is_frame(item) || !shown[at])
            };
            let has_folded = is_folded(at.checked_sub(1)) || is_folded(Some(at + 1));
            if self.frames[index].pos.is_none() && !has_folded {
                shown[at] = true;
            }
        }
        shown
    }

    /// Whether a person wants to see a frame.
    fn is_told(&self, frame: &TraceFrame) -> bool {
        if frame.kind == FrameKind::Context {
            return true;
        }
        let file = self.sources.file_at(frame.pos);
        file.is_some_and(|file| self.sources.is_own(&file, self.options.own))
    }

    /// The number of a frame, from 1.
    fn number(&self, index: usize) -> usize {
        let missing = self.gap.filter(|gap| index >= gap.after).map_or(0, |gap| gap.frames);
        index + missing + 1
    }

    fn write_frame(&self, output: &mut Buffer, index: usize, digits: usize) -> io::Result<()> {
        let frame = &self.frames[index];
        let colors = if output.supports_color() { Colors::On } else { Colors::Off };
        let text = printable(&frame.text, colors);
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        writeln!(output, "  {:digits$}: {first}", self.number(index))?;
        for line in lines {
            writeln!(output, "  {:digits$}  {line}", "")?;
        }
        let Some(location) = self.sources.resolve(self.place_of(index)) else {
            return Ok(());
        };
        let Some(file) = self.sources.file(location.file) else {
            return Ok(());
        };
        let name = file.name().to_string();
        let name = printable(&name, Colors::Off).replace('\n', "␊");
        write!(output, "  {:digits$}  at ", "")?;
        output.set_color(ColorSpec::new().set_fg(Some(Color::Cyan)))?;
        write!(output, "{name}:{}:{}", location.line, location.column)?;
        output.reset()?;
        let place = location.offset as usize..location.offset as usize;
        let source = excerpt(&file, location.line as usize - 1, slice::from_ref(&place)).text;
        let source = shorten(source.trim());
        if !source.is_empty() {
            write!(output, ": ")?;
            output.set_color(ColorSpec::new().set_dimmed(true))?;
            write!(output, "{source}")?;
            output.reset()?;
        }
        writeln!(output)
    }
}

/// Frames of libraries that follow each other.
#[derive(Default)]
struct LibraryRun {
    frames: usize,
    files: Vec<String>,
}

impl LibraryRun {
    fn add(&mut self, shown: &Shown<'_>, index: usize) {
        self.frames += 1;
        if let Some(file) = shown.sources.file_at(shown.frames[index].pos) {
            let name = shown.sources.short_name(&file);
            if !self.files.contains(&name) {
                self.files.push(name);
            }
        }
    }

    fn end(&mut self, lines: &mut Vec<Line>) {
        let LibraryRun { frames, files } = std::mem::take(self);
        if frames > 0 {
            lines.push(Line::Library { frames, files });
        }
    }
}

/// `41 frames in lib/modules.nix`
fn in_files(frames: usize, files: &[String]) -> String {
    let plural = if frames == 1 { "" } else { "s" };
    let mut text = format!("{} frame{plural}", grouped(frames));
    let named = files.len().min(MOST_FILES);
    for (index, file) in files[..named].iter().enumerate() {
        let is_last = index + 1 == files.len();
        let before = match index {
            0 => " in ",
            _ if is_last => " and ",
            _ => ", ",
        };
        text.push_str(before);
        text.push_str(&printable(file, Colors::Off).replace('\n', "␊"));
    }
    if files.len() > named {
        text.push_str(&format!(" and {} more files", files.len() - named));
    }
    text
}

/// If there are too many lines, those in the middle are left out, but for what the program says.
fn without_middle(lines: Vec<Line>) -> Vec<Line> {
    if lines.len() <= INNERMOST + OUTERMOST {
        return lines;
    }
    let outermost = lines.len() - OUTERMOST;
    let mut kept = Vec::new();
    let mut hidden = 0;
    for (index, line) in lines.into_iter().enumerate() {
        if (INNERMOST..outermost).contains(&index) {
            hidden += match line {
                Line::Frame(_) => 1,
                Line::Repetition { frames, times } => frames * times,
                Line::Library { frames, .. } | Line::Hidden(frames) => frames,
            };
            continue;
        }
        if hidden > 0 {
            kept.push(Line::Hidden(std::mem::take(&mut hidden)));
        }
        kept.push(line);
    }
    kept
}

fn shorten(text: &str) -> String {
    let text = text.replace('\t', " ");
    match text.char_indices().nth(SOURCE_WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A number with its thousands set apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, expected) in [(7, "7"), (1234, "1,234"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn runs_name_their_files() {
        let files: Vec<String> = ["a.nix", "b.nix", "c.nix", "d.nix", "e.nix"].map(str::to_owned).to_vec();
        for (count, expected) in [
            (0, "1,000 frames"),
            (1, "1,000 frames in a.nix"),
            (2, "1,000 frames in a.nix and b.nix"),
            (3, "1,000 frames in a.nix, b.nix and c.nix"),
            (5, "1,000 frames in a.nix, b.nix, c.nix and 2 more files"),
        ] {
            assert_eq!(in_files(1000, &files[..count]), expected);
        }
    }
}
