//! The value word.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::{Attrs, Closure, Frame, Function, Heap, List, Partial, Str, Thunk, boxed};

/// A value of the language, or a thunk that will become one: one word, freely copied.
#[derive(Copy, Clone)]
#[repr(transparent)]
pub(crate) struct Value<'h> {
    word: NonNull<u8>,
    heap: PhantomData<Cell<&'h Heap>>,
}

const TAG_MASK: usize = 7;
/// Null, booleans and builtins: told apart by the next five bits.
const TAG_IMMEDIATE: usize = 0;
pub(super) const TAG_THUNK: usize = 1;
pub(super) const TAG_ATTRS: usize = 2;
pub(super) const TAG_LIST: usize = 3;
pub(super) const TAG_STRING: usize = 4;
pub(super) const TAG_FUNCTION: usize = 5;
pub(super) const TAG_BOXED: usize = 6;
/// Integers of 61 bits.
const TAG_INT: usize = 7;

const NULL: usize = 0x08;
const FALSE: usize = 0x10;
const TRUE: usize = 0x18;
/// The low byte of a builtin; its number is in the bits above.
const BUILTIN: usize = 0x20;

/// The index of a builtin in the evaluator's table.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct BuiltinId(pub(crate) u16);

/// What a value is, for matching on.
#[derive(Copy, Clone)]
pub(crate) enum Kind<'h> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Str<'h>),
    Path(&'h [u8]),
    List(List<'h>),
    Attrs(Attrs<'h>),
    Function(Function<'h>),
    Thunk(Thunk<'h>),
}

impl<'h> Value<'h> {
    pub(crate) const NULL: Value<'h> = Value::immediate(NULL);
    pub(crate) const TRUE: Value<'h> = Value::immediate(TRUE);
    pub(crate) const FALSE: Value<'h> = Value::immediate(FALSE);

    const fn immediate(bits: usize) -> Value<'h> {
        let word = NonNull::new(std::ptr::without_provenance_mut(bits));
        Value { word: word.expect("immediates are not zero"), heap: PhantomData }
    }

    pub(crate) const fn null() -> Value<'h> {
        Value::immediate(NULL)
    }

    #[inline(always)]
    pub(crate) const fn bool(value: bool) -> Value<'h> {
        Value::immediate(if value { TRUE } else { FALSE })
    }

    #[inline(always)]
    pub(crate) fn int(heap: &'h Heap, value: i64) -> Value<'h> {
        if (value << 3) >> 3 == value {
            Value::immediate((value << 3) as usize | TAG_INT)
        } else {
            boxed::wide_int(heap, value)
        }
    }

    /// An integer that fits 61 bits, as lengths and counts do.
    #[inline(always)]
    pub(crate) const fn small_int(value: u32) -> Value<'h> {
        Value::immediate((value as usize) << 3 | TAG_INT)
    }

    pub(crate) fn float(heap: &'h Heap, value: f64) -> Value<'h> {
        boxed::float(heap, value)
    }

    /// A path value; `text` is absolute and canonical.
    pub(crate) fn path(heap: &'h Heap, text: &[u8]) -> Value<'h> {
        boxed::path(heap, text)
    }

    pub(crate) const fn builtin(id: BuiltinId) -> Value<'h> {
        Value::immediate((id.0 as usize) << 8 | BUILTIN)
    }

    #[inline(always)]
    pub(super) fn tagged<T>(object: NonNull<T>, tag: usize) -> Value<'h> {
        Value { word: object.cast::<u8>().map_addr(|addr| addr | tag), heap: PhantomData }
    }

    #[inline(always)]
    fn tag(self) -> usize {
        self.word.addr().get() & TAG_MASK
    }

    /// The object behind a pointer with this tag.
    #[inline(always)]
    pub(super) fn object(self, tag: usize) -> NonNull<u64> {
        debug_assert_eq!(self.tag(), tag);
        // SAFETY: an object is at an address above the tag, so removing it leaves a non-null pointer.
        unsafe { NonNull::new_unchecked(self.word.as_ptr().byte_sub(tag).cast()) }
    }

    /// Whether two words are the same: equal immediates or one object.
    #[inline(always)]
    pub(crate) fn is_same(self, other: Value<'h>) -> bool {
        self.word == other.word
    }

    /// The bits of the word, to remember which object was seen.
    #[inline(always)]
    pub(crate) fn identity(self) -> usize {
        self.word.addr().get()
    }

    #[inline(always)]
    pub(crate) fn is_thunk(self) -> bool {
        self.tag() == TAG_THUNK
    }

    #[inline(always)]
    pub(crate) fn as_thunk(self) -> Option<Thunk<'h>> {
        // SAFETY: the tag says that this is a thunk object.
        (self.tag() == TAG_THUNK).then(|| unsafe { Thunk::from_object(self.object(TAG_THUNK)) })
    }

    #[inline(always)]
    pub(crate) fn as_attrs(self) -> Option<Attrs<'h>> {
        // SAFETY: the tag says that this is an attribute set object.
        (self.tag() == TAG_ATTRS).then(|| unsafe { Attrs::from_object(self.object(TAG_ATTRS)) })
    }

    #[inline(always)]
    pub(crate) fn as_list(self) -> Option<List<'h>> {
        // SAFETY: the tag says that this is a list object.
        (self.tag() == TAG_LIST).then(|| unsafe { List::from_object(self.object(TAG_LIST)) })
    }

    #[inline(always)]
    pub(crate) fn as_string(self) -> Option<Str<'h>> {
        // SAFETY: the tag says that this is a string object.
        (self.tag() == TAG_STRING).then(|| unsafe { Str::from_object(self.object(TAG_STRING)) })
    }

    #[inline(always)]
    pub(crate) fn as_closure(self) -> Option<Closure<'h>> {
        if self.tag() != TAG_FUNCTION {
            return None;
        }
        // SAFETY: the tag says that this is a closure or a partial application.
        unsafe { Closure::from_object(self.object(TAG_FUNCTION)) }
    }

    pub(crate) fn as_partial(self) -> Option<Partial<'h>> {
        if self.tag() != TAG_FUNCTION {
            return None;
        }
        // SAFETY: the tag says that this is a closure or a partial application.
        unsafe { Partial::from_object(self.object(TAG_FUNCTION)) }
    }

    #[inline(always)]
    pub(crate) fn as_builtin(self) -> Option<BuiltinId> {
        let bits = self.word.addr().get();
        (bits & 0xff == BUILTIN).then_some(BuiltinId((bits >> 8) as u16))
    }

    #[inline(always)]
    pub(crate) fn as_bool(self) -> Option<bool> {
        match self.word.addr().get() {
            TRUE => Some(true),
            FALSE => Some(false),
            _ => None,
        }
    }

    /// An integer of 61 bits, as almost all are: two of them can be added and subtracted without an overflow.
    #[inline(always)]
    pub(crate) fn as_small_int(self) -> Option<i64> {
        (self.tag() == TAG_INT).then(|| (self.word.addr().get() as i64) >> 3)
    }

    #[inline(always)]
    pub(crate) fn as_int(self) -> Option<i64> {
        if self.tag() == TAG_INT {
            Some((self.word.addr().get() as i64) >> 3)
        } else if self.tag() == TAG_BOXED {
            // SAFETY: the tag says that this is a boxed object.
            match unsafe { boxed::read(self.object(TAG_BOXED)) } {
                Kind::Int(value) => Some(value),
                _ => None,
            }
        } else {
            None
        }
    }

    /// What the value is. A thunk shows as a thunk even when it has been forced.
    #[inline]
    pub(crate) fn kind(self) -> Kind<'h> {
        // SAFETY: in each arm the tag says which object this points to.
        unsafe {
            match self.tag() {
                TAG_THUNK => Kind::Thunk(Thunk::from_object(self.object(TAG_THUNK))),
                TAG_ATTRS => Kind::Attrs(Attrs::from_object(self.object(TAG_ATTRS))),
                TAG_LIST => Kind::List(List::from_object(self.object(TAG_LIST))),
                TAG_STRING => Kind::String(Str::from_object(self.object(TAG_STRING))),
                TAG_FUNCTION => Kind::Function(Function::from_object(self.object(TAG_FUNCTION))),
                TAG_BOXED => boxed::read(self.object(TAG_BOXED)),
                TAG_INT => Kind::Int((self.word.addr().get() as i64) >> 3),
                TAG_IMMEDIATE.. => self.immediate_kind(),
            }
        }
    }

    fn immediate_kind(self) -> Kind<'h> {
        match self.word.addr().get() {
            NULL => Kind::Null,
            FALSE => Kind::Bool(false),
            TRUE => Kind::Bool(true),
            bits => Kind::Function(Function::Builtin(BuiltinId((bits >> 8) as u16))),
        }
    }

    #[inline(always)]
    pub(super) fn word(self) -> NonNull<u8> {
        self.word
    }

    /// # Safety
    /// `word` was taken from a value of the same heap.
    #[inline(always)]
    pub(super) unsafe fn from_word(word: NonNull<u8>) -> Value<'h> {
        Value { word, heap: PhantomData }
    }
}

/// A frame as a word, for objects that hold one: the frame cannot be used again after its call.
#[inline(always)]
pub(super) fn frame_word(frame: Option<Frame<'_>>) -> *mut u64 {
    frame.map_or(std::ptr::null_mut(), |frame| {
        frame.capture();
        frame.object().as_ptr()
    })
}
