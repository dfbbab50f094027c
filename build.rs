//! Generates the parser's tables from `grammar/nix.lalrpop`.

use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=grammar");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    lalrpop::Configuration::new()
        .set_in_dir("grammar")
        .set_out_dir(out)
        .emit_rerun_directives(true)
        .process()
        .expect("grammar/nix.lalrpop is a valid LALRPOP grammar");
}
