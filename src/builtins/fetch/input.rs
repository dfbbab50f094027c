//! Inputs: descriptions of sources, as sets of attributes and as URLs.
//!
//! Source: "Flake references" in the Nix manual, and the input schemes of Nix 2.36.

use std::collections::BTreeMap;
use std::fmt;

use super::git_url::fix_git_url;
use super::ref_name::{is_commit_hash, is_flake_id, is_host, is_legal_ref_name, is_mercurial_ref};
use super::url::{Query, Strictness, Url, UrlError, path_segments, split_scheme};
use crate::store::{Hash, HashAlgorithm};

/// The value of an attribute of an input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Attribute {
    String(String),
    Int(u64),
    Bool(bool),
}

/// The attributes of an input, by their names.
pub(super) type Attributes = BTreeMap<String, Attribute>;

/// A description of a source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Input {
    pub(super) attributes: Attributes,
    /// `None` if the type is unknown: such an input can be carried around and not used.
    pub(super) scheme: Option<Scheme>,
}

/// The kinds of sources.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Scheme {
    File,
    Git,
    GitHub,
    GitLab,
    Mercurial,
    /// A name to be looked up in a registry.
    Indirect,
    Path,
    SourceHut,
    Tarball,
}

impl Scheme {
    /// In the order in which they are asked whether a URL is theirs.
    const ALL: [Scheme; 9] = [
        Scheme::File,
        Scheme::Git,
        Scheme::GitHub,
        Scheme::GitLab,
        Scheme::Mercurial,
        Scheme::Indirect,
        Scheme::Path,
        Scheme::SourceHut,
        Scheme::Tarball,
    ];

    /// The attribute `type`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Scheme::File => "file",
            Scheme::Git => "git",
            Scheme::GitHub => "github",
            Scheme::GitLab => "gitlab",
            Scheme::Mercurial => "hg",
            Scheme::Indirect => "indirect",
            Scheme::Path => "path",
            Scheme::SourceHut => "sourcehut",
            Scheme::Tarball => "tarball",
        }
    }

    /// Whether fetching it needs the feature `flakes`.
    pub(super) fn needs_flakes(self) -> bool {
        !matches!(self, Scheme::File | Scheme::Git | Scheme::Mercurial | Scheme::Tarball)
    }

    fn knows(self, attribute: &str) -> bool {
        let known: &[&str] = match self {
            Scheme::File | Scheme::Tarball => &["url", "narHash", "name", "unpack", "rev", "revCount", "lastModified"],
            Scheme::Git => &[
                "url",
                "ref",
                "rev",
                "shallow",
                "submodules",
                "lfs",
                "exportIgnore",
                "lastModified",
                "revCount",
                "narHash",
                "allRefs",
                "name",
                "dirtyRev",
                "dirtyShortRev",
                "verifyCommit",
                "keytype",
                "publicKey",
                "publicKeys",
            ],
            Scheme::GitHub | Scheme::GitLab | Scheme::SourceHut => {
                &["owner", "repo", "ref", "rev", "narHash", "lastModified", "host", "treeHash"]
            }
            Scheme::Mercurial => &["url", "ref", "rev", "revCount", "narHash", "name"],
            Scheme::Indirect => &["id", "ref", "rev", "narHash"],
            Scheme::Path => &["path", "rev", "revCount", "lastModified", "narHash"],
        };
        known.contains(&attribute)
    }
}

impl Input {
    /// The input that a URL describes. That a tree is wanted and not a file decides what a web address means.
    pub(super) fn from_url(url: &Url, wants_tree: bool) -> Result<Input, UrlError> {
        for scheme in Scheme::ALL {
            if let Some(attributes) = attributes_from_url(scheme, url, wants_tree)? {
                let input = Input { attributes, scheme: Some(scheme) };
                return input.checked();
            }
        }
        if url.scheme == "file+git" {
            return Err(format!("the input '{url}' is not supported: it should begin with 'git+file'"));
        }
        Err(format!("the input '{url}' is not supported: nothing is known of '{}:'", url.scheme))
    }

