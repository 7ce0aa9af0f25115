//! The verbs, one file each.

mod add;
pub mod bench;
mod check;
mod completions;
mod diff;
mod dropped;
mod export;
mod fate;
mod fmt;
mod fsck;
mod gc;
mod history;
mod import;
mod init;
mod log;
mod man;
mod operators;
mod rebuild;
pub mod run;
mod runs;
mod sample;
mod schema;
mod serve;
mod show;
mod r#try;
mod r#where;

use clap::Subcommand;

use crate::Failure;
use crate::context::Context;

/// What can be asked.
#[derive(Subcommand)]
pub enum Command {
    Init(init::Options),
    Check(check::Options),
    Fmt(fmt::Options),
    Schema(schema::Options),
    Operators(operators::Options),
    Try(r#try::Options),
    Import(import::Options),
    Add(add::Options),
    Show(show::Options),
    History(history::Options),
    Run(run::Options),
    Runs(runs::Options),
    Rebuild(rebuild::Options),
    Diff(diff::Options),
    Fate(fate::Options),
    Dropped(dropped::Options),
    Where(r#where::Options),
    Log(log::Options),
    Export(export::Options),
    Sample(sample::Options),
    Fsck(fsck::Options),
    Serve(serve::Options),
    Gc(gc::Options),
    Bench(bench::Options),
    Completions(completions::Options),
    Man(man::Options),
}

impl Command {
    /// Carries the command out and gives its exit code.
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        match self {
            Command::Init(options) => options.run(context),
            Command::Check(options) => options.run(context),
            Command::Fmt(options) => options.run(context),
            Command::Schema(options) => options.run(context),
            Command::Operators(options) => options.run(context),
            Command::Try(options) => options.run(context),
            Command::Import(options) => options.run(context),
            Command::Add(options) => options.run(context),
            Command::Show(options) => options.run(context),
            Command::History(options) => options.run(context),
            Command::Run(options) => options.run(context),
            Command::Runs(options) => options.run(context),
            Command::Rebuild(options) => options.run(context),
            Command::Diff(options) => options.run(context),
            Command::Fate(options) => options.run(context),
            Command::Dropped(options) => options.run(context),
            Command::Where(options) => options.run(context),
            Command::Log(options) => options.run(context),
            Command::Export(options) => options.run(context),
            Command::Sample(options) => options.run(context),
            Command::Fsck(options) => options.run(context),
            Command::Serve(options) => options.run(context),
            Command::Gc(options) => options.run(context),
            Command::Bench(options) => options.run(context),
            Command::Completions(options) => options.run(context),
            Command::Man(options) => options.run(context),
        }
    }
}
