//! `fetchurl` and `fetchTarball`.

use std::collections::BTreeSet;

use super::local::{Location, no_network};
use super::utf8;
use crate::builtins::text::path::base_name;
use crate::diagnostics::{Code, Diagnostic};
use crate::eval::{ErrorExt, Eval, Result, error, invalid_argument};
use crate::heap::Value;
use crate::program::names;
use crate::store::{ContentAddressMethod, Hash, HashAlgorithm, StorePath, check_name};

/// One of the two builtins.
pub(super) struct Fetcher {
    builtin: &'static str,
    method: ContentAddressMethod,
    /// The name in the store; if there is none, the end of the URL.
    name: Option<&'static str>,
}

pub(super) const FILE: Fetcher = Fetcher { builtin: "fetchurl", method: ContentAddressMethod::Flat, name: None };
pub(super) const TARBALL: Fetcher =
    Fetcher { builtin: "fetchTarball", method: ContentAddressMethod::Nar, name: Some("source") };

/// What is to be fetched.
struct Request<'h> {
    url: String,
    name: &'h [u8],
    hash: Option<Hash>,
}

/// Fetches a file or an archive and returns its store path.
pub(super) fn fetch<'h>(eval: &mut Eval<'h>, fetcher: &Fetcher, arguments: Value<'h>) -> Result<Value<'h>> {
    let request = read_request(eval, fetcher, arguments)?;
    if eval.settings.pure && request.hash.is_none() {
        let message = format!("'{}' needs an argument 'sha256' in pure evaluation", fetcher.builtin);
        return Err(error(Code::Forbidden, message));
    }
    let path = fetch_request(eval, fetcher, &request)?;
    Ok(eval.store_path_value(path))
}

fn read_request<'h>(eval: &mut Eval<'h>, fetcher: &Fetcher, arguments: Value<'h>) -> Result<Request<'h>> {
    let arguments = eval.force(arguments)?;
    let mut hash = None;
    let mut name = fetcher.name.map(str::as_bytes);
    let mut url = None;
    if let Some(set) = arguments.as_attrs() {
        let (shape, values) = set.flatten(eval.heap);
        for ((&attribute, &pos), value) in shape.names().iter().zip(shape.positions()).zip(values) {
            let value = value.get();
            match attribute {
                names::URL => url = Some(eval.force_plain_string(value).or_at(pos)?),
                names::NAME => name = Some(eval.force_plain_string(value).or_at(pos)?),
                names::SHA256 => {
                    let text = utf8(eval.force_plain_string(value).or_at(pos)?).or_at(pos)?;
                    hash = Some(eval.fixed_hash(text, Some(HashAlgorithm::Sha256)).or_at(pos)?);
                }
                other => {
                    let message =
                        format!("'{}' does not know the argument '{}'", fetcher.builtin, eval.symbols.text(other));
                    return Err(invalid_argument(message).or_at(pos));
                }
            }
        }
    } else {
        url = Some(eval.force_plain_string(arguments)?);
    }
    let url = url.ok_or_else(|| invalid_argument(format!("'{}' needs an argument 'url'", fetcher.builtin)))?;
    let name = name.unwrap_or_else(|| base_name(url));
    check_name(name)
        .map_err(|cause| error(Code::InvalidStorePath, cause.to_string()))
        .hint("the argument 'name' gives it another name")?;
    let url = if fetcher.name.is_some() { resolve_channel(utf8(url)?) } else { utf8(url)?.to_owned() };
    Ok(Request { url, name, hash })
}

/// `channel:name` stands for an archive of a package set.
pub(super) fn resolve_channel(url: &str) -> String {
    match url.strip_prefix("channel:") {
        Some(name) => format!("https://channels.nixos.org/{name}/nixexprs.tar.xz"),
        None => url.to_owned(),
    }
}

