//! Lists.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::sort::sort;
use super::table::builtins;
use crate::diagnostics::{Code, Pos};
use crate::eval::{ErrorExt, Eval, Result, error, invalid_argument};
use crate::heap::{List, Symbol, Value};
use crate::program::names;

builtins! {
    /// Whether `predicate` returns `true` for all elements of `list`. It stops at the first element for which it does
    /// not; of an empty list it is true.
    ///
    /// ```nix
    /// builtins.all (depth: depth > 3) [ 4 7 5 ]
    /// # => true
    /// builtins.all (depth: depth > 3) [ 2 (throw "not reached") ]
    /// # => false
    /// ```
    "all" (predicate!1, list!1) => all;
    /// Whether `predicate` returns `true` for at least one element of `list`. It stops at the first such element; of
    /// an empty list it is false.
    ///
    /// ```nix
    /// builtins.any (depth: depth > 6) [ 4 7 (throw "not reached") ]
    /// # => true
    /// ```
    "any" (predicate!1, list!1) => any;
    /// The elements of all lists in `lists`, one after the other. The elements are not evaluated.
    ///
    /// ```nix
    /// builtins.concatLists [ [ 1 2 ] [ ] [ [ 3 ] ] ]
    /// # => [ 1 2 [ 3 ] ]
    /// ```
    "concatLists" (lists!1) => concat_lists;
    /// Calls `function` on each element of `list` and joins the lists that it returns.
    ///
    /// ```nix
    /// builtins.concatMap (n: [ n (10 * n) ]) [ 1 2 3 ]
    /// # => [ 1 10 2 20 3 30 ]
    /// ```
    "concatMap" (function!1, list!1) => concat_map;
    /// Whether `list` has an element that is equal (`==`) to `value`. It stops at the first one.
    ///
    /// ```nix
    /// builtins.elem "Tern" [ "Heron" "Tern" (throw "not reached") ]
    /// # => true
    /// ```
    "elem" (value, list!1) => elem;
    /// The element of `list` at `index`, counted from 0.
    ///
    /// ```nix
    /// builtins.elemAt [ "Heron" "Petrel" "Tern" ] 1
    /// # => "Petrel"
    /// builtins.elemAt [ "Heron" ] (-1)
    /// # => error[E0301]: index -1
    /// ```
    "elemAt" (list, index!1) => elem_at;
    /// The elements of `list` for which `predicate` returns `true`, in their order.
    ///
    /// ```nix
    /// builtins.filter (depth: depth > 3) [ 4 2 7 3 ]
    /// # => [ 4 7 ]
    /// ```
    "filter" (predicate, list!1) => filter;
    /// Combines the elements of `list` from the left: `operator (operator initial a) b` and so on. Each result is
    /// evaluated before the next call, but only as far as it takes to know what it is; `initial` only if `operator`
    /// needs it or the list is empty.
    ///
    /// ```nix
    /// builtins.foldl' (sum: n: sum + n) 0 [ 1 2 3 ]
    /// # => 6
    /// builtins.foldl' (text: n: "(${text} ${toString n})") "start" [ 1 2 3 ]
    /// # => "(((start 1) 2) 3)"
    /// ```
    "foldl'" (operator!1, initial, list!1) => foldl;
    /// The list of what `generator` returns for 0, 1, 2 and so on, `length` elements. The calls are made when the
    /// elements are needed.
    ///
    /// ```nix
    /// builtins.genList (n: n * n) 5
    /// # => [ 0 1 4 9 16 ]
    /// builtins.length (builtins.genList (n: throw "not called") 3)
    /// # => 3
    /// ```
    "genList" (generator, length!1) => gen_list;
    /// All elements that can be reached from the list `startSet` by `operator`, a function that maps an element to a
    /// list of further ones. Each element is a set with a `key`; of elements with equal keys the first is kept. Keys
    /// are compared as by `<`, so they must be all numbers, all strings, all paths or all lists.
    ///
    /// The result begins with `startSet` and goes on in the order in which elements are found, nearest first.
    ///
    /// ```nix
    /// builtins.genericClosure {
    ///   startSet = [ { key = 12; } ];
    ///   operator = { key }: if key > 1 then [ { key = key / 2; } { key = key / 3; } ] else [ ];
    /// }
    /// # => [ { key = 12; } { key = 6; } { key = 4; } { key = 3; } { key = 2; } { key = 1; } { key = 0; } ]
    /// ```
    "genericClosure" (arguments!1) => generic_closure;
    /// The elements of `list` in lists, by the string that `function` returns for each. They keep their order.
    ///
    /// ```nix
    /// builtins.groupBy (builtins.substring 0 1) [ "Tern" "Heron" "Teal" ]
    /// # => { H = [ "Heron" ]; T = [ "Tern" "Teal" ]; }
    /// ```
    "groupBy" (function!1, list!1) => group_by;
    /// The first element of `list`; an error if it is empty.
    ///
    /// ```nix
    /// builtins.head [ 1 2 3 ]
    /// # => 1
    /// builtins.head [ ]
    /// # => error[E0301]: the list is empty
    /// ```
    "head" (list!1) => head;
    /// The number of elements of `list`. They are not evaluated.
    ///
    /// ```nix
    /// builtins.length [ 1 (throw "not evaluated") ]
    /// # => 2
    /// ```
    "length" (list!1) => length;
    /// The list of what `function` returns for each element of `list`. The calls are made when the elements are
    /// needed.
    ///
    /// ```nix
    /// builtins.map (boat: boat + "!") [ "Heron" "Tern" ]
    /// # => [ "Heron!" "Tern!" ]
    /// builtins.length (map (boat: throw "not called") [ "Heron" "Tern" ])
    /// # => 2
    /// ```
    "map" (function, list!1) => map;
    /// A set of two lists: `right` has the elements for which `predicate` returns `true`, `wrong` the others, each in
    /// their order.
    ///
    /// ```nix
    /// builtins.partition (depth: depth > 3) [ 4 2 7 3 ]
    /// # => { right = [ 4 7 ]; wrong = [ 2 3 ]; }
    /// ```
    "partition" (predicate!1, list!1) => partition;
    /// The elements of `list` in the order that `comparator` defines: it returns `true` if its first argument comes
    /// before its second. Equal elements keep their order.
    ///
    /// ```nix
    /// builtins.sort builtins.lessThan [ 7 2 4 ]
    /// # => [ 2 4 7 ]
    /// builtins.sort (a: b: a.berth < b.berth) [ { berth = 2; boat = "Tern"; } { berth = 1; boat = "Heron"; } ]
    /// # => [ { berth = 1; boat = "Heron"; } { berth = 2; boat = "Tern"; } ]
    /// ```
    "sort" (comparator, list!1) => sort;
    /// `list` without its first element; an error if it is empty.
    ///
    /// ```nix
    /// builtins.tail [ 1 2 3 ]
    /// # => [ 2 3 ]
    /// ```
    "tail" (list!1) => tail;
}

