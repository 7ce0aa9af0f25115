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
    keep: &dyn Keep,
) -> Result<(String, Vec<ManifestFile>), SourceError> {
    let repository = Repository::discover(folder)?;
    let commit = repository.revparse_single(revision)?.peel_to_commit()?;
    let mut found: Vec<(String, git2::Oid)> = Vec::new();
    let mut unnamed = None;
    let matchers = include.iter().map(|pattern| matcher(pattern)).collect::<Result<Vec<_>, _>>()?;
    let mut matched = vec![false; matchers.len()];
    let walked = commit.tree()?.walk(TreeWalkMode::PreOrder, |above, entry| {
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
    });
    if let Some(path) = unnamed {
        return Err(SourceError::Name { path });
    }
    walked?;
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Mutex;

    use super::*;
    use recipes::Digest;

    struct Kept(Mutex<Vec<Vec<u8>>>);

    impl Keep for Kept {
        fn keep_file(&self, path: &Path, hold: Hold) -> std::io::Result<(Digest, u64)> {
            self.keep_bytes(&fs::read(path)?, hold)
        }

        fn keep_bytes(&self, bytes: &[u8], _: Hold) -> std::io::Result<(Digest, u64)> {
            self.0.lock().expect("no panic").push(bytes.to_vec());
            Ok((Digest::of(bytes), bytes.len() as u64))
        }
    }

    #[test]
    fn a_commit_gives_its_own_bytes_whatever_the_work_tree_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Repository::init(folder.path()).expect("a repository");
        fs::create_dir(folder.path().join("src")).expect("a folder");
        fs::write(folder.path().join("src/a.rs"), "fn a() {}").expect("a file");
        std::os::unix::fs::symlink("a.rs", folder.path().join("src/link.rs")).expect("a link");
        let mut index = repository.index().expect("an index");
        index.add_all(["."], git2::IndexAddOption::DEFAULT, None).expect("added");
        let tree = repository.find_tree(index.write_tree().expect("a tree")).expect("a tree");
        let who = git2::Signature::new("a", "a@b", &git2::Time::new(0, 0)).expect("a name");
        let id = repository.commit(Some("HEAD"), &who, &who, "m", &tree, &[]).expect("a commit");
        fs::write(folder.path().join("src/a.rs"), "changed").expect("a file");
        let kept = Kept(Mutex::default());
        let include = vec!["**/*.rs".to_owned()];
        let found = git(folder.path(), "HEAD", &include, Hold::Copy, &kept).expect("pinned");
        assert_eq!(found.0, id.to_string());
        let names: Vec<&str> = found.1.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["src/a.rs"]);
        assert_eq!(*kept.0.lock().expect("no panic"), [b"fn a() {}"]);
        let missing = vec!["*.py".to_owned()];
        assert!(git(folder.path(), "HEAD", &missing, Hold::Copy, &kept).is_err());
    }
}
