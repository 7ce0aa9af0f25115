//! Which of our sources a foreign path is.

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
    } else if path.contains(['*', '?']) && is_jsonl(&lower) {
        "a pattern of JSONL files; a `jsonl` source is one file"
    } else if lower.ends_with(".parquet") || lower.ends_with(".csv") || lower.ends_with(".tsv") {
        "its format is not read yet"
    } else if path.chars().any(char::is_control) || path.is_empty() {
        "no path"
    } else {
        import.datasets.push(Dataset { path: path.into(), text: text.into(), weight });
        return;
    };
    import.lose(&format!("input `{path}`"), place, reason);
}

/// Whether a path is one of JSON lines.
pub fn is_jsonl(path: &str) -> bool {
    let lower = path.to_lowercase();
    let bare = [".gz", ".zst", ".gzip"].iter().find_map(|end| lower.strip_suffix(end));
    let bare = bare.unwrap_or(&lower);
    bare.ends_with(".jsonl") || bare.ends_with(".json") || bare.ends_with(".ndjson")
}
