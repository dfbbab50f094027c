//! Finding all errors of a text that the grammar's parser has rejected.
//!
//! This is a parser by recursive descent for the language of `grammar/nix.lalrpop`, which takes what people write by
//! mistake as well. It records the same nodes. Where something is missing it says so, pointing at the end of what it
//! should follow, and goes on as if it were there; what can stand nowhere is left out. Three things keep one mistake
//! from causing several errors:
//!
//! - [`outline`] has looked at the whole text: which brackets are out of balance, where bindings begin.
//! - The parser knows what every construct around waits for. A token that nothing waits for is a stray one; any other
//!   ends the construct.
//! - Of errors that follow each other at once only the first is told.
//!
//! It takes time in proportion to the text. It is never run on texts without errors.

mod bindings;
mod expression;
mod lambda;
mod mistakes;
mod operand;
mod outline;
mod quotes;
#[cfg(test)]
mod tests;

use super::SyntaxKind as K;
use super::error::{SyntaxError, SyntaxErrorKind};
use super::lexer::Tokens;
use super::parse::Features;
use super::record::{Node, NodeId, Recorder};
use outline::{Bracket, Outline, Token};

/// A text with errors, as far as it could be understood.
pub(super) struct Recovered {
    pub(super) tokens: Tokens,
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    pub(super) errors: Vec<SyntaxError>,
}

/// Parses a text that has errors, to find them all. `errors` are those of the lexer, `place` is the token that the
/// grammar's parser stopped at.
pub(super) fn find_errors(
    source: &[u8],
    tokens: Tokens,
    errors: Vec<SyntaxError>,
    features: Features,
    place: Option<u32>,
) -> Recovered {
    let plain = parse(source, tokens, errors, features);
    let mut found =
        quotes::repaired(source, &plain, |tokens, errors| parse(source, tokens, errors, features)).unwrap_or(plain);
    if found.errors.is_empty() {
        // The two parsers disagree. The text is wrong all the same.
        let place = place.map_or(source.len() as u32, |token| found.tokens.starts[token as usize]);
        let error = SyntaxError::new(SyntaxErrorKind::UnexpectedToken, place..place, "this cannot stand here");
        found.errors.push(error);
    }
    found
}

fn parse(source: &[u8], tokens: Tokens, errors: Vec<SyntaxError>, features: Features) -> Recovered {
    let mut recorder = Recorder::new(source, &tokens, errors, features.pipe_operators);
    let mut parser = Parser::new(&mut recorder);
    let root = parser.text();
    let left_out = parser.left_out;
    let Recorder { nodes, errors, .. } = recorder;
    Recovered { errors: mistakes::without(source, errors, &left_out), tokens, nodes, root }
}

/// What ends the arguments of a call, besides a token that begins none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Surroundings {
    /// The value of a binding: the next binding does.
    Bindings,
    /// In brackets that are not braces.
    Bracket(Bracket),
    /// A condition.
    Condition,
}

struct Parser<'p, 'a> {
    recorder: &'p mut Recorder<'a>,
    outline: Outline,
    /// The next token.
    at: usize,
    /// No errors are told before this token.
    quiet_until: usize,
    /// The line of the last error, until something has been closed or ended after it.
    unsettled_line: Option<u32>,
    /// How many of the constructs that are open wait for a token.
    awaited: Awaited,
    surroundings: Surroundings,
    /// The innermost bracket that is open.
    bracket: Bracket,
    /// Whether the text has sets in the style of JSON, which has been told.
    is_json: bool,
    /// What is in another language, in the order of the text.
    left_out: Vec<mistakes::Foreign>,
}

/// How many constructs wait for each of the tokens that end something.
#[derive(Clone, Copy, Default)]
struct Awaited([u32; 8]);

impl Awaited {
    fn index(kind: K) -> Option<usize> {
        Some(match kind {
            K::RightParen => 0,
            K::RightBracket => 1,
            K::RightBrace => 2,
            K::Semicolon => 3,
            K::ThenKeyword => 4,
            K::ElseKeyword => 5,
            K::InKeyword => 6,
            K::Comma => 7,
            _ => return None,
        })
    }
}

