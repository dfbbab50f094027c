//! The `firn` command.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: firn::Allocator = firn::Allocator::new();

fn main() -> ExitCode {
    firn::cli::main(std::env::args_os())
}
