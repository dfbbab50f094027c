//! Where versions of Nix differ from each other. firn follows the newest.

/// A difference that is one between versions of Nix.
pub(crate) struct VersionDifference {
    /// Nix does as firn does from this version on.
    since: (u32, u32),
    /// A program that contains one of these may show it.
    contains: &'static [&'static str],
    /// What has changed.
    pub(crate) reason: &'static str,
}

/// All that are known.
pub(crate) const VERSION_DIFFERENCES: &[VersionDifference] = &[];

/// The difference between versions that explains what was seen of this program.
pub(crate) fn explanation(version: &str, program: &str) -> Option<&'static VersionDifference> {
    let version = parse(version)?;
    VERSION_DIFFERENCES
        .iter()
        .find(|known| version < known.since && known.contains.iter().any(|text| program.contains(text)))
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
