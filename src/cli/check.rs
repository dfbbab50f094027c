//! `firn check`: which files are looked at.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::job::Input;
use super::run::{Failure, unreadable};

/// The inputs, with the files in directories in place of these.
pub(super) fn files_in_directories(inputs: &[Input]) -> Result<Vec<Input>, Failure> {
    let mut all = Vec::new();
    for input in inputs {
        match input {
            Input::File(path) if path.is_dir() => all.extend(files_below(path)?.into_iter().map(Input::File)),
            input => all.push(input.clone()),
        }
    }
    Ok(all)
}

/// The programs below a directory, sorted. Links and hidden directories are passed by.
fn files_below(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut open = VecDeque::from([directory.to_owned()]);
    while let Some(directory) = open.pop_front() {
        let entries = std::fs::read_dir(&directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        for entry in entries.map_err(|error| unreadable(&directory, &error))? {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if kind.is_dir() && !is_hidden {
                open.push_back(path);
            } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "nix") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_at_all_depths() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        for file in ["b.nix", "a/c.nix", "a/d/e.nix", "a/text", ".git/f.nix"] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().expect("below the root")).expect("made");
            std::fs::write(path, "1").expect("written");
        }
        let inputs = [Input::Stdin, Input::File(root.into()), Input::File(root.join("a/text"))];
        let Ok(found) = files_in_directories(&inputs) else { panic!("the directory can be read") };
        let expected = ["a/c.nix", "a/d/e.nix", "b.nix", "a/text"].map(|file| Input::File(root.join(file)));
        assert_eq!(found[0], Input::Stdin);
        assert_eq!(found[1..], expected);
    }
}
