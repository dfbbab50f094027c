//! Programs made of those of the corpus: parts replaced by others.

use std::fs;
use std::path::{Path, PathBuf};

use firn::syntax::{self, Features, SyntaxKind};

use crate::shrink::is_expression;
use crate::source::Source;

/// The programs that others are made of.
pub(crate) struct Corpus {
    programs: Vec<(PathBuf, String)>,
    /// The expressions in all of them.
    expressions: Vec<String>,
}

impl Corpus {
    /// Copies the corpus to `to`, where its programs find their data, and reads it.
    pub(crate) fn copy(from: &Path, to: &Path) -> std::io::Result<Corpus> {
        let mut corpus = Corpus { programs: Vec::new(), expressions: Vec::new() };
        let mut folders = vec![(from.to_owned(), to.to_owned())];
        while let Some((from, to)) = folders.pop() {
            fs::create_dir_all(&to)?;
            let mut entries = fs::read_dir(&from)?.collect::<Result<Vec<_>, _>>()?;
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                let (path, copy) = (entry.path(), to.join(entry.file_name()));
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.push((path, copy));
                } else if kind.is_symlink() {
                    std::os::unix::fs::symlink(fs::read_link(&path)?, &copy)?;
                } else {
                    fs::copy(&path, &copy)?;
                    corpus.read(&path, &to)?;
                }
            }
        }
        Ok(corpus)
    }

    fn read(&mut self, path: &Path, folder: &Path) -> std::io::Result<()> {
        let is_plain = path.extension().is_some_and(|name| name == "cfg") && !path.with_extension("flags").exists();
        // Those with data in another place of the tree would look for it in vain.
        let Ok(text) = fs::read_to_string(path) else { return Ok(()) };
        // Programs that are about endless work would keep Nix busy.
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let is_heavy = ["endless", "deep", "infinite"].iter().any(|word| name.contains(word));
        if !is_plain || is_heavy || text.len() > 4000 || path.components().any(|part| part.as_os_str() == "data") {
            return Ok(());
        }
        let tree = syntax::parse(text.as_bytes().to_vec(), Features::default()).syntax();
        let expressions = tree.descendants().filter(is_expression).map(|node| node.text().to_string());
        self.expressions.extend(expressions.filter(|text| text.len() < 200));
        self.programs.push((folder.to_owned(), text));
        Ok(())
    }

    /// A program by the decisions in `bytes`, and the folder it belongs to.
    pub(crate) fn mutant(&self, bytes: &[u8]) -> (PathBuf, String) {
        let mut source = Source::new(bytes);
        let (folder, text) = &self.programs[source.below(self.programs.len())];
        let mut text = text.clone();
        for _ in 0..=source.below(3) {
            text = self.changed(&mut source, &text);
        }
        (folder.clone(), text)
    }

    /// Another text made of this one, which need not be a program.
    pub(crate) fn changed_text(&self, bytes: &[u8], text: &str) -> String {
        self.changed(&mut Source::new(bytes), text)
    }

    fn changed(&self, source: &mut Source<'_>, text: &str) -> String {
        const OPERATORS: [&str; 14] = ["+", "-", "*", "/", "++", "//", "==", "!=", "<", ">=", "&&", "||", "->", "?"];
        let tree = syntax::parse(text.as_bytes().to_vec(), Features::default()).syntax();
        let operators: Vec<_> = tree
            .descendants_with_tokens()
            .filter_map(|element| element.into_token())
            .filter(|token| token.kind() != SyntaxKind::StringText && OPERATORS.contains(&token.text()))
            .map(|token| token.text_range())
            .collect();
        let nodes: Vec<_> = tree.descendants().filter(is_expression).map(|node| node.text_range()).collect();
        let (range, by) = match source.below(5) {
            0 if !operators.is_empty() => {
                (operators[source.below(operators.len())], source.pick(&OPERATORS).to_owned())
            }
            1 | 2 if !nodes.is_empty() => {
                let (at, from) = (nodes[source.below(nodes.len())], nodes[source.below(nodes.len())]);
                (at, format!("({})", &text[std::ops::Range::from(from)]))
            }
            _ if !nodes.is_empty() => {
                let at = nodes[source.below(nodes.len())];
                (at, format!("({})", self.expressions[source.below(self.expressions.len())]))
            }
            _ => return text.to_owned(),
        };
        let range: std::ops::Range<usize> = range.into();
        [&text[..range.start], &by, &text[range.end..]].concat()
    }
}
