//! What is known of the builtins.

use super::{Evaluator, Result, Value};
use crate::builtins::{self, Builtin, Constant};
use crate::heap::{self, Function};

/// What is known of a builtin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Documentation {
    /// Its name in `builtins`.
    pub name: &'static str,
    /// Its name as a variable of its own: the same, or with `__` before it.
    pub global: String,
    /// The names of its parameters; none if it is no function.
    pub parameters: &'static [&'static str],
    /// The experimental feature without which it is not there.
    pub feature: Option<&'static str>,
    /// What it does, in Markdown. A line that begins with `# => ` in an example has the value of what stands before it.
    pub text: String,
}

/// The documentation of all builtins by name, also of those that need an experimental feature and of constants.
///
/// The list of builtins in the manual, `docs/language.md`, is made of it.
///
/// ```
/// let all = firn::builtin_documentation();
/// let map = all.iter().find(|builtin| builtin.name == "map").expect("map is a builtin");
/// assert_eq!((map.global.as_str(), map.parameters), ("map", &["function", "list"][..]));
/// assert!(map.text.contains("builtins.map"));
/// ```
pub fn builtin_documentation() -> Vec<Documentation> {
    let functions = builtins::all().map(Documentation::from);
    let mut all: Vec<_> = functions.chain(builtins::CONSTANTS.iter().map(Documentation::from)).collect();
    all.sort_by_key(|builtin| (builtin.name.to_lowercase(), builtin.name));
    all
}

impl From<&Builtin> for Documentation {
    fn from(builtin: &Builtin) -> Self {
        Documentation {
            name: builtin.name,
            global: builtins::global_name(builtin.name),
            parameters: builtin.parameters,
            feature: builtin.feature,
            text: comment_text(builtin.doc),
        }
    }
}

impl From<&Constant> for Documentation {
    fn from(constant: &Constant) -> Self {
        Documentation {
            name: constant.name,
            global: builtins::global_name(constant.name),
            parameters: constant.parameters,
            feature: None,
            text: comment_text(constant.doc),
        }
    }
}

/// The text of a comment without the blank that each line begins with.
fn comment_text(comment: &str) -> String {
    let lines: Vec<_> = comment.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n")
}

impl Evaluator {
    /// The documentation of a function: that of a builtin, or nothing.
    ///
    /// # Errors
    /// The error of evaluating the value.
    pub fn documentation(&mut self, function: &Value) -> Result<Option<Documentation>> {
        let root = self.root(function);
        self.with(|eval| {
            let value = eval.force(eval.roots[root])?;
            Ok(match value.kind() {
                heap::Kind::Function(Function::Builtin(id)) => Some(eval.builtins.get(id).into()),
                _ => None,
            })
        })
    }
}
