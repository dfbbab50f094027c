//! Prints the store paths of all derivations that a file's derivation is made of, sorted.
//!
//!     cargo run --release --example walk_derivations corpus/machine/configuration.cfg
//!
//! For the machine of the corpus the output is `corpus/machine/expected/closure.txt`.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use firn::diagnostics::RenderOptions;
use firn::store::StorePath;
use firn::{Evaluator, Result};

fn main() -> ExitCode {
    let Some(file) = std::env::args_os().nth(1) else {
        eprintln!("usage: walk_derivations FILE");
        return ExitCode::from(2);
    };
    let mut firn = Evaluator::new();
    let paths = firn
        .eval_file(file)
        .and_then(|value| firn.derivation(&value))
        .and_then(|found| found.map(|(path, _)| closure(&mut firn, path)).transpose());
    match paths {
        Ok(Some(paths)) => print(&firn, &paths).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
        Ok(None) => {
            eprintln!("the file's value is no derivation");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprint!("{}", firn.render(&error, &RenderOptions::default()));
            ExitCode::FAILURE
        }
    }
}

/// A derivation and all that it needs, directly or not.
fn closure(firn: &mut Evaluator, path: StorePath) -> Result<BTreeSet<StorePath>> {
    let mut seen = BTreeSet::from([path.clone()]);
    let mut open = vec![path];
    while let Some(path) = open.pop() {
        for input in firn.read_derivation(&path)?.input_derivations.into_keys() {
            if seen.insert(input.clone()) {
                open.push(input);
            }
        }
    }
    Ok(seen)
}

fn print(firn: &Evaluator, paths: &BTreeSet<StorePath>) -> io::Result<()> {
    let directory = firn.store_dir();
    let mut output = BufWriter::new(io::stdout().lock());
    for path in paths {
        writeln!(output, "{}", directory.display(path))?;
    }
    output.flush()
}
