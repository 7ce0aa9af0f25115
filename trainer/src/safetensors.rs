//! The weights format others load, in one canonical byte form: tensors in name order, one header.
//!
//! Layout: u64 little-endian header length, header JSON (RFC 8785, padded with spaces to a
//! multiple of eight), then the floats of all tensors, little-endian, in name order without gaps.

use std::collections::BTreeMap;

use recipes::canonical;
use safetensors::SafeTensors;
use serde_json::{Map, Value, json};

/// A named array of f32.
#[derive(Clone, Debug, PartialEq)]
pub struct Array<'a> {
    pub sizes: Vec<usize>,
    pub floats: std::borrow::Cow<'a, [f32]>,
}

/// Why bytes are not the file that was wanted.
#[derive(Debug, thiserror::Error)]
pub enum SafetensorsError {
    #[error("not a safetensors file: {0}")]
    Form(String),
    #[error("tensor `{name}` is missing")]
    Missing { name: String },
    #[error("tensor `{name}` has sizes {found:?}, wanted {wanted:?}")]
    Sizes { name: String, found: Vec<usize>, wanted: Vec<usize> },
}

/// Writes tensors; `metadata` values are texts by the format's rule.
pub fn write(tensors: &BTreeMap<String, Array>, metadata: &BTreeMap<String, String>) -> Vec<u8> {
    let mut header = Map::new();
    if !metadata.is_empty() {
        header.insert("__metadata__".into(), json!(metadata));
    }
    let mut end = 0;
    for (name, array) in tensors {
        let start = end;
        end += array.floats.len() * 4;
        let entry = json!({"dtype": "F32", "shape": array.sizes, "data_offsets": [start, end]});
        header.insert(name.clone(), entry);
    }
    let mut text = canonical::to_bytes(&Value::Object(header)).expect("sizes are small integers");
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut bytes = Vec::with_capacity(8 + text.len() + end);
    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&text);
    for array in tensors.values() {
        for float in array.floats.iter() {
            bytes.extend_from_slice(&float.to_le_bytes());
        }
    }
    bytes
}

/// A file read back.
pub struct Read<'a> {
    tensors: SafeTensors<'a>,
    pub metadata: BTreeMap<String, String>,
}

/// Reads a file with the format's own library, which checks offsets and sizes.
pub fn read(bytes: &[u8]) -> Result<Read<'_>, SafetensorsError> {
    let form = |error: safetensors::SafeTensorError| SafetensorsError::Form(error.to_string());
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(form)?;
    let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
    let tensors = SafeTensors::deserialize(bytes).map_err(form)?;
    Ok(Read { tensors, metadata })
}

impl Read<'_> {
    /// The floats of a tensor that must have these sizes.
    pub fn floats(&self, name: &str, wanted: &[usize]) -> Result<Vec<f32>, SafetensorsError> {
        let missing = |_| SafetensorsError::Missing { name: name.into() };
        let view = self.tensors.tensor(name).map_err(missing)?;
        if view.shape() != wanted || view.dtype() != safetensors::Dtype::F32 {
            return Err(SafetensorsError::Sizes {
                name: name.into(),
                found: view.shape().to_vec(),
                wanted: wanted.to_vec(),
            });
        }
        let (chunks, _) = view.data().as_chunks::<4>();
        Ok(chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect())
    }

    /// The sizes of a tensor, if it is there.
    pub fn sizes(&self, name: &str) -> Option<Vec<usize>> {
        self.tensors.tensor(name).ok().map(|view| view.shape().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_by_the_formats_own_library() {
        let array = |sizes: &[usize], floats: Vec<f32>| Array {
            sizes: sizes.to_vec(),
            floats: floats.into(),
        };
        let tensors = BTreeMap::from([
            ("b".to_owned(), array(&[2, 2], vec![1.0, -0.0, 3.5, f32::MIN_POSITIVE])),
            ("a".to_owned(), array(&[1], vec![7.0])),
        ]);
        let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        let bytes = write(&tensors, &metadata);
        let back = read(&bytes).expect("readable");
        assert_eq!(back.metadata, metadata);
        assert_eq!(back.floats("b", &[2, 2]).expect("b"), tensors["b"].floats.to_vec());
        assert!(back.floats("b", &[4]).is_err());
        assert!(back.floats("c", &[4]).is_err());
        assert_eq!(bytes.len() % 4, 0);
        for cut in [0, 4, 9, bytes.len() - 1] {
            assert!(read(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}
