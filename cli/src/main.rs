//! The `ingot` program: hands the real world to `cli::run` and returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut world = cli::World::real();
    ExitCode::from(cli::run(std::env::args_os(), &mut world))
}
