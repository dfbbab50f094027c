//! Running a program.

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::Captures;
use super::program::{Node, NodeIndex, Program};

/// What counts as a match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// One that ends where the text ends.
    Whole,
    /// Any.
    Prefix,
    /// One that does not end at this place, where it begins.
    NotEmpty(usize),
}

/// A place in the search: a node, an offset, and in how many of the innermost loops nothing has been matched
/// since their last turn began. Such a loop makes no further turn, or it would never end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Place {
    node: NodeIndex,
    at: usize,
    idle: u32,
}

/// What came of a place with a choice: where the best match from there ends, and which choice leads to it. The choice is
/// 0 or 1 at a fork, and the number of bytes in a span.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    end: Option<usize>,
    choice: usize,
}

/// A choice that is being tried.
struct Pending {
    place: Place,
    /// The choice whose outcome is awaited.
    choice: usize,
    /// The best of those before.
    best: Outcome,
}

/// A search over one text, which remembers what it learned.
pub(super) struct Search<'t> {
    program: &'t Program,
    text: &'t [u8],
    mode: Mode,
    known: Memory,
    pending: SmallVec<[Pending; 4]>,
}

/// The outcomes of places. Most searches end after a few, for which hashing would be slower than looking through them.
#[derive(Default)]
struct Memory {
    few: SmallVec<[(Place, Outcome); FEW]>,
    many: FxHashMap<Place, Outcome>,
}

const FEW: usize = 12;

impl Memory {
    fn get(&self, place: Place) -> Option<Outcome> {
        let few = self.few.iter().find(|(known, _)| *known == place).map(|(_, outcome)| *outcome);
        few.or_else(|| if self.many.is_empty() { None } else { self.many.get(&place).copied() })
    }

    fn insert(&mut self, place: Place, outcome: Outcome) {
        match self.few.len() < FEW {
            true => self.few.push((place, outcome)),
            false => drop(self.many.insert(place, outcome)),
        }
    }
}

/// What a step leads to.
enum Step {
    Done(Option<usize>),
    Choice(Place),
}

impl<'t> Search<'t> {
    pub(super) fn new(program: &'t Program, text: &'t [u8], mode: Mode) -> Self {
        Search { program, text, mode, known: Memory::default(), pending: SmallVec::new() }
    }

    /// The best match that begins at `start`: its end and its groups.
    pub(super) fn run(&mut self, start: usize) -> Option<(usize, Captures)> {
        let place = Place { node: self.program.start, at: start, idle: 0 };
        let end = self.solve(place)?;
        Some((end, self.captures(place)))
    }

    /// Where the best match from a place ends. A stack of its own keeps what is being tried.
    fn solve(&mut self, start: Place) -> Option<usize> {
        let mut next = Some(start);
        let mut result = None;
        loop {
            if let Some(place) = next.take() {
                match self.advance(place, &mut |_, _| {}) {
                    Step::Done(end) => result = end,
                    Step::Choice(place) => match self.known.get(place) {
                        Some(outcome) => result = outcome.end,
                        None => {
                            let choice = self.first_choice(place);
                            let best = Outcome { end: None, choice };
                            self.pending.push(Pending { place, choice, best });
                            next = Some(self.follow(place, choice));
                            continue;
                        }
                    },
                }
            }
            let Some(mut pending) = self.pending.pop() else { return result };
            match self.consider(&mut pending, result) {
                Some(choice) => {
                    pending.choice = choice;
                    next = Some(self.follow(pending.place, choice));
                    self.pending.push(pending);
                }
                None => {
                    self.known.insert(pending.place, pending.best);
                    result = pending.best.end;
                }
            }
        }
    }

