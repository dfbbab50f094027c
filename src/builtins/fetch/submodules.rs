//! Submodules of Git repositories: what `.gitmodules` says.
//!
//! Sources: gitmodules(5), and what Nix 2.36 makes of it.

use std::collections::BTreeMap;

use super::input::{Attribute, Attributes, Input, Scheme};
use super::local::{Location, no_network};
use super::repository::{Blobs, COMMIT, Repository, SYMLINK};
use super::url::Url;
use crate::builtins::text::path::{canonicalize, directory, join};
use crate::eval::{ErrorExt, Result, invalid_argument, os_path};

const LIST: &[u8] = b".gitmodules";

/// A submodule as `.gitmodules` describes it.
pub(super) struct Submodule {
    /// Its path in the repository, in canonical form but without a slash at the beginning.
    pub(super) path: Vec<u8>,
    /// As it is written, and empty if it is not.
    url: String,
    branch: Option<String>,
}

/// The submodules of a work tree by their paths: those in the file that is there now, also if Git does not know it.
pub(super) fn of_work_tree(repository: &mut Repository<'_, '_>) -> Result<BTreeMap<Vec<u8>, Submodule>> {
    let path = join(repository.path, LIST);
    if !repository.eval.path_exists(&path) {
        return Ok(BTreeMap::new());
    }
    let text = repository.eval.read(&path)?;
    let submodules = parse(repository, &text)?;
    match submodules.keys().find(|path| is_inside(&submodules, directory(path))) {
        Some(inner) => {
            let inner = String::from_utf8_lossy(inner);
            Err(repository.failure(&format!("'.gitmodules' places the submodule '{inner}' inside another one")))
        }
        None => Ok(submodules),
    }
}

/// The submodules that a commit has, and the hashes of their commits.
pub(super) fn of_commit(repository: &Repository<'_, '_>, blobs: &Blobs) -> Result<Vec<(Submodule, String)>> {
    let Some(list) = blobs.get(LIST) else { return Ok(Vec::new()) };
    if matches!(list.mode.as_str(), COMMIT | SYMLINK) {
        return Err(repository.failure("'.gitmodules' is no regular file"));
    }
    let text = repository.git(&["cat-file", "blob", &list.hash], b"")?;
    let submodules = parse(repository, &text)?.into_values();
    Ok(submodules
        .filter_map(|submodule| {
            let commit = blobs.get(&submodule.path).filter(|blob| blob.mode == COMMIT)?;
            let hash = commit.hash.clone();
            Some((submodule, hash))
        })
        .collect())
}

/// Whether a file is a submodule or in one.
pub(super) fn is_inside(submodules: &BTreeMap<Vec<u8>, Submodule>, name: &[u8]) -> bool {
    !submodules.is_empty()
        && (submodules.contains_key(name)
            || memchr::memchr_iter(b'/', name).any(|slash| submodules.contains_key(&name[..slash])))
}

/// The path of the repository with the commits of a submodule.
pub(super) fn locate(repository: &Repository<'_, '_>, submodule: &Submodule, commit: &str) -> Result<Vec<u8>> {
    let string = |text: &str| Attribute::String(text.to_owned());
    let url = resolve(repository, &submodule.url)?;
    let mut attributes = Attributes::from([
        ("type".to_owned(), string(Scheme::Git.name())),
        ("url".to_owned(), string(&url)),
        ("rev".to_owned(), string(commit)),
    ]);
    // A dot stands for the branch of the repository that the submodule is in.
    if let Some(branch) = submodule.branch.as_deref().filter(|&branch| branch != "." && !branch.is_empty()) {
        attributes.insert("ref".to_owned(), string(branch));
    }
    let outer = String::from_utf8_lossy(repository.path);
    let path = String::from_utf8_lossy(&submodule.path);
    let place = || format!("this is the submodule '{path}' of the Git repository '{outer}'");
    let input = Input::from_attributes(attributes).map_err(invalid_argument).map_err(|e| e.hint(place()))?;
    let url = input.required("url").map_err(invalid_argument)?;
    match Location::of(url)? {
        Location::Local(path) => Ok(path),
        Location::Remote => Err(no_network(url).hint(place())),
    }
}

