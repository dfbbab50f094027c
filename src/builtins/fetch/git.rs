//! Git repositories on this machine as trees of files: what is checked out, or what a commit contains.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use super::archive::tree_writer::TreeWriter;
use super::input::Input;
use super::local::scratch_failure;
use super::repository::{Blob, Blobs, COMMIT, EXECUTABLE, Repository, SYMLINK};
use super::submodules::{self, Submodule};
use crate::builtins::text::path::join;
use crate::diagnostics::{Code, Diagnostic};
use crate::eval::{ErrorExt, Eval, Result, error, invalid_argument};
use crate::store::{FileType, HashAlgorithm, Hasher};

/// The files of a repository, and what Git knows of them.
pub(super) struct Checkout {
    /// Where they are.
    pub(super) root: Vec<u8>,
    /// The commit; of a work tree the one it started from, and none before the first.
    pub(super) commit: Option<String>,
    /// Whether the files differ from those of the commit.
    pub(super) is_dirty: bool,
    /// How many commits lead to this one; not known of shallow repositories.
    pub(super) count: Option<u64>,
    /// The time of the commit, in seconds since 1970-01-01 00:00 UTC.
    pub(super) last_modified: u64,
}

/// Fetches what an input with the type `git` means, from the repository at `path`.
pub(super) fn check_out(eval: &mut Eval<'_>, input: &Input, path: &[u8]) -> Result<Checkout> {
    let flag = |name| input.flag(name).map_err(invalid_argument);
    if flag("lfs")? {
        return Err(error(Code::Unsupported, "'lfs' is not supported for Git repositories"));
    }
    let (leaves_out, with_submodules) = (flag("exportIgnore")?, flag("submodules")?);
    if leaves_out && with_submodules {
        return Err(error(Code::Unsupported, "'exportIgnore' and 'submodules' are not supported together"));
    }
    let name = input.string("ref").map_err(invalid_argument)?;
    let rev = input.rev().map_err(invalid_argument)?.map(|rev| rev.to_base16());
    let version = match rev {
        None if name.is_none() => Version::Current,
        rev => Version::Commit(rev.unwrap_or_else(|| name.unwrap_or("HEAD").to_owned())),
    };
    let whole = Part { path: path.to_vec(), version, place: Vec::new(), outer: None };
    let root = eval.caches.fetched.new_path().map_err(scratch_failure)?;
    let writer = TreeWriter::new(&root).map_err(scratch_failure)?;
    let mut assembly = Assembly { eval, writer, leaves_out, with_submodules, pending: Vec::new() };
    let (commit, mut is_dirty) = assembly.add(&whole)?;
    while let Some(part) = assembly.pending.pop() {
        is_dirty |= assembly.add(&part).map_err(|problem| part.describe(problem))?.1;
    }
    assembly.writer.finish().map_err(scratch_failure)?;
    let repository = Repository::open(eval, path);
    let (count, last_modified) = match &commit {
        Some(commit) => (repository.count(commit)?, repository.time(commit)?),
        None => (Some(0), 0),
    };
    Ok(Checkout { root: path_bytes(root), commit, is_dirty, count, last_modified })
}

/// A repository with files in the tree: the one asked for, or a submodule.
struct Part {
    path: Vec<u8>,
    version: Version,
    /// The directory in the tree that it is, with a slash at the end; empty for the whole.
    place: Vec<u8>,
    /// What it is a submodule of.
    outer: Option<Rc<Outer>>,
}

enum Version {
    /// What is checked out, or the head of a repository without a work tree.
    Current,
    /// The commit of this hash or name.
    Commit(String),
}

/// A repository that has submodules.
struct Outer {
    path: Vec<u8>,
    /// The path with all links followed, of a work tree.
    resolved: Option<Vec<u8>>,
    outer: Option<Rc<Outer>>,
}

impl Part {
    /// Says which submodule a problem is about.
    #[cold]
    fn describe(&self, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        let Some(outer) = &self.outer else { return problem };
        let (place, outer) = (String::from_utf8_lossy(&self.place), String::from_utf8_lossy(&outer.path));
        let place = place.trim_end_matches('/');
        problem.hint(format!("it is to become '{place}', being a submodule of the Git repository '{outer}'"))
    }

