//! What is kept from one run of the command to the next.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The machine of the corpus, and a cache of its own for each test.
struct Runs {
    scratch: tempfile::TempDir,
}

impl Runs {
    fn new() -> Runs {
        Runs { scratch: tempfile::tempdir().expect("a directory") }
    }

    fn cache(&self) -> std::path::PathBuf {
        self.scratch.path().join("cache")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firn"));
        command.args(arguments).env_remove("NIX_PATH").env("HOME", self.scratch.path());
        command.env_remove("XDG_CACHE_HOME").env("FIRN_CACHE_DIR", self.cache()).stdin(Stdio::null());
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/machine"));
        command
    }

    /// What evaluating the machine prints, and how many programs were found in the cache.
    fn evaluate(&self, flags: &[&str]) -> (String, u64) {
        let evaluation = ["eval", "--raw", "-A", "drvPath", "--stats=json", "configuration.cfg"];
        of_output(&output(&mut self.command(&[&evaluation[..], flags].concat())))
    }
}

fn output(command: &mut Command) -> Output {
    command.output().expect("it starts")
}

fn of_output(output: &Output) -> (String, u64) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let statistics: Value = serde_json::from_str(&errors).unwrap_or_else(|error| panic!("{error}: {errors}"));
    let cached = statistics["sources"]["cached"].as_u64().expect("it is counted");
    (String::from_utf8_lossy(&output.stdout).into_owned(), cached)
}

#[test]
fn the_second_run_finds_what_the_first_has_kept() {
    let runs = Runs::new();
    let (first, cached) = runs.evaluate(&[]);
    assert_eq!(cached, 0);
    assert!(runs.cache().is_dir());
    for _ in 0..2 {
        let (again, cached) = runs.evaluate(&[]);
        assert_eq!(again, first);
        assert!(cached >= 10, "{cached}");
    }
}

/// Derivations that are found in the cache are the same, and written like others; a change of one is a change of those that need it.
#[test]
fn derivations_are_not_hashed_again() {
    let runs = Runs::new();
    let file = runs.scratch.path().join("derivations.cfg");
    let instantiate = |text: &str, store: &str, flags: &[&str]| {
        let program = format!(
            "let make = name: before: derivation {{ inherit name before; system = \"any\"; builder = ./source; }};
             in make \"c\" (make \"b\" (make \"a\" {text:?}))"
        );
        fs::write(&file, program).expect("it can be written");
        let store = runs.scratch.path().join(store);
        let mut command = runs.command(&["eval", "--raw", "-A", "drvPath", "--stats=json"]);
        let output = output(command.arg(&file).arg("--store").arg(&store).args(flags));
        let errors = String::from_utf8_lossy(&output.stderr);
        let statistics: Value = serde_json::from_str(&errors).unwrap_or_else(|error| panic!("{error}: {errors}"));
        assert_eq!(statistics["derivations"], 3);
        let path = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut files: Vec<_> = fs::read_dir(store.join("nix/store")).expect("it is there").flatten().collect();
        files.sort_by_key(fs::DirEntry::file_name);
        let files: Vec<_> = files.iter().map(|file| (file.file_name(), fs::read(file.path()).ok())).collect();
        (path, files, statistics["cached_derivations"].as_u64().expect("it is counted"))
    };
    let source = runs.scratch.path().join("source");
    fs::write(&source, "one").expect("it can be written");
    let (path, files, cached) = instantiate("one", "first", &[]);
    assert_eq!((files.len(), cached), (4, 0));
    assert_eq!(instantiate("one", "second", &[]), (path.clone(), files.clone(), 3));
    assert_eq!(instantiate("one", "third", &["--no-cache"]), (path.clone(), files.clone(), 0));
    let (other_path, _, cached) = instantiate("two", "fourth", &[]);
    assert_ne!(other_path, path);
    assert_eq!(cached, 0);
    fs::write(&source, "two").expect("it can be written");
    let (other_path, other_files, cached) = instantiate("one", "fifth", &[]);
    assert_ne!(other_path, path);
    assert_eq!(cached, 0);
    assert_eq!(instantiate("one", "sixth", &["--no-cache"]), (other_path, other_files, 0));
}