    /// The input that attributes describe.
    pub(super) fn from_attributes(attributes: Attributes) -> Result<Input, UrlError> {
        let mut input = Input { attributes, scheme: None };
        let name = input.required("type")?;
        let Some(scheme) = Scheme::ALL.into_iter().find(|scheme| scheme.name() == name) else {
            return input.checked();
        };
        let unknown = |name: &&String| *name != "type" && *name != "__final" && !scheme.knows(name);
        if let Some(unknown) = input.attributes.keys().find(unknown) {
            return Err(format!("inputs of the type '{name}' have no attribute '{unknown}'"));
        }
        input.scheme = Some(scheme);
        input.checked()
    }

    /// Checks the attributes.
    fn checked(mut self) -> Result<Input, UrlError> {
        match self.scheme {
            Some(Scheme::GitHub | Scheme::GitLab | Scheme::SourceHut) => self.check_forge()?,
            Some(Scheme::Git) => self.check_git()?,
            Some(Scheme::Indirect) => {
                let id = self.required("id")?;
                if !is_flake_id(id) {
                    return Err(format!("'{id}' is not the name of a flake"));
                }
            }
            Some(Scheme::Path) => drop(self.required("path")?),
            Some(Scheme::Mercurial) => {
                Url::parse(self.required("url")?, Strictness::Strict)?;
                if let Some(name) = self.string("ref")?.filter(|name| !is_mercurial_ref(name)) {
                    return Err(format!("'{name}' is not the name of a Mercurial branch or tag"));
                }
            }
            Some(Scheme::File | Scheme::Tarball) | None => {}
        }
        self.string("ref")?;
        self.int("revCount")?;
        self.int("lastModified")?;
        Ok(self)
    }

    fn check_forge(&self) -> Result<(), UrlError> {
        self.required("owner")?;
        self.required("repo")?;
        let (name, rev) = (self.string("ref")?, self.string("rev")?);
        if let (Some(name), Some(rev)) = (name, rev) {
            return Err(format!("an input has both a commit hash ('{rev}') and a branch or tag ('{name}')"));
        }
        self.rev()?;
        if let Some(name) = name.filter(|name| !is_legal_ref_name(name)) {
            return Err(format!("'{name}' is not the name of a branch or tag"));
        }
        match self.string("host")?.filter(|host| !is_host(host)) {
            Some(host) => Err(format!("'{host}' is not the name of a host")),
            None => Ok(()),
        }
    }

    fn check_git(&mut self) -> Result<(), UrlError> {
        let signatures = ["verifyCommit", "keytype", "publicKey", "publicKeys"];
        if let Some(name) = signatures.into_iter().find(|&name| self.attributes.contains_key(name)) {
            return Err(format!("'{name}' is not supported: signatures are not verified"));
        }
        if let Some(name) = self.string("ref")?.filter(|name| !is_legal_ref_name(name)) {
            return Err(format!("'{name}' is not the name of a Git branch or tag"));
        }
        for flag in ["shallow", "submodules", "allRefs"] {
            self.flag(flag)?;
        }
        let url = fix_git_url(self.required("url")?)?.to_string();
        self.attributes.insert("url".to_owned(), Attribute::String(url));
        Ok(())
    }

    /// The input as a URL.
    pub(super) fn to_url(&self) -> Result<Url, UrlError> {
        match self.scheme {
            None => Err(format!("inputs of the type '{}' are not supported", self.required("type")?)),
            Some(scheme @ (Scheme::GitHub | Scheme::GitLab | Scheme::SourceHut)) => self.forge_url(scheme),
            Some(Scheme::Git) => self.git_url(),
            Some(Scheme::Indirect) => {
                let mut path = vec![self.required("id")?.to_owned()];
                path.extend(self.string("ref")?.map(str::to_owned));
                path.extend(self.rev()?.map(|rev| rev.to_base16()));
                Ok(Url { scheme: "flake".to_owned(), path, ..Url::default() })
            }
            Some(Scheme::Path) => {
                let mut query: Query =
                    self.attributes.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
                for name in ["path", "type", "__final"] {
                    query.remove(name);
                }
                Ok(Url {
                    scheme: "path".to_owned(),
                    path: path_segments(self.required("path")?),
                    query,
                    ..Url::default()
                })
            }
            Some(Scheme::Mercurial) => {
                let mut url = Url::parse(self.required("url")?, Strictness::Strict)?;
                url.scheme.insert_str(0, "hg+");
                self.add_rev_and_ref(&mut url)?;
                Ok(url)
            }
            Some(Scheme::File | Scheme::Tarball) => {
                let mut url = Url::parse(self.required("url")?, Strictness::Strict)?;
                if let Some(hash) = self.nar_hash()? {
                    url.query.insert("narHash".to_owned(), hash.to_sri());
                }
                Ok(url)
            }
        }
    }

