//! The form in which a pattern is run: steps, and what is known of the bytes that lead through them.

use super::classes::ByteSet;
use super::nodes::{Node, NodeIndex};

pub(super) type StepIndex = NodeIndex;

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// These bytes of `Program::literals`.
    Literal {
        start: u32,
        length: u32,
        next: StepIndex,
    },
    /// One byte of a set.
    Byte {
        set: u32,
        next: StepIndex,
    },
    /// As many bytes of a set as lead to a match, the most first. `is_apart` if what may come next is not in the set.
    Span {
        set: u32,
        next: Choice,
        is_apart: bool,
    },
    /// A group begins or ends.
    GroupStart {
        group: u32,
        next: StepIndex,
    },
    GroupEnd {
        group: u32,
        next: StepIndex,
    },
    /// Both are tried, and the longer match taken.
    Either(Choice, Choice),
    /// The first is tried, and the second if it leads nowhere.
    Prefer(Choice, Choice),
    /// The first time around a loop begins here.
    LoopStart(StepIndex),
    /// Once around a loop: back to the start, or out.
    LoopEnd(Choice, Choice),
    /// The start of the text.
    Begin(StepIndex),
    /// The end of the text.
    End(StepIndex),
    Accept,
}

/// One of several ways to go on, and which of `Program::looks` tells where it may lead to a match.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) step: StepIndex,
    look: u32,
}

/// What has to come next, or there is no match.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// A byte of these,
    bytes: ByteSet,
    /// or nothing, if a match may end here.
    can_end: bool,
}

/// A pattern that can be run.
#[derive(Debug, Default)]
pub(super) struct Program {
    steps: Vec<Step>,
    pub(super) start: StepIndex,
    pub(super) groups: usize,
    literals: Vec<u8>,
    sets: Vec<ByteSet>,
    looks: Vec<Look>,
    /// What a match can begin with; nothing if it can be empty.
    first: Option<ByteSet>,
}

impl Program {
    pub(super) fn new(nodes: &[Node], start: NodeIndex, groups: usize) -> Program {
        let mut nodes = nodes.to_vec();
        close(&mut nodes);
        let start = without_skips(&mut nodes, start);
        repetitions_of_bytes(&mut nodes);
        let mut maker = Maker {
            nodes: &nodes,
            stamps: vec![0; nodes.len()],
            stamp: 0,
            pending: Vec::new(),
            program: Program::default(),
        };
        let first = maker.look(start, usize::MAX);
        maker.program.first = (!first.can_end).then_some(first.bytes);
        (maker.program.start, maker.program.groups) = (start, groups);
        maker.make_steps();
        maker.join_literals();
        maker.program
    }

    #[inline(always)]
    pub(super) fn step(&self, index: StepIndex) -> Step {
        self.steps[index as usize]
    }

    #[inline(always)]
    pub(super) fn set(&self, index: u32) -> &ByteSet {
        &self.sets[index as usize]
    }

    #[inline(always)]
    pub(super) fn literal(&self, start: u32, length: u32) -> &[u8] {
        &self.literals[start as usize..][..length as usize]
    }

    /// Whether a match may begin where this is the next byte.
    #[inline]
    pub(super) fn may_begin_with(&self, next: Option<&u8>) -> bool {
        match (&self.first, next) {
            (None, _) => true,
            (Some(first), Some(&next)) => first.contains(next),
            (Some(_), None) => false,
        }
    }

    /// Whether a choice may lead to a match where this is the next byte.
    #[inline(always)]
    pub(super) fn may_lead_on(&self, choice: Choice, next: Option<&u8>, whole: bool) -> bool {
        let look = &self.looks[choice.look as usize];
        match next {
            Some(&next) => look.bytes.contains(next) || look.can_end && !whole,
            None => look.can_end,
        }
    }

    /// Whether a match may end after a choice without another byte.
    #[inline(always)]
    pub(super) fn can_end(&self, choice: Choice) -> bool {
        self.looks[choice.look as usize].can_end
    }
}

/// What was only copied leads nowhere, and nothing leads there. It shall lead to the end.
fn close(nodes: &mut [Node]) {
    let last = nodes.len() as NodeIndex - 1;
    for node in nodes {
        node.successors_mut().into_iter().flatten().for_each(|next| *next = last.min(*next));
    }
}

/// Lets everything that leads to a `Skip` lead to what comes after it. Returns the new start.
fn without_skips(nodes: &mut [Node], start: NodeIndex) -> NodeIndex {
    let mut after: Vec<NodeIndex> = (0..nodes.len() as NodeIndex).collect();
    let mut passed = Vec::new();
    for index in 0..nodes.len() {
        let mut node = index as NodeIndex;
        while let (Node::Skip(next), true) = (nodes[node as usize], after[node as usize] == node) {
            passed.push(node);
            node = next;
        }
        // The whole way is made short, so that no part of it is gone twice.
        let end = after[node as usize];
        passed.drain(..).for_each(|skip| after[skip as usize] = end);
    }
    for node in nodes.iter_mut() {
        node.successors_mut().into_iter().flatten().for_each(|next| *next = after[*next as usize]);
    }
    after[start as usize]
}