fn any<'h>(eval: &mut Eval<'h>, [predicate, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    find_one(eval, predicate, list, true)
}

fn all<'h>(eval: &mut Eval<'h>, [predicate, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    find_one(eval, predicate, list, false)
}

/// `wanted` if `predicate` returns it for an element, else the opposite.
fn find_one<'h>(eval: &mut Eval<'h>, predicate: Value<'h>, list: Value<'h>, wanted: bool) -> Result<Value<'h>> {
    let predicate = eval.force_function(predicate)?;
    let list = eval.force_list(list)?;
    for element in list.iter() {
        let result = eval.call(predicate, &[element], Pos::NONE)?;
        if eval.force_bool(result).hint("the function must return a Boolean")? == wanted {
            return Ok(Value::bool(wanted));
        }
    }
    Ok(Value::bool(!wanted))
}

/// What a builtin collects; mostly it is little, and needs no allocation.
type Few<T> = SmallVec<[T; 16]>;

fn concat_lists<'h>(eval: &mut Eval<'h>, [lists]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let lists = eval.force_list(lists)?;
    let lists: Few<_> = lists.iter().map(|list| eval.force_list(list)).collect::<Result<_>>()?;
    concatenate(eval, &lists)
}

fn concatenate<'h>(eval: &mut Eval<'h>, lists: &[List<'h>]) -> Result<Value<'h>> {
    let total = lists.iter().map(|list| list.len()).sum();
    if let Some(only) = lists.iter().find(|list| list.len() == total) {
        return Ok(only.value());
    }
    eval.reserve(total * size_of::<Value>())?;
    let mut elements = lists.iter().flat_map(|list| list.iter());
    Ok(List::build(eval.heap, total, |_| elements.next().expect("the lengths add up to the total")))
}

fn concat_map<'h>(eval: &mut Eval<'h>, [function, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let function = eval.force_function(function)?;
    let list = eval.force_list(list)?;
    let mut lists = Few::with_capacity(list.len());
    for element in list.iter() {
        let result = eval.call(function, &[element], Pos::NONE)?;
        lists.push(eval.force_list(result).hint("the function must return a list")?);
    }
    concatenate(eval, &lists)
}

fn elem<'h>(eval: &mut Eval<'h>, [value, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let list = eval.force_list(list)?;
    for element in list.elements() {
        let wanted = eval.force(value)?;
        let element = eval.force_cell(element)?;
        if element.is_same(wanted) || eval.are_equal(wanted, element)? {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

fn elem_at<'h>(eval: &mut Eval<'h>, [list, index]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let index = eval.force_int(index)?;
    let list = eval.force_list(list)?;
    let element = usize::try_from(index).ok().and_then(|index| list.elements().get(index));
    match element {
        Some(element) => eval.force_cell(element),
        None => {
            let message = format!("index {index} is outside of a list with {} elements", list.len());
            let diagnostic = error(Code::IndexOutOfBounds, message);
            Err(match list.len().checked_sub(1) {
                Some(last) => diagnostic.hint(format!("the first element has the index 0, the last one {last}")),
                None => diagnostic,
            })
        }
    }
}

fn filter<'h>(eval: &mut Eval<'h>, [predicate, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let list = eval.force_list(list)?;
    if list.len() == 0 {
        return Ok(list.value());
    }
    let predicate = eval.force_function(predicate)?;
    let mut kept = Few::new();
    for element in list.iter() {
        let result = eval.call(predicate, &[element], Pos::NONE)?;
        if eval.force_bool(result).hint("the function must return a Boolean")? {
            kept.push(element);
        }
    }
    Ok(if kept.len() == list.len() { list.value() } else { List::from_slice(eval.heap, &kept) })
}

fn foldl<'h>(eval: &mut Eval<'h>, [operator, initial, list]: [Value<'h>; 3]) -> Result<Value<'h>> {
    let operator = eval.force_function(operator)?;
    let list = eval.force_list(list)?;
    let mut result = initial;
    for element in list.iter() {
        result = eval.call(operator, &[result, element], Pos::NONE)?;
    }
    eval.force(result)
}

fn gen_list<'h>(eval: &mut Eval<'h>, [generator, length]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let length = eval.force_int(length)?;
    // More cannot be addressed by the indices of a list that fits into memory.
    let Some(count) = u32::try_from(length).ok() else {
        return Err(invalid_argument(format!("cannot create a list of {length} elements")));
    };
    let generator = eval.force_function(generator)?;
    // Each element is a value and a thunk, which is as large as two.
    eval.reserve(count as usize * 3 * size_of::<Value>())?;
    Ok(List::build(eval.heap, count as usize, |index| eval.delayed_call(generator, &[Value::small_int(index as u32)])))
}

fn head<'h>(eval: &mut Eval<'h>, [list]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let list = eval.force_list(list)?;
    match list.elements().first() {
        Some(first) => eval.force_cell(first),
        None => Err(error(Code::IndexOutOfBounds, "the list is empty and has no first element")),
    }
}

fn tail<'h>(eval: &mut Eval<'h>, [list]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let list = eval.force_list(list)?;
    match list.elements() {
        [] => Err(error(Code::IndexOutOfBounds, "the list is empty and has no rest")),
        [_, rest @ ..] => Ok(List::build(eval.heap, rest.len(), |index| rest[index].get())),
    }
}

fn length<'h>(eval: &mut Eval<'h>, [list]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let list = eval.force_list(list)?;
    Ok(Value::int(eval.heap, list.len() as i64))
}

