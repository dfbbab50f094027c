//! `fetchTree` and `fetchGit`: sources described by inputs.

use std::collections::BTreeSet;

use super::date::compact_date;
use super::download::resolve_channel;
use super::git::{self, Checkout};
use super::input::{Attribute, Attributes, Input, Scheme};
use super::local::{Location, no_network};
use super::url::{Strictness, Url};
use super::{attributes_of, int_value, require_feature, unfit_attribute, utf8};
use crate::builtins::text::path::{canonicalize, join};
use crate::diagnostics::{Code, Diagnostic, Pos};
use crate::eval::{AttrList, Coercion, ContextSet, ErrorExt, Eval, Result, error, invalid_argument};
use crate::heap::{Attrs, Str, Value};
use crate::program::names;
use crate::store::{ContentAddressMethod, FileType, Hash, StorePath, check_name};

/// The commit hash that stands for no commit.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

/// One of the two builtins.
pub(super) struct Fetcher {
    builtin: &'static str,
    is_git: bool,
}

pub(super) const TREE: Fetcher = Fetcher { builtin: "fetchTree", is_git: false };
pub(super) const GIT: Fetcher = Fetcher { builtin: "fetchGit", is_git: true };

/// Fetches a tree and returns what is known of it.
pub(super) fn fetch<'h>(eval: &mut Eval<'h>, fetcher: &Fetcher, argument: Value<'h>) -> Result<Value<'h>> {
    let mut input = read_input(eval, fetcher, argument)?;
    let Some(scheme) = input.scheme else {
        let kind = input.required("type").map_err(invalid_argument)?;
        return Err(error(Code::FetchFailed, format!("cannot fetch sources of the unknown type '{kind}'")));
    };
    if scheme.needs_flakes() {
        require_feature(eval, "flakes")?;
    }
    let url = match scheme {
        Scheme::Git => input.required("url").map_err(invalid_argument)?.to_owned(),
        _ => input.to_url().map_err(invalid_argument)?.to_string(),
    };
    check_purity(eval, &input, &url)?;
    let (path, hash) = fetch_input(eval, scheme, &mut input, &url)?;
    tree_value(eval, fetcher, &input, path, &hash)
}

fn read_input<'h>(eval: &mut Eval<'h>, fetcher: &Fetcher, argument: Value<'h>) -> Result<Input> {
    let argument = eval.force(argument)?;
    let mut attributes = match argument.as_attrs() {
        Some(set) => {
            check_type(eval, fetcher, set)?;
            attributes_of(eval, set, fetcher.builtin)?
        }
        None => {
            let url = utf8(eval.coerce(argument, Coercion::PLAIN, &mut ContextSet::default())?)?;
            if !fetcher.is_git {
                require_feature(eval, "flakes").hint("a set describes a source without that feature")?;
                let url = Url::parse(url, Strictness::Strict).map_err(invalid_argument)?;
                return Input::from_url(&url, true).map_err(invalid_argument);
            }
            Attributes::from([("url".to_owned(), Attribute::String(url.to_owned()))])
        }
    };
    let refused: &[&str] = if fetcher.is_git { &["__final"] } else { &["name", "__final"] };
    if let Some(name) = refused.iter().find(|&&name| attributes.contains_key(name)) {
        return Err(unknown_argument(fetcher, name));
    }
    if fetcher.is_git {
        attributes.insert("type".to_owned(), Attribute::String(Scheme::Git.name().to_owned()));
        if attributes.get("submodules") != Some(&Attribute::Bool(true)) {
            attributes.entry("exportIgnore".to_owned()).or_insert(Attribute::Bool(true));
        }
    } else if attributes.get("type") == Some(&Attribute::String("git".to_owned())) {
        attributes.entry("shallow".to_owned()).or_insert(Attribute::Bool(true));
    }
    Input::from_attributes(attributes).map_err(invalid_argument)
}