impl Parser<'_, '_> {
    fn new<'p, 'a>(recorder: &'p mut Recorder<'a>) -> Parser<'p, 'a> {
        let outline = Outline::new(recorder.source, recorder.tokens);
        Parser {
            recorder,
            outline,
            at: 0,
            quiet_until: 0,
            unsettled_line: None,
            awaited: Awaited::default(),
            surroundings: Surroundings::Bracket(Bracket::Paren),
            bracket: Bracket::Paren,
            is_json: false,
            left_out: Vec::new(),
        }
    }

    // Tokens.

    fn kind(&self) -> Option<K> {
        self.outline.kind(self.at)
    }

    fn kind_after(&self, distance: usize) -> Option<K> {
        self.outline.kind(self.at + distance)
    }

    fn token(&self) -> Option<Token> {
        self.outline.tokens.get(self.at).copied()
    }

    fn is(&self, kind: K) -> bool {
        self.kind() == Some(kind)
    }

    fn advance(&mut self) {
        self.at += 1;
    }

    fn eat(&mut self, kind: K) -> bool {
        let found = self.is(kind);
        self.at += usize::from(found);
        found
    }

    fn begins_binding(&self) -> bool {
        self.token().is_some_and(|token| token.begins_binding)
    }

    fn begins_line(&self) -> bool {
        self.token().is_some_and(|token| token.begins_line)
    }

    /// The index of the next token among all tokens.
    fn first(&self) -> u32 {
        self.token().map_or(self.recorder.tokens.kinds.len() as u32, |token| token.index)
    }

    /// Where the last token ends, as an index among all tokens.
    fn end(&self) -> u32 {
        self.at.checked_sub(1).map_or(0, |before| self.outline.tokens[before].index + 1)
    }

    fn node(&mut self, kind: K, first: u32, children: &[NodeId]) -> NodeId {
        let end = self.end();
        self.recorder.node(kind, first, end, children)
    }

    /// Stands for what is missing here.
    fn nothing(&mut self) -> NodeId {
        let end = self.end();
        self.recorder.node(K::Error, end, end, &[])
    }

    // What is waited for.

    /// Whether a construct around this one waits for a token.
    fn is_awaited(&self, kind: K) -> bool {
        Awaited::index(kind).is_some_and(|index| self.awaited.0[index] > 0)
    }

    /// Parses a part of a construct that then waits for `kind`.
    fn until<R>(&mut self, kind: K, surroundings: Surroundings, part: impl FnOnce(&mut Self) -> R) -> R {
        let around = (std::mem::replace(&mut self.surroundings, surroundings), self.bracket);
        self.bracket = match surroundings {
            Surroundings::Bindings if kind == K::RightBrace => Bracket::Brace,
            Surroundings::Bracket(bracket) => bracket,
            Surroundings::Bindings | Surroundings::Condition => self.bracket,
        };
        let index = Awaited::index(kind).expect("constructs wait for tokens that end them");
        self.awaited.0[index] += 1;
        let result = part(self);
        self.awaited.0[index] -= 1;
        (self.surroundings, self.bracket) = around;
        result
    }

    fn missing(&mut self, bracket: Bracket) -> &mut u32 {
        &mut self.outline.missing[bracket as usize]
    }

    fn surplus(&mut self, bracket: Bracket) -> &mut u32 {
        &mut self.outline.surplus[bracket as usize]
    }

    // Errors.

    /// The bytes of a token.
    fn bytes(&self, at: usize) -> std::ops::Range<u32> {
        match self.outline.tokens.get(at) {
            Some(token) => self.recorder.bytes_of(token.index, token.index + 1),
            None => self.recorder.source.len() as u32..self.recorder.source.len() as u32,
        }
    }

    fn text_of(&self, at: usize) -> String {
        let range = self.bytes(at);
        String::from_utf8_lossy(&self.recorder.source[range.start as usize..range.end as usize]).into_owned()
    }

    /// The place after the last token.
    fn place_before(&self) -> std::ops::Range<u32> {
        let end = match self.at.checked_sub(1) {
            Some(before) => self.bytes(before).end,
            None => self.bytes(0).start,
        };
        end..end
    }

    /// What the next token is called.
    fn found(&self) -> String {
        match self.kind() {
            None => "the end of the text".to_owned(),
            Some(K::Word) => format!("'{}'", self.text_of(self.at)),
            Some(kind) => kind.description().to_owned(),
        }
    }

