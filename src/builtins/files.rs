//! Reading files, and copying them to the store.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

use super::table::builtins;
use super::text::path::base_name;
use crate::diagnostics::{Code, Pos};
use crate::eval::{AttrList, ContextElement, ContextSet, ErrorExt, Eval, Result, error, invalid_argument};
use crate::heap::{Str, Value};
use crate::program::names;
use crate::store::{ContentAddressMethod, DirectoryEntry, FileType, Hash, HashAlgorithm, StorePath, check_name};

builtins! {
    /// Copies the directory at `path` to the store without the files for which `filter` returns `false`, and returns
    /// the store path as a string. `filter` is called with the path of each file below it as a string, and its type:
    /// `"regular"`, `"directory"`, `"symlink"` or `"unknown"`. What is in a directory that is left out is left out
    /// too. The name of the store path is the last component of `path`; use `builtins.path` to choose another.
    ///
    /// ```nix
    /// let north = builtins.filterSource (path: type: baseNameOf path == "north.nix") ./charts;
    /// in builtins.attrNames (builtins.getContext north) == [ north ]
    /// # => true
    /// ```
    "filterSource" (filter, path!1) => filter_source;
    /// Copies a file or directory to the store and returns its store path as a string. The set `arguments` has
    /// - `path`, what to copy,
    /// - `name`, that of the store path; the last component of `path` if it is not given,
    /// - `filter`, a function as for `filterSource`,
    /// - `recursive`, `true` if not given: whether it is hashed as an archive, which has to be so for directories and
    ///   programs,
    /// - `sha256`, the hash that it must have.
    ///
    /// ```nix
    /// builtins.path { path = ./charts/north.nix; name = "north"; }
    /// # => "/nix/store/jpl466dr0hq8cjikirbi6fb092m3bpkf-north"
    /// builtins.path { path = ./log.txt; recursive = false; }
    /// # => "/nix/store/f9jigyayk8jr156hylcmb7zkn3x7pml1-log.txt"
    /// builtins.path { path = ./log.txt; sha256 = builtins.hashString "sha256" "other"; }
    /// # => error[E0602]: hash
    /// ```
    "path" (arguments!1) => path;
    /// Whether there is something at `path`. A link is something even if it leads nowhere. If a string ends in `/` or
    /// `/.`, it must be a directory.
    ///
    /// ```nix
    /// map builtins.pathExists [ ./charts ./sharks "/harbour/log.txt/" ]
    /// # => [ true false false ]
    /// ```
    "pathExists" (path!1) => path_exists;
    /// The names in the directory at `path`, with their types: `"regular"`, `"directory"`, `"symlink"` or
    /// `"unknown"`.
    ///
    /// ```nix
    /// builtins.readDir ./charts
    /// # => { "default.nix" = "regular"; "north.nix" = "regular"; "scaled.nix" = "regular"; }
    /// ```
    "readDir" (path!1) => read_dir;
    /// The contents of the file at `path` as a string. A file with a NUL byte is an error. If it is in the store, the
    /// string refers to those store paths that it mentions and that the file itself refers to.
    ///
    /// ```nix
    /// builtins.readFile ./log.txt
    /// # => "calm\n"
    /// builtins.readFile ./sharks.txt
    /// # => error[E0500]: sharks.txt
    /// ```
    "readFile" (path!1) => read_file;
    /// The type of what is at `path`, as in `readDir`. Links are not followed.
    ///
    /// ```nix
    /// builtins.readFileType ./charts
    /// # => "directory"
    /// ```
    "readFileType" (path!1) => read_file_type;
    /// A path that is already in the store, as a string that refers to it. A path into a store path gives the path
    /// itself and refers to the store path. Not allowed in pure evaluation.
    ///
    /// ```nix
    /// builtins.storePath ./charts
    /// # => error[E0701]: store
    /// ```
    "storePath" (path!1) => store_path;
    /// Writes a file with the given name and contents to the store and returns its store path as a string. `contents`
    /// may refer to store paths that are sources, but not to outputs of derivations, since those may not exist yet.
    ///
    /// ```nix
    /// builtins.toFile "greeting" "ahoy\n"
    /// # => "/nix/store/nrzawiwpv4z4iqv7hnwi7ar75qscz2i1-greeting"
    /// ```
    "toFile" (name!1, contents!1) => to_file;
}

