//! Colours for what is typed.

use crate::syntax::{SyntaxKind, tokens};

const END: &str = "\x1b[0m";

/// The line with escape sequences for colours. Without those it is the same, byte for byte.
pub(super) fn highlight(line: &str) -> String {
    let mut text = String::with_capacity(line.len() * 2);
    // A command is no expression, but what stands after it mostly is.
    let command = if line.starts_with(':') { line.find(char::is_whitespace).unwrap_or(line.len()) } else { 0 };
    paint(&mut text, &line[..command], Some("\x1b[1m"));
    let expression = &line[command..];
    let mut painted = 0;
    for (kind, range) in tokens(expression.as_bytes()).iter() {
        // Tokens of bytes that mean nothing may end within a character.
        let end = expression.ceil_char_boundary(range.end as usize);
        if end > painted {
            paint(&mut text, &expression[painted..end], color(kind));
            painted = end;
        }
    }
    text.push_str(&expression[painted..]);
    text
}

fn paint(text: &mut String, part: &str, color: Option<&str>) {
    match color {
        Some(color) if !part.is_empty() => text.extend([color, part, END]),
        _ => text.push_str(part),
    }
}

fn color(kind: SyntaxKind) -> Option<&'static str> {
    use SyntaxKind::*;
    Some(match kind {
        IfKeyword | ThenKeyword | ElseKeyword | AssertKeyword | WithKeyword | LetKeyword | InKeyword | RecKeyword
        | InheritKeyword | OrKeyword => "\x1b[35m",
        StringStart | StringText | StringEnd | IndentedStart | IndentedText | IndentedEnd => "\x1b[32m",
        Integer | Decimal => "\x1b[36m",
        Url | AnglePath | PathText | PathStart | PathMore => "\x1b[34m",
        Comment => "\x1b[2m",
        Unknown => "\x1b[31m",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_colours() {
        for (line, expected) in [
            ("x", "x"),
            ("if 1", "\x1b[35mif\x1b[0m \x1b[36m1\x1b[0m"),
            (":p ./a", "\x1b[1m:p\x1b[0m \x1b[34m./a\x1b[0m"),
            ("x # why", "x \x1b[2m# why\x1b[0m"),
        ] {
            assert_eq!(highlight(line), expected, "{line}");
        }
    }

    #[test]
    fn only_colours_are_added() {
        for line in ["", ":", ":t", "\"a${b", "''\n€ ${x} ''", "€ ü + 1", "a = 1; b = \"", "§", "{ } ) ]", "/* ä"]
        {
            let mut text = highlight(line);
            for color in ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[34m", "\x1b[35m", "\x1b[36m"] {
                text = text.replace(color, "");
            }
            assert_eq!(text, line);
        }
    }
}
