//! Strings and their contexts.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::region::{narrow, widen};
use super::value::object_kind;
use super::{Heap, Symbol, Value};

/// A string: bytes, and for a few the store objects that they mention.
///
/// The first half word has the kind, whether there is a context, and above that the symbol of a string that has been used as a
/// name, plus one, or zero. The second is the length. A context is in the next two: where it is, or
/// its only element, and how many elements it has.
#[derive(Copy, Clone)]
pub(crate) struct Str<'h> {
    object: NonNull<u32>,
    heap: PhantomData<Cell<&'h Heap>>,
}

const HAS_CONTEXT: u32 = 1 << object_kind::BITS;
const SYMBOL_SHIFT: u32 = object_kind::BITS + 1;
/// Half words before the bytes of a string without a context.
const HEADER: usize = 2;

/// The index of a context element in the evaluator's table.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ContextId(pub(crate) u32);

/// The context of a string: elements in ascending order, none twice.
pub(crate) type Context<'h> = &'h [ContextId];

impl<'h> Str<'h> {
    #[inline]
    pub(crate) fn plain(heap: &'h Heap, bytes: &[u8]) -> Value<'h> {
        let mut writer = Writer::new(heap, bytes.len(), &[]);
        writer.push(bytes);
        writer.finish()
    }

    /// The parts one after the other. `context` must be sorted.
    pub(crate) fn concat(heap: &'h Heap, parts: &[&[u8]], context: &[ContextId]) -> Value<'h> {
        let mut writer = Writer::new(heap, parts.iter().map(|part| part.len()).sum(), context);
        parts.iter().for_each(|part| writer.push(part));
        writer.finish()
    }

    /// # Safety
    /// `object` was made by [`Writer::finish`] in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u32>) -> Self {
        Str { object, heap: PhantomData }
    }

    #[inline(always)]
    fn header(self) -> u32 {
        // SAFETY: a string begins with its header.
        unsafe { self.object.read() }
    }

    #[inline(always)]
    pub(crate) fn bytes(self) -> &'h [u8] {
        let context = (self.header() & HAS_CONTEXT) >> (object_kind::BITS - 1);
        // SAFETY: the header tells where the bytes begin and the half word after it how many there are.
        unsafe {
            let start = self.object.add(HEADER + context as usize);
            std::slice::from_raw_parts(start.cast().as_ptr(), self.object.add(1).read() as usize)
        }
    }

    #[inline(always)]
    pub(crate) fn context(self) -> Context<'h> {
        if self.header() & HAS_CONTEXT == 0 {
            return &[];
        }
        // SAFETY: the flag in the header says that the context follows.
        unsafe {
            let place = self.object.add(HEADER);
            match place.add(1).read() as usize {
                1 => std::slice::from_raw_parts(place.cast().as_ptr(), 1),
                count => std::slice::from_raw_parts(widen(place.read() as usize, 0).as_ptr(), count),
            }
        }
    }

    /// The symbol of this text, if it was [remembered](Str::remember_symbol).
    #[inline(always)]
    pub(crate) fn symbol(self) -> Option<Symbol> {
        let symbol = self.header() >> SYMBOL_SHIFT;
        (symbol != 0).then(|| Symbol(symbol - 1))
    }

    /// Remembers the symbol of this text in the table that belongs to the heap. Of hundreds of millions of symbols the last
    /// ones are not remembered.
    pub(crate) fn remember_symbol(self, symbol: Symbol) {
        let header = self.header() & ((1 << SYMBOL_SHIFT) - 1);
        let symbol = symbol.0 + 1;
        if symbol < 1 << (u32::BITS - SYMBOL_SHIFT) {
            // SAFETY: a string begins with its header, of which no reference is ever made.
            unsafe { self.object.write(header | symbol << SYMBOL_SHIFT) };
        }
    }

    pub(crate) fn value(self) -> Value<'h> {
        Value::of_object(self.object)
    }
}

/// A string in the making: its bytes are written from front to back.
pub(crate) struct Writer<'h> {
    object: NonNull<u32>,
    /// Where the next byte goes.
    end: NonNull<u8>,
    /// How many bytes are still to be written.
    left: usize,
    heap: PhantomData<Cell<&'h Heap>>,
}

impl<'h> Writer<'h> {
    /// A string of `length` bytes, all of which are to be written. `context` must be sorted.
    #[inline(always)]
    pub(crate) fn new(heap: &'h Heap, length: usize, context: &[ContextId]) -> Self {
        let header_words = if context.is_empty() { 1 } else { 2 };
        let words = header_words + length.div_ceil(8);
        assert!(length <= u32::MAX as usize, "the heap has no room for a string that long");
        heap.tally.strings.add(words);
        let object = heap.alloc_words(words).cast::<u32>();
        // SAFETY: the header and at least `length` bytes after it have been allocated.
        unsafe {
            object.write(object_kind::STRING | if context.is_empty() { 0 } else { HAS_CONTEXT });
            object.add(1).write(length as u32);
            if !context.is_empty() {
                let place = match *context {
                    [only] => only.0,
                    _ => narrow(NonNull::from(heap.store_slice(context)).cast::<ContextId>()),
                };
                object.add(HEADER).write(place);
                object.add(HEADER + 1).write(context.len() as u32);
            }
            Writer { object, end: object.add(2 * header_words).cast::<u8>(), left: length, heap: PhantomData }
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
        Value::of_object(self.object)
    }

    /// The string, which has become shorter than was thought. What it does not need of the memory is for others, if nothing else
    /// has been made since.
    #[inline(always)]
    pub(crate) fn finish_early(self, heap: &'h Heap) -> Value<'h> {
        if self.left > 0 {
            // SAFETY: the length follows the header.
            unsafe {
                let promised = self.object.add(1).read() as usize;
                let length = promised - self.left;
                self.object.add(1).write(length as u32);
                let (reserved, used) = (promised.div_ceil(8), length.div_ceil(8));
                // The bytes begin at a word.
                let end_of_used = self.end.sub(length).add(8 * used);
                if heap.give_back_words(end_of_used.cast(), reserved - used) {
                    heap.tally.strings.take_back(reserved - used);
                }
            }
        }
        Value::of_object(self.object)
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
    fn shorter_strings_give_memory_back() {
        let heap = Heap::new(usize::MAX);
        for promised in 0..40 {
            for length in 0..=promised {
                let mut writer = Writer::new(&heap, promised, &[]);
                writer.push(&[b'x'; 40][..length]);
                let string = writer.finish_early(&heap).as_string().expect("it is a string");
                let next = Str::plain(&heap, b"next").as_string().expect("it is a string");
                assert_eq!((string.bytes(), next.bytes()), (&[b'x'; 40][..length], b"next".as_slice()));
                let words = 1 + length.div_ceil(8);
                assert_eq!(next.object.addr().get() - string.object.addr().get(), 8 * words);
            }
        }
        // What was made meanwhile stays where it is.
        let mut writer = Writer::new(&heap, 100, &[]);
        let other = Str::plain(&heap, b"other");
        writer.push(b"x");
        let string = writer.finish_early(&heap);
        let last = Str::plain(&heap, b"last");
        let texts = [string, other, last].map(|value| value.as_string().map(Str::bytes));
        assert_eq!(texts, [Some(b"x".as_slice()), Some(b"other"), Some(b"last")]);
    }

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
