//! Running a program.

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::Captures;
use super::program::{Choice, Program, Step, StepIndex};

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
    node: StepIndex,
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

/// How far the search came.
enum Progress {
    /// To the end of a match, or to where there is none.
    Done(Option<usize>),
    Choice(Place),
}

/// Among so many choices in a row that can be made without trying, one is remembered as if it had been tried. So it is
/// not gone over again and again from the places before it.
const MAX_UNTRIED: u32 = 32;

impl<'t> Search<'t> {
    pub(super) fn new(program: &'t Program, text: &'t [u8], mode: Mode) -> Self {
        Search { program, text, mode, known: Memory::default(), pending: SmallVec::new() }
    }

    /// The best match that begins at `start`: its end and its groups.
    pub(super) fn run(&mut self, start: usize) -> Option<(usize, Captures)> {
        let mut groups = Groups::new(self.program.groups);
        // Every match begins with what comes before the first choice that has to be tried.
        let place = Place { node: self.program.start, at: start, idle: 0 };
        let end = match self.advance(place, &mut groups) {
            Progress::Done(end) => end?,
            Progress::Choice(place) => {
                let end = self.solve(place)?;
                self.mark_groups(place, &mut groups);
                end
            }
        };
        Some((end, groups.captures))
    }

    /// Where the best match from a place with a choice ends. A stack of its own keeps what is being tried.
    fn solve(&mut self, start: Place) -> Option<usize> {
        let mut result = self.begin(start);
        loop {
            let progress = match result {
                Some(result) => match self.pending.pop() {
                    None => return result,
                    Some(pending) => self.consider(pending, result),
                },
                None => self.go_on(),
            };
            result = match progress {
                Progress::Done(end) => Some(end),
                Progress::Choice(place) => self.begin(place),
            };
        }
    }

    /// Begins to try a choice. If what comes of it is known, that is returned.
    fn begin(&mut self, place: Place) -> Option<Option<usize>> {
        if let Some(outcome) = self.known.get(place) {
            return Some(outcome.end);
        }
        match self.first_choice(place) {
            Some(choice) => {
                self.pending.push(Pending { place, choice, best: Outcome { end: None, choice } });
                None
            }
            None => {
                self.known.insert(place, Outcome { end: None, choice: 0 });
                Some(None)
            }
        }
    }

    /// Follows the choice that was begun last.
    fn go_on(&self) -> Progress {
        match self.pending.last() {
            Some(pending) => self.advance(self.follow(pending.place, pending.choice), &mut Unmarked),
            None => Progress::Done(None),
        }
    }

    /// Takes in the outcome of a choice, and tries the next one, if there is any.
    fn consider(&mut self, mut pending: Pending, result: Option<usize>) -> Progress {
        let is_better = match (result, pending.best.end) {
            (Some(end), Some(best)) => end > best,
            (end, _) => end.is_some(),
        };
        if is_better {
            pending.best = Outcome { end: result, choice: pending.choice };
        }
        match self.next_choice(&pending) {
            Some(choice) => {
                pending.choice = choice;
                self.pending.push(pending);
                self.go_on()
            }
            None => {
                self.known.insert(pending.place, pending.best);
                Progress::Done(pending.best.end)
            }
        }
    }

    fn first_choice(&self, place: Place) -> Option<usize> {
        match self.program.step(place.node) {
            Step::Span { set, next, .. } => self.span_at_most(self.span(set, place.at), next, place.at),
            // A turn without progress is the last.
            Step::LoopEnd(..) if place.idle > 0 => Some(1),
            _ => Some(0),
        }
    }

    fn next_choice(&self, pending: &Pending) -> Option<usize> {
        let is_settled = pending.best.end.is_some();
        match self.program.step(pending.place.node) {
            // Of several matches of the whole text, none is longer.
            Step::Either(..) if !is_settled || self.mode != Mode::Whole => (pending.choice == 0).then_some(1),
            Step::Prefer(..) | Step::LoopEnd(..) if !is_settled => (pending.choice == 0).then_some(1),
            Step::Span { next, .. } if !is_settled => {
                self.span_at_most(pending.choice.checked_sub(1)?, next, pending.place.at)
            }
            _ => None,
        }
    }

    /// How many bytes from `at` on are in a set.
    #[inline(always)]
    fn span(&self, set: u32, at: usize) -> usize {
        let set = self.program.set(set);
        let rest = &self.text[at..];
        rest.iter().position(|byte| !set.contains(*byte)).unwrap_or(rest.len())
    }

    /// The longest span from `at` on of at most so many bytes that `next` may come after.
    fn span_at_most(&self, length: usize, next: Choice, at: usize) -> Option<usize> {
        (0..=length).rev().find(|length| self.may_lead_on(next, at + length))
    }

    #[inline(always)]
    fn may_lead_on(&self, choice: Choice, at: usize) -> bool {
        self.program.may_lead_on(choice, self.text.get(at), self.mode == Mode::Whole)
    }

