//! Strings that are not closed.
//!
//! A quote that is missing turns all strings after it inside out: what is code becomes text. So if a text has strings
//! over several lines that look like that, each of the first is tried: closed at the end of its line, or its quote left
//! out. What leaves the fewest errors is what was meant.

use super::super::SyntaxKind as K;
use super::super::error::{SyntaxError, SyntaxErrorKind};
use super::super::lexer::{Repair, Tokens, lex_repaired};
use super::Recovered;

/// How many repairs of strings are tried, and as many of interpolations.
const MOST_TRIED: usize = 10;

/// The text with the quote that it lacks, if there is one that it most likely lacks.
pub(super) fn repaired(
    source: &[u8],
    plain: &Recovered,
    mut parse: impl FnMut(Tokens, Vec<SyntaxError>) -> Recovered,
) -> Option<Recovered> {
    let is_unterminated = plain.errors.iter().any(|error| error.kind == SyntaxErrorKind::UnterminatedString);
    if !is_unterminated && plain.errors.len() < 2 {
        return None;
    }
    let mut best: Option<Recovered> = None;
    for candidate in candidates(source, &plain.tokens) {
        let (tokens, mut errors) = lex_repaired(source, candidate.repair);
        if errors.iter().any(|error| error.kind == SyntaxErrorKind::UnterminatedString) {
            continue;
        }
        let place = candidate.error.range.start as usize;
        errors.push(candidate.error);
        let mut repaired = parse(tokens, errors);
        // What else is wrong on the line comes of text being read as code.
        let line = memchr::memrchr(b'\n', &source[..place]).map_or(0, |at| at + 1)..line_end(source, place);
        repaired.errors.retain(|error| {
            let start = error.range.start as usize;
            start == place || !line.contains(&start)
        });
        let fewest = best.as_ref().map_or(plain.errors.len() + usize::from(is_unterminated), |best| best.errors.len());
        if repaired.errors.len() < fewest {
            best = Some(repaired);
        }
        if best.as_ref().is_some_and(|best| best.errors.len() == 1) {
            break;
        }
    }
    best
}

struct Candidate {
    repair: Repair,
    error: SyntaxError,
}

/// What may be wrong, the likeliest first.
fn candidates(source: &[u8], tokens: &Tokens) -> Vec<Candidate> {
    let (mut found, mut interpolations) = (Vec::new(), Vec::new());
    let mut open: Vec<usize> = Vec::new();
    let mut ends: Vec<(usize, usize)> = Vec::new();
    for (index, kind) in tokens.kinds.iter().enumerate() {
        match kind {
            K::StringStart | K::IndentedStart | K::InterpolationStart => open.push(index),
            K::StringEnd | K::IndentedEnd => {
                while let Some(start) = open.pop() {
                    if tokens.kinds[start] != K::InterpolationStart {
                        ends.push((start, tokens.starts[index] as usize));
                        break;
                    }
                    ends.push((start, source.len()));
                }
            }
            K::RightBrace => {
                // An interpolation that no brace in it hides. Other braces are told apart by their lines below.
                if let Some(start) = open.pop_if(|start| tokens.kinds[*start] == K::InterpolationStart) {
                    ends.push((start, tokens.starts[index] as usize));
                }
            }
            _ => {}
        }
    }
    ends.extend(open.into_iter().map(|start| (start, source.len())));
    ends.sort_unstable();
    for (start, end) in ends {
        let at = tokens.starts[start] as usize;
        match tokens.kinds[start] {
            K::StringStart if found.len() < MOST_TRIED => quoted(source, at, end, &mut found),
            K::IndentedStart if found.len() < MOST_TRIED => indented(source, at, end, &mut found),
            K::InterpolationStart
                if interpolations.len() < MOST_TRIED && start > 0 && is_in_string(tokens.kinds[start - 1]) =>
            {
                interpolation(source, at, end, &mut interpolations);
            }
            _ => {}
        }
    }
    found.extend(interpolations);
    found
}

/// Whether an interpolation after such a token is one of a string.
fn is_in_string(kind: K) -> bool {
    matches!(kind, K::StringStart | K::StringText | K::IndentedStart | K::IndentedText | K::RightBrace)
}

fn line_end(source: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &source[at..]).map_or(source.len(), |length| at + length)
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'$' | b'%' | b'@' | b':')
}

/// Where the text of a line ends that has more than the string on it: before `;` and closing brackets.
fn end_of_text(source: &[u8], start: usize, end: usize) -> usize {
    let text = &source[start..end];
    let kept = text.iter().rposition(|byte| !matches!(byte, b';' | b',' | b')' | b']' | b'}' | b' ' | b'\t' | b'\r'));
    start + kept.map_or(0, |last| last + 1)
}

