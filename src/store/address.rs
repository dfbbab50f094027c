//! From content to store path.
//!
//! Source: "Complete Store Path Calculation" in the Nix manual,
//! `protocols/store-path.md`, and "Content-Addressing Store Objects",
//! `store/store-object/content-address.md`.

use std::collections::BTreeSet;

use super::error::{Error, Result};
use super::hash::{Hash, HashAlgorithm, compress};
use super::hasher::sha256;
use super::path::{StoreDir, StorePath};

/// How the content of a store object is hashed to address it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentAddressMethod {
    /// The bytes of a single file.
    Flat,
    /// The Nix archive of a file or directory; "recursive" in older texts.
    Nar,
    /// The bytes of a single file that may refer to other store objects.
    Text,
    /// The object hash that Git would give; in Nix an experimental feature.
    Git,
}

impl ContentAddressMethod {
    /// The name that Nix writes: `flat`, `nar`, `text` or `git`.
    pub const fn name(self) -> &'static str {
        match self {
            ContentAddressMethod::Flat => "flat",
            ContentAddressMethod::Nar => "nar",
            ContentAddressMethod::Text => "text",
            ContentAddressMethod::Git => "git",
        }
    }

    /// The method called `name`; `recursive` is an old name of `nar`.
    pub fn from_name(name: &str) -> Option<ContentAddressMethod> {
        Some(match name {
            "flat" => ContentAddressMethod::Flat,
            "nar" | "recursive" => ContentAddressMethod::Nar,
            "text" => ContentAddressMethod::Text,
            "git" => ContentAddressMethod::Git,
            _ => return None,
        })
    }

    /// What stands before the hash algorithm in a derivation: nothing, `r:`,
    /// `text:` or `git:`.
    pub const fn prefix(self) -> &'static str {
        match self {
            ContentAddressMethod::Flat => "",
            ContentAddressMethod::Nar => "r:",
            ContentAddressMethod::Text => "text:",
            ContentAddressMethod::Git => "git:",
        }
    }

    /// Splits off the prefix, the opposite of [`prefix`](Self::prefix).
    pub fn split_prefix(text: &str) -> (ContentAddressMethod, &str) {
        [ContentAddressMethod::Nar, ContentAddressMethod::Text, ContentAddressMethod::Git]
            .into_iter()
            .find_map(|method| Some((method, text.strip_prefix(method.prefix())?)))
            .unwrap_or((ContentAddressMethod::Flat, text))
    }
}

/// The name of the store object of an output: that of the derivation, and
/// unless the output is `out` also that of the output.
pub fn output_path_name(derivation: &str, output: &str) -> String {
    output_path_name_parts(derivation, output).concat()
}

/// What that name is made of, one after the other.
pub(super) fn output_path_name_parts<'a>(derivation: &'a str, output: &'a str) -> [&'a str; 3] {
    match output {
        "out" => [derivation, "", ""],
        _ => [derivation, "-", output],
    }
}

impl StoreDir {
    /// The path of the store object with this `kind` (`type` in the
    /// specification), hash and name.
    ///
    /// # Errors
    ///
    /// [`Error::Name`] if the name breaks a rule.
    pub fn make_path(&self, kind: &str, hash: &Hash, name: &str) -> Result<StorePath> {
        self.finish_path(kind.to_owned(), hash, name)
    }

    /// The path of a file with these contents that refers to these store
    /// objects: what `builtins.toFile` makes.
    ///
    /// # Errors
    ///
    /// [`Error::Name`] if the name breaks a rule.
    pub fn text_path(&self, name: &str, contents: &[u8], references: &BTreeSet<StorePath>) -> Result<StorePath> {
        self.text_path_of_hash(name, sha256(contents), references)
    }

