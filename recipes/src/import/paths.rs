//! Which of our sources a foreign path is.

use serde_json::json;

use super::{Dataset, Import};
use crate::problem::Place;

/// Adds an input, or says why it cannot be one.
pub fn add(import: &mut Import, place: Place, path: &str, text: &str, weight: f64) {
    let lower = path.to_lowercase();
    let reason = if ["s3://", "gs://", "http://", "https://", "hdfs://"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
    {
        "it lies elsewhere; a source is a file, which registering pins by its digest"
    } else if [".csv", ".tsv"].iter().any(|end| lower.ends_with(end)) {
        "its format is not read yet"
    } else if path.chars().any(char::is_control) || path.is_empty() {
        "no path"
    } else {
        import.datasets.push(Dataset { path: path.into(), text: text.into(), weight });
        return;
    };
    import.lose(&format!("input `{path}`"), place, reason);
}

/// The source, as the members of a mapping.
pub fn source(dataset: &Dataset) -> Vec<String> {
    let path = dataset.path.as_str();
    let kind = kind(path);
    let place = match (kind, path.contains(['*', '?', '['])) {
        ("files", false) if !file(path).contains('.') => {
            format!("include: [{}]", json!(format!("{}/**/*.txt", path.trim_end_matches('/'))))
        }
        ("files", _) | (_, true) => format!("include: [{}]", json!(path)),
        _ => format!("path: {}", json!(path)),
    };
    let mut members = vec![format!("kind: {kind}"), place];
    if kind != "files" {
        members.push(format!("text: {}", json!(dataset.text)));
    }
    members
}

/// What a path ends with.
pub fn file(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// The kind of source by the end of a path.
fn kind(path: &str) -> &'static str {
    let lower = path.to_lowercase();
    let bare = [".gz", ".zst", ".gzip"].iter().find_map(|end| lower.strip_suffix(end));
    let is_any = |path: &str, ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
    match bare.unwrap_or(&lower) {
        _ if is_any(&lower, &[".parquet"]) => "parquet",
        bare if is_any(bare, &[".jsonl", ".json", ".ndjson"]) => "jsonl",
        _ => "files",
    }
}
