//! firn evaluates the Nix language.

mod builtins;
mod diagnostics;
mod eval;
mod heap;
mod program;
mod regex;
pub mod store;
pub mod syntax;

#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod repl;
