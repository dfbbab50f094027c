//! POSIX extended regular expressions, as `builtins.match` and `builtins.split` have them.
//!
//! What matches, and what the groups are, is defined by what Nix does, which is what the C++ library libstdc++ does
//! with `std::regex::extended` in the "C" locale: of the matches that begin furthest left the longest, among equally
//! long ones the first that its depth-first search finds. That search takes both sides of `|` and compares, but a
//! repetition is left only where going on with it leads nowhere.
//!
//! [`parse`] makes [`nodes`] of a pattern and of these a [`Program`]; [`matcher`] runs the same search over it, remembering
//! for each step and place what came of it, so that the time is polynomial where libstdc++ takes exponential time and
//! overflows its stack. Most choices need no search: the next byte tells which of them can lead to a match at all.

mod classes;
mod matcher;
mod nodes;
mod parse;
mod program;

use std::fmt;
use std::ops::Range;

use matcher::{Mode, Search};
use program::Program;
use smallvec::SmallVec;

/// What each group matched; nothing for a group that took no part.
pub(crate) type Captures = SmallVec<[Option<Range<usize>>; 4]>;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Regex {
    program: Program,
}

/// What is wrong with a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RegexError(&'static str);

impl fmt::Display for RegexError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Regex {
    pub(crate) fn new(pattern: &[u8]) -> Result<Regex, RegexError> {
        Ok(Regex { program: parse::parse(pattern)? })
    }

    /// The groups, if the pattern matches all of `text`.
    pub(crate) fn match_whole(&self, text: &[u8]) -> Option<Captures> {
        let mut search = Search::new(&self.program, text, Mode::Whole);
        search.run(0).map(|(_, captures)| captures)
    }

    /// All matches in `text` that do not overlap, from left to right, with their groups.
    pub(crate) fn matches<'r>(&'r self, text: &'r [u8]) -> Matches<'r> {
        Matches { search: Search::new(&self.program, text, Mode::Prefix), program: &self.program, text, last: None }
    }
}

/// The matches in a text.
pub(crate) struct Matches<'r> {
    search: Search<'r>,
    program: &'r Program,
    text: &'r [u8],
    last: Option<Range<usize>>,
}

