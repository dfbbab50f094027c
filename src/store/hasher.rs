use std::io;

use sha2::Digest;

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
    state: State,
    written: u64,
}

#[derive(Clone)]
enum State {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
    Blake3(Box<blake3::Hasher>),
}

/// Computes the hash of `bytes`.
pub fn hash_bytes(algorithm: HashAlgorithm, bytes: &[u8]) -> Hash {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

/// The hash of the parts, one after the other.
pub(super) fn sha256_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let hasher = parts.iter().fold(sha2::Sha256::new(), |hasher, part| hasher.chain_update(part));
    hasher.finalize().into()
}

impl Hasher {
    /// A hasher that has seen nothing yet.
    pub fn new(algorithm: HashAlgorithm) -> Hasher {
        let state = match algorithm {
            HashAlgorithm::Md5 => State::Md5(md5::Md5::new()),
            HashAlgorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            HashAlgorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            HashAlgorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
            HashAlgorithm::Blake3 => State::Blake3(Box::default()),
        };
        Hasher { state, written: 0 }
    }

    /// Hashes some more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.written += bytes.len() as u64;
        match &mut self.state {
            State::Md5(state) => state.update(bytes),
            State::Sha1(state) => state.update(bytes),
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
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
        let hash = |algorithm, bytes: &[u8]| {
            Hash::new(algorithm, bytes).expect("an algorithm yields as many bytes as it says")
        };
        match self.state {
            State::Md5(state) => hash(HashAlgorithm::Md5, &state.finalize()),
            State::Sha1(state) => hash(HashAlgorithm::Sha1, &state.finalize()),
            State::Sha256(state) => hash(HashAlgorithm::Sha256, &state.finalize()),
            State::Sha512(state) => hash(HashAlgorithm::Sha512, &state.finalize()),
            State::Blake3(state) => hash(HashAlgorithm::Blake3, state.finalize().as_bytes()),
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
