//! Placeholders: what stands in a derivation for a path that is not known yet.
//! The builder replaces them.
//!
//! Source: "Placeholders" in the Nix manual, `store/derivation/index.md`.

use super::address::output_path_name;
use super::hash::compress;
use super::hasher::sha256;
use super::nix32;
use super::path::StorePath;

/// What a derivation writes for the path of its own output: the value of
/// `builtins.placeholder`.
///
/// ```
/// assert_eq!(
///     firn::store::output_placeholder("out"),
///     "/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9",
/// );
/// ```
pub fn output_placeholder(output: impl AsRef<[u8]>) -> String {
    Placeholder(sha256(&[b"nix-output:", output.as_ref()].concat())).to_string()
}

/// What a derivation writes for the path of an output of another derivation,
/// where that path is known only once it is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Placeholder([u8; 32]);

impl Placeholder {
    /// Stands for an output of a content-addressed or deferred derivation.
    /// A path without `.drv` at its end is taken to have it.
    pub fn of_output(derivation: &StorePath, output: &str) -> Placeholder {
        let name = derivation.derivation_name().unwrap_or_else(|| derivation.name());
        let text = format!("nix-upstream-output:{}:{}", derivation.digest(), output_path_name(name, output));
        Placeholder(sha256(text.as_bytes()))
    }

    /// Stands for an output of a derivation that is itself an output, for
    /// which `self` stands (dynamic derivations).
    pub fn of_dynamic_output(&self, output: &str) -> Placeholder {
        let text = format!("nix-computed-output:{}:{output}", nix32::encode(&compress(&self.0)));
        Placeholder(sha256(text.as_bytes()))
    }
}

/// Writes a slash and 52 characters.
impl std::fmt::Display for Placeholder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "/{}", nix32::encode(&self.0))
    }
}