fn path_exists<'h>(eval: &mut Eval<'h>, [path]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let value = eval.force(path)?;
    // The slash at the end of a string says that a directory is meant.
    let wants_directory =
        value.as_string().is_some_and(|text| text.bytes().ends_with(b"/") || text.bytes().ends_with(b"/."));
    let path = eval.readable_path(value)?;
    eval.check_fetched(path)?;
    Ok(Value::bool(match eval.file_type(path) {
        Ok(FileType::Symlink) if wants_directory => eval.read_directory(path).is_ok(),
        Ok(kind) => !wants_directory || kind == FileType::Directory,
        Err(_) => false,
    }))
}

fn read_file<'h>(eval: &mut Eval<'h>, [path]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let path = eval.readable_path(path)?;
    let bytes = eval.read(path)?;
    if bytes.contains(&0) {
        let path = String::from_utf8_lossy(path);
        return Err(error(Code::InvalidData, format!("the file '{path}' contains a NUL byte, which no string can")));
    }
    let mut context = ContextSet::default();
    for reference in eval.store.references_in(path, &bytes) {
        context.insert(eval.contexts.intern(ContextElement::Opaque(reference)));
    }
    eval.concat_strings(&[&bytes], &context)
}

fn read_file_type<'h>(eval: &mut Eval<'h>, [path]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let path = eval.readable_path(path)?;
    match eval.file_type(path) {
        Ok(kind) => Ok(kind_value(eval, kind)),
        Err(cause) => Err(eval.unreadable(path, &cause)),
    }
}

fn kind_value<'h>(eval: &mut Eval<'h>, kind: FileType) -> Value<'h> {
    let name = match kind {
        FileType::Regular => "regular",
        FileType::Directory => "directory",
        FileType::Symlink => "symlink",
        FileType::Unknown => "unknown",
    };
    let symbol = eval.symbols.intern(name.as_bytes());
    eval.symbols.value(symbol)
}

fn read_dir<'h>(eval: &mut Eval<'h>, [path]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let path = eval.readable_path(path)?;
    // A library that makes packages of directories may look into the same ones for each of its stages.
    let stamp = eval.stamp(path).filter(|stamp| stamp.file_type() == FileType::Directory);
    if let Some(known) = stamp.as_ref().and_then(|stamp| eval.known_directory(path, stamp)) {
        return Ok(known);
    }
    let entries = eval.read_directory(path).map_err(|cause| eval.unreadable(path, &cause))?;
    let mut attrs = AttrList::with_capacity(entries.len());
    for DirectoryEntry { name, file_type } in entries {
        let kind = kind_value(eval, file_type);
        attrs.push((eval.symbols.intern(name.as_bytes()), Pos::NONE, kind));
    }
    let set = eval.attrs_from(attrs);
    // If it is another directory by now, it may have been one when it was listed.
    if let Some(stamp) = stamp.filter(|&stamp| eval.stamp(path) == Some(stamp)) {
        eval.remember_directory(path, stamp, set);
    }
    Ok(set)
}

fn store_path<'h>(eval: &mut Eval<'h>, [path]: [Value<'h>; 1]) -> Result<Value<'h>> {
    if eval.settings.pure {
        return Err(error(Code::Forbidden, "'storePath' is not allowed in pure evaluation"));
    }
    let mut context = ContextSet::default();
    let path = eval.coerce_to_path(path, &mut context)?;
    let Some(store_path) = eval.store.containing_path(path) else {
        let path = String::from_utf8_lossy(path);
        return Err(error(Code::InvalidStorePath, format!("the path '{path}' is not in the store")));
    };
    context.insert(eval.contexts.intern(ContextElement::Opaque(store_path)));
    Ok(Str::concat(eval.heap, &[path], context.as_slice()))
}

fn to_file<'h>(eval: &mut Eval<'h>, [name, contents]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let name = eval.force_plain_string(name)?;
    let contents = eval.force_string(contents)?;
    let mut references = BTreeSet::new();
    for &id in contents.context() {
        match eval.contexts.element(id) {
            ContextElement::Opaque(path) => drop(references.insert(path.clone())),
            ContextElement::DrvDeep(drv) | ContextElement::Built { drv, .. } => {
                let name = String::from_utf8_lossy(name);
                let message =
                    format!("the file '{name}' cannot refer to the derivation '{drv}': nothing would build it");
                return Err(
                    error(Code::IllegalReference, message).hint("a derivation can write a file that refers to others")
                );
            }
        }
    }
    let path = eval.store.add_text(name, contents.bytes(), &references)?;
    Ok(eval.store_path_value(path))
}

