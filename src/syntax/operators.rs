//! Bracketing operators by precedence.
//!
//! The grammar sees a run of operators and operands as a flat sequence, because a level of grammar for
//! each precedence would cost every operand a reduction for each level. One pass over the run, with a
//! stack of operators that wait for their right side, makes the nodes.

use super::SyntaxKind;
use super::error::{SyntaxError, SyntaxErrorKind};
use super::record::{NodeId, Recorder};

/// A part of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item {
    Operand(NodeId),
    /// A function and its arguments, the first and the last of these nodes.
    Call(NodeId, NodeId),
    /// `!` or `-` before an operand, by its token.
    Prefix(u32),
    /// An operator between operands, by its token.
    Infix(u32),
    /// `? path` after an operand.
    Has(NodeId),
}

/// The operators with two operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOperator {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `->`
    Implies,
    /// `++`
    Concat,
    /// `//`
    Update,
    /// `|>`
    PipeRight,
    /// `<|`
    PipeLeft,
}

/// The operators with one operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOperator {
    /// `!`
    Not,
    /// `-`
    Negate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Associativity {
    Left,
    Right,
    None,
}

/// `!` binds weaker than arithmetic and stronger than what compares.
const NOT: u8 = 7;
const HAS: u8 = 11;
const NEGATE: u8 = 12;
const PIPE: u8 = 0;

impl BinaryOperator {
    /// The operator that a token is.
    pub(super) fn of(token: SyntaxKind) -> Option<BinaryOperator> {
        Some(match token {
            SyntaxKind::Plus => BinaryOperator::Add,
            SyntaxKind::Minus => BinaryOperator::Sub,
            SyntaxKind::Star => BinaryOperator::Mul,
            SyntaxKind::Slash => BinaryOperator::Div,
            SyntaxKind::EqualEqual => BinaryOperator::Equal,
            SyntaxKind::BangEqual => BinaryOperator::NotEqual,
            SyntaxKind::LeftAngle => BinaryOperator::Less,
            SyntaxKind::LeftAngleEqual => BinaryOperator::LessEqual,
            SyntaxKind::RightAngle => BinaryOperator::Greater,
            SyntaxKind::RightAngleEqual => BinaryOperator::GreaterEqual,
            SyntaxKind::AndAnd => BinaryOperator::And,
            SyntaxKind::OrOr => BinaryOperator::Or,
            SyntaxKind::Arrow => BinaryOperator::Implies,
            SyntaxKind::PlusPlus => BinaryOperator::Concat,
            SyntaxKind::SlashSlash => BinaryOperator::Update,
            SyntaxKind::PipeForward => BinaryOperator::PipeRight,
            SyntaxKind::PipeBackward => BinaryOperator::PipeLeft,
            _ => return None,
        })
    }

    /// How strongly it binds, and where to.
    fn binding(self) -> (u8, Associativity) {
        match self {
            BinaryOperator::PipeRight => (PIPE, Associativity::Left),
            BinaryOperator::PipeLeft => (PIPE, Associativity::Right),
            BinaryOperator::Implies => (1, Associativity::Right),
            BinaryOperator::Or => (2, Associativity::Left),
            BinaryOperator::And => (3, Associativity::Left),
            BinaryOperator::Equal | BinaryOperator::NotEqual => (4, Associativity::None),
            BinaryOperator::Less
            | BinaryOperator::LessEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterEqual => (5, Associativity::None),
            BinaryOperator::Update => (6, Associativity::Right),
            BinaryOperator::Add | BinaryOperator::Sub => (8, Associativity::Left),
            BinaryOperator::Mul | BinaryOperator::Div => (9, Associativity::Left),
            BinaryOperator::Concat => (10, Associativity::Right),
        }
    }
}

/// An operator that waits for its right side.
#[derive(Clone, Copy)]
struct Waiting {
    token: u32,
    precedence: u8,
    is_prefix: bool,
}

/// What a run is bracketed with, kept for the next.
#[derive(Default)]
pub(super) struct Stacks {
    operands: Vec<NodeId>,
    waiting: Vec<Waiting>,
}