    /// Takes in the outcome of a choice. Returns the next one to try, if there is any.
    fn consider(&self, pending: &mut Pending, result: Option<usize>) -> Option<usize> {
        let is_better = match (result, pending.best.end) {
            (Some(end), Some(best)) => end > best,
            (end, _) => end.is_some(),
        };
        if is_better {
            pending.best = Outcome { end: result, choice: pending.choice };
        }
        let is_settled = pending.best.end.is_some();
        match self.program.nodes[pending.place.node as usize] {
            Node::Either(..) => (pending.choice == 0).then_some(1),
            Node::Span(..) if !is_settled => pending.choice.checked_sub(1),
            Node::Prefer(..) | Node::LoopEnd(..) if !is_settled => (pending.choice == 0).then_some(1),
            _ => None,
        }
    }

    fn first_choice(&self, place: Place) -> usize {
        match &self.program.nodes[place.node as usize] {
            Node::Span(set, _) => self.text[place.at..].iter().take_while(|byte| set.contains(**byte)).count(),
            // A turn without progress is the last.
            Node::LoopEnd(..) if place.idle > 0 => 1,
            _ => 0,
        }
    }

    /// Where a choice leads.
    fn follow(&self, place: Place, choice: usize) -> Place {
        let Place { at, idle, .. } = place;
        match self.program.nodes[place.node as usize] {
            Node::Either(first, second) | Node::Prefer(first, second) => {
                Place { node: if choice == 0 { first } else { second }, at, idle }
            }
            Node::LoopEnd(back, _) if choice == 0 => Place { node: back, at, idle: idle + 1 },
            Node::LoopEnd(_, out) => Place { node: out, at, idle: idle.saturating_sub(1) },
            Node::Span(_, next) => Place { node: next, at: at + choice, idle: if choice == 0 { idle } else { 0 } },
            _ => place,
        }
    }

    /// Goes on to the next choice or to the end. `group` is told where groups begin and end.
    fn advance(&self, place: Place, group: &mut impl FnMut(GroupEdge, usize)) -> Step {
        let Place { mut node, mut at, mut idle } = place;
        loop {
            match self.program.nodes[node as usize] {
                Node::Byte(set, next) => match self.text.get(at) {
                    Some(&byte) if set.contains(byte) => (node, at, idle) = (next, at + 1, 0),
                    _ => return Step::Done(None),
                },
                Node::GroupStart(index, next) => {
                    group(GroupEdge::Start(index), at);
                    node = next;
                }
                Node::GroupEnd(index, next) => {
                    group(GroupEdge::End(index), at);
                    node = next;
                }
                Node::LoopStart(next) => (node, idle) = (next, idle + 1),
                Node::Begin(next) if at == 0 => node = next,
                Node::End(next) if at == self.text.len() => node = next,
                Node::Begin(_) | Node::End(_) => return Step::Done(None),
                Node::Skip(next) => node = next,
                Node::Accept => {
                    let counts = match self.mode {
                        Mode::Whole => at == self.text.len(),
                        Mode::Prefix => true,
                        Mode::NotEmpty(start) => at != start,
                    };
                    return Step::Done(counts.then_some(at));
                }
                Node::Either(..) | Node::Prefer(..) | Node::LoopEnd(..) | Node::Span(..) => {
                    return Step::Choice(Place { node, at, idle });
                }
            }
        }
    }

    /// Walks the best match once more to see its groups.
    fn captures(&self, start: Place) -> Captures {
        let mut captures: Captures = smallvec![None; self.program.groups];
        let mut starts: SmallVec<[usize; 8]> = smallvec![0; self.program.groups];
        let mut place = start;
        loop {
            let mut mark = |edge, at| match edge {
                GroupEdge::Start(group) => starts[group as usize] = at,
                GroupEdge::End(group) => captures[group as usize] = Some(starts[group as usize]..at),
            };
            match self.advance(place, &mut mark) {
                Step::Done(_) => return captures,
                Step::Choice(at) => match self.known.get(at) {
                    Some(outcome) => place = self.follow(at, outcome.choice),
                    None => return captures,
                },
            }
        }
    }
}

/// Where a group begins or ends.
#[derive(Clone, Copy)]
enum GroupEdge {
    Start(u32),
    End(u32),
}
