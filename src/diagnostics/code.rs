//! The stable codes of errors and warnings.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $title:literal;)+) => {
        /// What kind of error or warning this is. Codes never change their meaning, so that
        /// programs and search engines can rely on them.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// All codes, in the order of their numbers.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The code as it is printed, for example `E0300`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)+ }
            }

            /// What the code means, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)+ }
            }

            /// A page about the code: what it means, an example, what to do. It is Markdown and begins with a heading.
            pub fn page(self) -> &'static str {
                match self { $(Code::$name => include_str!(concat!("pages/", $code, ".md")),)+ }
            }
        }
    };
}

codes! {
    /// A token that cannot stand where it stands.
    UnexpectedToken = "E0001", "unexpected token";
    /// The text ends in the middle of an expression.
    UnexpectedEnd = "E0002", "unexpected end of the text";
    /// A bracket, brace or parenthesis without its partner.
    UnclosedDelimiter = "E0003", "unclosed delimiter";
    /// A string without its closing quotes.
    UnterminatedString = "E0004", "unterminated string";
    /// A comment without `*/`.
    UnterminatedComment = "E0005", "unterminated comment";
    /// A character that starts no token.
    InvalidCharacter = "E0006", "invalid character";
    /// A number literal that its type cannot represent.
    NumberOutOfRange = "E0007", "number out of range";
    /// An attribute that is defined twice in one set.
    DuplicateAttribute = "E0008", "attribute defined twice";
    /// An argument that a function names twice.
    DuplicateArgument = "E0009", "argument named twice";
    /// An interpolated attribute name where names must be constant.
    DynamicAttribute = "E0010", "dynamic attribute name not allowed here";
    /// A malformed path literal.
    InvalidPath = "E0011", "invalid path";
    /// A chain of operators that do not associate, such as `a == b == c`.
    NonAssociative = "E0012", "operators cannot be chained";
    /// Syntax that must be enabled first.
    FeatureDisabled = "E0013", "feature not enabled";
    /// Source texts that exceed what can be addressed.
    SourceTooLarge = "E0014", "source text too large";

    /// A variable that no scope defines.
    UndefinedVariable = "E0100", "undefined variable";

    /// A value of another type than the one needed.
    TypeMismatch = "E0200", "value of the wrong type";
    /// A value that has no string form.
    NotAString = "E0201", "value cannot be made a string";
    /// Values that have no order.
    NotComparable = "E0202", "values cannot be compared";
    /// Something called that is no function.
    NotAFunction = "E0203", "not a function";

    /// An attribute that a set does not have.
    MissingAttribute = "E0300", "attribute missing";
    /// An index outside of a list.
    IndexOutOfBounds = "E0301", "list index out of bounds";
    /// A function called without an argument it needs.
    MissingArgument = "E0302", "argument missing";
    /// A function called with an argument it does not know.
    UnexpectedArgument = "E0303", "unexpected argument";

    /// A value that depends on itself.
    InfiniteRecursion = "E0400", "infinite recursion";
    /// More nested calls than allowed.
    CallDepthExceeded = "E0401", "calls nested too deeply";
    /// An `assert` that does not hold.
    AssertionFailed = "E0402", "assertion failed";
    /// An error raised by `throw`.
    Thrown = "E0403", "error thrown";
    /// An error raised by `abort`.
    Aborted = "E0404", "evaluation aborted";
    /// A division by zero.
    DivisionByZero = "E0405", "division by zero";
    /// Arithmetic beyond 64 bits.
    IntegerOverflow = "E0406", "integer overflow";
    /// An argument that a builtin cannot work with.
    InvalidArgument = "E0407", "invalid argument";
    /// A malformed regular expression.
    InvalidRegex = "E0408", "invalid regular expression";
    /// Something that this evaluator does not do.
    Unsupported = "E0409", "not supported";
    /// Evaluation was stopped from outside.
    Interrupted = "E0410", "interrupted";
    /// Values that need more memory than allowed.
    OutOfMemory = "E0411", "out of memory";

    /// A file that cannot be read.
    FileUnreadable = "E0500", "file cannot be read";
    /// A search path without the file looked up.
    NotInSearchPath = "E0501", "not found in the search path";
    /// An access that the evaluation mode forbids.
    Forbidden = "E0502", "access forbidden in this mode";
    /// A resource that cannot be fetched.
    FetchFailed = "E0503", "cannot fetch";
    /// Results that cannot be written where they should go.
    OutputFailed = "E0504", "cannot write output";

    /// Malformed JSON, TOML or XML.
    InvalidData = "E0600", "malformed data";
    /// A malformed or unknown hash.
    InvalidHash = "E0601", "invalid hash";
    /// Contents whose hash is not the expected one.
    HashMismatch = "E0602", "hash mismatch";

    /// A derivation whose attributes make no sense.
    InvalidDerivation = "E0700", "invalid derivation";
    /// A malformed store path, or one outside of the store.
    InvalidStorePath = "E0701", "invalid store path";
    /// A string that refers to a store path where none is allowed.
    IllegalReference = "E0702", "reference to a store path not allowed";
    /// A store that does not do what it was asked for.
    StoreFailure = "E0703", "store failure";

    /// A defect of the evaluator.
    Internal = "E0999", "internal error";

    /// A warning raised by `builtins.warn`.
    UserWarning = "W0001", "warning";
    /// A URL literal without quotes.
    UrlLiteral = "W0002", "URL literal";
    /// A path literal that does not start with `./`, `../`, `/` or `~/`.
    ShortPathLiteral = "W0003", "short path literal";
    /// A path literal that starts with `/` or `~`.
    AbsolutePathLiteral = "W0004", "absolute path literal";
    /// A setting that is not known or has no effect.
    UnknownSetting = "W0005", "unknown setting";
    /// Something that works and should not be used any more.
    Deprecated = "W0006", "deprecated";
    /// A variable of `let` that nothing refers to.
    UnusedBinding = "W0007", "unused variable";
    /// An argument that nothing refers to.
    UnusedArgument = "W0008", "unused argument";
    /// A `with` through which no variable can be found.
    UnusedWith = "W0009", "unused 'with'";
    /// A variable or argument that hides another one.
    ShadowedName = "W0010", "hidden name";
}

impl Code {
    /// The code that is printed like this; case does not matter.
    pub fn parse(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        for pair in Code::ALL.windows(2) {
            assert!(pair[0].as_str() < pair[1].as_str(), "{pair:?}");
        }
    }
}