    fn forge_url(&self, scheme: Scheme) -> Result<Url, UrlError> {
        let mut path = vec![self.required("owner")?.to_owned(), self.required("repo")?.to_owned()];
        path.extend(self.string("ref")?.map(str::to_owned));
        path.extend(self.rev()?.map(|rev| rev.to_base16()));
        let mut url = Url { scheme: scheme.name().to_owned(), path, ..Url::default() };
        if let Some(hash) = self.nar_hash()? {
            url.query.insert("narHash".to_owned(), hash.to_sri());
        }
        if let Some(host) = self.string("host")? {
            url.query.insert("host".to_owned(), host.to_owned());
        }
        Ok(url)
    }

    fn git_url(&self) -> Result<Url, UrlError> {
        let mut url = Url::parse(self.required("url")?, Strictness::Strict)?;
        if url.scheme != "git" {
            url.scheme.insert_str(0, "git+");
        }
        self.add_rev_and_ref(&mut url)?;
        for flag in ["shallow", "lfs", "submodules", "exportIgnore"] {
            if self.flag(flag)? {
                url.query.insert(flag.to_owned(), "1".to_owned());
            }
        }
        Ok(url)
    }

    fn add_rev_and_ref(&self, url: &mut Url) -> Result<(), UrlError> {
        if let Some(rev) = self.rev()? {
            url.query.insert("rev".to_owned(), rev.to_base16());
        }
        if let Some(name) = self.string("ref")? {
            url.query.insert("ref".to_owned(), name.to_owned());
        }
        Ok(())
    }

    /// Adds an attribute unless it is there: what the caller says is believed.
    pub(super) fn set_default(&mut self, name: &str, value: Attribute) {
        self.attributes.entry(name.to_owned()).or_insert(value);
    }

    /// An attribute that is a string.
    pub(super) fn string(&self, name: &str) -> Result<Option<&str>, UrlError> {
        match self.attributes.get(name) {
            Some(Attribute::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("the attribute '{name}' of an input must be a string")),
            None => Ok(None),
        }
    }

    /// An attribute that is a string and must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, UrlError> {
        self.string(name)?.ok_or_else(|| format!("an input lacks the attribute '{name}'"))
    }

    /// An attribute that is a number.
    pub(super) fn int(&self, name: &str) -> Result<Option<u64>, UrlError> {
        match self.attributes.get(name) {
            Some(Attribute::Int(value)) => Ok(Some(*value)),
            Some(_) => Err(format!("the attribute '{name}' of an input must be an integer")),
            None => Ok(None),
        }
    }

    /// An attribute that is a Boolean, `false` if it is not there.
    pub(super) fn flag(&self, name: &str) -> Result<bool, UrlError> {
        match self.attributes.get(name) {
            Some(Attribute::Bool(value)) => Ok(*value),
            Some(_) => Err(format!("the attribute '{name}' of an input must be a Boolean")),
            None => Ok(false),
        }
    }

    /// The commit hash.
    pub(super) fn rev(&self) -> Result<Option<Hash>, UrlError> {
        let Some(text) = self.string("rev")? else { return Ok(None) };
        let hash = Hash::parse_any(text, None).or_else(|_| Hash::parse_any(text, Some(HashAlgorithm::Sha1)));
        hash.map(Some).map_err(|cause| cause.to_string())
    }

    /// The hash of the tree as an archive.
    pub(super) fn nar_hash(&self) -> Result<Option<Hash>, UrlError> {
        match self.string("narHash")? {
            None => Ok(None),
            Some("") => Ok(Some(Hash::zero(HashAlgorithm::Sha256))),
            Some(text) => match Hash::parse_sri(text) {
                Ok(hash) if hash.algorithm() == HashAlgorithm::Sha256 => Ok(Some(hash)),
                Ok(_) => Err(format!("the attribute 'narHash' must be a SHA-256 hash, and not '{text}'")),
                Err(cause) => Err(cause.to_string()),
            },
        }
    }

    /// The name in the store.
    pub(super) fn name(&self) -> Result<&str, UrlError> {
        Ok(self.string("name")?.unwrap_or("source"))
    }
}