fn map<'h>(eval: &mut Eval<'h>, [function, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let list = eval.force_list(list)?;
    if list.len() == 0 {
        return Ok(list.value());
    }
    let function = eval.force_function(function)?;
    let elements = list.elements();
    Ok(List::build(eval.heap, elements.len(), |index| eval.delayed_call(function, &[elements[index].get()])))
}

fn partition<'h>(eval: &mut Eval<'h>, [predicate, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let predicate = eval.force_function(predicate)?;
    let list = eval.force_list(list)?;
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for element in list.elements() {
        let element = eval.force_cell(element)?;
        let result = eval.call(predicate, &[element], Pos::NONE)?;
        let is_right = eval.force_bool(result).hint("the function must return a Boolean")?;
        if is_right { right.push(element) } else { wrong.push(element) }
    }
    let (right, wrong) = (List::from_slice(eval.heap, &right), List::from_slice(eval.heap, &wrong));
    Ok(eval.attrs_of([(names::RIGHT, right), (names::WRONG, wrong)]))
}

fn group_by<'h>(eval: &mut Eval<'h>, [function, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let function = eval.force_function(function)?;
    let list = eval.force_list(list)?;
    let mut groups: FxHashMap<Symbol, Vec<Value<'h>>> = FxHashMap::default();
    for element in list.iter() {
        let name = eval.call(function, &[element], Pos::NONE)?;
        let name = eval.force(name).and_then(|name| eval.symbol_of(name)).hint("the function must return a string")?;
        groups.entry(name).or_default().push(element);
    }
    let heap = eval.heap;
    let groups = groups.into_iter().map(|(name, group)| (name, Pos::NONE, List::from_slice(heap, &group))).collect();
    Ok(eval.attrs_from(groups))
}

