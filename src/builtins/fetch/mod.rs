//! Sources from elsewhere, and references to them.
//!
//! Evaluation does not use the network. What is on this machine is fetched: files, archives, directories, Git repositories.
//! Of what is not, the store path is computed if its hash is given, and reading it is an error that names
//! the URL.
//!
//! [`url`] and [`git_url`] take addresses apart, [`input`] knows the kinds of sources, and [`flake_ref`] the
//! references of flakes. [`download`] and [`tree`] are the builtins that fetch, [`local`] and [`git`] are what
//! they use, and [`archive`] unpacks. Of [`git`], [`repository`] is what the program `git` tells, and [`submodules`]
//! reads `.gitmodules`.

mod archive;
mod date;
mod download;
mod flake_ref;
mod git;
mod git_url;
mod input;
mod local;
mod ref_name;
mod repository;
mod submodules;
#[cfg(test)]
mod tests;
mod tree;
mod url;

use input::{Attribute, Attributes};
pub(crate) use local::Fetched;

use super::table::builtins;
use crate::diagnostics::{Code, Diagnostic, Pos};
use crate::eval::{Coercion, ContextSet, ErrorExt, Eval, Result, error, invalid_argument};
use crate::heap::{Attrs, Kind, Str, Value};
use crate::program::names;

builtins! {
    /// Copies a store path and what it needs from a binary cache. firn uses no binary caches, so calling it is an
    /// error; it is there so that programs that only mention it work.
    ///
    /// ```nix
    /// # with the feature fetch-closure
    /// builtins.isFunction builtins.fetchClosure
    /// # => true
    /// ```
    "fetchClosure" (arguments!1) if "fetch-closure" => fetch_closure;
    /// Fetches a Git repository and returns a set: `outPath` (the tree in the store), `rev` and `shortRev` of the
    /// commit, `revCount`, `lastModified`, `lastModifiedDate`, `narHash` and `submodules`.
    ///
    /// `arguments` is a URL, a path, or a set with `url` and any of `name` (of the store path, `"source"` if it is
    /// not given), `rev` (a commit), `ref` (a branch or tag, `HEAD` if it is not given), `shallow`, `allRefs`,
    /// `submodules` and `exportIgnore`. Of a repository on this machine without `rev` and `ref`, the files as they are
    /// in the work tree are taken if Git tracks them; if they differ from the last commit, `rev` is zeros and
    /// `dirtyRev` tells the commit.
    ///
    /// With `submodules`, the trees of the submodules, and of theirs, are in their places. Those of a commit are read
    /// from the repositories that `.gitmodules` names, those of a work tree from where they are checked out.
    ///
    /// firn reads repositories on this machine, by running `git`, and does not fetch large files (`lfs`). A remote
    /// repository or submodule is an error; but a remote repository gets its store path if everything is known of it,
    /// as in the example. In pure evaluation `rev` or `narHash` is needed.
    ///
    /// ```nix
    /// (builtins.fetchGit {
    ///   url = "https://example.org/boats";
    ///   rev = "5c7a6a2f5b1c0a3f5d8e5a1b2c3d4e5f60718293";
    ///   narHash = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    ///   lastModified = 1700000000;
    ///   revCount = 7;
    /// }).outPath
    /// # => "/nix/store/zkhxzz513cccjis93q2xa1kwr3q4rq7l-source"
    /// builtins.fetchGit { ref = "main"; }
    /// # => error[E0407]: lacks the attribute 'url'
    /// ```
    "fetchGit" (arguments!1) => fetch_git;
    /// Fetches a Mercurial repository, which firn does not do: calling it is an error.
    ///
    /// ```nix
    /// builtins.isFunction builtins.fetchMercurial
    /// # => true
    /// ```
    "fetchMercurial" (arguments!1) => fetch_mercurial;
    /// Unpacks an archive (tar, compressed or not, or zip) and returns the store path of what is in it as a string.
    /// If the archive has nothing but one directory at its top, the result is that directory.
    ///
    /// `arguments` is a URL, or a set with `url` and, if wanted, `sha256`, the hash of the unpacked tree, and `name`,
    /// the name of the store path (`"source"` if it is not given). firn does not use the network: it reads `file:`
    /// URLs, and computes the store path of all others from the hash. In pure evaluation `sha256` is needed.
    ///
    /// ```nix
    /// builtins.fetchTarball {
    ///   url = "https://example.org/charts.tar.gz";
    ///   sha256 = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    /// }
    /// # => "/nix/store/zkhxzz513cccjis93q2xa1kwr3q4rq7l-source"
    /// ```
    "fetchTarball" (arguments!1) => fetch_tarball;
    /// Fetches a tree of files and returns a set with `outPath`, `narHash` and what else is known of it. The set
    /// `input` has a `type`, such as `"path"`, `"file"`, `"tarball"` or `"git"`, and the attributes of that type;
    /// `"path"` and references in the form of a URL need the feature `flakes` as well. firn fetches sources on this
    /// machine only.
    ///
    /// ```nix
    /// # with the feature fetch-tree
    /// # with the feature flakes
    /// (builtins.fetchTree { type = "path"; path = "/harbour/charts"; }).narHash
    /// # => "sha256-+vnvXjBMO+qVTypqamoAoZobEfQOgzPUP3Xxz4bp7H4="
    /// ```
    "fetchTree" (input!1) if "fetch-tree" => fetch_tree;
    /// Downloads a file and returns its store path as a string. `arguments` is a URL, or a set with `url` and, if
    /// wanted, `sha256`, the hash of the file, and `name`, that of the store path (the last component of the URL if
    /// it is not given).
    ///
    /// firn does not use the network: it reads `file:` URLs, and computes the store path of all others from the hash.
    /// In pure evaluation `sha256` is needed. Not to be confused with functions of the same name that make a
    /// derivation, which downloads when it is built, such as that in `<nix/fetchurl.nix>`.
    ///
    /// ```nix
    /// builtins.fetchurl {
    ///   url = "https://example.org/tides.txt";
    ///   sha256 = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    /// }
    /// # => "/nix/store/nwmkvydavq3kvp58k57xc1rrcx5lv484-tides.txt"
    /// ```
    "fetchurl" (arguments!1) => fetch_url;
    /// The URL of the flake reference that a set of attributes describes.
    ///
    /// ```nix
    /// builtins.flakeRefToString { type = "git"; url = "https://example.org/boats"; ref = "main"; }
    /// # => "git+https://example.org/boats?ref=main"
    /// ```
    "flakeRefToString" (attributes!1) => flake_ref_to_string;
    /// Fetches and evaluates a flake, which firn does not do: calling it is an error.
    ///
    /// ```nix
    /// # with the feature flakes
    /// builtins.isFunction builtins.getFlake
    /// # => true
    /// ```
    "getFlake" (arguments!1) => get_flake;
    /// The parts of a flake reference in the form of a URL, as a set.
    ///
    /// ```nix
    /// builtins.parseFlakeRef "git+https://example.org/boats?ref=main&dir=sail"
    /// # => { dir = "sail"; ref = "main"; type = "git"; url = "https://example.org/boats"; }
    /// ```
    "parseFlakeRef" (reference!1) => parse_flake_ref;
}

