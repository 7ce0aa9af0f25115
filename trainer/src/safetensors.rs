//! The weights format others load, in one canonical byte form: tensors in name order, one header.
//!
//! Layout: u64 little-endian header length, header JSON (RFC 8785, padded with spaces to a
//! multiple of eight), then the floats of all tensors, little-endian, in name order without gaps.

use std::collections::BTreeMap;
use std::io::{self, Write};

use candle_core::Tensor;
use recipes::canonical;
use safetensors::SafeTensors;
use serde_json::{Map, Value, json};

use crate::operations::with_floats;

/// Floats that lie somewhere, to be written without a copy.
#[derive(Clone, Copy)]
pub enum Floats<'a> {
    Slice(&'a [f32]),
    Weight(&'a Tensor),
}

impl Floats<'_> {
    fn len(&self) -> usize {
        match self {
            Floats::Slice(floats) => floats.len(),
            Floats::Weight(weight) => weight.elem_count(),
        }
    }

    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        match self {
            Floats::Slice(floats) => sink.write_all(bytemuck::cast_slice(floats)),
            Floats::Weight(weight) => {
                with_floats(weight, |floats| sink.write_all(bytemuck::cast_slice(floats)))
                    .map_err(io::Error::other)?
            }
        }
    }
}

/// An array of f32 to be written.
#[derive(Clone)]
pub struct Array<'a> {
    pub sizes: Vec<usize>,
    pub floats: Floats<'a>,
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
pub fn write(
    sink: &mut dyn Write,
    tensors: &BTreeMap<String, Array>,
    metadata: &BTreeMap<String, String>,
) -> io::Result<()> {
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
    let mut text = canonical::to_bytes(&Value::Object(header)).map_err(io::Error::other)?;
    text.resize(text.len().next_multiple_of(8), b' ');
    sink.write_all(&(text.len() as u64).to_le_bytes())?;
    sink.write_all(&text)?;
    tensors.values().try_for_each(|array| array.floats.write(sink))
}

/// The bytes that `write` writes.
pub fn to_bytes(tensors: &BTreeMap<String, Array>, metadata: &BTreeMap<String, String>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, tensors, metadata).expect("memory takes all bytes");
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
        let four = [1.0, -0.0, 3.5, f32::MIN_POSITIVE];
        let one = Tensor::new(&[7.0f32], &candle_core::Device::Cpu).expect("a tensor");
        let tensors = BTreeMap::from([
            ("b".to_owned(), Array { sizes: vec![2, 2], floats: Floats::Slice(&four) }),
            ("a".to_owned(), Array { sizes: vec![1], floats: Floats::Weight(&one) }),
        ]);
        let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        let bytes = to_bytes(&tensors, &metadata);
        let back = read(&bytes).expect("readable");
        assert_eq!(back.metadata, metadata);
        assert_eq!(back.floats("b", &[2, 2]).expect("b"), four);
        assert!(back.floats("b", &[4]).is_err());
        assert!(back.floats("c", &[4]).is_err());
        assert_eq!(bytes.len() % 4, 0);
        for cut in [0, 4, 9, bytes.len() - 1] {
            assert!(read(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}