fn filter_source<'h>(eval: &mut Eval<'h>, [filter, path]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let mut context = ContextSet::default();
    let path = eval.coerce_to_path(path, &mut context)?;
    let filter = eval.force_function(filter)?;
    let source =
        Source { path, name: base_name(path), filter: Some(filter), method: ContentAddressMethod::Nar, hash: None };
    add(eval, &source, &context)
}

/// What `path` and `filterSource` add to the store.
struct Source<'a, 'h> {
    path: &'h [u8],
    name: &'a [u8],
    filter: Option<Value<'h>>,
    method: ContentAddressMethod,
    hash: Option<Hash>,
}

fn path<'h>(eval: &mut Eval<'h>, [arguments]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let arguments = eval.force_attrs(arguments)?;
    let mut context = ContextSet::default();
    let mut path = None;
    let mut source = Source { path: b"", name: b"", filter: None, method: ContentAddressMethod::Nar, hash: None };
    let (shape, values) = arguments.flatten(eval.heap);
    for ((&name, &pos), value) in shape.names().iter().zip(shape.positions()).zip(values) {
        let value = value.get();
        match name {
            names::PATH => path = Some(eval.coerce_to_path(value, &mut context).or_at(pos)?),
            names::NAME => source.name = eval.force_plain_string(value).or_at(pos)?,
            names::FILTER => source.filter = Some(eval.force_function(value).or_at(pos)?),
            names::RECURSIVE => {
                if !eval.force_bool(value).or_at(pos)? {
                    source.method = ContentAddressMethod::Flat;
                }
            }
            names::SHA256 => {
                let text = String::from_utf8_lossy(eval.force_plain_string(value).or_at(pos)?);
                source.hash = Some(eval.fixed_hash(&text, Some(HashAlgorithm::Sha256)).or_at(pos)?);
            }
            other => {
                let other = eval.symbols.text(other);
                return Err(invalid_argument(format!("'path' does not know the argument '{other}'")).or_at(pos));
            }
        }
    }
    source.path = path.ok_or_else(|| invalid_argument("'path' needs an argument 'path'"))?;
    if source.name.is_empty() {
        source.name = base_name(source.path);
    }
    add(eval, &source, &context)
}

fn add<'h>(eval: &mut Eval<'h>, source: &Source<'_, 'h>, context: &ContextSet) -> Result<Value<'h>> {
    eval.realise(context)?;
    let text = || format!("while adding the path '{}'", String::from_utf8_lossy(source.path)).into();
    let path = add_resolved(eval, source).frame(Pos::NONE, text)?;
    if let Some(hash) = &source.hash {
        let name = check_name(source.name)?;
        let expected = eval.store.dir().fixed_path(name, source.method, hash, &BTreeSet::new())?;
        if expected != path {
            let message = format!(
                "the path '{}' does not have the hash '{}' as expected",
                String::from_utf8_lossy(source.path),
                hash.to_sri(),
            );
            return Err(error(Code::HashMismatch, message));
        }
    }
    Ok(eval.store_path_value(path))
}

fn add_resolved<'h>(eval: &mut Eval<'h>, source: &Source<'_, 'h>) -> Result<StorePath> {
    let root = eval.resolve_links(source.path)?;
    let Some(filter) = source.filter else { return eval.add_source(&root, source.name, source.method, None) };
    let selection = eval.select_files(&root, &mut |eval, path, kind| {
        let path = Str::plain(eval.heap, path);
        let kind = kind_value(eval, kind);
        let keep = eval.call(filter, &[path, kind], Pos::NONE)?;
        eval.force_bool(keep).hint("the filter must return a Boolean")
    })?;
    eval.add_source(&root, source.name, source.method, Some(&selection))
}

impl<'h> Eval<'h> {
    /// A store path as a string that refers to it.
    pub(super) fn store_path_value(&mut self, path: StorePath) -> Value<'h> {
        let mut context = ContextSet::default();
        context.insert(self.contexts.intern(ContextElement::Opaque(path.clone())));
        self.store.path_value(self.heap, &path, context.as_slice())
    }
}
