//! Paths as text: canonical form, base name and directory, without a look at the file system.

/// The canonical form of an absolute path: no `.`, no `..`, no empty component, no slash at the end.
///
/// `..` removes the component before it, symbolic link or not, and nothing at the root. A path
/// that does not start with a slash is taken as relative to the root.
pub(crate) fn canonicalize(path: &[u8]) -> Vec<u8> {
    let mut canonical = Vec::with_capacity(path.len() + 1);
    for component in path.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => canonical.truncate(last_slash(&canonical).unwrap_or(0)),
            _ => {
                canonical.push(b'/');
                canonical.extend_from_slice(component);
            }
        }
    }
    if canonical.is_empty() {
        canonical.push(b'/');
    }
    canonical
}

/// What `baseNameOf` returns: what is after the last slash, where one slash at the end is ignored.
pub(crate) fn base_name(path: &[u8]) -> &[u8] {
    let path = match path {
        [rest @ .., b'/'] if !rest.is_empty() => rest,
        _ => path,
    };
    match last_slash(path) {
        Some(slash) => &path[slash + 1..],
        None => path,
    }
}

/// What `dirOf` returns for a string: what is before the last slash, or `.` if there is none.
pub(crate) fn directory(path: &[u8]) -> &[u8] {
    match last_slash(path) {
        None => b".",
        Some(0) => b"/",
        Some(slash) => &path[..slash],
    }
}

fn last_slash(path: &[u8]) -> Option<usize> {
    memchr::memrchr(b'/', path)
}

/// What `path` means below `base`, which is absolute: an absolute path itself.
pub(crate) fn join(base: &[u8], path: &[u8]) -> Vec<u8> {
    if path.first() == Some(&b'/') { canonicalize(path) } else { canonicalize(&[base, b"/", path].concat()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonicalizes() {
        for (path, expected) in [
            ("/", "/"),
            ("", "/"),
            ("//a/./b/../c//", "/a/c"),
            ("/../../a", "/a"),
            ("/a/..", "/"),
            ("/a/b/../..", "/"),
            ("/.../..a/.b", "/.../..a/.b"),
            ("a/b", "/a/b"),
        ] {
            let canonical = canonicalize(path.as_bytes());
            assert_eq!(String::from_utf8_lossy(&canonical), expected);
        }
    }

    #[test]
    fn splits_paths() {
        for (path, base, dir) in [
            ("", "", "."),
            ("/", "", "/"),
            ("//", "", "/"),
            ("a", "a", "."),
            ("a/", "a", "a"),
            ("a//", "", "a/"),
            ("/a", "a", "/"),
            ("/a/b", "b", "/a"),
            ("/a/b/", "b", "/a/b"),
            ("a/b//c", "c", "a/b/"),
        ] {
            assert_eq!(base_name(path.as_bytes()), base.as_bytes(), "{path}");
            assert_eq!(directory(path.as_bytes()), dir.as_bytes(), "{path}");
        }
    }
}
