//! What tells the contents of a tree without reading them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::stamp::Stamp;
use super::tree::{FileSource, FileType, MAX_TREE_DEPTH, Selection, Tree, sorted_entries};

/// The names and stamps of the files of a tree, in the order of archives. Links are there with their targets.
#[derive(Debug, Default)]
pub(super) struct TreeStamps {
    bytes: Vec<u8>,
    /// A file has no stamp.
    is_incomplete: bool,
}

impl TreeStamps {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.is_incomplete = false;
    }

    /// All of it, if every file has a stamp: trees with equal bytes have equal contents.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        (!self.is_incomplete).then_some(&self.bytes)
    }

    /// Takes in what is in a tree now. Nothing is read but directories and links.
    pub(super) fn look(&mut self, tree: &Tree<'_>) {
        self.clear();
        match (tree.source.stamp(tree.path), tree.selection) {
            (Some(stamp), None) if stamp.file_type() == FileType::Regular => self.file(Some(stamp)),
            (Some(stamp), selection) => {
                let mut path = tree.path.to_owned();
                let file_type = selection.map_or(stamp.file_type(), |selection| selection.file_type);
                let looked = self.look_inside(tree.source, &mut path, file_type, selection, 0);
                self.is_incomplete |= looked.is_none();
            }
            (None, _) => self.is_incomplete = true,
        }
    }

    /// Recurses only as deep as [`MAX_TREE_DEPTH`]. Whatever is wrong is told when the tree is read.
    fn look_inside(
        &mut self,
        source: &dyn FileSource,
        path: &mut PathBuf,
        file_type: FileType,
        selection: Option<&Selection>,
        depth: usize,
    ) -> Option<()> {
        match file_type {
            FileType::Regular => self.file(source.stamp(path).filter(|stamp| stamp.file_type() == file_type)),
            FileType::Symlink => self.link(&source.read_link(path).ok()?),
            FileType::Directory if depth < MAX_TREE_DEPTH => {
                self.enter_directory();
                match selection {
                    Some(selection) => {
                        for (name, inside) in &selection.entries {
                            self.look_at_entry(source, path, name, (inside.file_type, Some(inside)), depth)?;
                        }
                    }
                    None => {
                        for entry in sorted_entries(source, path).ok()? {
                            self.look_at_entry(source, path, &entry.name, (entry.file_type, None), depth)?;
                        }
                    }
                }
                self.leave_directory();
            }
            FileType::Directory | FileType::Unknown => return None,
        }
        (!self.is_incomplete).then_some(())
    }

    fn look_at_entry(
        &mut self,
        source: &dyn FileSource,
        path: &mut PathBuf,
        name: &OsStr,
        (file_type, selection): (FileType, Option<&Selection>),
        depth: usize,
    ) -> Option<()> {
        self.enter_entry(name);
        path.push(name);
        self.look_inside(source, path, file_type, selection, depth + 1)?;
        path.pop();
        Some(())
    }

    /// A regular file.
    pub(super) fn file(&mut self, stamp: Option<Stamp>) {
        match stamp {
            Some(stamp) => {
                self.bytes.push(b'f');
                self.bytes.extend_from_slice(stamp.bytes());
            }
            None => self.is_incomplete = true,
        }
    }

    pub(super) fn link(&mut self, target: &Path) {
        self.text(b'l', target.as_os_str());
    }

    pub(super) fn enter_directory(&mut self) {
        self.bytes.push(b'd');
    }

    pub(super) fn enter_entry(&mut self, name: &OsStr) {
        self.text(b'e', name);
    }

    pub(super) fn leave_directory(&mut self) {
        self.bytes.push(b'.');
    }

    fn text(&mut self, kind: u8, text: &OsStr) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(text.as_encoded_bytes());
    }
}
