//! A pinned recipe as YAML for reading, its five parts with their digests.

use serde_json::json;

use crate::canonical::is_default;
use crate::digest::Digest;
use crate::object::ObjectError;
use crate::pinned::Pinned;

/// Writes the recipe out; sources by kind, number of files, bytes and commit.
pub fn show(pinned: &Pinned) -> String {
    let sources: serde_json::Map<_, _> = pinned
        .sources
        .iter()
        .map(|(name, manifest)| {
            let bytes: u64 = manifest.files.iter().map(|file| file.size).sum();
            let mut view = json!({
                "reading": manifest.reading, "files": manifest.files.len(), "bytes": bytes,
            });
            if let Some(commit) = &manifest.commit {
                view["commit"] = json!(commit);
            }
            if let Some(licence) = &manifest.licence {
                view["licence"] = json!(licence);
            }
            if !is_default(&manifest.on_error) {
                view["on_error"] = json!(manifest.on_error);
            }
            (name.clone(), view)
        })
        .collect();
    let part = |title: &str, value: serde_json::Value| {
        let text = serde_yaml::to_string(&value).unwrap_or_default();
        format!("# {title}\n{text}")
    };
    [
        part(
            "formula",
            json!({"sources": sources, "formula": pinned.formula, "held_out": pinned.held_out}),
        ),
        part("cleaning", json!({"cleaning": pinned.cleaning})),
        part("hyperparameters", json!({"tokenizer": pinned.tokenizer, "model": pinned.model})),
        part(
            "process",
            json!({
                "stages": pinned.stages, "seed": pinned.seed, "arithmetic": pinned.arithmetic,
            }),
        ),
        part("quality", json!({"quality": pinned.quality})),
    ]
    .join("\n")
}

impl Pinned {
    /// The digest of the recipe object.
    pub fn digest(&self) -> Result<Digest, ObjectError> {
        Ok(self.objects()?.recipe.digest())
    }

    /// The digest of the formula object.
    pub fn formula_digest(&self) -> Result<Digest, ObjectError> {
        let objects = self.objects()?;
        let formula = objects.parts.iter().find(|part| part.kind() == "ingot/formula@1");
        Ok(formula.map_or(objects.recipe.digest(), |part| part.digest()))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_reader_agrees_with_another_yaml_library() {
        let text = include_str!("../vectors/crate-prose.yaml");
        let ours = crate::tree::read(text).expect("a tree").json();
        let theirs: serde_json::Value = serde_yaml::from_str(text).expect("YAML");
        assert_eq!(ours, theirs);
    }
}
