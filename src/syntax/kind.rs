//! What tokens and nodes are.

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// The kind of a token or a node.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum SyntaxKind {
            $($(#[doc = $doc])+ $name,)+
        }

        impl SyntaxKind {
            /// All kinds, in the order of their numbers.
            pub const ALL: &'static [SyntaxKind] = &[$(SyntaxKind::$name,)+];
        }
    };
}

kinds! {
    /// Blanks and line breaks.
    Whitespace,
    /// `# ...` or `/* ... */`.
    Comment,
    /// Bytes that begin no token.
    Unknown,
    /// A name.
    Word,
    /// An integer.
    Integer,
    /// A number with a fraction.
    Decimal,
    /// A URL without quotes.
    Url,
    /// `<name>`.
    AnglePath,
    /// A path without interpolation.
    PathText,
    /// The first piece of a path with interpolation.
    PathStart,
    /// A later piece of a path with interpolation.
    PathMore,
    /// `"` at the start of a string.
    StringStart,
    /// Text in a string, with its escapes.
    StringText,
    /// `"` at the end of a string.
    StringEnd,
    /// `''` at the start of an indented string.
    IndentedStart,
    /// Text in an indented string, with its escapes.
    IndentedText,
    /// `''` at the end of an indented string.
    IndentedEnd,
    /// `${`.
    InterpolationStart,
    /// `if`.
    IfKeyword,
    /// `then`.
    ThenKeyword,
    /// `else`.
    ElseKeyword,
    /// `assert`.
    AssertKeyword,
    /// `with`.
    WithKeyword,
    /// `let`.
    LetKeyword,
    /// `in`.
    InKeyword,
    /// `rec`.
    RecKeyword,
    /// `inherit`.
    InheritKeyword,
    /// `or`.
    OrKeyword,
    /// `{`.
    LeftBrace,
    /// `}`.
    RightBrace,
    /// `[`.
    LeftBracket,
    /// `]`.
    RightBracket,
    /// `(`.
    LeftParen,
    /// `)`.
    RightParen,
    /// `;`.
    Semicolon,
    /// `:`.
    Colon,
    /// `,`.
    Comma,
    /// `.`.
    Dot,
    /// `...`.
    Ellipsis,
    /// `@`.
    At,
    /// `=`.
    Assign,
    /// `?`.
    Question,
    /// `!`.
    Bang,
    /// `+`.
    Plus,
    /// `-`.
    Minus,
    /// `*`.
    Star,
    /// `/`.
    Slash,
    /// `++`.
    PlusPlus,
    /// `//`.
    SlashSlash,
    /// `==`.
    EqualEqual,
    /// `!=`.
    BangEqual,
    /// `<`.
    LeftAngle,
    /// `<=`.
    LeftAngleEqual,
    /// `>`.
    RightAngle,
    /// `>=`.
    RightAngleEqual,
    /// `&&`.
    AndAnd,
    /// `||`.
    OrOr,
    /// `->`.
    Arrow,
    /// `|>`.
    PipeForward,
    /// `<|`.
    PipeBackward,

    /// The whole text: an expression, with whatever else is there.
    Root,
    /// An integer literal.
    Int,
    /// A literal with a fraction.
    Float,
    /// A URL literal.
    Uri,
    /// A name, as a variable, a parameter or an attribute.
    Ident,
    /// `"..."`; its children are the interpolations.
    String,
    /// `''...''`; its children are the interpolations.
    IndentedString,
    /// A path; its children are the interpolations.
    Path,
    /// `<name>`.
    SearchPath,
    /// `[ ... ]`.
    List,
    /// `{ ... }` or `rec { ... }`: bindings.
    AttrSet,
    /// `let ... in body`: bindings and the body.
    LetIn,
    /// `let { ... }`: bindings.
    LegacyLet,
    /// `path = value;`.
    Binding,
    /// `inherit names;`.
    Inherit,
    /// `inherit (source) names;`: the source, then the names.
    InheritFrom,
    /// `a."b".${c}`: names, strings and interpolations.
    AttrPath,
    /// `${expression}`.
    Dynamic,
    /// `parameter: body`; the parameter is a name or formals.
    Lambda,
    /// `{ a, b ? 1, ... } @ name`: formals, and the name if there is one.
    Formals,
    /// `name` or `name ? default`.
    Formal,
    /// A function with all the arguments that are written in a row.
    Apply,
    /// `subject.path` or `subject.path or default`.
    Select,
    /// `subject ? path`.
    HasAttr,
    /// An operator with two operands.
    Binary,
    /// An operator with one operand.
    Unary,
    /// `if condition then a else b`.
    If,
    /// `assert condition; body`.
    Assert,
    /// `with subject; body`.
    With,
    /// `(expression)`.
    Paren,
    /// What could not be understood.
    Error,
}

