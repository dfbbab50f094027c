//! Making foreign text safe to print on a terminal.

use std::borrow::Cow;

/// Whether text goes where colours are understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Colors {
    /// Plain text.
    #[default]
    Off,
    /// ANSI escape sequences for colours are understood.
    On,
}

/// `text` without anything that could drive a terminal or deceive its reader: control
/// characters become visible symbols, and characters that reorder text become `�`. Line breaks
/// and tabs stay. Colours set by escape sequences (`ESC [ ... m`) stay where colours are on and
/// vanish where they are off, because programs do colour their messages.
pub fn printable(text: &str, colors: Colors) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && c != '\t' && is_unsafe(c)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    let mut colored = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(sequence) = color_sequence(rest) {
            if colors == Colors::On {
                safe.push_str(sequence);
                colored = true;
            }
            rest = &rest[sequence.len()..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\n' | '\t' => safe.push(c),
            // A line break of another kind; the line feed follows.
            '\r' if rest.starts_with('\n') => {}
            _ => safe.push(visible(c)),
        }
    }
    if colored {
        safe.push_str("\x1b[0m");
    }
    Cow::Owned(safe)
}

/// The character that stands for `c` where `c` itself would be unsafe to print.
pub(super) fn visible(c: char) -> char {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        c if is_unsafe(c) => '\u{fffd}',
        c => c,
    }
}

/// Control characters, line separators, and the characters that change the direction of text
/// (see CVE-2021-42574).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}')
}

/// The escape sequence that `text` starts with, if it only sets colours and weights.
fn color_sequence(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\x1b[")?;
    let length = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    let sequence_length = 2 + length + 1;
    parameters[length..].starts_with('m').then(|| &text[..sequence_length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neutralises_what_drives_a_terminal() {
        for (text, off, on) in [
            ("plain ünïcode\n\tx", "plain ünïcode\n\tx", "plain ünïcode\n\tx"),
            ("a\x1b[31mred", "ared", "a\x1b[31mred\x1b[0m"),
            ("a\x1b[2Jb", "a␛[2Jb", "a␛[2Jb"),
            ("bell\x07", "bell␇", "bell␇"),
            ("one\r\ntwo\rthree", "one\ntwo␍three", "one\ntwo␍three"),
            ("\x1b]0;title\x07", "␛]0;title␇", "␛]0;title␇"),
            ("abc\u{202e}cba", "abc\u{fffd}cba", "abc\u{fffd}cba"),
            ("\u{9b}31m", "\u{fffd}31m", "\u{fffd}31m"),
            ("\x1b[", "␛[", "␛["),
        ] {
            assert_eq!(printable(text, Colors::Off), off, "{text:?}");
            assert_eq!(printable(text, Colors::On), on, "{text:?}");
        }
    }
}
