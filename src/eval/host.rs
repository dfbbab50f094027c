//! What an evaluator sees of the machine it runs on.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostics::{Colors, Diagnostic, RenderOptions, SourceMap, printable, render};
use crate::store::{DirectoryEntry, FileSource, FileSystem, FileType, OpenFile, Stamp};

/// All effects of evaluation but those on the store: files, environment, time, messages.
///
/// An embedder can give its own, to evaluate from an archive, to forbid, or to record what a result
/// depends on. How files are reached is the part that the store needs, too: [`FileSource`].
pub trait Host: FileSource + Send + Sync {
    /// The bytes of a file; links are followed.
    ///
    /// # Errors
    /// There is no such file, or it cannot be read.
    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The same as it is kept, as the texts of programs are; a copy of what [`read_file`](Host::read_file) gives unless a host can
    /// do without. With the [stamp](FileSource::stamp) of the file that was read, if there is one: the path may name another file
    /// by now.
    ///
    /// # Errors
    /// Those of [`read_file`](Host::read_file).
    fn read_shared(&self, path: &Path) -> io::Result<(Arc<[u8]>, Option<Stamp>)> {
        Ok((self.read_file(path)?.into(), None))
    }
    /// When a file was changed last, in seconds since 1970-01-01 00:00 UTC; links are not followed. Zero if
    /// that is not known.
    ///
    /// # Errors
    /// There is no such file.
    fn modified(&self, path: &Path) -> io::Result<i64> {
        let _ = path;
        Ok(0)
    }
    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<OsString>;
    /// Seconds since 1970-01-01 00:00 UTC.
    fn seconds_since_epoch(&self) -> i64;
    /// What the program `git` prints for these arguments in a repository; `input` is what it reads. Nothing
    /// else is run, and no argument lets it write or use the network. It is an error unless a host allows it.
    ///
    /// # Errors
    /// There is no such program, or it fails.
    fn git(&self, repository: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
        let _ = (repository, arguments, input);
        Err(io::Error::new(io::ErrorKind::Unsupported, "programs cannot be run"))
    }
    /// Shows text to the user: what `builtins.trace` and `builtins.warn` say.
    fn message(&self, text: &[u8]);
    /// Shows a warning to the user; as a [message](Host::message) unless a host does better.
    fn diagnostic(&self, diagnostic: &Diagnostic, sources: &SourceMap) {
        let text = render(diagnostic, sources, &RenderOptions::default());
        self.message(text.trim_end().as_bytes());
    }
}

/// How much is read of what is no regular file.
const MAX_STREAM: u64 = 64 << 20;

/// The machine itself; messages go to standard error.
#[derive(Default, Debug)]
pub struct SystemHost;

impl FileSource for SystemHost {
    fn file_type(&self, path: &Path) -> io::Result<FileType> {
        FileSystem.file_type(path)
    }

    fn open(&self, path: &Path) -> io::Result<OpenFile<'_>> {
        FileSystem.open(path)
    }

    fn read_directory(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        FileSystem.read_directory(path)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        FileSystem.read_link(path)
    }

    fn stamp(&self, path: &Path) -> Option<Stamp> {
        FileSystem.stamp(path)
    }
}

impl Host for SystemHost {
    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = std::fs::File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_file() { read_regular(file, metadata.len()) } else { read_stream(file) }
    }

    fn read_shared(&self, path: &Path) -> io::Result<(Arc<[u8]>, Option<Stamp>)> {
        let file = std::fs::File::open(path)?;
        let metadata = file.metadata()?;
        match metadata.is_file() {
            true => Ok((share_regular(file, metadata.len())?, Stamp::of(&metadata))),
            false => Ok((read_stream(file)?.into(), None)),
        }
    }

    fn modified(&self, path: &Path) -> io::Result<i64> {
        Ok(std::os::unix::fs::MetadataExt::mtime(&std::fs::symlink_metadata(path)?))
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn seconds_since_epoch(&self) -> i64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |elapsed| elapsed.as_secs() as i64)
    }

    fn git(&self, repository: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
        run_git(repository, arguments, input)
    }

    fn message(&self, text: &[u8]) {
        use std::io::{IsTerminal, Write};
        let mut stderr = io::stderr().lock();
        let mut line = if stderr.is_terminal() {
            printable(&String::from_utf8_lossy(text), Colors::On).into_owned().into_bytes()
        } else {
            text.to_vec()
        };
        line.push(b'\n');
        // There is nowhere left to report a failure to.
        let _ = stderr.write_all(&line);
    }
}

