//! Parsing, and reading what was parsed.

use std::ops::Range;
use std::sync::Arc;

use lalrpop_util::{ErrorRecovery, ParseError};

use super::error::{SyntaxError, SyntaxErrorKind};
use super::find_errors::with_recovery;
use super::lexer::{Tokens, lex};
use super::operators::{BinaryOperator, UnaryOperator};
use super::record::{Node, NodeId, Recorder};
use super::{SyntaxKind, strict};

/// The syntax that must be enabled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Features {
    /// `|>` and `<|`.
    pub pipe_operators: bool,
}

/// A text with its structure and its errors.
#[derive(Debug)]
pub struct Parse {
    pub(super) source: Arc<[u8]>,
    pub(super) tokens: Tokens,
    pub(super) nodes: Vec<Node>,
    root: NodeId,
    errors: Vec<SyntaxError>,
}

/// More errors of one text help nobody.
const MAX_ERRORS: usize = 50;

/// Parses a text.
pub fn parse(source: impl Into<Arc<[u8]>>, features: Features) -> Parse {
    let source = source.into();
    if u32::try_from(source.len()).is_err() {
        return too_large(source);
    }
    let (tokens, errors) = lex(&source);
    let lexical_errors = errors.len();
    let mut recorder = Recorder::new(&source, &tokens, errors, features.pipe_operators);
    let root = strict::RootParser::new().parse(&mut recorder, Condensed { kinds: &tokens.kinds, at: 0 });
    let root = root.unwrap_or_else(|first| {
        recorder.forget(lexical_errors);
        with_recovery(&mut recorder, first)
    });
    let Recorder { nodes, mut errors, .. } = recorder;
    errors.sort_by_key(|error| error.range.start);
    // One place, one error: the first says it best.
    errors.dedup_by_key(|error| error.range.start);
    errors.truncate(MAX_ERRORS);
    Parse { source, tokens, nodes, root, errors }
}

/// Positions have 32 bits.
fn too_large(source: Arc<[u8]>) -> Parse {
    let error = SyntaxError::new(SyntaxErrorKind::SourceTooLarge, 0..0, "a text of 4 GiB or more cannot be parsed");
    let tokens = Tokens { kinds: Vec::new(), starts: vec![0] };
    let mut recorder = Recorder::new(&[], &tokens, vec![error], false);
    let root = recorder.node(SyntaxKind::Error, 0, 0, &[]);
    let Recorder { nodes, errors, .. } = recorder;
    Parse { source, tokens, nodes, root, errors }
}

/// The tokens that the grammar sees, with each string that has no interpolations as one.
struct Condensed<'a> {
    kinds: &'a [SyntaxKind],
    at: usize,
}

impl Iterator for Condensed<'_> {
    type Item = Result<(u32, SyntaxKind, u32), ()>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let mut kind = *self.kinds.get(self.at)?;
        while kind.is_trivia() {
            self.at += 1;
            kind = *self.kinds.get(self.at)?;
        }
        let start = self.at;
        let (condensed, length) = match kind {
            SyntaxKind::StringStart => match self.kinds.get(start + 1..) {
                Some([SyntaxKind::StringText, SyntaxKind::StringEnd, ..]) => (SyntaxKind::String, 3),
                Some([SyntaxKind::StringEnd, ..]) => (SyntaxKind::String, 2),
                _ => (kind, 1),
            },
            SyntaxKind::IndentedStart => match self.kinds.get(start + 1..) {
                Some([SyntaxKind::IndentedText, SyntaxKind::IndentedEnd, ..]) => (SyntaxKind::IndentedString, 3),
                Some([SyntaxKind::IndentedEnd, ..]) => (SyntaxKind::IndentedString, 2),
                _ => (kind, 1),
            },
            _ => (kind, 1),
        };
        self.at += length;
        Some(Ok((start as u32, condensed, self.at as u32)))
    }
}

pub(super) type GrammarError = ParseError<u32, SyntaxKind, ()>;

