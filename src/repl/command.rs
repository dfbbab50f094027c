//! What a line means.

use crate::syntax::{Features, SyntaxErrorKind, SyntaxKind, parse, tokens};

/// A line, understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Command<'a> {
    /// Nothing: blanks and comments.
    Nothing,
    /// Show the value of an expression.
    Show(&'a str),
    /// Show the value of an expression with everything in it.
    Print(&'a str),
    /// Show what type a value has.
    Type(&'a str),
    /// Show the documentation of a function.
    Doc(&'a str),
    /// Give a name to the value of an expression.
    Bind {
        name: &'a str,
        expression: &'a str,
    },
    /// Give names to the values of several expressions, as [`bindings`] finds them.
    BindAll(&'a str),
    /// Show how long the evaluation of an expression takes.
    Time(&'a str),
    /// Show a part of what was shown last.
    Open(&'a str),
    /// Show the record of a derivation.
    Derivation(&'a str),
    /// Show how a function is written.
    Source(&'a str),
    /// Open an editor where something is defined.
    Edit(&'a str),
    /// Show whole traces of errors, or short ones.
    Trace(&'a str),
    /// Show or change how much of a value is shown.
    Set(&'a str),
    /// List the variables.
    Environment,
    /// Make variables of the attributes of a set.
    Add(&'a str),
    /// Make variables of the attributes of a file.
    Load(&'a str),
    Reload,
    Help,
    Quit,
    /// A command without what it needs.
    Lacks {
        command: &'static str,
        needs: &'static str,
    },
    Unknown(&'a str),
}

/// A command that starts with a colon.
pub(super) struct CommandInfo {
    pub(super) names: &'static [&'static str],
    /// What stands after it; empty for nothing.
    pub(super) parameter: &'static str,
    pub(super) help: &'static str,
}

/// All commands, in the order in which `:help` lists them.
pub(super) const COMMANDS: &[CommandInfo] = &[
    CommandInfo { names: &[":print", ":p"], parameter: "EXPR", help: "show a value with everything in it" },
    CommandInfo { names: &[":open", ":o"], parameter: "PATH", help: "show a part of the last value, such as a.b.0" },
    CommandInfo { names: &[":type", ":t"], parameter: "EXPR", help: "show what type a value has" },
    CommandInfo { names: &[":doc"], parameter: "EXPR", help: "show the documentation of a function" },
    CommandInfo { names: &[":source"], parameter: "EXPR", help: "show how a function is written" },
    CommandInfo {
        names: &[":edit", ":e"],
        parameter: "EXPR",
        help: "open an editor where a function or attribute is defined",
    },
    CommandInfo { names: &[":derivation", ":d"], parameter: "EXPR", help: "show the record of a derivation" },
    CommandInfo { names: &[":load", ":l"], parameter: "FILE", help: "make variables of the attributes of a file" },
    CommandInfo { names: &[":add", ":a"], parameter: "EXPR", help: "make variables of the attributes of a set" },
    CommandInfo { names: &[":reload", ":r"], parameter: "", help: "load all files again" },
    CommandInfo { names: &[":env"], parameter: "", help: "list the variables of this session" },
    CommandInfo { names: &[":time"], parameter: "EXPR", help: "show a value, and what its evaluation took" },
    CommandInfo { names: &[":trace"], parameter: "on|off", help: "show whole traces of errors, or short ones" },
    CommandInfo {
        names: &[":set"],
        parameter: "[NAME NUMBER]",
        help: "show or set how much is shown: depth, length, width",
    },
    CommandInfo { names: &[":help", ":?", ":h"], parameter: "", help: "show this list" },
    CommandInfo { names: &[":quit", ":q"], parameter: "", help: "leave (so does Ctrl-D)" },
];

impl<'a> Command<'a> {
    /// Understands a line, or several that belong together.
    pub(super) fn parse(line: &'a str) -> Command<'a> {
        let line = line.trim();
        if line.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Command::Nothing;
        }
        if line.starts_with(':') {
            return Command::colon(line);
        }
        match binding(line) {
            Some(_) if bindings(line).len() > 1 => Command::BindAll(line),
            Some((name, expression)) => Command::Bind { name, expression },
            None => Command::Show(line),
        }
    }

    fn colon(line: &'a str) -> Command<'a> {
        let end = line.find(char::is_whitespace).unwrap_or(line.len());
        let (word, rest) = (&line[..end], line[end..].trim());
        let Some(info) = COMMANDS.iter().find(|info| info.names.contains(&word)) else {
            return Command::Unknown(word);
        };
        let is_optional = info.parameter.is_empty() || info.parameter.starts_with('[');
        if rest.is_empty() && !is_optional {
            return Command::Lacks { command: info.names[0], needs: info.parameter };
        }
        match info.names[0] {
            ":print" => Command::Print(rest),
            ":type" => Command::Type(rest),
            ":doc" => Command::Doc(rest),
            ":load" => Command::Load(rest),
            ":add" => Command::Add(rest),
            ":time" => Command::Time(rest),
            ":open" => Command::Open(rest),
            ":source" => Command::Source(rest),
            ":edit" => Command::Edit(rest),
            ":derivation" => Command::Derivation(rest),
            ":trace" => Command::Trace(rest),
            ":set" => Command::Set(rest),
            ":env" => Command::Environment,
            ":reload" => Command::Reload,
            ":quit" => Command::Quit,
            _ => Command::Help,
        }
    }

    /// The expression in the line, if there is one.
    pub(super) fn expression(self) -> Option<&'a str> {
        match self {
            Command::Show(text) | Command::Print(text) | Command::Type(text) => Some(text),
            Command::Doc(text) | Command::Add(text) | Command::Time(text) | Command::BindAll(text) => Some(text),
            Command::Source(text) | Command::Edit(text) | Command::Derivation(text) => Some(text),
            Command::Bind { expression, .. } => Some(expression),
            _ => None,
        }
    }
}

/// The names and expressions of `a = 1; b = 2`; nothing if a part of it is something else.
pub(super) fn bindings(line: &str) -> Vec<(&str, &str)> {
    use SyntaxKind::*;
    // What a semicolon, `in` or bracket ends. Semicolons within any of them do not separate bindings.
    let mut open = Vec::new();
    let mut parts = Vec::new();
    let mut start = 0;
    for (kind, range) in tokens(line.as_bytes()).iter() {
        match kind {
            LeftBrace | LeftBracket | LeftParen | InterpolationStart => open.push(kind),
            LetKeyword | WithKeyword | AssertKeyword => open.push(kind),
            RightBrace | RightBracket | RightParen | InKeyword => drop(open.pop()),
            Semicolon if open.is_empty() => {
                parts.push(&line[start..range.start as usize]);
                start = range.end as usize;
            }
            Semicolon if matches!(open.last(), Some(WithKeyword | AssertKeyword)) => drop(open.pop()),
            _ => {}
        }
    }
    parts.push(&line[start..]);
    if parts.last().is_some_and(|last| last.trim().is_empty()) {
        parts.pop();
    }
    parts.into_iter().map(|part| binding(part.trim())).collect::<Option<_>>().unwrap_or_default()
}

/// The parts of `name = expression`, with or without a semicolon after it.
fn binding(line: &str) -> Option<(&str, &str)> {
    let end = line.find(|c: char| !is_name_character(c))?;
    let (name, rest) = line.split_at(end);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let rest = rest.trim_start().strip_prefix('=')?;
    if rest.starts_with('=') {
        return None;
    }
    let rest = rest.trim();
    Some((name, rest.strip_suffix(';').unwrap_or(rest).trim_end()))
}

/// Whether a line is the beginning of something that goes on in the next one.
pub(super) fn is_unfinished(command: Command<'_>) -> bool {
    use SyntaxErrorKind::{UnexpectedEnd, UnterminatedComment, UnterminatedString};
    let ends_early = |text: &str| {
        let features = Features { pipe_operators: true };
        let parse = parse(text.as_bytes(), features);
        let first = parse.errors().first();
        first.is_some_and(|error| matches!(error.kind, UnexpectedEnd | UnterminatedComment | UnterminatedString))
    };
    match command {
        Command::BindAll(line) => bindings(line).last().is_some_and(|(_, expression)| ends_early(expression)),
        _ => command.expression().is_some_and(ends_early),
    }
}

/// How many brackets are open at the end of a text.
pub(super) fn open_brackets(text: &str) -> usize {
    use SyntaxKind::*;
    let depth = tokens(text.as_bytes()).iter().fold(0_usize, |depth, (kind, _)| match kind {
        LeftBrace | LeftBracket | LeftParen | InterpolationStart | LetKeyword => depth + 1,
        RightBrace | RightBracket | RightParen | InKeyword => depth.saturating_sub(1),
        _ => depth,
    });
    // Whoever nests deeper than that wants no more blanks.
    depth.min(20)
}

/// Whether a character can be part of a variable's name.
pub(super) fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood() {
        let bind = |name, expression| Command::Bind { name, expression };
        for (line, command) in [
            ("", Command::Nothing),
            ("  \n # nothing\n", Command::Nothing),
            ("1 + 1", Command::Show("1 + 1")),
            ("# first\n1", Command::Show("# first\n1")),
            ("x = 1", bind("x", "1")),
            ("x' =\n 1;", bind("x'", "1")),
            ("a = 1; b = 2", Command::BindAll("a = 1; b = 2")),
            ("a = with b; c;", bind("a", "with b; c")),
            ("a = let b = 1; in b", bind("a", "let b = 1; in b")),
            ("a = \"; b = ${c}\"", bind("a", "\"; b = ${c}\"")),
            (":time 1", Command::Time("1")),
            (":env", Command::Environment),
            ("x == 1", Command::Show("x == 1")),
            ("x.y = 1", Command::Show("x.y = 1")),
            ("1 = 2", Command::Show("1 = 2")),
            ("x", Command::Show("x")),
            (":t 1", Command::Type("1")),
            (":type\t1", Command::Type("1")),
            (":p { }", Command::Print("{ }")),
            (":l ./a b.nix", Command::Load("./a b.nix")),
            (":r", Command::Reload),
            (":?", Command::Help),
            (":q", Command::Quit),
            (":doc", Command::Lacks { command: ":doc", needs: "EXPR" }),
            (":b x", Command::Unknown(":b")),
        ] {
            assert_eq!(Command::parse(line), command, "{line:?}");
        }
    }
}