fn fetch_url<'h>(eval: &mut Eval<'h>, [arguments]: [Value<'h>; 1]) -> Result<Value<'h>> {
    download::fetch(eval, &download::FILE, arguments)
}

fn fetch_tarball<'h>(eval: &mut Eval<'h>, [arguments]: [Value<'h>; 1]) -> Result<Value<'h>> {
    download::fetch(eval, &download::TARBALL, arguments)
}

fn fetch_tree<'h>(eval: &mut Eval<'h>, [input]: [Value<'h>; 1]) -> Result<Value<'h>> {
    tree::fetch(eval, &tree::TREE, input)
}

fn fetch_git<'h>(eval: &mut Eval<'h>, [arguments]: [Value<'h>; 1]) -> Result<Value<'h>> {
    tree::fetch(eval, &tree::GIT, arguments)
}

fn fetch_mercurial<'h>(eval: &mut Eval<'h>, [arguments]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let mut url = eval.force(arguments)?;
    if let Some(set) = url.as_attrs() {
        url = eval.required(set, names::URL)?;
    }
    let url = eval.coerce(url, Coercion::PLAIN, &mut ContextSet::default())?;
    let url = String::from_utf8_lossy(url);
    Err(error(Code::Unsupported, format!("cannot fetch '{url}': Mercurial repositories are not supported")))
}

fn fetch_closure<'h>(eval: &mut Eval<'h>, [arguments]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let set = eval.force_attrs(arguments)?;
    let name = eval.symbols.intern(b"fromPath");
    let path = eval.required(set, name)?;
    let path = eval.coerce_to_path(path, &mut ContextSet::default())?;
    let path = String::from_utf8_lossy(path);
    Err(error(Code::Unsupported, format!("cannot fetch the closure of '{path}': binary caches are not used")))
}

fn flake_ref_to_string<'h>(eval: &mut Eval<'h>, [attributes]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let set = eval.force_attrs(attributes)?;
    let attributes = attributes_of(eval, set, "flakeRefToString")?;
    let url = flake_ref::print(attributes).map_err(invalid_argument)?;
    Ok(Str::plain(eval.heap, url.as_bytes()))
}

fn parse_flake_ref<'h>(eval: &mut Eval<'h>, [reference]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let text = eval.force_plain_string(reference)?;
    let attributes = flake_ref::parse(utf8(text)?).map_err(invalid_argument)?;
    let values = attributes.into_iter().map(|(name, attribute)| {
        let value = match attribute {
            Attribute::String(text) => Str::plain(eval.heap, text.as_bytes()),
            Attribute::Int(value) => int_value(eval, value),
            Attribute::Bool(value) => Value::bool(value),
        };
        (eval.symbols.intern(name.as_bytes()), Pos::NONE, value)
    });
    let values = values.collect();
    Ok(eval.attrs_from(values))
}

