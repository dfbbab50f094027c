//! A pattern while it is read: nodes that say what to do and where to go on. A `Program` is made of them.

use super::RegexError;
use super::classes::ByteSet;

pub(super) type NodeIndex = u32;

/// What a part of a pattern does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    /// One byte of a set.
    Byte(ByteSet, NodeIndex),
    /// As many bytes of a set as lead to a match, the most first.
    Span(ByteSet, NodeIndex),
    /// A group begins or ends.
    GroupStart(u32, NodeIndex),
    GroupEnd(u32, NodeIndex),
    /// Both are tried, and the longer match taken.
    Either(NodeIndex, NodeIndex),
    /// The first is tried, and the second if it leads nowhere.
    Prefer(NodeIndex, NodeIndex),
    /// The first time around a loop begins here.
    LoopStart(NodeIndex),
    /// Once around a loop: back to the start, or out.
    LoopEnd(NodeIndex, NodeIndex),
    /// The start of the text.
    Begin(NodeIndex),
    /// The end of the text.
    End(NodeIndex),
    Skip(NodeIndex),
    Accept,
}

impl Node {
    /// The nodes that it leads to.
    pub(super) fn successors(mut self) -> [Option<NodeIndex>; 2] {
        self.successors_mut().map(|next| next.copied())
    }

    pub(super) fn successors_mut(&mut self) -> [Option<&mut NodeIndex>; 2] {
        match self {
            Node::Byte(_, next)
            | Node::Span(_, next)
            | Node::GroupStart(_, next)
            | Node::GroupEnd(_, next)
            | Node::LoopStart(next)
            | Node::Begin(next)
            | Node::End(next)
            | Node::Skip(next) => [Some(next), None],
            Node::Either(first, second) | Node::Prefer(first, second) | Node::LoopEnd(first, second) => {
                [Some(first), Some(second)]
            }
            Node::Accept => [None, None],
        }
    }
}

/// As in libstdc++, a larger pattern is an error.
const MAX_NODES: usize = 100_000;

/// A part of a pattern: `start` is where it begins, `end` a node whose successor is not set yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment {
    pub(super) start: NodeIndex,
    pub(super) end: NodeIndex,
}

/// Nodes in the making.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) nodes: Vec<Node>,
}

/// Stands for a successor that is not known yet.
const OPEN: NodeIndex = NodeIndex::MAX;

impl Builder {
    pub(super) fn add(&mut self, node: Node) -> Result<NodeIndex, RegexError> {
        if self.nodes.len() >= MAX_NODES {
            return Err(RegexError("the pattern is too large"));
        }
        self.nodes.push(node);
        Ok(self.nodes.len() as NodeIndex - 1)
    }

    /// A fragment of one node, made with its successor.
    pub(super) fn single(&mut self, node: impl FnOnce(NodeIndex) -> Node) -> Result<Fragment, RegexError> {
        let index = self.add(node(OPEN))?;
        Ok(Fragment { start: index, end: index })
    }

    /// Goes on with `next` after a fragment.
    pub(super) fn connect(&mut self, fragment: Fragment, next: NodeIndex) {
        match &mut self.nodes[fragment.end as usize] {
            Node::Byte(_, open)
            | Node::Span(_, open)
            | Node::GroupStart(_, open)
            | Node::GroupEnd(_, open)
            | Node::LoopStart(open)
            | Node::LoopEnd(_, open)
            | Node::Begin(open)
            | Node::End(open)
            | Node::Skip(open) => *open = next,
            Node::Either(..) | Node::Prefer(..) | Node::Accept => {
                unreachable!("no fragment ends in a node with two successors or none")
            }
        }
    }

    pub(super) fn join(&mut self, first: Fragment, second: Fragment) -> Fragment {
        self.connect(first, second.start);
        Fragment { start: first.start, end: second.end }
    }

    pub(super) fn either(&mut self, first: Fragment, second: Fragment) -> Result<Fragment, RegexError> {
        let end = self.single(Node::Skip)?;
        self.connect(first, end.start);
        self.connect(second, end.start);
        let start = self.add(Node::Either(first.start, second.start))?;
        Ok(Fragment { start, end: end.end })
    }

    /// `x*`
    pub(super) fn star(&mut self, body: Fragment) -> Result<Fragment, RegexError> {
        if body.start == body.end
            && let Node::Byte(set, _) = self.nodes[body.start as usize]
        {
            return self.single(|next| Node::Span(set, next));
        }
        let end = self.single(Node::Skip)?;
        let once = self.plus(body)?;
        self.connect(once, end.start);
        let start = self.add(Node::Prefer(once.start, end.start))?;
        Ok(Fragment { start, end: end.end })
    }

    /// `x+`
    pub(super) fn plus(&mut self, body: Fragment) -> Result<Fragment, RegexError> {
        let start = self.add(Node::LoopStart(body.start))?;
        let back = self.single(|next| Node::LoopEnd(body.start, next))?;
        self.connect(body, back.start);
        Ok(Fragment { start, end: back.end })
    }

    /// A copy of the nodes from `from` to before `to`, which the fragment consists of.
    pub(super) fn copy(&mut self, fragment: Fragment, from: usize, to: usize) -> Result<Fragment, RegexError> {
        let shift = (self.nodes.len() - from) as NodeIndex;
        let moved = |index: NodeIndex| if index == OPEN { OPEN } else { index + shift };
        for index in from..to {
            let node = match self.nodes[index] {
                Node::Byte(set, next) => Node::Byte(set, moved(next)),
                Node::Span(set, next) => Node::Span(set, moved(next)),
                Node::GroupStart(group, next) => Node::GroupStart(group, moved(next)),
                Node::GroupEnd(group, next) => Node::GroupEnd(group, moved(next)),
                Node::Either(a, b) => Node::Either(moved(a), moved(b)),
                Node::Prefer(a, b) => Node::Prefer(moved(a), moved(b)),
                Node::LoopStart(next) => Node::LoopStart(moved(next)),
                Node::LoopEnd(back, next) => Node::LoopEnd(moved(back), moved(next)),
                Node::Begin(next) => Node::Begin(moved(next)),
                Node::End(next) => Node::End(moved(next)),
                Node::Skip(next) => Node::Skip(moved(next)),
                Node::Accept => Node::Accept,
            };
            self.add(node)?;
        }
        Ok(Fragment { start: fragment.start + shift, end: fragment.end + shift })
    }
}
