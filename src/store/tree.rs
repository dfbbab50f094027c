//! Trees of files, from wherever they are, walked in the order of archives.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use super::stamp::Stamp;
use super::tree_stamps::TreeStamps;

/// How deep directories may nest, as in Nix 2.36.
pub const MAX_TREE_DEPTH: usize = 64;

/// Where files come from. An embedder implements this to put something else in
/// the place of the file system.
pub trait FileSource {
    /// The type of the file at `path`. Symbolic links are not followed.
    ///
    /// # Errors
    ///
    /// If there is no such file, or it cannot be examined.
    fn file_type(&self, path: &Path) -> io::Result<FileType>;

    /// Opens a regular file.
    ///
    /// # Errors
    ///
    /// If there is no such regular file, or it cannot be read.
    fn open(&self, path: &Path) -> io::Result<OpenFile<'_>>;

    /// The entries of a directory in any order, without `.` and `..`.
    ///
    /// # Errors
    ///
    /// If there is no such directory, or it cannot be read.
    fn read_directory(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>>;

    /// The target of a symbolic link.
    ///
    /// # Errors
    ///
    /// If there is no such symbolic link.
    fn read_link(&self, path: &Path) -> io::Result<PathBuf>;

    /// The state of the file at `path`, if that can be told without reading it: what was found out about its contents
    /// holds as long as it has the same, in later runs, too. Symbolic links are not followed. Nothing, unless a source does
    /// better: then files are read each time. A source that shows other contents than those that the system has must not
    /// pass on the stamps of the system.
    fn stamp(&self, path: &Path) -> Option<Stamp> {
        let _ = path;
        None
    }
}

/// The type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileType {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Something else, which no store object contains: a device, a socket.
    Unknown,
}

/// A regular file that is open.
pub struct OpenFile<'a> {
    /// The number of bytes in `contents`. If there are fewer, hashing the file
    /// is an error; if there are more, they are ignored.
    pub size: u64,
    /// Whether its owner may execute the file.
    pub executable: bool,
    /// The [stamp](FileSource::stamp) of what was opened, if there is one: the path may name something else by now.
    pub stamp: Option<Stamp>,
    /// The contents.
    pub contents: Box<dyn Read + 'a>,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The name, without the directory.
    pub name: OsString,
    /// The type of the file.
    pub file_type: FileType,
}

/// A tree of files: what is at a path of a source, or a selection of it.
#[derive(Clone, Copy)]
pub struct Tree<'a> {
    /// Where the files come from.
    pub source: &'a dyn FileSource,
    /// The root: a file, a symbolic link or a directory.
    pub path: &'a Path,
    /// What belongs to the tree; everything if there is no selection.
    pub selection: Option<&'a Selection>,
}

/// The files that a filter let through; see [`select`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    pub(super) file_type: FileType,
    /// Those in a directory, in the order of their names.
    pub(super) entries: Vec<(OsString, Selection)>,
}

/// The real file system, by absolute or relative paths.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileSystem;

/// Asks `filter` for each file below the root whether it belongs to the tree.
/// It gets the path, which starts with `root`, and the type. The files of a
/// directory follow each other in the order of their names, each with
/// everything inside it before the next; nothing inside a directory that is
/// refused is asked for.
///
/// This comes before any file is read, so that the filter may do whatever it
/// likes, even add something to the store for which the tree is meant.
///
/// ```
/// use std::path::Path;
/// use firn::store::{Error, FileSystem, FileType, Tree, nar, select, HashAlgorithm};
///
/// let path = Path::new("src");
/// let selection = select(&FileSystem, path, |path, file_type| {
///     let is_rust = path.extension().is_some_and(|extension| extension == "rs");
///     Ok::<_, Error>(file_type == FileType::Directory || is_rust)
/// })?;
/// let tree = Tree { source: &FileSystem, path, selection: Some(&selection) };
/// let (hash, size) = nar::hash(&tree, HashAlgorithm::Sha256)?;
/// # Ok::<_, Error>(())
/// ```
///
/// # Errors
///
/// Whatever the filter returns; and as for [`nar::write`](super::nar::write).
pub fn select<E: From<Error>>(
    source: &dyn FileSource,
    root: &Path,
    mut filter: impl FnMut(&Path, FileType) -> Result<bool, E>,
) -> Result<Selection, E> {
    let mut path = root.to_owned();
    let file_type = examine(source, root)?;
    select_inside(source, &mut path, file_type, &mut filter, 0)
}