impl Iterator for Matches<'_> {
    type Item = (Range<usize>, Captures);

    fn next(&mut self) -> Option<Self::Item> {
        let from = match self.last.clone() {
            None => 0,
            Some(last) if !last.is_empty() => last.end,
            Some(last) if last.end == self.text.len() => return None,
            // After an empty match, a longer one at the same place comes first.
            Some(last) => {
                let longer = Search::new(self.program, self.text, Mode::NotEmpty(last.end)).run(last.end);
                if let Some((end, captures)) = longer {
                    self.last = Some(last.end..end);
                    return Some((last.end..end, captures));
                }
                last.end + 1
            }
        };
        for start in from..=self.text.len() {
            if !self.program.may_begin_with(self.text.get(start)) {
                continue;
            }
            if let Some((end, captures)) = self.search.run(start) {
                self.last = Some(start..end);
                return Some((start..end, captures));
            }
        }
        self.last = Some(self.text.len()..self.text.len());
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The groups as text, `-` for one that took no part.
    fn groups(text: &str, captures: &Captures) -> String {
        let group = |range: &Option<Range<usize>>| range.clone().map_or("-".to_owned(), |range| text[range].to_owned());
        captures.iter().map(group).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn whole_texts() {
        for (pattern, text, expected) in [
            ("ab", "abc", None),
            ("a(b)(c)", "abc", Some("b|c")),
            ("(a|ab)(c|bcd)(d*)", "abcd", Some("a|bcd|")),
            ("(a*)*", "b", None),
            ("(a*)*", "", Some("")),
            ("(a)|b", "b", Some("-")),
            ("((a)|b)*", "ab", Some("b|a")),
            ("[[:upper:]]+", "ABC", Some("")),
            ("[^]a]", "]", None),
            ("[]a-c]+", "]abc", Some("")),
            ("a{2,3}", "aaaa", None),
            ("a{2,}", "aaaa", Some("")),
            ("(x?){3}", "x", Some("")),
            ("^a$", "a", Some("")),
            ("a.c", "a\nc", Some("")),
            ("\\.\\*", ".*", Some("")),
        ] {
            let regex = Regex::new(pattern.as_bytes()).expect(pattern);
            let found = regex.match_whole(text.as_bytes()).map(|captures| groups(text, &captures));
            assert_eq!(found.as_deref(), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn matches_are_the_longest_at_the_leftmost_place() {
        for (pattern, text, expected) in [
            ("(a)|(ab)", "abab", "0..2 -|ab; 2..4 -|ab"),
            ("a*", "baac", "0..0 ; 1..3 ; 3..3 ; 4..4 "),
            ("x", "", ""),
            ("^a", "aa", "0..1 "),
            ("a|b|ab", "ab", "0..2 "),
        ] {
            let regex = Regex::new(pattern.as_bytes()).expect(pattern);
            let found: Vec<_> = regex
                .matches(text.as_bytes())
                .map(|(range, captures)| format!("{range:?} {}", groups(text, &captures)))
                .collect();
            assert_eq!(found.join("; "), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn patterns_that_are_none() {
        for pattern in [
            "(",
            ")",
            "[",
            "[a",
            "*",
            "a|*",
            "+a",
            "(*a)",
            "a{",
            "a{1",
            "a{,2}",
            "a{2,1}",
            "a{x}",
            "[z-a]",
            "[[:letter:]]",
            "\\d",
            "\\}",
            "\\",
            "[[.foo.]]",
            "[a-c-e]",
            "a{99999}{99999}",
        ] {
            assert!(Regex::new(pattern.as_bytes()).is_err(), "{pattern}");
        }
    }

    /// A pattern of a few letters, which means most things that a pattern can.
    fn random_pattern(random: &mut fastrand::Rng, depth: usize) -> String {
        let part = |random: &mut fastrand::Rng| match random.u32(..if depth == 0 { 7 } else { 12 }) {
            0 | 1 => "a".to_owned(),
            2 => "b".to_owned(),
            3 => "ab".to_owned(),
            4 => "[ab]".to_owned(),
            5 => ".".to_owned(),
            6 => ["[^a]", "^", "$"][random.usize(..3)].to_owned(),
            7..=9 => format!("({})", random_pattern(random, depth - 1)),
            _ => format!("({}|{})", random_pattern(random, depth - 1), random_pattern(random, depth - 1)),
        };
        let repetitions = ["", "", "", "*", "+", "?", "{2}", "{0,2}", "{1,}"];
        let repeated = |random: &mut fastrand::Rng| match part(random) {
            anchor if anchor == "^" || anchor == "$" => anchor,
            part => part + repetitions[random.usize(..repetitions.len())],
        };
        (0..random.usize(..4)).map(|_| repeated(random)).collect()
    }

    #[test]
    fn looking_ahead_changes_no_match() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..20_000 {
            let pattern = random_pattern(&mut random, 2);
            let regex = Regex::new(pattern.as_bytes()).expect(&pattern);
            let blind = Regex { program: parse::parse(pattern.as_bytes()).expect(&pattern).without_looks() };
            for _ in 0..6 {
                let text: String =
                    (0..random.usize(..9)).map(|_| *random.choice(&['a', 'b', 'c']).expect("three")).collect();
                let text = text.as_bytes();
                assert_eq!(regex.match_whole(text), blind.match_whole(text), "{pattern} on {text:?}");
                assert!(regex.matches(text).eq(blind.matches(text)), "{pattern} in {text:?}");
            }
        }
    }

    #[test]
    fn hard_patterns_take_no_time() {
        let text = "a".repeat(300);
        let regex = Regex::new(b"(a*)*(a|aa)*(a*a*)*b").expect("valid");
        assert_eq!(regex.match_whole(text.as_bytes()), None);
        let deep = [&b"(".repeat(900)[..], b"a", &b")*".repeat(900)].concat();
        assert!(Regex::new(&deep).expect("valid").match_whole(b"aaa").is_some());
    }
}
