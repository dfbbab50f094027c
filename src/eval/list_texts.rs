//! Lists as text: their elements with blanks between them.

use std::cell::Cell;

use super::{Coercion, ContextSet, Eval, Result};
use crate::heap::{List, Str, Value};

/// A memory of the texts of lists that became text more than once: many derivations may have one and the same long list for a variable.
///
/// Of lists whose places are the same the last one is kept.
pub(super) struct ListTexts<'h>([Place<'h>; PLACES]);

#[derive(Default)]
struct Place<'h> {
    /// The list that came last.
    list: Cell<Option<List<'h>>>,
    /// Its text, if it came before. Only strings can be in the list: what a function in a set does may be seen each time.
    text: Cell<Option<Str<'h>>>,
}

const PLACES: usize = 64;

impl Default for ListTexts<'_> {
    fn default() -> Self {
        ListTexts(std::array::from_fn(|_| Place::default()))
    }
}

/// With fewer elements a list becomes text in no time.
const LEAST_ELEMENTS: usize = 12;
/// Longer texts are not kept.
const LONGEST: usize = 1 << 16;

impl<'h> ListTexts<'h> {
    fn place(&self, list: List<'h>) -> &Place<'h> {
        // Objects begin at multiples of eight bytes.
        &self.0[list.address() / 8 % PLACES]
    }

    /// The text of a list, if it is remembered.
    fn find(&self, list: List<'h>) -> Option<Str<'h>> {
        let place = self.place(list);
        let is_it = place.list.get().is_some_and(|last| last.address() == list.address());
        place.text.get().filter(|_| is_it)
    }
}

impl<'h> Eval<'h> {
    /// The text of a list, in the heap.
    pub(super) fn coerce_list(&mut self, list: List<'h>, how: Coercion, context: &mut ContextSet) -> Result<&'h [u8]> {
        if let Some(text) = self.list_texts.find(list) {
            context.add(text.context());
            return Ok(text.bytes());
        }
        let mut text = Vec::new();
        self.append_list(list, how, context, &mut text)?;
        Ok(self.heap.store_slice(&text))
    }

    /// Appends the text of a list to `out`; what it refers to is added to `context`.
    pub(super) fn append_list(
        &mut self,
        list: List<'h>,
        how: Coercion,
        context: &mut ContextSet,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        if self.stack.is_low() {
            return self.on_new_segment(|eval| eval.append_list(list, how, context, out));
        }
        if list.len() < LEAST_ELEMENTS {
            return self.append_elements(list, how, context, out);
        }
        if let Some(text) = self.list_texts.find(list) {
            context.add(text.context());
            out.extend_from_slice(text.bytes());
            return Ok(());
        }
        let place = self.list_texts.place(list);
        if place.list.replace(Some(list)).is_none_or(|last| last.address() != list.address()) {
            place.text.set(None);
            return self.append_elements(list, how, context, out);
        }
        let start = out.len();
        let mut own = ContextSet::default();
        self.append_elements(list, how, &mut own, out)?;
        context.add(own.as_slice());
        self.remember_text(list, &out[start..], &own);
        Ok(())
    }

    fn append_elements(
        &mut self,
        list: List<'h>,
        how: Coercion,
        context: &mut ContextSet,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        for (index, element) in list.elements().iter().enumerate() {
            let value = self.force_cell(element)?;
            self.append_coerced(value, how, context, out)?;
            let is_empty_list = value.as_list().is_some_and(|list| list.len() == 0);
            if index + 1 < list.len() && !is_empty_list {
                out.push(b' ');
            }
        }
        Ok(())
    }

    /// Remembers the text of a list whose elements have been evaluated.
    fn remember_text(&mut self, list: List<'h>, text: &[u8], context: &ContextSet) {
        let is_string = |value: Value<'h>| super::known(value).as_string().is_some();
        if text.len() <= LONGEST && list.iter().all(is_string) {
            let place = self.list_texts.place(list);
            // While the elements were evaluated another list may have come.
            place.list.set(Some(list));
            place.text.set(Str::concat(self.heap, &[text], context.as_slice()).as_string());
        }
    }
}
