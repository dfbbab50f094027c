//! Hashes, and the notations in which people and Nix write them.
//!
//! Source: "Hash" in the Nix manual (`protocols/json/hash.md`), `nix hash
//! convert`, and [Subresource Integrity](https://www.w3.org/TR/SRI/).

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};

use super::nix32;

/// A hash algorithm that Nix knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashAlgorithm {
    /// MD5 (RFC 1321), 16 bytes; broken, kept for old expressions.
    Md5,
    /// SHA-1 (RFC 3174), 20 bytes; broken, kept for old expressions.
    Sha1,
    /// SHA-256 (FIPS 180-4), 32 bytes; what Nix uses everywhere itself.
    Sha256,
    /// SHA-512 (FIPS 180-4), 64 bytes.
    Sha512,
    /// BLAKE3, 32 bytes; in Nix an experimental feature.
    Blake3,
}

/// A notation of hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashFormat {
    /// Hexadecimal digits in lower case.
    Base16,
    /// The base-32 notation of [`nix32`].
    Nix32,
    /// Base 64 with padding (RFC 4648, section 4).
    Base64,
    /// `algorithm-base64`, as in Subresource Integrity.
    Sri,
}

/// A hash: an algorithm and as many bytes as it yields.
///
/// ```
/// use firn::store::{Hash, HashAlgorithm, hash_bytes};
///
/// let hash = hash_bytes(HashAlgorithm::Sha256, b"abc");
/// assert_eq!(hash.to_sri(), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
/// let nix32 = "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s";
/// assert_eq!(Hash::parse_any(nix32, Some(HashAlgorithm::Sha256)).unwrap(), hash);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash {
    algorithm: HashAlgorithm,
    /// The bytes of the hash, followed by zeros.
    bytes: [u8; MAX_SIZE],
}

const MAX_SIZE: usize = 64;

/// Why a text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashError {
    /// The name of an algorithm that does not exist.
    UnknownAlgorithm(String),
    /// The name of a notation that does not exist.
    UnknownFormat(String),
    /// The text does not say which algorithm it is of, nor does anything else.
    NoAlgorithm(String),
    /// The text says one algorithm, its place another.
    WrongAlgorithm {
        /// The text that was read.
        text: String,
        /// The algorithm it should be of.
        expected: HashAlgorithm,
    },
    /// No notation of a hash of this algorithm has the length of the text.
    WrongLength {
        /// The text that was read.
        text: String,
        /// The algorithm it should be of.
        algorithm: HashAlgorithm,
    },
    /// The text is too long or too short for the notation it is written in.
    WrongSize {
        /// The text that was read.
        text: String,
        /// The notation it is in.
        format: HashFormat,
        /// The algorithm it should be of.
        algorithm: HashAlgorithm,
    },
    /// The text contains a character that its notation does not have.
    Character {
        /// The text that was read.
        text: String,
        /// The notation it is in.
        format: HashFormat,
        /// The first such character, or a byte of it.
        character: u8,
    },
    /// The text is not of the form `algorithm-base64`.
    NotSri(String),
}

impl HashAlgorithm {
    /// All algorithms, in alphabetical order.
    pub const ALL: [HashAlgorithm; 5] =
        [HashAlgorithm::Blake3, HashAlgorithm::Md5, HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512];