/// Reads the syntax of Git's configuration. Of two values for the same thing, the first counts.
fn parse(repository: &Repository<'_, '_>, text: &[u8]) -> Result<BTreeMap<Vec<u8>, Submodule>> {
    let list = repository
        .eval
        .host
        .git(os_path(repository.path), &["config", "--file", "-", "--no-includes", "-z", "--list"], text)
        .map_err(|cause| repository.failure(&format!("'.gitmodules' is malformed: {cause}")))?;
    let mut sections: BTreeMap<&[u8], BTreeMap<&[u8], &[u8]>> = BTreeMap::new();
    for entry in list.split(|&byte| byte == 0) {
        let end = memchr::memchr(b'\n', entry);
        let Some(key) = entry[..end.unwrap_or(entry.len())].strip_prefix(b"submodule.") else { continue };
        let Some(dot) = memchr::memrchr(b'.', key) else { continue };
        let (name, variable) = (&key[..dot], &key[dot + 1..]);
        if !matches!(variable, b"path" | b"url" | b"branch") {
            continue;
        }
        let Some(end) = end else {
            let (name, variable) = (String::from_utf8_lossy(name), String::from_utf8_lossy(variable));
            return Err(repository.failure(&format!("'.gitmodules' has no value for the {variable} of '{name}'")));
        };
        sections.entry(name).or_default().entry(variable).or_insert(&entry[end + 1..]);
    }
    let text = |value: &&[u8]| String::from_utf8_lossy(value).into_owned();
    let submodules = sections.values().filter_map(|section| {
        let path = canonicalize(section.get(&b"path"[..])?)[1..].to_vec();
        let url = section.get(&b"url"[..]).map(text).unwrap_or_default();
        Some((path.clone(), Submodule { path, url, branch: section.get(&b"branch"[..]).map(text) }))
    });
    Ok(submodules.collect())
}

/// The URL or the absolute path that the URL of a submodule means.
fn resolve(repository: &Repository<'_, '_>, url: &str) -> Result<String> {
    let url = url.replace('\\', "/");
    let unresolved = || repository.failure(&format!("cannot resolve the URL '{url}' of a submodule"));
    if url.starts_with("./") || url.starts_with("../") {
        return resolve_relative(&base(repository)?, &url).ok_or_else(unresolved);
    }
    if url.starts_with('/') || url.contains(':') {
        return Ok(url);
    }
    Err(unresolved().hint("it must be a URL or begin with '/', './' or '../'"))
}

/// What relative URLs are relative to: where the repository comes from, or else where it is.
fn base(repository: &Repository<'_, '_>) -> Result<String> {
    if repository.is_bare {
        return Ok(Url::of_file(&String::from_utf8_lossy(repository.path)).to_string());
    }
    let branches = repository.line(&["for-each-ref", "--format=%(HEAD)%(upstream:remotename)", "refs/heads"])?;
    let upstream = branches.lines().find_map(|line| line.strip_prefix('*')).filter(|name| !name.is_empty());
    for remote in upstream.into_iter().chain(["origin"]) {
        if let Ok(url) = repository.line(&["remote", "get-url", "--", remote]) {
            return Ok(url);
        }
    }
    // A further work tree of a repository counts as being where the first one is.
    let places = repository.line(&["rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"])?;
    if let Some((own, common)) = places.split_once('\n')
        && own != common
    {
        return Ok(String::from_utf8_lossy(directory(common.as_bytes())).into_owned());
    }
    repository.line(&["rev-parse", "--show-toplevel"])
}

/// Applies a path to a URL or a path; nothing comes of it if it leads out at the top.
fn resolve_relative(base: &str, path: &str) -> Option<String> {
    let text = format!("{base}/{path}");
    let scheme = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let mut fixed = if text[scheme..].starts_with("://") { scheme + 3 } else { 0 };
    fixed += usize::from(text[fixed..].starts_with('/'));
    let mut components: Vec<&str> = Vec::new();
    for component in text[fixed..].split('/') {
        match component {
            "" | "." => {}
            ".." => match components.pop() {
                Some("..") => components.extend(["..", ".."]),
                Some(_) => {}
                None if fixed > 0 => return None,
                None => components.push(".."),
            },
            _ => components.push(component),
        }
    }
    Some(text[..fixed].to_owned() + &components.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_urls() {
        for (base, path, expected) in [
            ("/srv/a", "../b", Some("/srv/b")),
            ("/srv/a/", "./b", Some("/srv/a/b")),
            ("/srv/a", ".././/b/", Some("/srv/b")),
            ("https://example.org/o/a.git", "../b.git", Some("https://example.org/o/b.git")),
            ("file:///srv/a", "../b", Some("file:///srv/b")),
            ("git@example.org:o/a", "../b", Some("git@example.org:o/b")),
            ("../a", "../../b", Some("../../b")),
            ("a", "../../../b", Some("../../b")),
            ("/a", "../../b", None),
        ] {
            assert_eq!(resolve_relative(base, path).as_deref(), expected, "{base} {path}");
        }
    }
}