/// The attributes that a URL means if it is one of this scheme.
fn attributes_from_url(scheme: Scheme, url: &Url, wants_tree: bool) -> Result<Option<Attributes>, UrlError> {
    let (application, transport) = split_scheme(&url.scheme);
    match scheme {
        Scheme::File | Scheme::Tarball => {
            let is_tarball = match application {
                Some(application) => application == "tarball",
                None => wants_tree || has_tarball_extension(url),
            };
            let is_known = application.is_none_or(|application| matches!(application, "tarball" | "file"));
            let is_ours =
                is_known && matches!(transport, "file" | "http" | "https") && is_tarball == (scheme == Scheme::Tarball);
            Ok(is_ours.then(|| download_attributes(scheme, url, transport)))
        }
        Scheme::Git if url.scheme == "git" || application == Some("git") => Ok(Some(git_attributes(url))),
        Scheme::GitHub | Scheme::GitLab | Scheme::SourceHut if url.scheme == scheme.name() => {
            forge_attributes(scheme, url).map(Some)
        }
        Scheme::Mercurial if matches!(&*url.scheme, "hg+http" | "hg+https" | "hg+ssh" | "hg+file") => {
            let mut attributes = of_type(scheme);
            let mut plain = Url { scheme: transport.to_owned(), query: Query::new(), ..url.clone() };
            for (name, value) in &url.query {
                match name.as_str() {
                    "rev" | "ref" => drop(attributes.insert(name.clone(), Attribute::String(value.clone()))),
                    _ => drop(plain.query.insert(name.clone(), value.clone())),
                }
            }
            attributes.insert("url".to_owned(), Attribute::String(plain.to_string()));
            Ok(Some(attributes))
        }
        Scheme::Indirect if url.scheme == "flake" => indirect_attributes(url).map(Some),
        Scheme::Path if url.scheme == "path" => path_attributes(url).map(Some),
        _ => Ok(None),
    }
}

fn of_type(scheme: Scheme) -> Attributes {
    Attributes::from([("type".to_owned(), Attribute::String(scheme.name().to_owned()))])
}

fn has_tarball_extension(url: &Url) -> bool {
    let name = url.path.last().map_or("", String::as_str);
    let extensions = [".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst"];
    extensions.iter().any(|extension| name.ends_with(extension))
}

/// Files and archives: the parameters that Nix knows are attributes, the others belong to the request.
fn download_attributes(scheme: Scheme, url: &Url, transport: &str) -> Attributes {
    let mut attributes = of_type(scheme);
    for name in ["narHash", "rev"] {
        if let Some(value) = url.query.get(name) {
            attributes.insert(name.to_owned(), Attribute::String(value.clone()));
        }
    }
    for name in ["revCount", "lastModified"] {
        if let Some(number) = url.query.get(name).and_then(|value| value.parse().ok()) {
            attributes.insert(name.to_owned(), Attribute::Int(number));
        }
    }
    let mut plain = Url { scheme: transport.to_owned(), ..url.clone() };
    plain.query.retain(|name, _| !scheme.knows(name));
    attributes.insert("url".to_owned(), Attribute::String(plain.to_string()));
    attributes
}

