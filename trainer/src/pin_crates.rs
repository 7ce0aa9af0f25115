//! Pins the crates of a lock file: the archives in cargo's cache, each with the lock's checksum.
//!
//! Packages without a checksum (the workspace's own, and those from git) are left out. The digest
//! of a file in the manifest is the checksum in the lock file, so anyone can compare the two.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;
use recipes::recipe::Hold;
use recipes::{Digest, ManifestFile};
use serde::Deserialize;

use crate::pin::{Keep, SourceError, kept};

/// The largest lock file that is read.
const LOCK_BYTES_MAX: u64 = 64 << 20;

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    checksum: Option<String>,
}

fn lock(path: &Path) -> Result<Lock, SourceError> {
    let about = |error| SourceError::File { path: path.to_path_buf(), error };
    let wrong = |reason: String| SourceError::Lock { path: path.to_path_buf(), reason };
    if std::fs::metadata(path).map_err(about)?.len() > LOCK_BYTES_MAX {
        return Err(wrong(format!("more than {LOCK_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(about)?;
    toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))
}

/// Where cargo unpacked each package: `registry/src/<index>/<name>-<version>`.
fn unpacked(folder: &Path) -> Result<BTreeMap<(String, String), PathBuf>, SourceError> {
    let metadata = MetadataCommand::new()
        .manifest_path(folder.join("Cargo.toml"))
        .other_options(["--locked", "--all-features"].map(str::to_owned))
        .exec()
        .map_err(|error| SourceError::Cargo(error.to_string().trim().to_owned()))?;
    let places = metadata.packages.into_iter().filter_map(|package| {
        let folder = package.manifest_path.parent()?.as_std_path().to_path_buf();
        Some(((package.name.to_string(), package.version.to_string()), folder))
    });
    Ok(places.collect())
}

/// The archive beside an unpacked package: `registry/cache/<index>/<name>-<version>.crate`.
fn archive(unpacked: &Path, file: &str) -> Option<PathBuf> {
    let index = unpacked.parent()?;
    let registry = index.parent()?.parent()?;
    Some(registry.join("cache").join(index.file_name()?).join(file))
}

/// The archives of all packages that have a checksum.
pub fn crates(path: &Path, hold: Hold, keep: &dyn Keep) -> Result<Vec<ManifestFile>, SourceError> {
    let lock = lock(path)?;
    let unpacked = unpacked(path.parent().unwrap_or(Path::new(".")))?;
    let (mut files, mut checksums) = (Vec::new(), Vec::new());
    for Package { name, version, checksum } in lock.package {
        let Some(checksum) = checksum else { continue };
        let wanted = Digest::from_hex(&checksum).map_err(|error| SourceError::Lock {
            path: path.to_path_buf(),
            reason: format!("crate `{name}`: {error}"),
        })?;
        let file_name = format!("{name}-{version}.crate");
        let place = unpacked.get(&(name.clone(), version));
        let Some(path) = place.and_then(|place| archive(place, &file_name)) else {
            return Err(SourceError::Unlisted { name: file_name });
        };
        if !path.is_file() {
            return Err(SourceError::Archive { name: file_name, path });
        }
        files.push((path, file_name));
        checksums.push((name, wanted));
    }
    let files = kept(&files, hold, keep)?;
    for (file, (name, wanted)) in files.iter().zip(checksums) {
        if file.digest != wanted {
            return Err(SourceError::Checksum { name, found: file.digest, wanted });
        }
    }
    if files.is_empty() {
        return Err(SourceError::Empty { path: path.to_path_buf() });
    }
    Ok(files)
}
