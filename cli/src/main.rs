//! The `ingot` program: hands the real world to `cli::run` and returns its exit code.

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let mut world = cli::World::real();
    ExitCode::from(cli::run(std::env::args_os(), &mut world))
}
