//! Floats, integers wider than 31 bits, paths, and what is in no heap: rare values behind one kind.

use std::ptr::NonNull;

use super::value::object_kind::{BUILTIN, FALSE, FLOAT, INT, NULL, OTHER_BITS, OTHER_MASK, PATH, TRUE, WIDE_INT};
use super::{BuiltinId, Function, Heap, Kind, Value};

pub(super) fn wide_int<'h>(heap: &'h Heap, value: i64) -> Value<'h> {
    let shifted = value << OTHER_BITS;
    if shifted >> OTHER_BITS != value {
        return pair(heap, WIDE_INT, value as u64);
    }
    let object = heap.alloc_words(1);
    // SAFETY: a word was allocated.
    unsafe { object.write(shifted as u64 | u64::from(INT)) };
    Value::of_object(object.cast())
}

/// The integer, if it is one.
///
/// # Safety
/// As for [`read`].
#[inline]
pub(super) unsafe fn read_int(object: NonNull<u32>) -> Option<i64> {
    // SAFETY: the header tells how many words there are.
    unsafe {
        match object.read() & OTHER_MASK {
            INT => Some(object.cast::<i64>().read() >> OTHER_BITS),
            WIDE_INT => Some(object.add(2).cast().read()),
            _ => None,
        }
    }
}

pub(super) fn float<'h>(heap: &'h Heap, value: f64) -> Value<'h> {
    pair(heap, FLOAT, value.to_bits())
}

fn pair<'h>(heap: &'h Heap, header: u32, payload: u64) -> Value<'h> {
    let object = heap.alloc_words(2);
    // SAFETY: two words were allocated.
    unsafe {
        object.cast::<u32>().write(header);
        object.add(1).write(payload);
    }
    Value::of_object(object.cast())
}

/// A path has its length behind the header.
pub(super) fn path<'h>(heap: &'h Heap, text: &[u8]) -> Value<'h> {
    let object = heap.alloc_words(1 + text.len().div_ceil(8));
    // SAFETY: the words after the first hold at least `text.len()` bytes.
    unsafe {
        object.cast::<u32>().write(PATH);
        object.cast::<u32>().add(1).write(text.len() as u32);
        object.add(1).cast::<u8>().copy_from_nonoverlapping(NonNull::from(text).cast(), text.len());
    }
    Value::of_object(object.cast())
}

/// # Safety
/// `object` was made by this module, in a heap borrowed for `'h`, or is one of those that are in no heap.
#[inline]
pub(super) unsafe fn read<'h>(object: NonNull<u32>) -> Kind<'h> {
    // SAFETY: the header tells how many words follow and what they are.
    unsafe {
        let header = object.read();
        match header & OTHER_MASK {
            FLOAT => Kind::Float(f64::from_bits(object.add(2).cast().read())),
            INT => Kind::Int(object.cast::<i64>().read() >> OTHER_BITS),
            WIDE_INT => Kind::Int(object.add(2).cast().read()),
            PATH => {
                Kind::Path(std::slice::from_raw_parts(object.add(2).cast().as_ptr(), object.add(1).read() as usize))
            }
            NULL => Kind::Null,
            FALSE => Kind::Bool(false),
            TRUE => Kind::Bool(true),
            kind => {
                debug_assert_eq!(kind, BUILTIN);
                Kind::Function(Function::Builtin(BuiltinId((header >> OTHER_BITS) as u16)))
            }
        }
    }
}
