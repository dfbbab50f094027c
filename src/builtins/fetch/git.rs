//! Git repositories on this machine, read with the plumbing of the program `git`.
//!
//! None of its commands that are used here runs filters or hooks, which a repository could bring along.

use std::collections::BTreeMap;
use std::io;

use super::archive::tree_writer::TreeWriter;
use super::input::Input;
use super::local::scratch_failure;
use crate::builtins::text::path::{base_name, directory, join};
use crate::diagnostics::{Code, Diagnostic};
use crate::eval::{ErrorExt, Eval, Result, error, invalid_argument, os_path};
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

/// A file as the index or a commit has it.
#[derive(PartialEq, Eq)]
struct Blob {
    mode: String,
    hash: String,
}

type Blobs = BTreeMap<Vec<u8>, Blob>;

const DIRECTORY_OF_OTHER_REPOSITORY: &str = "160000";
const SYMLINK: &str = "120000";
const EXECUTABLE: &str = "100755";

/// Fetches what an input with the type `git` means, from the repository at `path`.
pub(super) fn check_out(eval: &mut Eval<'_>, input: &Input, path: &[u8]) -> Result<Checkout> {
    for flag in ["submodules", "lfs"] {
        if input.flag(flag).map_err(invalid_argument)? {
            return Err(error(Code::Unsupported, format!("'{flag}' is not supported for Git repositories")));
        }
    }
    let exists = |name: &[u8]| eval.path_exists(&join(path, name));
    if !exists(b"") {
        let path = String::from_utf8_lossy(path);
        return Err(error(Code::FetchFailed, format!("the Git repository '{path}' does not exist")));
    }
    let is_bare = !exists(b".git");
    let repository = Repository { eval, path, is_bare };
    let name = input.string("ref").map_err(invalid_argument)?;
    let rev = input.rev().map_err(invalid_argument)?.map(|rev| rev.to_base16());
    let ignores = input.flag("exportIgnore").map_err(invalid_argument)?;
    if name.is_none() && rev.is_none() && !is_bare {
        return work_tree(repository, ignores);
    }
    commit(repository, name, rev, ignores)
}

struct Repository<'e, 'h> {
    eval: &'e mut Eval<'h>,
    path: &'e [u8],
    /// Whether it has no work tree, or is the directory `.git` of one.
    is_bare: bool,
}

/// What is checked out, with all changes to files that Git knows.
fn work_tree(mut repository: Repository<'_, '_>, ignores: bool) -> Result<Checkout> {
    let head = repository.resolve("HEAD").ok();
    let committed = match &head {
        Some(head) => repository.blobs_of_commit(head)?,
        None => Blobs::new(),
    };
    let (indexed, has_conflicts) = repository.blobs_of_index()?;
    let mut is_dirty = has_conflicts || indexed != committed;
    let ignored = if ignores { repository.ignored(&indexed, None)? } else { Vec::new() };
    let root = repository.eval.caches.fetched.new_path().map_err(scratch_failure)?;
    let mut writer = TreeWriter::new(&root).map_err(scratch_failure)?;
    for (name, blob) in &indexed {
        if blob.mode == DIRECTORY_OF_OTHER_REPOSITORY {
            continue;
        }
        let path = join(repository.path, name);
        let Ok(kind) = repository.eval.file_type(&path) else {
            is_dirty = true;
            continue;
        };
        let writer = if is_ignored(&ignored, name) { None } else { Some(&mut writer) };
        is_dirty |= repository.copy(&path, name, kind, writer, algorithm_of(blob))? != *blob;
    }
    writer.finish().map_err(scratch_failure)?;
    let (count, last_modified) = match &head {
        Some(head) => (repository.count(head)?, repository.time(head)?),
        None => (Some(0), 0),
    };
    Ok(Checkout { root: path_bytes(root), commit: head, is_dirty, count, last_modified })
}

