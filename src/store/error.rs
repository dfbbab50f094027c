use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::hash::HashError;

/// The result of a store operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in the store layer.
#[derive(Debug)]
pub enum Error {
    /// A hash that cannot be read.
    Hash(HashError),
    /// A name that no store object can have.
    Name {
        /// The name, with bytes that are not UTF-8 replaced.
        name: String,
        /// What is wrong with it.
        problem: NameProblem,
    },
    /// A text that is not a store path.
    Path {
        /// The text, with bytes that are not UTF-8 replaced.
        path: String,
        /// What is wrong with it, as the rest of a sentence about the path.
        problem: String,
    },
    /// A content address that Nix does not define, such as text that is not
    /// hashed with SHA-256.
    Address(String),
    /// A derivation whose parts do not fit together.
    Derivation {
        /// The name of the derivation.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A `.drv` file that does not follow the format.
    Aterm {
        /// The name of the derivation.
        name: String,
        /// Where in the file, in bytes from its start.
        offset: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A derivation in JSON that does not follow the format.
    Json(String),
    /// A file or directory that could not be read or written.
    Io {
        /// What was being done, such as `read the file`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file of a kind that cannot be put into the store (a device, a
    /// socket), or a tree of a shape that cannot.
    Tree {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it, as the rest of a sentence about the path.
        problem: String,
    },
    /// A store path that the store does not have.
    Absent(String),
}

/// Why a text cannot be the name of a store object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameProblem {
    /// It has no characters.
    Empty,
    /// It has more than [`MAX_NAME_LENGTH`](super::path::MAX_NAME_LENGTH)
    /// characters.
    TooLong,
    /// It is `.` or `..`, or starts with `.-` or `..-`.
    Dots,
    /// It contains this byte, which names may not contain.
    Character(u8),
}

impl Error {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Error {
        Error::Io { action, path: path.to_owned(), source }
    }

    pub(super) fn tree(path: &Path, problem: impl Into<String>) -> Error {
        Error::Tree { path: path.to_owned(), problem: problem.into() }
    }

    pub(super) fn not_a_derivation(path: String) -> Error {
        Error::Path { path, problem: "the path of a derivation ends in '.drv' and names a file".to_owned() }
    }

    pub(super) fn derivation(name: &str, problem: impl Into<String>) -> Error {
        Error::Derivation { name: name.to_owned(), problem: problem.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Hash(error) => error.fmt(f),
            Error::Name { name, problem } => fmt_name_problem(f, name, *problem),
            Error::Path { path, problem } => {
                write!(f, "'{path}' is not a valid store path: {problem}")
            }
            Error::Address(problem) => f.write_str(problem),
            Error::Derivation { name, problem } => write!(f, "derivation '{name}': {problem}"),
            Error::Aterm { name, offset, problem } => {
                write!(f, "the file of derivation '{name}' is malformed at byte {offset}: {problem}")
            }
            Error::Json(problem) => write!(f, "malformed derivation in JSON: {problem}"),
            Error::Io { action, path, source } => write!(f, "cannot {action} '{}': {source}", path.display()),
            Error::Tree { path, problem } => {
                write!(f, "'{}' cannot be put into the store: {problem}", path.display())
            }
            Error::Absent(path) => write!(f, "the store has no path '{path}'"),
        }
    }
}

fn fmt_name_problem(f: &mut fmt::Formatter<'_>, name: &str, problem: NameProblem) -> fmt::Result {
    match problem {
        NameProblem::Empty => f.write_str("the name of a store path must not be empty"),
        NameProblem::TooLong => write!(
            f,
            "the name '{name}' is longer than the {} characters that a store path may have",
            super::path::MAX_NAME_LENGTH
        ),
        NameProblem::Dots => {
            write!(f, "the name '{name}' is not allowed: it must not be '.' or '..', nor start with '.-' or '..-'")
        }
        NameProblem::Character(byte) => write!(
            f,
            "the name '{name}' contains '{}', but only letters, digits and '+-._?=' are allowed",
            byte.escape_ascii()
        ),
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Error {
        Error::Hash(error)
    }
}
