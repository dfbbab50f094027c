//! A conversation without a terminal.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::command::{COMMANDS, Command, bindings, is_unfinished, open_brackets};
use super::completion::{Completion, complete};
use super::interrupts::within;
use super::source::{Written, edit, file_place, function_at};
use super::view::{Limits, view};
use crate::cli::show::{force_shown, record_of};
use crate::diagnostics::{Pos, RenderOptions, SourceName, did_you_mean, printable, similar_names};
use crate::{Evaluator, Interrupter, Kind, Result, Scope, Value};

/// The variable that is the value shown last.
const LAST: &str = "it";

/// How long the evaluation of what stands before a dot may take. People wait for it.
const COMPLETION_TIME: Duration = Duration::from_millis(250);

/// What the session says to a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// Something to show; empty if there is nothing to say, otherwise it ends with a line feed.
    Output(String),
    /// The line is wrong in some way; a text for people that ends with a line feed.
    Error(String),
    /// The expression goes on in the next line.
    Incomplete,
    /// The conversation is over.
    Quit,
}

/// A conversation: variables, loaded files, and a line that is not complete yet.
///
/// ```
/// use firn::Evaluator;
/// use firn::repl::{Reply, Session};
///
/// let mut session = Session::new(Evaluator::new(), Default::default());
/// assert_eq!(session.feed("x = 20"), Reply::Output(String::new()));
/// assert_eq!(session.feed("x + 1"), Reply::Output("21\n".into()));
/// ```
pub struct Session {
    firn: Evaluator,
    scope: Scope,
    /// Files whose attributes are variables, in the order of loading.
    files: Vec<PathBuf>,
    /// Lines that wait for what follows them.
    pending: String,
    input: SourceName,
    options: RenderOptions,
    limits: Limits,
}

impl Session {
    /// A session without variables.
    pub fn new(firn: Evaluator, options: RenderOptions) -> Session {
        Session {
            firn,
            scope: Scope::default(),
            files: Vec::new(),
            pending: String::new(),
            input: SourceName::Other(Arc::from("repl")),
            options,
            limits: Limits::default(),
        }
    }

    /// Takes a line. After [`Reply::Incomplete`], the next line continues it; an empty one ends it.
    pub fn feed(&mut self, line: &str) -> Reply {
        let is_last = line.trim().is_empty();
        let mut text = std::mem::take(&mut self.pending);
        text.push_str(line);
        let command = Command::parse(&text);
        if !is_last && is_unfinished(command) {
            text.push('\n');
            self.pending = text;
            return Reply::Incomplete;
        }
        match self.answer(command) {
            Ok(reply) => reply,
            Err(error) => Reply::Error(self.firn.render(&error, &self.options)),
        }
    }

    /// The blanks that the next line of what is not complete should begin with.
    pub(super) fn indentation(&self) -> String {
        "  ".repeat(open_brackets(&self.pending))
    }

    /// Makes variables of the attributes of a file, as `:load` does.
    pub fn load(&mut self, file: &Path) -> Reply {
        match self.load_file(file) {
            Ok(count) => Reply::Output(added(count)),
            Err(error) => Reply::Error(self.firn.render(&error, &self.options)),
        }
    }

    /// Forgets a line that is not complete.
    pub fn interrupt(&mut self) {
        self.pending.clear();
    }

    /// What the word before `at` (a byte offset) may become.
    pub(super) fn complete(&mut self, line: &str, at: usize) -> Completion {
        let interrupter = self.firn.interrupter();
        let completion = within(COMPLETION_TIME, &interrupter, || complete(&mut self.firn, &self.scope, line, at));
        completion.unwrap_or(Completion::Words { start: at, words: Vec::new() })
    }

    /// A handle that ends the evaluation of a line.
    pub fn interrupter(&self) -> Interrupter {
        self.firn.interrupter()
    }

