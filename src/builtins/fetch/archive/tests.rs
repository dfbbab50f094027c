use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use super::*;

/// A tar archive made of (type, path, contents or target).
fn tar(entries: &[(EntryType, &str, &str)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (index, &(kind, path, text)) in entries.iter().enumerate() {
        let is_file = kind == EntryType::Regular;
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(if text == "executable" { 0o755 } else { 0o644 });
        header.set_mtime(1000 + index as u64);
        header.set_size(if is_file { text.len() as u64 } else { 0 });
        if !is_file {
            header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_cksum();
        archive.extend(header.as_bytes());
        if is_file {
            archive.extend(text.as_bytes());
            archive.resize(archive.len().next_multiple_of(512), 0);
        }
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

use EntryType::{Directory, Link, Regular, Symlink};

/// Unpacks an archive and lists what is there, with contents or targets.
fn unpack_to_list(archive: &[u8]) -> io::Result<Vec<String>> {
    let outside = tempfile::tempdir()?;
    let unpacked = unpack(archive, &outside.path().join("inside"))?;
    let others = std::fs::read_dir(outside.path())?.count();
    assert_eq!(others, 1, "something was written outside of the directory");
    let mut found = BTreeMap::new();
    let mut directories = vec![unpacked.root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            let metadata = path.symlink_metadata()?;
            let name = path.strip_prefix(&unpacked.root).unwrap().display().to_string();
            let text = if metadata.is_dir() {
                directories.push(path);
                "/".to_owned()
            } else if metadata.is_symlink() {
                format!(" -> {}", std::fs::read_link(&path)?.display())
            } else {
                let mark = if metadata.permissions().mode() & 0o100 != 0 { "*" } else { "" };
                format!("{mark}={}", String::from_utf8_lossy(&std::fs::read(&path)?))
            };
            found.insert(name, text);
        }
    }
    Ok(found.into_iter().map(|(name, text)| name + &text).collect())
}

const TREE: &[(EntryType, &str, &str)] = &[
    (Directory, "top/", ""),
    (Regular, "top/a", "contents"),
    (Regular, "top/deep/er/b", "executable"),
    (Symlink, "top/link", "../elsewhere"),
    (Link, "top/c", "top/a"),
];
const LISTED: &[&str] =
    &["a=contents", "c=contents", "deep/", "deep/er/", "deep/er/b*=executable", "link -> ../elsewhere"];

#[test]
fn the_only_directory_is_the_root() {
    assert_eq!(unpack_to_list(&tar(TREE)).unwrap(), LISTED);
    assert_eq!(unpack_to_list(&tar(&[(Regular, "./a", "1")])).unwrap(), ["a=1"]);
    assert_eq!(unpack_to_list(&tar(&[(Regular, "a/x", "1"), (Directory, "b", "")])).unwrap(), ["a/", "a/x=1", "b/"]);
    assert_eq!(unpack_to_list(&tar(&[(Directory, "a/b", "")])).unwrap(), ["b/"]);
}

#[test]
fn the_latest_change_counts() {
    let directory = tempfile::tempdir().unwrap();
    let unpacked = unpack(&tar(TREE)[..], &directory.path().join("x")).unwrap();
    assert_eq!(unpacked.last_modified, 1004);
}

/// An extended header need not tell a time.
#[test]
fn extended_headers() {
    let mut archive = tar::Builder::new(Vec::new());
    for extension in [("mtime", "2000.5"), ("mtime", "never"), ("path", "b")] {
        archive.append_pax_extensions([(extension.0, extension.1.as_bytes())]).unwrap();
        let mut header = tar::Header::new_ustar();
        header.set_size(1);
        header.set_mtime(3000);
        let name = extension.1;
        archive.append_data(&mut header, name, &b"1"[..]).unwrap();
    }
    let archive = archive.into_inner().unwrap();
    assert_eq!(unpack_to_list(&archive).unwrap(), ["2000.5=1", "b=1", "never=1"]);
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(unpack(&archive[..], &directory.path().join("x")).unwrap().last_modified, 3000);
}

#[test]
fn compressed_archives() {
    let plain = tar(TREE);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&plain).unwrap();
    assert_eq!(unpack_to_list(&gzip.finish().unwrap()).unwrap(), LISTED);

    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    bzip2.write_all(&plain).unwrap();
    assert_eq!(unpack_to_list(&bzip2.finish().unwrap()).unwrap(), LISTED);

    // Two frames with one to be skipped between them.
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let (first, second) = plain.split_at(700);
    let mut zstd = ruzstd::encoding::compress_to_vec(first, level);
    zstd.extend(b"\x51\x2a\x4d\x18\x02\0\0\0xx");
    zstd.extend(ruzstd::encoding::compress_to_vec(second, level));
    assert_eq!(unpack_to_list(&zstd).unwrap(), LISTED);
}

/// `a` with the contents `1`, and `d/b -> ../a`, as `xz` and `zip` pack them.
#[test]
fn archives_of_programs() {
    for archive in [&include_bytes!("fixtures/small.tar.xz")[..], &include_bytes!("fixtures/small.zip")[..]] {
        assert_eq!(unpack_to_list(archive).unwrap(), ["a*=1\n", "d/", "d/b -> ../a"]);
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(unpack(archive, &directory.path().join("x")).unwrap().last_modified, 1_000_000_000);
    }
}

#[test]
fn later_entries_replace_earlier_ones() {
    let archive =
        tar(&[(Regular, "a", "1"), (Link, "b", "a"), (Regular, "a", "2"), (Symlink, "l", "a"), (Regular, "l", "3")]);
    assert_eq!(unpack_to_list(&archive).unwrap(), ["a=2", "b=1", "l=3"]);
    let archive = tar(&[(Regular, "a", "1"), (Symlink, "a", "b")]);
    assert_eq!(unpack_to_list(&archive).unwrap(), ["a -> b"]);
    let archive = tar(&[(Regular, "a", "1"), (Link, "a", "./a")]);
    assert_eq!(unpack_to_list(&archive).unwrap(), ["a=1"]);
}

#[test]
fn nothing_leaves_the_directory() {
    let archive = tar(&[(Regular, "../../x", "1"), (Regular, "/etc/y", "2"), (Regular, "a/../../z", "3")]);
    assert_eq!(unpack_to_list(&archive).unwrap(), ["etc/", "etc/y=2", "x=1", "z=3"]);
    for entries in [
        &[(Symlink, "l", "/tmp"), (Regular, "l/x", "1")][..],
        &[(Symlink, "l", ".."), (Directory, "l/x", "")],
        &[(Symlink, "l", ".."), (Symlink, "l/x", "y")],
        &[(Link, "l", "../../../../../../etc/passwd")],
        &[(Directory, "d", ""), (Regular, "d", "1")],
        &[(Regular, "d", "1"), (Regular, "d/e", "1")],
        &[(Regular, ".", "1")],
        &[(Symlink, ".", "/tmp")],
        &[(EntryType::Fifo, "p", "")],
        &[(Directory, "d", ""), (Link, "e", "d")],
    ] {
        let problem = unpack_to_list(&tar(entries)).unwrap_err();
        assert_eq!(problem.kind(), io::ErrorKind::InvalidData, "{entries:?}: {problem}");
    }
}

#[test]
fn malformed_archives_are_errors() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&tar(TREE)).unwrap();
    let gzip = gzip.finish().unwrap();
    let xz = include_bytes!("fixtures/small.tar.xz");
    let zip = include_bytes!("fixtures/small.zip");
    for archive in [
        &b""[..],
        b"no archive",
        &[b'x'; 4096],
        &gzip[..gzip.len() / 2],
        &xz[..xz.len() / 2],
        &zip[..zip.len() / 2],
        b"\x1f\x8b",
        b"BZh9",
        b"\xfd7zXZ\0",
        b"\x28\xb5\x2f\xfd",
        b"PK\x03\x04",
        &tar(TREE)[..600],
    ] {
        assert!(unpack_to_list(archive).is_err(), "{:?}", &archive[..archive.len().min(8)]);
    }
}
