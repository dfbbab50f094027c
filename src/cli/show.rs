//! Values for people.

use std::io::Write;

use rustc_hash::FxHashSet;

use super::instantiate::is_derivation;
use super::record::{Record, Row, write_record, write_rows};
use super::run::Failure;
use crate::diagnostics::{Code, Diagnostic};
use crate::{Evaluator, Kind, Result, Value};

/// How deeply nested a value can be shown. Only values without end are nested more deeply.
const DEEPEST: usize = 100_000;

/// Writes a derivation as a record, a set or list of derivations with a line for each, and any other
/// value as the language writes it.
pub(super) fn write_for_people(
    firn: &mut Evaluator,
    value: &Value,
    strict: bool,
    output: &mut impl Write,
) -> std::result::Result<(), Failure> {
    if is_derivation(firn, value)?
        && let Some((path, derivation)) = firn.derivation(value)?
    {
        write_record(&Record::new(&path, &derivation, &firn.store_dir()), output)?;
        return Ok(());
    }
    if let Some(derivations) = all_derivations(firn, value)? {
        let mut rows = Vec::with_capacity(derivations.len());
        for derivation in derivations {
            rows.push(row(firn, &derivation)?);
        }
        write_rows(&rows, output)?;
        return Ok(());
    }
    match strict {
        true => firn.force_deep(value)?,
        false => force_shown(firn, value)?,
    }
    output.write_all(&firn.print_pretty(value)?)?;
    output.write_all(b"\n")?;
    Ok(())
}

/// The record of a derivation as text; nothing for other values.
pub(crate) fn record_of(firn: &mut Evaluator, value: &Value) -> Result<Option<String>> {
    if !is_derivation(firn, value)? {
        return Ok(None);
    }
    let Some((path, derivation)) = firn.derivation(value)? else { return Ok(None) };
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = write_record(&Record::new(&path, &derivation, &firn.store_dir()), &mut text);
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

/// Evaluates everything in a value but what is inside of derivations, which are shown by their paths.
pub(crate) fn force_shown(firn: &mut Evaluator, value: &Value) -> Result<()> {
    let mut seen = FxHashSet::default();
    let mut open = vec![(value.clone(), 0)];
    while let Some((value, depth)) = open.pop() {
        let kind = firn.kind(&value)?;
        if !matches!(kind, Kind::List(_) | Kind::Attrs(_)) {
            continue;
        }
        if depth > DEEPEST {
            let message = format!("the value is nested more than {DEEPEST} levels deep");
            let error = Diagnostic::error(Code::CallDepthExceeded, message)
                .with_hint("most likely it has no end; select a part of it with -A");
            return Err(Box::new(error).into());
        }
        if firn.identity(&value)?.is_some_and(|identity| !seen.insert(identity)) {
            continue;
        }
        if is_derivation(firn, &value)? {
            if let Some(path) = firn.attr(&value, "drvPath")? {
                firn.kind(&path)?;
            }
            continue;
        }
        let first = open.len();
        open.extend(members(firn, &value)?.into_iter().map(|member| (member, depth + 1)));
        open[first..].reverse();
    }
    Ok(())
}

/// The elements of a list or the values of a set, in order; nothing for other values.
fn members(firn: &mut Evaluator, value: &Value) -> Result<Vec<Value>> {
    match firn.kind(value)? {
        Kind::List(_) => firn.elements(value),
        Kind::Attrs(_) => {
            let names = firn.attr_names(value)?;
            let mut members = Vec::with_capacity(names.len());
            for name in names {
                members.extend(firn.attr(value, name)?);
            }
            Ok(members)
        }
        _ => Ok(Vec::new()),
    }
}

/// The members of a set or list if there are some and all are derivations.
fn all_derivations(firn: &mut Evaluator, value: &Value) -> Result<Option<Vec<Value>>> {
    let members = match firn.kind(value)? {
        Kind::Attrs(_) if is_derivation(firn, value)? => return Ok(None),
        Kind::Attrs(1..) | Kind::List(1..) => members(firn, value)?,
        _ => return Ok(None),
    };
    for member in &members {
        if !is_derivation(firn, member)? {
            return Ok(None);
        }
    }
    Ok(Some(members))
}

fn row(firn: &mut Evaluator, derivation: &Value) -> Result<Row> {
    let mut outputs = Vec::new();
    if let Some(list) = firn.attr(derivation, "outputs")? {
        for output in firn.elements(&list)? {
            outputs.push(string(firn, Some(output))?);
        }
    } else {
        let output = firn.attr(derivation, "outputName")?;
        outputs.push(string(firn, output)?);
    }
    let name = firn.attr(derivation, "name")?;
    let drv_path = firn.attr(derivation, "drvPath")?;
    Ok(Row { name: string(firn, name)?, outputs: outputs.join(","), drv_path: string(firn, drv_path)? })
}

/// A string for people; `-` where there is none.
fn string(firn: &mut Evaluator, value: Option<Value>) -> Result<String> {
    let kind = value.map(|value| firn.kind(&value)).transpose()?;
    Ok(match kind {
        Some(Kind::String(text)) => String::from_utf8_lossy(&text).into_owned(),
        _ => "-".to_owned(),
    })
}