    fn answer(&mut self, command: Command<'_>) -> Result<Reply> {
        let text = match command {
            Command::Nothing => String::new(),
            Command::Show(expression) => self.show(expression)?,
            Command::Print(expression) => {
                let value = self.eval(expression)?;
                force_shown(&mut self.firn, &value)?;
                let text = self.print(&value)?;
                self.scope.bind(LAST, value);
                text
            }
            Command::Type(expression) => {
                let value = self.eval(expression)?;
                format!("{}\n", description(&self.firn.kind(&value)?))
            }
            Command::Doc(expression) => self.documentation(expression)?,
            Command::Bind { name, expression } => {
                let value = self.eval(expression)?;
                self.scope.bind(name, value);
                String::new()
            }
            Command::BindAll(line) => {
                self.bind_all(line)?;
                String::new()
            }
            Command::Time(expression) => self.time(expression)?,
            Command::Open(path) => return self.open(path),
            Command::Derivation(expression) => return self.derivation(expression),
            Command::Source(expression) => return self.source(expression),
            Command::Edit(expression) => return self.edit(expression),
            Command::Trace(word) => return Ok(self.trace(word)),
            Command::Set(words) => return Ok(self.set(words)),
            Command::Environment => self.environment(),
            Command::Add(expression) => {
                let value = self.eval(expression)?;
                added(self.add_attributes(&value)?)
            }
            Command::Load(file) => added(self.load_file(Path::new(file))?),
            Command::Reload => self.reload()?,
            Command::Help => help(),
            Command::Quit => return Ok(Reply::Quit),
            Command::Lacks { command, needs } => {
                return Ok(Reply::Error(format!("{command} needs {needs} after it\n")));
            }
            Command::Unknown(word) => return Ok(Reply::Error(unknown(word))),
        };
        Ok(Reply::Output(text))
    }

    fn eval(&mut self, expression: &str) -> Result<Value> {
        let text = expression.as_bytes();
        self.firn.eval_text_in(&self.scope, self.input.clone(), text, ".")
    }

