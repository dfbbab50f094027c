//! How fast derivations are written and hashed, and trees are hashed.
//!
//! `cargo bench --bench store`

use std::fs;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use firn::store::{
    Derivation, FileSystem, HashAlgorithm, HashModulo, Output, StoreDir, StorePath, Tree, aterm, hash_bytes, nar,
    parse_derivation,
};

fn main() {
    divan::main();
}

/// Like those of a package set: 40 variables, 25 inputs, a script.
fn derivation() -> Derivation {
    let mut derivation = Derivation {
        name: "hello-2.12".into(),
        system: b"x86_64-linux".into(),
        builder: b"/nix/store/1i2ylszas1r0sbp1x15v837nfifl7n2d-bash-5.2/bin/bash".into(),
        args: vec![b"-e".into(), b"builder.sh".into()],
        ..Derivation::default()
    };
    for number in 0..36 {
        let name = format!("variable{number}").into_bytes();
        derivation.env.insert(name, "word ".repeat(number % 12));
    }
    let line = "install -D \"$src/file\" \"$out/bin\"  # a line of a script\n";
    derivation.env.insert("script", line.repeat(20));
    for number in 0..25 {
        derivation.add_input(input(number), &["out".into()]).unwrap();
    }
    for output in ["out", "dev", "man"] {
        derivation.set_output(output.into(), Output::Deferred, &StoreDir::default());
    }
    derivation
}

fn input(number: u8) -> StorePath {
    let digest = hash_bytes(HashAlgorithm::Sha1, &[number]).to_nix32();
    StorePath::from_base_name(format!("{digest}-input-{number}.drv")).unwrap()
}

/// A memory that knows the inputs.
fn hashes() -> HashModulo {
    let mut hashes = HashModulo::new(StoreDir::default());
    for number in 0..25 {
        let mut derivation = Derivation { name: format!("input-{number}"), ..Derivation::default() };
        derivation.outputs.insert("out".into(), Output::Deferred);
        hashes.fill_outputs(&mut derivation, &mut |_| unreachable!()).unwrap();
        hashes.learn(input(number), &derivation, &mut |_| unreachable!()).unwrap();
    }
    hashes
}

#[divan::bench]
fn write_aterm(bencher: Bencher) {
    let (derivation, dir) = (derivation(), StoreDir::default());
    let mut out = aterm::to_bytes(&derivation, &dir);
    bencher.counter(BytesCount::of_slice(&out)).bench_local(|| {
        out.clear();
        aterm::write(black_box(&derivation), &dir, &mut out);
    });
}

#[divan::bench]
fn parse_aterm(bencher: Bencher) {
    let dir = StoreDir::default();
    let bytes = aterm::to_bytes(&derivation(), &dir);
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| parse_derivation(black_box(&bytes), "hello-2.12", &dir));
}

/// From a derivation without output paths to one with them.
#[divan::bench]
fn fill_outputs(bencher: Bencher) {
    let mut hashes = hashes();
    let len = aterm::to_bytes(&derivation(), &StoreDir::default()).len();
    bencher.counter(BytesCount::new(len)).with_inputs(derivation).bench_local_refs(|derivation| {
        hashes.fill_outputs(derivation, &mut |_| unreachable!()).unwrap();
    });
}

#[divan::bench]
fn store_path_of_output(bencher: Bencher) {
    let dir = StoreDir::default();
    let hash = hash_bytes(HashAlgorithm::Sha256, b"");
    bencher.bench(|| dir.output_path("hello-2.12", "dev", black_box(&hash)));
}

/// One large file: how fast bytes are hashed.
#[divan::bench(sample_count = 10)]
fn hash_large_file(bencher: Bencher) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, vec![b'x'; 64 << 20]).unwrap();
    bencher
        .counter(BytesCount::new(64_usize << 20))
        .bench(|| nar::hash(&Tree::whole(&FileSystem, &path), HashAlgorithm::Sha256).unwrap());
}

/// 2,000 files of 4 kB: how fast files are opened.
#[divan::bench(sample_count = 20)]
fn hash_small_files(bencher: Bencher) {
    let directory = tempfile::tempdir().unwrap();
    for number in 0..2000 {
        let parent = directory.path().join(format!("{}", number % 40));
        fs::create_dir_all(&parent).unwrap();
        fs::write(parent.join(format!("{number}")), vec![b'x'; 4096]).unwrap();
    }
    bencher
        .counter(BytesCount::new(2000 * 4096_usize))
        .bench(|| nar::hash(&Tree::whole(&FileSystem, directory.path()), HashAlgorithm::Sha256).unwrap());
}
