//! Strings and attribute names in the notation of the language.

/// Appends a string as a literal that evaluates to it, with the quotes.
pub(crate) fn write_string_literal(output: &mut Vec<u8>, string: &[u8]) {
    output.reserve(string.len() + 2);
    output.push(b'"');
    // Everything up to here is written.
    let mut written = 0;
    for (index, &byte) in string.iter().enumerate() {
        let escaped = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            b'$' if string.get(index + 1) == Some(&b'{') => b"\\$",
            _ => continue,
        };
        output.extend_from_slice(&string[written..index]);
        output.extend_from_slice(escaped);
        written = index + 1;
    }
    output.extend_from_slice(&string[written..]);
    output.push(b'"');
}

/// Appends an attribute name: as it is where it is an identifier, as a string literal otherwise.
pub(crate) fn write_attribute_name(output: &mut Vec<u8>, name: &[u8]) {
    if is_identifier(name) {
        output.extend_from_slice(name);
    } else {
        write_string_literal(output, name);
    }
}

/// Whether a name can be written without quotes. `or` can: it is a keyword in some places only.
fn is_identifier(name: &[u8]) -> bool {
    const KEYWORDS: [&[u8]; 9] = [b"if", b"then", b"else", b"assert", b"with", b"let", b"in", b"rec", b"inherit"];
    let starts_well = name.first().is_some_and(|&byte| byte.is_ascii_alphabetic() || byte == b'_');
    starts_well
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_'-".contains(byte))
        && !KEYWORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_string_literals() {
        for (string, expected) in [
            ("", r#""""#),
            ("plain", r#""plain""#),
            ("\" \\ \n \r \t \u{1} \u{e9}", "\"\\\" \\\\ \\n \\r \\t \u{1} \u{e9}\""),
            ("${a} $${b} $c $", r#""\${a} $\${b} $c $""#),
        ] {
            let mut output = Vec::new();
            write_string_literal(&mut output, string.as_bytes());
            assert_eq!(String::from_utf8_lossy(&output), expected);
        }
    }

    #[test]
    fn writes_attribute_names() {
        for (name, expected) in [
            ("a-b'_1", "a-b'_1"),
            ("_", "_"),
            ("or", "or"),
            ("if", "\"if\""),
            ("inherit", "\"inherit\""),
            ("", "\"\""),
            ("1a", "\"1a\""),
            ("-", "\"-\""),
            ("a.b", "\"a.b\""),
            ("\u{e9}", "\"\u{e9}\""),
            ("a${b", "\"a\\${b\""),
        ] {
            let mut output = Vec::new();
            write_attribute_name(&mut output, name.as_bytes());
            assert_eq!(String::from_utf8_lossy(&output), expected);
        }
    }
}
