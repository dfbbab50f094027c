//! The lossless tree, made of the record on demand.

use std::borrow::Cow;

use rowan::{GreenNode, GreenNodeBuilder, Language};

use super::record::NodeId;
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
        let mut builder = GreenNodeBuilder::new();
        builder.start_node(Nix::kind_to_raw(SyntaxKind::Root));
        let mut token = 0;
        // What is open: a node, and its next child.
        let mut open: Vec<(NodeId, Option<NodeId>)> = Vec::new();
        let mut next = Some(self.root());
        loop {
            if let Some(node) = next {
                self.tokens_before(&mut builder, &mut token, self.nodes[node.0 as usize].first_token);
                builder.start_node(Nix::kind_to_raw(self.kind(node)));
                let first_child = self.children(node).next().filter(|_| open.len() < MAX_DEPTH);
                open.push((node, first_child));
                next = first_child;
                if let Some((_, following)) = open.last_mut() {
                    *following = first_child.and_then(|child| self.nodes[child.0 as usize].next_sibling.get());
                }
                continue;
            }
            let Some((node, following)) = open.last_mut() else { break };
            match following.take() {
                Some(child) => {
                    *following = self.nodes[child.0 as usize].next_sibling.get();
                    next = Some(child);
                }
                None => {
                    let end = self.nodes[node.0 as usize].end_token;
                    self.tokens_before(&mut builder, &mut token, end);
                    builder.finish_node();
                    open.pop();
                }
            }
        }
        self.tokens_before(&mut builder, &mut token, self.tokens.kinds.len() as u32);
        builder.finish_node();
        builder.finish()
    }

    /// Adds the tokens up to `end`.
    fn tokens_before(&self, builder: &mut GreenNodeBuilder<'_>, token: &mut u32, end: u32) {
        while *token < end {
            let at = *token as usize;
            let bytes = &self.source[self.tokens.starts[at] as usize..self.tokens.starts[at + 1] as usize];
            builder.token(Nix::kind_to_raw(self.tokens.kinds[at]), &text_of(bytes));
            *token += 1;
        }
    }
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