fn get_flake<'h>(eval: &mut Eval<'h>, [reference]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let mut context = ContextSet::default();
    let reference = eval.coerce(reference, crate::eval::Coercion::PLAIN, &mut context)?;
    let reference = String::from_utf8_lossy(reference);
    Err(error(Code::Unsupported, format!("cannot evaluate the flake '{reference}': flakes are not supported"))
        .hint("'import' evaluates a file of a source, and 'parseFlakeRef' takes the reference apart"))
}

/// The attributes of an input that a set gives.
fn attributes_of<'h>(eval: &mut Eval<'h>, set: Attrs<'h>, who: &str) -> Result<Attributes> {
    let mut attributes = Attributes::new();
    let (shape, values) = set.flatten(eval.heap);
    for ((&name, &pos), value) in shape.names().iter().zip(shape.positions()).zip(values) {
        let value = eval.force_attr(value, name, pos)?;
        let name = eval.symbols.text(name);
        match attribute_of(value).or_at(pos)? {
            Some(attribute) => drop(attributes.insert(name, attribute)),
            None => {
                let problem = unfit_attribute(eval, &name, who, value);
                return Err(problem.hint("it must be a string, an integer or a Boolean").or_at(pos));
            }
        }
    }
    Ok(attributes)
}

/// The error that an attribute of an input has a value of a wrong type.
fn unfit_attribute<'h>(eval: &mut Eval<'h>, name: &str, who: &str, value: Value<'h>) -> Box<Diagnostic> {
    let found = eval.describe(value);
    error(Code::TypeMismatch, format!("the attribute '{name}' for '{who}' is {found}"))
}

/// What a value is as an attribute of an input; nothing if it cannot be one.
fn attribute_of(value: Value<'_>) -> Result<Option<Attribute>> {
    Ok(match value.kind() {
        Kind::String(text) => Some(Attribute::String(utf8(text.bytes())?.to_owned())),
        Kind::Path(path) => Some(Attribute::String(utf8(path)?.to_owned())),
        Kind::Bool(value) => Some(Attribute::Bool(value)),
        Kind::Int(value) => match u64::try_from(value) {
            Ok(value) => Some(Attribute::Int(value)),
            Err(_) => return Err(invalid_argument(format!("{value} is negative"))),
        },
        _ => None,
    })
}

/// A number as a value; one too big for that wraps around, as in Nix.
fn int_value<'h>(eval: &Eval<'h>, value: u64) -> Value<'h> {
    Value::int(eval.heap, value as i64)
}

fn utf8(text: &[u8]) -> Result<&str> {
    std::str::from_utf8(text)
        .map_err(|_| invalid_argument(format!("'{}' is not valid UTF-8", String::from_utf8_lossy(text))))
}

/// Refuses what needs a feature that is not enabled.
fn require_feature(eval: &Eval<'_>, feature: &str) -> Result<()> {
    if eval.settings.features.has(feature) {
        return Ok(());
    }
    let message = format!("this needs the experimental feature '{feature}', which is not enabled");
    Err(error(Code::FeatureDisabled, message).hint(format!("'--extra-experimental-features {feature}' enables it")))
}
