//! Differential testing: random programs through firn and an installed Nix.
//!
//! A short run is part of `cargo test`. For a long one, and for what can be chosen:
//!
//! ```text
//! cargo test --release --test differential -- --programs 200000 --seed 1
//! cargo test --release --test differential -- --help
//! ```
//!
//! Values, what `trace` and `warn` show and in which order, success or failure, and whether `tryEval` catches a failure
//! have to agree. Of derivations, the paths and the bytes of all `.drv` files have to.
//!
//! Before that, and without need of Nix, firn is given nonsense, which must not bring it down:
//!
//! ```text
//! cargo test --release --test differential -- --nonsense --programs 20000
//! ```

mod compare;
mod derivations;
mod generate;
mod literals;
mod mutate;
mod nonsense;
mod runner;
mod shrink;
mod source;
mod types;
mod versions;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

/// Compares firn with an installed Nix on random programs.
#[derive(Parser)]
struct Line {
    /// How many programs to compare
    #[arg(long, default_value_t = 256)]
    programs: u64,
    /// Where the random numbers start; the same seed gives the same programs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first program
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// The firn to compare
    #[arg(long, default_value = env!("CARGO_BIN_EXE_firn"))]
    firn: PathBuf,
    /// Compare with this nix-instantiate instead of the one on the PATH
    #[arg(long, env = "FIRN_NIX")]
    nix: Option<PathBuf>,
    /// How many threads work
    #[arg(long)]
    threads: Option<usize>,
    /// Stop after this many differences
    #[arg(long, default_value_t = 10)]
    differences: usize,
    /// Run firn alone, on nonsense, and see that it comes to an end
    #[arg(long)]
    nonsense: bool,
    /// Print the programs and compare nothing
    #[arg(long)]
    print: bool,
    /// What the test harness understands, and means nothing here
    #[arg(long, hide = true)]
    nocapture: bool,
    #[arg(long, hide = true)]
    list: bool,
    #[arg(long, hide = true)]
    format: Option<String>,
    #[arg(long, hide = true)]
    ignored: bool,
    #[arg(long, hide = true)]
    exact: bool,
    #[arg(long, hide = true)]
    quiet: bool,
    /// The test runs if its name contains one of these
    #[arg(hide = true)]
    filters: Vec<String>,
}

const NAME: &str = "firn_agrees_with_nix";
/// How much nonsense firn is given before it is compared.
const NONSENSE: u64 = 128;

fn main() -> ExitCode {
    let line = Line::parse();
    let is_chosen = line.filters.is_empty() || line.filters.iter().any(|filter| NAME.contains(filter.as_str()));
    if line.list {
        if !line.ignored && is_chosen {
            println!("{NAME}: test");
        }
        return ExitCode::SUCCESS;
    }
    if line.ignored || !is_chosen {
        return ExitCode::SUCCESS;
    }
    if line.nonsense {
        return nonsense(&line, line.programs);
    }
    if line.filters.is_empty() && nonsense(&line, NONSENSE) == ExitCode::FAILURE {
        return ExitCode::FAILURE;
    }
    let Some(nix) = line.nix.clone().or_else(|| on_path("nix-instantiate")) else {
        println!("{NAME}: SKIPPED, as no nix-instantiate is installed");
        return ExitCode::SUCCESS;
    };
    let settings = compare::Settings {
        firn: line.firn.clone(),
        nix,
        corpus: corpus(),
        seed: line.seed,
        numbers: line.first..line.first + line.programs,
        threads: line.threads(),
        most_differences: line.differences,
    };
    if line.print {
        compare::print(&settings);
        return ExitCode::SUCCESS;
    }
    let start = Instant::now();
    println!("{NAME}: programs {} to {} of seed {}", line.first, line.first + line.programs - 1, line.seed);
    match compare::run(&settings) {
        Ok(report) => {
            println!("{report}{} s", start.elapsed().as_secs());
            if report.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("{NAME}: cannot compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn nonsense(line: &Line, count: u64) -> ExitCode {
    let numbers = line.first..line.first + count;
    println!("{NAME}: nonsense {} to {} of seed {}", numbers.start, numbers.end - 1, line.seed);
    match nonsense::run(&line.firn, &corpus(), line.seed, numbers, line.threads()) {
        Ok(problems) => {
            problems.iter().for_each(|problem| println!("{problem}"));
            println!("{count} texts, {} problems", problems.len());
            if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("{NAME}: cannot run firn: {error}");
            ExitCode::FAILURE
        }
    }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/lang")
}

impl Line {
    fn threads(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, |count| count.get()))
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}
