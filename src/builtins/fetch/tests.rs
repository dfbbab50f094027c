//! What the builtins return for files made here. The store paths are those of Nix 2.8.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use crate::store::{DirectoryStore, StoreDir};
use crate::{Builder, Evaluator};

/// `a` with the contents `1`, executable, and `d/b -> ../a`; changed at 1000000000.
const SMALL: &[u8] = include_bytes!("archive/fixtures/small.tar.xz");
const SMALL_HASH: &str = "sha256-DsmQAU2s7675v7kDBLTGH2cKES9gg08rnc0auDtkLIU=";

/// A directory with `a`, `small.tar.xz` and `code.tar`, which has a `default.nix`.
fn files() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("a"), "1\n").unwrap();
    fs::set_permissions(path("a"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(path("small.tar.xz"), SMALL).unwrap();
    let mut code = tar::Builder::new(fs::File::create(path("code.tar")).unwrap());
    for (name, text) in [("top/default.nix", "import ./other.nix + 1"), ("top/other.nix", "41")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        code.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    code.into_inner().unwrap();
    directory
}

/// Evaluates an expression in which `@` stands for the directory; an error is its code and message.
fn eval_with(builder: Builder, directory: &TempDir, text: &str) -> String {
    let mut firn = builder.build();
    let text = text.replace('@', directory.path().to_str().unwrap());
    let printed = firn.eval_text(text, "/").and_then(|value| {
        firn.force_deep(&value)?;
        firn.print(&value)
    });
    match printed {
        Ok(printed) => String::from_utf8(printed).unwrap(),
        Err(error) => {
            let message = format!("{}: {}", error.diagnostic().code, error.diagnostic().message);
            message.replace(directory.path().to_str().unwrap(), "@")
        }
    }
}

fn check(cases: &[(&str, &str)]) {
    let directory = files();
    for (text, expected) in cases {
        assert_eq!(eval_with(Evaluator::builder(), &directory, text), *expected, "{text}");
    }
}

#[test]
fn files_and_archives() {
    check(&[
        (r#"builtins.fetchurl "file://@/a""#, r#""/nix/store/iixlfrq7q5nmcdbvyi2gw59372sz71z3-a""#),
        (r#"builtins.fetchurl "file:@/./a""#, r#""/nix/store/iixlfrq7q5nmcdbvyi2gw59372sz71z3-a""#),
        (r#"fetchTarball "file://@/small.tar.xz""#, r#""/nix/store/aqylf8xwpbipqbgxbmllx2dklq7y4nyx-source""#),
        (
            r#"fetchTarball { url = "file://@/small.tar.xz"; name = "named"; }"#,
            r#""/nix/store/6wwy17x57m27dz9c619q0ga2krhxlvag-named""#,
        ),
        (r#"builtins.attrValues (builtins.getContext (fetchTarball "file://@/small.tar.xz"))"#, "[ { path = true; } ]"),
    ]);
}

#[test]
fn what_was_fetched_can_be_read() {
    check(&[
        (r#"builtins.readFile (builtins.fetchurl "file://@/a")"#, r#""1\n""#),
        (r#"builtins.readDir (fetchTarball "file://@/small.tar.xz")"#, r#"{ a = "regular"; d = "directory"; }"#),
        (r#"builtins.readFile "${fetchTarball "file://@/small.tar.xz"}/d/b""#, r#""1\n""#),
        (r#"import (fetchTarball "file://@/code.tar")"#, "42"),
        (r#"import ((fetchTarball "file://@/code.tar") + "/other.nix")"#, "41"),
        (r#"builtins.pathExists ((fetchTarball "file://@/code.tar") + "/none")"#, "false"),
        // A download is never executable.
        (
            r#"builtins.path { path = builtins.fetchurl "file://@/a"; name = "a"; }
               == builtins.path { path = builtins.toFile "x" "1\n"; name = "a"; }"#,
            "true",
        ),
    ]);
}

#[test]
fn hashes_are_checked() {
    check(&[
        (
            r#"builtins.fetchurl { url = "file://@/a"; sha256 = "0rfq1m32fjlmxv4z6030jfxqwlylcgpzhin0awpxqj6k35ms8ma3"; }"#,
            r#""/nix/store/iixlfrq7q5nmcdbvyi2gw59372sz71z3-a""#,
        ),
        (
            r#"builtins.fetchurl { url = "file://@/a"; sha256 = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; }"#,
            "E0602: 'file://@/a' has the hash 'sha256-Q1WkaxnTSNwvV8BG+O9j1FOOu5NgAPPJ7pVKJ0YN2GU=' and not \
             'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' as expected",
        ),
        (
            r#"fetchTarball { url = "file://@/small.tar.xz"; sha256 = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; }"#,
            "E0602: 'file://@/small.tar.xz' has the hash 'sha256-DsmQAU2s7675v7kDBLTGH2cKES9gg08rnc0auDtkLIU=' and not \
             'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' as expected",
        ),
    ]);
}

/// The path is known by the hash; reading it is an error, also where that would be easily missed.
#[test]
fn what_is_elsewhere_is_not_read() {
    let source =
        format!(r#"fetchTarball {{ url = "https://example.org/x.tar.xz"; name = "named"; sha256 = "{SMALL_HASH}"; }}"#);
    let message = "which is to be fetched from 'https://example.org/x.tar.xz': evaluation does not use the network";
    let directory = files();
    let eval = |text: String| eval_with(Evaluator::builder(), &directory, &text);
    assert_eq!(eval(source.clone()), r#""/nix/store/6wwy17x57m27dz9c619q0ga2krhxlvag-named""#);
    for text in [
        format!("import ({source})"),
        format!("builtins.readDir ({source})"),
        format!("builtins.pathExists ({source})"),
        format!("builtins.path {{ path = {source}; }}"),
    ] {
        assert_eq!(
            eval(text.clone()),
            format!("E0503: cannot read '/nix/store/6wwy17x57m27dz9c619q0ga2krhxlvag-named', {message}"),
            "{text}"
        );
    }
    check(&[
        (
            r#"fetchTarball "https://example.org/x.tar.xz""#,
            "E0503: cannot fetch 'https://example.org/x.tar.xz': evaluation does not use the network",
        ),
        (
            r#"fetchTarball "channel:nixos-24.05""#,
            "E0503: cannot fetch 'https://channels.nixos.org/nixos-24.05/nixexprs.tar.xz': \
             evaluation does not use the network",
        ),
    ]);
}

#[test]
fn wrong_arguments() {
    check(&[
        ("builtins.fetchurl { }", "E0407: 'fetchurl' needs an argument 'url'"),
        (r#"fetchTarball { url = "x"; foo = 1; }"#, "E0407: 'fetchTarball' does not know the argument 'foo'"),
        ("builtins.fetchurl @/a", "E0200: expected a string but found a path: @/a"),
        (r#"fetchTarball "file://@/none""#, "E0503: cannot fetch 'file://@/none': '@/none' does not exist"),
        (r#"builtins.fetchurl "file://@""#, "E0503: cannot fetch 'file://@': '@' is a directory and not a file"),
        (
            r#"builtins.fetchurl "file://@/a%20b""#,
            "E0701: the name 'a%20b' contains '%', but only letters, digits and '+-._?=' are allowed",
        ),
        (
            r#"fetchTarball "file://@/a""#,
            "E0503: cannot unpack the archive 'file://@/a': it is neither a tar nor a zip archive: \
             failed to read entire block",
        ),
    ]);
}

/// Links are followed, and only regular files are fetched.
#[test]
fn what_a_url_leads_to() {
    let directory = files();
    let path = |name: &str| directory.path().join(name);
    std::os::unix::fs::symlink(path("a"), path("absolute")).unwrap();
    std::os::unix::fs::symlink("loop", path("loop")).unwrap();
    fs::create_dir_all(path("repository/.git")).unwrap();
    let eval = |text: &str| eval_with(Evaluator::builder(), &directory, text);
    assert_eq!(
        eval(r#"builtins.fetchurl { url = "file://@/absolute"; name = "a"; }"#),
        r#""/nix/store/iixlfrq7q5nmcdbvyi2gw59372sz71z3-a""#
    );
    assert_eq!(eval("builtins.readFile @/absolute"), r#""1\n""#);
    assert_eq!(eval(r#"builtins.fetchurl "file://@/loop""#), "E0500: too many symbolic links at '@/loop'");
    assert_eq!(
        eval(r#"builtins.fetchurl "file://@/repository""#),
        "E0503: cannot fetch 'file://@/repository': '@/repository' is a Git repository and not a file"
    );
    assert_eq!(
        eval(r#"builtins.fetchurl "file:///dev/null""#),
        "E0503: cannot fetch 'file:///dev/null': '/dev/null' is no regular file"
    );
    assert_eq!(
        eval(r#"builtins.fetchurl "file:///dev/null/a""#),
        "E0503: cannot fetch 'file:///dev/null/a': '/dev/null/a' cannot be read: Not a directory (os error 20)"
    );
}

#[test]
fn pure_evaluation_needs_hashes() {
    let directory = files();
    let eval = |text: &str| eval_with(Evaluator::builder().pure(true).feature("flakes"), &directory, text);
    let url = r#"url = "https://example.org/x.tar.xz""#;
    assert_eq!(
        eval(&format!("fetchTarball {{ {url}; }}")),
        "E0502: 'fetchTarball' needs an argument 'sha256' in pure evaluation"
    );
    assert_eq!(
        eval(&format!(r#"fetchTarball {{ {url}; sha256 = "{SMALL_HASH}"; name = "named"; }}"#)),
        r#""/nix/store/6wwy17x57m27dz9c619q0ga2krhxlvag-named""#
    );
    assert_eq!(
        eval(r#"builtins.fetchTree { type = "tarball"; url = "file://@/small.tar.xz"; }"#),
        "E0502: cannot fetch 'file://@/small.tar.xz' in pure evaluation: neither a commit hash nor a 'narHash' locks it"
    );
    assert_eq!(
        eval(&format!(
            r#"(builtins.fetchTree {{ type = "tarball"; url = "file://@/small.tar.xz"; narHash = "{SMALL_HASH}"; }}).outPath"#
        )),
        r#""/nix/store/aqylf8xwpbipqbgxbmllx2dklq7y4nyx-source""#
    );
}

/// What must be said of a source so that its store path is known; the store has to believe it.
#[test]
fn trees_that_are_elsewhere() {
    let directory = files();
    let eval = |text: &str| eval_with(Evaluator::builder().feature("flakes"), &directory, text);
    let rev = r#"rev = "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed""#;
    let (hash, time) = (format!(r#"narHash = "{SMALL_HASH}""#), "lastModified = 5");
    for (source, complete) in [
        (r#"type = "file"; url = "https://example.org/x""#, hash.clone()),
        (r#"type = "tarball"; url = "https://example.org/x.tar""#, format!("{hash}; {time}")),
        (r#"type = "git"; url = "https://example.org/x""#, format!("{hash}; {time}; {rev}")),
        (
            r#"type = "git"; shallow = false; url = "https://example.org/x""#,
            format!("{hash}; {time}; {rev}; revCount = 1"),
        ),
        (r#"type = "sourcehut"; owner = "a"; repo = "b""#, format!("{hash}; {time}; {rev}")),
    ] {
        assert_eq!(
            eval(&format!("(builtins.fetchTree {{ {source}; {complete}; }}).outPath")),
            r#""/nix/store/aqylf8xwpbipqbgxbmllx2dklq7y4nyx-source""#,
            "{source}"
        );
        let problem = eval(&format!("builtins.fetchTree {{ {source}; }}"));
        assert!(problem.starts_with("E0503: cannot fetch '"), "{problem}");
        assert!(problem.ends_with("': evaluation does not use the network"), "{problem}");
    }
    let root = tempfile::tempdir().unwrap();
    let store = DirectoryStore::new(root.path(), StoreDir::default()).unwrap();
    assert_eq!(
        eval_with(
            Evaluator::builder().store(store),
            &directory,
            &format!(r#"fetchTarball {{ url = "https://example.org/x.tar.xz"; sha256 = "{SMALL_HASH}"; }}"#)
        ),
        "E0503: cannot fetch 'https://example.org/x.tar.xz': evaluation does not use the network"
    );
    let store = DirectoryStore::new(root.path(), StoreDir::default()).unwrap();
    let here = r#"fetchTarball { url = "file://@/small.tar.xz"; sha256 = "@HASH"; }"#.replace("@HASH", SMALL_HASH);
    assert_eq!(
        eval_with(Evaluator::builder().store(store), &directory, &here),
        r#""/nix/store/aqylf8xwpbipqbgxbmllx2dklq7y4nyx-source""#
    );
    // Now the store has it, and nothing is read from elsewhere.
    fs::remove_file(directory.path().join("small.tar.xz")).unwrap();
    let store = DirectoryStore::new(root.path(), StoreDir::default()).unwrap();
    assert_eq!(
        eval_with(Evaluator::builder().store(store), &directory, &here),
        r#""/nix/store/aqylf8xwpbipqbgxbmllx2dklq7y4nyx-source""#
    );
}

#[test]
fn trees_are_checked() {
    let directory = files();
    let eval = |text: &str| eval_with(Evaluator::builder().feature("flakes"), &directory, text);
    assert_eq!(
        eval(
            r#"builtins.fetchTree {
                type = "tarball"; url = "file://@/small.tar.xz";
                narHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
            }"#
        ),
        "E0602: 'file://@/small.tar.xz?narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D' has the 'narHash' \
         'sha256-DsmQAU2s7675v7kDBLTGH2cKES9gg08rnc0auDtkLIU=' and not \
         'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' as expected"
    );
    assert_eq!(
        eval(r#"builtins.fetchTree { type = "git"; url = "file://@"; verifyCommit = true; }"#),
        "E0407: 'verifyCommit' is not supported: signatures are not verified"
    );
}

#[test]
fn what_is_not_fetched() {
    let directory = files();
    let eval =
        |text: &str| eval_with(Evaluator::builder().feature("flakes").feature("fetch-closure"), &directory, text);
    for (text, expected) in [
        (r#"builtins.fetchMercurial "@""#, "cannot fetch '@': Mercurial repositories are not supported"),
        (r#"builtins.fetchMercurial { url = @/a; }"#, "cannot fetch '@/a': Mercurial repositories are not supported"),
        (r#"builtins.getFlake "path:@""#, "cannot evaluate the flake 'path:@': flakes are not supported"),
        (
            "builtins.fetchClosure { fromPath = /nix/store/a; }",
            "cannot fetch the closure of '/nix/store/a': binary caches are not used",
        ),
        (r#"builtins.fetchGit { url = "file://@"; lfs = true; }"#, "'lfs' is not supported for Git repositories"),
    ] {
        assert_eq!(eval(text), format!("E0409: {expected}"), "{text}");
    }
    assert_eq!(
        eval(r#"builtins.parseFlakeRef "a#%f""#),
        "E0407: '%f' has a '%' at byte 0 that two hexadecimal digits must follow"
    );
}

#[test]
fn trees() {
    let directory = files();
    let eval = |text: &str| eval_with(Evaluator::builder().feature("flakes"), &directory, text);
    assert_eq!(
        eval(r#"builtins.fetchTree { type = "tarball"; url = "file://@/small.tar.xz"; }"#),
        r#"{ lastModified = 1000000000; lastModifiedDate = "20010909014640"; narHash = "sha256-DsmQAU2s7675v7kDBLTGH2cKES9gg08rnc0auDtkLIU="; outPath = "/nix/store/aqylf8xwpbipqbgxbmllx2dklq7y4nyx-source"; }"#
    );
    assert_eq!(eval(r#"import (builtins.fetchTree "file://@/code.tar")"#), "42");
    assert_eq!(eval(r#"builtins.readFile (builtins.fetchTree { type = "file"; url = "file://@/a"; })"#), r#""1\n""#);
    assert_eq!(
        eval(r#"builtins.attrNames (builtins.fetchTree { type = "path"; path = "@"; })"#),
        r#"[ "lastModified" "lastModifiedDate" "narHash" "outPath" ]"#
    );
    assert_eq!(
        eval(
            r#"builtins.fetchTree {
                type = "github"; owner = "a"; repo = "b"; rev = "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed";
                narHash = "sha256-DsmQAU2s7675v7kDBLTGH2cKES9gg08rnc0auDtkLIU="; lastModified = 5;
            }"#
        ),
        r#"{ lastModified = 5; lastModifiedDate = "19700101000005"; narHash = "sha256-DsmQAU2s7675v7kDBLTGH2cKES9gg08rnc0auDtkLIU="; outPath = "/nix/store/aqylf8xwpbipqbgxbmllx2dklq7y4nyx-source"; rev = "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"; shortRev = "2aae6c3"; }"#
    );
    assert_eq!(
        eval_with(
            Evaluator::builder().feature("fetch-tree"),
            &directory,
            r#"fetchTree { type = "path"; path = "@"; }"#
        ),
        "E0013: this needs the experimental feature 'flakes', which is not enabled"
    );
}

/// Runs `git` in the directory `repository`.
fn git(directory: &TempDir, arguments: &[&str]) {
    git_in(&directory.path().join("repository"), arguments);
}

/// Runs `git` as an author and at a time that are always the same.
fn git_in(repository: &std::path::Path, arguments: &[&str]) {
    let mut command = std::process::Command::new("git");
    command.arg("-C").arg(repository).args(["-c", "commit.gpgSign=false", "-c", "protocol.file.allow=always"]);
    command.args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        for (name, value) in [("NAME", "x"), ("EMAIL", "x@example.org"), ("DATE", "1000000000 +0000")] {
            command.env(format!("GIT_{role}_{name}"), value);
        }
    }
    let output = command.output().expect("git is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with two commits; `a`, `sub/b`, which is executable, `link`, and `left-out`, which
/// `.gitattributes` excludes.
fn repository() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join("repository").join(name);
    fs::create_dir_all(path("sub")).unwrap();
    fs::create_dir_all(path("left-out")).unwrap();
    git(&directory, &["init", "-q", "-b", "main"]);
    fs::write(path("a"), "1\n").unwrap();
    fs::write(path("sub/b"), "2\n").unwrap();
    fs::set_permissions(path("sub/b"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("a", path("link")).unwrap();
    git(&directory, &["add", "."]);
    git(&directory, &["commit", "-q", "-m", "one"]);
    git(&directory, &["tag", "first"]);
    fs::write(path("left-out/c"), "3\n").unwrap();
    fs::write(path(".gitattributes"), "/left-out export-ignore\n").unwrap();
    git(&directory, &["add", "."]);
    git(&directory, &["commit", "-q", "-m", "two"]);
    directory
}

/// Whether there is a `git` that can do what is tested, 2.40 or newer.
fn has_git() -> bool {
    let version = std::process::Command::new("git").arg("--version").output();
    let text = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let mut numbers = text.split(|character: char| !character.is_ascii_digit()).filter_map(|part| part.parse().ok());
    let found: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    found >= (2, 40)
}

#[test]
fn git_repositories() {
    if !has_git() {
        eprintln!("skipped: there is no git, or it is older than 2.40");
        return;
    }
    let directory = repository();
    let eval = |text: &str| eval_with(Evaluator::builder(), &directory, text);
    let second = r#"{ lastModified = 1000000000; lastModifiedDate = "20010909014640"; narHash = "sha256-6G5xXYDc9h/ZNNIZm15dl1w//V14NHNFKPQTykGuTCY="; outPath = "/nix/store/jdy161gc1qyfzs88q75zya14krwwm2qg-source"; rev = "f1c3d92dace9e4b89bd1537bc15243a5a91a10ec"; revCount = 2; shortRev = "f1c3d92"; submodules = false; }"#;
    assert_eq!(eval("builtins.fetchGit @/repository"), second);
    assert_eq!(eval(r#"builtins.fetchGit { url = "file://@/repository"; ref = "main"; }"#), second);
    assert_eq!(eval(r#"builtins.fetchGit "@/repository/.git""#), second);
    let first = r#"{ lastModified = 1000000000; lastModifiedDate = "20010909014640"; narHash = "sha256-x+d96kznskNGEkJOt+XZ7bnfpKV8eeK/MgzpGhtIFj4="; outPath = "/nix/store/515awx60k127hj7cnr8x4w8nky8gz4w3-source"; rev = "e93b81628302aea247308d88e5f23595eecec9bb"; revCount = 1; shortRev = "e93b816"; submodules = false; }"#;
    assert_eq!(eval(r#"builtins.fetchGit { url = "@/repository"; ref = "refs/tags/first"; }"#), first);
    assert_eq!(
        eval(r#"builtins.fetchGit { url = "@/repository"; rev = "e93b81628302aea247308d88e5f23595eecec9bb"; }"#),
        first
    );
    assert_eq!(
        eval(
            r#"builtins.attrNames (builtins.readDir (builtins.fetchGit { url = @/repository; exportIgnore = false; }))"#
        ),
        r#"[ ".gitattributes" "a" "left-out" "link" "sub" ]"#
    );
    assert_eq!(
        eval(r#"builtins.fetchGit { url = "@/repository"; ref = "none"; }"#),
        "E0503: cannot read the Git repository '@/repository': it has no commit 'none'"
    );
}

#[test]
fn changed_work_trees() {
    if !has_git() {
        eprintln!("skipped: there is no git, or it is older than 2.40");
        return;
    }
    let directory = repository();
    let path = |name: &str| directory.path().join("repository").join(name);
    fs::write(path("a"), "changed\n").unwrap();
    fs::remove_file(path("link")).unwrap();
    fs::write(path("added"), "").unwrap();
    git(&directory, &["add", "added"]);
    fs::write(path("unknown"), "").unwrap();
    // What a repository configures is not run.
    let hook = format!("touch {}", path("ran").display());
    git(&directory, &["config", "core.fsmonitor", &hook]);
    git(&directory, &["config", "filter.run.clean", &hook]);
    fs::write(path(".git/info/attributes"), "* filter=run\n").unwrap();
    let eval = |text: &str| eval_with(Evaluator::builder(), &directory, text);
    assert_eq!(
        eval("builtins.fetchGit @/repository"),
        r#"{ dirtyRev = "f1c3d92dace9e4b89bd1537bc15243a5a91a10ec-dirty"; dirtyShortRev = "f1c3d92-dirty"; lastModified = 1000000000; lastModifiedDate = "20010909014640"; narHash = "sha256-hw+LbnExj1VnJm9jfbgj4ZOHf4s1EoCZRiYNVkjkRqs="; outPath = "/nix/store/xwjjc0pxrfa4hj9l1v42ircr6rknnypl-source"; rev = "0000000000000000000000000000000000000000"; revCount = 0; shortRev = "0000000"; submodules = false; }"#
    );
    assert!(!path("ran").exists());
    assert_eq!(eval(r#"builtins.readFile "${builtins.fetchGit @/repository}/a""#), r#""changed\n""#);
    git(&directory, &["config", "--unset", "core.fsmonitor"]);
    assert_eq!(
        eval("builtins.attrNames (builtins.readDir (builtins.fetchGit @/repository))"),
        r#"[ ".gitattributes" "a" "added" "sub" ]"#
    );
}

/// The repository `outer`, whose submodule `middle` has the submodule `deep/inner`; each has a file `file`.
fn nested_repositories() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    for name in ["inner", "middle", "outer"] {
        fs::create_dir(path(name)).unwrap();
        git_in(&path(name), &["init", "-q", "-b", "main"]);
        fs::write(path(name).join("file"), format!("{name}\n")).unwrap();
        git_in(&path(name), &["add", "."]);
        git_in(&path(name), &["commit", "-q", "-m", "1"]);
    }
    for (name, url, place) in [("middle", "../inner", "deep/inner"), ("outer", "../middle", "middle")] {
        git_in(&path(name), &["submodule", "--quiet", "add", url, place]);
        git_in(&path(name), &["submodule", "--quiet", "update", "--init", "--recursive"]);
        git_in(&path(name), &["commit", "-q", "-m", "2"]);
    }
    directory
}

#[test]
fn submodules() {
    if !has_git() {
        eprintln!("skipped: there is no git, or it is older than 2.40");
        return;
    }
    let directory = nested_repositories();
    let path = |name: &str| directory.path().join("outer").join(name);
    let eval = |text: &str| eval_with(Evaluator::builder(), &directory, text);
    let committed = r#"{ lastModified = 1000000000; lastModifiedDate = "20010909014640"; narHash = "sha256-2uhJ+BizByFIZc9/z1nyhAdNPsRbEBBP1au7S476cu0="; outPath = "/nix/store/4y614md0ibnplyq786a67sfwl66h5kwx-source"; rev = "aeeb3e43d13e9c9fde831c778573a33be3607bb3"; revCount = 2; shortRev = "aeeb3e4"; submodules = true; }"#;
    let work_tree = "builtins.fetchGit { url = @/outer; submodules = true; }";
    let commit =
        r#"builtins.fetchGit { url = @/outer; submodules = true; rev = "aeeb3e43d13e9c9fde831c778573a33be3607bb3"; }"#;
    assert_eq!(eval(work_tree), committed);
    assert_eq!(eval(commit), committed);
    assert_eq!(eval(&format!(r#"builtins.readFile "${{{commit}}}/middle/deep/inner/file""#)), r#""inner\n""#);
    // Without submodules, a commit has empty directories in their places and a work tree does not.
    assert_eq!(
        eval(r#"(builtins.fetchGit { url = @/outer; rev = "aeeb3e43d13e9c9fde831c778573a33be3607bb3"; }).outPath"#),
        r#""/nix/store/rybjp8k1xdhfsnj46pin2n86rrdjqvkq-source""#
    );
    assert_eq!(eval("(builtins.fetchGit @/outer).outPath"), r#""/nix/store/wva6hlcbl0l85h1qsvnj71l54gl56v7x-source""#);

    fs::write(path("middle/deep/inner/file"), "changed\n").unwrap();
    fs::write(path("middle/added"), "").unwrap();
    git_in(&path("middle"), &["add", "added"]);
    fs::write(path("middle/unknown"), "").unwrap();
    assert_eq!(eval(commit), committed);
    assert_eq!(
        eval(work_tree),
        r#"{ dirtyRev = "aeeb3e43d13e9c9fde831c778573a33be3607bb3-dirty"; dirtyShortRev = "aeeb3e4-dirty"; lastModified = 1000000000; lastModifiedDate = "20010909014640"; narHash = "sha256-ZY0LgTNDccz63AqyowqghdW7Nvg82/C2qQc7bckXrI0="; outPath = "/nix/store/j1g5gm72i1cmxq0n1w5sglvp12fyl4vv-source"; rev = "0000000000000000000000000000000000000000"; revCount = 0; shortRev = "0000000"; submodules = true; }"#
    );

    fs::remove_file(path("middle/deep/inner/.git")).unwrap();
    let failure = "E0503: cannot read the Git repository '@/outer/middle/deep/inner': ";
    let found = eval(work_tree);
    assert!(found.starts_with(failure), "{found}");
}

/// Before the first commit there is none to name.
#[test]
fn work_trees_without_commits() {
    if !has_git() {
        eprintln!("skipped: there is no git, or it is older than 2.40");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("repository")).unwrap();
    git(&directory, &["init", "-q", "-b", "main"]);
    let eval = |text: &str| eval_with(Evaluator::builder(), &directory, text);
    fs::write(directory.path().join("repository/a"), "1\n").unwrap();
    git(&directory, &["add", "a"]);
    assert_eq!(
        eval(r#"removeAttrs (builtins.fetchGit @/repository) [ "narHash" "outPath" ]"#),
        r#"{ lastModified = 0; lastModifiedDate = "19700101000000"; rev = "0000000000000000000000000000000000000000"; revCount = 0; shortRev = "0000000"; submodules = false; }"#
    );
    assert_eq!(eval(r#"builtins.readDir (builtins.fetchGit @/repository)"#), r#"{ a = "regular"; }"#);
    assert_eq!(
        eval(r#"builtins.fetchGit { url = "@/repository"; ref = "main"; }"#),
        "E0503: cannot read the Git repository '@/repository': it has no commit 'main'"
    );
}

/// Other repositories within one are empty directories, as a commit has them, or left out, as a work tree does.
#[test]
fn repositories_in_repositories() {
    if !has_git() {
        eprintln!("skipped: there is no git, or it is older than 2.40");
        return;
    }
    let directory = repository();
    let path = |name: &str| directory.path().join("repository").join(name);
    let module = "160000,e93b81628302aea247308d88e5f23595eecec9bb,module";
    git(&directory, &["update-index", "--add", "--cacheinfo", module]);
    git(&directory, &["commit", "-q", "-m", "three"]);
    fs::create_dir(path("module")).unwrap();
    let eval = |text: &str| eval_with(Evaluator::builder(), &directory, text);
    let expected = r#"{ ".gitattributes" = "regular"; a = "regular"; link = "symlink"; module = "directory"; sub = "directory"; }"#;
    assert_eq!(eval(r#"builtins.readDir (builtins.fetchGit { url = "@/repository"; ref = "main"; })"#), expected);
    assert_eq!(eval("(builtins.fetchGit @/repository).revCount"), "3");
    // A directory where a file was.
    fs::remove_file(path("a")).unwrap();
    fs::create_dir(path("a")).unwrap();
    assert_eq!(eval("(builtins.fetchGit @/repository).dirtyShortRev or null == null"), "false");
}
