//! Evaluates the example machine of `corpus/machine`: a module system, a package set and a
//! configuration whose value is one derivation. Its path depends on every byte of every
//! derivation it is made of, so that one comparison covers all of `expected/closure.txt`.
//!
//! `FIRN_CORPUS_BIN` names another program to run as `nix-instantiate` in place of firn.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

#[test]
fn firn_eval_finds_the_path_of_the_system() {
    if std::env::var_os("FIRN_CORPUS_BIN").is_some() {
        return; // Another program has no `eval`.
    }
    let output = run(Path::new(env!("CARGO_BIN_EXE_firn")), &["eval", "--raw", "-A", "drvPath", "configuration.cfg"]);
    assert_eq!(printed(&output).trim_end(), expected_system());
}

#[test]
fn nix_instantiate_finds_the_path_of_the_system() {
    let scratch = tempfile::tempdir().expect("a temporary directory can be made");
    let arguments = ["--eval", "--json", "-A", "drvPath", "configuration.cfg"];
    let output = run(&nix_instantiate(scratch.path()), &arguments);
    assert_eq!(json(&output), Value::from(expected_system()));
}

#[test]
fn options_have_the_values_expected() {
    let scratch = tempfile::tempdir().expect("a temporary directory can be made");
    let binary = nix_instantiate(scratch.path());
    let expected: Value = serde_json::from_str(&expectation("values.json")).expect("values.json is JSON");
    let expected = expected.as_object().expect("values.json holds an object");
    assert!(!expected.is_empty(), "values.json is empty");

    let mut differences = Vec::new();
    for (option, value) in expected {
        let attribute = format!("config.{option}");
        let output = run(&binary, &["--eval", "--strict", "--json", "-A", &attribute, "configuration.cfg"]);
        let found = json(&output);
        if found != *value {
            differences.push(format!("{option}\n    expected {value}\n    but got  {found}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn mistakes_in_a_configuration_are_explained() {
    let scratch = tempfile::tempdir().expect("a temporary directory can be made");
    let binary = nix_instantiate(scratch.path());
    let mut complaints = Vec::new();
    let mut count = 0;
    for name in failing() {
        count += 1;
        let output = run(&binary, &["--eval", "-A", "drvPath", &format!("failing/{name}.cfg")]);
        let message = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(1) || !output.stdout.is_empty() || message.contains("panicked") {
            complaints.push(format!("{name}: should fail, but ended with {}\n{message}", output.status));
            continue;
        }
        let expected = read(&machine().join(format!("failing/{name}.err")));
        let missing: Vec<&str> = expected.lines().filter(|line| !message.contains(line)).collect();
        if !missing.is_empty() || expected.trim().is_empty() {
            complaints.push(format!("{name}: the message lacks {missing:#?}\n{message}"));
        }
    }
    assert!(count > 0, "there are no programs in corpus/machine/failing");
    assert!(complaints.is_empty(), "{} of {count}\n{}", complaints.len(), complaints.join("\n"));
}

/// The names of the programs that have to fail.
fn failing() -> Vec<String> {
    let folder = machine().join("failing");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension() == Some(OsStr::new("cfg")))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

/// Runs a program in the folder of the machine, where nothing depends on the user.
fn run(binary: &Path, arguments: &[&str]) -> Output {
    Command::new(binary)
        .args(arguments)
        .current_dir(machine())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/home/corpus")
        .env("LC_ALL", "C.UTF-8")
        .env("NO_COLOR", "1")
        .env("NIX_PATH", "")
        .env("NIX_REMOTE", "dummy://")
        .output()
        .unwrap_or_else(|error| panic!("{} cannot be run: {error}", binary.display()))
}

fn json(output: &Output) -> Value {
    let text = printed(output);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("printed {text:?}, which is no JSON: {error}"))
}

fn printed(output: &Output) -> String {
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ended with {}\n{message}", output.status);
    String::from_utf8(output.stdout.clone()).expect("what is printed is UTF-8")
}

fn expected_system() -> String {
    expectation("system.drv").trim_end().to_owned()
}

fn expectation(name: &str) -> String {
    read(&machine().join("expected").join(name))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn machine() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/machine")
}

/// The program under the name by which it behaves like `nix-instantiate`.
fn nix_instantiate(scratch: &Path) -> PathBuf {
    if let Some(other) = std::env::var_os("FIRN_CORPUS_BIN") {
        return std::path::absolute(other).expect("FIRN_CORPUS_BIN is not empty");
    }
    let link = scratch.join("nix-instantiate");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_firn"), &link).expect("a link can be made in a new directory");
    link
}
