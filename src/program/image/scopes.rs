//! The frames around the expression that is being read: which slots there are, and how they are called now.

use super::read::Name;

#[derive(Default)]
pub(super) struct Scopes {
    scopes: Vec<Scope>,
    /// For the slots of all scopes that are renumbered, where they are now.
    slots: Vec<u32>,
}

struct Scope {
    is_with: bool,
    /// How many slots the frame has.
    len: u32,
    /// The slots from `first` on, `renumbered` of them, are to be found in `slots` from `at` on.
    first: u32,
    renumbered: u32,
    at: usize,
}

impl Scopes {
    /// Enters a frame with so many slots.
    pub(super) fn enter(&mut self, len: u32) {
        let at = self.slots.len();
        self.scopes.push(Scope { is_with: false, len, first: 0, renumbered: 0, at });
    }

    /// Enters the frame of a `with`, the slots of which no variable means.
    pub(super) fn enter_with(&mut self) {
        self.enter(0);
        if let Some(scope) = self.scopes.last_mut() {
            scope.is_with = true;
        }
    }

    /// Enters a frame with `first` slots and then one for each of these names, in this order.
    pub(super) fn enter_sorted(&mut self, first: u32, names: &[Name]) -> Option<()> {
        let count = u32::try_from(names.len()).ok()?;
        let at = self.slots.len();
        self.slots.resize(at + names.len(), 0);
        for (slot, name) in (first..).zip(names) {
            self.slots[at + name.written as usize] = slot;
        }
        self.scopes.push(Scope {
            is_with: false,
            len: first.checked_add(count)?,
            first,
            renumbered: count,
            at,
        });
        Some(())
    }

    /// Gives the innermost frame more slots.
    pub(super) fn add_slots(&mut self, more: usize) -> Option<()> {
        let scope = self.scopes.last_mut()?;
        scope.len = scope.len.checked_add(u32::try_from(more).ok()?)?;
        Some(())
    }

    pub(super) fn leave(&mut self) {
        if let Some(scope) = self.scopes.pop() {
            self.slots.truncate(scope.at);
        }
    }

    fn scope(&self, depth: u32) -> Option<&Scope> {
        let index = self.scopes.len().checked_sub(depth as usize)?.checked_sub(1)?;
        self.scopes.get(index)
    }

    /// Where the slot of the frame `depth` frames up is that was called `slot`; nothing if there is no such slot.
    #[inline]
    pub(super) fn slot(&self, depth: u32, slot: u32) -> Option<u32> {
        let scope = self.scope(depth)?;
        if slot >= scope.len {
            return None;
        }
        match slot.checked_sub(scope.first) {
            Some(index) if index < scope.renumbered => self.slots.get(scope.at + index as usize).copied(),
            _ => Some(slot),
        }
    }

    /// Whether the frame `depth` frames up is that of a `with`.
    pub(super) fn is_with(&self, depth: u32) -> bool {
        self.scope(depth).is_some_and(|scope| scope.is_with)
    }
}
