//! What tells the state of a file without reading it.

use std::fs::Metadata;
use std::time::{Duration, SystemTime};

use super::tree::FileType;

/// The state of a file: as long as its stamp is the same, so are its contents.
///
/// The system says which file it is (device and inode), how long, how it may be used, and when its contents and all of this
/// were changed last. The last of these times is set by the system whatever a program does. Git tells in the same way which
/// files need not be read again (`Documentation/technical/racy-git.txt`). As there, a file that was changed just now has no stamp:
/// another change may get the same time. Nor has a file on a system that counts whole seconds, which is often one that
/// was made as a whole, with times of somebody's choice (SquashFS, FAT).
///
/// As for Git, this does not see what a program writes through a mapping (`mmap`) into a page that it has written to before, until the
/// system has written that out; and over a network it sees what the system believes.
///
/// ```no_run
/// use firn::store::{FileSource, FileSystem, FileType};
///
/// let stamp = FileSystem.stamp("src/lib.rs".as_ref()).expect("it was not changed just now");
/// assert_eq!(stamp.file_type(), FileType::Regular);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    file_type: FileType,
    size: u64,
    bytes: [u8; Stamp::BYTES],
}

/// A file that was changed longer ago gets another time when it is changed again. Some file systems count in steps of two
/// seconds.
const SETTLED: Duration = if cfg!(test) { Duration::from_millis(100) } else { Duration::from_secs(3) };

impl Stamp {
    /// With a word before it, it is a block of most hash functions.
    const BYTES: usize = 56;

    /// What these metadata tell; nothing if the file may change without another stamp.
    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let time = |seconds: i64, nanoseconds: i64| {
            let since_epoch = Duration::new(seconds.try_into().ok()?, nanoseconds.try_into().ok()?);
            SystemTime::UNIX_EPOCH.checked_add(since_epoch)
        };
        let modified = time(metadata.mtime(), metadata.mtime_nsec())?;
        let changed = time(metadata.ctime(), metadata.ctime_nsec())?;
        // What lies in the future was set by a program, or the clock is wrong.
        let age = SystemTime::now().duration_since(modified.max(changed)).ok()?;
        if age < SETTLED || metadata.ctime_nsec() == 0 {
            return None;
        }
        let words: [u64; Stamp::BYTES / 8] = [
            metadata.dev(),
            metadata.ino(),
            metadata.size(),
            metadata.mtime() as u64,
            metadata.ctime() as u64,
            u64::from(metadata.mode()),
            // Both are less than 2^30.
            (metadata.mtime_nsec() as u64) << 32 | metadata.ctime_nsec() as u64,
        ];
        let mut bytes = [0; Stamp::BYTES];
        for (place, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        Some(Stamp { file_type: metadata.file_type().into(), size: metadata.size(), bytes })
    }

    /// Other systems do not tell enough.
    #[cfg(not(unix))]
    pub fn of(_: &Metadata) -> Option<Stamp> {
        None
    }

    /// The type of the file.
    pub fn file_type(&self) -> FileType {
        self.file_type
    }

    /// How many bytes a regular file has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What makes the difference.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread::sleep;

    use super::*;
    use crate::store::{FileSource, FileSystem};

    #[test]
    fn whatever_is_done_to_a_file_it_gets_another_stamp() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let file = directory.path().join("file");
        let moved = directory.path().join("moved");
        fs::write(&file, "text").expect("it can be written");
        assert_eq!(FileSystem.stamp(&file), None, "it may change at the same time");
        sleep(SETTLED);
        let before = fs::metadata(&file).expect("it is there").modified().expect("it is told");
        let mut stamps = vec![FileSystem.stamp(&file).expect("it is old enough")];
        assert_eq!(FileSystem.stamp(&file), Some(stamps[0]));
        let set_modified = |time: SystemTime| {
            let opened = fs::File::options().write(true).open(&file);
            opened.and_then(|file| file.set_modified(time)).expect("it is ours");
        };
        let changes: [&dyn Fn(); 3] = [
            // The same length, and the time set back.
            &|| {
                fs::write(&file, "next").expect("it can be written");
                set_modified(before);
            },
            // Another file with the same contents, and a time that is the same.
            &|| {
                fs::write(&moved, "next").expect("it can be written");
                fs::rename(&moved, &file).expect("it can be replaced");
                set_modified(before);
            },
            &|| {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).expect("it is ours");
            },
        ];
        for change in changes {
            change();
            assert_eq!(FileSystem.stamp(&file), None);
            sleep(SETTLED);
            let stamp = FileSystem.stamp(&file).expect("it is old enough");
            assert!(!stamps.contains(&stamp));
            stamps.push(stamp);
        }
        assert_eq!((stamps[0].file_type(), stamps[0].size()), (FileType::Regular, 4));
        let later = SystemTime::now() + Duration::from_secs(1000);
        set_modified(later);
        sleep(SETTLED);
        assert_eq!(FileSystem.stamp(&file), None, "it has a time that is still to come");
        assert_eq!(FileSystem.stamp(&moved), None);
    }
}