    /// Where a choice leads.
    fn follow(&self, place: Place, choice: usize) -> Place {
        let Place { at, idle, .. } = place;
        match self.program.step(place.node) {
            Step::Either(first, second) | Step::Prefer(first, second) => {
                Place { node: if choice == 0 { first.step } else { second.step }, at, idle }
            }
            Step::LoopEnd(back, _) if choice == 0 => Place { node: back.step, at, idle: idle + 1 },
            Step::LoopEnd(_, out) => Place { node: out.step, at, idle: idle.saturating_sub(1) },
            Step::Span { next, .. } => {
                Place { node: next.step, at: at + choice, idle: if choice == 0 { idle } else { 0 } }
            }
            _ => place,
        }
    }

    /// Goes on to the next choice that has to be tried, or to the end. `marks` is told where groups begin and end.
    #[inline]
    fn advance(&self, place: Place, marks: &mut impl Marks) -> Progress {
        let Place { mut node, mut at, mut idle } = place;
        let mut untried = 0;
        loop {
            match self.program.step(node) {
                Step::Literal { start, length, next } => {
                    if !self.text[at..].starts_with(self.program.literal(start, length)) {
                        return Progress::Done(None);
                    }
                    (node, at, idle) = (next, at + length as usize, 0);
                }
                Step::Byte { set, next } => match self.text.get(at) {
                    Some(&byte) if self.program.set(set).contains(byte) => (node, at, idle) = (next, at + 1, 0),
                    _ => return Progress::Done(None),
                },
                Step::Span { set, next, is_apart } if is_apart && self.is_last_if_apart(next) => {
                    let length = self.span(set, at);
                    if length > 0 {
                        (at, idle) = (at + length, 0);
                    }
                    if !self.may_lead_on(next, at) {
                        return Progress::Done(None);
                    }
                    node = next.step;
                }
                Step::GroupStart { group, next } => {
                    marks.start(group, at);
                    node = next;
                }
                Step::GroupEnd { group, next } => {
                    marks.end(group, at);
                    node = next;
                }
                Step::LoopStart(next) => (node, idle) = (next, idle + 1),
                Step::Begin(next) if at == 0 => node = next,
                Step::End(next) if at == self.text.len() => node = next,
                Step::Begin(_) | Step::End(_) => return Progress::Done(None),
                Step::Accept => {
                    let counts = match self.mode {
                        Mode::Whole => at == self.text.len(),
                        Mode::Prefix => true,
                        Mode::NotEmpty(start) => at != start,
                    };
                    return Progress::Done(counts.then_some(at));
                }
                Step::LoopEnd(_, out) if idle > 0 && untried < MAX_UNTRIED => {
                    (node, idle) = (out.step, idle - 1);
                    untried += 1;
                }
                Step::LoopEnd(..) if idle > 0 => return Progress::Choice(Place { node, at, idle }),
                Step::Either(first, second) | Step::Prefer(first, second) | Step::LoopEnd(first, second)
                    if untried < MAX_UNTRIED =>
                {
                    let place = Place { node, at, idle };
                    let choice = match (self.may_lead_on(first, at), self.may_lead_on(second, at)) {
                        (true, true) => return Progress::Choice(place),
                        (false, false) => return Progress::Done(None),
                        (_, second) => usize::from(second),
                    };
                    Place { node, at, idle } = self.follow(place, choice);
                    untried += 1;
                }
                Step::Either(..) | Step::Prefer(..) | Step::LoopEnd(..) | Step::Span { .. } => {
                    return Progress::Choice(Place { node, at, idle });
                }
            }
        }
    }

    /// Whether of a span whose bytes cannot come next only the longest can lead to a match.
    #[inline(always)]
    fn is_last_if_apart(&self, next: Choice) -> bool {
        self.mode == Mode::Whole || !self.program.can_end(next)
    }

    /// Walks the best match from a place with a choice once more to see its groups.
    fn mark_groups(&self, start: Place, groups: &mut Groups) {
        let mut place = start;
        while let Some(outcome) = self.known.get(place) {
            match self.advance(self.follow(place, outcome.choice), groups) {
                Progress::Done(_) => return,
                Progress::Choice(next) => place = next,
            }
        }
    }
}

/// Who is told where groups begin and end.
trait Marks {
    fn start(&mut self, group: u32, at: usize);
    fn end(&mut self, group: u32, at: usize);
}

/// Nobody, while nothing is decided.
struct Unmarked;

impl Marks for Unmarked {
    #[inline(always)]
    fn start(&mut self, _: u32, _: usize) {}

    #[inline(always)]
    fn end(&mut self, _: u32, _: usize) {}
}

/// The groups of a match.
struct Groups {
    starts: SmallVec<[usize; 4]>,
    captures: Captures,
}

impl Groups {
    fn new(groups: usize) -> Self {
        Groups { starts: smallvec![0; groups], captures: smallvec![None; groups] }
    }
}

impl Marks for Groups {
    #[inline(always)]
    fn start(&mut self, group: u32, at: usize) {
        self.starts[group as usize] = at;
    }

    #[inline(always)]
    fn end(&mut self, group: u32, at: usize) {
        self.captures[group as usize] = Some(self.starts[group as usize]..at);
    }
}
