//! Nix archives: a tree of files as one stream of bytes, the same for the same
//! tree everywhere.
//!
//! Source: "Nix Archive (NAR) format" in the Nix manual,
//! `protocols/nix-archive/index.md`.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use super::hash::{Hash, HashAlgorithm};
use super::hasher::Hasher;
use super::tree::{Tree, Visitor};
use super::tree_stamps::TreeStamps;

/// Writes the archive of a tree to `out`. Files are read in pieces; no file is
/// kept in memory as a whole.
///
/// ```
/// use std::path::Path;
/// use firn::store::{Error, FileSystem, Tree, nar};
///
/// let mut archive = Vec::new();
/// nar::write(&Tree::whole(&FileSystem, Path::new("src")), &mut archive)?;
/// assert_eq!(&archive[8..21], b"nix-archive-1");
/// # Ok::<_, Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Io`] if a file cannot be read or `out` cannot be written;
/// [`Error::Tree`] if a file is of a type that archives do not have, or
/// directories nest deeper than [`MAX_TREE_DEPTH`](super::MAX_TREE_DEPTH).
pub fn write(tree: &Tree<'_>, out: &mut dyn Write) -> Result<()> {
    write_with(tree, out, &mut Buffers::default())
}

/// Memory for writing archives, to be used again.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    gathered: Vec<u8>,
    piece: Vec<u8>,
    /// Those of what was read for the last archive.
    pub(super) stamps: TreeStamps,
}

/// Does what [`write()`] does.
pub(super) fn write_with(tree: &Tree<'_>, out: &mut dyn Write, buffers: &mut Buffers) -> Result<()> {
    let mut writer = NarWriter::new(tree.path, out, &mut buffers.gathered);
    tree.walk_with(&mut writer, &mut buffers.piece, &mut buffers.stamps)?;
    writer.finish()
}

/// The hash of the archive of a tree, and the size of the archive in bytes.
///
/// # Errors
///
/// Those of [`write()`].
pub fn hash(tree: &Tree<'_>, algorithm: HashAlgorithm) -> Result<(Hash, u64)> {
    let mut hasher = Hasher::new(algorithm);
    write(tree, &mut hasher)?;
    let size = hasher.written();
    Ok((hasher.finish(), size))
}

/// Bytes are gathered up to this size before they are passed on.
const GATHERED: usize = 32 * 1024;

/// Turns the files of a tree into the bytes of an archive.
pub(super) struct NarWriter<'a> {
    /// The root of the tree, for error messages.
    root: PathBuf,
    out: &'a mut dyn Write,
    gathered: &'a mut Vec<u8>,
    /// The size of the current file.
    size: u64,
}

impl<'a> NarWriter<'a> {
    pub(super) fn new(root: &Path, out: &'a mut dyn Write, gathered: &'a mut Vec<u8>) -> NarWriter<'a> {
        gathered.clear();
        gathered.reserve(GATHERED);
        token(gathered, b"nix-archive-1");
        NarWriter { root: root.to_owned(), out, gathered, size: 0 }
    }

    /// Passes everything on.
    pub(super) fn finish(mut self) -> Result<()> {
        self.pass_on()?;
        let result = self.out.flush();
        result.map_err(|error| self.failed(error))
    }

    fn tokens(&mut self, tokens: &[&[u8]]) -> Result<()> {
        for bytes in tokens {
            token(self.gathered, bytes);
        }
        self.pass_on_if_full()
    }

    fn pass_on_if_full(&mut self) -> Result<()> {
        match self.gathered.len() >= GATHERED / 2 {
            true => self.pass_on(),
            false => Ok(()),
        }
    }

    fn pass_on(&mut self) -> Result<()> {
        let result = self.out.write_all(self.gathered);
        self.gathered.clear();
        result.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: std::io::Error) -> Error {
        Error::io("write the archive of", &self.root, error)
    }
}

impl Visitor for NarWriter<'_> {
    fn enter_file(&mut self, size: u64, executable: bool) -> Result<()> {
        match executable {
            true => self.tokens(&[b"(", b"type", b"regular", b"executable", b"", b"contents"])?,
            false => self.tokens(&[b"(", b"type", b"regular", b"contents"])?,
        }
        self.gathered.extend_from_slice(&size.to_le_bytes());
        self.size = size;
        Ok(())
    }

    fn contents(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() < GATHERED / 2 {
            self.gathered.extend_from_slice(bytes);
            return self.pass_on_if_full();
        }
        self.pass_on()?;
        let result = self.out.write_all(bytes);
        result.map_err(|error| self.failed(error))
    }

    fn leave_file(&mut self) -> Result<()> {
        pad(self.gathered, self.size);
        self.tokens(&[b")"])
    }

    fn symlink(&mut self, target: &Path) -> Result<()> {
        let target = target.as_os_str().as_encoded_bytes();
        self.tokens(&[b"(", b"type", b"symlink", b"target", target, b")"])
    }

    fn enter_directory(&mut self) -> Result<()> {
        self.tokens(&[b"(", b"type", b"directory"])
    }

    fn enter_entry(&mut self, name: &OsStr) -> Result<()> {
        let name = name.as_encoded_bytes();
        self.tokens(&[b"entry", b"(", b"name", name, b"node"])
    }

    fn leave_entry(&mut self) -> Result<()> {
        self.tokens(&[b")"])
    }

    fn leave_directory(&mut self) -> Result<()> {
        self.tokens(&[b")"])
    }
}

/// Adds the length of `bytes`, `bytes`, and zeros up to a multiple of eight.
fn token(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
    pad(out, bytes.len() as u64);
}

fn pad(out: &mut Vec<u8>, len: u64) {
    let padding = (len.wrapping_neg() & 7) as usize;
    out.extend_from_slice(&[0; 8][..padding]);
}
