//! The key of a step: what was done to what, so that equal keys promise equal results.

use recipes::{Digest, Hasher, canonical};
use serde::Serialize;
use serde_json::json;

/// The digest of `{"inputs":…,"parameters":…,"step":…}`; `operation` carries its version.
pub fn key<P: Serialize + ?Sized>(operation: &str, parameters: &P, inputs: &[Digest]) -> Digest {
    let record = json!({"step": operation, "parameters": parameters, "inputs": inputs});
    Digest::of(&canonical::to_bytes(&record).expect("parameters came from canonical objects"))
}

/// The digest of a result that has two digests.
pub fn together(first: &Digest, second: &Digest) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(first.as_bytes());
    hasher.update(second.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_parameters_and_inputs_each_change_the_key() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let keys = [
            key("x@1", &1, &[a, b]),
            key("x@2", &1, &[a, b]),
            key("x@1", &2, &[a, b]),
            key("x@1", &1, &[b, a]),
        ];
        for (i, left) in keys.iter().enumerate() {
            assert!(keys[i + 1..].iter().all(|right| right != left));
        }
    }
}
