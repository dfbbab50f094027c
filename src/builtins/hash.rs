//! Hashes.

use super::table::builtins;
use crate::diagnostics::{Code, Diagnostic};
use crate::eval::{ErrorExt, Eval, Result, error};
use crate::heap::{Str, Value};
use crate::program::names;
use crate::store::{Hash, HashAlgorithm, HashFormat, hash_bytes};

builtins! {
    /// A hash in another format. The set `arguments` has
    /// - `hash`, the hash in any of the formats,
    /// - `toHashFormat`, one of `"base16"`, `"nix32"`, `"base64"` and `"sri"` (also `"base32"`, an old name of
    ///   `nix32`),
    /// - `hashAlgo`, needed unless the text of the hash names its algorithm as `sha256:...` or `sha256-...` do.
    ///
    /// ```nix
    /// builtins.convertHash {
    ///   hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    ///   hashAlgo = "sha256";
    ///   toHashFormat = "sri";
    /// }
    /// # => "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    /// builtins.convertHash { hash = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="; toHashFormat = "nix32"; }
    /// # => "094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic"
    /// ```
    "convertHash" (arguments!1) => convert_hash;
    /// The hash of the bytes of the file at `path`, in hexadecimal digits. `algorithm` is `"md5"`, `"sha1"`,
    /// `"sha256"`, `"sha512"`, or, with the experimental feature `blake3-hashes`, `"blake3"`.
    ///
    /// ```nix
    /// builtins.hashFile "sha256" ./log.txt
    /// # => "43cc99483cd1d06fd875527f27b57f7cb6b2e4efd7d30ee1845ca60421024170"
    /// ```
    "hashFile" (algorithm!1, path!1) => hash_file;
    /// The hash of the bytes of a string, in hexadecimal digits. For `algorithm` see `hashFile`. The context of
    /// `string` is dropped.
    ///
    /// ```nix
    /// builtins.hashString "md5" "ahoy"
    /// # => "9609a0108b80a92967d3461a789e1f37"
    /// builtins.hashString "crc" "ahoy"
    /// # => error[E0601]: crc
    /// ```
    "hashString" (algorithm!1, string!1) => hash_string;
}

impl<'h> Eval<'h> {
    fn hash_algorithm(&mut self, name: Value<'h>) -> Result<HashAlgorithm> {
        let name = String::from_utf8_lossy(self.force_plain_string(name)?);
        match HashAlgorithm::from_name(&name) {
            Some(HashAlgorithm::Blake3) if !self.settings.features.has("blake3-hashes") => {
                let message = "BLAKE3 needs the experimental feature 'blake3-hashes', which is not enabled";
                Err(error(Code::FeatureDisabled, message))
            }
            Some(algorithm) => Ok(algorithm),
            None => Err(error(Code::InvalidHash, format!("unknown hash algorithm '{name}'"))
                .hint("the algorithms are md5, sha1, sha256, sha512 and blake3")),
        }
    }

    /// The hash that a derivation or a source must have. Nothing stands for zeros, with a warning that
    /// tells so.
    pub(super) fn fixed_hash(&mut self, text: &str, algorithm: Option<HashAlgorithm>) -> Result<Hash> {
        let hash =
            Hash::parse_allow_empty(text, algorithm).map_err(|cause| error(Code::InvalidHash, cause.to_string()))?;
        if text.is_empty() {
            let message = format!("found an empty hash, which stands for '{}'", hash.to_sri());
            self.warn(&Diagnostic::warning(Code::InvalidHash, message));
        }
        Ok(hash)
    }
}

fn hash_string<'h>(eval: &mut Eval<'h>, [algorithm, string]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let algorithm = eval.hash_algorithm(algorithm)?;
    let string = eval.force_string(string)?;
    Ok(Str::plain(eval.heap, hash_bytes(algorithm, string.bytes()).to_base16().as_bytes()))
}

fn hash_file<'h>(eval: &mut Eval<'h>, [algorithm, path]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let algorithm = eval.hash_algorithm(algorithm)?;
    let path = eval.readable_path(path)?;
    let bytes = eval.read(path)?;
    Ok(Str::plain(eval.heap, hash_bytes(algorithm, &bytes).to_base16().as_bytes()))
}

fn convert_hash<'h>(eval: &mut Eval<'h>, [arguments]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let arguments = eval.force_attrs(arguments)?;
    let hash = eval.required(arguments, names::HASH)?;
    let hash = String::from_utf8_lossy(eval.force_plain_string(hash)?);
    let algorithm = match arguments.get(names::HASH_ALGO) {
        Some(name) => Some(eval.hash_algorithm(name.get())?),
        None => None,
    };
    let format = eval.required(arguments, names::HASH_FORMAT)?;
    let format = String::from_utf8_lossy(eval.force_plain_string(format)?);
    let format: HashFormat = match format.parse() {
        Ok(format) => format,
        Err(_) => {
            return Err(error(Code::InvalidHash, format!("unknown hash format '{format}'"))
                .hint("the formats are base16, nix32, base64 and sri"));
        }
    };
    let hash = Hash::parse_any(&hash, algorithm).map_err(|cause| error(Code::InvalidHash, cause.to_string()))?;
    Ok(Str::plain(eval.heap, hash.format(format, format == HashFormat::Sri).as_bytes()))
}
