//! What the grammar records: nodes in a flat array, in the order of its reductions.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::SyntaxKind;
use super::error::{SyntaxError, SyntaxErrorKind};
use super::lexer::Tokens;
use super::number::parse_float;
use super::operators::{Item, Stacks};

/// Up to so many names are compared with each other, more are put in a table.
const FEW: usize = 16;

/// Names a node of a [`Parse`](super::Parse).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub(super) u32);

/// A node or none, in four bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Link(u32);

impl Link {
    pub(super) const NONE: Link = Link(u32::MAX);

    #[inline]
    pub(super) fn to(node: NodeId) -> Link {
        Link(node.0)
    }

    #[inline]
    pub(super) fn get(self) -> Option<NodeId> {
        (self != Link::NONE).then_some(NodeId(self.0))
    }
}

/// A node: its kind, its tokens, its children.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) kind: SyntaxKind,
    /// Whether formals end in `...`.
    pub(super) flag: bool,
    pub(super) first_token: u32,
    pub(super) end_token: u32,
    pub(super) first_child: Link,
    pub(super) next_sibling: Link,
}

/// Nodes in a row that have no parent yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Siblings {
    first: Link,
    last: Link,
}

impl Siblings {
    pub(crate) const NONE: Siblings = Siblings { first: Link::NONE, last: Link::NONE };

    /// A row of one node.
    #[inline]
    pub(crate) fn of(node: NodeId) -> Siblings {
        Siblings { first: Link::to(node), last: Link::to(node) }
    }
}

/// The state of the grammar's actions.
pub(crate) struct Recorder<'a> {
    pub(super) source: &'a [u8],
    pub(super) tokens: &'a Tokens,
    pub(super) nodes: Vec<Node>,
    pub(super) errors: Vec<SyntaxError>,
    /// The operators and operands that have not been bracketed yet, of all runs that are open.
    pub(super) items: Vec<Item>,
    pub(super) stacks: Stacks,
    pub(super) pipe_operators: bool,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(source: &'a [u8], tokens: &'a Tokens, errors: Vec<SyntaxError>, pipe_operators: bool) -> Self {
        // In what people write, about four of ten tokens are a node, and as many are blanks.
        let nodes = Vec::with_capacity(tokens.kinds.len() / 2 + 1);
        Recorder { source, tokens, nodes, errors, items: Vec::new(), stacks: Stacks::default(), pipe_operators }
    }

    /// Records a node that spans the tokens from `first` to before `end`.
    #[inline]
    pub(crate) fn node(&mut self, kind: SyntaxKind, first: u32, end: u32, children: &[NodeId]) -> NodeId {
        for pair in children.windows(2) {
            self.link(pair[0], pair[1]);
        }
        self.add(kind, first, end, children.first().map_or(Link::NONE, |&child| Link::to(child)))
    }

    /// Records a node above siblings.
    #[inline]
    pub(crate) fn parent(&mut self, kind: SyntaxKind, first: u32, end: u32, children: Siblings) -> NodeId {
        self.add(kind, first, end, children.first)
    }

    #[inline]
    fn add(&mut self, kind: SyntaxKind, first_token: u32, end_token: u32, first_child: Link) -> NodeId {
        // An erroneous node may span nothing; it must not span less.
        let end_token = end_token.max(first_token);
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Node { kind, flag: false, first_token, end_token, first_child, next_sibling: Link::NONE });
        id
    }

    #[inline]
    pub(super) fn link(&mut self, node: NodeId, next: NodeId) {
        self.nodes[node.0 as usize].next_sibling = Link::to(next);
    }

    /// Adds a node at the end of a row.
    #[inline]
    pub(crate) fn append(&mut self, siblings: Siblings, node: NodeId) -> Siblings {
        match siblings.last.get() {
            None => Siblings::of(node),
            Some(last) => {
                self.link(last, node);
                Siblings { first: siblings.first, last: Link::to(node) }
            }
        }
    }

    /// Adds a node at the start of a row.
    fn prepend(&mut self, node: NodeId, siblings: Siblings) -> Siblings {
        match siblings.first.get() {
            None => Siblings::of(node),
            Some(first) => {
                self.link(node, first);
                Siblings { first: Link::to(node), last: siblings.last }
            }
        }
    }

    pub(super) fn kind(&self, node: NodeId) -> SyntaxKind {
        self.nodes[node.0 as usize].kind
    }

    fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let first = self.nodes[node.0 as usize].first_child.get();
        std::iter::successors(first, |child| self.nodes[child.0 as usize].next_sibling.get())
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
        let mut next = self.nodes[node.0 as usize].first_child.get();
        while let Some(child) = next {
            next = self.nodes[child.0 as usize].next_sibling.get();
            if self.kind(child) != SyntaxKind::Binding {
                continue;
            }
            let name = self.children(child).next().and_then(|path| self.children(path).next());
            if let Some(name) = name {
                self.check_static(name, "'let'");
            }
        }
        node
    }

    /// Whether an element of an attribute path has to be evaluated.
    fn is_computed(&self, name: NodeId) -> bool {
        match self.kind(name) {
            SyntaxKind::String => self.children(name).next().is_some(),
            SyntaxKind::Dynamic => {
                let mut inner = self.children(name).next();
                while let Some(paren) = inner.filter(|&inner| self.kind(inner) == SyntaxKind::Paren) {
                    inner = self.children(paren).next();
                }
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
        let mut next = names.first.get();
        while let Some(name) = next {
            next = self.nodes[name.0 as usize].next_sibling.get();
            self.check_static(name, "'inherit'");
        }
        node
    }

    /// Reports a name that is computed where it must not be.
    fn check_static(&mut self, name: NodeId, place: &str) {
        if self.is_computed(name) {
            let message = format!("dynamic attributes are not allowed in {place}");
            self.errors.push(SyntaxError::new(SyntaxErrorKind::DynamicAttribute, self.range(name), message));
        }
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
        self.report_duplicates(node);
        node
    }

    /// Reports the names that formals have twice.
    fn report_duplicates(&mut self, formals: NodeId) {
        let names: SmallVec<[NodeId; FEW]> = self
            .children(formals)
            .map(|child| match self.kind(child) {
                SyntaxKind::Formal => self.children(child).next().unwrap_or(child),
                _ => child,
            })
            .collect();
        let mut seen: FxHashMap<&[u8], NodeId> = FxHashMap::default();
        for (index, &name) in names.iter().enumerate() {
            let text = self.text(name);
            let before = if names.len() <= FEW {
                names[..index].iter().copied().find(|&before| self.text(before) == text)
            } else {
                let first = *seen.entry(text).or_insert(name);
                (first != name).then_some(first)
            };
            if let Some(before) = before {
                let text = String::from_utf8_lossy(text);
                let message = format!("the function names the argument '{text}' twice");
                let error = SyntaxError::new(SyntaxErrorKind::DuplicateArgument, self.range(name), message);
                self.errors.push(error.related(self.range(before), "it is named here first"));
            }
        }
    }
}
