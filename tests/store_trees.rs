//! Trees of files: archives, selections, and stores that take them.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use firn::store::{
    ComputeStore, ContentAddressMethod, DirectoryEntry, DirectoryStore, Error, FileSource, FileSystem, FileType,
    HashAlgorithm, Location, OpenFile, Selection, Store, StoreDir, StorePath, Tree, nar, select,
};
use tempfile::TempDir;

const SHA256: HashAlgorithm = HashAlgorithm::Sha256;
const NAR: ContentAddressMethod = ContentAddressMethod::Nar;

/// A directory with `tree`, which has a bit of everything.
fn example() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let tree = directory.path().join("tree");
    fs::create_dir_all(tree.join("sub/a")).unwrap();
    fs::create_dir(tree.join("empty")).unwrap();
    for (name, contents) in
        [("file", "hi\n"), ("exe", "#!/bin/sh\n"), ("sub/a/x", "x"), ("sub/a-b", "y"), ("sub/a.b", "z"), ("sub/é", "é")]
    {
        fs::write(tree.join(name), contents).unwrap();
    }
    fs::set_permissions(tree.join("exe"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("../file", tree.join("sub/link")).unwrap();
    directory
}

fn references() -> BTreeSet<StorePath> {
    BTreeSet::new()
}

/// What `nix-hash --type sha256` says of the example.
#[test]
fn hashes_of_archives() {
    let example = example();
    let hashes = [
        ("tree", "baaa57073166a7e01a2b8a341383cda0a680cbb032fd4624904caa4ea9f41f55"),
        ("tree/exe", "6283c1668260f903d1a895c0cd6b822fa4b68762bb0b17cedef2d39d97e26554"),
        ("tree/sub/link", "d0e7a28dc5954edda3107ec9918bcc00c109d813ed8c14d0b7388444bee51e8f"),
    ];
    for (path, expected) in hashes {
        let path = example.path().join(path);
        let (hash, _) = nar::hash(&Tree::whole(&FileSystem, &path), SHA256).unwrap();
        assert_eq!(hash.to_base16(), expected, "{}", path.display());
    }
    let path = example.path().join("tree");
    assert_eq!(nar::hash(&Tree::whole(&FileSystem, &path), SHA256).unwrap().1, 1984);
}

/// The names that the filter was asked for, and what it let through: all but
/// `a` and symbolic links.
fn filtered(root: &Path) -> (Vec<String>, Selection) {
    let mut asked = Vec::new();
    let selection = select(&FileSystem, root, |path, file_type| {
        let name = path.strip_prefix(root).unwrap().display();
        asked.push(format!("{name} {file_type:?}"));
        Ok::<_, Error>(!path.ends_with("a") && file_type != FileType::Symlink)
    });
    (asked, selection.unwrap())
}

#[test]
fn a_filter_is_asked_in_the_order_in_which_nix_asks() {
    let example = example();
    let (asked, _) = filtered(&example.path().join("tree"));
    assert_eq!(
        asked,
        [
            "empty Directory",
            "exe Regular",
            "file Regular",
            "sub Directory",
            "sub/a Directory",
            "sub/a-b Regular",
            "sub/a.b Regular",
            "sub/link Symlink",
            "sub/é Regular",
        ]
    );
}

#[test]
fn what_a_filter_says_is_passed_on() {
    #[derive(Debug, PartialEq)]
    enum Failure {
        Store,
        OfFilter(PathBuf),
    }
    impl From<Error> for Failure {
        fn from(_: Error) -> Failure {
            Failure::Store
        }
    }
    let example = example();
    let root = example.path().join("tree");
    let failed = select(&FileSystem, &root, |path, _| Err(Failure::OfFilter(path.to_owned())));
    assert_eq!(failed, Err(Failure::OfFilter(root.join("empty"))));
    let failed = select(&FileSystem, &root.join("nothing"), |_, _| Ok::<_, Failure>(true));
    assert_eq!(failed, Err(Failure::Store));
}

/// What `builtins.path` and `builtins.filterSource` yield for the example.
fn add_everything(store: &mut dyn Store, root: &Path) {
    let whole = Tree::whole(&FileSystem, root);
    let (_, selection) = filtered(root);
    let part = Tree { selection: Some(&selection), ..whole };
    let file = root.join("file");
    let file = Tree::whole(&FileSystem, &file);
    for (name, tree, method, expected) in [
        ("tree", &whole, NAR, "d76czrmibypwd6f1lcpj3r8sgiq3c9aj-tree"),
        ("named", &whole, NAR, "55258vdp2d2xsphkzcjrvnfqzm0s8p2y-named"),
        ("tree", &part, NAR, "pkj8lx38yxybkgs4965s8m2jglcp5zrd-tree"),
        ("flat", &file, ContentAddressMethod::Flat, "gc4mdv0vikcb0hqyn0mf97grgs1aaf0p-flat"),
    ] {
        let path = store.add_tree(name, tree, method, SHA256, &references());
        let path = path.unwrap();
        assert_eq!(path.to_string(), expected);
        assert!(store.contains(&path));
        assert_eq!(store.references(&path).unwrap(), []);
    }
    let text = store.add_text("a", b"text", &references()).unwrap();
    assert_eq!(text.to_string(), "znvscj76jsnvyjqabi70np3mf4lm3gy4-a");
    let other = store.add_text("c", b"text", &references()).unwrap();
    let contents = [store.dir().display(&text), store.dir().display(&other)].join(" and ");
    let both = BTreeSet::from([text, other]);
    let path = store.add_text("b", contents.as_bytes(), &both).unwrap();
    assert_eq!(path.to_string(), "iqc2d7pc7p9p54r4wq5bn1w4fvk0ln56-b");
    assert!(store.references(&path).unwrap().iter().eq(&both));
}

#[test]
fn a_store_that_only_computes() {
    let example = example();
    let root = example.path().join("tree");
    let mut store = ComputeStore::new(StoreDir::default());
    add_everything(&mut store, &root);
    let locate = |base_name| store.locate(&StorePath::from_base_name(base_name).unwrap());
    assert_eq!(locate("55258vdp2d2xsphkzcjrvnfqzm0s8p2y-named"), Some(Location::Path(root)));
    assert_eq!(locate("pkj8lx38yxybkgs4965s8m2jglcp5zrd-tree"), None);
    assert_eq!(locate("znvscj76jsnvyjqabi70np3mf4lm3gy4-a"), Some(Location::Text(b"text".as_slice().into())));
}

#[test]
fn a_store_in_a_directory() {
    let example = example();
    let root = tempfile::tempdir().unwrap();
    let mut store = DirectoryStore::new(root.path(), StoreDir::default()).unwrap();
    add_everything(&mut store, &example.path().join("tree"));
    // Again, by one that remembers nothing.
    let mut store = DirectoryStore::new(root.path(), StoreDir::default()).unwrap();
    add_everything(&mut store, &example.path().join("tree"));

    let physical = root.path().join("nix/store");
    let mut names: Vec<_> =
        fs::read_dir(&physical).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 7, "{names:?}");
    for name in &names {
        let path = store.locate(&StorePath::from_base_name(name).unwrap());
        assert_eq!(path, Some(Location::Path(physical.join(name))));
    }

    let copy = physical.join("d76czrmibypwd6f1lcpj3r8sgiq3c9aj-tree");
    let (hash, _) = nar::hash(&Tree::whole(&FileSystem, &copy), SHA256).unwrap();
    assert_eq!(hash.to_base16(), "baaa57073166a7e01a2b8a341383cda0a680cbb032fd4624904caa4ea9f41f55");
    for (path, mode) in [("", 0o40555), ("exe", 0o100555), ("file", 0o100444)] {
        let metadata = fs::symlink_metadata(copy.join(path)).unwrap();
        assert_eq!(metadata.permissions().mode(), mode, "{path}");
        let modified = metadata.modified().unwrap();
        let age = modified.duration_since(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(age.as_secs(), 1);
    }
    make_removable(&physical);
}

/// `TempDir` cannot remove read-only directories unless we are root.
fn make_removable(directory: &Path) {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            make_removable(&entry.path());
        }
    }
}

