//! The search path: what `<name>` means.

use std::os::unix::ffi::OsStrExt;

use rustc_hash::FxHashMap;

use super::{Eval, Result, error};
use crate::builtins::text::path::{canonicalize, join};
use crate::diagnostics::{Code, Diagnostic};

/// The directory whose files come with the evaluator: where `<nix/...>` is. As in Nix, programs do not see it: its files
/// print as `<nix/NAME>`, and as text they are in the root.
pub(super) const BUILTIN_FILES: &[u8] = b"/__corepkgs__/";

/// An entry of the search path: `prefix=path`, or a path whose entries are names themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SearchPathEntry {
    /// What a name must begin with; empty for a directory of names.
    pub prefix: Vec<u8>,
    /// Where it is.
    pub path: Vec<u8>,
}

impl SearchPathEntry {
    /// Reads `prefix=path` or `path`.
    ///
    /// ```
    /// let entry = firn::SearchPathEntry::parse(b"lib=/srv/lib");
    /// assert_eq!((&entry.prefix[..], &entry.path[..]), (&b"lib"[..], &b"/srv/lib"[..]));
    /// ```
    pub fn parse(text: &[u8]) -> SearchPathEntry {
        match text.iter().position(|&byte| byte == b'=') {
            Some(at) => SearchPathEntry { prefix: text[..at].to_vec(), path: text[at + 1..].to_vec() },
            None => SearchPathEntry { prefix: Vec::new(), path: text.to_vec() },
        }
    }

    /// The entries of the variable `NIX_PATH`, which colons separate (but those of URLs).
    pub fn parse_list(text: &[u8]) -> Vec<SearchPathEntry> {
        let mut entries = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let mut end = start;
            while end < text.len() && (text[end] != b':' || is_url_colon(text, start, end)) {
                end += 1;
            }
            if end > start {
                entries.push(SearchPathEntry::parse(&text[start..end]));
            }
            start = end + 1;
        }
        entries
    }

    /// What is left of `name` if it begins with the prefix, as a whole component.
    fn suffix<'n>(&self, name: &'n [u8]) -> Option<&'n [u8]> {
        if self.prefix.is_empty() {
            return Some(name);
        }
        let rest = name.strip_prefix(&self.prefix[..])?;
        match rest {
            [] => Some(rest),
            [b'/', below @ ..] => Some(below),
            _ => None,
        }
    }
}

/// Whether the colon at `at` belongs to `https://` and the like, or to `flake:` and `channel:`.
fn is_url_colon(text: &[u8], start: usize, at: usize) -> bool {
    let before = &text[start..at];
    let scheme = before.rsplit(|&byte| byte == b'=').next().unwrap_or(before);
    text[at + 1..].starts_with(b"//") || matches!(scheme, b"flake" | b"channel" | b"file" | b"path")
}

/// What the paths of entries were found to be.
#[derive(Default)]
pub(super) struct SearchPathCache {
    resolved: FxHashMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'h> Eval<'h> {
    /// Finds `name` in `entries`.
    pub(crate) fn find_in_search_path(&mut self, entries: &[SearchPathEntry], name: &[u8]) -> Result<Vec<u8>> {
        for entry in entries {
            let Some(suffix) = entry.suffix(name) else { continue };
            let Some(root) = self.resolve_entry(&entry.path) else { continue };
            let path = if suffix.is_empty() { root } else { join(&root, suffix) };
            if self.path_exists(&path) {
                return Ok(path);
            }
        }
        if name.starts_with(b"nix/") {
            return Ok([BUILTIN_FILES, &name[4..]].concat());
        }
        Err(not_found(entries, name))
    }

    /// The directory or file that an entry means, if there is one.
    fn resolve_entry(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        if let Some(known) = self.search_path.resolved.get(path) {
            return known.clone();
        }
        let resolved = self.locate_entry(path);
        self.search_path.resolved.insert(path.to_vec(), resolved.clone());
        resolved
    }

    fn locate_entry(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        match self.fetch_search_path_entry(path) {
            Some(Ok(directory)) => return Some(directory),
            Some(Err(error)) => {
                let path = String::from_utf8_lossy(path);
                let message = format!("the entry '{path}' of the search path is ignored: {}", error.message);
                self.warn(&Diagnostic::warning(Code::FetchFailed, message));
                return None;
            }
            None => {}
        }
        let absolute = if path.first() == Some(&b'/') {
            canonicalize(path)
        } else {
            let base = std::env::current_dir().ok()?;
            join(base.as_os_str().as_bytes(), path)
        };
        self.path_exists(&absolute).then_some(absolute)
    }
}

#[cold]
fn not_found(entries: &[SearchPathEntry], name: &[u8]) -> Box<Diagnostic> {
    let name = String::from_utf8_lossy(name);
    let message = format!("file '{name}' was not found in the search path");
    let searched: Vec<_> = (entries.iter())
        .map(|entry| match entry.prefix.as_slice() {
            [] => String::from_utf8_lossy(&entry.path).into_owned(),
            prefix => format!("{}={}", String::from_utf8_lossy(prefix), String::from_utf8_lossy(&entry.path)),
        })
        .collect();
    let mut diagnostic = error(Code::NotInSearchPath, message);
    diagnostic.notes.push(match searched.is_empty() {
        true => "the search path is empty: give it with '-I name=path' or in the variable NIX_PATH".to_owned(),
        false => format!("the search path is: {}", searched.join(":")),
    });
    diagnostic
}