/// So much more than a file should have is asked for at once. Files that the system makes up say that they have nothing, and of some
/// only the first call gets anything.
const READ_AHEAD: usize = 64;
/// For a file that says that it is longer there may be no memory.
const MOST_IN_PLACE: usize = 16 << 20;

/// The bytes of a regular file that should have this length, mostly with one call of the system: where less comes than there is
/// room for, the file ends.
fn read_regular(mut file: std::fs::File, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let room = length.saturating_add(READ_AHEAD);
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(room).map_err(|_| io::ErrorKind::OutOfMemory)?;
    bytes.resize(room, 0);
    let count = read_once(&mut file, &mut bytes)?;
    bytes.truncate(count);
    if count != length {
        // The file has changed, or is one whose length the system does not know.
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The same as it is kept. Up to this length a file is read to where it stays; another call tells that it ends there.
fn share_regular(mut file: std::fs::File, length: u64) -> io::Result<Arc<[u8]>> {
    let Some(length) = usize::try_from(length).ok().filter(|length| (1..=MOST_IN_PLACE).contains(length)) else {
        return read_regular(file, length).map(Arc::from);
    };
    let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, length).collect();
    let mut more = [0; READ_AHEAD];
    let place = Arc::get_mut(&mut bytes).expect("nobody else has it yet");
    let count = read_once(&mut file, place)?;
    let further = read_once(&mut file, &mut more)?;
    if count == length && further == 0 {
        return Ok(bytes);
    }
    // The file has changed.
    let mut bytes = [&bytes[..count], &more[..further]].concat();
    file.read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

fn read_once(file: &mut std::fs::File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The bytes of what is no regular file.
fn read_stream(file: std::fs::File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // A device may have no end.
    if file.take(MAX_STREAM).read_to_end(&mut bytes)? as u64 == MAX_STREAM {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is no regular file and does not end"));
    }
    Ok(bytes)
}

/// Runs `git` without anything that a repository may want to be run, and without the network.
fn run_git(repository: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
    use std::process::{Command, Stdio};
    let mut command = Command::new("git");
    command.arg("-C").arg(repository).args(["--no-replace-objects", "-c", "core.fsmonitor=false"]).args(arguments);
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"] {
        command.env_remove(variable);
    }
    for variable in ["GIT_OPTIONAL_LOCKS", "GIT_TERMINAL_PROMPT"] {
        command.env(variable, "0");
    }
    command.env("GIT_NO_LAZY_FETCH", "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdin = child.stdin.take();
    // It must be read from while it is written to, or both wait for each other.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            use std::io::Write;
            // If it does not read everything it says why itself.
            let _ = stdin.map(|mut stdin| stdin.write_all(input));
        });
        child.wait_with_output()
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_are_read_whole() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let path = directory.path().join("file");
        for length in [0, 1, 63, 64, 65, 5_000, 300_000] {
            let bytes: Vec<u8> = (0..length).map(|index| index as u8).collect();
            fs::write(&path, &bytes).expect("it can be written");
            assert_eq!(SystemHost.read_file(&path).expect("it can be read"), bytes);
            assert_eq!(SystemHost.read_shared(&path).expect("it can be read").0[..], bytes);
            // As when the file grows or shrinks meanwhile, or the system does not know how long it is.
            for wrong in [0, length / 2, length + 1, length + 1000] {
                let file = fs::File::open(&path).expect("it can be read");
                assert_eq!(read_regular(file, wrong).expect("it can be read"), bytes, "{length} {wrong}");
                let file = fs::File::open(&path).expect("it can be read");
                assert_eq!(share_regular(file, wrong).expect("it can be read")[..], bytes, "{length} {wrong}");
            }
        }
    }

    /// Of these, only the first call of the system gets anything.
    #[test]
    fn numbers_of_the_system_are_read_whole() {
        let path = Path::new("/proc/sys/kernel/pid_max");
        let Ok(text) = fs::read(path) else { return println!("there is no {}: skipped", path.display()) };
        assert_eq!(SystemHost.read_file(path).expect("it can be read"), text);
        assert_eq!(SystemHost.read_shared(path).expect("it can be read").0[..], text);
    }
}
