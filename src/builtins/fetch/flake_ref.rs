//! Flake references: a source, and the directory in it.

use super::input::{Attribute, Attributes, Input};
use super::ref_name::{is_commit_hash, is_flake_id, is_mercurial_ref};
use super::url::{Strictness, Url, UrlError, decode, parse_lenient_query, path_segments};

/// A flake reference as attributes.
pub(super) fn parse(text: &str) -> Result<Attributes, UrlError> {
    let mut url = if let Some(url) = short_reference(text)? {
        url
    } else if text.starts_with('/') {
        path_reference(text)?
    } else {
        Url::parse(text, Strictness::Lenient).map_err(|cause| {
            format!("'{text}' is no flake reference: it is not a name, not an absolute path, and {cause}")
        })?
    };
    if !url.fragment.is_empty() {
        return Err(format!("the flake reference '{text}' selects '{}', which it cannot here", url.fragment));
    }
    let directory = url.query.remove("dir").unwrap_or_default();
    let mut attributes = Input::from_url(&url, true)?.attributes;
    if !directory.is_empty() {
        attributes.entry("dir".to_owned()).or_insert(Attribute::String(directory));
    }
    Ok(attributes)
}

/// A flake reference as a URL.
pub(super) fn print(mut attributes: Attributes) -> Result<String, UrlError> {
    let directory = match attributes.remove("dir") {
        Some(Attribute::String(directory)) => directory,
        Some(_) => return Err("the attribute 'dir' of a flake reference must be a string".to_owned()),
        None => String::new(),
    };
    let mut url = Input::from_attributes(attributes)?.to_url()?;
    if !directory.is_empty() {
        url.query.entry("dir".to_owned()).or_insert(directory);
    }
    Ok(url.to_string())
}

