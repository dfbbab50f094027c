//! Versions and names of packages: `compareVersions`, `splitVersion` and `parseDrvName`.
//!
//! The rules are those of the Nix manual (`nix-env --upgrade` describes the order of versions).

use std::cmp::Ordering;

/// Compares two versions component by component.
///
/// Numbers compare as numbers, a missing component is smaller than a number, `pre` is smaller
/// than anything else, other text is smaller than a number and compares by its bytes.
pub(crate) fn compare_versions(left: &[u8], right: &[u8]) -> Ordering {
    let mut left = split_version(left);
    let mut right = split_version(right);
    loop {
        let (left, right) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => (left.unwrap_or_default(), right.unwrap_or_default()),
        };
        if is_component_less(left, right) {
            return Ordering::Less;
        }
        if is_component_less(right, left) {
            return Ordering::Greater;
        }
    }
}

/// The components of a version: runs of digits and runs of other bytes, where `.` and `-` separate.
pub(crate) fn split_version(version: &[u8]) -> Components<'_> {
    Components { rest: version }
}

/// See [`split_version`].
#[derive(Clone, Debug)]
pub(crate) struct Components<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Components<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|&byte| !is_separator(byte));
        let rest = &self.rest[start.unwrap_or(self.rest.len())..];
        let digits = rest.first()?.is_ascii_digit();
        let length =
            rest.iter().position(|&byte| byte.is_ascii_digit() != digits || is_separator(byte)).unwrap_or(rest.len());
        let (component, rest) = rest.split_at(length);
        self.rest = rest;
        Some(component)
    }
}

/// Splits the name of a derivation into package name and version.
///
/// The version starts after the first dash that something other than a letter follows; it is
/// empty if there is none.
pub(crate) fn parse_drv_name(full_name: &[u8]) -> (&[u8], &[u8]) {
    let dash = full_name.windows(2).position(|pair| pair[0] == b'-' && !pair[1].is_ascii_alphabetic());
    match dash {
        Some(dash) => (&full_name[..dash], &full_name[dash + 1..]),
        None => (full_name, b""),
    }
}

fn is_separator(byte: u8) -> bool {
    byte == b'.' || byte == b'-'
}

/// Not a total order: it is asked in both directions, as Nix does.
fn is_component_less(left: &[u8], right: &[u8]) -> bool {
    match (component_number(left), component_number(right)) {
        (Some(left), Some(right)) => left < right,
        (_, Some(_)) if left.is_empty() => true,
        _ if left == b"pre" && right != b"pre" => true,
        _ if right == b"pre" => false,
        (_, Some(_)) => true,
        (Some(_), _) => false,
        (None, None) => left < right,
    }
}

/// The value of a component that is a number. Nix reads it as a C `int`: what is greater is text.
fn component_number(component: &[u8]) -> Option<i32> {
    if !component.first()?.is_ascii_digit() {
        return None;
    }
    component.iter().try_fold(0i32, |number, &digit| number.checked_mul(10)?.checked_add(i32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_versions() {
        use Ordering::{Equal, Greater, Less};
        for (left, right, expected) in [
            ("1.0", "2.3", Less),
            ("2.3", "2.3.1", Less),
            ("2.3.1", "2.3", Greater),
            ("2.3.1", "2.3a", Greater),
            ("2.3pre1", "2.3", Less),
            ("2.3pre3", "2.3pre12", Less),
            ("2.3a", "2.3c", Less),
            ("2.3pre1", "2.3c", Less),
            ("2.3pre1", "2.3q", Less),
            ("1..0-", "1.0", Equal),
            ("", "", Equal),
            ("", "1", Less),
            ("", "a", Less),
            ("a", "", Greater),
            ("", "pre", Greater),
            ("010", "10", Equal),
            // Too large for a C int: text, which is less than a number.
            ("2147483647", "2147483648", Greater),
            ("9999999999", "1", Less),
            ("9999999999", "9999999998", Greater),
            ("1.\u{e9}", "1.z", Greater),
            ("+1", "1", Less),
        ] {
            assert_eq!(compare_versions(left.as_bytes(), right.as_bytes()), expected, "{left} {right}");
        }
    }

    #[test]
    fn splits_versions() {
        for (version, expected) in
            [("1.2.3", "1 2 3"), ("1.2pre3-rc..4", "1 2 pre 3 rc 4"), ("-.a1b_2.", "a 1 b_ 2"), ("...", ""), ("", "")]
        {
            let components: Vec<_> = split_version(version.as_bytes()).map(String::from_utf8_lossy).collect();
            assert_eq!(components.join(" "), expected);
        }
    }

    #[test]
    fn parses_names() {
        for (full_name, name, version) in [
            ("nix-0.12pre12876", "nix", "0.12pre12876"),
            ("a-b-c-1234pre5+git", "a-b-c", "1234pre5+git"),
            ("foo-bar", "foo-bar", ""),
            ("foo-", "foo-", ""),
            ("foo--1", "foo", "-1"),
            ("-1", "", "1"),
            ("a-\u{e9}", "a", "\u{e9}"),
            ("", "", ""),
        ] {
            assert_eq!(parse_drv_name(full_name.as_bytes()), (name.as_bytes(), version.as_bytes()));
        }
    }
}
