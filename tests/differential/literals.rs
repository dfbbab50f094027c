//! Literals: mostly plain ones, and those at the edges.

use crate::source::Source;

pub(crate) fn int(source: &mut Source<'_>) -> String {
    match source.below(6) {
        0..=3 => source.below(10).to_string(),
        4 => source.below(1 << 20).to_string(),
        _ => source.pick(&["9223372036854775807", "(-9223372036854775807)", "4294967296", "007", "(-1)"]).to_owned(),
    }
}

pub(crate) fn index(source: &mut Source<'_>) -> String {
    match source.below(12) {
        0 => "(-1)".to_owned(),
        1 => "99".to_owned(),
        _ => source.below(4).to_string(),
    }
}

pub(crate) fn float(source: &mut Source<'_>) -> String {
    const FLOATS: [&str; 16] = [
        "0.5",
        "1.0",
        "2.5",
        ".25",
        "1e3",
        "1.5e-7",
        "0.1",
        "3.14159265358979",
        "1e100",
        "1.0e308",
        "123456789.125",
        "(-0.0)",
        "1e15",
        "1e-5",
        "100000.0",
        "1234567.0",
    ];
    match source.below(3) {
        0 => format!("{}.{}", source.below(1000), source.below(1000)),
        _ => source.pick(&FLOATS).to_owned(),
    }
}

pub(crate) fn string(source: &mut Source<'_>) -> String {
    format!("\"{}\"", string_part(source))
}

/// What can stand between the quotes.
pub(crate) fn string_part(source: &mut Source<'_>) -> String {
    const PARTS: [&str; 24] = [
        "", "a", "b", "foo", "x y", "1", "é", "日本", "\\n", "\\t", "\\\"", "\\\\", "\\${a}", "$", "$$", "$${x}", "'",
        "''", "<&>", "\\r", "/", ".", "-1.2", "\n",
    ];
    let mut text = String::new();
    while source.chance(2, 3) && text.len() < 30 {
        text.push_str(source.pick(&PARTS));
    }
    // A dollar sign must not meet the brace of an interpolation.
    if text.ends_with('$') {
        text.push(' ');
    }
    text
}

pub(crate) fn regex(source: &mut Source<'_>) -> String {
    const WHOLE: [&str; 10] =
        ["", ".*", "(.*)", "a|b", "(a)|(ab)", "[a-z]+", "([^/]*)/(.*)", "[[:space:]]*", "(a*)*", "x{2,3}"];
    const PARTS: [&str; 22] = [
        "a",
        "b",
        ".",
        "x",
        "[ab]",
        "[^a]",
        "(a)",
        "(b|a)",
        "(",
        ")",
        "*",
        "+",
        "?",
        "{1}",
        "{0,2}",
        "|",
        "^",
        "$",
        "\\\\.",
        "[[:alpha:]]",
        "[]a]",
        "()",
    ];
    if source.chance(1, 2) {
        return format!("\"{}\"", source.pick(&WHOLE));
    }
    let mut text = String::new();
    for _ in 0..=source.below(6) {
        text.push_str(source.pick(&PARTS));
    }
    format!("\"{}\"", text.replace("$", "\\$"))
}

pub(crate) fn version(source: &mut Source<'_>) -> String {
    const PARTS: [&str; 12] = ["1", "2", "10", "03", ".", "-", "pre", "rc", "a", "", "_", "4294967296"];
    let text: String = (0..source.below(7)).map(|_| source.pick(&PARTS)).collect();
    format!("\"{}{text}\"", source.pick(&["", "foo-", "foo-bar-1"]))
}

pub(crate) fn json(source: &mut Source<'_>) -> String {
    let mut text = String::new();
    json_value(source, &mut text, 3);
    // Some are damaged.
    if source.chance(1, 10) {
        let at = source.below(text.len() + 1);
        if text.is_char_boundary(at) {
            text.truncate(at);
        }
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${"))
}

fn json_value(source: &mut Source<'_>, text: &mut String, depth: usize) {
    const SCALARS: [&str; 22] = [
        "0",
        "1",
        "-1",
        "-0",
        "1.5",
        "1e2",
        "1E-3",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "-9223372036854775808",
        "0.1",
        "true",
        "false",
        "null",
        "\"\"",
        "\"a\"",
        "\"\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\n\\t\\/\"",
        "1e400",
        "123456789012345678901234567890.5",
    ];
    match source.below(if depth == 0 { 4 } else { 6 }) {
        4 => {
            text.push('[');
            for index in 0..source.below(4) {
                text.push_str(if index > 0 { ", " } else { "" });
                json_value(source, text, depth - 1);
            }
            text.push(']');
        }
        5 => {
            text.push('{');
            for index in 0..source.below(4) {
                text.push_str(if index > 0 { "," } else { " " });
                text.push_str(source.pick(&["\"a\": ", "\"b\":", "\"x y\": ", "\"\": ", "\"é\":"]));
                json_value(source, text, depth - 1);
            }
            text.push('}');
        }
        _ => text.push_str(source.pick(&SCALARS)),
    }
}

pub(crate) fn toml(source: &mut Source<'_>) -> String {
    const LINES: [&str; 18] = [
        "a = 1",
        "b = 1.5",
        "c = true",
        "d = \"x\"",
        "e = 'y'",
        "f = [1, 2, 3]",
        "g = { h = 1, i = 2 }",
        "[t]",
        "[t.u]",
        "[[v]]",
        "w.x = 1",
        "big = 9223372036854775807",
        "hex = 0xff",
        "inf = inf",
        "n = 1_000",
        "# comment",
        "z = \"\\u00e9\"",
        "s = [[1], ['a']]",
    ];
    let mut text = String::new();
    let first = source.below(LINES.len());
    for index in 0..source.below(6) {
        text.push_str(LINES[(first + index) % LINES.len()]);
        text.push('\n');
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

pub(crate) fn path(source: &mut Source<'_>) -> String {
    const PATHS: [&str; 12] = [
        "./data",
        "./data/file",
        "./data/dir",
        "./data/link",
        "./data/empty",
        "./.",
        "/",
        "/no/such/file",
        "./data/dir/..",
        "./data/../data",
        "./data/dangling",
        "./data/value",
    ];
    source.pick(&PATHS).to_owned()
}
