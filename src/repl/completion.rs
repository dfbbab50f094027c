//! What a word may become.

use super::command::{COMMANDS, is_name_character};
use crate::diagnostics::SourceName;
use crate::{Evaluator, Kind, Scope};

const KEYWORDS: &[&str] = &["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"];

/// What can stand in place of the end of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Completion {
    /// From this byte offset on, one of these, sorted.
    Words { start: usize, words: Vec<String> },
    /// The word is a path; the file system knows more.
    File,
}

/// Completes the word of `line` that ends at the byte offset `at`.
pub(super) fn complete(firn: &mut Evaluator, scope: &Scope, line: &str, at: usize) -> Completion {
    let before = line.get(..at).unwrap_or(line);
    if before.starts_with(':') && !before.contains(char::is_whitespace) {
        let names = COMMANDS.iter().map(|info| info.names[0].to_owned());
        return words(0, before, names);
    }
    if before.starts_with(":l ") || before.starts_with(":load ") {
        return Completion::File;
    }
    let start = before
        .rfind(|c: char| !is_name_character(c) && !matches!(c, '.' | '/' | '~'))
        .map_or(0, |last| last + before[last..].chars().next().map_or(1, char::len_utf8));
    let word = &before[start..];
    if word.contains(['/', '~']) {
        return Completion::File;
    }
    match word.rsplit_once('.') {
        Some((set, prefix)) => {
            let names = attribute_names(firn, scope, set);
            words(start + set.len() + 1, prefix, names.into_iter())
        }
        None => {
            let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            let mut names: Vec<String> = firn.global_names().iter().map(|name| text(name)).collect();
            names.extend(scope.names().map(text));
            names.extend(KEYWORDS.iter().map(|&word| word.to_owned()));
            words(start, word, names.into_iter())
        }
    }
}

fn words(start: usize, prefix: &str, names: impl Iterator<Item = String>) -> Completion {
    let mut words: Vec<String> = names.filter(|name| name.starts_with(prefix)).collect();
    words.sort_unstable();
    words.dedup();
    Completion::Words { start, words }
}

/// The names of the attributes that can follow `set.`; none if it is no set or cannot be evaluated.
fn attribute_names(firn: &mut Evaluator, scope: &Scope, set: &str) -> Vec<String> {
    if set.is_empty() || set.split('.').any(str::is_empty) {
        return Vec::new();
    }
    let name = SourceName::Other("completion".into());
    let Ok(value) = firn.eval_text_in(scope, name, set, ".") else {
        return Vec::new();
    };
    if !matches!(firn.kind(&value), Ok(Kind::Attrs(_))) {
        return Vec::new();
    }
    let names = firn.attr_names(&value).unwrap_or_default();
    names.iter().map(|name| quoted(name)).collect()
}

/// A name as it is written after a dot.
pub(super) fn quoted(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name).into_owned();
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(is_name_character)
        && !KEYWORDS.contains(&text.as_str());
    if is_plain {
        return text;
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(line: &str) -> Completion {
        let mut firn = Evaluator::new();
        let mut scope = Scope::default();
        let text = "{ alpha.beta = 1; alpine = 2; \"a b\" = 3; }";
        let set = firn.eval_text(text, "/").expect("a set");
        scope.bind("zset", set);
        let number = firn.int(1);
        scope.bind("znumber", number);
        complete(&mut firn, &scope, line, line.len())
    }

    #[test]
    fn words_are_completed() {
        for (line, start, expected) in [
            ("zs", 0, &["zset"][..]),
            ("1 + z", 4, &["znumber", "zset"]),
            ("zset.al", 5, &["alpha", "alpine"]),
            ("(zset.alpha.", 12, &["beta"]),
            ("zset.", 5, &["\"a b\"", "alpha", "alpine"]),
            ("znumber.", 8, &[]),
            ("nonsense.", 9, &[]),
            ("1..", 3, &[]),
            (":lo", 0, &[":load"]),
            ("inher", 0, &["inherit"]),
            ("builtins.genL", 9, &["genList"]),
            ("€zs", 3, &["zset"]),
        ] {
            let words = expected.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(completed(line), Completion::Words { start, words }, "{line}");
        }
    }

    #[test]
    fn paths_are_left_to_the_file_system() {
        for line in ["./x", "import ../a/b", ":load x", ":l ", "~/x"] {
            assert_eq!(completed(line), Completion::File, "{line}");
        }
    }
}