fn generic_closure<'h>(eval: &mut Eval<'h>, [arguments]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let arguments = eval.force_attrs(arguments)?;
    let start = eval.required(arguments, names::START_SET)?;
    let start = eval.force_list(start)?;
    if start.len() == 0 {
        return Ok(start.value());
    }
    let operator = eval.required(arguments, names::OPERATOR)?;
    let operator = eval.force_function(operator)?;
    let mut work: std::collections::VecDeque<Value<'h>> = start.iter().collect();
    let mut keys = KeySet::default();
    let mut closure = Vec::new();
    while let Some(element) = work.pop_front() {
        let attrs = eval.force_attrs(element).hint("each element must be a set with an attribute 'key'")?;
        let key = eval.required(attrs, names::KEY)?;
        let key = eval.force(key)?;
        if !keys.insert(eval, key)? {
            continue;
        }
        closure.push(attrs.value());
        let more = eval.call(operator, &[attrs.value()], Pos::NONE)?;
        let more = eval.force_list(more).hint("the operator must return a list")?;
        for element in more.elements() {
            work.push_back(eval.force_cell(element)?);
        }
    }
    Ok(List::from_slice(eval.heap, &closure))
}

/// The keys that a closure has seen. Strings and integers, which almost all keys are, are hashed; any
/// other kind is kept sorted. Keys of different kinds have no order, which is an error.
#[derive(Default)]
struct KeySet<'h> {
    strings: rustc_hash::FxHashSet<&'h [u8]>,
    ints: rustc_hash::FxHashSet<i64>,
    sorted: Vec<Value<'h>>,
    /// The first key, with which others must be comparable.
    first: Option<Value<'h>>,
}

impl<'h> KeySet<'h> {
    /// Adds a key unless it is there.
    fn insert(&mut self, eval: &mut Eval<'h>, key: Value<'h>) -> Result<bool> {
        match self.first {
            Some(first) => drop(eval.is_less(first, key)?),
            None => self.first = Some(key),
        }
        let only_strings = self.sorted.is_empty() && self.ints.is_empty();
        if let (Some(string), true) = (key.as_string(), only_strings) {
            return Ok(self.strings.insert(string.bytes()));
        }
        let only_ints = self.sorted.is_empty() && self.strings.is_empty();
        if let (Some(int), true) = (key.as_int(), only_ints) {
            return Ok(self.ints.insert(int));
        }
        // Integers may be joined by floats.
        for int in std::mem::take(&mut self.ints) {
            let int = Value::int(eval.heap, int);
            self.insert_sorted(eval, int)?;
        }
        self.insert_sorted(eval, key)
    }

    fn insert_sorted(&mut self, eval: &mut Eval<'h>, key: Value<'h>) -> Result<bool> {
        let (mut low, mut high) = (0, self.sorted.len());
        while low < high {
            let middle = (low + high) / 2;
            match eval.compare(self.sorted[middle], key)? {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok(false),
                Ordering::Greater => high = middle,
            }
        }
        self.sorted.insert(low, key);
        Ok(true)
    }
}