/// Whether the quotes at an offset look like such that begin a string.
fn looks_like_opening(source: &[u8], at: usize, length: usize) -> bool {
    let before = at.checked_sub(1).map(|before| source[before]);
    let after = source.get(at + length).copied();
    let is_after_blank = before.is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'(' | b'[' | b'=' | b'{'));
    is_after_blank && after.is_some_and(|byte| is_word_byte(byte) || length == 2 && byte == b'\n')
}

/// Whether what is at an offset comes after a value.
fn ends_value(source: &[u8], at: usize) -> bool {
    source.get(at).is_some_and(|byte| matches!(byte, b';' | b')' | b']' | b'}' | b','))
}

fn not_closed(at: usize, length: usize) -> SyntaxError {
    SyntaxError::unclosed_string(at as u32..(at + length) as u32)
}

fn closes_nothing(at: usize, length: usize, quotes: &str) -> SyntaxError {
    let message = format!("{quotes} closes no string: the one before this text is missing");
    SyntaxError::new(SyntaxErrorKind::UnterminatedString, at as u32..(at + length) as u32, message)
}

/// `"`, if the string is the last, begins where another seems to end, or ends where another seems to begin.
fn quoted(source: &[u8], at: usize, end: usize, found: &mut Vec<Candidate>) {
    let line = line_end(source, at);
    let begins_oddly = !looks_like_opening(source, at, 1);
    let ends_oddly = end >= source.len() || looks_like_opening(source, end, 1);
    if !begins_oddly && !ends_oddly {
        return;
    }
    let follows_text = at > 0 && is_word_byte(source[at - 1]);
    let may_close = follows_text || ends_value(source, at + 1);
    if follows_text {
        found.push(Candidate { repair: Repair::LeaveOut { at, length: 1 }, error: closes_nothing(at, 1, "'\"'") });
    }
    let limit = end.min(line);
    let text = &source[at + 1..limit.max(at + 1)];
    let ends = [
        text.iter().position(|byte| matches!(byte, b';' | b')' | b']' | b'}' | b',')).map(|length| at + 1 + length),
        (end <= line).then(|| text.iter().position(u8::is_ascii_whitespace).map(|length| at + 1 + length)).flatten(),
        Some(end_of_text(source, at + 1, line)),
    ];
    let mut tried = 0;
    for close in ends.into_iter().flatten() {
        if close != tried {
            let repair = Repair::Close { at: close, interpolation: false };
            found.push(Candidate { repair, error: not_closed(at, 1) });
        }
        tried = close;
    }
    if may_close && !follows_text {
        found.push(Candidate { repair: Repair::LeaveOut { at, length: 1 }, error: closes_nothing(at, 1, "'\"'") });
    }
}

/// `''`, if the string is the last, or ends where another seems to begin.
fn indented(source: &[u8], at: usize, end: usize, found: &mut Vec<Candidate>) {
    let is_odd = end >= source.len() || looks_like_opening(source, end, 2) || !looks_like_opening(source, at, 2);
    if !is_odd {
        return;
    }
    let line_start = memchr::memrchr(b'\n', &source[..at]).map_or(0, |newline| newline + 1);
    let indent_of = |start: usize| source[start..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let indent = indent_of(line_start);
    let line = line_end(source, at);
    let is_last_of_line = source[at + 2..line].iter().all(u8::is_ascii_whitespace);
    if is_last_of_line {
        // The text is indented further than the line that it begins on.
        let mut next = line + 1;
        while next < source.len() && next < end {
            let begins = next + indent_of(next);
            let is_blank = source.get(begins).is_none_or(|byte| matches!(byte, b'\n' | b'\r'));
            if !is_blank && begins - next <= indent {
                found.push(Candidate {
                    repair: Repair::Close { at: begins, interpolation: false },
                    error: not_closed(at, 2),
                });
                break;
            }
            next = line_end(source, next) + 1;
        }
    } else {
        let close = Repair::Close { at: end_of_text(source, at + 2, line), interpolation: false };
        found.push(Candidate { repair: close, error: not_closed(at, 2) });
    }
    let may_close = at > 0 && is_word_byte(source[at - 1]) || ends_value(source, at + 2);
    if !may_close {
        return;
    }
    found.push(Candidate { repair: Repair::LeaveOut { at, length: 2 }, error: closes_nothing(at, 2, "\"''\"") });
}

/// `${`, if the interpolation goes on beyond its line, or another begins in it.
fn interpolation(source: &[u8], at: usize, end: usize, found: &mut Vec<Candidate>) {
    let line = line_end(source, at);
    let is_short = end <= line && end < source.len();
    if is_short && !source[at + 2..end].contains(&b'"') && !source[at + 2..end].contains(&b'$') {
        return;
    }
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'\'');
    let name = source[at + 2..line].iter().take_while(|byte| is_name(byte)).count();
    let error = SyntaxError::new(
        SyntaxErrorKind::UnclosedDelimiter,
        at as u32..at as u32 + 2,
        "expected '}' at the end of this interpolation",
    );
    found.push(Candidate { repair: Repair::Close { at: at + 2 + name, interpolation: true }, error });
}
