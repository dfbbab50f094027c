//! URLs, taken apart and put together as Nix does.
//!
//! The grammar is that of RFC 3986. Unlike what web browsers do, nothing is normalised but the
//! percent-encoding, which is why a URL can be in a hash or a lock file.

use std::collections::BTreeMap;
use std::fmt;

use fluent_uri::Uri;
use fluent_uri::component::Host;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Why a text is no URL, or none that can be used.
pub(super) type UrlError = String;

/// The parameters after `?`.
pub(super) type Query = BTreeMap<String, String>;

/// The parts of a URL, with percent-encoding resolved.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Url {
    pub(super) scheme: String,
    /// `Some` if there is a `//`, also with nothing after it.
    pub(super) authority: Option<Authority>,
    /// What the slashes of the path separate: first an empty segment if it begins with one.
    pub(super) path: Vec<String>,
    pub(super) query: Query,
    pub(super) fragment: String,
}

/// What follows `//`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Authority {
    pub(super) user: Option<String>,
    password: Option<String>,
    /// A name or an address.
    pub(super) host: String,
    /// Whether the host is an address in brackets.
    is_bracketed: bool,
    port: Option<u16>,
}

/// How much is allowed that RFC 3986 forbids.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum Strictness {
    Strict,
    /// Blanks and quotes in the query; those and `^` in the fragment.
    Lenient,
}

const EVERYTHING: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const IN_PATH: &AsciiSet = &EVERYTHING.remove(b':').remove(b'@');
const IN_BRACKETS: &AsciiSet = &EVERYTHING.remove(b':');
const IN_QUERY: &AsciiSet = &IN_PATH.remove(b'/').remove(b'?');

impl Url {
    /// Takes a URL apart.
    pub(super) fn parse(text: &str, strictness: Strictness) -> Result<Url, UrlError> {
        let fixed = fix(text, strictness);
        let uri = Uri::parse(fixed.as_str()).map_err(|cause| format!("'{text}' is not a valid URL: {cause}"))?;
        let scheme = uri.scheme().as_str().to_owned();
        let authority = uri.authority().map(|authority| Authority::new(&authority)).transpose()?;
        let is_file = split_scheme(&scheme).1 == "file";
        if is_file
            && let Some(Authority { host, .. }) = &authority
            && !host.is_empty()
        {
            return Err(format!("the file URL '{text}' names the host '{host}': it needs a third slash"));
        }
        let path = match uri.path().as_str() {
            "" if is_file => "/",
            path => path,
        };
        Ok(Url {
            scheme,
            authority,
            path: path.split('/').map(decode).collect::<Result<_, _>>()?,
            query: uri.query().map_or(Ok(Query::new()), |query| parse_query(query.as_str()))?,
            fragment: uri.fragment().map_or(Ok(String::new()), |fragment| decode(fragment.as_str()))?,
        })
    }

    /// The URL of an absolute path.
    pub(super) fn of_file(path: &str) -> Url {
        Url {
            scheme: "file".to_owned(),
            authority: Some(Authority::default()),
            path: path_segments(path),
            ..Url::default()
        }
    }

    /// The segments of the path that are not empty.
    pub(super) fn segments(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).filter(|segment| !segment.is_empty()).collect()
    }

    /// The path as one of the file system.
    pub(super) fn file_path(&self) -> Result<String, UrlError> {
        if let Some(segment) = self.path.iter().find(|segment| segment.contains(['/', '\0'])) {
            let segment = segment.escape_debug();
            return Err(format!("the part '{segment}' of the URL '{self}' is no name that a file can have"));
        }
        // Repeated slashes mean what one does.
        let is_absolute = self.path.len() > 1 && self.path[0].is_empty();
        let mut path = if is_absolute { "/".to_owned() } else { String::new() };
        for (index, segment) in self.path.iter().enumerate().skip(usize::from(is_absolute)) {
            let is_repeated = segment.is_empty() && index + 1 < self.path.len();
            if !(path.is_empty() || path.ends_with('/') || is_repeated) {
                path.push('/');
            }
            path.push_str(segment);
        }
        Ok(path)
    }
}

/// Splits `application+transport`.
pub(super) fn split_scheme(scheme: &str) -> (Option<&str>, &str) {
    match scheme.split_once('+') {
        Some((application, transport)) => (Some(application), transport),
        None => (None, scheme),
    }
}

/// The segments of the URL of a path.
pub(super) fn path_segments(path: &str) -> Vec<String> {
    let mut segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    if path.starts_with('/') {
        segments.insert(0, String::new());
    }
    if path.ends_with('/') || path.is_empty() {
        segments.push(String::new());
    }
    segments
}

/// The parameters of a query; those without `=` are ignored, and of equal ones the first counts.
fn parse_query(query: &str) -> Result<Query, UrlError> {
    let mut parameters = Query::new();
    for (name, value) in query.split('&').filter_map(|parameter| parameter.split_once('=')) {
        parameters.entry(decode(name)?).or_insert(decode(value)?);
    }
    Ok(parameters)
}

/// Takes a query apart that is not in a URL.
pub(super) fn parse_lenient_query(query: &str) -> Result<Query, UrlError> {
    parse_query(&escape(query, &[' ', '"']))
}

/// Resolves percent-encoding.
pub(super) fn decode(text: &str) -> Result<String, UrlError> {
    let bytes = text.as_bytes();
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    if let Some(at) = memchr::memchr_iter(b'%', bytes).find(|&at| !is_hex(at + 1) || !is_hex(at + 2)) {
        return Err(format!("'{text}' has a '%' at byte {at} that two hexadecimal digits must follow"));
    }
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(format!("'{text}' stands for bytes that are not UTF-8, which is not supported")),
    }
}