impl Recorder<'_> {
    /// Begins a run. The result says where, for [`bracket`](Self::bracket).
    pub(crate) fn run(&mut self, item: Item) -> u32 {
        self.items.push(item);
        self.items.len() as u32 - 1
    }

    pub(crate) fn push(&mut self, item: Item) {
        self.items.push(item);
    }

    /// Adds an argument for the operand that was read last.
    pub(crate) fn argument(&mut self, argument: NodeId) {
        match self.items.last_mut() {
            Some(Item::Call(_, last)) => {
                let before = std::mem::replace(last, argument);
                self.link(before, argument);
            }
            Some(item @ Item::Operand(_)) => {
                let Item::Operand(function) = *item else { return };
                *item = Item::Call(function, argument);
                self.link(function, argument);
            }
            // The grammar has an argument only after an operand.
            _ => self.push(Item::Operand(argument)),
        }
    }

    fn call(&mut self, function: NodeId, last: NodeId) -> NodeId {
        let first_token = self.nodes[function.0 as usize].first_token;
        let end_token = self.nodes[last.0 as usize].end_token;
        self.node(SyntaxKind::Apply, first_token, end_token, &[function])
    }

    /// Makes nodes of the run that begins at `start`.
    pub(crate) fn bracket(&mut self, start: u32) -> NodeId {
        let start = start as usize;
        if let [Item::Call(function, last)] = self.items[start..] {
            self.items.truncate(start);
            return self.call(function, last);
        }
        let mut stacks = std::mem::take(&mut self.stacks);
        for index in start..self.items.len() {
            match self.items[index] {
                Item::Operand(node) => stacks.operands.push(node),
                Item::Call(function, last) => stacks.operands.push(self.call(function, last)),
                Item::Prefix(token) => {
                    let is_not = self.tokens.kinds[token as usize] == SyntaxKind::Bang;
                    let precedence = if is_not { NOT } else { NEGATE };
                    stacks.waiting.push(Waiting { token, precedence, is_prefix: true });
                }
                Item::Infix(token) => self.infix(token, &mut stacks),
                Item::Has(path) => {
                    self.reduce_until(HAS, &mut stacks);
                    self.has(path, &mut stacks.operands);
                }
            }
        }
        self.items.truncate(start);
        while let Some(operator) = stacks.waiting.pop() {
            self.reduce(operator, &mut stacks.operands);
        }
        let result = stacks.operands.pop();
        stacks.operands.clear();
        self.stacks = stacks;
        // A run has an operand; should recovery from an error have lost it, an empty node stands for it.
        result.unwrap_or_else(|| self.node(SyntaxKind::Error, 0, 0, &[]))
    }

    fn infix(&mut self, token: u32, stacks: &mut Stacks) {
        let Some(operator) = BinaryOperator::of(self.tokens.kinds[token as usize]) else { return };
        let (precedence, associativity) = operator.binding();
        if precedence == PIPE && !self.pipe_operators {
            let message = "the pipe operators are an experimental feature that is not enabled";
            let error = SyntaxError::new(SyntaxErrorKind::FeatureDisabled, self.bytes_of(token, token + 1), message);
            self.errors.push(error.hint("'--extra-experimental-features pipe-operators' enables them"));
        }
        let right = associativity == Associativity::Right;
        self.reduce_until(
            if right { precedence + 1 } else { precedence + u8::from(associativity == Associativity::None) },
            stacks,
        );
        if let Some(before) =
            stacks.waiting.last().filter(|before| before.precedence == precedence && !before.is_prefix)
        {
            let mixed = self.tokens.kinds[before.token as usize] != self.tokens.kinds[token as usize];
            if associativity == Associativity::None || precedence == PIPE && mixed {
                self.not_associative(before.token, token);
            }
        }
        stacks.waiting.push(Waiting { token, precedence, is_prefix: false });
    }

    fn not_associative(&mut self, first: u32, second: u32) {
        let text = self.tokens.kinds[second as usize].description();
        let message = format!("{text} cannot follow another such operator without parentheses");
        let range = self.bytes_of(second, second + 1);
        let error = SyntaxError::new(SyntaxErrorKind::NonAssociative, range, message);
        let first = self.bytes_of(first, first + 1);
        self.errors.push(error.related(first, "the other operator").hint("say with parentheses what belongs together"));
    }

    /// Gives their right sides to all operators that bind at least as strongly.
    fn reduce_until(&mut self, precedence: u8, stacks: &mut Stacks) {
        while let Some(operator) = stacks.waiting.pop_if(|operator| operator.precedence >= precedence) {
            self.reduce(operator, &mut stacks.operands);
        }
    }

    fn reduce(&mut self, operator: Waiting, operands: &mut Vec<NodeId>) {
        let Some(right) = operands.pop() else { return };
        let end = self.nodes[right.0 as usize].end_token;
        if operator.is_prefix {
            let node = self.node(SyntaxKind::Unary, operator.token, end, &[right]);
            operands.push(node);
            return;
        }
        let Some(left) = operands.pop() else { return operands.push(right) };
        let first = self.nodes[left.0 as usize].first_token;
        let node = self.node(SyntaxKind::Binary, first, end, &[left, right]);
        operands.push(node);
    }

    fn has(&mut self, path: NodeId, operands: &mut Vec<NodeId>) {
        let Some(subject) = operands.pop() else { return };
        let first = self.nodes[subject.0 as usize].first_token;
        let end = self.nodes[path.0 as usize].end_token;
        let node = self.node(SyntaxKind::HasAttr, first, end, &[subject, path]);
        operands.push(node);
    }
}
