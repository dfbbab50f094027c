//! What the program `git` says of a repository, without its work tree.
//!
//! None of its commands that are used here runs filters or hooks, which a repository could bring along.

use std::collections::BTreeMap;

use crate::builtins::text::path::{base_name, directory, join};
use crate::diagnostics::{Code, Diagnostic};
use crate::eval::{Eval, Result, error, os_path};

/// A repository on this machine.
pub(super) struct Repository<'e, 'h> {
    pub(super) eval: &'e mut Eval<'h>,
    pub(super) path: &'e [u8],
    /// Whether it has no work tree, or is the directory `.git` of one.
    pub(super) is_bare: bool,
}

/// A file as the index or a commit has it.
#[derive(PartialEq, Eq)]
pub(super) struct Blob {
    pub(super) mode: String,
    pub(super) hash: String,
}

pub(super) type Blobs = BTreeMap<Vec<u8>, Blob>;

/// The mode of an entry that is the commit of another repository.
pub(super) const COMMIT: &str = "160000";
pub(super) const SYMLINK: &str = "120000";
pub(super) const EXECUTABLE: &str = "100755";

impl<'e, 'h> Repository<'e, 'h> {
    /// The repository at a path, which has passed [`check`](Self::check) before.
    pub(super) fn open(eval: &'e mut Eval<'h>, path: &'e [u8]) -> Self {
        let is_bare = !eval.path_exists(&join(path, b".git"));
        Repository { eval, path, is_bare }
    }
}

impl Repository<'_, '_> {
    /// Makes sure that it is there; otherwise Git would look for one that the path is inside of.
    pub(super) fn check(&self) -> Result<()> {
        if !self.eval.path_exists(self.path) {
            let path = String::from_utf8_lossy(self.path);
            return Err(error(Code::FetchFailed, format!("the Git repository '{path}' does not exist")));
        }
        let place = if self.is_bare { "." } else { ".git" };
        self.git(&["rev-parse", "--resolve-git-dir", place], b"").map(drop)
    }

    pub(super) fn git(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>> {
        self.eval.host.git(os_path(self.path), arguments, input).map_err(|cause| self.failure(&cause.to_string()))
    }

    /// The one line that `git` prints.
    pub(super) fn line(&self, arguments: &[&str]) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.git(arguments, b"")?).trim_end().to_owned())
    }

    #[cold]
    pub(super) fn failure(&self, problem: &str) -> Box<Diagnostic> {
        let path = String::from_utf8_lossy(self.path);
        error(Code::FetchFailed, format!("cannot read the Git repository '{path}': {problem}"))
    }

    /// The hash of the commit of this name.
    pub(super) fn resolve(&self, name: &str) -> Result<String> {
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

    pub(super) fn time(&self, commit: &str) -> Result<u64> {
        let time = self.line(&["log", "-1", "--format=%ct", "--no-show-signature", commit])?;
        time.parse().map_err(|_| self.failure(&format!("'{time}' is not a time")))
    }

    pub(super) fn count(&self, commit: &str) -> Result<Option<u64>> {
        if self.line(&["rev-parse", "--is-shallow-repository"])? == "true" {
            return Ok(None);
        }
        Ok(self.line(&["rev-list", "--count", commit])?.parse().ok())
    }

    pub(super) fn blobs_of_commit(&self, commit: &str) -> Result<Blobs> {
        let list = self.git(&["ls-tree", "-r", "-z", "--full-tree", commit], b"")?;
        let entries = entries(&list).map(|(fields, name)| {
            let [mode, _, hash] = fields[..] else { return Err(self.failure("its list of files is malformed")) };
            Ok((name.to_vec(), Blob { mode: mode.to_owned(), hash: hash.to_owned() }))
        });
        entries.collect()
    }

    /// The files in the index, and whether any of them is waiting for a merge.
    pub(super) fn blobs_of_index(&self) -> Result<(Blobs, bool)> {
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
    pub(super) fn contents(&self, blobs: &Blobs) -> Result<Vec<u8>> {
        let wanted = blobs.values().filter(|blob| blob.mode != COMMIT);
        let hashes: String = wanted.map(|blob| format!("{}\n", blob.hash)).collect();
        self.git(&["cat-file", "--batch"], hashes.as_bytes())
    }

    /// The files and directories with the attribute `export-ignore`; directories end in a slash.
    pub(super) fn ignored(&self, blobs: &Blobs, commit: Option<&str>) -> Result<Vec<Vec<u8>>> {
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
}

/// The entries of a list that `git` prints with `-z`: fields separated by blanks, a tab, and a name.
fn entries(list: &[u8]) -> impl Iterator<Item = (Vec<&str>, &[u8])> {
    list.split(|&byte| byte == 0).filter_map(|entry| {
        let tab = memchr::memchr(b'\t', entry)?;
        Some((std::str::from_utf8(&entry[..tab]).ok()?.split(' ').collect(), &entry[tab + 1..]))
    })
}