impl SyntaxKind {
    /// Whether this is a blank or a comment.
    pub fn is_trivia(self) -> bool {
        matches!(self, SyntaxKind::Whitespace | SyntaxKind::Comment)
    }

    /// Whether all tokens of this kind have the same text.
    pub(super) fn has_fixed_text(self) -> bool {
        !matches!(
            self,
            SyntaxKind::Whitespace
                | SyntaxKind::Comment
                | SyntaxKind::Unknown
                | SyntaxKind::Word
                | SyntaxKind::Integer
                | SyntaxKind::Decimal
                | SyntaxKind::Url
                | SyntaxKind::AnglePath
                | SyntaxKind::PathText
                | SyntaxKind::PathStart
                | SyntaxKind::PathMore
                | SyntaxKind::StringText
                | SyntaxKind::IndentedText
        )
    }

    /// Whether nodes and not tokens are of this kind.
    pub fn is_node(self) -> bool {
        self >= SyntaxKind::Root
    }

    /// What the token is called in messages.
    pub(super) fn description(self) -> &'static str {
        match self {
            SyntaxKind::Word => "a name",
            SyntaxKind::Integer | SyntaxKind::Decimal => "a number",
            SyntaxKind::Url => "a URL",
            SyntaxKind::AnglePath | SyntaxKind::PathText | SyntaxKind::PathStart | SyntaxKind::PathMore => "a path",
            SyntaxKind::StringStart | SyntaxKind::IndentedStart => "a string",
            SyntaxKind::StringText | SyntaxKind::IndentedText => "text",
            SyntaxKind::StringEnd => "'\"'",
            SyntaxKind::IndentedEnd => "the end of the string",
            SyntaxKind::InterpolationStart => "'${'",
            SyntaxKind::IfKeyword => "'if'",
            SyntaxKind::ThenKeyword => "'then'",
            SyntaxKind::ElseKeyword => "'else'",
            SyntaxKind::AssertKeyword => "'assert'",
            SyntaxKind::WithKeyword => "'with'",
            SyntaxKind::LetKeyword => "'let'",
            SyntaxKind::InKeyword => "'in'",
            SyntaxKind::RecKeyword => "'rec'",
            SyntaxKind::InheritKeyword => "'inherit'",
            SyntaxKind::OrKeyword => "'or'",
            SyntaxKind::LeftBrace => "'{'",
            SyntaxKind::RightBrace => "'}'",
            SyntaxKind::LeftBracket => "'['",
            SyntaxKind::RightBracket => "']'",
            SyntaxKind::LeftParen => "'('",
            SyntaxKind::RightParen => "')'",
            SyntaxKind::Semicolon => "';'",
            SyntaxKind::Colon => "':'",
            SyntaxKind::Comma => "','",
            SyntaxKind::Dot => "'.'",
            SyntaxKind::Ellipsis => "'...'",
            SyntaxKind::At => "'@'",
            SyntaxKind::Assign => "'='",
            SyntaxKind::Question => "'?'",
            SyntaxKind::Bang => "'!'",
            SyntaxKind::Plus => "'+'",
            SyntaxKind::Minus => "'-'",
            SyntaxKind::Star => "'*'",
            SyntaxKind::Slash => "'/'",
            SyntaxKind::PlusPlus => "'++'",
            SyntaxKind::SlashSlash => "'//'",
            SyntaxKind::EqualEqual => "'=='",
            SyntaxKind::BangEqual => "'!='",
            SyntaxKind::LeftAngle => "'<'",
            SyntaxKind::LeftAngleEqual => "'<='",
            SyntaxKind::RightAngle => "'>'",
            SyntaxKind::RightAngleEqual => "'>='",
            SyntaxKind::AndAnd => "'&&'",
            SyntaxKind::OrOr => "'||'",
            SyntaxKind::Arrow => "'->'",
            SyntaxKind::PipeForward => "'|>'",
            SyntaxKind::PipeBackward => "'<|'",
            _ => "this",
        }
    }
}
