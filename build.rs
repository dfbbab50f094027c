//! Generates the parser tables from `grammar/nix.lalrpop`.

fn main() {
    println!("cargo::rerun-if-changed=grammar");
    lalrpop::Configuration::new()
        .set_in_dir("grammar")
        .set_out_dir(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"))
        .emit_rerun_directives(true)
        .process()
        .expect("grammar/nix.lalrpop is a valid LALRPOP grammar");
}
