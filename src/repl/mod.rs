//! Evaluating expressions interactively.
//!
//! - [`Session`] is the conversation without a terminal: a line goes in, a [`Reply`] comes out.
//! - `Command` is what a line means.
//! - `complete` finds what a word may become.
//! - `highlight` colours it, `interrupts` ends evaluations that take too long.
//! - `run` is the conversation at a terminal, with history and editing.

mod command;
mod completion;
mod highlight;
mod interrupts;
mod session;
#[cfg(test)]
mod session_tests;
mod source;
mod terminal;
mod view;

pub use session::{Reply, Session};
pub use terminal::run;
