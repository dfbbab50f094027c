//! `firn explain`: pages about the codes of errors and warnings.

use std::fmt::Write;

use super::job::Usage;
use crate::diagnostics::{Code, Colors, did_you_mean, similar_names};

/// The page of a code, or the list of all codes.
pub(super) fn explain(code: Option<&str>, colors: Colors) -> Usage {
    let Some(text) = code else { return Usage { text: list(), status: 0 } };
    match Code::parse(text) {
        Some(code) => Usage { text: page(code, colors), status: 0 },
        None => Usage { text: unknown(text), status: 2 },
    }
}

fn list() -> String {
    let mut text = String::new();
    for code in Code::ALL {
        // Writing to memory does not fail.
        let _ = writeln!(text, "{code}  {}", code.title());
    }
    text.push_str("\n'firn explain CODE' says more about one of them.\n");
    text
}

/// A page for the terminal: the heading stands out, code is indented.
fn page(code: Code, colors: Colors) -> String {
    let mut text = String::new();
    let mut is_code = false;
    for line in code.page().lines() {
        if line.starts_with("```") {
            is_code = !is_code;
            continue;
        }
        let _ = match line.strip_prefix("# ") {
            Some(heading) if colors == Colors::On => writeln!(text, "\x1b[1m{heading}\x1b[0m"),
            Some(heading) => writeln!(text, "{heading}"),
            None if is_code && !line.is_empty() => writeln!(text, "    {line}"),
            None => writeln!(text, "{line}"),
        };
    }
    text
}

fn unknown(text: &str) -> String {
    let mut message = format!("error: there is no code '{text}'\n\n");
    let meant = did_you_mean(&meant(text)).unwrap_or_else(|| "'firn explain' lists all codes".to_owned());
    message += &format!("help: {meant}\n");
    message
}

/// The codes that may have been meant: one with as many zeros as it takes, one with the other letter, or similar ones.
fn meant(text: &str) -> Vec<&'static str> {
    let digits = text.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: Option<u32> = digits.parse().ok();
    let has_number = |code: &&Code| number.is_some() && code.as_str()[1..].parse().ok() == number;
    let first_letter = |code: &&Code| match text.chars().next() {
        Some(letter) if letter.is_ascii_alphabetic() => code.as_str().starts_with(letter.to_ascii_uppercase()),
        _ => true,
    };
    let names = |accept: &dyn Fn(&&Code) -> bool| -> Vec<&'static str> {
        Code::ALL.iter().filter(accept).map(|code| code.as_str()).collect()
    };
    let found = names(&|code| has_number(code) && first_letter(code));
    let found = if found.is_empty() { names(&|code| has_number(code)) } else { found };
    match found.is_empty() {
        true => similar_names(text, Code::ALL.iter().map(|code| code.as_str())),
        false => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_a_heading_and_fits_a_terminal() {
        for code in Code::ALL {
            let heading = format!("# {code}: {}\n\n", code.title());
            assert!(code.page().starts_with(&heading), "{code} begins with {heading:?}");
            for line in page(*code, Colors::Off).lines() {
                assert!(line.chars().count() <= 80, "{code}: {line}");
            }
        }
    }

    #[test]
    fn codes_are_found_and_suggested() {
        assert!(explain(Some("e0012"), Colors::Off).text.starts_with("E0012: "));
        assert!(explain(Some("E0012"), Colors::On).text.starts_with("\x1b[1mE0012: "));
        assert!(explain(None, Colors::Off).text.contains("E0012  operators cannot be chained\n"));
        for (text, expected) in [
            ("12", &["E0012"][..]),
            ("E12", &["E0012"]),
            ("w0012", &["E0012"]),
            ("W3", &["W0003"]),
            ("3", &["E0003", "W0003"]),
            ("nonsense", &[]),
        ] {
            assert_eq!(meant(text), expected, "{text}");
        }
        let unknown = explain(Some("E12"), Colors::Off);
        assert_eq!(
            (unknown.status, &*unknown.text),
            (2, "error: there is no code 'E12'\n\nhelp: did you mean 'E0012'?\n")
        );
    }
}
