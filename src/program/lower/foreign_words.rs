//! Words of other languages that are written as if they were words of this one.

use super::Lowerer;
use crate::diagnostics::{Code, Diagnostic, Pos};
use crate::heap::Symbol;

impl Lowerer<'_, '_> {
    /// Reports a variable that nothing defines, if its name is a word of other languages. Returns whether it is.
    pub(super) fn report_foreign_word(&mut self, name: Symbol, pos: Pos) -> bool {
        let text = self.context.symbols.text(name);
        let Some(hint) = meaning(&text) else { return false };
        let diagnostic = Diagnostic::error(Code::UndefinedVariable, format!("undefined variable '{text}'"))
            .at(pos.span(text.len() as u32), "not a word of this language")
            .with_hint(hint);
        self.report(diagnostic);
        true
    }
}

/// What is written in place of a word.
fn meaning(word: &str) -> Option<&'static str> {
    Some(match word {
        "and" | "AND" => "'and' is written '&&'",
        "OR" => "'or' is written '||'",
        "not" | "NOT" => "'not' is written '!'",
        "xor" => "for two Booleans, 'a xor b' is 'a != b'",
        "True" | "TRUE" => "write 'true'",
        "False" | "FALSE" => "write 'false'",
        "Null" | "NULL" | "None" | "nil" | "undefined" => "write 'null'",
        "elif" | "elsif" | "elseif" => "write 'else if'",
        "return" => "a function returns what its body is: 'x: x + 1'",
        "function" | "def" | "fn" | "lambda" => "a function is written 'argument: body'",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::Evaluator;

    #[test]
    fn words_of_other_languages_are_explained() {
        for (program, hint) in [
            ("if true and false then 1 else 2", "'and' is written '&&'"),
            ("not true", "'not' is written '!'"),
            ("[ True ]", "write 'true'"),
            ("x: return x", "a function returns what its body is: 'x: x + 1'"),
        ] {
            let error = Evaluator::new().eval_text(program, "/").expect_err("it is undefined");
            assert_eq!(error.diagnostic().hints, [hint], "{program}");
        }
        let mut firn = Evaluator::new();
        assert!(firn.eval_text("let not = x: !x; in not true", "/").is_ok());
    }
}
