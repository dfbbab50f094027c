//! Traces: what was being evaluated when an error happened, innermost first.
//!
//! A trace may have thousands of frames. Runs of frames that repeat, as a recursion leaves them, are
//! written once. Unless everything is asked for, only the most telling frames are shown.

use std::io::{self, Write};
use std::path::Path;
use std::slice;

use codespan_reporting::term::termcolor::{Buffer, Color, ColorSpec, WriteColor};

use super::excerpt::excerpt;
use super::{Colors, FrameKind, SourceMap, SourceName, TraceFrame, printable};

/// How many frames a short trace has at most.
const SHORT: usize = 5;
/// The longest run of frames that is recognised when it repeats.
const LONGEST_PERIOD: usize = 24;
/// Characters of source text shown for a frame.
const SOURCE_WIDTH: usize = 90;

/// Writes the trace below its error; nothing if there is none.
pub(super) fn write_trace(
    output: &mut Buffer,
    frames: &[TraceFrame],
    sources: &SourceMap,
    everything: bool,
) -> io::Result<()> {
    if frames.is_empty() {
        return Ok(());
    }
    let items = fold(frames);
    let shown = if everything { items } else { most_telling(items, frames, sources) };
    let digits = frames.len().to_string().len();
    let mut written = 0;
    for item in shown {
        match item {
            Item::Frame(index) => {
                write_frame(output, index, &frames[index], sources, digits)?;
                written += 1;
            }
            Item::Repetition { frames: 1, times } => {
                writeln!(output, "  {:digits$}  … {} more like this", "", grouped(times))?;
                written += times;
            }
            Item::Repetition { frames, times } => {
                writeln!(output, "  {:digits$}  … these {frames} steps {} more times", "", grouped(times))?;
                written += frames * times;
            }
        }
    }
    if let Some(hidden @ 1..) = frames.len().checked_sub(written) {
        let steps = if hidden == 1 { "step" } else { "steps" };
        writeln!(output, "  {:digits$}  … {} more {steps}, shown with --show-trace", "", grouped(hidden))?;
    }
    writeln!(output)
}

/// One line of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Item {
    /// The frame with this index.
    Frame(usize),
    /// The last so many frames come so many times more.
    Repetition { frames: usize, times: usize },
}

/// The frames with repetitions folded.
fn fold(frames: &[TraceFrame]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < frames.len() {
        match best_period(&frames[at..]) {
            Some((period, times)) => {
                items.extend((at..at + period).map(Item::Frame));
                items.push(Item::Repetition { frames: period, times: times - 1 });
                at += period * times;
            }
            None => {
                items.push(Item::Frame(at));
                at += 1;
            }
        }
    }
    items
}

/// The run at the start whose repetitions cover most, and how often it stands there; nothing if
/// folding would save less than three frames.
fn best_period(frames: &[TraceFrame]) -> Option<(usize, usize)> {
    let mut best = None;
    let mut most_saved = 2;
    for period in 1..=LONGEST_PERIOD.min(frames.len() / 2) {
        // Frames equal to those one period further on extend the repetition.
        let equal = frames.iter().zip(&frames[period..]).take_while(|(frame, next)| frame == next).count();
        let times = equal / period + 1;
        let saved = (times - 1) * period;
        if saved > most_saved {
            most_saved = saved;
            best = Some((period, times));
        }
    }
    best
}

/// A few of the items, in order: first what the program itself says about its errors, then the
/// innermost steps in files of the user, then the innermost steps.
fn most_telling(items: Vec<Item>, frames: &[TraceFrame], sources: &SourceMap) -> Vec<Item> {
    if items.len() <= SHORT {
        return items;
    }
    let mut chosen: Vec<usize> = Vec::with_capacity(SHORT);
    let mut choose = |accept: &dyn Fn(&TraceFrame) -> bool| {
        for (index, item) in items.iter().enumerate() {
            let Item::Frame(frame) = *item else { continue };
            if chosen.len() < SHORT && !chosen.contains(&index) && accept(&frames[frame]) {
                chosen.push(index);
            }
        }
    };
    choose(&|frame| frame.kind == FrameKind::Context);
    choose(&|frame| is_of_user(frame, sources));
    choose(&|_| true);
    chosen.sort_unstable();
    let with_repetition = chosen.into_iter().flat_map(|index| {
        let next = items.get(index + 1).copied();
        let repetition = next.filter(|next| matches!(next, Item::Repetition { frames: 1, .. }));
        std::iter::once(items[index]).chain(repetition)
    });
    with_repetition.collect()
}

/// Whether a frame is in a file that can be edited.
fn is_of_user(frame: &TraceFrame, sources: &SourceMap) -> bool {
    let Some(file) = sources.file_at(frame.pos) else {
        return false;
    };
    match file.name() {
        SourceName::File(path) => !path.starts_with(Path::new("/nix/store")),
        SourceName::String | SourceName::Stdin => true,
        SourceName::Other(_) => false,
    }
}

fn write_frame(
    output: &mut Buffer,
    index: usize,
    frame: &TraceFrame,
    sources: &SourceMap,
    digits: usize,
) -> io::Result<()> {
    let colors = if output.supports_color() { Colors::On } else { Colors::Off };
    let text = printable(&frame.text, colors);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    writeln!(output, "  {:digits$}: {first}", index + 1)?;
    for line in lines {
        writeln!(output, "  {:digits$}  {line}", "")?;
    }
    let Some(location) = sources.resolve(frame.pos) else {
        return Ok(());
    };
    let Some(file) = sources.file(location.file) else {
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
    use super::super::Pos;
    use super::*;

    /// A frame for each letter.
    fn frames(letters: &str) -> Vec<TraceFrame> {
        let frame = |letter: char| TraceFrame::new(Pos::NONE, letter.to_string());
        letters.chars().map(frame).collect()
    }

    fn folded(letters: &str) -> String {
        let frames = frames(letters);
        let show = |item| match item {
            Item::Frame(index) => frames[index].text.to_string(),
            Item::Repetition { frames, times } => format!("({frames}x{times})"),
        };
        fold(&frames).into_iter().map(show).collect()
    }

    #[test]
    fn repetitions_are_folded() {
        for (letters, expected) in [
            ("", ""),
            ("abc", "abc"),
            ("aaa", "aaa"),
            ("aaaa", "a(1x3)"),
            ("xabababy", "xab(2x2)y"),
            ("aabaabaab", "aab(3x2)"),
            ("abcabc", "abc(3x1)"),
            ("abcabd", "abcabd"),
        ] {
            assert_eq!(folded(letters), expected, "{letters}");
        }
    }

    #[test]
    fn folding_long_traces_is_fast() {
        let deep = "abc".repeat(300_000);
        assert_eq!(folded(&deep), "abc(3x299999)");
        let varied: String =
            (0..100_000u32).map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 28) as u8)).collect();
        assert!(fold(&frames(&varied)).len() > 90_000);
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, expected) in [(7, "7"), (1234, "1,234"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), expected);
        }
    }
}