/// Recurses only as deep as [`MAX_TREE_DEPTH`].
fn select_inside<E: From<Error>>(
    source: &dyn FileSource,
    path: &mut PathBuf,
    file_type: FileType,
    filter: &mut impl FnMut(&Path, FileType) -> Result<bool, E>,
    depth: usize,
) -> Result<Selection, E> {
    check_depth(path, depth)?;
    let mut entries = Vec::new();
    if file_type == FileType::Directory {
        for entry in sorted_entries(source, path)? {
            path.push(&entry.name);
            if filter(path, entry.file_type)? {
                let inside = select_inside(source, path, entry.file_type, filter, depth + 1)?;
                entries.push((entry.name, inside));
            }
            path.pop();
        }
    }
    Ok(Selection { file_type, entries })
}

fn examine(source: &dyn FileSource, path: &Path) -> Result<FileType> {
    source.file_type(path).map_err(|error| Error::io("examine", path, error))
}

pub(super) fn sorted_entries(source: &dyn FileSource, path: &Path) -> Result<Vec<DirectoryEntry>> {
    let mut entries = source.read_directory(path).map_err(|error| Error::io("read the directory", path, error))?;
    entries.sort_unstable_by(|a, b| {
        let (a, b) = (a.name.as_encoded_bytes(), b.name.as_encoded_bytes());
        a.cmp(b)
    });
    Ok(entries)
}

fn check_depth(path: &Path, depth: usize) -> Result<()> {
    match depth < MAX_TREE_DEPTH {
        true => Ok(()),
        false => {
            let problem = format!("directories nest deeper than {MAX_TREE_DEPTH}");
            Err(Error::tree(path, problem))
        }
    }
}

/// Takes a tree apart, in the order of archives.
pub(super) trait Visitor {
    /// A regular file, whose contents follow: `size` bytes.
    fn enter_file(&mut self, size: u64, executable: bool) -> Result<()>;
    /// The next bytes of the file.
    fn contents(&mut self, bytes: &[u8]) -> Result<()>;
    /// The end of the file.
    fn leave_file(&mut self) -> Result<()>;
    /// A symbolic link.
    fn symlink(&mut self, target: &Path) -> Result<()>;
    /// A directory, whose entries follow.
    fn enter_directory(&mut self) -> Result<()>;
    /// An entry of the directory, which follows.
    fn enter_entry(&mut self, name: &OsStr) -> Result<()>;
    /// The end of the entry.
    fn leave_entry(&mut self) -> Result<()>;
    /// The end of the directory.
    fn leave_directory(&mut self) -> Result<()>;
}

impl Tree<'_> {
    /// The type of the root.
    pub(super) fn file_type(&self) -> Result<FileType> {
        match self.selection {
            Some(selection) => Ok(selection.file_type),
            None => examine(self.source, self.path),
        }
    }

    /// Shows the tree to `visitor`.
    pub(super) fn walk(&self, visitor: &mut dyn Visitor) -> Result<()> {
        self.walk_with(visitor, &mut Vec::new(), &mut TreeStamps::default())
    }

    /// Does so with a buffer that can be used again, and collects the stamps of what was read.
    pub(super) fn walk_with(
        &self,
        visitor: &mut dyn Visitor,
        buffer: &mut Vec<u8>,
        stamps: &mut TreeStamps,
    ) -> Result<()> {
        stamps.clear();
        let mut walk = Walk { source: self.source, visitor, path: self.path.to_owned(), buffer, stamps };
        walk.visit(self.file_type()?, self.selection, 0)
    }

    /// Passes on the contents of the one regular file that the tree is.
    pub(super) fn read(&self, piece: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if self.file_type()? != FileType::Regular {
            return Err(Error::tree(self.path, "it is not a regular file"));
        }
        let file = open(self.source, self.path)?;
        let buffer = usize::try_from(file.size).map_or(PIECE, |size| size.clamp(1, PIECE));
        read_exactly(self.path, file, &mut vec![0; buffer], piece)
    }
}

/// Files are read in pieces of this size.
const PIECE: usize = 128 * 1024;

struct Walk<'a> {
    source: &'a dyn FileSource,
    visitor: &'a mut dyn Visitor,
    /// The path of the current file.
    path: PathBuf,
    /// Holds a piece of a file.
    buffer: &'a mut Vec<u8>,
    stamps: &'a mut TreeStamps,
}

