//! Store paths and the directory they are in.
//!
//! Source: "Store Path" in the Nix manual, `store/store-path.md`.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use super::error::{Error, NameProblem, Result};
use super::nix32;

/// The number of characters that the name of a store object may have.
pub const MAX_NAME_LENGTH: usize = 211;

/// The number of characters of the digest in front of the name.
pub const DIGEST_LENGTH: usize = 32;

/// The name of a store object: a digest and a name, `digest-name`, without
/// the store directory. A cheap handle to shared text, ordered by that text.
///
/// ```
/// use firn::store::StoreDir;
///
/// let dir = StoreDir::default();
/// let path = dir.parse("/nix/store/q4mzjdlh5px6977h7v5fdsk1p33yg583-source.drv").unwrap();
/// assert_eq!(path.digest(), "q4mzjdlh5px6977h7v5fdsk1p33yg583");
/// assert_eq!(path.name(), "source.drv");
/// assert_eq!(path.derivation_name(), Some("source"));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorePath {
    base_name: Arc<str>,
}

/// The directory of the store as it is written in store paths, `/nix/store`
/// unless an embedder chooses another one. It is part of what is hashed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StoreDir {
    path: Arc<str>,
}

/// Checks that a store object may have this name.
///
/// # Errors
///
/// [`Error::Name`] says which of the rules the name breaks.
pub fn check_name(name: &[u8]) -> Result<&str> {
    match name_problem(name) {
        None => Ok(std::str::from_utf8(name).expect("valid names are ASCII")),
        Some(problem) => Err(Error::Name { name: String::from_utf8_lossy(name).into_owned(), problem }),
    }
}

fn name_problem(name: &[u8]) -> Option<NameProblem> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._?=".contains(byte);
    match name {
        [] => Some(NameProblem::Empty),
        _ if name.len() > MAX_NAME_LENGTH => Some(NameProblem::TooLong),
        [b'.'] | [b'.', b'-', ..] | [b'.', b'.'] | [b'.', b'.', b'-', ..] => Some(NameProblem::Dots),
        _ => {
            let byte = name.iter().find(|&byte| !allowed(byte))?;
            Some(NameProblem::Character(*byte))
        }
    }
}

impl StorePath {
    /// Reads `digest-name`.
    ///
    /// # Errors
    ///
    /// If the digest or the name breaks a rule.
    pub fn from_base_name(base_name: impl AsRef<[u8]>) -> Result<StorePath> {
        let bytes = base_name.as_ref();
        let refuse = |problem: String| Error::Path { path: String::from_utf8_lossy(bytes).into_owned(), problem };
        if bytes.len() < DIGEST_LENGTH + 1 {
            return Err(refuse("it is too short".to_owned()));
        }
        let (digest, name) = bytes.split_at(DIGEST_LENGTH);
        if let Some(byte) = digest.iter().find(|&&byte| !nix32::is_digit(byte)) {
            let byte = byte.escape_ascii();
            return Err(refuse(format!("its digest contains '{byte}'")));
        }
        let Some((b'-', name)) = name.split_first() else {
            return Err(refuse("no '-' follows the digest".to_owned()));
        };
        if name_problem(name).is_some() {
            let error = check_name(name).expect_err("the name has a problem");
            return Err(refuse(error.to_string()));
        }
        let base_name = std::str::from_utf8(bytes).expect("digest and name are ASCII");
        Ok(StorePath { base_name: base_name.into() })
    }

    /// The path with this digest, already compressed to 160 bits, and this
    /// name.
    ///
    /// # Errors
    ///
    /// [`Error::Name`] if the name breaks a rule.
    pub fn from_digest(digest: [u8; 20], name: &str) -> Result<StorePath> {
        let mut digits = [0; DIGEST_LENGTH];
        for (to, digit) in digits.iter_mut().zip(nix32::digits(&digest)) {
            *to = digit;
        }
        StorePath::join(&digits, &[name])
            .ok_or_else(|| check_name(name.as_bytes()).expect_err("the name has a problem"))
    }

    /// The path with a digest as it is written, and a name of several parts. Nothing if there can be no such path.
    pub(super) fn from_digits(digits: &[u8; DIGEST_LENGTH], name: &[&str]) -> Option<StorePath> {
        digits.iter().all(|&byte| nix32::is_digit(byte)).then(|| StorePath::join(digits, name))?
    }

