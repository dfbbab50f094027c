//! Lists.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::value::object_kind;
use super::{Heap, Value, ValueCell};

/// A list: its length above the kind, and that many values, which stay where they are.
#[derive(Copy, Clone)]
pub(crate) struct List<'h> {
    object: NonNull<u32>,
    heap: PhantomData<Cell<&'h Heap>>,
}

/// A header has no room for greater lengths. The heap refuses to make objects as large as these lists.
const MAX_LENGTH: usize = (1 << 29) - 1;

impl<'h> List<'h> {
    /// A list of `length` elements made by `element`, which is called in order.
    ///
    /// Should `element` fail, its error is returned and the list is abandoned.
    #[inline]
    pub(crate) fn try_build<E>(
        heap: &'h Heap,
        length: usize,
        mut element: impl FnMut(usize) -> Result<Value<'h>, E>,
    ) -> Result<Value<'h>, E> {
        assert!(length <= MAX_LENGTH, "the heap has no room for a list that long");
        let words = (1 + length).div_ceil(2);
        heap.tally.lists.add(words);
        let object = heap.alloc_words(words).cast::<u32>();
        // SAFETY: `1 + length` half words were allocated, and each is written before the list is reachable.
        unsafe {
            object.write((length as u32) << object_kind::BITS | object_kind::LIST);
            let elements = object.add(1);
            for index in 0..length {
                elements.add(index).write(element(index)?.word());
            }
        }
        Ok(Value::of_object(object))
    }

    #[inline]
    pub(crate) fn build(heap: &'h Heap, length: usize, mut element: impl FnMut(usize) -> Value<'h>) -> Value<'h> {
        let list = List::try_build(heap, length, |index| Ok::<_, std::convert::Infallible>(element(index)));
        match list {
            Ok(list) => list,
            Err(never) => match never {},
        }
    }

    pub(crate) fn from_slice(heap: &'h Heap, elements: &[Value<'h>]) -> Value<'h> {
        List::build(heap, elements.len(), |index| elements[index])
    }

    /// # Safety
    /// `object` was made by [`List::try_build`] in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u32>) -> Self {
        List { object, heap: PhantomData }
    }

    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        // SAFETY: the header of a list has its length.
        unsafe { (self.object.read() >> object_kind::BITS) as usize }
    }

    /// The elements. A forced thunk may be replaced by its result.
    #[inline(always)]
    pub(crate) fn elements(self) -> &'h [ValueCell<'h>] {
        // SAFETY: `len` initialised values follow the length; a cell has the layout of its word.
        unsafe { std::slice::from_raw_parts(self.object.add(1).cast().as_ptr(), self.len()) }
    }

    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = Value<'h>> + DoubleEndedIterator + Clone {
        self.elements().iter().map(ValueCell::get)
    }

    /// What tells it from other lists.
    pub(crate) fn address(self) -> usize {
        self.object.addr().get()
    }

    pub(crate) fn value(self) -> Value<'h> {
        Value::of_object(self.object)
    }
}
