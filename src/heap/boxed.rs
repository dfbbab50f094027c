//! Floats, integers wider than 61 bits, and paths: rare values behind one tag.

use std::ptr::NonNull;

use super::value::TAG_BOXED;
use super::{Heap, Kind, Value};

const FLOAT: u64 = 1;
const INT: u64 = 2;
/// The length is in the bits above the kind.
const PATH: u64 = 3;

pub(super) fn wide_int<'h>(heap: &'h Heap, value: i64) -> Value<'h> {
    pair(heap, INT, value as u64)
}

pub(super) fn float<'h>(heap: &'h Heap, value: f64) -> Value<'h> {
    pair(heap, FLOAT, value.to_bits())
}

fn pair<'h>(heap: &'h Heap, kind: u64, payload: u64) -> Value<'h> {
    let object = heap.alloc_words(2);
    // SAFETY: two words were allocated.
    unsafe {
        object.write(kind);
        object.add(1).write(payload);
    }
    Value::tagged(object, TAG_BOXED)
}

pub(super) fn path<'h>(heap: &'h Heap, text: &[u8]) -> Value<'h> {
    let object = heap.alloc_words(1 + text.len().div_ceil(8));
    // SAFETY: the words after the header hold at least `text.len()` bytes.
    unsafe {
        object.write((text.len() as u64) << 8 | PATH);
        object.add(1).cast::<u8>().copy_from_nonoverlapping(NonNull::from(text).cast(), text.len());
    }
    Value::tagged(object, TAG_BOXED)
}

/// # Safety
/// `object` was made by this module, in a heap borrowed for `'h`.
#[inline]
pub(super) unsafe fn read<'h>(object: NonNull<u64>) -> Kind<'h> {
    // SAFETY: the header tells how many words follow and what they are.
    unsafe {
        let header = object.read();
        match header & 0xff {
            FLOAT => Kind::Float(f64::from_bits(object.add(1).read())),
            INT => Kind::Int(object.add(1).read() as i64),
            _ => Kind::Path(std::slice::from_raw_parts(object.add(1).cast().as_ptr(), (header >> 8) as usize)),
        }
    }
}
