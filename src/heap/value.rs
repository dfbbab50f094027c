//! The value word.

use std::cell::Cell;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::ptr::NonNull;

use super::region::{START, narrow, widen};
use super::{Attrs, Closure, Frame, Function, Heap, List, Partial, Str, Thunk, boxed};

/// A value of the language, or a thunk that will become one, freely copied.
///
/// It takes half a machine word where it is kept ([`ValueCell`], [`Slot`]) and a whole one, the upper half of which is zero, where
/// a program works with it: so the compiler returns one, or an error in its place, in registers. The two lowest bits tell what it
/// is:
///
/// | bits | meaning                                                            |
/// |------|--------------------------------------------------------------------|
/// | `.1` | an integer of 31 bits                                              |
/// | `00` | a thunk                                                            |
/// | `10` | any other object: its first half word tells its kind |
///
/// Null, Booleans and builtins are objects at the beginning of the region that all heaps share, and have the same bits everywhere.
#[derive(Copy, Clone)]
#[repr(transparent)]
pub(crate) struct Value<'h> {
    bits: NonZeroU64,
    heap: PhantomData<Cell<&'h Heap>>,
}

/// Where an object keeps a value.
#[repr(transparent)]
pub(crate) struct ValueCell<'h> {
    word: Cell<u32>,
    heap: PhantomData<Cell<&'h Heap>>,
}

/// Where a frame keeps a value, once it has been decided. Zero is no value.
#[repr(transparent)]
pub(crate) struct Slot<'h> {
    word: Cell<u32>,
    heap: PhantomData<Cell<&'h Heap>>,
}

impl<'h> ValueCell<'h> {
    pub(super) fn new(value: Value<'h>) -> Self {
        ValueCell { word: Cell::new(value.word()), heap: PhantomData }
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Value<'h> {
        // SAFETY: a cell holds the word of a value from the time when it can be reached.
        unsafe { Value::from_word(self.word.get()) }
    }

    #[inline(always)]
    pub(crate) fn set(&self, value: Value<'h>) {
        self.word.set(value.word());
    }
}

impl<'h> Slot<'h> {
    /// Makes it a slot whose value has not been decided.
    #[inline(always)]
    pub(crate) fn clear(&self) {
        self.word.set(0);
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Option<Value<'h>> {
        NonZeroU64::new(u64::from(self.word.get())).map(|bits| Value { bits, heap: PhantomData })
    }

    #[inline(always)]
    pub(crate) fn set(&self, value: Value<'h>) {
        self.word.set(value.word());
    }
}

const TAG_MASK: u32 = 3;
const TAG_THUNK: u32 = 0;
pub(super) const TAG_OBJECT: u32 = 2;
const TAG_INT: u32 = 1;

/// The kinds of objects, in the three lowest bits of the first half word.
pub(super) mod object_kind {
    /// The half word is a pointer to the shape.
    pub(in super::super) const FLAT: u32 = 0;
    pub(in super::super) const LAYER: u32 = 1;
    pub(in super::super) const FORWARD: u32 = 2;
    pub(in super::super) const LIST: u32 = 3;
    pub(in super::super) const STRING: u32 = 4;
    pub(in super::super) const CLOSURE: u32 = 5;
    pub(in super::super) const PARTIAL: u32 = 6;
    /// The three bits above tell more.
    pub(in super::super) const OTHER: u32 = 7;
    pub(in super::super) const FLOAT: u32 = OTHER;
    /// The other bits of the word are the number, of 58 bits.
    pub(in super::super) const INT: u32 = 1 << BITS | OTHER;
    pub(in super::super) const PATH: u32 = 2 << BITS | OTHER;
    pub(in super::super) const NULL: u32 = 3 << BITS | OTHER;
    pub(in super::super) const FALSE: u32 = 4 << BITS | OTHER;
    pub(in super::super) const TRUE: u32 = 5 << BITS | OTHER;
    /// The number of the builtin is in the bits above.
    pub(in super::super) const BUILTIN: u32 = 6 << BITS | OTHER;

    pub(in super::super) const WIDE_INT: u32 = 7 << BITS | OTHER;

    pub(in super::super) const BITS: u32 = 3;
    pub(in super::super) const MASK: u32 = (1 << BITS) - 1;
    pub(in super::super) const OTHER_BITS: u32 = 6;
    pub(in super::super) const OTHER_MASK: u32 = (1 << OTHER_BITS) - 1;
}

const NULL: u32 = immediate_word(1);
const FALSE: u32 = immediate_word(2);
const TRUE: u32 = immediate_word(3);
/// The place of the first builtin among the objects that are in no heap.
const FIRST_BUILTIN: u32 = 4;
/// So many places there are, in one page of most systems.
const IMMEDIATES: u32 = 512;

/// Half of the distance at which the region begins.
const FIRST_WORD: u32 = (START >> 1) as u32;

const fn immediate_word(place: u32) -> u32 {
    FIRST_WORD + (place << 2 | TAG_OBJECT)
}

