//! Colours for what is typed.

use crate::syntax::{SyntaxKind, tokens};

const END: &str = "\x1b[0m";
const MATCHED: &str = "\x1b[1;4m";

/// The line with escape sequences for colours. Without those it is the same, byte for byte. The bracket at or before the
/// cursor and its partner are underlined.
pub(super) fn highlight(line: &str, cursor: usize) -> String {
    let pair = matching_brackets(line, cursor);
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
            let is_matched = pair.is_some_and(|(one, other)| [one, other].contains(&(command + painted)));
            paint(&mut text, &expression[painted..end], if is_matched { Some(MATCHED) } else { color(kind) });
            painted = end;
        }
    }
    text.push_str(&expression[painted..]);
    text
}

/// The places of the bracket at or before the cursor and of its partner.
fn matching_brackets(line: &str, cursor: usize) -> Option<(usize, usize)> {
    use SyntaxKind::*;
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    for (kind, range) in tokens(line.as_bytes()).iter() {
        match kind {
            LeftBrace | LeftBracket | LeftParen | InterpolationStart => open.push((kind, range.start as usize)),
            RightBrace | RightBracket | RightParen => {
                let (opener, start) = open.pop()?;
                let fits = matches!(
                    (opener, kind),
                    (LeftBrace | InterpolationStart, RightBrace)
                        | (LeftBracket, RightBracket)
                        | (LeftParen, RightParen)
                );
                fits.then(|| pairs.push((start, range.start as usize)))?;
            }
            _ => {}
        }
    }
    let is_at = |place: usize| place == cursor || place + 1 == cursor;
    pairs.into_iter().find(|&(one, other)| is_at(one) || is_at(other))
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
            assert_eq!(highlight(line, line.len()), expected, "{line}");
        }
    }

    #[test]
    fn only_colours_are_added() {
        for line in ["", ":", ":t", "\"a${b", "''\n€ ${x} ''", "€ ü + 1", "a = 1; b = \"", "§", "{ } ) ]", "/* ä"]
        {
            let mut text = highlight(line, 1);
            for color in
                ["\x1b[0m", MATCHED, "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[34m", "\x1b[35m", "\x1b[36m"]
            {
                text = text.replace(color, "");
            }
            assert_eq!(text, line);
        }
    }

    #[test]
    fn brackets_find_their_partners() {
        for (line, cursor, pair) in [
            ("(1)", 0, Some((0, 2))),
            ("(1)", 3, Some((0, 2))),
            ("[ (1) ]", 5, Some((2, 4))),
            ("\"${a}\"", 5, Some((1, 4))),
            ("\"(\" )", 5, None),
            ("(]", 1, None),
            ("1 + 2", 2, None),
        ] {
            assert_eq!(matching_brackets(line, cursor), pair, "{line} at {cursor}");
        }
    }
}
