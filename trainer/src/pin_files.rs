//! Pins files on disk: glob patterns relative to the recipe, or one file.

use std::io;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use recipes::ManifestFile;
use recipes::recipe::Hold;
use walkdir::{DirEntry, WalkDir};

use crate::pin::{Keep, Named, SourceError, kept};

/// Characters that make a path a pattern.
const WILD: [char; 5] = ['*', '?', '[', '{', '\\'];

/// A pattern cut into the folder before its first wildcard and the rest.
struct Pattern {
    text: String,
    folder: PathBuf,
    matcher: GlobMatcher,
    /// How deep a match can lie below the folder.
    depth: usize,
}

/// Whether an entry is a registry's or a repository's own folder, which no pattern reaches.
fn is_ours(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    entry.depth() > 0 && entry.file_type().is_dir() && (name == ".ingot" || name == ".git")
}

/// Compiles a pattern in which `*` does not cross a `/` and `**` does.
pub(crate) fn matcher(pattern: &str) -> Result<GlobMatcher, SourceError> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| SourceError::Pattern {
        pattern: pattern.into(),
        reason: error.kind().to_string(),
    })
}

fn pattern(folder: &Path, text: &str) -> Result<Pattern, SourceError> {
    let wrong = |reason: &str| SourceError::Pattern { pattern: text.into(), reason: reason.into() };
    if Path::new(text).is_absolute() {
        return Err(wrong("absolute; patterns are relative to the recipe's folder"));
    }
    let parts: Vec<&str> = text.split('/').collect();
    let wild = parts.iter().position(|part| part.contains(WILD)).unwrap_or(parts.len() - 1);
    let (plain, rest) = parts.split_at(wild);
    let depth = if rest.contains(&"**") { usize::MAX } else { rest.len() };
    let rest = rest.join("/");
    if Path::new(&rest).components().any(|part| part == Component::ParentDir) {
        return Err(wrong("`..` after a wildcard"));
    }
    let folder = plain.iter().fold(folder.to_path_buf(), |folder, part| folder.join(part));
    Ok(Pattern { text: text.into(), folder, matcher: matcher(&rest)?, depth })
}

/// The files that any of the patterns matches, named relative to the folder before the wildcard.
pub fn files(
    folder: &Path,
    include: &[String],
    hold: Hold,
    keep: &dyn Keep,
) -> Result<Vec<ManifestFile>, SourceError> {
    let mut found = std::collections::BTreeMap::new();
    for text in include {
        let pattern = pattern(folder, text)?;
        let mut matched = false;
        let walk = WalkDir::new(&pattern.folder).sort_by_file_name().max_depth(pattern.depth);
        for entry in walk.into_iter().filter_entry(|entry| !is_ours(entry)) {
            let entry = entry.map_err(|error| {
                let path = error.path().unwrap_or(&pattern.folder).to_path_buf();
                let error = error.into_io_error().unwrap_or_else(|| io::ErrorKind::Other.into());
                SourceError::File { path, error }
            })?;
            if !entry.file_type().is_file() {
                continue;
            }
            let path = entry.path();
            let relative = path.strip_prefix(&pattern.folder).unwrap_or(path);
            if pattern.matcher.is_match(relative) {
                let name = relative.to_str();
                let name = name.ok_or_else(|| SourceError::Name { path: path.to_path_buf() })?;
                matched = true;
                let known = found.insert(path.to_path_buf(), name.to_owned());
                if known.is_some_and(|known| known != name) {
                    return Err(SourceError::Twice { name: name.to_owned() });
                }
            }
        }
        if !matched {
            let (pattern, folder) = (pattern.text, folder.to_path_buf());
            return Err(SourceError::Nothing { pattern, folder });
        }
    }
    kept(&found.into_iter().collect::<Vec<Named>>(), hold, keep)
}

/// One file that must not be empty.
pub fn one(
    path: &Path,
    name: &str,
    hold: Hold,
    keep: &dyn Keep,
) -> Result<Vec<ManifestFile>, SourceError> {
    let files = kept(&[(path.to_path_buf(), name.to_owned())], hold, keep)?;
    if files.iter().any(|file| file.size == 0) {
        return Err(SourceError::Empty { path: path.to_path_buf() });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use recipes::Digest;

    struct Names;

    impl Keep for Names {
        fn keep_file(&self, path: &Path, _: Hold) -> io::Result<(Digest, u64)> {
            let bytes = fs::read(path)?;
            Ok((Digest::of(&bytes), bytes.len() as u64))
        }

        fn keep_bytes(&self, bytes: &[u8], _: Hold) -> io::Result<(Digest, u64)> {
            Ok((Digest::of(bytes), bytes.len() as u64))
        }
    }

    fn found(include: &[&str]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        for path in ["t/a.txt", "t/deep/b.txt", "t/c.md", ".ingot/j.txt", "top.txt"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, "text").expect("a file");
        }
        let include: Vec<String> = include.iter().map(|pattern| (*pattern).to_owned()).collect();
        let files = files(folder.path(), &include, Hold::Copy, &Names);
        let files = files.map_err(|error| error.to_string())?;
        Ok(files.into_iter().map(|file| file.name).collect())
    }

    #[test]
    fn names_are_relative_to_the_folder_before_the_wildcard() {
        assert_eq!(found(&["t/**/*.txt"]), Ok(vec!["a.txt".into(), "deep/b.txt".into()]));
        assert_eq!(found(&["t/*.txt"]), Ok(vec!["a.txt".into()]));
        assert_eq!(found(&["t/a.txt", "t/*.txt"]), Ok(vec!["a.txt".into()]));
    }

    #[test]
    fn a_registry_in_the_folder_is_not_a_source() {
        let names = found(&["**/*.txt"]).expect("files");
        assert_eq!(names, ["t/a.txt", "t/deep/b.txt", "top.txt"]);
    }

    #[test]
    fn patterns_that_match_nothing_or_reach_outside_are_named() {
        for (pattern, wanted) in [
            ("t/*.rs", "`t/*.rs` matches no file"),
            ("/etc/*", "absolute"),
            ("t/*/../x", "`..` after a wildcard"),
            ("t/[", "not a pattern"),
        ] {
            let error = found(&[pattern]).expect_err("refused");
            assert!(error.contains(wanted), "{error}");
        }
    }
}