    /// A submodule of this one.
    fn inner(&self, submodule: &Submodule, path: Vec<u8>, version: Version, outer: &Rc<Outer>) -> Part {
        let place = [&self.place, &submodule.path[..], b"/"].concat();
        Part { path, version, place, outer: Some(Rc::clone(outer)) }
    }
}

/// The making of a tree from a repository and its submodules.
struct Assembly<'a, 'e, 'h> {
    eval: &'e mut Eval<'h>,
    writer: TreeWriter<'a>,
    /// Whether the attribute `export-ignore` counts.
    leaves_out: bool,
    with_submodules: bool,
    /// Submodules whose files are still to be added.
    pending: Vec<Part>,
}

impl Assembly<'_, '_, '_> {
    /// Adds the files of a repository. Returns the commit, and whether the files differ from it.
    fn add(&mut self, part: &Part) -> Result<(Option<String>, bool)> {
        let repository = Repository::open(self.eval, &part.path);
        repository.check()?;
        let is_bare = repository.is_bare;
        self.writer.directory(&part.place).map_err(scratch_failure)?;
        match &part.version {
            Version::Current if !is_bare => self.add_work_tree(part),
            Version::Current => self.add_commit(part, "HEAD"),
            Version::Commit(name) => self.add_commit(part, name),
        }
    }

    /// What is checked out, with all changes to files that Git knows.
    fn add_work_tree(&mut self, part: &Part) -> Result<(Option<String>, bool)> {
        let inner = self.submodules_of_work_tree(part)?;
        let repository = Repository::open(self.eval, &part.path);
        let head = repository.resolve("HEAD").ok();
        let mut committed = match &head {
            Some(head) => repository.blobs_of_commit(head)?,
            None => Blobs::new(),
        };
        let (mut indexed, has_conflicts) = repository.blobs_of_index()?;
        let ignored = if self.leaves_out { repository.ignored(&indexed, None)? } else { Vec::new() };
        // Which commits of other repositories there are does not count as a change, but a file instead of one does.
        committed.retain(|_, blob| blob.mode != COMMIT);
        indexed.retain(|name, blob| {
            let is_file = |kind| !matches!(kind, FileType::Directory | FileType::Unknown);
            blob.mode != COMMIT || self.eval.file_type(&join(&part.path, name)).is_ok_and(is_file)
        });
        let mut is_dirty = has_conflicts || indexed != committed;
        for (name, blob) in &indexed {
            let path = join(&part.path, name);
            let Ok(kind) = self.eval.file_type(&path) else {
                is_dirty = true;
                continue;
            };
            let place = [&part.place[..], name].concat();
            let is_left_out = is_ignored(&ignored, name) || submodules::is_inside(&inner, name);
            let writer = if is_left_out { None } else { Some(&mut self.writer) };
            is_dirty |= copy(self.eval, &path, &place, kind, writer, algorithm_of(blob))? != *blob;
        }
        Ok((head, is_dirty))
    }

    /// What a commit contains.
    fn add_commit(&mut self, part: &Part, name: &str) -> Result<(Option<String>, bool)> {
        let repository = Repository::open(self.eval, &part.path);
        let is_hash = matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let commit = match repository.resolve(name) {
            Err(problem) if is_hash => return Err(problem.hint("all of its commits must be in the repository")),
            commit => commit?,
        };
        let mut blobs = repository.blobs_of_commit(&commit)?;
        if self.leaves_out {
            let ignored = repository.ignored(&blobs, Some(&commit))?;
            blobs.retain(|name, _| !is_ignored(&ignored, name));
        }
        let contents = repository.contents(&blobs)?;
        write_blobs(&blobs, &contents, &part.place, &mut self.writer).map_err(scratch_failure)?;
        if self.with_submodules {
            let outer =
                Rc::new(Outer { path: part.path.clone(), resolved: None, outer: part.outer.as_ref().map(Rc::clone) });
            for (submodule, commit) in submodules::of_commit(&repository, &blobs)? {
                let path = submodules::locate(&repository, &submodule, &commit)?;
                self.pending.push(part.inner(&submodule, path, Version::Commit(commit), &outer));
            }
        }
        Ok((Some(commit), false))
    }

    /// Plans to add the submodules of a work tree, and returns them by their paths.
    fn submodules_of_work_tree(&mut self, part: &Part) -> Result<BTreeMap<Vec<u8>, Submodule>> {
        if !self.with_submodules {
            return Ok(BTreeMap::new());
        }
        let resolved = self.eval.resolve_links(&part.path)?;
        let mut next = part.outer.as_ref();
        while let Some(outer) = next {
            if outer.resolved.as_ref() == Some(&resolved) {
                let path = String::from_utf8_lossy(&resolved);
                let message = format!("the Git repository '{path}' is a submodule of itself");
                return Err(error(Code::FetchFailed, message));
            }
            next = outer.outer.as_ref();
        }
        let found = submodules::of_work_tree(&mut Repository::open(self.eval, &part.path))?;
        let outer = part.outer.as_ref().map(Rc::clone);
        let outer = Rc::new(Outer { path: part.path.clone(), resolved: Some(resolved), outer });
        for submodule in found.values() {
            let path = join(&part.path, &submodule.path);
            self.pending.push(part.inner(submodule, path, Version::Current, &outer));
        }
        Ok(found)
    }
}

