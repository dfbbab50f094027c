//! What Git takes for the address of a repository, as a URL.

use super::url::{Authority, Strictness, Url, UrlError, split_scheme};

/// The URL of a repository that is given as a URL, as an absolute path, or as `user@host:path`.
pub(super) fn fix_git_url(text: &str) -> Result<Url, UrlError> {
    if text.starts_with('/') {
        return Ok(Url::of_file(text));
    }
    if let Some((host, path)) = split_host(text) {
        return ssh_url(text, host, path);
    }
    let mut url = Url::parse(text, Strictness::Strict)?;
    if let (Some("git"), transport) = split_scheme(&url.scheme) {
        url.scheme = transport.to_owned();
    }
    Ok(url)
}

/// The schemes that Git knows, which are never names of hosts.
const SCHEMES: &[&str] = &["ssh", "http", "https", "file", "ftp", "ftps", "git"];

/// Splits `host:path` as `scp` takes it: nothing with `://`, and with no slash before the colon.
fn split_host(text: &str) -> Option<(&str, &str)> {
    if text.contains("://") {
        return None;
    }
    let (host, path) = text.split_once(':')?;
    if host.contains('/') || SCHEMES.contains(&host.strip_prefix("git+").unwrap_or(host)) {
        return None;
    }
    let bracket = match text.find("@[") {
        Some(at) => at + 1,
        None if text.starts_with('[') => 0,
        None => return Some((host, path)),
    };
    // An address in brackets contains colons itself.
    match text[bracket..].find(']') {
        Some(length) => {
            let (host, rest) = text.split_at(bracket + length + 1);
            Some((host, rest.strip_prefix(':')?))
        }
        None => Some((host, path)),
    }
}

fn ssh_url(text: &str, host: &str, path: &str) -> Result<Url, UrlError> {
    if path.is_empty() {
        return Err(format!("'{text}' names a host and no repository"));
    }
    let (user, host) = match host.split_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, host),
    };
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'))
        && address.parse::<std::net::Ipv6Addr>().is_err()
    {
        return Err(format!("'{address}' in '{text}' is not an IPv6 address"));
    }
    let mut segments: Vec<String> = path.split('/').map(str::to_owned).collect();
    if !segments[0].is_empty() {
        segments.insert(0, String::new());
    }
    Ok(Url {
        scheme: "ssh".to_owned(),
        authority: Some(Authority::of_host(user, host)),
        path: segments,
        ..Url::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_repositories() {
        for (text, expected) in [
            ("https://example.com/a.git", "https://example.com/a.git"),
            ("git+https://example.com/a", "https://example.com/a"),
            ("/srv/a b", "file:///srv/a%20b"),
            ("git@github.com:owner/repo.git", "ssh://git@github.com/owner/repo.git"),
            ("host:/abs/repo", "ssh://host/abs/repo"),
            ("host:~/repo", "ssh://host/~/repo"),
            ("user@[::1]:a", "ssh://user@[::1]/a"),
            ("[2001:db8::1]:a/b", "ssh://[2001:db8::1]/a/b"),
            ("file:/srv/repo", "file:/srv/repo"),
            ("ssh://git@host:22/x", "ssh://git@host:22/x"),
        ] {
            assert_eq!(fix_git_url(text).map(|url| url.to_string()).as_deref(), Ok(expected), "{text}");
        }
        for text in ["a/b", "host:", "[nonsense]:a", "./a:b"] {
            assert!(fix_git_url(text).is_err(), "{text}");
        }
    }
}
