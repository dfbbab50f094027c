//! `==`

use super::{Eval, Result};
use crate::heap::{Attrs, Kind, List, Value, ValueCell};
use crate::program::names;

impl<'h> Eval<'h> {
    /// Whether two values are equal. Both have been forced.
    ///
    /// Functions are never equal. But where two sets or lists hold the same object, that is equal to
    /// itself whatever it is, which programs rely on.
    #[inline]
    pub(crate) fn are_equal(&mut self, left: Value<'h>, right: Value<'h>) -> Result<bool> {
        // Most comparisons are with null, for which nothing has to be loaded.
        if left.is_null_or_bool() || right.is_null_or_bool() {
            return Ok(left.is_same(right));
        }
        match (left.as_string(), right.as_string()) {
            (Some(left), Some(right)) => Ok(left.bytes() == right.bytes()),
            _ => self.are_others_equal(left, right),
        }
    }

    /// The same for values of which one at least is no string.
    fn are_others_equal(&mut self, left: Value<'h>, right: Value<'h>) -> Result<bool> {
        if self.stack.is_low() {
            return self.on_new_segment(|eval| eval.are_others_equal(left, right));
        }
        match (left.kind(), right.kind()) {
            (Kind::Int(left), Kind::Int(right)) => Ok(left == right),
            (Kind::Int(left), Kind::Float(right)) => Ok(left as f64 == right),
            (Kind::Float(left), Kind::Int(right)) => Ok(left == right as f64),
            (Kind::Float(left), Kind::Float(right)) => Ok(left == right),
            (Kind::Path(left), Kind::Path(right)) => Ok(left == right),
            (Kind::List(left), Kind::List(right)) => self.are_lists_equal(left, right),
            (Kind::Attrs(left), Kind::Attrs(right)) => self.are_attrs_equal(left, right),
            _ => Ok(false),
        }
    }

    /// Whether what two places of sets or lists hold is equal.
    pub(super) fn are_cells_equal(&mut self, left: &'h ValueCell<'h>, right: &'h ValueCell<'h>) -> Result<bool> {
        let left = self.force_cell(left)?;
        let right = self.force_cell(right)?;
        Ok(left.is_same(right) || self.are_equal(left, right)?)
    }

    fn are_lists_equal(&mut self, left: List<'h>, right: List<'h>) -> Result<bool> {
        if left.len() != right.len() {
            return Ok(false);
        }
        for (left, right) in left.elements().iter().zip(right.elements()) {
            if !self.are_cells_equal(left, right)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn are_attrs_equal(&mut self, left: Attrs<'h>, right: Attrs<'h>) -> Result<bool> {
        // Derivations are equal if they have the same output path.
        if self.is_derivation(left)?
            && self.is_derivation(right)?
            && let (Some(left), Some(right)) = (left.get(names::OUT_PATH), right.get(names::OUT_PATH))
        {
            return self.are_cells_equal(left, right);
        }
        if left.len() != right.len() {
            return Ok(false);
        }
        let (left_shape, left_values) = left.flatten(self.heap);
        let (right_shape, right_values) = right.flatten(self.heap);
        let same_shape = std::ptr::eq(left_shape, right_shape);
        for index in 0..left_values.len() {
            if !same_shape && left_shape.names()[index] != right_shape.names()[index] {
                return Ok(false);
            }
            if !self.are_cells_equal(&left_values[index], &right_values[index])? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a set has `type = "derivation"`.
    pub(crate) fn is_derivation(&mut self, attrs: Attrs<'h>) -> Result<bool> {
        let Some(cell) = attrs.get(names::TYPE) else { return Ok(false) };
        let value = self.force_cell(cell)?;
        Ok(value.as_string().is_some_and(|text| text.bytes() == b"derivation"))
    }
}