impl Walk<'_> {
    /// Recurses only as deep as [`MAX_TREE_DEPTH`].
    fn visit(&mut self, file_type: FileType, selection: Option<&Selection>, depth: usize) -> Result<()> {
        check_depth(&self.path, depth)?;
        match file_type {
            FileType::Regular => self.visit_file(),
            FileType::Symlink => self.visit_symlink(),
            FileType::Directory => {
                self.visitor.enter_directory()?;
                self.stamps.enter_directory();
                match selection {
                    Some(selection) => self.visit_selected(selection, depth)?,
                    None => self.visit_entries(depth)?,
                }
                self.stamps.leave_directory();
                self.visitor.leave_directory()
            }
            FileType::Unknown => {
                let problem = "it is neither a regular file, a directory nor a symbolic link";
                Err(Error::tree(&self.path, problem))
            }
        }
    }

    fn visit_file(&mut self) -> Result<()> {
        let file = open(self.source, &self.path)?;
        self.stamps.file(file.stamp);
        self.visitor.enter_file(file.size, file.executable)?;
        // Most files are small, and a buffer that is not needed would have to be cleared.
        let piece = usize::try_from(file.size).map_or(PIECE, |size| size.clamp(1, PIECE));
        if self.buffer.len() < piece {
            self.buffer.resize(piece, 0);
        }
        read_exactly(&self.path, file, self.buffer, |bytes| self.visitor.contents(bytes))?;
        self.visitor.leave_file()
    }

    fn visit_symlink(&mut self) -> Result<()> {
        let target = self
            .source
            .read_link(&self.path)
            .map_err(|error| Error::io("read the symbolic link", &self.path, error))?;
        self.stamps.link(&target);
        self.visitor.symlink(&target)
    }

    fn visit_entries(&mut self, depth: usize) -> Result<()> {
        for entry in sorted_entries(self.source, &self.path)? {
            self.visit_entry(&entry.name, entry.file_type, None, depth)?;
        }
        Ok(())
    }

    fn visit_selected(&mut self, selection: &Selection, depth: usize) -> Result<()> {
        for (name, inside) in &selection.entries {
            self.visit_entry(name, inside.file_type, Some(inside), depth)?;
        }
        Ok(())
    }

    fn visit_entry(
        &mut self,
        name: &OsStr,
        file_type: FileType,
        selection: Option<&Selection>,
        depth: usize,
    ) -> Result<()> {
        self.path.push(name);
        self.visitor.enter_entry(name)?;
        self.stamps.enter_entry(name);
        self.visit(file_type, selection, depth + 1)?;
        self.visitor.leave_entry()?;
        self.path.pop();
        Ok(())
    }
}

fn open<'a>(source: &'a dyn FileSource, path: &Path) -> Result<OpenFile<'a>> {
    source.open(path).map_err(|error| Error::io("open the file", path, error))
}

/// Reads exactly the promised bytes of a file, piece by piece.
fn read_exactly(
    path: &Path,
    file: OpenFile<'_>,
    buffer: &mut [u8],
    mut piece: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let OpenFile { size, mut contents, .. } = file;
    let mut left = size;
    while left > 0 {
        let wanted = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = match contents.read(&mut buffer[..wanted]) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result,
        };
        let read = read.map_err(|error| Error::io("read the file", path, error))?;
        piece(&buffer[..read])?;
        left -= read as u64;
    }
    Ok(())
}

impl FileSource for FileSystem {
    fn file_type(&self, path: &Path) -> io::Result<FileType> {
        Ok(fs::symlink_metadata(path)?.file_type().into())
    }

    fn open(&self, path: &Path) -> io::Result<OpenFile<'_>> {
        let file = fs::File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        Ok(OpenFile {
            size: metadata.len(),
            executable: is_executable(&metadata),
            stamp: Stamp::of(&metadata),
            contents: Box::new(file),
        })
    }

    fn read_directory(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        fs::read_dir(path)?
            .map(|entry| {
                let entry = entry?;
                Ok(DirectoryEntry { file_type: entry.file_type()?.into(), name: entry.file_name() })
            })
            .collect()
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(path)
    }

    fn stamp(&self, path: &Path) -> Option<Stamp> {
        Stamp::of(&fs::symlink_metadata(path).ok()?)
    }
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

impl<'a> Tree<'a> {
    /// Everything at `path` of `source`.
    pub fn whole(source: &'a dyn FileSource, path: &'a Path) -> Tree<'a> {
        Tree { source, path, selection: None }
    }
}

impl From<fs::FileType> for FileType {
    fn from(file_type: fs::FileType) -> FileType {
        if file_type.is_file() {
            FileType::Regular
        } else if file_type.is_dir() {
            FileType::Directory
        } else if file_type.is_symlink() {
            FileType::Symlink
        } else {
            FileType::Unknown
        }
    }
}