/// Whether there is a type decides before other attributes are evaluated.
fn check_type<'h>(eval: &mut Eval<'h>, fetcher: &Fetcher, set: Attrs<'h>) -> Result<()> {
    match (eval.find(set, names::TYPE), fetcher.is_git) {
        (Some(_), true) => Err(unknown_argument(fetcher, "type")),
        (None, true) => Ok(()),
        (Some(kind), false) => match eval.force_cell(kind)? {
            kind if kind.as_string().is_some() => Ok(()),
            kind => Err(unfit_attribute(eval, "type", fetcher.builtin, kind).hint("it must be a string")),
        },
        (None, false) => Err(invalid_argument("'fetchTree' needs an argument 'type'")),
    }
}

fn unknown_argument(fetcher: &Fetcher, name: &str) -> Box<Diagnostic> {
    invalid_argument(format!("'{}' does not know the argument '{name}'", fetcher.builtin))
}

/// In pure evaluation a source must be told by a hash.
fn check_purity(eval: &Eval<'_>, input: &Input, url: &str) -> Result<()> {
    let is_locked = input.attributes.contains_key("narHash") || input.attributes.contains_key("rev");
    if !eval.settings.pure || is_locked {
        return Ok(());
    }
    let message = format!("cannot fetch '{url}' in pure evaluation: neither a commit hash nor a 'narHash' locks it");
    Err(error(Code::Forbidden, message))
}

/// Gives a source its store path and adds to the input what is found out about it.
fn fetch_input(eval: &mut Eval<'_>, scheme: Scheme, input: &mut Input, url: &str) -> Result<(StorePath, Hash)> {
    let Some(root) = local_root(eval, scheme, input)? else { return fetch_later(eval, scheme, input, url) };
    let hash = eval.nar_hash(&root)?;
    if let Some(expected) = input.nar_hash().map_err(invalid_argument)?
        && expected != hash
    {
        let (hash, expected) = (hash.to_sri(), expected.to_sri());
        let message = format!("'{url}' has the 'narHash' '{hash}' and not '{expected}' as expected");
        return Err(error(Code::HashMismatch, message));
    }
    let name = input.name().map_err(invalid_argument)?;
    Ok((eval.add_source(&root, name.as_bytes(), ContentAddressMethod::Nar, None)?, hash))
}

/// Where the files of a source are, if it is on this machine.
fn local_root(eval: &mut Eval<'_>, scheme: Scheme, input: &mut Input) -> Result<Option<Vec<u8>>> {
    if scheme == Scheme::Path {
        let path = input.required("path").map_err(invalid_argument)?;
        if !path.starts_with('/') {
            return Err(invalid_argument(format!("cannot fetch the path '{path}', which is not absolute")));
        }
        let path = canonicalize(path.as_bytes());
        let last_modified = latest_change(eval, &path)?;
        input.set_default("lastModified", Attribute::Int(last_modified));
        return Ok(Some(path));
    }
    if !matches!(scheme, Scheme::File | Scheme::Tarball | Scheme::Git) {
        return Ok(None);
    }
    let url = resolve_channel(input.required("url").map_err(invalid_argument)?);
    let Location::Local(path) = Location::of(&url)? else { return Ok(None) };
    if scheme == Scheme::Git {
        let checkout = git::check_out(eval, input, &path)?;
        add_checkout(input, &checkout)?;
        return Ok(Some(checkout.root));
    }
    let file = eval.local_file(&url, &path)?;
    if scheme == Scheme::File {
        return eval.without_permission_to_execute(file).map(Some);
    }
    let archive = eval.unpack_archive(&url, &file)?;
    input.set_default("lastModified", Attribute::Int(archive.last_modified));
    Ok(Some(archive.root))
}

/// Adds what Git knows of a tree.
fn add_checkout(input: &mut Input, checkout: &Checkout) -> Result<()> {
    let string = |text: String| Attribute::String(text);
    match (&checkout.commit, checkout.is_dirty) {
        (Some(commit), true) => {
            input.set_default("dirtyRev", string(format!("{commit}-dirty")));
            input.set_default("dirtyShortRev", string(format!("{}-dirty", short(commit))));
        }
        (None, true) => {}
        (commit, false) => {
            input.set_default("rev", string(commit.as_deref().unwrap_or(NO_COMMIT).to_owned()));
            if let (Some(count), false) = (checkout.count, input.flag("shallow").map_err(invalid_argument)?) {
                input.set_default("revCount", Attribute::Int(count));
            }
        }
    }
    input.set_default("lastModified", Attribute::Int(checkout.last_modified));
    Ok(())
}

