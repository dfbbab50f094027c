//! Files: finding, reading, parsing, lowering, evaluating; each once.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{ErrorExt, Eval, Result, error};
use crate::builtins::builtin_file;
use crate::builtins::text::path::{base_name, directory, join};
use crate::diagnostics::{Code, Diagnostic, Pos, Severity, SourceName};
use crate::heap::{Attrs, Frame, Value};
use crate::program::{Expr, Lowered, Lowering, NameLinting, RootScope, lint_names, lower, show};
use crate::store::{FileType, Stamp};
use crate::syntax::{self, Parse};

/// Files that have been imported, by the paths they were asked for and by their own, and what is known of directories.
#[derive(Default)]
pub(super) struct FileCache<'h> {
    values: FxHashMap<Vec<u8>, Imported<'h>>,
    programs: FxHashMap<Vec<u8>, &'h Expr<'h>>,
    /// Those that have been listed.
    directories: FxHashMap<Vec<u8>, (Stamp, Value<'h>)>,
    /// Those that are no links.
    real_directories: RefCell<FxHashSet<Vec<u8>>>,
}

#[derive(Copy, Clone)]
enum Imported<'h> {
    /// Being evaluated: needing it now is an infinite recursion.
    Busy,
    Done(Value<'h>),
    /// With the remembered error of this number.
    Failed(u32),
}

/// A path as the operating system takes it.
pub(crate) fn os_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

/// A text that is to become a program.
struct Text<'a> {
    source: Arc<[u8]>,
    /// The position of its first byte.
    base: Pos,
    /// What relative paths are relative to.
    base_dir: &'a [u8],
    is_file: bool,
    /// Whether it comes with the evaluator.
    is_builtin: bool,
}

/// How many links in a row are followed.
const MAX_LINKS: usize = 40;

