//! Pins files on disk: glob patterns relative to the recipe, or one file.

use std::io;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use recipes::ManifestFile;
use recipes::recipe::Hold;
use walkdir::WalkDir;

use crate::pin::{Keep, SourceError, kept};

/// Characters that make a path a pattern.
const WILD: [char; 5] = ['*', '?', '[', '{', '\\'];

/// A pattern cut into the folder before its first wildcard and the rest.
struct Pattern {
    text: String,
    folder: PathBuf,
    matcher: GlobMatcher,
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
    let rest = rest.join("/");
    if Path::new(&rest).components().any(|part| part == Component::ParentDir) {
        return Err(wrong("`..` after a wildcard"));
    }
    let folder = plain.iter().fold(folder.to_path_buf(), |folder, part| folder.join(part));
    Ok(Pattern { text: text.into(), folder, matcher: matcher(&rest)? })
}

/// The files that any of the patterns matches, named relative to the folder before the wildcard.
pub fn files(
    folder: &Path,
    include: &[String],
    hold: Hold,
    keep: &mut dyn Keep,
) -> Result<Vec<ManifestFile>, SourceError> {
    let mut found = std::collections::BTreeMap::new();
    for text in include {
        let pattern = pattern(folder, text)?;
        let before = found.len();
        for entry in WalkDir::new(&pattern.folder).sort_by_file_name() {
            let entry = entry.map_err(|error| {
                let path = error.path().unwrap_or(&pattern.folder).to_path_buf();
                SourceError::File { path, error: io::Error::from(error) }
            })?;
            if !entry.file_type().is_file() {
                continue;
            }
            let path = entry.path();
            let relative = path.strip_prefix(&pattern.folder).unwrap_or(path);
            if pattern.matcher.is_match(relative) {
                let name = relative.to_str();
                let name = name.ok_or_else(|| SourceError::Name { path: path.to_path_buf() })?;
                let known = found.insert(path.to_path_buf(), name.to_owned());
                if known.is_some_and(|known| known != name) {
                    return Err(SourceError::Twice { name: name.to_owned() });
                }
            }
        }
        if found.len() == before {
            let (pattern, folder) = (pattern.text, folder.to_path_buf());
            return Err(SourceError::Nothing { pattern, folder });
        }
    }
    found.into_iter().map(|(path, name)| kept(&path, name, hold, keep)).collect()
}

/// One file that must not be empty.
pub fn one(
    path: &Path,
    name: &str,
    hold: Hold,
    keep: &mut dyn Keep,
) -> Result<ManifestFile, SourceError> {
    let file = kept(path, name.to_owned(), hold, keep)?;
    if file.size == 0 {
        return Err(SourceError::Empty { path: path.to_path_buf() });
    }
    Ok(file)
}