/// A source that is not here has a store path if its hash is known, and everything else must be said, too.
fn fetch_later(eval: &mut Eval<'_>, scheme: Scheme, input: &Input, url: &str) -> Result<(StorePath, Hash)> {
    let wanted: &[&str] = match scheme {
        Scheme::File => &["narHash"],
        Scheme::Git if input.flag("shallow").map_err(invalid_argument)? => &["narHash", "lastModified", "rev"],
        Scheme::Git => &["narHash", "lastModified", "rev", "revCount"],
        Scheme::GitHub | Scheme::GitLab | Scheme::SourceHut => &["narHash", "lastModified", "rev"],
        _ => &["narHash", "lastModified"],
    };
    let missing: Vec<_> = wanted.iter().filter(|&&name| !input.attributes.contains_key(name)).copied().collect();
    let (Some(hash), []) = (input.nar_hash().map_err(invalid_argument)?, &missing[..]) else {
        let hint =
            format!("with the attributes {} it need not be fetched before its files are read", missing.join(", "));
        return Err(no_network(url).hint(hint));
    };
    let name = check_name(input.name().map_err(invalid_argument)?.as_bytes())?;
    let path = eval.store.dir().fixed_path(name, ContentAddressMethod::Nar, &hash, &BTreeSet::new())?;
    if !eval.is_in_store(&path) {
        eval.fetch_later(&path, url)?;
    }
    Ok((path, hash))
}

/// When something in a tree was changed last.
fn latest_change(eval: &Eval<'_>, root: &[u8]) -> Result<u64> {
    let mut latest = 0;
    let mut rest = vec![root.to_vec()];
    while let Some(path) = rest.pop() {
        let unreadable = |cause| eval.unreadable(&path, &cause);
        latest = latest.max(eval.modified(&path).map_err(unreadable)?);
        if eval.file_type(&path).map_err(unreadable)? == FileType::Directory {
            let entries = eval.read_directory(&path).map_err(unreadable)?;
            rest.extend(entries.iter().map(|entry| join(&path, entry.name.as_encoded_bytes())));
        }
    }
    Ok(u64::try_from(latest).unwrap_or(0))
}

/// What the builtins return.
fn tree_value<'h>(
    eval: &mut Eval<'h>,
    fetcher: &Fetcher,
    input: &Input,
    path: StorePath,
    hash: &Hash,
) -> Result<Value<'h>> {
    let heap = eval.heap;
    let string = |text: &str| Str::plain(heap, text.as_bytes());
    let mut attributes: Vec<(&str, Value<'h>)> = vec![("narHash", string(&hash.to_sri()))];
    if input.scheme == Some(Scheme::Git) {
        attributes.push(("submodules", Value::bool(input.flag("submodules").map_err(invalid_argument)?)));
    }
    // `fetchGit` has always had a commit, also where there is none.
    let rev = input.rev().map_err(invalid_argument)?.map(|rev| rev.to_base16());
    if let Some(rev) = rev.or_else(|| fetcher.is_git.then(|| NO_COMMIT.to_owned())) {
        attributes.extend([("rev", string(&rev)), ("shortRev", string(short(&rev)))]);
    }
    let count = input.int("revCount").map_err(invalid_argument)?;
    if let Some(count) = count.or(fetcher.is_git.then_some(0)) {
        attributes.push(("revCount", int_value(eval, count)));
    }
    for name in ["dirtyRev", "dirtyShortRev"] {
        if let Some(text) = input.string(name).map_err(invalid_argument)? {
            attributes.push((name, string(text)));
        }
    }
    if let Some(time) = input.int("lastModified").map_err(invalid_argument)? {
        attributes.push(("lastModified", int_value(eval, time)));
        attributes.push(("lastModifiedDate", string(&compact_date(time))));
    }
    let mut members = AttrList::from_iter([(names::OUT_PATH, Pos::NONE, eval.store_path_value(path))]);
    members
        .extend(attributes.into_iter().map(|(name, value)| (eval.symbols.intern(name.as_bytes()), Pos::NONE, value)));
    Ok(eval.attrs_from(members))
}

/// The first digits of a commit hash.
fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}
