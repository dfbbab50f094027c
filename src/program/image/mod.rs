//! Programs as bytes, to be kept and run again without parsing and lowering the text.
//!
//! An image is for one text at one place, and for one build of firn: it holds what [`lower`](super::lower()) made of the
//! text, with names in place of what only means something in one evaluator.
//!
//! - It begins with all names of the text in the order in which lowering makes them known, since people see the order of
//!   symbols ([`NamesInOrder`](super::names_in_order)). Further on a name is an index into these.
//! - Then come the expressions, each behind its tag. Lengths are before what they count. Numbers have seven bits in a byte, the
//!   lowest first (as in DWARF's LEB128); positions are distances from the one before.
//! - Constants are written as what they are; those that the evaluator provides, such as builtins, by their names.
//! - The attributes of a set, and formals, are in the order of symbols, which may be another one when the image is read.
//!   Then they are sorted anew, and variables that mean their slots are renumbered.
//!
//! Bodies of functions, and values of attributes and variables, are mostly never needed. Those that are longer than a few bytes
//! are left out when the image is read, and read when they are evaluated the first time ([`Later`]). So an image stays in
//! memory; it is smaller than the program.
//!
//! What cannot be written (the value of `__curPos`) is no image, and such a text is lowered each time. Reading trusts
//! nothing: bytes that no program could have been written as give no program.

mod bytes;
mod later;
mod read;
mod scopes;
#[cfg(test)]
mod tests;
mod write;

use rustc_hash::FxHashMap;

use super::Globals;
use crate::heap::{Symbol, Value};

pub(crate) use later::Later;
pub(crate) use read::{Reading, read, read_later, whole};
pub(crate) use write::{NameIndices, Writing, write};

/// Which values are global ones, by their identities.
#[derive(Default)]
pub(crate) struct GlobalNames(FxHashMap<usize, Symbol>);

impl GlobalNames {
    /// Of integers that are no objects, and of null and Booleans, no identity is known: they are written as what they are.
    pub(crate) fn new(globals: &Globals<'_>) -> Self {
        let mut names: Vec<_> = globals.values.iter().filter(|(_, value)| is_object(**value)).collect();
        names.sort_unstable_by_key(|(name, _)| **name);
        GlobalNames(names.into_iter().map(|(&name, value)| (value.identity(), name)).collect())
    }

    fn of(&self, value: Value<'_>) -> Option<Symbol> {
        self.0.get(&value.identity()).copied()
    }
}

fn is_object(value: Value<'_>) -> bool {
    value.as_small_int().is_none() && value.as_bool().is_none() && !value.is_same(Value::null())
}

/// What comes next. Of a constant there are two kinds: those with [`FOLDED`](tag::FOLDED) have been computed.
#[rustfmt::skip]
mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    pub(super) const INT: u8 = 3;
    pub(super) const FLOAT: u8 = 4;
    pub(super) const STRING: u8 = 5;
    pub(super) const PATH: u8 = 6;
    pub(super) const EMPTY_LIST: u8 = 7;
    pub(super) const EMPTY_SET: u8 = 8;
    pub(super) const GLOBAL: u8 = 9;
    /// Tags below are those of constants.
    pub(super) const CONSTANTS: u8 = 16;

    pub(super) const LOCAL: u8 = 16;
    pub(super) const OUTER: u8 = 17;
    pub(super) const DYNAMIC: u8 = 18;
    pub(super) const SELECT_ONE: u8 = 19;
    pub(super) const SELECT: u8 = 20;
    pub(super) const SELECT_OR: u8 = 21;
    pub(super) const HAS_ATTR: u8 = 22;
    pub(super) const CALL: u8 = 23;
    pub(super) const LAMBDA: u8 = 24;
    pub(super) const FORMALS_LAMBDA: u8 = 25;
    pub(super) const ATTRS: u8 = 26;
    pub(super) const REC_ATTRS: u8 = 27;
    pub(super) const LIST: u8 = 28;
    pub(super) const LET: u8 = 29;
    pub(super) const WITH: u8 = 30;
    pub(super) const IF: u8 = 31;
    pub(super) const ASSERT: u8 = 32;
    pub(super) const NOT: u8 = 33;
    pub(super) const AND: u8 = 34;
    pub(super) const OR: u8 = 35;
    pub(super) const IMPLIES: u8 = 36;
    pub(super) const BINARY: u8 = 37;
    pub(super) const UPDATE: u8 = 38;
    pub(super) const INTERPOLATED_STRING: u8 = 39;
    pub(super) const INTERPOLATED_PATH: u8 = 40;
    /// An expression that can be left out, with its length before it.
    pub(super) const LATER: u8 = 41;

    pub(super) const FOLDED: u8 = 0x80;
}
