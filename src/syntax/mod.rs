//! From text to a record of its structure: tokens, grammar, lossless tree.
//!
//! [`parse()`] never fails. It returns a [`Parse`]: nodes in a flat array, as the grammar recorded them, and the
//! errors, all of a text's in one pass. The evaluator reads the record; [`Parse::syntax`] makes a rowan tree of
//! it, whose text is the source byte for byte, for tools that edit and show code. [`decode`] says what literals
//! mean.
//!
//! ```
//! use firn::syntax::{self, Features, SyntaxKind};
//!
//! let parse = syntax::parse(*b"x: x + 1", Features::default());
//! assert!(parse.errors().is_empty());
//! assert_eq!(parse.kind(parse.root()), SyntaxKind::Lambda);
//! ```

pub mod decode;
mod error;
mod kind;
mod lexer;
mod number;
mod operators;
mod parse;
mod record;
mod recovery;
mod tree;

pub use error::{SyntaxError, SyntaxErrorKind};
pub use kind::SyntaxKind;
pub use lexer::{Tokens, tokens};
pub use operators::{BinaryOperator, UnaryOperator};
pub use parse::{Features, Parse, parse};
pub use record::NodeId;
pub use tree::{Nix, SyntaxElement, SyntaxNode, SyntaxToken};

lalrpop_util::lalrpop_mod!(
    #[allow(clippy::all, clippy::pedantic, missing_docs, unreachable_pub, unused)]
    strict,
    "/nix.rs"
);
