//! The lossless tree, made of the record on demand.

use std::borrow::Cow;
use std::cell::Cell;
use std::hash::BuildHasher;

use rowan::{GreenNode, GreenToken, Language, NodeOrToken};
use rustc_hash::FxBuildHasher;

use super::record::{Link, Node};
use super::{Parse, SyntaxKind};

/// The language, for rowan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Nix {}

impl Language for Nix {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        SyntaxKind::ALL.get(usize::from(raw.0)).copied().unwrap_or(SyntaxKind::Error)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}

/// A node of the lossless tree.
pub type SyntaxNode = rowan::SyntaxNode<Nix>;
/// A token of the lossless tree.
pub type SyntaxToken = rowan::SyntaxToken<Nix>;
/// A node or a token of the lossless tree.
pub type SyntaxElement = rowan::SyntaxElement<Nix>;

/// Bytes that are not UTF-8 stand in the tree as characters of this private area, by their value; a character
/// that is there already has `MARK` before it.
const BYTES: u32 = 0xF_FF00;
const MARK: char = '\u{F_FEFF}';

/// Nodes deeper than this are not in the tree, their tokens are in the node above: rowan frees trees by recursion,
/// and no text that a person wrote nests so deep.
const MAX_DEPTH: usize = 4096;

impl Parse {
    /// The lossless tree: every byte of the text is in one of its tokens.
    ///
    /// A tree holds characters, so bytes that are not UTF-8 are represented by private ones; [`source_of`] gives the
    /// bytes back.
    ///
    /// [`source_of`]: Parse::source_of
    pub fn syntax(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green())
    }

    /// The bytes that the text of a tree, or of a part of one, stands for.
    ///
    /// ```
    /// use firn::syntax::{self, Features, Parse};
    ///
    /// let text = *b"[ 1 \xff";
    /// let tree = syntax::parse(text, Features::default()).syntax();
    /// assert_eq!(Parse::source_of(&tree.to_string()), text);
    /// ```
    pub fn source_of(text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut is_marked = false;
        for character in text.chars() {
            let code = u32::from(character);
            if !is_marked && character == MARK {
                is_marked = true;
                continue;
            }
            if !is_marked && (BYTES..BYTES + 0x100).contains(&code) {
                bytes.push((code - BYTES) as u8);
            } else {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            is_marked = false;
        }
        bytes
    }

    /// Builds the tree from the leaves. Depth is a matter of memory: nothing recurses.
    fn green(&self) -> GreenNode {
        let mut builder = Builder::new(self);
        // The nodes that are open.
        let mut open: Vec<Open> = Vec::new();
        let mut next = Link::to(self.root());
        loop {
            if let Some(id) = next.get() {
                let node = self.nodes[id.0 as usize];
                builder.tokens_before(node.first_token);
                if let Some(last) = open.last_mut() {
                    last.next = node.next_sibling;
                }
                if self.is_word(&node) {
                    builder.word(node.kind);
                    next = node.next_sibling;
                    continue;
                }
                next = if open.len() < MAX_DEPTH { node.first_child } else { Link::NONE };
                let first = builder.elements.len();
                open.push(Open { kind: node.kind, end_token: node.end_token, first, next });
                continue;
            }
            let Some(Open { kind, end_token, first, .. }) = open.pop() else { break };
            builder.tokens_before(end_token);
            builder.close(kind, first);
            next = open.last().map_or(Link::NONE, |outer| outer.next);
        }
        builder.tokens_before(self.tokens.kinds.len() as u32);
        let Builder { elements, common, .. } = builder;
        COMMON.set(Some(common));
        GreenNode::new(Nix::kind_to_raw(SyntaxKind::Root), elements)
    }

    /// Whether a node is a name, or something that is nothing but a name.
    fn is_word(&self, node: &Node) -> bool {
        let is_one_token = node.end_token == node.first_token + 1;
        is_one_token
            && self.tokens.kinds[node.first_token as usize] == SyntaxKind::Word
            && matches!(node.kind, SyntaxKind::Ident | SyntaxKind::AttrPath | SyntaxKind::Formal)
    }
}

/// A node whose children are being added.
struct Open {
    kind: SyntaxKind,
    end_token: u32,
    /// The place of its first element in [`Builder::elements`].
    first: usize,
    /// The next node below it.
    next: Link,
}

/// Longer tokens are seldom equal to another.
const MAX_SHARED: usize = 32;
/// So many different blanks have a place of their own.
const BLANKS: usize = 64;
/// So many places there are for other tokens that are shared.
const PLACES: usize = 8192;

thread_local! {
    /// What the last tree of this thread has left for the next. A tree has much in common with others: names, blanks.
    static COMMON: Cell<Option<Box<Common>>> = const { Cell::new(None) };
}

/// Tokens and small nodes that trees share.
struct Common {
    /// The tokens whose kind says their text.
    fixed: [Option<GreenToken>; SyntaxKind::ALL.len()],
    /// A blank, and line ends with the blanks of an indentation behind them, by [`blank_place`].
    blanks: [Option<GreenToken>; BLANKS],
    /// Other tokens, each at the place that its hash says.
    places: Vec<Option<Shared>>,
}

/// A token, and nodes of nothing else, which are shared by all places in the tree that have them.
struct Shared {
    token: GreenToken,
    ident: Option<GreenNode>,
    /// What was made of the name last: a path or a formal.
    outer: Option<GreenNode>,
}

