//! Errors and warnings: what they say, where they point, how they are shown.
//!
//! The parts, in the order in which an error meets them:
//!
//! - [`SourceMap`] gives every byte of every source file a global position of four bytes
//!   ([`Pos`]), which is all that the program and the values carry.
//! - [`Diagnostic`] is the one type for errors and warnings of every phase: a [`Code`], a
//!   message, labelled [`Span`]s, notes, hints and a trace.
//! - [`similar_names`] finds what may have been meant where a name is unknown.
//! - [`render()`] makes text for people of a diagnostic, [`to_json`] JSON for programs. Each code has a page,
//!   [`Code::page`].
//!
//! This module knows nothing of syntax or evaluation.

mod code;
mod culprit;
mod diagnostic;
mod excerpt;
mod fold;
mod json;
mod ownership;
mod printable;
mod render;
#[cfg(test)]
mod render_tests;
mod source_map;
mod suggest;
mod syntax;
mod trace;

pub use code::Code;
pub(crate) use culprit::{Culprit, Part};
pub use diagnostic::{Diagnostic, FrameKind, Gap, Label, Severity, TraceFrame};
pub use json::to_json;
pub use printable::{Colors, printable};
pub use render::{RenderOptions, render};
pub use source_map::{FileId, Location, Pos, SourceFile, SourceMap, SourceName, SourcesTooLarge, Span};
pub use suggest::{did_you_mean, similar_names};