/// Writes the objects of values that are in no heap, at the beginning of the region.
pub(super) fn write_immediates(start: NonNull<u32>) {
    let fixed = [object_kind::NULL; FIRST_BUILTIN as usize].into_iter().enumerate().map(|(place, null)| match place {
        2 => object_kind::FALSE,
        3 => object_kind::TRUE,
        _ => null,
    });
    let builtins = (0..IMMEDIATES - FIRST_BUILTIN).map(|id| id << object_kind::OTHER_BITS | object_kind::BUILTIN);
    for (place, header) in fixed.chain(builtins).enumerate() {
        // SAFETY: there is room for so many words, and nobody reads them yet.
        unsafe { start.add(2 * place).write(header) };
    }
}

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
    pub(crate) const NULL: Value<'h> = Value::from_bits(NULL);
    pub(crate) const TRUE: Value<'h> = Value::from_bits(TRUE);
    pub(crate) const FALSE: Value<'h> = Value::from_bits(FALSE);

    const fn from_bits(bits: u32) -> Value<'h> {
        Value { bits: NonZeroU64::new(bits as u64).expect("no value is zero"), heap: PhantomData }
    }

    pub(crate) const fn null() -> Value<'h> {
        Value::NULL
    }

    #[inline(always)]
    pub(crate) const fn bool(value: bool) -> Value<'h> {
        if value { Value::TRUE } else { Value::FALSE }
    }

    #[inline(always)]
    pub(crate) fn int(heap: &'h Heap, value: i64) -> Value<'h> {
        match Value::from_small(value) {
            Some(small) => small,
            None => boxed::wide_int(heap, value),
        }
    }

    /// An integer, if it has 31 bits.
    #[inline(always)]
    pub(crate) const fn from_small(value: i64) -> Option<Value<'h>> {
        let word = value as i32;
        if word as i64 == value && (word << 1) >> 1 == word {
            return Some(Value::from_bits((word << 1) as u32 | TAG_INT));
        }
        None
    }

    /// An integer of 30 bits, as an index of a list is one.
    #[inline(always)]
    pub(crate) const fn small_int(value: u32) -> Value<'h> {
        debug_assert!(value < 1 << 30);
        Value::from_bits(value << 1 | TAG_INT)
    }

    pub(crate) fn float(heap: &'h Heap, value: f64) -> Value<'h> {
        boxed::float(heap, value)
    }

    /// A path value; `text` is absolute and canonical.
    pub(crate) fn path(heap: &'h Heap, text: &[u8]) -> Value<'h> {
        boxed::path(heap, text)
    }

    pub(crate) const fn builtin(id: BuiltinId) -> Value<'h> {
        let place = FIRST_BUILTIN + id.0 as u32;
        assert!(place < IMMEDIATES, "there is room for 500 builtins");
        Value::from_bits(immediate_word(place))
    }

    #[inline(always)]
    pub(super) fn of_thunk(object: NonNull<u32>) -> Value<'h> {
        // SAFETY: no object is at the beginning of the region, so that none has zero bits.
        unsafe { Value::from_word(narrow(object)) }
    }

    #[inline(always)]
    pub(super) fn of_object(object: NonNull<u32>) -> Value<'h> {
        Value::from_bits(narrow(object) | TAG_OBJECT)
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        self.bits.get() as u32
    }

    /// The bits as a distance in the region.
    #[inline(always)]
    fn place(self) -> usize {
        self.bits.get() as usize
    }

    #[inline(always)]
    fn tag(self) -> u32 {
        self.bits() & TAG_MASK
    }

    /// What is neither a thunk nor an integer.
    #[inline(always)]
    fn object(self) -> Option<NonNull<u32>> {
        // SAFETY: the tag says that the bits are those of an object, with the tag.
        (self.tag() == TAG_OBJECT).then(|| unsafe { widen(self.place(), 2 * TAG_OBJECT as usize) })
    }

    /// The object, if it is of this kind.
    #[inline(always)]
    fn object_of(self, kind: u32) -> Option<NonNull<u32>> {
        // SAFETY: every object begins with its header.
        self.object().filter(|object| unsafe { object.read() } & object_kind::MASK == kind)
    }

    /// Whether two words are the same: equal small values or one object.
    #[inline(always)]
    pub(crate) fn is_same(self, other: Value<'h>) -> bool {
        self.bits == other.bits
    }

    /// The bits of the word, to remember which object was seen.
    #[inline(always)]
    pub(crate) fn identity(self) -> usize {
        self.bits() as usize
    }

    #[inline(always)]
    pub(crate) fn is_thunk(self) -> bool {
        self.tag() == TAG_THUNK
    }

    #[inline(always)]
    pub(crate) fn as_thunk(self) -> Option<Thunk<'h>> {
        // SAFETY: the tag says that this is a thunk.
        self.is_thunk().then(|| unsafe { Thunk::from_object(widen(self.place(), 0)) })
    }

    #[inline(always)]
    pub(crate) fn as_attrs(self) -> Option<Attrs<'h>> {
        let object = self.object()?;
        // SAFETY: every object begins with its header, and these kinds are attribute sets.
        unsafe { (object.read() & object_kind::MASK <= object_kind::FORWARD).then(|| Attrs::from_object(object)) }
    }

    #[inline(always)]
    pub(crate) fn as_list(self) -> Option<List<'h>> {
        // SAFETY: the kind says that this is a list.
        self.object_of(object_kind::LIST).map(|object| unsafe { List::from_object(object) })
    }

    #[inline(always)]
    pub(crate) fn as_string(self) -> Option<Str<'h>> {
        // SAFETY: the kind says that this is a string.
        self.object_of(object_kind::STRING).map(|object| unsafe { Str::from_object(object) })
    }

    #[inline(always)]
    pub(crate) fn as_closure(self) -> Option<Closure<'h>> {
        // SAFETY: the kind says that this is a closure.
        self.object_of(object_kind::CLOSURE).map(|object| unsafe { Closure::from_object(object) })
    }

    pub(crate) fn as_partial(self) -> Option<Partial<'h>> {
        // SAFETY: the kind says that this is a partial application.
        self.object_of(object_kind::PARTIAL).map(|object| unsafe { Partial::from_object(object) })
    }

    #[inline(always)]
    pub(crate) fn as_builtin(self) -> Option<BuiltinId> {
        let place = self.bits().wrapping_sub(FIRST_WORD) >> 2;
        let is_builtin = self.tag() == TAG_OBJECT && (FIRST_BUILTIN..IMMEDIATES).contains(&place);
        is_builtin.then(|| BuiltinId((place - FIRST_BUILTIN) as u16))
    }

    /// Whether it is this builtin.
    #[inline(always)]
    pub(crate) fn is_builtin(self, id: BuiltinId) -> bool {
        self.bits() == immediate_word(FIRST_BUILTIN + u32::from(id.0))
    }

    #[inline(always)]
    pub(crate) fn as_bool(self) -> Option<bool> {
        match self.bits() {
            TRUE => Some(true),
            FALSE => Some(false),
            _ => None,
        }
    }

    /// Whether two of these are equal exactly if they are the same.
    #[inline(always)]
    pub(crate) fn is_null_or_bool(self) -> bool {
        matches!(self.bits(), NULL | FALSE | TRUE)
    }

    /// An integer of 31 bits, as almost all are: two of them can be added and subtracted without an overflow.
    #[inline(always)]
    pub(crate) fn as_small_int(self) -> Option<i64> {
        (self.bits() & TAG_INT != 0).then(|| i64::from((self.bits() as i32) >> 1))
    }

    #[inline(always)]
    pub(crate) fn as_int(self) -> Option<i64> {
        match self.as_small_int() {
            Some(small) => Some(small),
            // SAFETY: the kind says that this is a boxed object.
            None => self.object_of(object_kind::OTHER).and_then(|object| unsafe { boxed::read_int(object) }),
        }
    }

    /// What the value is. A thunk shows as a thunk even when it has been forced.
    #[inline]
    pub(crate) fn kind(self) -> Kind<'h> {
        if let Some(small) = self.as_small_int() {
            return Kind::Int(small);
        }
        if let Some(thunk) = self.as_thunk() {
            return Kind::Thunk(thunk);
        }
        // SAFETY: the tag is that of an object; in each arm its header tells what it is.
        unsafe {
            let object: NonNull<u32> = widen(self.place(), 2 * TAG_OBJECT as usize);
            match object.read() & object_kind::MASK {
                object_kind::LIST => Kind::List(List::from_object(object)),
                object_kind::STRING => Kind::String(Str::from_object(object)),
                object_kind::CLOSURE => Kind::Function(Function::Closure(Closure::from_object(object))),
                object_kind::PARTIAL => Kind::Function(Function::Partial(Partial::from_object(object))),
                object_kind::OTHER => boxed::read(object),
                _ => Kind::Attrs(Attrs::from_object(object)),
            }
        }
    }

    #[inline(always)]
    pub(super) fn word(self) -> u32 {
        self.bits()
    }

    /// # Safety
    /// `word` was taken from a value of the same heap.
    #[inline(always)]
    pub(super) unsafe fn from_word(word: u32) -> Value<'h> {
        // SAFETY: no value is zero.
        Value { bits: unsafe { NonZeroU64::new_unchecked(u64::from(word)) }, heap: PhantomData }
    }
}

/// A frame in 32 bits, or zero, for objects that hold one: the frame cannot be used again after its call.
#[inline(always)]
pub(super) fn frame_word(frame: Option<Frame<'_>>) -> u32 {
    frame.map_or(0, |frame| {
        frame.capture();
        narrow(frame.object())
    })
}

/// The frame that is told by 32 bits, or none by zero.
///
/// # Safety
/// They came from [`frame_word`] in the same heap.
#[inline(always)]
pub(super) unsafe fn frame_of_word<'h>(word: u32) -> Option<Frame<'h>> {
    // SAFETY: what is not zero is what `narrow` made of a frame.
    (word != 0).then(|| unsafe { Frame::from_object(widen(word as usize, 0)) })
}
