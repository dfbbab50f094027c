//! Values and the memory they live in: the only unsafe code of the crate.
//!
//! A [`Value`] is half a machine word. Small integers are immediate; everything else is a pointer into a [`Heap`], a bump
//! allocator that is freed as a whole. All heaps of a process lie in one region of at most 8 GiB of addresses, so that half a word tells
//! a place in it, with two bits to spare for a tag: a thunk, an integer, or an object that tells its kind itself.
//!
//! The lifetime `'h` on every type here is the borrow of the heap, so a value cannot outlive its
//! memory and values of two evaluators cannot be mixed. Everything stored in the heap is `Copy` or a
//! plain structure without `Drop`; what changes after construction (thunks, frame slots, cached
//! results) is a [`Cell`](std::cell::Cell).
//!
//! Every object begins with a word from which its size can be read, or is reached through a pointer
//! whose tag gives its size, so that a tracing collector can be added behind this interface.
//!
//! | object  | half words                                                           |
//! |---------|----------------------------------------------------------------------|
//! | thunk   | code or state, environment or result                                 |
//! | frame   | parent, slot count, slots                                            |
//! | attrs   | shape, values (or depth, shape, base, length, values for a layer over another set)  |
//! | list    | length, elements                                                     |
//! | string  | flag and symbol, length, context if flagged, bytes                   |
//! | closure | lambda, frame                                                        |
//! | partial | count, function, arguments                                           |
//! | boxed   | kind, payload (float, wide integer, path)                            |

#![allow(unsafe_code)]

mod allocator;
mod arena;
mod attrs;
mod boxed;
mod frame;
mod function;
mod list;
mod mapping;
mod narrow;
mod owner;
mod pages;
mod prefetch;
mod region;
mod select;
mod shape;
mod small_blocks;
mod string;
mod tally;
mod thunk;
mod value;

pub use allocator::Allocator;
pub(crate) use arena::Heap;
pub(crate) use attrs::Attrs;
pub(crate) use frame::Frame;
pub(crate) use function::{Closure, Function, Partial};
pub(crate) use list::List;
pub(crate) use mapping::Mapping;
pub(crate) use narrow::{Ref, Row, Word};
pub(crate) use owner::OwnedEval;
pub(crate) use select::{SelectCache, SelectTable};
pub(crate) use shape::{MergePlan, MergeTwicePlan, Shape};
pub(crate) use string::{Context, ContextId, Str, Writer};
pub(crate) use tally::Made;
pub(crate) use thunk::{MappedSet, Suspension, Thunk};
pub(crate) use value::{BuiltinId, Kind, Slot, Value, ValueCell};

/// An interned name. Equal names have equal ids within one evaluator.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Symbol(pub(crate) u32);
