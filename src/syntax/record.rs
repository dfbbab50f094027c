//! What the grammar records: nodes in a flat array, in the order of its reductions.

use rustc_hash::FxHashMap;

use super::SyntaxKind;
use super::error::{SyntaxError, SyntaxErrorKind};
use super::lexer::Tokens;
use super::number::parse_float;
use super::operators::Item;

/// Names a node of a [`Parse`](super::Parse).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub(super) u32);

/// A node: its kind, its tokens, its children.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) kind: SyntaxKind,
    /// Whether formals end in `...`.
    pub(super) flag: bool,
    pub(super) first_token: u32,
    pub(super) end_token: u32,
    /// The token of the operator between two operands.
    pub(super) operator: u32,
    pub(super) first_child: Option<NodeId>,
    pub(super) next_sibling: Option<NodeId>,
}

/// Nodes in a row that have no parent yet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Siblings(Option<(NodeId, NodeId)>);

/// The state of the grammar's actions.
pub(crate) struct Recorder<'a> {
    pub(super) source: &'a [u8],
    pub(super) tokens: &'a Tokens,
    pub(super) nodes: Vec<Node>,
    pub(super) errors: Vec<SyntaxError>,
    /// The operators and operands that have not been bracketed yet, of all runs that are open.
    pub(super) items: Vec<Item>,
    pub(super) pipe_operators: bool,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(source: &'a [u8], tokens: &'a Tokens, errors: Vec<SyntaxError>, pipe_operators: bool) -> Self {
        let nodes = Vec::with_capacity(tokens.kinds.len());
        Recorder { source, tokens, nodes, errors, items: Vec::new(), pipe_operators }
    }

    /// Records a node that spans the tokens from `first` to before `end`.
    pub(crate) fn node(&mut self, kind: SyntaxKind, first: u32, end: u32, children: &[NodeId]) -> NodeId {
        for pair in children.windows(2) {
            self.nodes[pair[0].0 as usize].next_sibling = Some(pair[1]);
        }
        self.add(kind, first, end, children.first().copied())
    }

    /// Records a node above siblings.
    pub(crate) fn parent(&mut self, kind: SyntaxKind, first: u32, end: u32, children: Siblings) -> NodeId {
        self.add(kind, first, end, children.0.map(|(first, _)| first))
    }

    fn add(&mut self, kind: SyntaxKind, first_token: u32, end_token: u32, first_child: Option<NodeId>) -> NodeId {
        // An erroneous node may span nothing; it must not span less.
        let end_token = end_token.max(first_token);
        let node = Node { kind, flag: false, first_token, end_token, operator: 0, first_child, next_sibling: None };
        self.nodes.push(node);
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// A row of one node.
    pub(crate) fn single(&self, node: NodeId) -> Siblings {
        Siblings(Some((node, node)))
    }

    /// Adds a node at the end of a row.
    pub(crate) fn append(&mut self, siblings: Siblings, node: NodeId) -> Siblings {
        match siblings.0 {
            None => self.single(node),
            Some((first, last)) => {
                self.nodes[last.0 as usize].next_sibling = Some(node);
                Siblings(Some((first, node)))
            }
        }
    }

    /// Adds a node at the start of a row.
    pub(crate) fn prepend(&mut self, node: NodeId, siblings: Siblings) -> Siblings {
        match siblings.0 {
            None => self.single(node),
            Some((first, last)) => {
                self.nodes[node.0 as usize].next_sibling = Some(first);
                Siblings(Some((node, last)))
            }
        }
    }

    pub(super) fn kind(&self, node: NodeId) -> SyntaxKind {
        self.nodes[node.0 as usize].kind
    }

    fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let first = self.nodes[node.0 as usize].first_child;
        std::iter::successors(first, |child| self.nodes[child.0 as usize].next_sibling)
    }

    /// The bytes of some tokens.
    pub(super) fn bytes_of(&self, first: u32, end: u32) -> std::ops::Range<u32> {
        let starts = &self.tokens.starts;
        let start = starts[first as usize];
        // Blanks at the end do not count.
        let mut end = end;
        while end > first + 1 && self.tokens.kinds[end as usize - 1].is_trivia() {
            end -= 1;
        }
        start..starts[end as usize].max(start)
    }

    pub(super) fn range(&self, node: NodeId) -> std::ops::Range<u32> {
        let node = &self.nodes[node.0 as usize];
        self.bytes_of(node.first_token, node.end_token)
    }

    fn text(&self, node: NodeId) -> &'a [u8] {
        let range = self.range(node);
        &self.source[range.start as usize..range.end as usize]
    }

    /// Records an integer literal.
    pub(crate) fn integer(&mut self, token: u32) -> NodeId {
        let node = self.node(SyntaxKind::Int, token, token + 1, &[]);
        let text = self.text(node);
        if std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok()).is_none() {
            let message = format!("the integer {} is too large for 64 bits", String::from_utf8_lossy(text));
            let error = SyntaxError::new(SyntaxErrorKind::NumberOutOfRange, self.range(node), message);
            self.errors.push(error.hint(format!("the largest integer is {}", i64::MAX)));
        }
        node
    }

    /// Records a literal with a fraction.
    pub(crate) fn decimal(&mut self, token: u32) -> NodeId {
        let node = self.node(SyntaxKind::Float, token, token + 1, &[]);
        if std::str::from_utf8(self.text(node)).ok().and_then(parse_float).is_none() {
            let text = String::from_utf8_lossy(self.text(node));
            let message = format!("the number {text} is outside of the range of floats");
            self.errors.push(SyntaxError::new(SyntaxErrorKind::NumberOutOfRange, self.range(node), message));
        }
        node
    }

    /// Records `let bindings in body`, in which no name may be computed.
    pub(crate) fn let_in(&mut self, first: u32, end: u32, bindings: Siblings, body: NodeId) -> NodeId {
        let children = self.append(bindings, body);
        let node = self.parent(SyntaxKind::LetIn, first, end, children);
        let bindings: Vec<_> = self.children(node).filter(|&child| self.kind(child) == SyntaxKind::Binding).collect();
        for binding in bindings {
            let name = self.children(binding).next().and_then(|path| self.children(path).next());
            if let Some(name) = name
                && self.is_computed(name)
            {
                let message = "dynamic attributes are not allowed in 'let'";
                self.errors.push(SyntaxError::new(SyntaxErrorKind::DynamicAttribute, self.range(name), message));
            }
        }
        node
    }

    /// Whether an element of an attribute path has to be evaluated.
    fn is_computed(&self, name: NodeId) -> bool {
        match self.kind(name) {
            SyntaxKind::String => self.children(name).next().is_some(),
            SyntaxKind::Dynamic => {
                let inner = self.children(name).next();
                let is_text = inner.is_some_and(|inner| {
                    matches!(self.kind(inner), SyntaxKind::String | SyntaxKind::IndentedString)
                        && self.children(inner).next().is_none()
                });
                !is_text
            }
            _ => false,
        }
    }

    /// Records `inherit names;` or `inherit (source) names;`.
    pub(crate) fn inherit(&mut self, first: u32, end: u32, source: Option<NodeId>, names: Siblings) -> NodeId {
        let kind = if source.is_some() { SyntaxKind::InheritFrom } else { SyntaxKind::Inherit };
        let children = match source {
            Some(source) => self.prepend(source, names),
            None => names,
        };
        let node = self.parent(kind, first, end, children);
        let names: Vec<_> = self.children(node).skip(usize::from(source.is_some())).collect();
        for name in names {
            if self.is_computed(name) {
                let message = "dynamic attributes are not allowed in 'inherit'";
                self.errors.push(SyntaxError::new(SyntaxErrorKind::DynamicAttribute, self.range(name), message));
            }
        }
        node
    }

    /// Records formals, each name of which may be there once. `name` is that of the whole set.
    pub(crate) fn formals(
        &mut self,
        first: u32,
        end: u32,
        (formals, has_ellipsis): (Siblings, bool),
        name: Option<NodeId>,
    ) -> NodeId {
        let children = match name {
            Some(name) if self.nodes[name.0 as usize].first_token == first => self.prepend(name, formals),
            Some(name) => self.append(formals, name),
            None => formals,
        };
        let node = self.parent(SyntaxKind::Formals, first, end, children);
        self.nodes[node.0 as usize].flag = has_ellipsis;
        let names: Vec<_> = self
            .children(node)
            .map(|child| match self.kind(child) {
                SyntaxKind::Formal => self.children(child).next().unwrap_or(child),
                _ => child,
            })
            .collect();
        let mut seen: FxHashMap<&[u8], NodeId> = FxHashMap::default();
        for name in names {
            if let Some(&before) = seen.get(self.text(name)) {
                let text = String::from_utf8_lossy(self.text(name)).into_owned();
                let message = format!("the function names the argument '{text}' twice");
                let error = SyntaxError::new(SyntaxErrorKind::DuplicateArgument, self.range(name), message);
                self.errors.push(error.related(self.range(before), "it is named here first"));
            } else {
                seen.insert(self.text(name), name);
            }
        }
        node
    }
}