    /// The name that Nix writes: `sha256` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            HashAlgorithm::Md5 => "md5",
            HashAlgorithm::Sha1 => "sha1",
            HashAlgorithm::Sha256 => "sha256",
            HashAlgorithm::Sha512 => "sha512",
            HashAlgorithm::Blake3 => "blake3",
        }
    }

    /// The size of a hash in bytes.
    pub const fn size(self) -> usize {
        match self {
            HashAlgorithm::Md5 => 16,
            HashAlgorithm::Sha1 => 20,
            HashAlgorithm::Sha256 | HashAlgorithm::Blake3 => 32,
            HashAlgorithm::Sha512 => 64,
        }
    }

    /// The algorithm called `name`, if there is one.
    pub fn from_name(name: &str) -> Option<HashAlgorithm> {
        HashAlgorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

impl FromStr for HashAlgorithm {
    type Err = HashError;

    fn from_str(name: &str) -> Result<HashAlgorithm, HashError> {
        HashAlgorithm::from_name(name).ok_or_else(|| HashError::UnknownAlgorithm(name.to_owned()))
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl HashFormat {
    /// The name that Nix writes: `base16`, `nix32`, `base64` or `sri`.
    pub const fn name(self) -> &'static str {
        match self {
            HashFormat::Base16 => "base16",
            HashFormat::Nix32 => "nix32",
            HashFormat::Base64 => "base64",
            HashFormat::Sri => "sri",
        }
    }
}

impl FromStr for HashFormat {
    type Err = HashError;

    /// Reads the name of a notation. `base32` is an old name of `nix32`.
    fn from_str(name: &str) -> Result<HashFormat, HashError> {
        Ok(match name {
            "base16" => HashFormat::Base16,
            "nix32" | "base32" => HashFormat::Nix32,
            "base64" => HashFormat::Base64,
            "sri" => HashFormat::Sri,
            _ => return Err(HashError::UnknownFormat(name.to_owned())),
        })
    }
}

impl Hash {
    /// The hash of `algorithm` with these bytes; `None` if their number is not
    /// [`HashAlgorithm::size`].
    pub fn new(algorithm: HashAlgorithm, bytes: &[u8]) -> Option<Hash> {
        let mut hash = Hash::zero(algorithm);
        (bytes.len() == algorithm.size()).then(|| {
            hash.bytes[..bytes.len()].copy_from_slice(bytes);
            hash
        })
    }

    /// The SHA-256 hash with these bytes.
    pub fn sha256(digest: [u8; 32]) -> Hash {
        let mut hash = Hash::zero(HashAlgorithm::Sha256);
        hash.bytes[..32].copy_from_slice(&digest);
        hash
    }

    /// The hash of `algorithm` whose bytes are all zero: what Nix takes an
    /// empty text to mean.
    pub const fn zero(algorithm: HashAlgorithm) -> Hash {
        Hash { algorithm, bytes: [0; MAX_SIZE] }
    }

    /// The algorithm.
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.size()]
    }

    /// Reads a hash in any notation: `algorithm:digits` or, where the context
    /// says the algorithm, `digits` alone, the notation being told by the
    /// length; or `algorithm-base64`.
    ///
    /// # Errors
    ///
    /// If the text is no hash, is of another algorithm than `expected`, or
    /// if neither text nor `expected` says the algorithm.
    pub fn parse_any(text: &str, expected: Option<HashAlgorithm>) -> Result<Hash, HashError> {
        let (stated, digits, is_sri) = match text.split_once(':') {
            Some((name, digits)) => (Some(name), digits, false),
            None => match text.split_once('-') {
                Some((name, digits)) => (Some(name), digits, true),
                None => (None, text, false),
            },
        };
        let stated = stated.map(HashAlgorithm::from_str).transpose()?;
        let algorithm = match (stated, expected) {
            (Some(stated), Some(expected)) if stated != expected => {
                return Err(HashError::WrongAlgorithm { text: text.to_owned(), expected });
            }
            (Some(algorithm), _) | (None, Some(algorithm)) => algorithm,
            (None, None) => return Err(HashError::NoAlgorithm(text.to_owned())),
        };
        if is_sri { decode(digits, algorithm, HashFormat::Sri) } else { Hash::parse_digits(digits, algorithm) }
    }

    /// Like [`parse_any`](Hash::parse_any), but an empty text stands for the
    /// zero hash, as in `sha256 = "";`. Nix warns about that; so should the
    /// caller, who sees whether `text` is empty.
    ///
    /// # Errors
    ///
    /// Those of `parse_any`; an empty text needs an `expected` algorithm.
    pub fn parse_allow_empty(text: &str, expected: Option<HashAlgorithm>) -> Result<Hash, HashError> {
        if !text.is_empty() {
            return Hash::parse_any(text, expected);
        }
        expected.map(Hash::zero).ok_or_else(|| HashError::NoAlgorithm(String::new()))
    }

    /// Reads a hash written `algorithm-base64`.
    ///
    /// # Errors
    ///
    /// If the text is not of that form.
    pub fn parse_sri(text: &str) -> Result<Hash, HashError> {
        let (name, digits) = text.split_once('-').ok_or_else(|| HashError::NotSri(text.to_owned()))?;
        decode(digits, name.parse()?, HashFormat::Sri)
    }

    /// Reads a hash of `algorithm` without its name, in the notation that the
    /// length tells.
    ///
    /// # Errors
    ///
    /// If no notation has that length, or a character does not belong to it.
    pub fn parse_digits(digits: &str, algorithm: HashAlgorithm) -> Result<Hash, HashError> {
        let size = algorithm.size();
        let format = match digits.len() {
            len if len == HEXLOWER.encode_len(size) => HashFormat::Base16,
            len if len == nix32::encoded_len(size) => HashFormat::Nix32,
            len if len == BASE64.encode_len(size) => HashFormat::Base64,
            _ => {
                return Err(HashError::WrongLength { text: digits.to_owned(), algorithm });
            }
        };
        decode(digits, algorithm, format)
    }

    /// Writes the hash. With `named`, and always in
    /// [SRI](HashFormat::Sri), the name of the algorithm comes first.
    pub fn format(&self, format: HashFormat, named: bool) -> String {
        let digits = match format {
            HashFormat::Base16 => self.to_base16(),
            HashFormat::Nix32 => self.to_nix32(),
            HashFormat::Base64 => self.to_base64(),
            HashFormat::Sri => return self.to_sri(),
        };
        match named {
            true => format!("{}:{digits}", self.algorithm),
            false => digits,
        }
    }

    /// The hexadecimal digits, in lower case.
    pub fn to_base16(&self) -> String {
        HEXLOWER.encode(self.as_bytes())
    }

    /// Appends the hexadecimal digits, in lower case.
    pub(super) fn push_base16(&self, out: &mut String) {
        HEXLOWER.encode_append(self.as_bytes(), out);
    }

    /// The digits in Nix's base-32 notation.
    pub fn to_nix32(&self) -> String {
        nix32::encode(self.as_bytes())
    }

    /// The base-64 digits, padded.
    pub fn to_base64(&self) -> String {
        BASE64.encode(self.as_bytes())
    }

    /// `algorithm-base64`.
    pub fn to_sri(&self) -> String {
        format!("{}-{}", self.algorithm, self.to_base64())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_sri())
    }
}