    /// Tells an error at the next token, unless another has just been told. What follows at once is a consequence of it.
    fn tell(&mut self, error: SyntaxError) {
        let line = self.token().map(|token| token.line);
        let is_unsettled = self.unsettled_line.is_some() && self.unsettled_line == line;
        if self.at >= self.quiet_until && !is_unsettled {
            self.recorder.errors.push(error);
            self.unsettled_line = line;
        }
        self.hush();
    }

    /// Takes a token that ends something, if it is there: what comes after it has nothing to do with an error before it.
    fn close(&mut self, kind: K) -> bool {
        let found = self.eat(kind);
        if found {
            self.unsettled_line = None;
        }
        found
    }

    /// Whether the next token closes another bracket than the one that is open, which is closed further on, and there
    /// are more of its kind than there should be.
    fn is_stray_closer(&self) -> bool {
        let open = self.bracket;
        let Some(closed) = self.kind().and_then(Bracket::closed_by) else { return false };
        let closes_interpolation = self.token().is_some_and(|token| {
            token.partner != self.at && self.outline.kind(token.partner) == Some(K::InterpolationStart)
        });
        closed != open
            && !closes_interpolation
            && self.outline.surplus[closed as usize] > 0
            && self.outline.missing[open as usize] == 0
    }

    /// Tells nothing about this token and the next.
    fn hush(&mut self) {
        self.quiet_until = self.quiet_until.max(self.at + 2);
    }

    /// Something is missing between the last token and the next.
    fn expected(&mut self, what: &str) -> SyntaxError {
        let (kind, but) = match self.kind() {
            None => (SyntaxErrorKind::UnexpectedEnd, ", but found the end of the text"),
            Some(_) => (SyntaxErrorKind::UnexpectedToken, ""),
        };
        SyntaxError::new(kind, self.place_before(), format!("expected {what}{but}"))
    }

    /// The next token cannot stand where it stands.
    fn unexpected(&self, message: impl Into<String>) -> SyntaxError {
        let kind =
            if self.kind().is_none() { SyntaxErrorKind::UnexpectedEnd } else { SyntaxErrorKind::UnexpectedToken };
        SyntaxError::new(kind, self.bytes(self.at), message)
    }

    /// A bracket that is not closed before the next token.
    fn tell_unclosed(&mut self, opener: usize, bracket: Bracket, closer: &str) {
        let mut error = self.expected(closer);
        if self.kind().is_some() {
            error.kind = SyntaxErrorKind::UnclosedDelimiter;
        }
        let opener = self.bytes(opener);
        self.tell(error.related(opener, "this is not closed"));
        let missing = self.missing(bracket);
        *missing = missing.saturating_sub(1);
    }

    /// Leaves the next token out, which nothing waits for.
    fn skip_stray(&mut self) {
        let Some(kind) = self.kind() else { return };
        let closes = match kind {
            K::RightParen => Some(("'('", Bracket::Paren)),
            K::RightBracket => Some(("'['", Bracket::List)),
            K::RightBrace => Some(("'{'", Bracket::Brace)),
            _ => None,
        };
        let found = self.found();
        match closes {
            Some((opener, bracket)) => {
                let error = self.unexpected(format!("unexpected {found}: no {opener} is open here"));
                self.tell(error);
                let surplus = self.surplus(bracket);
                *surplus = surplus.saturating_sub(1);
            }
            None if kind == K::Unknown => self.skip_unknown(),
            None => {
                let error = self.unexpected(format!("unexpected {found}"));
                self.tell(error);
            }
        }
        if self.kind() == Some(kind) {
            self.advance();
        }
        self.hush();
    }

    /// The whole text.
    fn text(&mut self) -> NodeId {
        let first = self.first();
        let root = match self.kind() {
            _ if self.begins_binding() => self.unopened_bindings(),
            Some(K::InheritKeyword) => self.unopened_bindings(),
            _ => self.expr(),
        };
        if self.kind().is_none() {
            return root;
        }
        let found = self.found();
        let error = match self.kind() {
            Some(K::Semicolon) => self
                .unexpected("unexpected ';' after the end of the expression")
                .hint("a file is one expression, which nothing ends; ';' stands after bindings, and after 'with set' and 'assert condition'"),
            _ => self.unexpected(format!("expected the end of the text, but found {found}")),
        };
        self.tell(error);
        let first = first.min(self.recorder.nodes[root.0 as usize].first_token);
        self.node(K::Error, first, &[root])
    }
}
