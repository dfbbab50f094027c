//! The conversation at a terminal.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Context, Editor};
use rustyline::{Helper, Hinter, Validator};

use super::completion::Completion;
use super::highlight::highlight;
use super::interrupts::watch;
use super::session::{Reply, Session};
use crate::Evaluator;
use crate::diagnostics::{Colors, RenderOptions};

const PROMPT: &str = "firn> ";
const CONTINUATION: &str = "    | ";
/// Lines kept between sessions.
const HISTORY_LENGTH: usize = 10_000;

/// Talks with the user until the end of the input. The exit status tells whether the terminal worked;
/// errors in what is typed are part of the conversation.
pub fn run(files: &[PathBuf], firn: Evaluator, options: RenderOptions) -> ExitCode {
    let colors = options.colors;
    let session = Rc::new(RefCell::new(Session::new(firn, options)));
    // A script that is interrupted ends; a person wants to go on.
    if io::stdin().is_terminal()
        && let Err(error) = watch(session.borrow().interrupter())
    {
        let _ = writeln!(io::stderr(), "warning: Ctrl-C will end the session: {error}");
    }
    for file in files {
        let reply = session.borrow_mut().load(file);
        show(&reply);
    }
    match talk(&session, colors) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: cannot read what is typed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn talk(session: &Rc<RefCell<Session>>, colors: Colors) -> rustyline::Result<()> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(HISTORY_LENGTH)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .build();
    let mut editor: Editor<Assistant, FileHistory> = Editor::with_config(config)?;
    editor.set_helper(Some(Assistant { session: Rc::clone(session), files: FilenameCompleter::new(), colors }));
    let history = history_file();
    if let Some(file) = &history {
        // The first session finds no history.
        let _ = editor.load_history(file);
    }
    converse(&mut editor, session)?;
    if let Some(file) = &history {
        // A history that cannot be kept is no reason to complain.
        let _ = file.parent().map(std::fs::create_dir_all);
        let _ = editor.save_history(file);
    }
    Ok(())
}

fn converse(editor: &mut Editor<Assistant, FileHistory>, session: &Rc<RefCell<Session>>) -> rustyline::Result<()> {
    let mut prompt = PROMPT;
    let mut indentation = String::new();
    // The lines of an expression are one entry of the history.
    let mut entry = String::new();
    loop {
        let line = match editor.readline_with_initial(prompt, (&indentation, "")) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => {
                session.borrow_mut().interrupt();
                entry.clear();
                prompt = PROMPT;
                indentation.clear();
                continue;
            }
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error),
        };
        entry.push_str(&line);
        // The session is free again before the editor asks it for completions.
        let mut session = session.borrow_mut();
        // An interrupt from before this line is not meant for it.
        session.interrupter().withdraw();
        let reply = session.feed(&line);
        indentation = session.indentation();
        drop(session);
        if reply == Reply::Incomplete {
            entry.push('\n');
            prompt = CONTINUATION;
            continue;
        }
        editor.add_history_entry(std::mem::take(&mut entry).trim_end())?;
        prompt = PROMPT;
        if reply == Reply::Quit {
            return Ok(());
        }
        show(&reply);
    }
}

/// Shows a reply; if nobody reads it, the end of the input comes soon.
fn show(reply: &Reply) {
    let _ = match reply {
        Reply::Output(text) => io::stdout().write_all(text.as_bytes()),
        Reply::Error(text) => io::stderr().write_all(text.as_bytes()),
        Reply::Incomplete | Reply::Quit => Ok(()),
    };
}

/// Where the lines that a person types are kept: below `$XDG_STATE_HOME`, by default `~/.local/state`.
fn history_file() -> Option<PathBuf> {
    if !io::stdin().is_terminal() {
        return None;
    }
    let state = match std::env::var_os("XDG_STATE_HOME") {
        Some(directory) if !directory.is_empty() => PathBuf::from(directory),
        _ => std::env::home_dir()?.join(".local/state"),
    };
    Some(state.join("firn/history"))
}

/// What the editor asks while a line is typed.
#[derive(Helper, Hinter, Validator)]
struct Assistant {
    session: Rc<RefCell<Session>>,
    files: FilenameCompleter,
    colors: Colors,
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, cursor: usize) -> Cow<'l, str> {
        match self.colors {
            Colors::Off => Cow::Borrowed(line),
            Colors::On => Cow::Owned(highlight(line, cursor)),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.colors == Colors::On
    }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let completion = self.session.borrow_mut().complete(line, at);
        match completion {
            Completion::File => self.files.complete_path(line, at),
            Completion::Words { start, words } => {
                let pair = |word: String| Pair { display: word.clone(), replacement: word };
                Ok((start, words.into_iter().map(pair).collect()))
            }
        }
    }
}
