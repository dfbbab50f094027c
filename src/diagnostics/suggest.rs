//! Finding the name that was meant.

use strsim::osa_distance;

/// How many names are suggested at most.
const MOST: usize = 3;

/// Bytes of the longest name that is compared: the work grows with the square of it, and nobody
/// types longer names.
const LONGEST: usize = 100;

/// The candidates that `name` may be a misspelling of: the most similar one, or up to three that
/// are equally similar, in order.
///
/// A candidate counts if it differs from `name` by few edits (insertions, deletions,
/// replacements, transpositions of neighbours; how many depends on the length), or only by
/// case, hyphens and underscores. Cheap tests discard most candidates before their distance is
/// computed, so that tens of thousands take a few milliseconds.
///
/// ```
/// use firn::diagnostics::similar_names;
///
/// assert_eq!(similar_names("fecthurl", ["fetchurl", "fetchgit"]), ["fetchurl"]);
/// ```
pub fn similar_names<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = Features::of(name);
    let limit = edits_allowed(name.chars().count());
    let mut best: Vec<(usize, &'a str)> = Vec::with_capacity(MOST + 1);
    for candidate in candidates {
        // Only a candidate that would displace one of the best is worth measuring.
        let limit = match best.get(MOST - 1) {
            Some(&(worst, _)) => limit.min(worst),
            None => limit,
        };
        if let Some(distance) = distance(name, &wanted, candidate, limit) {
            let entry = (distance, candidate);
            if let Err(at) = best.binary_search(&entry) {
                best.insert(at, entry);
                best.truncate(MOST);
            }
        }
    }
    let closest = best.first().map_or(0, |&(distance, _)| distance);
    best.into_iter().take_while(|&(distance, _)| distance == closest).map(|(_, candidate)| candidate).collect()
}

/// The hint made of the names found by [`similar_names`]: `did you mean 'a', 'b' or 'c'?`.
pub fn did_you_mean<S: AsRef<str>>(names: &[S]) -> Option<String> {
    let (last, others) = names.split_last()?;
    let mut hint = String::from("did you mean ");
    for (index, name) in others.iter().enumerate() {
        let separator = if index + 1 == others.len() { " or " } else { ", " };
        hint.push('\'');
        hint.push_str(name.as_ref());
        hint.push('\'');
        hint.push_str(separator);
    }
    hint.push('\'');
    hint.push_str(last.as_ref());
    hint.push_str("'?");
    Some(hint)
}

fn edits_allowed(length: usize) -> usize {
    match length {
        0..=1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    }
}

/// What is compared before distances are computed.
struct Features {
    length: usize,
    letters: u64,
}

impl Features {
    fn of(name: &str) -> Features {
        Features {
            length: name.len(),
            letters: name.bytes().fold(0, |set, byte| set | 1 << (byte.to_ascii_lowercase() % 64)),
        }
    }
}

fn distance(name: &str, wanted: &Features, candidate: &str, limit: usize) -> Option<usize> {
    if candidate == name || candidate.is_empty() {
        return None;
    }
    if differ_in_style_only(name, candidate) {
        return Some(1);
    }
    // An edit changes a name's length by one character, which has at most four bytes, and
    // replaces one letter by another at most.
    if name.len() > LONGEST || candidate.len() > LONGEST {
        return None;
    }
    let found = Features::of(candidate);
    if found.length.abs_diff(wanted.length) > 4 * limit
        || (found.letters ^ wanted.letters).count_ones() as usize > 8 * limit
    {
        return None;
    }
    if name.is_ascii()
        && candidate.is_ascii()
        && (found.length.abs_diff(wanted.length) > limit
            || (found.letters ^ wanted.letters).count_ones() as usize > 2 * limit)
    {
        return None;
    }
    // More edits than half of a short name turn it into any other name.
    let limit = limit.min(edits_allowed(candidate.chars().count()));
    Some(osa_distance(name, candidate)).filter(|&distance| distance <= limit)
}

/// Whether two names are the same but for case, hyphens and underscores.
fn differ_in_style_only(a: &str, b: &str) -> bool {
    fn essence(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().filter(|byte| !matches!(byte, b'-' | b'_')).map(|byte| byte.to_ascii_lowercase())
    }
    essence(a).eq(essence(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names = [
            "fetchurl",
            "fetchgit",
            "fetchTarball",
            "lib",
            "stdenv",
            "mkDerivation",
            "mkShell",
            "x",
            "y",
            "überall",
            "python-3",
        ];
        for (name, expected) in [
            ("fecthurl", &["fetchurl"][..]),
            ("fetchurl_", &["fetchurl"]),
            ("fetchUrl", &["fetchurl"]),
            ("fetch-tarball", &["fetchTarball"]),
            ("mkDrivation", &["mkDerivation"]),
            ("mkShel", &["mkShell"]),
            ("libb", &["lib"]),
            ("X", &["x"]),
            ("z", &[]),
            ("uberall", &["überall"]),
            ("python3", &["python-3"]),
            ("unrelated", &[]),
            ("lib", &[]),
        ] {
            assert_eq!(similar_names(name, names), expected, "{name}");
        }
    }

    #[test]
    fn long_names_and_many_names_cost_little() {
        let long = "x".repeat(1_000_000);
        let longer = format!("{long}y");
        assert!(similar_names(&long, [longer.as_str()]).is_empty());
        let names: Vec<String> = (0..30_000).map(|n| format!("package{n}")).collect();
        let names = names.iter().map(String::as_str);
        assert_eq!(similar_names("pakcage77", names), ["package77"]);
    }

    #[test]
    fn suggests_at_most_three_best_first() {
        let names = ["aaaaaxx", "aaaaax", "aaaab", "aaaac", "aaaad", "AAAAA"];
        assert_eq!(similar_names("aaaaa", names), ["AAAAA", "aaaaax", "aaaab"]);
    }

    #[test]
    fn words_the_hint() {
        assert_eq!(did_you_mean::<&str>(&[]), None);
        assert_eq!(did_you_mean(&["a"]).unwrap(), "did you mean 'a'?");
        assert_eq!(did_you_mean(&["a", "b", "c"]).unwrap(), "did you mean 'a', 'b' or 'c'?");
    }
}
