//! `builtins.sort`.

use std::cmp::Ordering;

use crate::diagnostics::Pos;
use crate::eval::{ErrorExt, Eval, Result};
use crate::heap::{List, Str, Value};
use crate::program::{Binary, BinaryOp, Expr};

pub(super) fn sort<'h>(eval: &mut Eval<'h>, [comparator, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let list = eval.force_list(list)?;
    if list.len() == 0 {
        return Ok(list.value());
    }
    let comparator = eval.force_function(comparator)?;
    let elements = list.elements().iter().map(|element| eval.force_cell(element)).collect::<Result<Vec<_>>>()?;
    let direction = natural_direction(eval, comparator);
    if let Some(direction) = direction
        && let Some(sorted) = sort_keys(eval, &elements, direction)
    {
        return Ok(sorted);
    }
    let sorted = merge_sort(elements, &mut |left, right| match direction {
        Some(Direction::Ascending) => eval.is_less(left, right),
        Some(Direction::Descending) | None => {
            let result = eval.call(comparator, &[left, right], Pos::NONE)?;
            eval.force_bool(result).hint("the comparator must return a Boolean")
        }
    })?;
    Ok(List::from_slice(eval.heap, &sorted))
}

#[derive(Copy, Clone)]
enum Direction {
    Ascending,
    Descending,
}

/// Whether a comparator does nothing but compare its arguments: it is `lessThan`, `a: b: a < b`, or `a: b: a > b`, or the like.
fn natural_direction<'h>(eval: &Eval<'h>, comparator: Value<'h>) -> Option<Direction> {
    if let Some(id) = comparator.as_builtin() {
        return (eval.builtins.get(id).name == "lessThan").then_some(Direction::Ascending);
    }
    let lambda = comparator.as_closure()?.lambda();
    let Expr::Binary(operator, operands) = lambda.body else { return None };
    let Binary { left: Expr::Local { slot: left, .. }, right: Expr::Local { slot: right, .. }, .. } = *operands else {
        return None;
    };
    if lambda.arity != 2 || lambda.formals.is_some() {
        return None;
    }
    match (operator, left, right) {
        (BinaryOp::Less, 0, 1) | (BinaryOp::Greater, 1, 0) => Some(Direction::Ascending),
        (BinaryOp::Less, 1, 0) | (BinaryOp::Greater, 0, 1) => Some(Direction::Descending),
        _ => None,
    }
}

/// Sorts elements that are all integers or all strings. Nobody sees that the comparator is not called for each pair.
fn sort_keys<'h>(eval: &Eval<'h>, elements: &[Value<'h>], direction: Direction) -> Option<Value<'h>> {
    let ints: Option<Vec<_>> = elements.iter().map(|element| Some((element.as_int()?, *element))).collect();
    if let Some(mut ints) = ints {
        sort_by(&mut ints, direction, i64::cmp);
        return Some(List::build(eval.heap, ints.len(), |index| ints[index].1));
    }
    let strings: Option<Vec<_>> = elements.iter().map(|element| Some((element.as_string()?, *element))).collect();
    let mut strings = strings?;
    sort_by(&mut strings, direction, |left: &Str<'h>, right| left.bytes().cmp(right.bytes()));
    Some(List::build(eval.heap, strings.len(), |index| strings[index].1))
}

/// Elements with equal keys keep their order.
fn sort_by<K, V>(elements: &mut [(K, V)], direction: Direction, compare: impl Fn(&K, &K) -> Ordering) {
    match direction {
        Direction::Ascending => elements.sort_by(|left, right| compare(&left.0, &right.0)),
        Direction::Descending => elements.sort_by(|left, right| compare(&right.0, &left.0)),
    }
}

/// Runs up to this length are sorted by insertion.
const SHORT_RUN: usize = 8;

/// A stable merge sort from the bottom up, whose comparison may fail or make no sense: then the result is some
/// order of the elements.
fn merge_sort<T: Copy>(mut items: Vec<T>, is_less: &mut impl FnMut(T, T) -> Result<bool>) -> Result<Vec<T>> {
    for run in items.chunks_mut(SHORT_RUN) {
        for end in 1..run.len() {
            let mut at = end;
            while at > 0 && is_less(run[at], run[at - 1])? {
                run.swap(at, at - 1);
                at -= 1;
            }
        }
    }
    let mut width = SHORT_RUN;
    let mut merged = Vec::with_capacity(items.len());
    while width < items.len() {
        merged.clear();
        for pair in items.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let (Some(&first), Some(&second)) = (left.first(), right.first()) {
                if is_less(second, first)? {
                    merged.push(second);
                    right = &right[1..];
                } else {
                    merged.push(first);
                    left = &left[1..];
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(&mut items, &mut merged);
        width *= 2;
    }
    Ok(items)
}