/// Writes files whose contents are as `git cat-file --batch` prints them.
fn write_blobs(blobs: &Blobs, mut contents: &[u8], place: &[u8], writer: &mut TreeWriter<'_>) -> io::Result<()> {
    for (name, blob) in blobs {
        let name = &[place, name].concat();
        if blob.mode == COMMIT {
            writer.directory(name)?;
            continue;
        }
        let (mut text, rest) = split_object(contents).ok_or(io::ErrorKind::InvalidData)?;
        contents = rest;
        match blob.mode.as_str() {
            SYMLINK => writer.symlink(name, text)?,
            mode => writer.file(name, mode == EXECUTABLE, &mut text)?,
        }
    }
    Ok(())
}

/// Splits off an object: a line with hash, type and size, that many bytes, and the end of a line.
fn split_object(output: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', output)?;
    let size = std::str::from_utf8(&output[..end]).ok()?.rsplit(' ').next()?.parse().ok()?;
    let (contents, rest) = output[end + 1..].split_at_checked(size)?;
    Some((contents, rest.strip_prefix(b"\n")?))
}

/// Copies a file to a place in the tree, unless it is to be left out, and returns what Git would make of it.
fn copy(
    eval: &mut Eval<'_>,
    path: &[u8],
    place: &[u8],
    kind: FileType,
    writer: Option<&mut TreeWriter<'_>>,
    algorithm: HashAlgorithm,
) -> Result<Blob> {
    let (mode, contents) = match kind {
        FileType::Symlink => {
            let target = eval.read_link(path).map_err(|cause| eval.unreadable(path, &cause))?;
            (SYMLINK, target.into_os_string().into_encoded_bytes())
        }
        FileType::Regular => {
            let is_executable = eval.with_open_file(path, |file| file.executable)?;
            (if is_executable { EXECUTABLE } else { "100644" }, eval.read(path)?.to_vec())
        }
        FileType::Directory | FileType::Unknown => return Ok(Blob { mode: String::new(), hash: String::new() }),
    };
    if let Some(writer) = writer {
        let written = match mode {
            SYMLINK => writer.symlink(place, &contents),
            mode => writer.file(place, mode == EXECUTABLE, &mut &contents[..]),
        };
        written.map_err(scratch_failure)?;
    }
    let mut hasher = Hasher::new(algorithm);
    hasher.update(format!("blob {}\0", contents.len()).as_bytes());
    hasher.update(&contents);
    Ok(Blob { mode: mode.to_owned(), hash: hasher.finish().to_base16() })
}

/// How the repository hashes, which the length tells.
fn algorithm_of(blob: &Blob) -> HashAlgorithm {
    if blob.hash.len() == 64 { HashAlgorithm::Sha256 } else { HashAlgorithm::Sha1 }
}

/// Whether a file or a directory above it is in a sorted list of what is left out.
fn is_ignored(ignored: &[Vec<u8>], name: &[u8]) -> bool {
    let contains = |path: &[u8]| ignored.binary_search_by(|entry| entry[..].cmp(path)).is_ok();
    !ignored.is_empty() && (contains(name) || memchr::memchr_iter(b'/', name).any(|slash| contains(&name[..=slash])))
}

fn path_bytes(path: PathBuf) -> Vec<u8> {
    path.into_os_string().into_encoded_bytes()
}
