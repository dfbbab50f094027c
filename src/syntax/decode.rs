//! What literals mean: escapes, indentation, numbers.
//!
//! The record keeps literals as they are written. The rules are those of the Nix manual, section "String
//! literal", and of what Nix 2.36 does where that is silent.

use std::borrow::Cow;

use super::number::parse_float;
use super::{NodeId, Parse, SyntaxKind};

/// A part of a string or path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part<'a> {
    /// Text, decoded.
    Text(Cow<'a, [u8]>),
    /// An interpolated expression, and where its `${` begins.
    Interpolation(NodeId, u32),
}

/// The value of an integer literal; nothing if it needs more than 64 bits.
pub fn int(parse: &Parse, node: NodeId) -> Option<i64> {
    std::str::from_utf8(parse.text(node)).ok()?.parse().ok()
}

/// The value of a literal with a fraction; nothing if it is out of range.
pub fn float(parse: &Parse, node: NodeId) -> Option<f64> {
    parse_float(std::str::from_utf8(parse.text(node)).ok()?)
}

/// The text of a string without interpolations.
pub fn plain_string(parse: &Parse, node: NodeId) -> Option<Cow<'_, [u8]>> {
    if parse.children(node).next().is_some() {
        return None;
    }
    if parse.kind(node) == SyntaxKind::String {
        return Some(unescape(&parse.source()[content_start(parse, node) as usize..content_end(parse, node) as usize]));
    }
    Some(match string_parts(parse, node).pop() {
        Some(Part::Text(text)) => text,
        _ => Cow::Borrowed(b""),
    })
}

/// Whether an indented string without interpolations is put together of several pieces when it is evaluated. In Nix
/// it is if it has escapes, or a dollar and a quote next to each other. One sees it where thunks are shown.
pub(crate) fn is_composed(parse: &Parse, node: NodeId) -> bool {
    let text = parse.text(node);
    // At both ends are two quotes.
    let may_be = |text: &[u8]| [&b"''"[..], b"$'", b"'$"].iter().any(|sign| memchr::memmem::find(text, sign).is_some());
    if parse.kind(node) != SyntaxKind::IndentedString || text.len() < 6 || !may_be(&text[2..text.len() - 1]) {
        return false;
    }
    strip_indentation(pieces(parse, node)).texts > 1
}

/// The parts of a string, an indented string or a path. No text is empty, and no two are next to each other.
///
/// ```
/// use firn::syntax::{self, Features, decode::{self, Part}};
///
/// let parse = syntax::parse(*br#""a\tb""#, Features::default());
/// assert_eq!(decode::string_parts(&parse, parse.root()), [Part::Text(b"a\tb".into())]);
/// ```
pub fn string_parts(parse: &Parse, node: NodeId) -> Vec<Part<'_>> {
    let pieces = pieces(parse, node);
    match parse.kind(node) {
        SyntaxKind::IndentedString => strip_indentation(pieces).parts,
        SyntaxKind::String => pieces
            .map(|piece| match piece {
                Piece::Text(text) => Part::Text(unescape(text)),
                Piece::Interpolation(inner, start) => Part::Interpolation(inner, start),
            })
            .collect(),
        _ => pieces
            .map(|piece| match piece {
                Piece::Text(text) => Part::Text(text.into()),
                Piece::Interpolation(inner, start) => Part::Interpolation(inner, start),
            })
            .collect(),
    }
}

fn pieces(parse: &Parse, node: NodeId) -> Pieces<'_, impl Iterator<Item = NodeId> + Clone> {
    Pieces { parse, at: content_start(parse, node), end: content_end(parse, node), children: parse.children(node) }
}

/// Where the text between the quotes begins.
fn content_start(parse: &Parse, node: NodeId) -> u32 {
    let quotes = match parse.kind(node) {
        SyntaxKind::String => 1,
        SyntaxKind::IndentedString => 2,
        _ => 0,
    };
    parse.start(node) + quotes
}

/// Where the text between the quotes ends.
fn content_end(parse: &Parse, node: NodeId) -> u32 {
    let quotes = match parse.kind(node) {
        SyntaxKind::String => 1,
        SyntaxKind::IndentedString => 2,
        _ => 0,
    };
    parse.range(node).end - quotes
}

/// A part as it is written.
enum Piece<'a> {
    Text(&'a [u8]),
    Interpolation(NodeId, u32),
}

/// The pieces of a literal: its interpolations, and the text between them.
struct Pieces<'a, Children> {
    parse: &'a Parse,
    at: u32,
    end: u32,
    children: Children,
}

impl<'a, Children: Iterator<Item = NodeId> + Clone> Iterator for Pieces<'a, Children> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let child = self.children.clone().next();
        let until = child.map_or(self.end, |child| self.parse.start(child));
        if self.at < until {
            let text = &self.parse.source()[self.at as usize..until as usize];
            self.at = until;
            return Some(Piece::Text(text));
        }
        let child = self.children.next()?;
        let range = self.parse.range(child);
        self.at = range.end;
        let inner = self.parse.children(child).next()?;
        Some(Piece::Interpolation(inner, range.start))
    }
}

/// What a character after a backslash means.
fn escaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    }
}

/// The text of a string: escapes are resolved, and line ends are line feeds.
fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\\', b'\r', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => decoded.extend(bytes.next().map(escaped)),
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                decoded.push(b'\n');
            }
            other => decoded.push(other),
        }
    }
    Cow::Owned(decoded)
}