/// `name`, `name/ref`, `name/rev`, `name/ref/rev`, perhaps with a fragment.
fn short_reference(text: &str) -> Result<Option<Url>, UrlError> {
    let (name, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (id, rest) = match name.split_once('/') {
        Some((id, rest)) => (id, Some(rest)),
        None => (name, None),
    };
    let is_ref_or_rev = |rest: &str| is_commit_hash(rest) || is_mercurial_ref(rest);
    if !is_flake_id(id) || !rest.is_none_or(is_ref_or_rev) || !is_fragment(fragment) {
        return Ok(None);
    }
    Ok(Some(Url {
        scheme: "flake".to_owned(),
        path: name.split('/').map(str::to_owned).collect(),
        fragment: decode(fragment)?,
        ..Url::default()
    }))
}

fn is_fragment(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'\"()*+,;=:@/? ^%".contains(&byte))
}

/// `/path?parameters#fragment`
fn path_reference(text: &str) -> Result<Url, UrlError> {
    let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (path, query) = before.split_once('?').unwrap_or((before, ""));
    Ok(Url {
        scheme: "path".to_owned(),
        path: path_segments(path),
        query: parse_lenient_query(query)?,
        fragment: decode(fragment)?,
        ..Url::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REV: &str = "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed";

    /// The attributes in one line, as `name=value`, and the reference made of them.
    fn round_trip(text: &str) -> Result<(String, String), UrlError> {
        let attributes = parse(text)?;
        let line: Vec<_> = attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Ok((line.join(" "), print(attributes)?))
    }

    #[test]
    fn references_and_their_attributes() {
        for (text, attributes, printed) in [
            ("nixpkgs", "id=nixpkgs type=indirect", "flake:nixpkgs"),
            ("flake:nixpkgs", "id=nixpkgs type=indirect", "flake:nixpkgs"),
            ("nixpkgs/branch", "id=nixpkgs ref=branch type=indirect", "flake:nixpkgs/branch"),
            ("nixpkgs/branch////", "id=nixpkgs ref=branch type=indirect", "flake:nixpkgs/branch"),
            ("flake:/nixpkgs///branch////", "id=nixpkgs ref=branch type=indirect", "flake:nixpkgs/branch"),
            ("github:NixOS/nixpkgs", "owner=NixOS repo=nixpkgs type=github", "github:NixOS/nixpkgs"),
            (
                "github:NixOS/nixpkgs/23.05?dir=lib",
                "dir=lib owner=NixOS ref=23.05 repo=nixpkgs type=github",
                "github:NixOS/nixpkgs/23.05?dir=lib",
            ),
            ("github:foo/bar?ref=branch%23", "owner=foo ref=branch# repo=bar type=github", "github:foo/bar/branch%23"),
            ("github:a/b/c/d", "owner=a ref=c/d repo=b type=github", "github:a/b/c%2Fd"),
            (
                "github://////owner%42/////repo%41///branch%43////",
                "owner=ownerB ref=branchC repo=repoA type=github",
                "github:ownerB/repoA/branchC",
            ),
            (
                "gitlab:/owner%252Fsubgroup/repo",
                "owner=owner%2Fsubgroup repo=repo type=gitlab",
                "gitlab:owner%252Fsubgroup/repo",
            ),
            (
                "sourcehut:~a/b?host=git.example.org",
                "host=git.example.org owner=~a repo=b type=sourcehut",
                "sourcehut:~a/b?host=git.example.org",
            ),
            ("git://host/repo?ref=x", "ref=x type=git url=git://host/repo", "git://host/repo?ref=x"),
            (
                "git+https://host/repo?ref=x&shallow=1&z=1",
                "ref=x shallow=1 type=git url=https://host/repo?z=1",
                "git+https://host/repo?ref=x&shallow=1&z=1",
            ),
            ("https://host/a.tar.gz", "type=tarball url=https://host/a.tar.gz", "https://host/a.tar.gz"),
            ("https://host/a", "type=tarball url=https://host/a", "https://host/a"),
            ("tarball+file:///a?x=1", "type=tarball url=file:///a?x=1", "file:///a?x=1"),
            ("file+https://host/a.zip", "type=file url=https://host/a.zip", "https://host/a.zip"),
            (
                "http://host/test/+3d.tar.gz",
                "type=tarball url=http://host/test/%2B3d.tar.gz",
                "http://host/test/%2B3d.tar.gz",
            ),
            ("path:./a", "path=./a type=path", "path:./a"),
            ("path:/a?lastModified=5", "lastModified=5 path=/a type=path", "path:/a?lastModified=5"),
            (
                "/foo bar/baz?dir=bla space",
                "dir=bla space path=/foo bar/baz type=path",
                "path:/foo%20bar/baz?dir=bla%20space",
            ),
            ("hg+https://host/a?ref=x", "ref=x type=hg url=https://host/a", "hg+https://host/a?ref=x"),
        ] {
            let (attributes, printed) = (attributes.to_owned(), printed.to_owned());
            assert_eq!(round_trip(text), Ok((attributes, printed)), "{text}");
        }
    }

    #[test]
    fn commit_hashes() {
        let (attributes, printed) = round_trip(&format!("nixpkgs/branch/{REV}")).unwrap();
        assert_eq!(attributes, format!("id=nixpkgs ref=branch rev={REV} type=indirect"));
        assert_eq!(printed, format!("flake:nixpkgs/branch/{REV}"));
        let (attributes, printed) = round_trip(&format!("github:a/b/{REV}")).unwrap();
        assert_eq!(attributes, format!("owner=a repo=b rev={REV} type=github"));
        assert_eq!(printed, format!("github:a/b/{REV}"));
        let (_, printed) = round_trip(&format!("/foo?revCount=123&rev={REV}")).unwrap();
        assert_eq!(printed, format!("path:/foo?rev={REV}&revCount=123"));
    }

    #[test]
    fn malformed_references_are_refused() {
        for text in [
            "",
            "./a",
            "a b",
            "/foo?xyzzy=1",
            "/foo#bla",
            "nixpkgs#hello",
            "github:a",
            "github:a/b?x=1",
            "github:a/b?rev=1",
            "github:a/b/x?ref=y",
            "github:a/b/..",
            "unknown:x",
            "file+git:///x",
            "path://host/x",
            "path:/x?revCount=y",
            "nixpkgs/a/b",
            "flake:1",
            "github:a/b?host=a/b",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
