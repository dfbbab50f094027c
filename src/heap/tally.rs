//! What has been made in a heap, by kind.

use std::cell::Cell;

/// How many objects of a kind there are, and of how many bytes together.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}

/// A running count of the objects of one kind.
#[derive(Default)]
pub(super) struct Counter {
    count: Cell<u64>,
    words: Cell<u64>,
}

impl Counter {
    #[inline(always)]
    pub(super) fn add(&self, words: usize) {
        self.count.set(self.count.get() + 1);
        self.words.set(self.words.get() + words as u64);
    }

    /// An object has become smaller by so many words.
    #[inline(always)]
    pub(super) fn take_back(&self, words: usize) {
        self.words.set(self.words.get() - words as u64);
    }

    /// For objects that are all of one size, so that counting them is enough.
    #[inline(always)]
    pub(super) fn add_one(&self) {
        self.count.set(self.count.get() + 1);
    }

    fn made(&self) -> Made {
        Made { count: self.count.get(), bytes: 8 * self.words.get() }
    }

    fn made_of(&self, words: u64) -> Made {
        Made { count: self.count.get(), bytes: 8 * words * self.count.get() }
    }
}

/// The counters of a heap.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) thunks: Counter,
    pub(super) frames: Counter,
    pub(super) sets: Counter,
    pub(super) layers: Counter,
    pub(super) shapes: Counter,
    pub(super) lists: Counter,
    pub(super) strings: Counter,
    pub(super) closures: Counter,
    pub(super) partials: Counter,
}

/// The objects of a heap.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Census {
    pub(crate) thunks: Made,
    pub(crate) frames: Made,
    pub(crate) sets: Made,
    /// Of the sets, those that are a layer over another set.
    pub(crate) layers: Made,
    /// What names sets have, shared by those that have the same.
    pub(crate) shapes: Made,
    pub(crate) lists: Made,
    pub(crate) strings: Made,
    pub(crate) closures: Made,
    /// Functions with some of their arguments.
    pub(crate) partials: Made,
}

impl Tally {
    pub(super) fn census(&self) -> Census {
        Census {
            thunks: self.thunks.made_of(1),
            frames: self.frames.made(),
            sets: self.sets.made(),
            layers: self.layers.made(),
            shapes: self.shapes.made(),
            lists: self.lists.made(),
            strings: self.strings.made(),
            closures: self.closures.made_of(1),
            partials: self.partials.made(),
        }
    }
}