/// A token of an indented string as Nix reads it.
enum Token<'a> {
    /// Text whose blanks may be indentation.
    Plain(&'a [u8]),
    /// What an escape stands for, which is never indentation.
    Escape(u8),
    /// `'''`, which stands for two quotes.
    Quotes,
    Interpolation(NodeId, u32),
}

/// Splits the text of an indented string into plain text and escapes.
fn tokens<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> Vec<Token<'a>> {
    let mut tokens = Vec::new();
    for piece in pieces {
        let mut rest = match piece {
            Piece::Interpolation(inner, start) => {
                tokens.push(Token::Interpolation(inner, start));
                continue;
            }
            Piece::Text(text) => text,
        };
        while let Some(at) = memchr::memmem::find(rest, b"''") {
            // A quote before two others belongs to the text only if they are an escape without it.
            plain(&mut tokens, &rest[..at]);
            let (token, length) = match rest.get(at + 2) {
                Some(b'$') => (Token::Escape(b'$'), 3),
                Some(b'\'') => (Token::Quotes, 3),
                Some(b'\\') => match rest.get(at + 3) {
                    Some(&byte) => (Token::Escape(escaped(byte)), 4),
                    None => (Token::Plain(&rest[at..at + 3]), 3),
                },
                _ => (Token::Plain(&rest[at..at + 2]), 2),
            };
            tokens.push(token);
            rest = &rest[at + length..];
        }
        plain(&mut tokens, rest);
    }
    tokens
}

/// Splits text without escapes: a dollar before a quote and a quote before a dollar are tokens of their own.
fn plain<'a>(tokens: &mut Vec<Token<'a>>, mut text: &'a [u8]) {
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'$', b'\'', &text[at..]) {
        at += found;
        match (text[at], text.get(at + 1)) {
            (b'$', None | Some(b'\'')) | (b'\'', None | Some(b'$')) => {
                if at > 0 {
                    tokens.push(Token::Plain(&text[..at]));
                }
                tokens.push(Token::Escape(text[at]));
                text = &text[at + 1..];
                at = 0;
            }
            _ => at += 2,
        }
    }
    if !text.is_empty() {
        tokens.push(Token::Plain(text));
    }
}

/// Takes away the indentation that all lines share, the blanks before the first line break, and those of a
/// last line that is nothing else.
fn strip_indentation<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> Stripper<'a> {
    let mut tokens = tokens(pieces);
    drop_first_line(&mut tokens);
    let indentation = shared_indentation(&tokens);
    let mut stripper = Stripper { indentation, is_start: true, dropped: 0, texts: 0, parts: Vec::new() };
    let count = tokens.len();
    for (index, token) in tokens.into_iter().enumerate() {
        let is_last = index + 1 == count;
        match token {
            Token::Interpolation(inner, start) => {
                stripper.is_start = false;
                stripper.dropped = 0;
                stripper.parts.push(Part::Interpolation(inner, start));
            }
            Token::Plain(text) => stripper.text(text, is_last),
            Token::Escape(byte) => stripper.text(&[byte], is_last),
            Token::Quotes => stripper.text(b"''", is_last),
        }
    }
    stripper
}

/// The opening quotes swallow blanks and the line break after them.
fn drop_first_line(tokens: &mut Vec<Token<'_>>) {
    let Some(Token::Plain(text)) = tokens.first_mut() else { return };
    let blanks = text.iter().take_while(|byte| **byte == b' ').count();
    if text.get(blanks) == Some(&b'\n') {
        *text = &text[blanks + 1..];
        if text.is_empty() {
            tokens.remove(0);
        }
    }
}

/// The least indentation of a line with something on it.
fn shared_indentation(tokens: &[Token<'_>]) -> usize {
    let mut least = usize::MAX;
    let mut current = 0;
    let mut is_start = true;
    for token in tokens {
        let Token::Plain(text) = token else {
            if is_start {
                is_start = false;
                least = least.min(current);
            }
            continue;
        };
        let mut rest = *text;
        while !rest.is_empty() {
            if is_start {
                let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
                current += blanks;
                rest = &rest[blanks..];
                match rest.first() {
                    None => break,
                    Some(b'\n') => {}
                    Some(_) => {
                        is_start = false;
                        least = least.min(current);
                    }
                }
            }
            let Some(end) = memchr::memchr(b'\n', rest) else { break };
            is_start = true;
            current = 0;
            rest = &rest[end + 1..];
        }
    }
    least
}

struct Stripper<'a> {
    indentation: usize,
    /// Whether only blanks were seen in this line.
    is_start: bool,
    /// How many of them were taken away or counted.
    dropped: usize,
    /// How many texts were not empty.
    texts: usize,
    parts: Vec<Part<'a>>,
}

impl Stripper<'_> {
    fn text(&mut self, text: &[u8], is_last: bool) {
        let mut stripped = Vec::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            if self.is_start {
                let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
                let dropped = blanks.min(self.indentation.saturating_sub(self.dropped));
                stripped.extend_from_slice(&rest[dropped..blanks]);
                self.dropped += blanks;
                rest = &rest[blanks..];
                if rest.is_empty() {
                    break;
                }
            }
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            self.is_start = rest[..end].ends_with(b"\n");
            self.dropped = 0;
            stripped.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        }
        if is_last
            && let Some(at) = memchr::memrchr(b'\n', &stripped)
            && stripped[at + 1..].iter().all(|byte| *byte == b' ')
        {
            stripped.truncate(at + 1);
        }
        if stripped.is_empty() {
            return;
        }
        self.texts += 1;
        match self.parts.last_mut() {
            Some(Part::Text(before)) => before.to_mut().extend_from_slice(&stripped),
            _ => self.parts.push(Part::Text(stripped.into())),
        }
    }
}