    /// The same with digits that are valid.
    fn join(digits: &[u8; DIGEST_LENGTH], name: &[&str]) -> Option<StorePath> {
        const NAME: usize = DIGEST_LENGTH + 1;
        let mut base_name = [0; NAME + MAX_NAME_LENGTH];
        base_name[..DIGEST_LENGTH].copy_from_slice(digits);
        base_name[DIGEST_LENGTH] = b'-';
        let mut length = NAME;
        for part in name {
            base_name.get_mut(length..length + part.len())?.copy_from_slice(part.as_bytes());
            length += part.len();
        }
        let base_name = &base_name[..length];
        if name_problem(&base_name[NAME..]).is_some() {
            return None;
        }
        let base_name = std::str::from_utf8(base_name).expect("digest and name are ASCII");
        Some(StorePath { base_name: base_name.into() })
    }

    /// `digest-name`.
    pub fn base_name(&self) -> &str {
        &self.base_name
    }

    /// The 32 characters of the digest.
    pub fn digest(&self) -> &str {
        &self.base_name[..DIGEST_LENGTH]
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.base_name[DIGEST_LENGTH + 1..]
    }

    /// Whether the name ends in `.drv`.
    pub fn is_derivation(&self) -> bool {
        self.derivation_name().is_some()
    }

    /// The name without its `.drv`; `None` if it does not end so.
    pub fn derivation_name(&self) -> Option<&str> {
        self.name().strip_suffix(".drv")
    }
}

impl Borrow<str> for StorePath {
    fn borrow(&self) -> &str {
        &self.base_name
    }
}

/// Shows `digest-name`.
impl fmt::Debug for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base_name)
    }
}

/// Writes `digest-name`. [`StoreDir::display`] writes the whole path.
impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base_name)
    }
}

impl Default for StoreDir {
    /// `/nix/store`.
    fn default() -> StoreDir {
        StoreDir { path: "/nix/store".into() }
    }
}

impl StoreDir {
    /// The store directory `path`, which is taken as it is, without a look at
    /// the file system. Superfluous slashes are removed.
    ///
    /// # Errors
    ///
    /// If the path is not absolute, or is `/` itself.
    pub fn new(path: &str) -> Result<StoreDir> {
        let canonical = canonical(path.as_bytes());
        match canonical.as_slice() {
            [b'/', _, ..] => Ok(StoreDir { path: String::from_utf8_lossy(&canonical).into() }),
            _ => Err(Error::Path {
                path: path.to_owned(),
                problem: "a store directory must be an absolute path other than '/'".to_owned(),
            }),
        }
    }

    /// The directory, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.path
    }

    /// The whole path of a store object.
    pub fn display(&self, path: &StorePath) -> String {
        self.parts(path).concat()
    }

    /// What a store path in full is made of, one after the other.
    pub(crate) fn parts<'a>(&'a self, path: &'a StorePath) -> [&'a str; 3] {
        [&self.path, "/", &path.base_name]
    }

    /// Whether `path` is, by its text, below the store directory.
    pub fn contains(&self, path: impl AsRef<[u8]>) -> bool {
        self.relative(path.as_ref()).is_some()
    }

    /// Reads the path of a store object, not of something inside it. Like
    /// Nix, it ignores superfluous slashes and resolves `.` and `..`.
    ///
    /// # Errors
    ///
    /// If the path is not directly in the store directory, or has a base name
    /// that store paths do not have.
    pub fn parse(&self, path: impl AsRef<[u8]>) -> Result<StorePath> {
        let path = path.as_ref();
        if let Ok(parsed) = self.parse_canonical(path) {
            return Ok(parsed);
        }
        match path {
            [b'/', ..] => self.parse_canonical(canonical(path)),
            _ => Err(self.not_inside(path)),
        }
    }

    /// Reads the path of a store object as it is written in derivations: with
    /// nothing to ignore or to resolve.
    ///
    /// # Errors
    ///
    /// If the path is not of the form `directory/digest-name`.
    pub fn parse_canonical(&self, path: impl AsRef<[u8]>) -> Result<StorePath> {
        let path = path.as_ref();
        let base_name = self.relative(path).ok_or_else(|| self.not_inside(path))?;
        StorePath::from_base_name(base_name)
    }

    /// Splits a path into the store object it is in, and the rest, which is
    /// empty or starts with a slash.
    ///
    /// # Errors
    ///
    /// If the path is not below the store directory, or not in something with
    /// the name of a store object.
    pub fn split<'a>(&self, path: &'a [u8]) -> Result<(StorePath, &'a [u8])> {
        let inside = self.relative(path).ok_or_else(|| self.not_inside(path))?;
        let end = memchr::memchr(b'/', inside).unwrap_or(inside.len());
        let (base_name, rest) = inside.split_at(end);
        Ok((StorePath::from_base_name(base_name)?, rest))
    }

    fn relative<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        path.strip_prefix(self.path.as_bytes())?.strip_prefix(b"/")
    }

    fn not_inside(&self, path: &[u8]) -> Error {
        Error::Path {
            path: String::from_utf8_lossy(path).into_owned(),
            problem: format!("it is not in the store directory '{}'", self.path),
        }
    }
}

