//! Which names branches, tags, hosts and flakes can have.

/// Whether a text is a commit hash of Git: 40 hexadecimal digits.
pub(super) fn is_commit_hash(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text can be the name of a flake in a registry.
pub(super) fn is_flake_id(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Whether a text is made of what names of hosts are made of.
pub(super) fn is_host(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

/// Whether a text is made of what Nix allows in names of Mercurial branches and tags, and in short flake
/// references.
pub(super) fn is_mercurial_ref(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '@')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./@+-".contains(&byte))
}

/// Whether Git allows a branch, a tag or a full reference of this name.
///
/// Source: `git-check-ref-format(1)`.
pub(super) fn is_legal_ref_name(name: &str) -> bool {
    let is_component = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let is_forbidden = |byte: u8| byte < 0x20 || byte == 0x7f || b" ~^:?*[\\".contains(&byte);
    name != "@"
        && (!name.starts_with('-') || name.contains('/'))
        && name.split('/').all(is_component)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.bytes().any(is_forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of Nix, which follow `git check-ref-format`.
    #[test]
    fn names_of_branches() {
        for name in ["A/b", "AaA/b", "FOO/BAR/BAZ", "HEAD", "refs/heads/a.t", "v1/x@y", "foo./bar", "heads/fo@", "A"] {
            assert!(is_legal_ref_name(name), "{name}");
        }
        for name in
            ["", ".a", "a..b", "a/", "/a", "a//b", "a.lock", "a.lock/b", "-", "@", "@{", "a b", "a\x7f", "x.", "a:b"]
        {
            assert!(!is_legal_ref_name(name), "{name}");
        }
    }
}