impl Recorder<'_> {
    /// Forgets what was recorded, and all errors but the first so many.
    fn forget(&mut self, errors: usize) {
        self.nodes.clear();
        self.items.clear();
        self.errors.truncate(errors);
    }

    /// Records what was left out to go on after an error.
    pub(crate) fn recovered(&mut self, first: u32, end: u32, recovery: ErrorRecovery<u32, SyntaxKind, ()>) -> NodeId {
        self.report(recovery.error);
        let first = recovery.dropped_tokens.first().map_or(first, |dropped| dropped.0);
        let end = recovery.dropped_tokens.last().map_or(end, |dropped| dropped.2);
        self.node(SyntaxKind::Error, first, end, &[])
    }

    pub(super) fn report(&mut self, error: GrammarError) {
        let error = match error {
            ParseError::UnrecognizedToken { token: (index, kind, _), expected } => {
                self.unexpected(index, kind, &expected)
            }
            ParseError::ExtraToken { token: (index, kind, _) } => self.unexpected(index, kind, &[]),
            ParseError::UnrecognizedEof { expected, .. } => self.unexpected_end(&expected),
            ParseError::InvalidToken { .. } | ParseError::User { .. } => return,
        };
        self.errors.push(error);
    }

    fn unexpected(&self, index: u32, kind: SyntaxKind, expected: &[String]) -> SyntaxError {
        let mut message = format!("unexpected {}", kind.description());
        if let Some(wanted) = describe(expected) {
            message.push_str(&format!(", expected {wanted}"));
        }
        let error = SyntaxError::new(SyntaxErrorKind::UnexpectedToken, self.bytes_of(index, index + 1), message);
        let wants = |token: &str| expected.iter().any(|name| name.trim_matches('"') == token);
        let begins_binding = matches!(
            kind,
            SyntaxKind::Assign | SyntaxKind::RightBrace | SyntaxKind::InKeyword | SyntaxKind::InheritKeyword
        );
        if wants(";") && begins_binding {
            let (_, before) = self.before(index);
            return error.related(before..before, "perhaps a ';' is missing here");
        }
        error
    }

    fn unexpected_end(&self, expected: &[String]) -> SyntaxError {
        let end = self.source.len() as u32;
        let mut message = "unexpected end of the text".to_owned();
        if let Some(wanted) = describe(expected) {
            message.push_str(&format!(", expected {wanted}"));
        }
        let error = SyntaxError::new(SyntaxErrorKind::UnexpectedEnd, end..end, message);
        match self.unclosed() {
            Some(token) => error.related(self.bytes_of(token, token + 1), "this is not closed"),
            None => error,
        }
    }

    /// Where the last token before `index` that is no blank begins and ends.
    fn before(&self, index: u32) -> (u32, u32) {
        let mut at = index;
        while at > 0 && self.tokens.kinds[at as usize - 1].is_trivia() {
            at -= 1;
        }
        (self.tokens.starts[at.saturating_sub(1) as usize], self.tokens.starts[at as usize])
    }

    /// The innermost bracket that has no partner.
    fn unclosed(&self) -> Option<u32> {
        let mut open = Vec::new();
        for (index, kind) in (0_u32..).zip(&self.tokens.kinds) {
            match kind {
                SyntaxKind::LeftBrace
                | SyntaxKind::LeftBracket
                | SyntaxKind::LeftParen
                | SyntaxKind::InterpolationStart => open.push(index),
                SyntaxKind::RightBrace | SyntaxKind::RightBracket | SyntaxKind::RightParen => drop(open.pop()),
                _ => {}
            }
        }
        open.pop()
    }
}

/// What the grammar would have taken, in a few words.
fn describe(expected: &[String]) -> Option<String> {
    let names: Vec<&str> = expected.iter().map(|name| name.trim_matches('"')).collect();
    // What begins an expression is many tokens; "let" begins nothing else.
    if names.contains(&"let") {
        return Some("an expression".to_owned());
    }
    let all_infix = names.contains(&"++") && names.contains(&"&&");
    let mut shown: Vec<String> = Vec::new();
    for name in names {
        let is_infix = matches!(
            name,
            "+" | "-"
                | "*"
                | "/"
                | "++"
                | "//"
                | "=="
                | "!="
                | "<"
                | "<="
                | ">"
                | ">="
                | "&&"
                | "||"
                | "->"
                | "|>"
                | "<|"
                | "?"
        );
        let begins_argument = all_infix
            && matches!(
                name,
                "name"
                    | "integer"
                    | "decimal"
                    | "url"
                    | "<path>"
                    | "path"
                    | "path start"
                    | "string start"
                    | "indented start"
                    | "{"
                    | "["
                    | "("
                    | "rec"
                    | "or"
                    | "."
            );
        if is_infix || begins_argument {
            continue;
        }
        shown.push(match name {
            "name" => "a name".to_owned(),
            "string start" | "indented start" => "a string".to_owned(),
            "string text" | "indented text" => "text".to_owned(),
            "string end" | "indented end" => "the end of the string".to_owned(),
            other => format!("'{other}'"),
        });
    }
    shown.dedup();
    match shown.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        [many @ .., last] if many.len() <= 3 => Some(format!("{} or {last}", many.join(", "))),
        _ => None,
    }
}

impl Parse {
    /// The text.
    pub fn source(&self) -> &Arc<[u8]> {
        &self.source
    }