fn fetch_request(eval: &mut Eval<'_>, fetcher: &Fetcher, request: &Request<'_>) -> Result<StorePath> {
    let name = check_name(request.name)?;
    let path_of =
        |eval: &Eval<'_>, hash: &Hash| eval.store.dir().fixed_path(name, fetcher.method, hash, &BTreeSet::new());
    let expected = request.hash.as_ref().map(|hash| path_of(eval, hash)).transpose()?;
    if let Some(expected) = &expected
        && eval.is_in_store(expected)
    {
        return Ok(expected.clone());
    }
    match (Location::of(&request.url)?, expected) {
        (Location::Local(path), expected) => {
            let fetched = fetch_local(eval, fetcher, request, &path)?;
            match expected {
                Some(expected) if expected != fetched.0 => Err(mismatch(eval, fetcher, request, &fetched.1)),
                _ => Ok(fetched.0),
            }
        }
        (Location::Remote, Some(expected)) => {
            eval.fetch_later(&expected, &request.url)?;
            Ok(expected)
        }
        (Location::Remote, None) => {
            let hint = "with its 'sha256', which 'nix-prefetch-url' prints, the store path is known without fetching";
            Err(no_network(&request.url).hint(hint))
        }
    }
}

/// The store path of something local, and the path of its files.
fn fetch_local(
    eval: &mut Eval<'_>,
    fetcher: &Fetcher,
    request: &Request<'_>,
    path: &[u8],
) -> Result<(StorePath, Vec<u8>)> {
    let file = eval.local_file(&request.url, path)?;
    let root = match fetcher.method {
        ContentAddressMethod::Flat => eval.without_permission_to_execute(file)?,
        _ => eval.unpack_archive(&request.url, &file)?.root,
    };
    Ok((eval.add_source(&root, request.name, fetcher.method, None)?, root))
}

#[cold]
fn mismatch(eval: &mut Eval<'_>, fetcher: &Fetcher, request: &Request<'_>, root: &[u8]) -> Box<Diagnostic> {
    let found = match fetcher.method {
        ContentAddressMethod::Flat => {
            eval.read(root).map(|bytes| crate::store::hash_bytes(HashAlgorithm::Sha256, &bytes))
        }
        _ => eval.nar_hash(root),
    };
    let (Ok(found), Some(expected)) = (found, &request.hash) else {
        return error(Code::HashMismatch, format!("'{}' does not have the hash that it should have", request.url));
    };
    let (found, expected) = (found.to_sri(), expected.to_sri());
    error(Code::HashMismatch, format!("'{}' has the hash '{found}' and not '{expected}' as expected", request.url))
}

impl<'h> Eval<'h> {
    /// Whether a store path can be used without fetching it.
    pub(super) fn is_in_store(&self, path: &StorePath) -> bool {
        self.store.contains(path) || self.file_type(self.store.print(path).as_bytes()).is_ok()
    }

    /// Makes a store path usable whose contents are not here; reading them is an error.
    pub(super) fn fetch_later(&mut self, path: &StorePath, url: &str) -> Result<()> {
        if self.store.ensure(path).is_err() {
            let path = self.store.print(path);
            return Err(no_network(url).hint(format!("the store does not have '{path}'")));
        }
        self.store.set_origin(path.clone(), url);
        Ok(())
    }

    /// The directory of an archive that is named in a search path, if the text is a URL.
    pub(crate) fn fetch_search_path_entry(&mut self, url: &[u8]) -> Option<Result<Vec<u8>>> {
        let url = std::str::from_utf8(url).ok()?;
        let is_url = url.starts_with("channel:")
            || url.split_once("://").is_some_and(|(scheme, _)| {
                matches!(scheme, "http" | "https" | "file" | "channel" | "git" | "s3" | "ssh")
            });
        if !is_url {
            return None;
        }
        let request = Request { url: resolve_channel(url), name: b"source", hash: None };
        let path = fetch_request(self, &TARBALL, &request);
        Some(path.map(|path| self.store.print(&path).into_bytes()))
    }
}
