//! A parsed file in which one can go from a place to what stands around it.

use rustc_hash::FxHashMap;

use crate::diagnostics::{Pos, SourceFile, Span};
use crate::syntax::{self, Features, NodeId, Parse, SyntaxKind};

/// Characters of the source that a message quotes at most.
const LONGEST_QUOTE: usize = 40;

/// A parsed file.
pub(super) struct Text {
    parse: Parse,
    parents: FxHashMap<NodeId, NodeId>,
    /// The position of the first byte.
    base: Pos,
}

impl Text {
    /// Parses a file; one with syntax errors is of no use.
    pub(super) fn read(file: &SourceFile, features: Features) -> Option<Text> {
        let parse = syntax::parse(file.bytes().clone(), features);
        if !parse.errors().is_empty() {
            return None;
        }
        let mut parents = FxHashMap::default();
        let mut open = vec![parse.root()];
        while let Some(node) = open.pop() {
            for child in parse.children(node) {
                parents.insert(child, node);
                open.push(child);
            }
        }
        Some(Text { parse, parents, base: file.pos(0) })
    }

    /// Where in the text a position is.
    pub(super) fn offset(&self, pos: Pos) -> u32 {
        pos.to_raw().saturating_sub(self.base.to_raw())
    }

    /// The innermost node at an offset.
    pub(super) fn innermost(&self, offset: u32) -> NodeId {
        let mut node = self.parse.root();
        while let Some(inner) = self.children(node).find(|&child| self.parse.range(child).contains(&offset)) {
            node = inner;
        }
        node
    }

    /// The innermost node of a kind that begins at an offset.
    pub(super) fn starting_at(&self, offset: u32, kind: SyntaxKind) -> Option<NodeId> {
        let innermost = self.innermost(offset);
        let around = std::iter::once(innermost).chain(self.ancestors(innermost));
        around.take_while(|&node| self.parse.start(node) == offset).find(|&node| self.kind(node) == kind)
    }

    /// The nodes around a node, from the inside.
    pub(super) fn ancestors(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.parent(node), |&node| self.parent(node))
    }

    pub(super) fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.parents.get(&node).copied()
    }

    pub(super) fn kind(&self, node: NodeId) -> SyntaxKind {
        self.parse.kind(node)
    }

    pub(super) fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + Clone + '_ {
        self.parse.children(node)
    }

    pub(super) fn child(&self, node: NodeId, index: usize) -> Option<NodeId> {
        self.children(node).nth(index)
    }

    pub(super) fn root(&self) -> NodeId {
        self.parse.root()
    }

    /// All nodes, in no order.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.parents.keys().copied()
    }

    pub(super) fn parse(&self) -> &Parse {
        &self.parse
    }

    /// The bytes of a node.
    pub(super) fn bytes(&self, node: NodeId) -> &[u8] {
        self.parse.text(node)
    }

    /// The name that an identifier, or a string without interpolations, is.
    pub(super) fn name(&self, node: NodeId) -> Option<&[u8]> {
        match self.kind(node) {
            SyntaxKind::Ident => Some(self.bytes(node)),
            SyntaxKind::String if self.child(node, 0).is_none() => {
                Some(self.bytes(node).strip_prefix(b"\"")?.strip_suffix(b"\"")?)
            }
            _ => None,
        }
    }

    /// A node without parentheses around it.
    pub(super) fn bare(&self, node: NodeId) -> NodeId {
        let mut node = node;
        while self.kind(node) == SyntaxKind::Paren
            && let Some(inner) = self.child(node, 0)
        {
            node = inner;
        }
        node
    }

    /// The bytes before a node, from the start of the text.
    pub(super) fn before(&self, node: NodeId) -> &[u8] {
        &self.parse.source()[..self.parse.start(node) as usize]
    }

    pub(super) fn pos(&self, node: NodeId) -> Pos {
        self.base.offset(self.parse.start(node))
    }

    /// The part of a node that is on its first line.
    pub(super) fn span(&self, node: NodeId) -> Span {
        let length = self.bytes(node).iter().take_while(|&&byte| byte != b'\n').count();
        self.pos(node).span(length as u32)
    }

    /// A node as a message quotes it, unless it is long.
    pub(super) fn quote(&self, node: NodeId) -> Option<String> {
        let text = std::str::from_utf8(self.bytes(node)).ok()?;
        let is_short = text.chars().count() <= LONGEST_QUOTE && !text.contains('\n');
        is_short.then(|| text.to_owned())
    }
}
