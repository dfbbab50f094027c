//! From bytes to tokens.
//!
//! Code is read by logos. Strings and the rest of paths after an interpolation are modes of their own,
//! which are so simple that they are scanned by hand. Every byte is in exactly one token.
//!
//! Paths and URLs are found by hand, too: what they are shows only after a run of characters, such as all
//! of `1+1+1+1`, which an automaton would have to read again from each token in it. Here the end of such a run is
//! remembered, so that any text takes linear time.

mod repair;

use std::ops::Range;

use logos::Logos;

use super::SyntaxKind;
use super::error::{SyntaxError, SyntaxErrorKind};
pub(super) use repair::{Repair, lex_repaired};

/// All tokens of a text, with blanks and comments.
#[derive(Debug, Default)]
pub struct Tokens {
    pub(super) kinds: Vec<SyntaxKind>,
    /// Where each token begins; one more entry says where the text ends.
    pub(super) starts: Vec<u32>,
}

impl Tokens {
    /// What each token is, and its bytes. They lie end to end.
    pub fn iter(&self) -> impl Iterator<Item = (SyntaxKind, Range<u32>)> + '_ {
        self.kinds.iter().zip(self.starts.windows(2)).map(|(&kind, at)| (kind, at[0]..at[1]))
    }
}

/// The tokens of a text, which may be any bytes: what to colour it by needs no more than this.
///
/// Of a text of 4 GiB or more there are none.
///
/// ```
/// use firn::syntax::{SyntaxKind, tokens};
///
/// let tokens = tokens(b"x: 1");
/// let kinds: Vec<_> = tokens.iter().map(|(kind, _)| kind).collect();
/// assert_eq!(kinds, [SyntaxKind::Word, SyntaxKind::Colon, SyntaxKind::Whitespace, SyntaxKind::Integer]);
/// ```
pub fn tokens(source: &[u8]) -> Tokens {
    if u32::try_from(source.len()).is_err() {
        return Tokens { kinds: Vec::new(), starts: vec![0] };
    }
    lex(source).0
}

/// The tokens of code.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
#[logos(utf8 = false)]
enum Code {
    #[regex(r"[ \t\r\n]+")]
    Whitespace,
    #[regex(r"#[^\r\n]*", allow_greedy = true)]
    LineComment,
    #[token("/*")]
    BlockComment,
    #[regex(r"[a-zA-Z_][a-zA-Z0-9_'\-]*")]
    Word,
    #[regex(r"[0-9]+")]
    Integer,
    #[regex(r"(([1-9][0-9]*\.[0-9]*)|(0?\.[0-9]+))([Ee][+\-]?[0-9]+)?")]
    Decimal,
    #[regex(r"<[a-zA-Z0-9._\-+]+(/[a-zA-Z0-9._\-+]+)*>")]
    AnglePath,
    #[token("\"")]
    StringStart,
    #[token("''")]
    IndentedStart,
    #[token("${")]
    InterpolationStart,
    #[token("if")]
    If,
    #[token("then")]
    Then,
    #[token("else")]
    Else,
    #[token("assert")]
    Assert,
    #[token("with")]
    With,
    #[token("let")]
    Let,
    #[token("in")]
    In,
    #[token("rec")]
    Rec,
    #[token("inherit")]
    Inherit,
    #[token("or")]
    Or,
    #[token("{")]
    LeftBrace,
    #[token("}")]
    RightBrace,
    #[token("[")]
    LeftBracket,
    #[token("]")]
    RightBracket,
    #[token("(")]
    LeftParen,
    #[token(")")]
    RightParen,
    #[token(";")]
    Semicolon,
    #[token(":")]
    Colon,
    #[token(",")]
    Comma,
    #[token(".")]
    Dot,
    #[token("...")]
    Ellipsis,
    #[token("@")]
    At,
    #[token("=")]
    Assign,
    #[token("?")]
    Question,
    #[token("!")]
    Bang,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("++")]
    PlusPlus,
    #[token("//")]
    SlashSlash,
    #[token("==")]
    EqualEqual,
    #[token("!=")]
    BangEqual,
    #[token("<")]
    LeftAngle,
    #[token("<=")]
    LeftAngleEqual,
    #[token(">")]
    RightAngle,
    #[token(">=")]
    RightAngleEqual,
    #[token("&&")]
    AndAnd,
    #[token("||")]
    OrOr,
    #[token("->")]
    Arrow,
    #[token("|>")]
    PipeForward,
    #[token("<|")]
    PipeBackward,
}