impl fmt::Display for StoreDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// Removes empty and `.` components and resolves `..`, by the text alone.
fn canonical(path: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(path.len());
    if !path.starts_with(b"/") {
        return path.to_vec();
    }
    for component in path.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                let parent = memchr::memrchr(b'/', &result).unwrap_or(0);
                result.truncate(parent);
            }
            _ => {
                result.push(b'/');
                result.extend_from_slice(component);
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "q4mzjdlh5px6977h7v5fdsk1p33yg583";

    fn parse(path: &str) -> String {
        match StoreDir::default().parse(path) {
            Ok(path) => path.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names() {
        let problems: [(&str, Option<NameProblem>); 14] = [
            ("", Some(NameProblem::Empty)),
            (".", Some(NameProblem::Dots)),
            ("..", Some(NameProblem::Dots)),
            (".-a", Some(NameProblem::Dots)),
            ("..-a", Some(NameProblem::Dots)),
            ("...", None),
            (".a", None),
            ("..a", None),
            ("...-a", None),
            ("-", None),
            ("a+b-c.d_e?f=9", None),
            ("a b", Some(NameProblem::Character(b' '))),
            ("a/b", Some(NameProblem::Character(b'/'))),
            ("é", Some(NameProblem::Character(0xc3))),
        ];
        for (name, problem) in problems {
            assert_eq!(name_problem(name.as_bytes()), problem, "{name}");
        }
        assert_eq!(name_problem(&[b'a'; 211]), None);
        assert_eq!(name_problem(&[b'a'; 212]), Some(NameProblem::TooLong));
    }

    #[test]
    fn paths_are_read_like_nix_reads_them() {
        let path = format!("{DIGEST}-source");
        assert_eq!(parse(&format!("/nix/store/{path}")), path);
        assert_eq!(parse(&format!("//nix/./x/../store//{path}/")), path);
        assert_eq!(
            parse(&format!("/nix/store/{path}/bin")),
            format!(
                "'{path}/bin' is not a valid store path: the name 'source/bin' contains '/', \
                 but only letters, digits and '+-._?=' are allowed"
            )
        );
        assert_eq!(
            parse("/nix/storey"),
            "'/nix/storey' is not a valid store path: it is not in the store directory '/nix/store'"
        );
        assert_eq!(parse("/nix/store/a-b"), "'a-b' is not a valid store path: it is too short");
        assert_eq!(
            parse(&format!("/nix/store/{}-a", DIGEST.replace('q', "e"))),
            "'e4mzjdlh5px6977h7v5fdsk1p33yg583-a' is not a valid store path: its digest contains 'e'"
        );
        assert_eq!(
            parse(&format!("/nix/store/{DIGEST}+a")),
            format!("'{DIGEST}+a' is not a valid store path: no '-' follows the digest")
        );
    }

    #[test]
    fn a_path_of_digits_and_parts_of_a_name() {
        let digits: &[u8; DIGEST_LENGTH] = DIGEST.as_bytes().try_into().unwrap();
        let path = |name: &[&str]| StorePath::from_digits(digits, name).map(|path| path.to_string());
        assert_eq!(path(&["a", "-", "dev"]), Some(format!("{DIGEST}-a-dev")));
        assert_eq!(path(&["a", ".drv"]), Some(format!("{DIGEST}-a.drv")));
        let (long, longer) = ("a".repeat(200), "a".repeat(208));
        assert!(path(&[&long, ".drv"]).is_some());
        for wrong in [&[][..], &[""], &[".", "-a"], &["a", "/b"], &[&longer, ".drv"]] {
            assert_eq!(path(wrong), None, "{wrong:?}");
        }
        assert!(StorePath::from_digits(&[b'e'; DIGEST_LENGTH], &["a"]).is_none());
    }

    #[test]
    fn a_path_inside_a_store_object_is_split() {
        let dir = StoreDir::new("/gnu//store/").unwrap();
        let text = format!("/gnu/store/{DIGEST}-a/bin//b");
        let (path, rest) = dir.split(text.as_bytes()).unwrap();
        assert_eq!((path.name(), rest), ("a", b"/bin//b".as_slice()));
        assert_eq!(dir.display(&path), format!("/gnu/store/{DIGEST}-a"));
        assert!(dir.split(b"/gnu/store").is_err());
        assert!(dir.contains("/gnu/store/x") && !dir.contains("/gnu/stores"));
    }

    #[test]
    fn a_store_directory_is_absolute() {
        assert!(StoreDir::new("store").is_err());
        assert!(StoreDir::new("/.").is_err());
    }
}
