//! Where firn differs from an installed Nix for a reason: mostly since versions of Nix differ from each other, of which
//! it follows the newest.

use crate::runner::{End, Outcome};

/// A program and what came of it.
pub(crate) struct Seen<'a> {
    pub(crate) program: &'a str,
    pub(crate) firn: &'a Outcome,
    pub(crate) nix: &'a Outcome,
    /// The builtins that firn has and the other has not.
    pub(crate) new_builtins: &'a [String],
}

/// A difference that is one between versions of Nix.
pub(crate) struct VersionDifference {
    /// Nix does as firn does from this version on.
    since: (u32, u32),
    /// Whether this may be what is seen.
    shows: fn(&Seen<'_>) -> bool,
    /// What has changed.
    pub(crate) reason: &'static str,
}

/// What firn does in another way on purpose.
const NEVER: (u32, u32) = (u32::MAX, 0);

/// All that are known.
pub(crate) const VERSION_DIFFERENCES: &[VersionDifference] = &[
    VersionDifference {
        since: (2, 34),
        shows: |seen| seen.new_builtins.iter().any(|name| has_word(seen.program, name)),
        reason: "some builtins are new",
    },
    VersionDifference {
        since: NEVER,
        shows: |seen| has_any(seen.program, &[".${", ".\"${"]) && same_end(seen),
        reason: "for its error message, Nix evaluates the names in an attribute path again",
    },
    VersionDifference {
        since: NEVER,
        shows: |seen| seen.program.contains("drvPath") && seen.nix.end == End::Error,
        reason: "the dummy store of Nix has no derivations, so it cannot find what a whole one refers to",
    },
    VersionDifference {
        since: NEVER,
        shows: |seen| has_any(seen.program, &["toFile", "builtins.path", "filterSource"]) && seen.nix.end == End::Error,
        reason: "Nix without a store it may write to cannot read what it would have put there",
    },
    VersionDifference {
        since: NEVER,
        shows: |seen| seen.program.contains("<nix/"),
        reason: "the files that come with an evaluator have its own text, so their store paths differ",
    },
    VersionDifference {
        since: NEVER,
        shows: |seen| has_word(seen.program, "break") && seen.firn.end == End::Error,
        reason: "'break' of Nix gives back what it is given without evaluating it",
    },
    VersionDifference {
        since: NEVER,
        shows: |seen| has_any(seen.program, &["./.", "../", "dirOf"]),
        reason: "the folder that the programs are in is not the same for both",
    },
    VersionDifference {
        since: (2, 34),
        shows: |seen| !seen.new_builtins.is_empty() && seen.program.replace("builtins.", "").contains("builtins"),
        reason: "the set of all builtins has more in it",
    },
    VersionDifference {
        since: (2, 24),
        shows: |seen| {
            seen.firn.end == End::Error
                && matches!(seen.nix.end, End::Value(_))
                && has_any(seen.program, &["+", "-", "*", "builtins.add", "builtins.sub", "builtins.mul"])
        },
        reason: "the overflow of an integer is an error",
    },
    VersionDifference {
        since: (2, 20),
        shows: |seen| seen.program.contains("trace") && same_end(seen) && seen.firn.log.len() == seen.nix.log.len(),
        reason: "traces show values in another form",
    },
    VersionDifference {
        since: (2, 32),
        shows: |seen| has_any(seen.program, &["toJSON", "__structuredAttrs"]) || is_json(&seen.nix.end),
        reason: "floats and some characters have another form in JSON",
    },
    VersionDifference {
        since: (2, 34),
        shows: |seen| seen.program.contains("//"),
        reason: "both sides of '//' are evaluated before one is checked",
    },
    VersionDifference {
        since: (2, 34),
        shows: |seen| seen.program.contains("filter") && seen.nix.end == End::Error,
        reason: "the function is not looked at if the list is empty",
    },
    VersionDifference {
        since: (2, 16),
        shows: |seen| seen.program.contains("replaceStrings"),
        reason: "replacements are evaluated only if they are used",
    },
    VersionDifference {
        since: (2, 20),
        shows: |seen| has_any(seen.program, &["ceil", "floor"]),
        reason: "a float that does not fit into an integer is an error",
    },
    VersionDifference {
        since: (2, 22),
        shows: |seen| seen.program.contains("genericClosure"),
        reason: "the operator is evaluated only if there is something to apply it to",
    },
    VersionDifference {
        since: (2, 20),
        shows: |seen| seen.program.contains("substring"),
        reason: "a start beyond 32 bits was taken for a negative one",
    },
];

/// The difference between versions that explains what was seen.
pub(crate) fn explanation(version: &str, seen: &Seen<'_>) -> Option<&'static VersionDifference> {
    let version = parse(version)?;
    VERSION_DIFFERENCES.iter().find(|known| version < known.since && (known.shows)(seen))
}

fn same_end(seen: &Seen<'_>) -> bool {
    seen.firn.end == seen.nix.end
}

fn is_json(end: &End) -> bool {
    matches!(end, End::Value(text) if text.starts_with(['{', '[', '"']))
}

fn has_any(program: &str, texts: &[&str]) -> bool {
    texts.iter().any(|text| program.contains(text))
}

fn has_word(program: &str, word: &str) -> bool {
    program.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '\'').any(|part| part == word)
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
