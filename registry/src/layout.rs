//! What lies where in a registry's folder, and `ingot.toml`, which makes a folder a registry.
//!
//! `FORMAT.md` defines both.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use recipes::Digest;

use crate::disk::Disk;
use crate::error::RegistryError;

/// The newest format that this program reads, and the one it writes.
pub const FORMAT: u64 = 1;

/// The name a registry's folder has inside a project.
pub const FOLDER: &str = ".ingot";

/// Paths inside one registry.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The registry's folder, absolute.
    pub folder: PathBuf,
}

impl Layout {
    /// The layout of a folder.
    pub fn new(folder: &Path) -> Layout {
        Layout { folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf()) }
    }

    pub fn settings(&self) -> PathBuf {
        self.folder.join("ingot.toml")
    }

    pub fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    pub fn blobs(&self) -> PathBuf {
        self.folder.join("blobs")
    }

    pub fn index(&self) -> PathBuf {
        self.folder.join("index")
    }

    pub fn work(&self) -> PathBuf {
        self.folder.join("work")
    }

    /// Held by the process that owns the index; its text is that process's number.
    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// Where that process answers the others.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Whether the folder is a registry.
    pub fn exists(&self) -> bool {
        self.settings().is_file()
    }

    /// A path as people see it: from the registry's folder.
    pub fn place(&self, path: &Path) -> String {
        path.strip_prefix(&self.folder).unwrap_or(path).display().to_string()
    }

    /// Makes the folders of a registry.
    pub fn create_folders(&self, disk: &dyn Disk) -> Result<(), RegistryError> {
        let folders = [self.journal(), self.blobs(), self.blobs().join("sha256"), self.work()];
        for folder in folders {
            disk.create_folder(&folder).map_err(|error| RegistryError::file(&folder, error))?;
        }
        let parent = self.folder.parent().unwrap_or(&self.folder);
        for folder in [self.blobs().as_path(), self.folder.as_path(), parent] {
            disk.sync_folder(folder).map_err(|error| RegistryError::file(folder, error))?;
        }
        Ok(())
    }

    /// Writes `ingot.toml`: the last thing that makes a folder a registry.
    pub fn write_settings(&self, disk: &dyn Disk, id: &str) -> Result<(), RegistryError> {
        let text = format!("# A registry of Ingot.\nformat = {FORMAT}\nid = \"{id}\"\n");
        let (path, partial) = (self.settings(), self.folder.join("ingot.toml.partial"));
        let written = disk
            .write_at(&partial, 0, text.as_bytes())
            .and_then(|()| disk.sync(&partial))
            .and_then(|()| disk.rename(&partial, &path))
            .and_then(|()| disk.sync_folder(&self.folder));
        written.map_err(|error| RegistryError::file(&path, error))
    }

    /// Reads `ingot.toml` and gives the registry's id.
    pub fn read_settings(&self, disk: &dyn Disk) -> Result<String, RegistryError> {
        let path = self.settings();
        let mut bytes = vec![0; 1 << 16];
        let size = match disk.read_at(&path, 0, &mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RegistryError::Missing(self.folder.clone()));
            }
            read => read.map_err(|error| RegistryError::file(&path, error))?,
        };
        let text = String::from_utf8_lossy(&bytes[..size]);
        let (format, id) = parse(&path, &text)?;
        match format {
            FORMAT => Ok(id),
            found => {
                let folder = self.folder.clone();
                Err(RegistryError::Newer { folder, found, wanted: FORMAT })
            }
        }
    }
}

/// Finds the nearest registry from a folder upwards, as git does.
pub fn locate(start: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(start).ok()?;
    start.ancestors().find_map(|folder| {
        let inside = Layout::new(&folder.join(FOLDER));
        if inside.exists() {
            return Some(inside.folder);
        }
        let itself = Layout::new(folder);
        (itself.exists() && itself.journal().is_dir()).then_some(itself.folder)
    })
}

/// The registry whose own folder contains a path.
pub fn registry_around(folder: &Path) -> Option<PathBuf> {
    let folder = std::path::absolute(folder).ok()?;
    let outer = folder.ancestors().skip(1).map(Layout::new);
    outer.into_iter().find(|l| l.exists() && l.journal().is_dir()).map(|layout| layout.folder)
}

/// A text that no other process, call or registry has.
pub fn fresh_name() -> Result<String, RegistryError> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0; 16];
    let opened = fs::File::open(path);
    opened
        .and_then(|mut file| io::Read::read_exact(&mut file, &mut bytes))
        .map_err(|error| RegistryError::file(path, error))?;
    Ok(recipes::hex(&bytes))
}

fn parse(path: &Path, text: &str) -> Result<(u64, String), RegistryError> {
    let (mut format, mut id) = (None, None);
    for (number, line) in text.lines().enumerate() {
        let wrong = |wanted| RegistryError::Settings {
            path: path.to_path_buf(),
            line: number + 1,
            found: line.chars().take(80).collect(),
            wanted,
        };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').ok_or_else(|| wrong("`key = value`"))?;
        match key.trim() {
            "format" => {
                let number = value.trim().parse().map_err(|_| wrong("a whole number"))?;
                format = Some(number);
                if number > FORMAT {
                    return Ok((number, String::new()));
                }
            }
            "id" => {
                let text = value.trim().trim_matches('"');
                let hex = text.len() == 32 && Digest::from_hex(&text.repeat(2)).is_ok();
                id = Some(hex.then(|| text.to_owned()).ok_or_else(|| wrong("32 hex digits"))?);
            }
            _ => return Err(wrong("`format` or `id`")),
        }
    }
    let end = |wanted| RegistryError::Settings {
        path: path.to_path_buf(),
        line: text.lines().count() + 1,
        found: String::new(),
        wanted,
    };
    Ok((format.ok_or_else(|| end("`format`"))?, id.ok_or_else(|| end("`id`"))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &str) {
        let found = match parse(Path::new("ingot.toml"), text) {
            Ok((format, id)) => format!("{format} {id}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, wanted, "{text}");
    }

    #[test]
    fn only_settings_that_are_understood_are_read() {
        let id = "0123456789abcdef0123456789abcdef";
        check(&format!("# x\nformat = 1\nid = \"{id}\"\n"), &format!("1 {id}"));
        check("format = 2\nwhatever comes\n", "2 ");
        check("", "`ingot.toml` line 1 is ``, wanted `format`");
        check("format = 1\n", "`ingot.toml` line 2 is ``, wanted `id`");
        check("format = x", "`ingot.toml` line 1 is `format = x`, wanted a whole number");
        check(
            "format = 1\nid = \"12\"",
            "`ingot.toml` line 2 is `id = \"12\"`, wanted 32 hex digits",
        );
        check("[x]", "`ingot.toml` line 1 is `[x]`, wanted `key = value`");
    }
}