/// Encodes what the grammar does not allow and Nix does.
fn fix(text: &str, strictness: Strictness) -> String {
    let (before_fragment, fragment) = match text.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (text, None),
    };
    let lenient = strictness == Strictness::Lenient;
    let mut fixed = match before_fragment.split_once('?') {
        // Brackets are allowed by the parser that Nix uses.
        Some((before, query)) if lenient => format!("{before}?{}", escape(query, &[' ', '"', '[', ']'])),
        Some((before, query)) => format!("{before}?{}", escape(query, &['[', ']'])),
        None => before_fragment.to_owned(),
    };
    if let Some(fragment) = fragment {
        fixed.push('#');
        fixed.push_str(&escape(fragment, if lenient { &[' ', '"', '^'] } else { &[] }));
    }
    fixed
}

fn escape(text: &str, characters: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match characters.contains(&character) {
            true => escaped.push_str(&format!("%{:02X}", u32::from(character))),
            false => escaped.push(character),
        }
    }
    escaped
}

impl Authority {
    fn new(authority: &fluent_uri::component::Authority<'_>) -> Result<Authority, UrlError> {
        let (user, password) = match authority.userinfo() {
            Some(info) => match info.as_str().split_once(':') {
                Some((user, password)) => (Some(decode(user)?), Some(decode(password)?)),
                None => (Some(decode(info.as_str())?), None),
            },
            None => (None, None),
        };
        let port = authority.port_to_u16();
        let host = authority.host();
        Ok(Authority {
            user,
            password,
            host: decode(host.trim_matches(['[', ']']))?,
            is_bracketed: matches!(authority.host_parsed(), Host::Ipv6 { .. } | Host::IpvFuture { .. }),
            port: port.map_err(|_| format!("the port in '{}' is not a number below 65536", authority.as_str()))?,
        })
    }

    /// The authority that is only a host and perhaps a user.
    pub(super) fn of_host(user: Option<&str>, host: &str) -> Authority {
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        Authority {
            user: user.map(str::to_owned),
            host: bracketed.unwrap_or(host).to_owned(),
            is_bracketed: bracketed.is_some(),
            ..Authority::default()
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{}", utf8_percent_encode(user, EVERYTHING))?;
            if let Some(password) = &self.password {
                write!(f, ":{}", utf8_percent_encode(password, EVERYTHING))?;
            }
            f.write_str("@")?;
        }
        match self.is_bracketed {
            true => write!(f, "[{}]", utf8_percent_encode(&self.host, IN_BRACKETS))?,
            false => write!(f, "{}", utf8_percent_encode(&self.host, EVERYTHING))?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme)?;
        if let Some(authority) = &self.authority {
            write!(f, "//{authority}")?;
        }
        for (index, segment) in self.path.iter().enumerate() {
            let separator = if index > 0 { "/" } else { "" };
            write!(f, "{separator}{}", utf8_percent_encode(segment, IN_PATH))?;
        }
        for (index, (name, value)) in self.query.iter().enumerate() {
            let separator = if index > 0 { '&' } else { '?' };
            let (name, value) = (utf8_percent_encode(name, IN_QUERY), utf8_percent_encode(value, IN_QUERY));
            write!(f, "{separator}{name}={value}")?;
        }
        match self.fragment.as_str() {
            "" => Ok(()),
            fragment => write!(f, "#{}", utf8_percent_encode(fragment, EVERYTHING)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Url, UrlError> {
        Url::parse(text, Strictness::Lenient)
    }

    #[test]
    fn only_percent_encoding_is_normalised() {
        for (url, expected) in [
            ("http://www.example.org/file.tar.gz", "http://www.example.org/file.tar.gz"),
            ("http://localhost:8181/test/+3d.tar.gz", "http://localhost:8181/test/%2B3d.tar.gz"),
            ("http://user:pass@www.example.org:8080/a//b/../c", "http://user:pass@www.example.org:8080/a//b/../c"),
            ("http://[fe80::818c:da4d:8975:415c]:8080/x", "http://[fe80::818c:da4d:8975:415c]:8080/x"),
            ("http://127.0.0.1:/x?b=%41&a=1&c&a=2", "http://127.0.0.1/x?a=1&b=A"),
            ("file:/none/of//your/business", "file:/none/of//your/business"),
            ("file://", "file:///"),
            ("github:a/b?dir=x y#\"z\"", "github:a/b?dir=x%20y#%22z%22"),
            ("a:b?c[d]=e", "a:b?c%5Bd%5D=e"),
            ("HTTP://EXAMPLE.org", "HTTP://EXAMPLE.org"),
        ] {
            assert_eq!(parse(url).map(|url| url.to_string()).as_deref(), Ok(expected), "{url}");
        }
    }

    #[test]
    fn malformed_urls_are_refused() {
        for url in [
            "",
            "x",
            "/x",
            "://x",
            "1a:b",
            "http://a b",
            "a:%zz",
            "a:%4",
            "file://host/x",
            "http://a:99999/",
            "a:\u{e9}",
            "a:b?c=%",
            "http://[::1/",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
        assert!(Url::parse("a:b?c=d e", Strictness::Strict).is_err());
    }

    #[test]
    fn paths_of_file_urls() {
        for (url, expected) in [
            ("file:///a/b%20c", Some("/a/b c")),
            ("file:/a//b/", Some("/a/b/")),
            ("path:a/b", Some("a/b")),
            ("path:./a", Some("./a")),
            ("file:///", Some("/")),
            ("file:///a%2Fb", None),
            ("file:///a%00b", None),
        ] {
            assert_eq!(parse(url).unwrap().file_path().ok().as_deref(), expected, "{url}");
        }
    }
}
