//! Pins files of a git repository at a commit, read from its object store and not its work tree.

use std::path::Path;

use git2::{ObjectType, Repository, TreeWalkMode, TreeWalkResult};
use recipes::ManifestFile;
use recipes::recipe::Hold;

use crate::pin::{Keep, SourceError};
use crate::pin_files::matcher;

/// The mode of a symbolic link in a tree; links are left out, as submodules are.
const LINK: i32 = 0o120_000;

/// The full commit id of a revision and the files that the patterns match there.
pub fn git(
    folder: &Path,
    revision: &str,
    include: &[String],
    hold: Hold,
    keep: &mut dyn Keep,
) -> Result<(String, Vec<ManifestFile>), SourceError> {
    let repository = Repository::discover(folder)?;
    let commit = repository.revparse_single(revision)?.peel_to_commit()?;
    let mut found: Vec<(String, git2::Oid)> = Vec::new();
    let mut unnamed = None;
    let matchers = include.iter().map(|pattern| matcher(pattern)).collect::<Result<Vec<_>, _>>()?;
    let mut matched = vec![false; matchers.len()];
    commit.tree()?.walk(TreeWalkMode::PreOrder, |above, entry| {
        if entry.kind() != Some(ObjectType::Blob) || entry.filemode() == LINK {
            return TreeWalkResult::Ok;
        }
        let Ok(name) = entry.name() else {
            let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
            unnamed = Some(format!("{above}{name}").into());
            return TreeWalkResult::Abort;
        };
        let path = format!("{above}{name}");
        let mut wanted = false;
        for (matcher, matched) in matchers.iter().zip(&mut matched) {
            if matcher.is_match(&path) {
                (wanted, *matched) = (true, true);
            }
        }
        if wanted {
            found.push((path, entry.id()));
        }
        TreeWalkResult::Ok
    })?;
    if let Some(path) = unnamed {
        return Err(SourceError::Name { path });
    }
    if let Some(missed) = matched.iter().position(|matched| !matched) {
        let (pattern, folder) = (include[missed].clone(), folder.to_path_buf());
        return Err(SourceError::Nothing { pattern, folder });
    }
    let mut files = Vec::new();
    for (name, id) in found {
        let blob = repository.find_blob(id)?;
        let about = |error| SourceError::File { path: name.clone().into(), error };
        let (digest, size) = keep.keep_bytes(blob.content(), hold).map_err(about)?;
        files.push(ManifestFile { name, size, digest });
    }
    Ok((commit.id().to_string(), files))
}