/// What is being read around the current place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    String,
    Indented,
    Path,
    /// Code in an interpolation, in so many braces.
    Interpolation(u32),
}

struct Lexer<'a> {
    source: &'a [u8],
    tokens: Tokens,
    errors: Vec<SyntaxError>,
    modes: Vec<Mode>,
    /// Where the last run of path characters that was looked at ends.
    path_run: usize,
    /// From where on that run could be the scheme of a URL, if a colon follows it.
    scheme_start: usize,
}

/// Which bytes are letters, digits, or of `others`.
const fn class(others: &[u8]) -> [bool; 256] {
    let mut class = [false; 256];
    let mut byte = 0;
    while byte < class.len() {
        class[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut index = 0;
    while index < others.len() {
        class[others[index] as usize] = true;
        index += 1;
    }
    class
}

/// What a path consists of, besides slashes.
static PATH: [bool; 256] = class(b"._-+");
static URL: [bool; 256] = class(b"%/?:@&=+$,-_.!~*'");

#[inline]
fn is_path_byte(byte: u8) -> bool {
    PATH[usize::from(byte)]
}

#[inline]
fn is_url_byte(byte: u8) -> bool {
    URL[usize::from(byte)]
}

/// Where the bytes from `start` on stop being of a class.
#[inline]
fn run_end(source: &[u8], start: usize, belongs: impl Fn(u8) -> bool) -> usize {
    source[start..].iter().position(|&byte| !belongs(byte)).map_or(source.len(), |length| start + length)
}

/// Reads a whole text. It must be shorter than 4 GiB.
pub(super) fn lex(source: &[u8]) -> (Tokens, Vec<SyntaxError>) {
    let mut tokens = Tokens::default();
    tokens.kinds.reserve(source.len() / 4);
    tokens.starts.reserve(source.len() / 4 + 1);
    let mut lexer = Lexer { source, tokens, errors: Vec::new(), modes: Vec::new(), path_run: 0, scheme_start: 0 };
    lexer.read(0);
    lexer.finish()
}

impl Lexer<'_> {
    /// Reads from an offset to the end.
    fn read(&mut self, from: usize) {
        let mut at = from;
        while at < self.source.len() {
            at = match self.modes.last() {
                Some(Mode::String) => self.string(at),
                Some(Mode::Indented) => self.indented(at),
                Some(Mode::Path) => self.path(at),
                None | Some(Mode::Interpolation(_)) => self.code(at),
            };
        }
    }

    fn finish(mut self) -> (Tokens, Vec<SyntaxError>) {
        self.unterminated();
        self.tokens.starts.push(self.source.len() as u32);
        (self.tokens, self.errors)
    }

    fn push(&mut self, kind: SyntaxKind, start: usize) {
        self.tokens.kinds.push(kind);
        self.tokens.starts.push(start as u32);
    }

    fn error(&mut self, kind: SyntaxErrorKind, start: usize, end: usize, message: impl Into<String>) {
        self.errors.push(SyntaxError::new(kind, start as u32..end as u32, message));
    }

    /// Reads code until the mode changes. Returns where it does.
    fn code(&mut self, from: usize) -> usize {
        let mut lexer = Code::lexer(&self.source[from..]);
        loop {
            let start = from + lexer.span().end;
            if let Some((kind, end)) = self.path_or_url(start) {
                self.push(kind, start);
                if kind == SyntaxKind::PathStart {
                    self.modes.push(Mode::Path);
                    return end;
                }
                lexer.bump(end - start);
                continue;
            }
            let Some(token) = lexer.next() else { break };
            let (start, end) = (from + lexer.span().start, from + lexer.span().end);
            let kind = match token {
                Ok(Code::BlockComment) => {
                    let length = self.block_comment(start, end);
                    lexer.bump(length);
                    SyntaxKind::Comment
                }
                Ok(Code::StringStart) => {
                    self.push(SyntaxKind::StringStart, start);
                    self.modes.push(Mode::String);
                    return end;
                }
                Ok(Code::IndentedStart) => {
                    self.push(SyntaxKind::IndentedStart, start);
                    self.modes.push(Mode::Indented);
                    return end;
                }
                Ok(Code::InterpolationStart) => {
                    self.push(SyntaxKind::InterpolationStart, start);
                    self.modes.push(Mode::Interpolation(0));
                    return end;
                }
                Ok(Code::LeftBrace) => {
                    if let Some(Mode::Interpolation(depth)) = self.modes.last_mut() {
                        *depth += 1;
                    }
                    SyntaxKind::LeftBrace
                }
                Ok(Code::RightBrace) => {
                    self.push(SyntaxKind::RightBrace, start);
                    match self.modes.last_mut() {
                        Some(Mode::Interpolation(0)) => {
                            self.modes.pop();
                            return end;
                        }
                        Some(Mode::Interpolation(depth)) => *depth -= 1,
                        _ => {}
                    }
                    continue;
                }
                Ok(token) => plain_kind(token),
                Err(()) => {
                    self.unknown(start, end);
                    continue;
                }
            };
            self.push(kind, start);
        }
        self.source.len()
    }

    /// The path or URL at `start`, if there is one, and its end.
    fn path_or_url(&mut self, start: usize) -> Option<(SyntaxKind, usize)> {
        let source = self.source;
        let first = *source.get(start)?;
        let before_slash = match first {
            b'/' => start,
            b'~' => start + 1,
            _ if !is_path_byte(first) => return None,
            _ => {
                if self.path_run <= start {
                    self.path_run = run_end(source, start, is_path_byte);
                    if source.get(self.path_run) == Some(&b':') {
                        // A scheme has all characters of a path but one.
                        let other = memchr::memrchr(b'_', &source[start..self.path_run]);
                        self.scheme_start = other.map_or(start, |at| start + at + 1);
                    }
                }
                if let Some(end) = self.url(start) {
                    return Some((SyntaxKind::Url, end));
                }
                self.path_run
            }
        };
        let after_slash = source[before_slash..].strip_prefix(b"/")?;
        if after_slash.starts_with(b"${") {
            return Some((SyntaxKind::PathStart, before_slash + 1));
        }
        if !after_slash.first().copied().is_some_and(is_path_byte) {
            return None;
        }
        let mut end = before_slash;
        while source.get(end) == Some(&b'/') && source.get(end + 1).copied().is_some_and(is_path_byte) {
            end = run_end(source, end + 1, is_path_byte);
        }
        if source.get(end) == Some(&b'/') {
            end += 1;
        }
        if source[end..].starts_with(b"${") {
            return Some((SyntaxKind::PathStart, end));
        }
        self.check_path_end(start, end);
        Some((SyntaxKind::PathText, end))
    }

    /// Where the URL at `start` ends, if there is one. `start` is in the run of path characters that was looked at.
    fn url(&self, start: usize) -> Option<usize> {
        let source = self.source;
        let rest = source[self.path_run..].strip_prefix(b":")?;
        let is_scheme = start >= self.scheme_start && source[start].is_ascii_alphabetic();
        if !is_scheme || !rest.first().copied().is_some_and(is_url_byte) {
            return None;
        }
        Some(run_end(source, self.path_run + 1, is_url_byte))
    }

    /// Bytes that begin no token; those that follow each other are one.
    fn unknown(&mut self, start: usize, end: usize) {
        let follows = self.tokens.kinds.last() == Some(&SyntaxKind::Unknown);
        if follows {
            return;
        }
        self.push(SyntaxKind::Unknown, start);
        let text = String::from_utf8_lossy(&self.source[start..(start + 4).min(self.source.len())]);
        let character = text.chars().next().unwrap_or('\u{fffd}');
        let message = format!("the character {character:?} cannot stand here");
        self.error(SyntaxErrorKind::InvalidCharacter, start, end, message);
    }

    /// How many bytes of a comment come after `/*`.
    fn block_comment(&mut self, start: usize, end: usize) -> usize {
        match memchr::memmem::find(&self.source[end..], b"*/") {
            Some(length) => length + 2,
            None => {
                self.error(SyntaxErrorKind::UnterminatedComment, start, end, "this comment is not closed with '*/'");
                self.source.len() - end
            }
        }
    }

    fn check_path_end(&mut self, start: usize, end: usize) {
        if self.source[start..end].ends_with(b"/") {
            let message = "a path cannot end in a slash";
            self.error(SyntaxErrorKind::InvalidPath, start, end, message);
        }
    }

    /// Ends a piece of text, if there is any.
    fn text(&mut self, kind: SyntaxKind, start: usize, end: usize) {
        if start == end {
            return;
        }
        self.push(kind, start);
        if let Some(nul) = memchr::memchr(0, &self.source[start..end]) {
            let at = start + nul;
            self.error(SyntaxErrorKind::InvalidCharacter, at, at + 1, "a string cannot contain a NUL byte");
        }
    }

    fn interpolation(&mut self, start: usize) -> usize {
        self.push(SyntaxKind::InterpolationStart, start);
        self.modes.push(Mode::Interpolation(0));
        start + b"${".len()
    }

    /// Reads a string from its start or from after an interpolation.
    fn string(&mut self, start: usize) -> usize {
        let source = self.source;
        let mut at = start;
        while let Some(found) = memchr::memchr3(b'"', b'\\', b'$', &source[at..]) {
            at += found;
            match (source[at], source.get(at + 1)) {
                (b'"', _) => {
                    self.text(SyntaxKind::StringText, start, at);
                    self.push(SyntaxKind::StringEnd, at);
                    self.modes.pop();
                    return at + 1;
                }
                (b'$', Some(b'{')) => {
                    self.text(SyntaxKind::StringText, start, at);
                    return self.interpolation(at);
                }
                // The second of two dollar signs begins no interpolation.
                (b'$', Some(b'"' | b'\\')) => at += 1,
                _ => at = (at + 2).min(source.len()),
            }
        }
        self.text(SyntaxKind::StringText, start, source.len());
        source.len()
    }

    /// Reads an indented string from its start or from after an interpolation.
    fn indented(&mut self, start: usize) -> usize {
        let source = self.source;
        let mut at = start;
        while let Some(found) = memchr::memchr2(b'\'', b'$', &source[at..]) {
            at += found;
            match (source[at], source.get(at + 1), source.get(at + 2)) {
                (b'\'', Some(b'\''), Some(b'$' | b'\'')) => at += 3,
                (b'\'', Some(b'\''), Some(b'\\')) => at = (at + 4).min(source.len()),
                (b'\'', Some(b'\''), _) => {
                    self.text(SyntaxKind::IndentedText, start, at);
                    self.push(SyntaxKind::IndentedEnd, at);
                    self.modes.pop();
                    return at + 2;
                }
                (b'$', Some(b'{'), _) => {
                    self.text(SyntaxKind::IndentedText, start, at);
                    return self.interpolation(at);
                }
                (b'$', Some(b'\''), _) | (b'\'', Some(b'$'), _) => at += 1,
                _ => at = (at + 2).min(source.len()),
            }
        }
        self.text(SyntaxKind::IndentedText, start, source.len());
        source.len()
    }

    /// Reads on in a path after an interpolation or before one.
    fn path(&mut self, start: usize) -> usize {
        let source = self.source;
        let end = run_end(source, start, |byte| byte == b'/' || is_path_byte(byte));
        let more = source[end..].starts_with(b"${");
        if end > start {
            self.push(SyntaxKind::PathMore, start);
            if !more {
                self.check_path_end(start, end);
            }
        }
        if more {
            return self.interpolation(end);
        }
        self.modes.pop();
        end
    }

    /// Reports the strings that the text ends in.
    fn unterminated(&mut self) {
        let mut depth = 0;
        let kinds = std::mem::take(&mut self.tokens.kinds);
        for (index, &kind) in kinds.iter().enumerate().rev() {
            match kind {
                SyntaxKind::StringEnd | SyntaxKind::IndentedEnd => depth += 1,
                SyntaxKind::StringStart | SyntaxKind::IndentedStart if depth > 0 => depth -= 1,
                SyntaxKind::StringStart | SyntaxKind::IndentedStart => {
                    let start = self.tokens.starts[index] as usize;
                    let length = if kind == SyntaxKind::StringStart { 1 } else { 2 };
                    self.errors.push(SyntaxError::unclosed_string(start as u32..(start + length) as u32));
                    break;
                }
                _ => {}
            }
        }
        self.tokens.kinds = kinds;
    }
}

/// The kind of a token that is nothing but itself.
fn plain_kind(token: Code) -> SyntaxKind {
    match token {
        Code::Whitespace => SyntaxKind::Whitespace,
        Code::LineComment | Code::BlockComment => SyntaxKind::Comment,
        Code::Word => SyntaxKind::Word,
        Code::Integer => SyntaxKind::Integer,
        Code::Decimal => SyntaxKind::Decimal,
        Code::AnglePath => SyntaxKind::AnglePath,
        Code::StringStart => SyntaxKind::StringStart,
        Code::IndentedStart => SyntaxKind::IndentedStart,
        Code::InterpolationStart => SyntaxKind::InterpolationStart,
        Code::If => SyntaxKind::IfKeyword,
        Code::Then => SyntaxKind::ThenKeyword,
        Code::Else => SyntaxKind::ElseKeyword,
        Code::Assert => SyntaxKind::AssertKeyword,
        Code::With => SyntaxKind::WithKeyword,
        Code::Let => SyntaxKind::LetKeyword,
        Code::In => SyntaxKind::InKeyword,
        Code::Rec => SyntaxKind::RecKeyword,
        Code::Inherit => SyntaxKind::InheritKeyword,
        Code::Or => SyntaxKind::OrKeyword,
        Code::LeftBrace => SyntaxKind::LeftBrace,
        Code::RightBrace => SyntaxKind::RightBrace,
        Code::LeftBracket => SyntaxKind::LeftBracket,
        Code::RightBracket => SyntaxKind::RightBracket,
        Code::LeftParen => SyntaxKind::LeftParen,
        Code::RightParen => SyntaxKind::RightParen,
        Code::Semicolon => SyntaxKind::Semicolon,
        Code::Colon => SyntaxKind::Colon,
        Code::Comma => SyntaxKind::Comma,
        Code::Dot => SyntaxKind::Dot,
        Code::Ellipsis => SyntaxKind::Ellipsis,
        Code::At => SyntaxKind::At,
        Code::Assign => SyntaxKind::Assign,
        Code::Question => SyntaxKind::Question,
        Code::Bang => SyntaxKind::Bang,
        Code::Plus => SyntaxKind::Plus,
        Code::Minus => SyntaxKind::Minus,
        Code::Star => SyntaxKind::Star,
        Code::Slash => SyntaxKind::Slash,
        Code::PlusPlus => SyntaxKind::PlusPlus,
        Code::SlashSlash => SyntaxKind::SlashSlash,
        Code::EqualEqual => SyntaxKind::EqualEqual,
        Code::BangEqual => SyntaxKind::BangEqual,
        Code::LeftAngle => SyntaxKind::LeftAngle,
        Code::LeftAngleEqual => SyntaxKind::LeftAngleEqual,
        Code::RightAngle => SyntaxKind::RightAngle,
        Code::RightAngleEqual => SyntaxKind::RightAngleEqual,
        Code::AndAnd => SyntaxKind::AndAnd,
        Code::OrOr => SyntaxKind::OrOr,
        Code::Arrow => SyntaxKind::Arrow,
        Code::PipeForward => SyntaxKind::PipeForward,
        Code::PipeBackward => SyntaxKind::PipeBackward,
    }
}
