//! The value that an error is about.

use super::Pos;

/// The value that an error is about, as the evaluator saw it. The module `explain` finds the text that it came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Culprit {
    /// The bits of the value: another value is the same one if it has the same bits.
    pub(crate) identity: usize,
    /// Its type as `builtins.typeOf` names it.
    pub(crate) type_name: &'static str,
    /// Its type and how it reads: `an integer: 8080`.
    pub(crate) description: String,
    /// Where it was written, of a set the place of an attribute.
    pub(crate) written: Pos,
    /// Of a set, how many attributes it has.
    pub(crate) attributes: usize,
    /// Which part of the construct at the primary place has this value.
    pub(crate) part: Part,
}

/// A part of a construct that the evaluator works on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// It is not known.
    Unknown,
    /// An operand of the operator: 0 is on the left.
    Operand(usize),
    /// The function of a call.
    Function,
    /// What a call returns that is given only the first so many of the arguments.
    Result(usize),
    /// An argument of a call, from 0; of a builtin with its name and its parameters.
    Argument(usize, Option<(&'static str, &'static [&'static str])>),
    /// An element of a list that is an argument of a call to a builtin: the argument, the element, the builtin.
    Element(usize, usize, &'static str),
    /// What stands after `with`, of the so many-th around the place, from the inside.
    With(usize),
    /// The expression that begins here.
    At(Pos),
}
