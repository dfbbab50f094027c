//! The evaluator as embedders see it.

mod builder;
mod documentation;
mod output;
mod places;
mod profile;
mod statistics;

pub use builder::Builder;
pub use documentation::{Documentation, builtin_documentation};
pub use statistics::{Calls, Objects, Sources, Statistics, Values};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use crate::attention::Interrupter;
use crate::builtins::text::path::join;
use crate::diagnostics::{Diagnostic, RenderOptions, SourceMap, SourceName, render};
use crate::eval::Eval;
use crate::explain::explain;
use crate::heap::{self, Frame, List, OwnedEval, Str};
use crate::program::RootScope;

/// An error of evaluation.
///
/// It is data: [`Diagnostic`] says what happened, where, and what to do. [`Evaluator::render`] makes
/// text of it that shows the sources.
#[derive(Clone, Debug)]
pub struct Error(Box<Diagnostic>);

impl Error {
    /// What happened.
    pub fn diagnostic(&self) -> &Diagnostic {
        &self.0
    }

    /// What happened, to be kept or changed.
    pub fn into_diagnostic(self) -> Diagnostic {
        *self.0
    }
}

impl From<Box<Diagnostic>> for Error {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Error(diagnostic)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for Error {}

/// What the methods of [`Evaluator`] return.
pub type Result<T> = std::result::Result<T, Error>;

/// A value of an evaluator: a handle that keeps it reachable.
///
/// It belongs to the evaluator that made it and is meaningless to others, which refuse it by a panic.
#[derive(Clone, Debug)]
pub struct Value {
    evaluator: u64,
    root: usize,
}

/// What a value is.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number without fraction.
    Int(i64),
    /// A number with fraction.
    Float(f64),
    /// Text, which need not be UTF-8.
    String(Vec<u8>),
    /// An absolute path.
    Path(PathBuf),
    /// A list of so many elements.
    List(usize),
    /// A set of so many attributes.
    Attrs(usize),
    /// Something to be called.
    Function,
}

/// Variables that stand around what [`Evaluator::eval_text`] evaluates.
#[derive(Clone, Default, Debug)]
pub struct Scope {
    variables: IndexMap<Vec<u8>, Value>,
}

impl Scope {
    /// Adds a variable; a later one hides an earlier one of the same name.
    pub fn bind(&mut self, name: impl Into<Vec<u8>>, value: Value) {
        self.variables.insert(name.into(), value);
    }

    /// The value of a variable.
    pub fn get(&self, name: &[u8]) -> Option<Value> {
        self.variables.get(name).cloned()
    }

    /// The names of the variables.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.variables.keys().map(Vec::as_slice)
    }
}

/// An evaluator of the language, with a memory of its own.
///
/// Files are read and evaluated once; [`forget_files`](Evaluator::forget_files) reads them anew. What is
/// evaluated stays in memory until the evaluator is dropped. Evaluators share nothing, and one can move
/// to another thread.
///
/// ```
/// use firn::{Evaluator, Kind};
///
/// let mut firn = Evaluator::new();
/// let list = firn.eval_text("map (x: x * x) [ 1 2 3 ]", "/")?;
/// assert_eq!(firn.print(&list)?, b"[ <CODE> <CODE> <CODE> ]");
/// firn.force_deep(&list)?;
/// assert_eq!(firn.print(&list)?, b"[ 1 4 9 ]");
/// let first = firn.elements(&list)?.remove(0);
/// assert_eq!(firn.kind(&first)?, Kind::Int(1));
/// # Ok::<_, firn::Error>(())
/// ```
pub struct Evaluator {
    cell: OwnedEval,
    sampler: Option<profile::Sampler>,
    id: u64,
}

impl Default for Evaluator {
    fn default() -> Self {
        Evaluator::new()
    }
}

impl Evaluator {
    /// An evaluator with default settings and an empty search path.
    pub fn new() -> Self {
        Builder::default().build()
    }