impl<'h> Eval<'h> {
    /// The value of the file at `path`, which is absolute and canonical; evaluated at most once.
    pub(crate) fn import(&mut self, path: &[u8]) -> Result<Value<'h>> {
        match self.files.values.get(path) {
            Some(&Imported::Done(value)) => return Ok(value),
            Some(&Imported::Failed(number)) => return Err(Box::new(self.failures[number as usize].clone())),
            _ => {}
        }
        let (file, stamp) = self.source_path(path)?;
        match self.files.values.get(&file) {
            Some(&Imported::Done(value)) => {
                self.files.values.insert(path.to_vec(), Imported::Done(value));
                return Ok(value);
            }
            Some(&Imported::Failed(number)) => return Err(Box::new(self.failures[number as usize].clone())),
            Some(Imported::Busy) => {
                return Err(self.import_cycle(&file));
            }
            None => {}
        }
        self.files.values.insert(file.clone(), Imported::Busy);
        let result = self.run_file(&file, stamp, None);
        match result {
            Ok(value) => {
                self.files.values.insert(file, Imported::Done(value));
                self.files.values.insert(path.to_vec(), Imported::Done(value));
                Ok(value)
            }
            Err(mut error) => {
                let remembered = self.remember(&mut error);
                if error.code == Code::InfiniteRecursion {
                    self.pass_file(&file, &mut error);
                }
                match remembered {
                    Some(number) => self.files.values.insert(file, Imported::Failed(number)),
                    None => self.files.values.remove(&file),
                };
                Err(error)
            }
        }
    }

    /// The value of a file in which additional names are in scope.
    pub(crate) fn import_with_scope(&mut self, path: &[u8], scope: &RootScope, frame: Frame<'h>) -> Result<Value<'h>> {
        let (file, stamp) = self.source_path(path)?;
        self.run_file(&file, stamp, Some((scope, frame)))
    }

    fn run_file(
        &mut self,
        file: &[u8],
        stamp: Option<Stamp>,
        scope: Option<(&RootScope, Frame<'h>)>,
    ) -> Result<Value<'h>> {
        let program = match (scope, self.files.programs.get(file)) {
            (None, Some(&program)) => program,
            _ => {
                let root = scope.map(|(root, _)| root.clone()).unwrap_or_default();
                let program = self.program_of_file(file, stamp, &root)?;
                if scope.is_none() {
                    self.files.programs.insert(file.to_vec(), program);
                }
                program
            }
        };
        let text = || format!("while evaluating the file '{}'", String::from_utf8_lossy(file)).into();
        self.eval(program, scope.map(|(_, frame)| frame)).frame(Pos::NONE, text)
    }

    /// The program of a file that had this stamp.
    fn program_of_file(&mut self, file: &[u8], stamp: Option<Stamp>, root: &RootScope) -> Result<&'h Expr<'h>> {
        let name = SourceName::File(PathBuf::from(OsString::from_vec(file.to_vec())));
        if let Some(stamp) = stamp.as_ref().filter(|_| !self.settings.keep_texts)
            && let Some(program) = self.program_of_unchanged(&name, file, stamp, root)
        {
            return Ok(program);
        }
        // What is read may be another file by now, so it tells its stamp itself.
        let (source, stamp) = self.read_stamped(file)?;
        self.load_stamped(name, source, directory(file), root, stamp.as_ref())
    }

    /// The set of what is in a directory, if it has not changed since one was made. Each is a new one, as one can see where a set is
    /// printed twice.
    pub(crate) fn known_directory(&self, path: &[u8], stamp: &Stamp) -> Option<Value<'h>> {
        let (_, set) = self.files.directories.get(path).filter(|(known, _)| known == stamp)?;
        let (shape, values) = set.as_attrs()?.flatten(self.heap);
        Some(Attrs::build(self.heap, shape, |index| values[index].get()))
    }

    /// Remembers the set of what is in a directory, which was listed after it got its stamp.
    pub(crate) fn remember_directory(&mut self, path: &[u8], stamp: Stamp, set: Value<'h>) {
        self.files.directories.insert(path.to_vec(), (stamp, set));
    }

    /// Whether a listing of this run says that there is a directory at a path, which is not a link to one.
    fn is_listed_directory(&self, path: &[u8]) -> bool {
        let file_type = || {
            let (_, listing) = self.files.directories.get(directory(path))?;
            let name = self.symbols.find(base_name(path))?;
            listing.as_attrs()?.get(name)?.get().as_string()
        };
        file_type().is_some_and(|file_type| file_type.bytes() == b"directory")
    }

    /// Whether there is a link at a path. Of a directory it is asked once.
    pub(super) fn is_link(&self, path: &[u8]) -> bool {
        if self.files.real_directories.borrow().contains(path) {
            return false;
        }
        let file_type = self.file_type(path);
        if let Ok(FileType::Directory) = file_type {
            self.files.real_directories.borrow_mut().insert(path.to_vec());
        }
        matches!(file_type, Ok(FileType::Symlink))
    }

    /// Forgets all values and programs of files, so that they are read again.
    pub(crate) fn forget_files(&mut self) {
        self.files = FileCache::default();
    }

    /// Parses and lowers a source text. Relative paths in it are below `base_dir`.
    pub(crate) fn load(
        &mut self,
        name: SourceName,
        source: Arc<[u8]>,
        base_dir: &[u8],
        root: &RootScope,
    ) -> Result<&'h Expr<'h>> {
        self.load_stamped(name, source, base_dir, root, None)
    }

    /// Does so with a text that was read from a file which had this stamp.
    fn load_stamped(
        &mut self,
        name: SourceName,
        source: Arc<[u8]>,
        base_dir: &[u8],
        root: &RootScope,
        stamp: Option<&Stamp>,
    ) -> Result<&'h Expr<'h>> {
        self.counters.sources += 1;
        self.counters.source_bytes += source.len() as u64;
        let is_file = matches!(name, SourceName::File(_));
        let is_builtin = matches!(&name, SourceName::File(path) if builtin_file(path.as_os_str().as_bytes()).is_some());
        let file = (self.sources.add(name, source.clone()))
            .map_err(|too_large| error(Code::SourceTooLarge, too_large.to_string()))?;
        let base = file.pos(0);
        let key = if is_file && !is_builtin { self.key_of_text(&source, stamp, base_dir, root) } else { None };
        if let Some(key) = &key
            && let Some(program) = self.kept_program(key, source.len(), || Some(base))
        {
            return Ok(program);
        }
        let text = Text { source, base, base_dir, is_file, is_builtin };
        let Lowered { program, names, has_warnings } = self.parse_and_lower(text, root)?;
        if let Some(key) = key
            && !has_warnings
        {
            self.keep_program(key, program, &names, base);
        }
        Ok(program)
    }

    fn parse_and_lower(&mut self, text: Text<'_>, root: &RootScope) -> Result<Lowered<'h>> {
        let Text { source, base, base_dir, is_file, is_builtin } = text;
        let start = Instant::now();
        let parse = syntax::parse(source, self.settings.features.syntax());
        let parsed = Instant::now();
        self.counters.parsing += parsed - start;
        if !parse.errors().is_empty() {
            return Err(syntax_errors(&parse, base));
        }
        let mut warnings = Vec::new();
        if self.settings.lints.look_at_names() && !is_builtin {
            warnings = self.lint_names(&parse, base, root)?;
        }
        let home = self.home();
        let sources = self.sources.clone();
        let lowering = Lowering {
            heap: self.heap,
            symbols: &mut self.symbols,
            globals: &self.globals,
            root,
            base_dir,
            home: home.as_deref(),
            base,
            // As in Nix, only what is in a file has a position that a program can see.
            location: &|pos| if is_file { super::position::locate(&sources, pos) } else { None },
            lints: self.settings.lints,
            warnings: &mut warnings,
        };
        let lowered = lower(lowering, &parse).map_err(several);
        self.counters.lowering += parsed.elapsed();
        for warning in &warnings {
            self.warn(warning);
        }
        lowered
    }

    /// The warnings of the lints about names.
    ///
    /// # Errors
    /// What the lints found that are errors.
    fn lint_names(&self, parse: &Parse, base: Pos, root: &RootScope) -> Result<Vec<Diagnostic>> {
        let is_global =
            |name: &[u8]| self.symbols.find(name).is_some_and(|name| self.globals.values.contains_key(&name));
        let found = lint_names(NameLinting {
            parse,
            base,
            lints: self.settings.lints,
            is_global: &is_global,
            root: root.names.iter().map(|&name| self.symbols.bytes(name).to_vec()).collect(),
        });
        match found.iter().any(|found| found.severity == Severity::Error) {
            true => Err(several(found)),
            false => Ok(found),
        }
    }

    /// Writes an expression as it was understood, after checking it.
    pub(crate) fn show(&mut self, name: SourceName, source: Arc<[u8]>, base_dir: &[u8]) -> Result<Vec<u8>> {
        self.load(name, source.clone(), base_dir, &RootScope::default())?;
        let parse = syntax::parse(source, self.settings.features.syntax());
        let home = self.home();
        Ok(show(&parse, &mut self.symbols, base_dir, home.as_deref()))
    }

    /// What `~` stands for, if that may be known.
    pub(super) fn home(&self) -> Option<Vec<u8>> {
        if self.settings.pure { None } else { self.host.variable("HOME").map(OsStringExt::into_vec) }
    }

    pub(crate) fn warn(&mut self, warning: &Diagnostic) {
        self.host.diagnostic(warning, &self.sources);
    }

    /// The file that importing `path` reads, and its stamp, if that is of use: links are followed, of a directory it is
    /// `default.nix` or `default.cfg`.
    fn source_path(&mut self, path: &[u8]) -> Result<(Vec<u8>, Option<Stamp>)> {
        if builtin_file(path).is_some() {
            return Ok((path.to_vec(), None));
        }
        let mut path = path.to_vec();
        // A package set lists a directory, and imports what is in it.
        let is_listed = self.is_listed_directory(&path);
        let mut found = if is_listed { Ok((FileType::Directory, None)) } else { self.examine(&path) };
        for _ in 0..MAX_LINKS {
            match found {
                Ok((FileType::Symlink, _)) => match self.read_link(&path) {
                    Ok(target) => {
                        let target = join(directory(&path), target.as_os_str().as_bytes());
                        // A link such as `/dev/stdin` may lead to what has no path; the system can follow it.
                        found = self.examine(&target);
                        if found.is_err() {
                            return Ok((path, None));
                        }
                        path = target;
                    }
                    Err(cause) => return Err(self.unreadable(&path, &cause)),
                },
                Ok((FileType::Directory, _)) => (path, found) = self.default_file(&path),
                Ok((_, stamp)) => return Ok((path, stamp)),
                Err(cause) => return Err(self.unreadable(&path, &cause)),
            }
        }
        Err(super::files::too_many_links(&path))
    }

    /// The type of a file, and its stamp, if it has one and there is a use for it.
    fn examine(&self, path: &[u8]) -> io::Result<(FileType, Option<Stamp>)> {
        match self.programs.as_ref().and_then(|_| self.stamp(path)) {
            Some(stamp) => Ok((stamp.file_type(), Some(stamp))),
            None => Ok((self.file_type(path)?, None)),
        }
    }

    /// The file of a directory and what it is.
    fn default_file(&self, directory: &[u8]) -> (Vec<u8>, io::Result<(FileType, Option<Stamp>)>) {
        let nix = join(directory, b"default.nix");
        let found = self.examine(&nix);
        if found.is_ok() {
            return (nix, found);
        }
        let cfg = join(directory, b"default.cfg");
        match self.examine(&cfg) {
            Ok(found) => (cfg, Ok(found)),
            Err(_) => (nix, found),
        }
    }
}

/// The syntax errors of a file as one error: the first, with the others after it.
fn syntax_errors(parse: &Parse, base: Pos) -> Box<Diagnostic> {
    several(parse.errors().iter().map(|error| error.to_diagnostic(base)).collect())
}

/// Several errors as one: the first, which carries the others.
fn several(errors: Vec<Diagnostic>) -> Box<Diagnostic> {
    let mut errors = errors.into_iter();
    let mut first = Box::new(errors.next().unwrap_or_else(|| Diagnostic::error(Code::Internal, "unknown error")));
    first.further.extend(errors);
    first
}
