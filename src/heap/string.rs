//! Strings and their contexts.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::value::TAG_STRING;
use super::{Heap, Symbol, Value};

/// A string: bytes, and for a few the store objects that they mention.
///
/// The lowest bit of the first word says whether a context follows in the second word, 40 bits above it are the length. The
/// others are the symbol of a string that has been used as a name, plus one, or zero.
#[derive(Copy, Clone)]
pub(crate) struct Str<'h> {
    object: NonNull<u64>,
    heap: PhantomData<Cell<&'h Heap>>,
}

const LENGTH_BITS: u32 = 40;
const SYMBOL_SHIFT: u32 = 1 + LENGTH_BITS;

/// The index of a context element in the evaluator's table.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ContextId(pub(crate) u32);

/// The context of a string: elements in ascending order, none twice.
pub(crate) type Context<'h> = &'h [ContextId];

/// A context as a string holds it: one word that points here.
#[derive(Copy, Clone)]
struct ContextCell<'h>(Context<'h>);

impl<'h> Str<'h> {
    #[inline]
    pub(crate) fn plain(heap: &'h Heap, bytes: &[u8]) -> Value<'h> {
        let mut writer = Writer::new(heap, bytes.len(), &[]);
        writer.push(bytes);
        writer.finish()
    }

    /// The parts one after the other. `context` must be sorted.
    pub(crate) fn concat(heap: &'h Heap, parts: &[&[u8]], context: Context<'h>) -> Value<'h> {
        let mut writer = Writer::new(heap, parts.iter().map(|part| part.len()).sum(), context);
        parts.iter().for_each(|part| writer.push(part));
        writer.finish()
    }

    /// # Safety
    /// `object` was made by [`Writer::finish`] in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u64>) -> Self {
        Str { object, heap: PhantomData }
    }

    #[inline(always)]
    fn header(self) -> u64 {
        // SAFETY: the first word of a string is its header.
        unsafe { self.object.read() }
    }

    #[inline(always)]
    pub(crate) fn bytes(self) -> &'h [u8] {
        let header = self.header();
        // SAFETY: the header tells where the bytes begin and how many there are.
        unsafe {
            let start = self.object.add(1 + (header & 1) as usize);
            std::slice::from_raw_parts(start.cast().as_ptr(), (header >> 1 & ((1 << LENGTH_BITS) - 1)) as usize)
        }
    }

    #[inline(always)]
    pub(crate) fn context(self) -> Context<'h> {
        if self.header() & 1 == 0 {
            return &[];
        }
        // SAFETY: the flag in the header says that the second word is the context.
        unsafe { self.object.add(1).cast::<&'h ContextCell<'h>>().read().0 }
    }

    /// The symbol of this text, if it was [remembered](Str::remember_symbol).
    #[inline(always)]
    pub(crate) fn symbol(self) -> Option<Symbol> {
        let symbol = self.header() >> SYMBOL_SHIFT;
        (symbol != 0).then(|| Symbol((symbol - 1) as u32))
    }

    /// Remembers the symbol of this text in the table that belongs to the heap. Of millions of symbols the last ones are not
    /// remembered.
    pub(crate) fn remember_symbol(self, symbol: Symbol) {
        let header = self.header() & ((1 << SYMBOL_SHIFT) - 1);
        let symbol = u64::from(symbol.0) + 1;
        if symbol < 1 << (u64::BITS - SYMBOL_SHIFT) {
            // SAFETY: the first word of a string is its header, of which no reference is ever made.
            unsafe { self.object.write(header | symbol << SYMBOL_SHIFT) };
        }
    }

    pub(crate) fn value(self) -> Value<'h> {
        Value::tagged(self.object, TAG_STRING)
    }
}

/// A string in the making: its bytes are written from front to back.
pub(crate) struct Writer<'h> {
    object: NonNull<u64>,
    /// Where the next byte goes.
    end: NonNull<u8>,
    /// How many bytes are still to be written.
    left: usize,
    heap: PhantomData<Cell<&'h Heap>>,
}

impl<'h> Writer<'h> {
    /// A string of `length` bytes, all of which are to be written. `context` must be sorted.
    #[inline(always)]
    pub(crate) fn new(heap: &'h Heap, length: usize, context: Context<'h>) -> Self {
        let header_words = if context.is_empty() { 1 } else { 2 };
        let words = header_words + length.div_ceil(8);
        assert!(length < 1 << LENGTH_BITS, "the limit of the heap is lower");
        heap.tally.strings.add(words);
        let object = heap.alloc_words(words);
        // SAFETY: the header and at least `length` bytes after it have been allocated.
        unsafe {
            object.write((length as u64) << 1 | u64::from(!context.is_empty()));
            if !context.is_empty() {
                object.add(1).cast::<&'h ContextCell<'h>>().write(heap.store(ContextCell(context)));
            }
            Writer { object, end: object.add(header_words).cast::<u8>(), left: length, heap: PhantomData }
        }
    }

    /// Writes these bytes. There must be room for them.
    #[inline(always)]
    pub(crate) fn push(&mut self, part: &[u8]) {
        assert!(part.len() <= self.left, "a string is made as long as what is written");
        // SAFETY: so many bytes are left, and they are not among those copied, since nobody has the string yet.
        unsafe {
            copy(part, self.end);
            self.end = self.end.add(part.len());
        }
        self.left -= part.len();
    }

    /// The string.
    #[inline(always)]
    pub(crate) fn finish(self) -> Value<'h> {
        assert_eq!(self.left, 0, "all bytes of a string are written");
        Value::tagged(self.object, TAG_STRING)
    }
}

/// Copies bytes. Most strings are so short that calling the system's function for it would take longer than the copy.
///
/// # Safety
/// As many bytes may be written from `to` on, and `from` is not among them.
#[inline(always)]
unsafe fn copy(from: &[u8], to: NonNull<u8>) {
    /// Two copies of a type that overlap unless the length is twice its size.
    macro_rules! twice {
        ($type:ty) => {{
            let last = from.len() - size_of::<$type>();
            let source = from.as_ptr();
            let first_part = source.cast::<$type>().read_unaligned();
            let last_part = source.add(last).cast::<$type>().read_unaligned();
            to.cast::<$type>().write_unaligned(first_part);
            to.add(last).cast::<$type>().write_unaligned(last_part);
        }};
    }
    // SAFETY: each read and write is within the bytes of `from`, or as many from `to` on, as the lengths show.
    unsafe {
        match from.len() {
            0 => {}
            1..=3 => {
                to.write(from[0]);
                to.add(from.len() / 2).write(from[from.len() / 2]);
                to.add(from.len() - 1).write(from[from.len() - 1]);
            }
            4..=7 => twice!(u32),
            8..=15 => twice!(u64),
            16..=32 => twice!(u128),
            length => to.copy_from_nonoverlapping(NonNull::from(from).cast(), length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_all_lengths_are_copied() {
        let heap = Heap::new(usize::MAX);
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..80 {
            for parts in [[&bytes[..length], &bytes[1..=length]], [&bytes[3..3 + length], &bytes[..5]]] {
                let joined = Str::concat(&heap, &parts, &[]).as_string().expect("it is a string");
                assert_eq!(joined.bytes(), parts.concat());
            }
        }
    }
}