    /// Options for an evaluator.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A handle that ends an evaluation from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.cell.with_dependent(|heap, _| Interrupter(heap.attention().clone()))
    }

    /// Runs a step of evaluation that makes a value.
    fn run(
        &mut self,
        step: impl for<'h> FnOnce(&mut Eval<'h>) -> crate::eval::Result<heap::Value<'h>>,
    ) -> Result<Value> {
        let root = self.with(|eval| {
            let value = step(eval)?;
            eval.roots.push(value);
            Ok(eval.roots.len() - 1)
        })?;
        Ok(Value { evaluator: self.id, root })
    }

    /// Runs a step of evaluation.
    fn with<R>(&mut self, step: impl for<'h> FnOnce(&mut Eval<'h>) -> crate::eval::Result<R>) -> Result<R> {
        self.cell.with_dependent_mut(|_, eval| {
            eval.attach_to_thread();
            step(eval).map_err(|mut diagnostic| {
                explain(&mut diagnostic, &eval.sources, eval.settings.features.syntax());
                Error(diagnostic)
            })
        })
    }

    /// The place of a handle's value among the roots.
    fn root(&self, value: &Value) -> usize {
        assert_eq!(value.evaluator, self.id, "the value belongs to another evaluator");
        value.root
    }

    /// Evaluates a file; of a directory its `default.nix` or `default.cfg`.
    ///
    /// # Errors
    /// Syntax errors, errors of evaluation, and a file that cannot be read.
    pub fn eval_file(&mut self, path: impl AsRef<Path>) -> Result<Value> {
        let path = absolute(path.as_ref());
        self.run(|eval| {
            let file = crate::eval::os_path(&path);
            let directory = if file.is_dir() { Some(file) } else { file.parent() };
            directory.into_iter().for_each(|directory| eval.sources.add_own(directory));
            eval.import(&path)
        })
    }

    /// Evaluates a text. Relative paths in it are below `base_dir`.
    ///
    /// # Errors
    /// Syntax errors and errors of evaluation.
    pub fn eval_text(&mut self, text: impl Into<Vec<u8>>, base_dir: impl AsRef<Path>) -> Result<Value> {
        self.eval_text_in(&Scope::default(), SourceName::String, text, base_dir)
    }

    /// Reads a text that is evaluated when its value is needed. Relative paths in it are below `base_dir`.
    ///
    /// ```
    /// let mut firn = firn::Evaluator::new();
    /// let unused = firn.delay_text("throw \"never\"", ".")?;
    /// let arguments = firn.attrs([("unused", unused)]);
    /// # Ok::<_, firn::Error>(())
    /// ```
    ///
    /// # Errors
    /// Syntax errors and undefined variables.
    pub fn delay_text(&mut self, text: impl Into<Vec<u8>>, base_dir: impl AsRef<Path>) -> Result<Value> {
        let text: Arc<[u8]> = text.into().into();
        let base_dir = absolute(base_dir.as_ref());
        self.run(|eval| {
            let program = eval.load(SourceName::String, text, &base_dir, &RootScope::default())?;
            Ok(eval.delay(program, None))
        })
    }

    /// Looks for what is wrong with a text without evaluating it: syntax errors, undefined variables, attributes
    /// that are defined twice, and what the [lints](Builder::lints) find. Warnings go to the [`Host`](crate::Host).
    ///
    /// ```
    /// use firn::{Evaluator, diagnostics::{Code, SourceName}};
    ///
    /// let error = Evaluator::new().check(SourceName::String, "[ a b ]", ".").unwrap_err();
    /// assert_eq!(error.diagnostic().code, Code::UndefinedVariable);
    /// assert_eq!(error.diagnostic().further.len(), 1);
    /// ```
    ///
    /// # Errors
    /// The first thing that is wrong, with the others in [`Diagnostic::further`].
    pub fn check(&mut self, name: SourceName, text: impl Into<Vec<u8>>, base_dir: impl AsRef<Path>) -> Result<()> {
        let text: Arc<[u8]> = text.into().into();
        let base_dir = absolute(base_dir.as_ref());
        self.with(|eval| eval.load(name, text, &base_dir, &RootScope::default()).map(drop))
    }

    /// Evaluates a text that can use the variables of a scope.
    ///
    /// # Errors
    /// Syntax errors and errors of evaluation.
    pub fn eval_text_in(
        &mut self,
        scope: &Scope,
        name: SourceName,
        text: impl Into<Vec<u8>>,
        base_dir: impl AsRef<Path>,
    ) -> Result<Value> {
        let text: Arc<[u8]> = text.into().into();
        let base_dir = absolute(base_dir.as_ref());
        let variables: Vec<_> = scope.variables.iter().map(|(name, value)| (name.clone(), self.root(value))).collect();
        self.run(|eval| {
            let names = variables.iter().map(|(name, _)| eval.symbols.intern(name)).collect();
            if base_dir != b"/" {
                eval.sources.add_own(crate::eval::os_path(&base_dir));
            }
            let program = eval.load(name, text, &base_dir, &RootScope { names })?;
            let frame = Frame::new(eval.heap, None, variables.len());
            for (slot, (_, root)) in frame.slots().iter().zip(&variables) {
                slot.set(eval.roots[*root]);
            }
            eval.eval(program, (!variables.is_empty()).then_some(frame))
        })
    }

    /// Forgets the files that were read, so that they are read again when they are needed.
    pub fn forget_files(&mut self) {
        self.cell.with_dependent_mut(|_, eval| eval.forget_files());
    }

    /// Writes what was found out into the [cache](Builder::cache), if there is one. That happens
    /// by itself when the evaluator is dropped; this is for those who want to know of errors, or drop nothing.
    ///
    /// # Errors
    /// The directory of the cache cannot be made or written into.
    pub fn save_cache(&mut self) -> std::io::Result<()> {
        self.cell.with_dependent_mut(|_, eval| eval.save_cache())
    }

    /// Evaluates everything in a value.
    ///
    /// # Errors
    /// The first error met.
    pub fn force_deep(&mut self, value: &Value) -> Result<()> {
        let root = self.root(value);
        self.with(|eval| eval.force_deep(eval.roots[root]).map(drop))
    }

    /// What a value is; a value that has not been evaluated is evaluated.
    ///
    /// # Errors
    /// The error of evaluating it.
    pub fn kind(&mut self, value: &Value) -> Result<Kind> {
        let root = self.root(value);
        self.with(|eval| {
            let value = eval.force(eval.roots[root])?;
            eval.roots[root] = value;
            Ok(match value.kind() {
                heap::Kind::Null | heap::Kind::Thunk(_) => Kind::Null,
                heap::Kind::Bool(value) => Kind::Bool(value),
                heap::Kind::Int(value) => Kind::Int(value),
                heap::Kind::Float(value) => Kind::Float(value),
                heap::Kind::String(string) => Kind::String(string.bytes().to_vec()),
                heap::Kind::Path(path) => Kind::Path(crate::eval::os_path(path).to_owned()),
                heap::Kind::List(list) => Kind::List(list.len()),
                heap::Kind::Attrs(attrs) => Kind::Attrs(attrs.len()),
                heap::Kind::Function(_) => Kind::Function,
            })
        })
    }

    /// The elements of a list, not evaluated.
    ///
    /// # Errors
    /// The value is no list or cannot be evaluated.
    pub fn elements(&mut self, list: &Value) -> Result<Vec<Value>> {
        let root = self.root(list);
        let roots = self.with(|eval| {
            let list = eval.force_list(eval.roots[root])?;
            let first = eval.roots.len();
            eval.roots.extend(list.iter());
            Ok(first..eval.roots.len())
        })?;
        Ok(roots.map(|root| Value { evaluator: self.id, root }).collect())
    }

    /// The names of a set's attributes, sorted.
    ///
    /// # Errors
    /// The value is no set or cannot be evaluated.
    pub fn attr_names(&mut self, set: &Value) -> Result<Vec<Vec<u8>>> {
        let root = self.root(set);
        self.with(|eval| {
            let attrs = eval.force_attrs(eval.roots[root])?;
            Ok(eval.sorted_names(attrs).into_iter().map(|name| eval.symbols.bytes(name).to_vec()).collect())
        })
    }

    /// The attribute of a set, not evaluated, if there is one of that name.
    ///
    /// # Errors
    /// The value is no set or cannot be evaluated.
    pub fn attr(&mut self, set: &Value, name: impl AsRef<[u8]>) -> Result<Option<Value>> {
        let root = self.root(set);
        let found = self.with(|eval| {
            let attrs = eval.force_attrs(eval.roots[root])?;
            let found = eval.symbols.find(name.as_ref()).and_then(|name| attrs.get(name));
            Ok(found.map(|value| {
                eval.roots.push(value.get());
                eval.roots.len() - 1
            }))
        })?;
        Ok(found.map(|root| Value { evaluator: self.id, root }))
    }

    /// The value at an attribute path such as `a.b.0`, an index selecting from a list; functions on the
    /// way, but not at its end, are called as [`auto_call`](Evaluator::auto_call) does. `arguments` is a set.
    ///
    /// # Errors
    /// A path that cannot be parsed, a missing attribute, errors of evaluation.
    pub fn select(&mut self, value: &Value, path: &str, arguments: &Value) -> Result<Value> {
        let (root, arguments) = (self.root(value), self.root(arguments));
        self.run(|eval| {
            let path = crate::eval::parse_selection(path)?;
            let arguments = eval.force_attrs(eval.roots[arguments])?;
            eval.select_path(eval.roots[root], &path, arguments)
        })
    }

    /// Calls a function that takes a set with those of `arguments` that it names, and its defaults for
    /// the others. Any other value is returned as it is, evaluated.
    ///
    /// # Errors
    /// An argument without default is missing; errors of evaluation.
    pub fn auto_call(&mut self, value: &Value, arguments: &Value) -> Result<Value> {
        let (root, arguments) = (self.root(value), self.root(arguments));
        self.run(|eval| {
            let arguments = eval.force_attrs(eval.roots[arguments])?;
            eval.auto_call(eval.roots[root], arguments)
        })
    }

    /// Calls a function.
    ///
    /// # Errors
    /// The value is no function; errors of evaluation.
    pub fn call(&mut self, function: &Value, arguments: &[Value]) -> Result<Value> {
        let function = self.root(function);
        let arguments: Vec<_> = arguments.iter().map(|argument| self.root(argument)).collect();
        self.run(|eval| {
            let arguments: Vec<_> = arguments.iter().map(|&root| eval.roots[root]).collect();
            eval.call(eval.roots[function], &arguments, crate::diagnostics::Pos::NONE)
        })
    }

    /// A string value.
    pub fn string(&mut self, text: impl AsRef<[u8]>) -> Value {
        self.make(|eval| Str::plain(eval.heap, text.as_ref()))
    }

    /// An integer value.
    pub fn int(&mut self, value: i64) -> Value {
        self.make(|eval| heap::Value::int(eval.heap, value))
    }

    /// A floating-point value.
    pub fn float(&mut self, value: f64) -> Value {
        self.make(|eval| heap::Value::float(eval.heap, value))
    }

    /// A Boolean value.
    pub fn bool(&mut self, value: bool) -> Value {
        self.make(|_| heap::Value::bool(value))
    }

    /// A list of values.
    pub fn list(&mut self, elements: &[Value]) -> Value {
        let roots: Vec<_> = elements.iter().map(|element| self.root(element)).collect();
        self.make(|eval| {
            let elements: Vec<_> = roots.iter().map(|&root| eval.roots[root]).collect();
            List::from_slice(eval.heap, &elements)
        })
    }

    /// A set of values; of equal names the last counts.
    pub fn attrs<N: AsRef<[u8]>>(&mut self, attrs: impl IntoIterator<Item = (N, Value)>) -> Value {
        let attrs: IndexMap<Vec<u8>, usize> =
            attrs.into_iter().map(|(name, value)| (name.as_ref().to_vec(), self.root(&value))).collect();
        self.make(|eval| {
            let attrs = attrs
                .iter()
                .map(|(name, &root)| (eval.symbols.intern(name), crate::diagnostics::Pos::NONE, eval.roots[root]))
                .collect();
            eval.attrs_from(attrs)
        })
    }

    fn make(&mut self, make: impl for<'h> FnOnce(&mut Eval<'h>) -> heap::Value<'h>) -> Value {
        let id = self.id;
        self.cell.with_dependent_mut(|_, eval| {
            let value = make(eval);
            eval.roots.push(value);
            Value { evaluator: id, root: eval.roots.len() - 1 }
        })
    }

    /// The names of all global variables.
    pub fn global_names(&mut self) -> Vec<Vec<u8>> {
        self.cell.with_dependent_mut(|_, eval| {
            let mut names: Vec<_> = eval.globals.values.keys().map(|&name| eval.symbols.bytes(name).to_vec()).collect();
            names.sort();
            names
        })
    }

    /// The sources of everything evaluated so far.
    pub fn sources(&self) -> Arc<SourceMap> {
        self.cell.with_dependent(|_, eval| eval.sources.clone())
    }

    /// An error as text that shows the sources.
    pub fn render(&self, error: &Error, options: &RenderOptions) -> String {
        render(error.diagnostic(), &self.sources(), options)
    }
}

/// A path as the evaluator wants it: absolute and without `.` and `..`.
fn absolute(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    let base = match path.is_absolute() {
        true => PathBuf::from("/"),
        false => std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
    };
    join(base.as_os_str().as_bytes(), path.as_os_str().as_bytes())
}
