//! Algorithms on text that builtins are made of, independent of values and of the evaluator.
//!
//! Everything here works on bytes, as strings of the language are bytes.

pub(crate) mod float;
mod grisu;
pub(crate) mod json;
pub(crate) mod path;
pub(crate) mod string_literal;
pub(crate) mod version;