    /// Makes several variables, which may use those before them; all or none.
    fn bind_all(&mut self, line: &str) -> Result<()> {
        let before = self.scope.clone();
        for (name, expression) in bindings(line) {
            match self.eval(expression) {
                Ok(value) => self.scope.bind(name, value),
                Err(error) => {
                    self.scope = before;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn environment(&self) -> String {
        let mut names: Vec<_> = self.scope.names().map(String::from_utf8_lossy).filter(|name| name != LAST).collect();
        names.sort_unstable();
        names.iter().map(|name| format!("{}\n", printable(name, self.options.colors))).collect()
    }

    /// Shows as much of a value as fits a screen, and remembers it as `it`.
    fn show(&mut self, expression: &str) -> Result<String> {
        let value = self.eval(expression)?;
        self.show_value(value)
    }

    fn show_value(&mut self, value: Value) -> Result<String> {
        let text = view(&mut self.firn, &value, self.limits)?;
        self.scope.bind(LAST, value);
        Ok(text)
    }

    /// Shows a part of the last value.
    fn open(&mut self, path: &str) -> Result<Reply> {
        let last = self.scope.get(LAST.as_bytes());
        let Some(last) = last else { return Ok(Reply::Error("nothing has been shown yet\n".to_owned())) };
        let nothing = self.firn.attrs::<&str>([]);
        let part = self.firn.select(&last, path, &nothing)?;
        // The rest of the value stays within reach.
        view(&mut self.firn, &part, self.limits).map(Reply::Output)
    }

    fn derivation(&mut self, expression: &str) -> Result<Reply> {
        let value = self.eval(expression)?;
        let shown = record_of(&mut self.firn, &value)?;
        Ok(match shown {
            Some(text) => Reply::Output(text),
            None => Reply::Error(format!("this is no derivation, but {}\n", description(&self.firn.kind(&value)?))),
        })
    }

    /// How a function of a program is written, if it is one.
    fn written(&mut self, function: &Value) -> Result<Option<Written>> {
        let pos = self.firn.function_place(function)?;
        let sources = self.firn.sources();
        Ok(pos.and_then(|pos| function_at(&sources, pos)))
    }

    fn source(&mut self, expression: &str) -> Result<Reply> {
        let value = self.eval(expression)?;
        Ok(match self.written(&value)? {
            Some(written) => Reply::Output(format!("# {}\n{}\n", written.place, written.code)),
            None => {
                let kind = description(&self.firn.kind(&value)?);
                Reply::Error(format!("this is {kind} that is not written in a program\n"))
            }
        })
    }

    /// Opens an editor where a function, or the attribute at the end of a path, is defined; afterwards all files are
    /// loaded again.
    fn edit(&mut self, expression: &str) -> Result<Reply> {
        let value = self.eval(expression)?;
        let mut place = self.firn.function_place(&value)?;
        if place.is_none() {
            place = self.attribute_place(expression)?;
        }
        let sources = self.firn.sources();
        let place = place.and_then(|pos| file_place(&sources, pos));
        let place = match (place, self.firn.kind(&value)?) {
            (None, Kind::Path(file)) => Some((file, 1)),
            (place, _) => place,
        };
        let Some((file, line)) = place else {
            return Ok(Reply::Error("this is not defined in a file\n".to_owned()));
        };
        match edit(&file, line) {
            Ok(()) => self.reload().map(Reply::Output),
            Err(problem) => Ok(Reply::Error(format!("{problem}\n"))),
        }
    }

    /// Where `set.name` is defined.
    fn attribute_place(&mut self, expression: &str) -> Result<Option<Pos>> {
        let Some((set, name)) = expression.rsplit_once('.') else { return Ok(None) };
        let Ok(set) = self.eval(set) else { return Ok(None) };
        self.firn.attr_place(&set, name.trim().trim_matches('"'))
    }

    fn trace(&mut self, word: &str) -> Reply {
        match word {
            "on" => self.options.show_trace = true,
            "off" => self.options.show_trace = false,
            _ => return Reply::Error(":trace needs 'on' or 'off' after it\n".to_owned()),
        }
        Reply::Output(String::new())
    }

    /// `:set` shows the limits, `:set depth 3` changes one.
    fn set(&mut self, words: &str) -> Reply {
        let mut words = words.split_whitespace();
        let (name, value) = (words.next(), words.next());
        let list = Limits::NAMES.join(", ");
        match (name, value.map(str::parse)) {
            (None, _) => {
                let lines = Limits::NAMES.iter().map(|name| format!("{name} {}\n", self.limits.get(name).unwrap_or(0)));
                Reply::Output(lines.collect())
            }
            (Some(name), _) if self.limits.get(name).is_none() => {
                Reply::Error(format!("'{name}' cannot be set; there are {list}\n"))
            }
            (Some(name), Some(Ok(value))) => {
                self.limits.set(name, value);
                Reply::Output(String::new())
            }
            (Some(name), _) => Reply::Error(format!("{name} is a number\n")),
        }
    }

    /// Shows a value, and what evaluating it took.
    fn time(&mut self, expression: &str) -> Result<String> {
        let before = self.firn.statistics();
        let start = Instant::now();
        let text = self.show(expression)?;
        let seconds = start.elapsed().as_secs_f64();
        let after = self.firn.statistics();
        let calls = after.calls.functions - before.calls.functions;
        let builtins = after.calls.builtins - before.calls.builtins;
        let thunks = after.values.thunks.count - before.values.thunks.count;
        let bytes = after.heap_bytes - before.heap_bytes;
        let mebibytes = bytes as f64 / f64::from(1 << 20);
        Ok(format!(
            "{text}{seconds:.6} s, {calls} calls, {builtins} of builtins, {thunks} thunks, {mebibytes:.1} MiB\n"
        ))
    }

    fn print(&mut self, value: &Value) -> Result<String> {
        let mut text = String::from_utf8_lossy(&self.firn.print_pretty(value)?).into_owned();
        text.push('\n');
        Ok(text)
    }

    fn documentation(&mut self, expression: &str) -> Result<String> {
        let function = self.eval(expression)?;
        let Some(doc) = self.firn.documentation(&function)? else {
            if let Some(written) = self.written(&function)?
                && let Some(comment) = written.comment
            {
                return Ok(format!("{}\n\n{comment}\n", written.place));
            }
            let kind = description(&self.firn.kind(&function)?);
            return Ok(format!("this is {kind} without documentation\n"));
        };
        let parameters = doc.parameters.join(" ");
        Ok(format!("builtins.{} {parameters}\n\n{}\n", doc.name, for_terminal(doc.text.trim_end())))
    }

    fn load_file(&mut self, file: &Path) -> Result<usize> {
        let file = expand_home(file);
        let value = self.firn.eval_file(&file)?;
        let count = self.add_attributes(&value)?;
        if !self.files.contains(&file) {
            self.files.push(file);
        }
        Ok(count)
    }

    /// Loads all files again; if one has an error, the variables stay as they were.
    fn reload(&mut self) -> Result<String> {
        let before = self.scope.clone();
        let result = self.load_all();
        if result.is_err() {
            self.scope = before;
        }
        result
    }

    fn load_all(&mut self) -> Result<String> {
        self.firn.forget_files();
        let mut text = String::new();
        for file in self.files.clone() {
            let count = self.load_file(&file)?;
            text.push_str(&format!("{}: {}", file.display(), added(count)));
        }
        Ok(text)
    }

    /// Makes variables of the attributes of a set, or of what a function returns that needs nothing.
    fn add_attributes(&mut self, value: &Value) -> Result<usize> {
        let nothing = self.firn.attrs::<&str>([]);
        let set = self.firn.auto_call(value, &nothing)?;
        let names = self.firn.attr_names(&set)?;
        let count = names.len();
        for name in names {
            if let Some(value) = self.firn.attr(&set, &name)? {
                self.scope.bind(name, value);
            }
        }
        Ok(count)
    }
}

fn expand_home(file: &Path) -> PathBuf {
    match (file.strip_prefix("~"), std::env::home_dir()) {
        (Ok(below), Some(home)) => home.join(below),
        _ => file.to_owned(),
    }
}

fn added(count: usize) -> String {
    match count {
        1 => "1 variable\n".to_owned(),
        _ => format!("{count} variables\n"),
    }
}

/// What a value is, in words.
fn description(kind: &Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool(_) => "a Boolean",
        Kind::Int(_) => "an integer",
        Kind::Float(_) => "a float",
        Kind::String(_) => "a string",
        Kind::Path(_) => "a path",
        Kind::List(_) => "a list",
        Kind::Attrs(_) => "a set",
        Kind::Function => "a function",
    }
}

/// Markdown as it reads well in a terminal: examples indented instead of fenced, links as their text.
fn for_terminal(markdown: &str) -> String {
    let mut lines = Vec::new();
    let mut is_code = false;
    for line in markdown.lines() {
        match line {
            _ if line.starts_with("```") => is_code = !is_code,
            _ if is_code => lines.push(format!("    {line}")),
            _ => lines.push(without_links(line)),
        }
    }
    lines.join("\n")
}

/// `[text](#place)` as `text`.
fn without_links(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("](#") {
        text.push_str(&before.replacen('[', "", 1));
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    text + rest
}

fn help() -> String {
    let mut lines = vec![
        ("EXPR".to_owned(), "show a value; what is deep in it only as far as it is known"),
        ("NAME = EXPR".to_owned(), "make a variable; several with ';' between them"),
    ];
    for info in COMMANDS {
        lines.push((format!("{} {}", info.names.join(", "), info.parameter), info.help));
    }
    let width = lines.iter().map(|(syntax, _)| syntax.len()).max().unwrap_or(0);
    let line = |(syntax, help): &(String, &str)| format!("  {syntax:width$}  {help}\n");
    let list: String = lines.iter().map(line).collect();
    format!("{list}\nAn expression may take several lines; an empty line ends it. Tab completes words.\n")
}

fn unknown(word: &str) -> String {
    let names = COMMANDS.iter().flat_map(|info| info.names.iter().copied());
    let hint = did_you_mean(&similar_names(word, names));
    let hint = hint.unwrap_or_else(|| "':help' lists all".to_owned());
    format!("there is no command '{word}'; {hint}\n")
}
