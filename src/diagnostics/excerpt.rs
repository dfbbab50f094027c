//! Lines of source texts in a form that can be shown: short, valid UTF-8, safe to print.

use std::ops::Range;

use super::SourceFile;
use super::printable::visible;

/// Bytes of the longest line that is shown whole.
const LONGEST_LINE: usize = 240;
/// Of a longer line, how many bytes are shown before what is marked, and altogether.
const BEFORE_MARK: usize = 60;
const WINDOW: usize = 200;
/// Stands for what is left out.
const ELLIPSIS: char = '…';

/// A line of source text, or the part of it around what is marked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// What to show, without line breaks.
    pub(super) text: String,
    /// The marks, as ranges of `text`; nothing for a mark that starts outside of it.
    pub(super) marks: Vec<Option<Range<usize>>>,
}

/// The line (counted from 0) of a file. Marks are given as offsets into the file; the first one is
/// always shown. A mark that goes beyond the line ends with it.
pub(super) fn excerpt(file: &SourceFile, line: usize, marks: &[Range<usize>]) -> Excerpt {
    let line = file.line_range(line);
    let focus = marks.first().map_or(line.start, |mark| mark.start);
    let window = window(file.bytes(), line.clone(), focus);
    let (mut text, offsets) = sanitize(&file.bytes()[window.clone()], window.start > line.start);
    if window.end < line.end {
        text.push(ELLIPSIS);
    }
    let marks = marks.iter().map(|mark| {
        let shown = window.start..=window.end;
        shown.contains(&mark.start).then(|| {
            let end = mark.end.clamp(mark.start, window.end);
            offsets[mark.start - window.start]..offsets[end - window.start]
        })
    });
    Excerpt { marks: marks.collect(), text }
}

/// The word that starts at `offset`, or the single character, or nothing at the end of a line: what
/// a position without a length means.
pub(super) fn word_at(file: &SourceFile, offset: usize) -> Range<usize> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'\'');
    let line = file.line_range(file.line_of(offset));
    let rest = file.bytes().get(offset..line.end).unwrap_or_default();
    let starts_word = rest.first().is_some_and(|&b| b.is_ascii_alphabetic() || b == b'_');
    let length = match rest.utf8_chunks().next() {
        _ if starts_word => rest.iter().take_while(|&&byte| is_word(byte)).count(),
        Some(chunk) => match chunk.valid().chars().next() {
            Some(first) => first.len_utf8(),
            None => chunk.invalid().len(),
        },
        None => 0,
    };
    offset..offset + length
}

/// The part of `line` to show, which does not begin within a character.
fn window(bytes: &[u8], line: Range<usize>, focus: usize) -> Range<usize> {
    if line.len() <= LONGEST_LINE {
        return line;
    }
    let latest_start = line.end - WINDOW;
    let mut start = focus.saturating_sub(BEFORE_MARK).clamp(line.start, latest_start);
    let is_continuation = |at: usize| bytes[at] & 0b1100_0000 == 0b1000_0000;
    while start > line.start && start < focus && is_continuation(start) {
        start += 1;
    }
    let mut end = start + WINDOW;
    while end < line.end && end > focus && is_continuation(end) {
        end -= 1;
    }
    start..end.min(line.end)
}

/// The bytes as printable text, and for each byte (and the end) the place in the text where its
/// character starts.
fn sanitize(bytes: &[u8], cut_before: bool) -> (String, Vec<usize>) {
    let mut text = String::with_capacity(bytes.len() + 8);
    let mut offsets = Vec::with_capacity(bytes.len() + 1);
    if cut_before {
        text.push(ELLIPSIS);
    }
    let mut push = |text: &mut String, c: char, length: usize| {
        offsets.extend(std::iter::repeat_n(text.len(), length));
        text.push(c);
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            let shown = if c == '\t' { c } else { visible(c) };
            push(&mut text, shown, c.len_utf8());
        }
        if !chunk.invalid().is_empty() {
            push(&mut text, char::REPLACEMENT_CHARACTER, chunk.invalid().len());
        }
    }
    offsets.push(text.len());
    (text, offsets)
}

#[cfg(test)]
mod tests {
    use std::slice;
    use std::sync::Arc;

    use super::super::{SourceMap, SourceName};
    use super::*;

    fn file(bytes: &[u8]) -> Arc<SourceFile> {
        let sources = SourceMap::new();
        sources.add(SourceName::String, bytes).expect("small")
    }

    #[test]
    fn marks_follow_their_text() {
        for (bytes, mark, text, marked) in [
            (&b"a bc d"[..], 2..4, "a bc d", "bc"),
            (b"a bc\nd", 2..6, "a bc", "bc"),
            (b"\xff\xfe bc", 3..5, "\u{fffd}\u{fffd} bc", "bc"),
            (b"\x1b[2J bc", 5..7, "␛[2J bc", "bc"),
            ("ä\tß".as_bytes(), 3..5, "ä\tß", "ß"),
            (b"ab", 2..2, "ab", ""),
        ] {
            let excerpt = excerpt(&file(bytes), 0, slice::from_ref(&mark));
            assert_eq!(excerpt.text, text);
            let mark = excerpt.marks[0].clone().expect("shown");
            assert_eq!(&excerpt.text[mark], marked);
        }
    }

    #[test]
    fn long_lines_are_cut_around_the_first_mark() {
        let mut bytes = vec![b'x'; 1_000_000];
        bytes[500_000..500_003].copy_from_slice(b"abc");
        let file = file(&bytes);
        let far = 10..20;
        let excerpt = excerpt(&file, 0, &[500_000..600_000, far]);
        let expected = format!("…{}abc{}…", "x".repeat(60), "x".repeat(137));
        assert_eq!(excerpt.text, expected);
        assert_eq!(excerpt.marks, [Some(63..203), None]);
    }

    #[test]
    fn cuts_between_characters() {
        for shift in 0..3 {
            let text = format!("{}{}", "a".repeat(shift), "€".repeat(1000));
            let focus = shift + 3 * 500;
            let mark = focus..focus + 3;
            let excerpt = excerpt(&file(text.as_bytes()), 0, slice::from_ref(&mark));
            assert!(!excerpt.text.contains('\u{fffd}'), "{}", excerpt.text);
            let mark = excerpt.marks[0].clone().expect("shown");
            assert_eq!(&excerpt.text[mark], "€");
        }
    }

    #[test]
    fn finds_words() {
        for (text, offset, length) in [
            ("foo-bar' baz", 0, 8),
            ("foo", 1, 2),
            ("+ 1", 0, 1),
            ("€", 0, 3),
            ("", 0, 0),
            ("ab\ncd", 2, 0),
            ("12ab", 0, 1),
        ] {
            assert_eq!(word_at(&file(text.as_bytes()), offset).len(), length, "{text:?}");
        }
    }
}
