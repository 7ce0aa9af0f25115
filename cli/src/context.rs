//! What every command works with: its options, the world, and the registry once it is open.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recipes::Digest;
use registry::Registry;
use serde_json::Value;

use crate::failure::EXIT_CANNOT;
use crate::{Common, Failure, World};

/// The folder a registry gets when nobody says otherwise.
pub const FOLDER: &str = ".ingot";

/// A command at work.
pub struct Context<'w> {
    pub common: Common,
    pub world: &'w mut World,
}

impl<'w> Context<'w> {
    /// Starts a command.
    pub fn new(common: Common, world: &'w mut World) -> Context<'w> {
        Context { common, world }
    }

    /// Prints one line of data.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<(), Failure> {
        Ok(writeln!(self.world.out, "{}", text.as_ref())?)
    }

    /// Prints one JSON object as a line of data.
    pub fn json(&mut self, value: &Value) -> Result<(), Failure> {
        self.line(value.to_string())
    }

    /// Prints bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.world.out.write_all(bytes)?;
        Ok(self.world.out.flush()?)
    }

    /// Tells a person something that is not data.
    pub fn note(&mut self, text: impl AsRef<str>) {
        let text = text.as_ref();
        let _ = if self.common.json {
            writeln!(self.world.err, "{}", serde_json::json!({"kind": "note", "message": text}))
        } else {
            writeln!(self.world.err, "{text}")
        };
    }

    /// Prints a failure and gives its exit code.
    pub fn report(&mut self, failure: &Failure) -> u8 {
        if failure.exit == crate::EXIT_YES {
            return failure.exit;
        }
        let err = &mut self.world.err;
        let _ = match (&failure.drawn, self.common.json) {
            (_, true) => writeln!(err, "{}", failure.json()),
            (Some(drawn), false) => writeln!(err, "{}", drawn.trim_end()),
            (None, false) => writeln!(err, "error: {}", failure.message),
        };
        if !self.common.json {
            for hint in &failure.hints {
                let _ = writeln!(err, "hint: {hint}");
            }
        }
        failure.exit.max(EXIT_CANNOT)
    }

    /// A digest as people see it: eight digits, or all of them.
    pub fn digest(&self, digest: &Digest) -> String {
        if self.common.full { digest.to_string() } else { digest.short() }
    }

    /// Who acts.
    pub fn actor(&self) -> String {
        self.common.actor.clone().unwrap_or_else(|| self.world.actor())
    }

    /// A path from the command line.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.world.folder.join(path)
    }

    /// The registry's folder, whether it exists or not; the second value says that it does.
    pub fn registry_folder(&self) -> (PathBuf, bool) {
        let named = self.common.registry.clone().or_else(|| {
            let value = self.world.environment.get("INGOT_REGISTRY")?;
            (!value.is_empty()).then(|| PathBuf::from(value))
        });
        if let Some(folder) = named {
            let folder = self.path(&folder);
            let exists = folder.join("ingot.toml").exists();
            return (folder, exists);
        }
        match Registry::locate(&self.world.folder) {
            Some(folder) => (folder, true),
            None => (self.world.folder.join(FOLDER), false),
        }
    }

    /// Opens the registry; it must exist.
    pub fn registry(&mut self) -> Result<Arc<Registry>, Failure> {
        let (folder, exists) = self.registry_folder();
        if !exists {
            return Err(Failure::new(format!("no registry at `{}`", folder.display()))
                .hint("`ingot init` makes one here; `--registry DIR` names another"));
        }
        let err = self.world.err.clone();
        let say = move |text: &str| drop(writeln!(err.clone(), "{text}"));
        let registry = Registry::open_saying(&folder, Arc::new(say))?;
        for notice in registry.notices() {
            self.note(format!("note: {notice}"));
        }
        Ok(Arc::new(registry))
    }

    /// Opens the registry, or makes it first.
    pub fn registry_or_new(&mut self) -> Result<Arc<Registry>, Failure> {
        let (folder, exists) = self.registry_folder();
        if exists {
            return self.registry();
        }
        let (time, actor) = ((self.world.clock)(), self.actor());
        let registry = Registry::open_or_create(&folder, &time, &actor)?;
        self.note(format!("registry   {}  made", folder.display()));
        Ok(Arc::new(registry))
    }
}
