//! What a position is, found out when somebody asks: the functions that stand for line and column in a position of an attribute.
//!
//! They are in no scope. Their time counts as that of the builtin which gave the position.

use super::table::builtins;
use crate::diagnostics::Pos;
use crate::eval::{Eval, Result};
use crate::heap::Value;

builtins! {
    /// The line of a position, from 1.
    "unsafeGetAttrPos" (position!1) => line;
    /// The column of a position in bytes, from 1.
    "unsafeGetAttrPos" (position!1) => column;
}

fn line<'h>(eval: &mut Eval<'h>, [position]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let (line, _) = line_and_column(eval, position)?;
    Ok(Value::int(eval.heap, i64::from(line)))
}

fn column<'h>(eval: &mut Eval<'h>, [position]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let (_, column) = line_and_column(eval, position)?;
    Ok(Value::int(eval.heap, i64::from(column)))
}

fn line_and_column<'h>(eval: &mut Eval<'h>, position: Value<'h>) -> Result<(u32, u32)> {
    let position = eval.force_int(position)?;
    let location = u32::try_from(position).ok().and_then(|raw| eval.sources.resolve(Pos::from_raw(raw)));
    Ok(location.map_or((0, 0), |location| (location.line, location.column)))
}