fn git_attributes(url: &Url) -> Attributes {
    let mut attributes = of_type(Scheme::Git);
    let mut plain = Url { query: Query::new(), ..url.clone() };
    for (name, value) in &url.query {
        let value = match name.as_str() {
            "rev" | "ref" | "keytype" | "publicKey" | "publicKeys" => Attribute::String(value.clone()),
            "shallow" | "submodules" | "lfs" | "exportIgnore" | "allRefs" | "verifyCommit" => {
                Attribute::Bool(value == "1")
            }
            _ => {
                plain.query.insert(name.clone(), value.clone());
                continue;
            }
        };
        attributes.insert(name.clone(), value);
    }
    attributes.insert("url".to_owned(), Attribute::String(plain.to_string()));
    attributes
}

/// `github:owner/repo/ref-or-rev` and the like.
fn forge_attributes(scheme: Scheme, url: &Url) -> Result<Attributes, UrlError> {
    let mut attributes = of_type(scheme);
    let segments = url.segments();
    let [owner, repo, rest @ ..] = &segments[..] else {
        return Err(format!("the URL '{url}' must name an owner and a repository: '{}:owner/repo'", scheme.name()));
    };
    let mut insert =
        |name: &str, value: &str| attributes.insert(name.to_owned(), Attribute::String(value.to_owned())).is_none();
    insert("owner", owner);
    insert("repo", repo);
    match rest {
        [] => true,
        [rev] if is_commit_hash(rev) => insert("rev", rev),
        name => insert("ref", &name.join("/")),
    };
    for (name, value) in &url.query {
        if !matches!(&**name, "rev" | "ref" | "host" | "narHash") {
            return Err(format!("the URL '{url}' has the unknown parameter '{name}'"));
        }
        if !insert(name, value) {
            return Err(format!("the URL '{url}' says '{name}' twice"));
        }
    }
    Ok(attributes)
}

/// `flake:name/ref/rev`
fn indirect_attributes(url: &Url) -> Result<Attributes, UrlError> {
    let segments = url.segments();
    let (id, name, rev) = match segments[..] {
        [id] => (id, None, None),
        [id, rev] if is_commit_hash(rev) => (id, None, Some(rev)),
        [id, name] => (id, Some(name), None),
        [id, name, rev] => (id, Some(name), Some(rev)),
        _ => return Err(format!("the URL '{url}' is not of the form 'flake:name/ref/rev'")),
    };
    if let Some(name) = name.filter(|name| !is_legal_ref_name(name)) {
        return Err(format!("'{name}' in the URL '{url}' is not the name of a branch or tag"));
    }
    if let Some(rev) = rev.filter(|rev| !is_commit_hash(rev)) {
        return Err(format!("'{rev}' in the URL '{url}' is not a commit hash"));
    }
    let mut attributes = of_type(Scheme::Indirect);
    let rev = rev.map(str::to_ascii_lowercase);
    for (name, value) in [("id", Some(id)), ("ref", name), ("rev", rev.as_deref())] {
        if let Some(value) = value {
            attributes.insert(name.to_owned(), Attribute::String(value.to_owned()));
        }
    }
    Ok(attributes)
}

/// `path:/directory`
fn path_attributes(url: &Url) -> Result<Attributes, UrlError> {
    if let Some(authority) = url.authority.as_ref().filter(|authority| !authority.host.is_empty()) {
        return Err(format!("the path URL '{url}' names the host '{}': it needs a third slash", authority.host));
    }
    let mut attributes = of_type(Scheme::Path);
    attributes.insert("path".to_owned(), Attribute::String(url.file_path()?));
    for (name, value) in &url.query {
        let value = match name.as_str() {
            "rev" | "narHash" => Attribute::String(value.clone()),
            "revCount" | "lastModified" => match value.parse() {
                Ok(number) => Attribute::Int(number),
                Err(_) => return Err(format!("the parameter '{name}' of the URL '{url}' must be a number")),
            },
            _ => return Err(format!("the path URL '{url}' has the unknown parameter '{name}'")),
        };
        attributes.insert(name.clone(), value);
    }
    Ok(attributes)
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attribute::String(text) => f.write_str(text),
            Attribute::Int(value) => value.fmt(f),
            Attribute::Bool(value) => f.write_str(if *value { "1" } else { "0" }),
        }
    }
}