/// Writes `algorithm-base64`.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_sri())
    }
}

/// Folds bytes to 20 by exclusive or, as in the digest of a store path.
///
/// Source: the [Nix thesis](https://edolstra.github.io/pubs/phd-thesis.pdf),
/// section 5.1.
pub fn compress(bytes: &[u8]) -> [u8; 20] {
    let mut compressed = [0; 20];
    for (index, byte) in bytes.iter().enumerate() {
        compressed[index % 20] ^= byte;
    }
    compressed
}

fn decode(text: &str, algorithm: HashAlgorithm, format: HashFormat) -> Result<Hash, HashError> {
    let character = |character| HashError::Character { text: text.to_owned(), format, character };
    let wrong_size = || HashError::WrongSize { text: text.to_owned(), format, algorithm };
    let bytes = match format {
        HashFormat::Base16 => {
            HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|error| character(text.as_bytes()[error.position]))?
        }
        HashFormat::Nix32 => nix32::decode(text.as_bytes(), algorithm.size()).map_err(|error| match error {
            nix32::DecodeError::Character(byte) => character(byte),
            nix32::DecodeError::Length => wrong_size(),
        })?,
        HashFormat::Base64 | HashFormat::Sri => decode_base64(text.as_bytes()).map_err(character)?,
    };
    Hash::new(algorithm, &bytes).ok_or_else(wrong_size)
}

/// Reads base 64 as leniently as Nix does: line ends are skipped, everything
/// from the first `=` on is ignored, and so are bits that are left over. The
/// error is a byte that is not a digit.
fn decode_base64(text: &[u8]) -> Result<Vec<u8>, u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut pending, mut bits) = (0u32, 0);
    for &byte in text.iter().filter(|&&byte| byte != b'\n') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return Err(byte),
        };
        pending = pending << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((pending >> bits) as u8);
        }
    }
    Ok(bytes)
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HashError::UnknownAlgorithm(name) => {
                write!(f, "unknown hash algorithm '{name}', expected 'blake3', 'md5', 'sha1', 'sha256' or 'sha512'")
            }
            HashError::UnknownFormat(name) => {
                write!(f, "unknown hash format '{name}', expected 'base16', 'nix32', 'base64' or 'sri'")
            }
            HashError::NoAlgorithm(text) if text.is_empty() => {
                f.write_str("an empty hash needs its algorithm to be given")
            }
            HashError::NoAlgorithm(text) => {
                write!(f, "the hash '{text}' does not say its algorithm")
            }
            HashError::WrongAlgorithm { text, expected } => {
                write!(f, "the hash '{text}' should be of type '{expected}'")
            }
            HashError::WrongLength { text, algorithm } => write!(
                f,
                "the hash '{text}' has {} characters, but one of type '{algorithm}' has {}, {} or {} \
                 (hexadecimal, Nix base-32 or base-64)",
                text.len(),
                HEXLOWER.encode_len(algorithm.size()),
                nix32::encoded_len(algorithm.size()),
                BASE64.encode_len(algorithm.size()),
            ),
            HashError::WrongSize { text, format, algorithm } => write!(
                f,
                "the {} hash '{text}' does not stand for the {} bytes of type '{algorithm}'",
                format.name(),
                algorithm.size(),
            ),
            HashError::Character { text, format, character } => write!(
                f,
                "the {} hash '{text}' contains the invalid character '{}'",
                format.name(),
                character.escape_ascii(),
            ),
            HashError::NotSri(text) => {
                write!(f, "the hash '{text}' is not of the form 'algorithm-base64'")
            }
        }
    }
}

impl std::error::Error for HashError {}

#[cfg(test)]
#[path = "hash_tests.rs"]
mod tests;