/// Makes of `x+`, where `x` is one byte, that byte and a span. Nobody else leads into the loop.
fn repetitions_of_bytes(nodes: &mut [Node]) {
    for index in 0..nodes.len() {
        if let Node::LoopStart(body) = nodes[index]
            && let Node::Byte(set, end) = nodes[body as usize]
            && let Node::LoopEnd(back, out) = nodes[end as usize]
            && back == body
        {
            nodes[index] = Node::Byte(set, end);
            nodes[end as usize] = Node::Span(set, out);
        }
    }
}

/// To find out what comes next after a choice, so many nodes are looked at.
const LOOK_AHEAD: usize = 32;

/// Makes the steps of a program, one for each node.
struct Maker<'n> {
    nodes: &'n [Node],
    /// For each node the number of the last look that has met it.
    stamps: Vec<u32>,
    stamp: u32,
    /// What the current look has not met yet.
    pending: Vec<NodeIndex>,
    program: Program,
}

impl Maker<'_> {
    fn make_steps(&mut self) {
        for &node in self.nodes {
            let step = match node {
                Node::Byte(set, next) => Step::Byte { set: self.set(set), next },
                Node::Span(set, next) => {
                    let next = self.choice(next);
                    let is_apart = !self.program.looks[next.look as usize].bytes.meets(&set);
                    Step::Span { set: self.set(set), next, is_apart }
                }
                Node::GroupStart(group, next) => Step::GroupStart { group, next },
                Node::GroupEnd(group, next) => Step::GroupEnd { group, next },
                Node::Either(first, second) => Step::Either(self.choice(first), self.choice(second)),
                Node::Prefer(first, second) => Step::Prefer(self.choice(first), self.choice(second)),
                Node::LoopStart(next) => Step::LoopStart(next),
                Node::LoopEnd(back, out) => Step::LoopEnd(self.choice(back), self.choice(out)),
                Node::Begin(next) => Step::Begin(next),
                Node::End(next) => Step::End(next),
                // Nothing leads to what has been skipped.
                Node::Skip(_) | Node::Accept => Step::Accept,
            };
            self.program.steps.push(step);
        }
    }

    fn set(&mut self, set: ByteSet) -> u32 {
        self.program.sets.push(set);
        self.program.sets.len() as u32 - 1
    }

    fn choice(&mut self, step: StepIndex) -> Choice {
        let look = self.look(step, LOOK_AHEAD);
        self.program.looks.push(look);
        Choice { step, look: self.program.looks.len() as u32 - 1 }
    }

    /// What a match can go on with from a node. Should that take more than `limit` nodes to find out, it is anything.
    fn look(&mut self, from: NodeIndex, limit: usize) -> Look {
        self.stamp += 1;
        let mut look = Look { bytes: ByteSet::default(), can_end: false };
        self.pending.clear();
        self.pending.push(from);
        let mut met = 0;
        while let Some(node) = self.pending.pop() {
            if std::mem::replace(&mut self.stamps[node as usize], self.stamp) == self.stamp {
                continue;
            }
            met += 1;
            if met > limit {
                return Look { bytes: ByteSet::default().inverted(), can_end: true };
            }
            match &self.nodes[node as usize] {
                Node::Byte(set, _) => look.bytes.add(set),
                Node::Accept => look.can_end = true,
                node => {
                    if let Node::Span(set, _) = node {
                        look.bytes.add(set);
                    }
                    self.pending.extend(node.successors().into_iter().flatten());
                }
            }
        }
        look
    }

    /// Makes one step of bytes in a row that nothing else leads into.
    fn join_literals(&mut self) {
        let mut ways_in = vec![0_u32; self.nodes.len()];
        ways_in[self.program.start as usize] = 1;
        let mut follows_byte = vec![false; self.nodes.len()];
        for node in self.nodes {
            for next in node.successors().into_iter().flatten() {
                ways_in[next as usize] += 1;
                follows_byte[next as usize] |= literal(node).is_some();
            }
        }
        for index in 0..self.nodes.len() {
            let is_inner = follows_byte[index] && ways_in[index] == 1;
            if is_inner {
                continue;
            }
            let start = self.program.literals.len();
            let mut next = index as StepIndex;
            while let Some((byte, after)) = literal(&self.nodes[next as usize])
                && (next as usize == index || ways_in[next as usize] == 1)
            {
                self.program.literals.push(byte);
                next = after;
            }
            let length = (self.program.literals.len() - start) as u32;
            if length > 0 {
                self.program.steps[index] = Step::Literal { start: start as u32, length, next };
            }
        }
    }
}

/// The byte that a node stands for, if it is just one, and what follows.
fn literal(node: &Node) -> Option<(u8, NodeIndex)> {
    let Node::Byte(set, next) = node else { return None };
    Some((set.only()?, *next))
}

#[cfg(test)]
impl Program {
    /// The same pattern, run without a look at what comes next.
    pub(super) fn without_looks(mut self) -> Program {
        let anything = Look { bytes: ByteSet::default().inverted(), can_end: true };
        self.looks.fill(anything);
        for step in &mut self.steps {
            if let Step::Span { is_apart, .. } = step {
                *is_apart = false;
            }
        }
        self
    }
}