#[test]
fn nothing_unfinished_is_left_behind() {
    let example = example();
    let tree = example.path().join("tree");
    std::os::unix::net::UnixListener::bind(tree.join("sub/socket")).unwrap();
    let root = tempfile::tempdir().unwrap();
    let mut store = DirectoryStore::new(root.path(), StoreDir::default()).unwrap();
    let error = store.add_tree("x", &Tree::whole(&FileSystem, &tree), NAR, SHA256, &references()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "'{}' cannot be put into the store: \
             it is neither a regular file, a directory nor a symbolic link",
            tree.join("sub/socket").display()
        )
    );
    let left = fs::read_dir(root.path().join("nix/store")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn methods_and_what_they_refuse() {
    let example = example();
    let tree = example.path().join("tree");
    let tree = Tree::whole(&FileSystem, &tree);
    let path = StorePath::from_base_name("gc4mdv0vikcb0hqyn0mf97grgs1aaf0p-flat").unwrap();
    let mut store = ComputeStore::new(StoreDir::default());
    let mut add = |method, algorithm, references: &[&StorePath]| {
        let references = references.iter().copied().cloned().collect();
        let result = store.add_tree("x", &tree, method, algorithm, &references);
        result.unwrap_err().to_string()
    };
    assert!(
        add(ContentAddressMethod::Flat, SHA256, &[])
            .ends_with("cannot be put into the store: it is not a regular file")
    );
    assert!(add(ContentAddressMethod::Git, SHA256, &[]).ends_with("that is not supported"));
    assert_eq!(
        add(NAR, HashAlgorithm::Sha1, &[&path]),
        "'x' is content-addressed by a method (nar, sha1) \
         that does not allow references to other store paths"
    );
}

/// Directories within each other, and a file in the innermost.
struct Nested {
    directories: usize,
    /// How many bytes the file says it has.
    size: u64,
    contents: &'static [u8],
}

impl FileSource for Nested {
    fn file_type(&self, path: &Path) -> io::Result<FileType> {
        Ok(match path.components().count() <= self.directories {
            true => FileType::Directory,
            false => FileType::Regular,
        })
    }

    fn open(&self, _: &Path) -> io::Result<OpenFile<'_>> {
        Ok(OpenFile { size: self.size, executable: false, stamp: None, contents: Box::new(self.contents) })
    }

    fn read_directory(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        Ok(vec![DirectoryEntry { name: "d".into(), file_type: self.file_type(&path.join("d"))? }])
    }

    fn read_link(&self, _: &Path) -> io::Result<PathBuf> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn hash_nested(nested: &Nested) -> Result<String, String> {
    match nar::hash(&Tree::whole(nested, Path::new("r")), SHA256) {
        Ok((hash, _)) => Ok(hash.to_base16()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn directories_nest_64_deep_and_no_deeper() {
    let mut nested = Nested { directories: 63, size: 0, contents: b"" };
    assert_eq!(hash_nested(&nested).unwrap(), "14f530f382d8c6f2aeb31604f866206d331d8c632e3f1489d3aa818f056a2618");
    for directories in [64, usize::MAX] {
        nested.directories = directories;
        let error = hash_nested(&nested).unwrap_err();
        assert!(error.ends_with("directories nest deeper than 64"), "{error}");
        let selection = select(&nested, Path::new("r"), |_, _| Ok::<_, Error>(true));
        assert_eq!(selection.unwrap_err().to_string(), error);
    }
}

#[test]
fn a_file_that_shrinks_is_an_error_and_one_that_grows_is_not() {
    let nested = |size, contents| Nested { directories: 0, size, contents };
    assert_eq!(hash_nested(&nested(2, b"ab")), hash_nested(&nested(2, b"abc")));
    let errors = [2, u64::MAX].map(|size| hash_nested(&nested(size, b"a")).unwrap_err());
    for error in errors {
        assert!(error.starts_with("cannot read the file 'r': "), "{error}");
    }
}
