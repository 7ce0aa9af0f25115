//! Why a command could not answer: one place maps every error to its words, hints and exit code.

use std::io;

use audits::walk::WalkError;
use registry::RegistryError;
use serde_json::json;
use trainer::BuildError;

/// Exit code: yes or done.
pub const EXIT_YES: u8 = 0;
/// Exit code: the answer is no.
pub const EXIT_NO: u8 = 1;
/// Exit code: the question could not be answered.
pub const EXIT_CANNOT: u8 = 2;
/// Exit code: evidence of damage.
pub const EXIT_DAMAGE: u8 = 3;

/// A question that could not be answered.
#[derive(Debug)]
pub struct Failure {
    /// What happened: lower case, no full stop.
    pub message: String,
    /// What to do next.
    pub hints: Vec<String>,
    /// Exit code 2 or 3; 0 where the reader of a pipe went away.
    pub exit: u8,
    /// Problems of a recipe, already drawn, shown instead of `message` to people.
    pub drawn: Option<String>,
    /// The same problems for machines.
    pub details: Vec<serde_json::Value>,
    /// Whether nothing could be written because the registry may only be read.
    pub is_read_only: bool,
}

impl Failure {
    /// A failure with exit code 2.
    pub fn new(message: impl Into<String>) -> Failure {
        Failure {
            message: message.into(),
            hints: Vec::new(),
            exit: EXIT_CANNOT,
            drawn: None,
            details: Vec::new(),
            is_read_only: false,
        }
    }

    /// Adds advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    /// Marks evidence of damage.
    pub fn damage(mut self) -> Failure {
        self.exit = EXIT_DAMAGE;
        self
    }

    /// The failure for machines.
    pub fn json(&self) -> serde_json::Value {
        let mut value = json!({"kind": "error", "message": self.message, "hints": self.hints});
        if !self.details.is_empty() {
            value["problems"] = json!(self.details);
        }
        value
    }

    /// An error about a file.
    pub fn file(path: &std::path::Path, error: &io::Error) -> Failure {
        Failure::new(format!("`{}`: {}", path.display(), plain(error)))
    }
}

/// An operating system's error without its number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure { exit: EXIT_YES, ..Failure::new("the reader went away") };
        }
        let failure = Failure::new(plain(&error));
        match error.kind() {
            io::ErrorKind::StorageFull => failure.hint("free some space and run the command again"),
            _ => failure,
        }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Failure {
        let mut failure = Failure::new(error.to_string());
        failure.is_read_only = error.is_read_only();
        if error.is_damage() {
            return failure.damage().hint("`ingot fsck` names all damage; restore those files");
        }
        if error.is_full() {
            return failure.hint("free some space and run the command again");
        }
        failure
    }
}

impl From<WalkError> for Failure {
    fn from(error: WalkError) -> Failure {
        if let WalkError::Registry(error) = error {
            return error.into();
        }
        let failure = Failure::new(error.to_string());
        match error.is_damage() {
            true => failure.damage().hint("`ingot fsck` names all damage; restore those files"),
            false => failure,
        }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Failure {
        let failure = Failure::new(error.to_string());
        if let BuildError::Memory(memory) = &error {
            return failure.hint(memory.advice());
        }
        if error.is_damage() {
            return failure.damage().hint("`ingot fsck` names all damage; restore those files");
        }
        failure
    }
}
