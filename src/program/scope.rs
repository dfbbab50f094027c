//! Scopes while lowering: which slot a name means.

use rustc_hash::FxHashMap;

use crate::heap::{Symbol, Value};

/// The names that every program sees: the builtins.
#[derive(Default)]
pub(crate) struct Globals<'h> {
    pub(crate) values: FxHashMap<Symbol, Value<'h>>,
}

/// Names that stand around a program, in the slots of the frame it is evaluated in: what
/// `scopedImport` and the REPL put there.
#[derive(Default, Clone)]
pub(crate) struct RootScope {
    pub(crate) names: Vec<Symbol>,
}

/// Where a name's value will be.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// `depth` frames up, in this slot.
    Slot { depth: u32, slot: u32 },
    /// In one of the enclosing `with` sets, the innermost of which is `depth` frames up.
    With { depth: u32 },
    /// Not in a frame: a global, or nothing.
    Outside,
}

/// The frames around the node that is being lowered.
///
/// All places of names are one stack, in which each knows the place of the same name that it hides: a look-up takes the
/// same time however deeply scopes nest.
#[derive(Default)]
pub(super) struct Scopes {
    level: u32,
    /// The innermost place of each name, by its index in `places`; `NOWHERE` if there is none any more.
    innermost: FxHashMap<Symbol, u32>,
    places: Vec<NamePlace>,
    withs: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

struct NamePlace {
    name: Symbol,
    level: u32,
    slot: u32,
    /// The place that this one hides.
    hidden: u32,
}

impl Scopes {
    /// Enters a frame with these names in these slots. A later name hides an earlier one that is equal.
    pub(super) fn enter(&mut self, names: impl Iterator<Item = (Symbol, u32)>) {
        self.level += 1;
        for (name, slot) in names {
            let innermost = self.innermost.entry(name).or_insert(NOWHERE);
            let hidden = std::mem::replace(innermost, self.places.len() as u32);
            self.places.push(NamePlace { name, level: self.level, slot, hidden });
        }
    }

    /// Leaves the frame that was entered last.
    pub(super) fn leave(&mut self) {
        let level = self.level;
        while let Some(place) = self.places.pop_if(|place| place.level == level) {
            self.innermost.insert(place.name, place.hidden);
        }
        self.level -= 1;
    }

    pub(super) fn enter_with(&mut self) {
        self.level += 1;
        self.withs.push(self.level);
    }

    pub(super) fn leave_with(&mut self) {
        self.withs.pop();
        self.level -= 1;
    }

    /// How far up the innermost `with` frame is.
    pub(super) fn with_depth(&self) -> Option<u32> {
        self.withs.last().map(|level| self.level - level)
    }

    /// What `name` means here.
    pub(super) fn resolve(&self, name: Symbol) -> Place {
        self.resolve_below(name, u32::MAX)
    }

    /// What `name` means outside the innermost frame, seen from inside it.
    pub(super) fn resolve_outside(&self, name: Symbol) -> Place {
        self.resolve_below(name, self.level)
    }

    fn resolve_below(&self, name: Symbol, limit: u32) -> Place {
        let mut at = self.innermost.get(&name).copied().unwrap_or(NOWHERE);
        // At most the places of the innermost frame are skipped. There is none at `NOWHERE`.
        while let Some(place) = self.places.get(at as usize) {
            if place.level < limit {
                return Place::Slot { depth: self.level - place.level, slot: place.slot };
            }
            at = place.hidden;
        }
        match self.with_depth() {
            Some(depth) => Place::With { depth },
            None => Place::Outside,
        }
    }

    /// Every name that is bound here, for suggestions.
    pub(super) fn names(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.innermost.iter().filter(|(_, place)| **place != NOWHERE).map(|(&name, _)| name)
    }
}