/// What a commit contains.
fn commit(repository: Repository<'_, '_>, name: Option<&str>, rev: Option<String>, ignores: bool) -> Result<Checkout> {
    let commit = match rev {
        Some(rev) => repository.resolve(&rev).hint("all of its commits must be in the repository")?,
        None => repository.resolve(name.unwrap_or("HEAD"))?,
    };
    let mut blobs = repository.blobs_of_commit(&commit)?;
    if ignores {
        let ignored = repository.ignored(&blobs, Some(&commit))?;
        blobs.retain(|name, _| !is_ignored(&ignored, name));
    }
    let contents = repository.contents(&blobs)?;
    let root = repository.eval.caches.fetched.new_path().map_err(scratch_failure)?;
    write_blobs(&blobs, &contents, &root).map_err(scratch_failure)?;
    let (count, last_modified) = (repository.count(&commit)?, repository.time(&commit)?);
    Ok(Checkout { root: path_bytes(root), commit: Some(commit), is_dirty: false, count, last_modified })
}

/// Writes files whose contents are as `git cat-file --batch` prints them.
fn write_blobs(blobs: &Blobs, mut contents: &[u8], root: &std::path::Path) -> io::Result<()> {
    let mut writer = TreeWriter::new(root)?;
    for (name, blob) in blobs {
        if blob.mode == DIRECTORY_OF_OTHER_REPOSITORY {
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
    writer.finish().map(drop)
}

/// Splits off an object: a line with hash, type and size, that many bytes, and the end of a line.
fn split_object(output: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', output)?;
    let size = std::str::from_utf8(&output[..end]).ok()?.rsplit(' ').next()?.parse().ok()?;
    let (contents, rest) = output[end + 1..].split_at_checked(size)?;
    Some((contents, rest.strip_prefix(b"\n")?))
}

impl Repository<'_, '_> {
    fn git(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>> {
        self.eval.host.git(os_path(self.path), arguments, input).map_err(|cause| self.failure(&cause.to_string()))
    }

    /// The one line that `git` prints.
    fn line(&self, arguments: &[&str]) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.git(arguments, b"")?).trim_end().to_owned())
    }

    #[cold]
    fn failure(&self, problem: &str) -> Box<Diagnostic> {
        let path = String::from_utf8_lossy(self.path);
        error(Code::FetchFailed, format!("cannot read the Git repository '{path}': {problem}"))
    }

    /// The hash of the commit of this name.
    fn resolve(&self, name: &str) -> Result<String> {
        let arguments = ["rev-parse", "--quiet", "--verify", "--end-of-options", &format!("{name}^{{commit}}")];
        match self.eval.host.git(os_path(self.path), &arguments, b"") {
            Ok(hash) => Ok(String::from_utf8_lossy(&hash).trim_end().to_owned()),
            Err(cause) => Err(self.failure(&match cause.to_string() {
                // It says nothing if it only has not found the name.
                problem if problem.is_empty() => format!("it has no commit '{name}'"),
                problem => problem,
            })),
        }
    }

    fn time(&self, commit: &str) -> Result<u64> {
        let time = self.line(&["log", "-1", "--format=%ct", "--no-show-signature", commit])?;
        time.parse().map_err(|_| self.failure(&format!("'{time}' is not a time")))
    }

    fn count(&self, commit: &str) -> Result<Option<u64>> {
        if self.line(&["rev-parse", "--is-shallow-repository"])? == "true" {
            return Ok(None);
        }
        Ok(self.line(&["rev-list", "--count", commit])?.parse().ok())
    }

    fn blobs_of_commit(&self, commit: &str) -> Result<Blobs> {
        let list = self.git(&["ls-tree", "-r", "-z", "--full-tree", commit], b"")?;
        let entries = entries(&list).map(|(fields, name)| {
            let [mode, _, hash] = fields[..] else { return Err(self.failure("its list of files is malformed")) };
            Ok((name.to_vec(), Blob { mode: mode.to_owned(), hash: hash.to_owned() }))
        });
        entries.collect()
    }

    /// The files in the index, and whether any of them is waiting for a merge.
    fn blobs_of_index(&self) -> Result<(Blobs, bool)> {
        let list = self.git(&["ls-files", "-s", "-z"], b"")?;
        let mut has_conflicts = false;
        let mut blobs = Blobs::new();
        for (fields, name) in entries(&list) {
            let [mode, hash, stage] = fields[..] else { return Err(self.failure("its index is malformed")) };
            has_conflicts |= stage != "0";
            blobs.insert(name.to_vec(), Blob { mode: mode.to_owned(), hash: hash.to_owned() });
        }
        Ok((blobs, has_conflicts))
    }

    /// The contents of files, in their order.
    fn contents(&self, blobs: &Blobs) -> Result<Vec<u8>> {
        let wanted = blobs.values().filter(|blob| blob.mode != DIRECTORY_OF_OTHER_REPOSITORY);
        let hashes: String = wanted.map(|blob| format!("{}\n", blob.hash)).collect();
        self.git(&["cat-file", "--batch"], hashes.as_bytes())
    }

    /// The files and directories with the attribute `export-ignore`; directories end in a slash.
    fn ignored(&self, blobs: &Blobs, commit: Option<&str>) -> Result<Vec<Vec<u8>>> {
        if !blobs.keys().any(|name| base_name(name) == b".gitattributes") {
            return Ok(Vec::new());
        }
        let mut input = Vec::new();
        let mut last_directory: &[u8] = b".";
        for name in blobs.keys() {
            let mut at = directory(name);
            while at != b"." && at != last_directory {
                input.extend_from_slice(at);
                input.extend_from_slice(b"/\0");
                at = directory(at);
            }
            last_directory = directory(name);
            input.extend_from_slice(name);
            input.push(0);
        }
        let output = match commit {
            // Named outright, a repository may be without a work tree.
            Some(commit) => {
                let place = if self.is_bare { "--git-dir=." } else { "--git-dir=.git" };
                self.git(&[place, "check-attr", "-z", "--stdin", "--source", commit, "export-ignore"], &input)?
            }
            None => self.git(&["check-attr", "-z", "--stdin", "export-ignore"], &input)?,
        };
        let fields: Vec<&[u8]> = output.split(|&byte| byte == 0).collect();
        let mut ignored: Vec<_> =
            fields.chunks_exact(3).filter(|fields| fields[2] == b"set").map(|fields| fields[0].to_vec()).collect();
        ignored.sort();
        Ok(ignored)
    }

    /// Copies a file, unless it is to be left out, and returns what Git would make of it.
    fn copy(
        &mut self,
        path: &[u8],
        name: &[u8],
        kind: FileType,
        writer: Option<&mut TreeWriter<'_>>,
        algorithm: HashAlgorithm,
    ) -> Result<Blob> {
        let (mode, contents) = match kind {
            FileType::Symlink => {
                let target = self.eval.read_link(path).map_err(|cause| self.eval.unreadable(path, &cause))?;
                (SYMLINK, target.into_os_string().into_encoded_bytes())
            }
            FileType::Regular => {
                let is_executable = self.eval.with_open_file(path, |file| file.executable)?;
                (if is_executable { EXECUTABLE } else { "100644" }, self.eval.read(path)?.to_vec())
            }
            FileType::Directory | FileType::Unknown => return Ok(Blob { mode: String::new(), hash: String::new() }),
        };
        if let Some(writer) = writer {
            let written = match mode {
                SYMLINK => writer.symlink(name, &contents),
                mode => writer.file(name, mode == EXECUTABLE, &mut &contents[..]),
            };
            written.map_err(scratch_failure)?;
        }
        let mut hasher = Hasher::new(algorithm);
        hasher.update(format!("blob {}\0", contents.len()).as_bytes());
        hasher.update(&contents);
        Ok(Blob { mode: mode.to_owned(), hash: hasher.finish().to_base16() })
    }
}

/// How the repository hashes, which the length tells.
fn algorithm_of(blob: &Blob) -> HashAlgorithm {
    if blob.hash.len() == 64 { HashAlgorithm::Sha256 } else { HashAlgorithm::Sha1 }
}

/// The entries of a list that `git` prints with `-z`: fields separated by blanks, a tab, and a name.
fn entries(list: &[u8]) -> impl Iterator<Item = (Vec<&str>, &[u8])> {
    list.split(|&byte| byte == 0).filter_map(|entry| {
        let tab = memchr::memchr(b'\t', entry)?;
        Some((std::str::from_utf8(&entry[..tab]).ok()?.split(' ').collect(), &entry[tab + 1..]))
    })
}

/// Whether a file or a directory above it is in a sorted list of what is left out.
fn is_ignored(ignored: &[Vec<u8>], name: &[u8]) -> bool {
    let contains = |path: &[u8]| ignored.binary_search_by(|entry| entry[..].cmp(path)).is_ok();
    !ignored.is_empty() && (contains(name) || memchr::memchr_iter(b'/', name).any(|slash| contains(&name[..=slash])))
}

fn path_bytes(path: std::path::PathBuf) -> Vec<u8> {
    path.into_os_string().into_encoded_bytes()
}
