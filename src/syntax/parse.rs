//! Parsing, and reading what was parsed.

use std::ops::Range;
use std::sync::Arc;

use lalrpop_util::ParseError;

use super::error::{SyntaxError, SyntaxErrorKind};
use super::lexer::{Tokens, lex};
use super::operators::{BinaryOperator, UnaryOperator};
use super::record::{Node, NodeId, Recorder};
use super::recovery::{Recovered, find_errors};
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
    let (tokens, lexical_errors) = lex(&source);
    let mut recorder = Recorder::new(&source, &tokens, lexical_errors, features.pipe_operators);
    let lexical_errors = recorder.errors.len();
    let root = strict::RootParser::new().parse(&mut recorder, Condensed { kinds: &tokens.kinds, at: 0 });
    let Recorder { nodes, mut errors, .. } = recorder;
    let parsed = match root {
        Ok(root) => Recovered { tokens, nodes, root, errors },
        Err(first) => {
            errors.truncate(lexical_errors);
            find_errors(&source, tokens, errors, features, token_of(&first))
        }
    };
    let Recovered { tokens, nodes, root, mut errors } = parsed;
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

/// The token at which the grammar's parser stopped.
fn token_of(error: &ParseError<u32, SyntaxKind, ()>) -> Option<u32> {
    match error {
        ParseError::UnrecognizedToken { token, .. } | ParseError::ExtraToken { token } => Some(token.0),
        ParseError::InvalidToken { .. } | ParseError::UnrecognizedEof { .. } | ParseError::User { .. } => None,
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