/// Makes green nodes.
///
/// rowan's own builder looks up every token and every small node in tables that only grow. Here a token is looked up in
/// one place, where it replaces what was there, and of the nodes only those of one name are shared. So one table serves all trees
/// of a thread.
struct Builder<'a> {
    parse: &'a Parse,
    /// The whole text, if it stands for itself in a tree.
    plain: Option<&'a str>,
    /// The next token.
    token: u32,
    /// The elements of all nodes that are open.
    elements: Vec<NodeOrToken<GreenNode, GreenToken>>,
    common: Box<Common>,
}

impl<'a> Builder<'a> {
    fn new(parse: &'a Parse) -> Self {
        // What begins with this byte may be a private character that stands for something else.
        let is_plain = memchr::memchr(0xf3, &parse.source).is_none();
        let plain = std::str::from_utf8(&parse.source).ok().filter(|_| is_plain);
        let new = || {
            let places = std::iter::repeat_with(|| None).take(PLACES).collect();
            Box::new(Common { fixed: [const { None }; _], blanks: [const { None }; _], places })
        };
        let common = COMMON.take().unwrap_or_else(new);
        Builder { parse, plain, token: 0, elements: Vec::new(), common }
    }

    /// Adds the tokens up to `end`.
    fn tokens_before(&mut self, end: u32) {
        while self.token < end {
            let token = self.next_token();
            self.elements.push(NodeOrToken::Token(token));
        }
    }

    /// Makes a node of the elements from `first` on.
    fn close(&mut self, kind: SyntaxKind, first: usize) {
        let node = GreenNode::new(Nix::kind_to_raw(kind), self.elements.drain(first..));
        self.elements.push(NodeOrToken::Node(node));
    }

    fn next_token(&mut self) -> GreenToken {
        let at = self.token as usize;
        let kind = self.parse.tokens.kinds[at];
        // The end of a string that is not there has no text.
        let is_there = self.parse.tokens.starts[at] < self.parse.tokens.starts[at + 1];
        if kind.has_fixed_text() && is_there {
            if let Some(token) = &self.common.fixed[kind as usize] {
                self.token += 1;
                return token.clone();
            }
            let token = GreenToken::new(Nix::kind_to_raw(kind), &self.next_text());
            self.common.fixed[kind as usize] = Some(token.clone());
            return token;
        }
        let text = self.next_text();
        if kind == SyntaxKind::Whitespace
            && let Some(place) = blank_place(text.as_bytes())
        {
            let make = || GreenToken::new(Nix::kind_to_raw(kind), &text);
            return self.common.blanks[place].get_or_insert_with(make).clone();
        }
        if text.len() > MAX_SHARED {
            return GreenToken::new(Nix::kind_to_raw(kind), &text);
        }
        shared(&mut self.common.places, kind, &text).token.clone()
    }

    /// Adds the next token, a name, as a node that [`Parse::is_word`].
    fn word(&mut self, kind: SyntaxKind) {
        let text = self.next_text();
        let Shared { token, ident, outer } = shared(&mut self.common.places, SyntaxKind::Word, &text);
        let only = |kind: SyntaxKind, child| GreenNode::new(Nix::kind_to_raw(kind), [child]);
        let ident = ident.get_or_insert_with(|| only(SyntaxKind::Ident, NodeOrToken::Token(token.clone())));
        let node = if kind == SyntaxKind::Ident {
            ident
        } else {
            if outer.as_ref().is_some_and(|outer| outer.kind() != Nix::kind_to_raw(kind)) {
                *outer = None;
            }
            outer.get_or_insert_with(|| only(kind, NodeOrToken::Node(ident.clone())))
        };
        self.elements.push(NodeOrToken::Node(node.clone()));
    }

    /// The text of the next token, which is passed over.
    fn next_text(&mut self) -> Cow<'a, str> {
        let at = self.token as usize;
        self.token += 1;
        let range = self.parse.tokens.starts[at] as usize..self.parse.tokens.starts[at + 1] as usize;
        match self.plain.and_then(|text| text.get(range.clone())) {
            Some(text) => Cow::Borrowed(text),
            None => text_of(&self.parse.source[range]),
        }
    }
}

/// The place of what stands between tokens most often: one blank, or a line end and an indentation.
fn blank_place(text: &[u8]) -> Option<usize> {
    match text {
        b" " => Some(0),
        [b'\n', blanks @ ..] if blanks.len() < BLANKS - 1 && blanks.iter().all(|&byte| byte == b' ') => {
            Some(1 + blanks.len())
        }
        _ => None,
    }
}

/// The shared token that has this text, made if its place has another.
fn shared<'s>(places: &'s mut [Option<Shared>], kind: SyntaxKind, text: &str) -> &'s mut Shared {
    let kind = Nix::kind_to_raw(kind);
    let hash = FxBuildHasher.hash_one(text) as usize;
    let last = places.len() - 1;
    let place = &mut places[hash & last];
    if place.as_ref().is_some_and(|shared| shared.token.kind() != kind || shared.token.text() != text) {
        *place = None;
    }
    place.get_or_insert_with(|| Shared { token: GreenToken::new(kind, text), ident: None, outer: None })
}

/// Bytes as text, reversibly.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let is_private = |character: char| character == MARK || (BYTES..BYTES + 0x100).contains(&u32::from(character));
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.chars().any(is_private)
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_private(character) {
                text.push(MARK);
            }
            text.push(character);
        }
        for &byte in chunk.invalid() {
            text.extend(char::from_u32(BYTES + u32::from(byte)));
        }
    }
    Cow::Owned(text)
}
