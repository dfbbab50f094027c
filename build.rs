//! Generates the parser's tables from `grammar/nix.lalrpop`, names the formats of what is cached, and says what else a build depends on.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=grammar");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    lalrpop::Configuration::new()
        .set_in_dir("grammar")
        .set_out_dir(out)
        .emit_rerun_directives(true)
        .process()
        .expect("grammar/nix.lalrpop is a valid LALRPOP grammar");
    println!(
        "cargo::rustc-env=FIRN_PROGRAM_FORMAT={}",
        format_of(&["grammar", "src/syntax", "src/program", "src/builtins"])
    );
    println!("cargo::rustc-env=FIRN_STORE_FORMAT={}", format_of(&["src/store"]));
    // The compiler reads these without Cargo knowing it.
    let reads = [".cargo/rustc", "benches/profile/firn.profdata", "benches/profile/compiler"];
    for read in reads.into_iter().filter(|read| Path::new(read).exists()) {
        println!("cargo::rerun-if-changed={read}");
    }
    println!("cargo::rerun-if-env-changed=FIRN_RECORD_PROFILE");
}

/// What a program looks like that is made of a text depends on code, and so do the hashes that are computed. What another build has kept
/// must not be taken for what this build would make, so it is named for all of the code.
fn format_of(parts: &[&str]) -> String {
    let mut hasher = DefaultHasher::new();
    std::env::var("CARGO_PKG_VERSION").expect("cargo sets the version for build scripts").hash(&mut hasher);
    for part in parts {
        println!("cargo::rerun-if-changed={part}");
        hash_files(Path::new(part), &mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

fn hash_files(path: &Path, hasher: &mut DefaultHasher) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).expect("the folders of the package can be listed");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("so can their files").path()).collect();
        paths.sort();
        paths.iter().for_each(|path| hash_files(path, hasher));
    } else {
        path.hash(hasher);
        std::fs::read(path).expect("the files of the package can be read").hash(hasher);
    }
}
