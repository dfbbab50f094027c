//! A Rust program that lets its users compute in the language: Rust values in, JSON out.
//!
//!     cargo run --example embed
//!     cargo run --example embed '{ hosts, ... }: builtins.length hosts'
//!
//! The expression is a function. It is called with the data of this program: `hosts`, a list of sets, and
//! `threshold`, a number.

use std::io::{self, Write};
use std::process::ExitCode;

use firn::diagnostics::RenderOptions;
use firn::{Evaluator, Result, Value};

/// What the expression is to judge.
struct Host {
    name: &'static str,
    cores: i64,
    load: f64,
}

const HOSTS: [Host; 3] = [
    Host { name: "moraine", cores: 16, load: 3.5 },
    Host { name: "esker", cores: 4, load: 3.75 },
    Host { name: "kame", cores: 8, load: 8.0 },
];

const EXPRESSION: &str = r#"
    { hosts, threshold }:
    let
      busy = builtins.filter (host: host.load / host.cores > threshold) hosts;
    in {
      names = map (host: host.name) busy;
      summary = "${toString (builtins.length busy)} of ${toString (builtins.length hosts)} are busy";
    }
"#;

fn main() -> ExitCode {
    let expression = std::env::args().nth(1).unwrap_or_else(|| EXPRESSION.to_owned());
    // The expression comes from a user: it sees neither environment nor time, and its recursion has a limit.
    let mut firn = Evaluator::builder().pure(true).max_call_depth(10_000).build();
    match evaluate(&mut firn, &expression) {
        Ok(mut json) => {
            json.push(b'\n');
            io::stdout().write_all(&json).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
        }
        Err(error) => {
            eprint!("{}", firn.render(&error, &RenderOptions::default()));
            ExitCode::FAILURE
        }
    }
}

fn evaluate(firn: &mut Evaluator, expression: &str) -> Result<Vec<u8>> {
    let function = firn.eval_text(expression, ".")?;
    let hosts: Vec<Value> = HOSTS.iter().map(|host| host_value(firn, host)).collect();
    let hosts = firn.list(&hosts);
    let threshold = firn.float(0.5);
    let arguments = firn.attrs([("hosts", hosts), ("threshold", threshold)]);
    let result = firn.call(&function, &[arguments])?;
    firn.to_json(&result)
}

fn host_value(firn: &mut Evaluator, host: &Host) -> Value {
    let attrs = [("name", firn.string(host.name)), ("cores", firn.int(host.cores)), ("load", firn.float(host.load))];
    firn.attrs(attrs)
}