#[test]
fn it_can_be_switched_off() {
    let runs = Runs::new();
    for flags in [&["--no-cache"][..], &["--option", "cache", "false"]] {
        let (_, cached) = runs.evaluate(flags);
        assert_eq!(cached, 0);
        assert!(!runs.cache().exists(), "{flags:?}");
    }
    let mut without = runs.command(&["eval", "-A", "drvPath", "configuration.cfg"]);
    assert!(output(without.env("FIRN_CACHE_DIR", "")).status.success());
    assert_eq!(fs::read_dir(runs.scratch.path()).expect("it is there").count(), 0);
    // What is there already is not used either.
    runs.evaluate(&[]);
    assert_eq!(runs.evaluate(&["--no-cache"]).1, 0);
}

#[test]
fn it_is_with_the_caches_of_the_user() {
    let runs = Runs::new();
    let mut command = runs.command(&["eval", "-A", "drvPath", "configuration.cfg"]);
    assert!(output(command.env_remove("FIRN_CACHE_DIR")).status.success());
    assert!(runs.scratch.path().join(".cache/firn/evaluation").is_dir());
    let elsewhere = runs.scratch.path().join("xdg");
    assert!(output(command.env("XDG_CACHE_HOME", &elsewhere)).status.success());
    assert!(elsewhere.join("firn/evaluation").is_dir());
    // Where there is no home, none is made.
    let nowhere = runs.scratch.path().join("nowhere");
    assert!(output(command.env_remove("XDG_CACHE_HOME").env("HOME", &nowhere)).status.success());
    assert!(!nowhere.exists());
}

#[test]
fn a_cache_that_cannot_be_used_is_no_error() {
    let runs = Runs::new();
    fs::write(runs.cache(), "a file").expect("it can be written");
    let (first, _) = runs.evaluate(&[]);
    assert_eq!(runs.evaluate(&[]), (first.clone(), 0));
    fs::remove_file(runs.cache()).expect("it can be removed");
    runs.evaluate(&[]);
    for pack in fs::read_dir(runs.cache().join("evaluation")).expect("it is there") {
        fs::write(pack.expect("it can be listed").path(), "damaged").expect("it can be written");
    }
    let packs = runs.cache().join("evaluation");
    fs::create_dir(packs.join("directory.pack2")).expect("it can be made");
    // Nobody writes into this one.
    let _ = Command::new("mkfifo").arg(packs.join("pipe.pack2")).status();
    assert_eq!(runs.evaluate(&[]), (first.clone(), 0));
    assert!(runs.evaluate(&[]).1 > 0);
}

#[test]
fn nix_instantiate_has_it_too() {
    let runs = Runs::new();
    runs.evaluate(&[]);
    let mut command = runs.command(&["--eval", "-A", "drvPath", "configuration.cfg"]);
    let first = output(command.arg0("nix-instantiate"));
    let without = output(command.args(["--option", "cache", "false"]));
    assert!(first.status.success() && first.stdout == without.stdout);
}

/// A file that is written anew is read anew, also within the same second and with the same length.
#[test]
fn files_that_change_are_parsed() {
    let runs = Runs::new();
    let file = runs.scratch.path().join("a.cfg");
    for number in [1, 2, 3, 2] {
        let text = format!("{}{number}", "# a long comment, so that the program is worth keeping\n".repeat(20));
        fs::write(&file, text).expect("it can be written");
        let printed = output(&mut runs.command(&["eval", file.to_str().expect("it is a path")]));
        assert_eq!(String::from_utf8_lossy(&printed.stdout), format!("{number}\n"));
    }
}
