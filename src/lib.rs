//! firn evaluates the Nix language.
//!
//! An [`Evaluator`] turns text into [`Value`]s, and values into what a Rust program wants to know: data, JSON,
//! derivations. It reads files and the environment through a [`Host`], computes store paths with a
//! [`Store`](store::Store), and needs neither Nix nor a store directory. This page shows how to use it; the command
//! `firn` is made of the same parts.
//!
//! # Evaluate, and get data out
//!
//! [`eval_text`](Evaluator::eval_text) and [`eval_file`](Evaluator::eval_file) return a handle. The language is lazy,
//! and so is the library: only what is asked for is evaluated, which is why looking at a value takes a mutable evaluator
//! and can fail.
//!
//! ```
//! use firn::{Evaluator, Kind};
//!
//! let mut firn = Evaluator::new();
//! let site = firn.eval_text(
//!     r#"{ host = "moraine"; ports = map (n: 8000 + n) [ 1 2 ]; broken = throw "nobody asks"; }"#,
//!     "/",
//! )?;
//!
//! assert_eq!(firn.attr_names(&site)?, [b"broken".to_vec(), b"host".to_vec(), b"ports".to_vec()]);
//! let host = firn.attr(&site, "host")?.expect("it was just written");
//! assert_eq!(firn.kind(&host)?, Kind::String(b"moraine".to_vec()));
//!
//! let ports = firn.attr(&site, "ports")?.expect("it was just written");
//! for (number, port) in (8001..).zip(firn.elements(&ports)?) {
//!     assert_eq!(firn.kind(&port)?, Kind::Int(number));
//! }
//! assert_eq!(firn.to_json(&ports)?, b"[8001,8002]");
//! # Ok::<_, firn::Error>(())
//! ```
//!
//! Strings and names are bytes, since those of the language are.
//!
//! # Call a function of the language
//!
//! Values are made of Rust data with [`int`](Evaluator::int), [`string`](Evaluator::string),
//! [`list`](Evaluator::list), [`attrs`](Evaluator::attrs) and their like, and passed with [`call`](Evaluator::call).
//! A [`Scope`] gives them names instead.
//!
//! ```
//! use firn::{Evaluator, Kind, Scope};
//! use firn::diagnostics::SourceName;
//!
//! let mut firn = Evaluator::new();
//! let greet = firn.eval_text(r#"{ name, times ? 2 }: builtins.genList (_: "hello ${name}") times"#, "/")?;
//! let name = firn.string("Ada");
//! let arguments = firn.attrs([("name", name.clone())]);
//! let greetings = firn.call(&greet, &[arguments])?;
//! assert_eq!(firn.to_json(&greetings)?, br#"["hello Ada","hello Ada"]"#);
//!
//! let mut scope = Scope::default();
//! scope.bind("name", name);
//! let length = firn.eval_text_in(&scope, SourceName::String, "builtins.stringLength name", "/")?;
//! assert_eq!(firn.kind(&length)?, Kind::Int(3));
//! # Ok::<_, firn::Error>(())
//! ```
//!
//! # Derivations
//!
//! A set with `type = "derivation"` stands for a derivation; [`derivation`](Evaluator::derivation) returns its store path
//! and its record, and [`read_derivation`](Evaluator::read_derivation) those that it needs. Here is every derivation that
//! the machine in `corpus/machine` is made of:
//!
//! ```
//! use std::collections::BTreeSet;
//! use firn::Evaluator;
//!
//! let mut firn = Evaluator::new();
//! let machine = firn.eval_file("corpus/machine/configuration.cfg")?;
//! let (system, record) = firn.derivation(&machine)?.expect("a machine is a derivation");
//! assert_eq!(record.name, "system-moraine-1.0");
//!
//! let mut seen = BTreeSet::from([system.clone()]);
//! let mut open = vec![system];
//! while let Some(path) = open.pop() {
//!     for input in firn.read_derivation(&path)?.input_derivations.into_keys() {
//!         if seen.insert(input.clone()) {
//!             open.push(input);
//!         }
//!     }
//! }
//! assert_eq!(seen.len(), 150);
//! # Ok::<_, firn::Error>(())
//! ```
//!
//! By default nothing is written: paths are computed and records kept in memory, by a
//! [`ComputeStore`](store::ComputeStore). A [`DirectoryStore`](store::DirectoryStore), given to
//! [`Builder::store`], writes `.drv` files and sources as well. Building is not part of firn.
//!
//! # Decide what the language may see
//!
//! All that evaluation reads of the machine comes through the [`Host`]. This one has files of its own and nothing else:
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::ffi::OsString;
//! use std::io::{Error, ErrorKind, Result};
//! use std::path::{Path, PathBuf};
//!
//! use firn::store::{DirectoryEntry, FileSource, FileType, OpenFile};
//! use firn::{Evaluator, Host, Kind};
//!
//! struct Files(BTreeMap<PathBuf, &'static str>);
//!
//! impl Files {
//!     fn text(&self, path: &Path) -> Result<&'static str> {
//!         self.0.get(path).copied().ok_or_else(|| Error::from(ErrorKind::NotFound))
//!     }
//! }
//!
//! impl FileSource for Files {
//!     fn file_type(&self, path: &Path) -> Result<FileType> {
//!         if self.0.keys().any(|file| file != path && file.starts_with(path)) {
//!             return Ok(FileType::Directory);
//!         }
//!         self.text(path).map(|_| FileType::Regular)
//!     }
//!
//!     fn open(&self, path: &Path) -> Result<OpenFile<'_>> {
//!         let text = self.text(path)?;
//!         Ok(OpenFile { size: text.len() as u64, executable: false, stamp: None, contents: Box::new(text.as_bytes()) })
//!     }
//!
//!     fn read_directory(&self, _: &Path) -> Result<Vec<DirectoryEntry>> {
//!         Err(ErrorKind::Unsupported.into())
//!     }
//!
//!     fn read_link(&self, _: &Path) -> Result<PathBuf> {
//!         Err(ErrorKind::InvalidInput.into())
//!     }
//! }
//!
//! impl Host for Files {
//!     fn read_file(&self, path: &Path) -> Result<Vec<u8>> {
//!         self.text(path).map(Into::into)
//!     }
//!
//!     fn variable(&self, _: &str) -> Option<OsString> {
//!         None
//!     }
//!
//!     fn seconds_since_epoch(&self) -> i64 {
//!         0
//!     }
//!
//!     fn message(&self, _: &[u8]) {}
//! }
//!
//! let files = [("/site/default.cfg", "import ./port.cfg + 1"), ("/site/port.cfg", "8000")];
//! let files = Files(files.into_iter().map(|(path, text)| (PathBuf::from(path), text)).collect());
//! let mut firn = Evaluator::builder().host(files).build();
//! let port = firn.eval_file("/site/default.cfg")?;
//! assert_eq!(firn.kind(&port)?, Kind::Int(8001));
//! # Ok::<_, firn::Error>(())
//! ```
//!
//! What comes from strangers can be held to limits: [`Builder::max_call_depth`] and [`Builder::max_stack`] bound
//! recursion, [`Builder::max_memory`] bounds the memory of values, [`Builder::pure`] takes environment and time away, and an
//! [`Interrupter`] ends what takes too long.
//!
//! # Errors
//!
//! An [`Error`] is data, a [`Diagnostic`](diagnostics::Diagnostic): a [`Code`](diagnostics::Code), a message, places,
//! hints, a trace. [`Evaluator::render`] shows it with the lines it points to.
//!
//! ```
//! use firn::Evaluator;
//! use firn::diagnostics::{Code, RenderOptions};
//!
//! let mut firn = Evaluator::new();
//! let error = firn.eval_text("let colour = 1; in color", "/").unwrap_err();
//!
//! let diagnostic = error.diagnostic();
//! assert_eq!(diagnostic.code, Code::UndefinedVariable);
//! let place = diagnostic.primary.as_ref().expect("an unknown name is somewhere").span;
//! let location = firn.sources().resolve(place.start).expect("that is in the text");
//! assert_eq!((location.line, location.column), (1, 20));
//!
//! let text = firn.render(&error, &RenderOptions::default());
//! assert!(text.contains("let colour = 1; in color"));
//! assert!(text.contains("did you mean 'colour'?"));
//! # Ok::<_, firn::Error>(())
//! ```
//!
//! # The parts
//!
//! | module          | what it is                                                         |
//! |-----------------|--------------------------------------------------------------------|
//! | this one        | the evaluator, its options, its values                             |
//! | [`syntax`]      | the parser and its lossless tree, usable without an evaluator      |
//! | [`diagnostics`] | errors, sources, and how they are shown                            |
//! | [`store`]       | hashes, store paths, archives, derivations, usable alone as well   |
//!
//! `docs/language.md` in the repository is a manual of the language, `docs/architecture.md` tells how firn works inside. `examples` has programs that use the library.

mod attention;
mod builtins;
mod cache;
#[cfg(test)]
mod corpus;
pub mod diagnostics;
mod eval;
mod evaluator;
mod explain;
mod growth;
mod heap;
mod program;
mod regex;
mod stack;
pub mod store;
pub mod syntax;

#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod repl;

pub use attention::Interrupter;
pub use cache::Cache;
pub use eval::{Host, SearchPathEntry, SystemHost};
pub use evaluator::{
    Builder, Calls, Documentation, Error, Evaluator, Kind, Objects, Result, Scope, Sources, Statistics, Value, Values,
    builtin_documentation,
};
pub use heap::Allocator;
pub use program::{Lint, LintLevel, Lints};
