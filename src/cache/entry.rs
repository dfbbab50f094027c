//! What was found in a pack.

use std::ops::Range;
use std::sync::Arc;

use crate::heap::{Heap, Mapping};

/// The bytes of an entry, which may be needed for longer than they can be lent.
pub(crate) enum Entry<'a> {
    /// In a file that is mapped.
    Mapped(&'a Arc<Mapping>, Range<usize>),
    Read(&'a [u8]),
}

impl<'a> Entry<'a> {
    pub(crate) fn bytes(&self) -> &'a [u8] {
        match self {
            Entry::Mapped(mapping, place) => &mapping.bytes()[place.clone()],
            Entry::Read(bytes) => bytes,
        }
    }

    /// The same bytes, for as long as a heap lives.
    pub(crate) fn bytes_in<'h>(&self, heap: &'h Heap) -> &'h [u8] {
        match self {
            Entry::Mapped(mapping, place) => heap.share(mapping, place.clone()),
            Entry::Read(bytes) => heap.store_slice(bytes),
        }
    }
}
