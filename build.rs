//! Generates the parsers' tables from `grammar/nix.lalrpop`: one parser that is fast, and one that finds all errors.

use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=grammar");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    for (directory, features) in [("strict", vec![]), ("recovery", vec!["recovery".to_owned()])] {
        lalrpop::Configuration::new()
            .set_in_dir("grammar")
            .set_out_dir(out.join(directory))
            .set_features(features)
            .emit_rerun_directives(true)
            .process()
            .expect("grammar/nix.lalrpop is a valid LALRPOP grammar");
    }
}
