use std::io;

use md5::Digest as _;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512};

use super::hash::{Hash, HashAlgorithm};

/// Computes a hash piece by piece. Anything that writes can write to it.
///
/// ```
/// use std::io::Write;
/// use firn::store::{HashAlgorithm, Hasher};
///
/// let mut hasher = Hasher::new(HashAlgorithm::Md5);
/// write!(hasher, "ab{}", 'c').unwrap();
/// assert_eq!(hasher.finish().to_base16(), "900150983cd24fb0d6963f7d28e17f72");
/// ```
#[derive(Clone)]
pub struct Hasher {
    algorithm: HashAlgorithm,
    state: State,
    written: u64,
}

#[derive(Clone)]
enum State {
    Md5(md5::Md5),
    /// SHA-1, SHA-256 and SHA-512.
    Sha(Context),
    Blake3(Box<blake3::Hasher>),
}

/// Computes the hash of `bytes`.
pub fn hash_bytes(algorithm: HashAlgorithm, bytes: &[u8]) -> Hash {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest_bytes(ring::digest::digest(&SHA256, bytes))
}

/// From so many bytes on BLAKE3 works on several parts at once.
const LONG: usize = 4 << 10;

/// A digest that tells what results are of, here and in the cache of this machine, by the hash that takes the least time: SHA-256 for
/// what is short, where the processor has instructions for it, and BLAKE3.
pub(super) fn digest(bytes: &[u8]) -> [u8; 32] {
    if bytes.len() < LONG && has_sha_instructions() { sha256(bytes) } else { *blake3::hash(bytes).as_bytes() }
}

fn has_sha_instructions() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("sha");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("sha2");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}

/// The hash of the parts, one after the other.
pub(super) fn sha256_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Context::new(&SHA256);
    parts.iter().for_each(|part| hasher.update(part));
    digest_bytes(hasher.finish())
}

fn digest_bytes(digest: ring::digest::Digest) -> [u8; 32] {
    digest.as_ref().try_into().expect("a SHA-256 hash has 32 bytes")
}

impl Hasher {
    /// A hasher that has seen nothing yet.
    pub fn new(algorithm: HashAlgorithm) -> Hasher {
        let state = match algorithm {
            HashAlgorithm::Md5 => State::Md5(md5::Md5::new()),
            HashAlgorithm::Sha1 => State::Sha(Context::new(&SHA1_FOR_LEGACY_USE_ONLY)),
            HashAlgorithm::Sha256 => State::Sha(Context::new(&SHA256)),
            HashAlgorithm::Sha512 => State::Sha(Context::new(&SHA512)),
            HashAlgorithm::Blake3 => State::Blake3(Box::default()),
        };
        Hasher { algorithm, state, written: 0 }
    }

    /// Hashes some more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.written += bytes.len() as u64;
        match &mut self.state {
            State::Md5(state) => state.update(bytes),
            State::Sha(state) => state.update(bytes),
            State::Blake3(state) => {
                state.update(bytes);
            }
        }
    }

    /// The number of bytes hashed so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// The hash of everything hashed so far.
    pub fn finish(self) -> Hash {
        let hash =
            |bytes: &[u8]| Hash::new(self.algorithm, bytes).expect("an algorithm yields as many bytes as it says");
        match self.state {
            State::Md5(state) => hash(&state.finalize()),
            State::Sha(state) => hash(state.finish().as_ref()),
            State::Blake3(state) => hash(state.finalize().as_bytes()),
        }
    }
}

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
