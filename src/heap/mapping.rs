//! Files in memory, where they need not be copied.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use super::Heap;

/// The bytes of a file that nobody changes, as the system has them in memory.
#[derive(Debug)]
pub(crate) struct Mapping(system::Mapping);

impl Mapping {
    /// Maps a file. Nothing if the system cannot, or if the file is not on a disk of this machine: what goes wrong when such a file is
    /// read is an error, but when it is mapped, the end of the process.
    ///
    /// Whoever calls this sees to it that the file is never made shorter and never written to.
    pub(crate) fn of(file: &File) -> Option<Arc<Mapping>> {
        system::map(file).map(|mapping| Arc::new(Mapping(mapping)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Heap {
    /// A part of a mapped file, for as long as the heap lives.
    pub(crate) fn share(&self, mapping: &Arc<Mapping>, part: Range<usize>) -> &[u8] {
        let mut shared = self.mappings.borrow_mut();
        if !shared.iter().any(|other| Arc::ptr_eq(other, mapping)) {
            shared.push(mapping.clone());
        }
        // SAFETY: the mapping stays where it is for as long as there is a reference to it, and the heap drops its own when it goes itself.
        unsafe { &*std::ptr::from_ref(&mapping.bytes()[part]) }
    }
}

#[cfg(all(target_os = "linux", not(miri)))]
mod system {
    use std::fs::File;
    use std::mem::MaybeUninit;
    use std::os::fd::AsRawFd;

    pub(super) type Mapping = memmap2::Mmap;

    /// What systems call their kinds of file systems that are on disks or in memory.
    #[allow(clippy::unnecessary_cast)] // Not everywhere are these of one type.
    const LOCAL: [i64; 8] = [
        libc::EXT4_SUPER_MAGIC as i64,
        libc::BTRFS_SUPER_MAGIC as i64,
        libc::XFS_SUPER_MAGIC as i64,
        libc::F2FS_SUPER_MAGIC as i64,
        libc::TMPFS_MAGIC as i64,
        libc::OVERLAYFS_SUPER_MAGIC as i64,
        // ZFS and bcachefs.
        0x2fc1_2fc1,
        0xca45_1a4e,
    ];

    pub(super) fn map(file: &File) -> Option<Mapping> {
        // SAFETY: the caller of `Mapping::of` sees to it that nobody changes the file.
        is_local(file).then(|| unsafe { Mapping::map(file) })?.ok()
    }

    fn is_local(file: &File) -> bool {
        let mut about = MaybeUninit::<libc::statfs>::uninit();
        // SAFETY: the file is open, and there is room for what is told of it, which has been written if there was no error.
        let kind = unsafe {
            match libc::fstatfs(file.as_raw_fd(), about.as_mut_ptr()) {
                #[allow(clippy::unnecessary_cast)] // As above.
                0 => about.assume_init().f_type as i64,
                _ => return false,
            }
        };
        LOCAL.contains(&kind)
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod system {
    use std::fs::File;

    pub(super) type Mapping = Vec<u8>;

    pub(super) fn map(_file: &File) -> Option<Mapping> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_a_heap_shares_outlives_everything_else() {
        let mut file = tempfile::tempfile().expect("there is room for a file");
        file.write_all(b"a lantern").expect("it can be written");
        // Where files cannot be mapped there is nothing to see.
        let Some(mapping) = Mapping::of(&file) else { return };
        let heap = Heap::new(usize::MAX);
        let (lantern, all) = (heap.share(&mapping, 2..9), heap.share(&mapping, 0..9));
        drop((file, mapping));
        assert_eq!((lantern, all), (&b"lantern"[..], &b"a lantern"[..]));
        assert_eq!(heap.mappings.borrow().len(), 1);
    }
}