    /// Like [`text_path`](StoreDir::text_path), with the SHA-256 hash of the
    /// contents, and the references in order.
    pub(super) fn text_path_of_hash<'a>(
        &self,
        name: &str,
        contents: [u8; 32],
        references: impl IntoIterator<Item = &'a StorePath>,
    ) -> Result<StorePath> {
        self.path_with_references("text", &Hash::sha256(contents), references, name)
    }

    /// The path of a store object whose content has this hash, by this method:
    /// the output of a fixed-output derivation, or a source that was added.
    ///
    /// ```
    /// use std::collections::BTreeSet;
    /// use firn::store::{ContentAddressMethod, Hash, HashAlgorithm, StoreDir};
    ///
    /// let hash = Hash::zero(HashAlgorithm::Sha256);
    /// let path = StoreDir::default()
    ///     .fixed_path("x", ContentAddressMethod::Nar, &hash, &BTreeSet::new())
    ///     .unwrap();
    /// assert_eq!(path.to_string(), "130c0ks0fyxky4j4qx02apy69hasc6nf-x");
    /// ```
    ///
    /// # Errors
    ///
    /// If the name breaks a rule; if there are references and it is not one of
    /// the two methods that can express them (text, and NAR with SHA-256); if
    /// text is not hashed with SHA-256, or Git with something Git does not use.
    pub fn fixed_path(
        &self,
        name: &str,
        method: ContentAddressMethod,
        hash: &Hash,
        references: &BTreeSet<StorePath>,
    ) -> Result<StorePath> {
        match (method, hash.algorithm()) {
            (ContentAddressMethod::Text, HashAlgorithm::Sha256) => {
                self.path_with_references("text", hash, references, name)
            }
            (ContentAddressMethod::Nar, HashAlgorithm::Sha256) => {
                self.path_with_references("source", hash, references, name)
            }
            (ContentAddressMethod::Text, algorithm) => Err(Error::Address(format!(
                "'{name}' is content-addressed as text, which needs a hash of type 'sha256' and not '{algorithm}'"
            ))),
            (
                ContentAddressMethod::Git,
                algorithm @ (HashAlgorithm::Md5 | HashAlgorithm::Sha512 | HashAlgorithm::Blake3),
            ) => Err(Error::Address(format!(
                "'{name}' is content-addressed as in Git, which needs a hash of type 'sha1' or 'sha256' and not '{algorithm}'"
            ))),
            _ if !references.is_empty() => Err(Error::Address(format!(
                "'{name}' is content-addressed by a method ({}, {}) that does not allow references to other store paths",
                method.name(),
                hash.algorithm(),
            ))),
            _ => {
                let inner = format!("fixed:out:{}{}:{}:", method.prefix(), hash.algorithm(), hash.to_base16());
                self.make_path("output:out", &Hash::sha256(sha256(inner.as_bytes())), name)
            }
        }
    }

    /// The path of an output of an input-addressed derivation, from the hash
    /// of the derivation modulo its inputs.
    ///
    /// # Errors
    ///
    /// [`Error::Name`] if the names of derivation and output together break a
    /// rule.
    pub fn output_path(&self, derivation: &str, output: &str, hash: &Hash) -> Result<StorePath> {
        let kind = ["output:", output].concat();
        match output {
            "out" => self.finish_path(kind, hash, derivation),
            _ => self.finish_path(kind, hash, &output_path_name(derivation, output)),
        }
    }

    fn path_with_references<'a>(
        &self,
        kind: &str,
        hash: &Hash,
        references: impl IntoIterator<Item = &'a StorePath>,
        name: &str,
    ) -> Result<StorePath> {
        /// More than the names of most store objects have, with all that stands around them.
        const REFERENCE: usize = 96;
        let references = references.into_iter();
        let mut fingerprint = String::with_capacity(256 + references.size_hint().0 * REFERENCE);
        fingerprint.push_str(kind);
        for reference in references {
            fingerprint.push(':');
            fingerprint.extend(self.parts(reference));
        }
        self.finish_path(fingerprint, hash, name)
    }

    /// The path that follows from the kind, which is the beginning of the fingerprint, and the others.
    fn finish_path(&self, mut fingerprint: String, hash: &Hash, name: &str) -> Result<StorePath> {
        let algorithm = hash.algorithm().name();
        fingerprint.reserve(2 * hash.as_bytes().len() + self.as_str().len() + name.len() + 16);
        for part in [":", algorithm, ":"] {
            fingerprint.push_str(part);
        }
        hash.push_base16(&mut fingerprint);
        for part in [":", self.as_str(), ":", name] {
            fingerprint.push_str(part);
        }
        StorePath::from_digest(compress(&sha256(fingerprint.as_bytes())), name)
    }
}