    /// The expression that the text is.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// What is wrong, in the order of the text.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.0 as usize]
    }

    /// What a node is.
    #[inline]
    pub fn kind(&self, node: NodeId) -> SyntaxKind {
        self.node(node).kind
    }

    /// The children of a node, in the order of the text.
    #[inline]
    pub fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + Clone + '_ {
        std::iter::successors(self.node(node).first_child.get(), |child| self.node(*child).next_sibling.get())
    }

    /// The offset of the first byte of a node.
    #[inline]
    pub fn start(&self, node: NodeId) -> u32 {
        self.tokens.starts[self.node(node).first_token as usize]
    }

    /// The bytes of a node.
    pub fn range(&self, node: NodeId) -> Range<u32> {
        let node = self.node(node);
        self.tokens.starts[node.first_token as usize]..self.tokens.starts[node.end_token as usize]
    }

    /// The text of a node.
    pub fn text(&self, node: NodeId) -> &[u8] {
        let range = self.range(node);
        &self.source[range.start as usize..range.end as usize]
    }

    /// The kind of the first token of a node.
    fn first_token(&self, node: NodeId) -> Option<SyntaxKind> {
        self.tokens.kinds.get(self.node(node).first_token as usize).copied()
    }

    /// The number of a node's first token.
    #[inline]
    pub(crate) fn first_token_number(&self, node: NodeId) -> usize {
        self.node(node).first_token as usize
    }

    /// For each token the name that it is, also if it is the text of a string: `a` and `"b"` in `a."b" = 1`.
    pub(crate) fn names(&self) -> impl Iterator<Item = Option<&[u8]>> + '_ {
        let kinds = &self.tokens.kinds[..];
        let significant_before = |at: usize| kinds[..at].iter().rev().find(|kind| !kind.is_trivia()).copied();
        let significant_from = |at: usize| kinds[at..].iter().find(|kind| !kind.is_trivia()).copied();
        kinds.iter().enumerate().map(move |(at, kind)| {
            let is_name = match kind {
                SyntaxKind::Word => true,
                SyntaxKind::StringText => {
                    let quoted = at > 0
                        && kinds[at - 1] == SyntaxKind::StringStart
                        && kinds.get(at + 1) == Some(&SyntaxKind::StringEnd);
                    quoted
                        && (matches!(significant_from(at + 2), Some(SyntaxKind::Assign | SyntaxKind::Dot))
                            || matches!(
                                significant_before(at - 1),
                                Some(SyntaxKind::Dot | SyntaxKind::InterpolationStart)
                            ))
                }
                _ => false,
            };
            is_name.then(|| &self.source[self.tokens.starts[at] as usize..self.tokens.starts[at + 1] as usize])
        })
    }

    /// Whether an attribute set is `rec`.
    pub fn is_rec(&self, node: NodeId) -> bool {
        self.first_token(node) == Some(SyntaxKind::RecKeyword)
    }

    /// The operator of a [`SyntaxKind::Binary`].
    ///
    /// # Panics
    /// The node is of another kind.
    pub fn binary_op(&self, node: NodeId) -> BinaryOperator {
        assert_eq!(self.kind(node), SyntaxKind::Binary, "only binary nodes have a binary operator");
        let token = self.operator(node).and_then(|token| BinaryOperator::of(self.tokens.kinds[token]));
        token.expect("a binary node is made of an operator's token")
    }

    /// The operator of a [`SyntaxKind::Unary`].
    pub fn unary_op(&self, node: NodeId) -> UnaryOperator {
        match self.first_token(node) {
            Some(SyntaxKind::Bang) => UnaryOperator::Not,
            _ => UnaryOperator::Negate,
        }
    }

    /// The offset of the operator of a [`SyntaxKind::Binary`] or [`SyntaxKind::HasAttr`].
    pub fn operator_start(&self, node: NodeId) -> u32 {
        self.operator(node).map_or(0, |token| self.tokens.starts[token])
    }

    /// The token between the two children of a node.
    fn operator(&self, node: NodeId) -> Option<usize> {
        let right = self.children(node).nth(1)?;
        let before = &self.tokens.kinds[..self.node(right).first_token as usize];
        before.iter().rposition(|kind| !kind.is_trivia())
    }

    /// Whether formals end in `...`.
    pub fn has_ellipsis(&self, node: NodeId) -> bool {
        self.node(node).flag
    }

    /// The name of the whole set of formals.
    pub fn formals_name(&self, node: NodeId) -> Option<NodeId> {
        self.children(node).find(|&child| self.kind(child) == SyntaxKind::Ident)
    }
}
