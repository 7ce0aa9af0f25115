//! The `ingot` command: one file per verb.
//!
//! Data goes to stdout, everything else to stderr. Exit codes: 0 yes or done, 1 the answer is no,
//! 2 cannot, 3 evidence of damage.

mod aside;
mod bench_data;
mod bench_kitchen;
mod bench_registry;
mod bench_train;
mod commands;
mod context;
mod documents;
mod failure;
mod furnace;
mod ledger;
mod progress;
mod target;
mod texts;
mod verdict;
mod words;
mod world;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser};
use trainer::huge_pages;

use commands::Command;
use context::Context;
pub use failure::{EXIT_CANNOT, EXIT_DAMAGE, EXIT_NO, EXIT_YES, Failure};
pub use world::{Stream, World};

/// Exit codes, printed at the foot of every help page.
const EXIT_CODES: &str =
    "Exit codes: 0 yes or done · 1 the answer is no · 2 cannot · 3 evidence of damage";

/// A registry for the process that makes a model, and the furnace that can repeat it.
#[derive(Parser)]
#[command(name = "ingot", version, after_help = EXIT_CODES, propagate_version = true)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(clap::Args, Clone, Debug)]
pub struct Common {
    /// The registry's folder [default: INGOT_REGISTRY, else the nearest .ingot upwards]
    #[arg(long, global = true, value_name = "DIR")]
    pub registry: Option<PathBuf>,
    /// One JSON object per line, each with a `kind`
    #[arg(long, global = true)]
    pub json: bool,
    /// Digests with all their digits
    #[arg(long, global = true)]
    pub full: bool,
    /// Who acts, for the record [default: INGOT_ACTOR, else the user's name]
    #[arg(long, global = true, value_name = "NAME")]
    pub actor: Option<String>,
}

/// The command line as clap sees it, with exit codes at the foot of every page.
pub fn command_line() -> clap::Command {
    let mut root = Arguments::command();
    let verbs: Vec<String> = root.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    for verb in verbs {
        root = root.mut_subcommand(verb, |page| {
            let foot = match page.get_after_help() {
                Some(examples) => format!("{examples}\n\n{EXIT_CODES}"),
                None => EXIT_CODES.to_owned(),
            };
            page.after_help(foot)
        });
    }
    root
}

/// Runs one command and gives its exit code.
pub fn run<I>(arguments: I, world: &mut World) -> u8
where
    I: IntoIterator,
    I::Item: Into<OsString> + Clone,
{
    huge_pages::allow(false);
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let parsed = command_line()
        .try_get_matches_from(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let Arguments { common, command } = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return unparsed(&error, json, world),
    };
    let mut context = Context::new(common, world);
    match command.run(&mut context) {
        Ok(exit) => exit,
        Err(failure) => context.report(&failure),
    }
}

/// Prints a help page, or what is wrong with the arguments.
fn unparsed(error: &clap::Error, json: bool, world: &mut World) -> u8 {
    if !error.use_stderr() {
        let _ = write!(world.out, "{error}");
        return EXIT_YES;
    }
    let text = error.to_string();
    if json {
        let message = text.trim().trim_start_matches("error: ").to_owned();
        let _ = writeln!(world.err, "{}", Failure::new(message).json());
    } else {
        let _ = write!(world.err, "{text}");
    }
    EXIT_CANNOT
}
