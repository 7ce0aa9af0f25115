//! Reads the documents of a source from its files, each checked against size and digest.

use std::io::{self, Read};

use kernels::Kernels;
use recipes::{Digest, Manifest, ManifestFile, Reading};
use serde_json::Value;

use crate::gather_crates;
use crate::inputs::Inputs;
use kitchen::Document;

/// The largest file that is read whole.
const FILE_BYTES_MAX: u64 = 2 << 30;
/// The largest JSON line.
const LINE_BYTES_MAX: usize = 64 << 20;
/// The most that a compressed file may become.
const UNPACKED_BYTES_MAX: u64 = 4 << 30;

/// Why a source cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    #[error("the bytes of `{name}` (`{digest}`) are not here")]
    Missing { name: String, digest: Digest },
    #[error("`{name}` cannot be read: {error}")]
    Read { name: String, error: io::Error },
    #[error("`{name}` hashes to `{found}`, the recipe wants `{wanted}`")]
    Changed { name: String, found: Digest, wanted: Digest },
    #[error("`{name}` has {found} bytes or more, the recipe wants {wanted}")]
    Size { name: String, found: u64, wanted: u64 },
    #[error("`{name}` has more than {max} bytes")]
    Large { name: String, max: u64 },
    #[error("`{name}` is not UTF-8 at byte {at}")]
    Utf8 { name: String, at: usize },
    #[error("`{name}` line {line}: {reason}")]
    Record { name: String, line: u64, reason: String },
    #[error("`{name}` is not a crate archive: {reason}")]
    Archive { name: String, reason: String },
}

/// Reads all documents of a source, files in the manifest's order.
pub fn gather(
    manifest: &Manifest,
    source: u32,
    inputs: &dyn Inputs,
    kernels: &Kernels,
) -> Result<Vec<Document>, GatherError> {
    let read = kernels.map(manifest.files.len(), &|index| {
        documents(&manifest.reading, &manifest.files[index], source, inputs)
    });
    let lists = read.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(lists.into_iter().flatten().collect())
}

fn documents(
    reading: &Reading,
    file: &ManifestFile,
    source: u32,
    inputs: &dyn Inputs,
) -> Result<Vec<Document>, GatherError> {
    let bytes = whole(file, inputs)?;
    let name = &file.name;
    match reading {
        Reading::Text1 {} => {
            let text = utf8(bytes, name)?;
            Ok(vec![Document::new(source, name.clone(), 0, text)])
        }
        Reading::Jsonl1 { text } => jsonl(&bytes, name, text, source),
        Reading::Crates1 {} => gather_crates::documents(&bytes, name, source),
    }
}

/// Reads a file whole and checks that it is the one the recipe names.
fn whole(file: &ManifestFile, inputs: &dyn Inputs) -> Result<Vec<u8>, GatherError> {
    let name = file.name.clone();
    if file.size > FILE_BYTES_MAX {
        return Err(GatherError::Large { name, max: FILE_BYTES_MAX });
    }
    let opened = inputs.open(&file.digest);
    let reader = match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(GatherError::Missing { name, digest: file.digest });
        }
        opened => opened.map_err(|error| GatherError::Read { name: name.clone(), error })?,
    };
    let mut bytes = Vec::with_capacity(file.size as usize);
    let read = reader.take(file.size + 1).read_to_end(&mut bytes);
    read.map_err(|error| GatherError::Read { name: name.clone(), error })?;
    if bytes.len() as u64 != file.size {
        let (found, wanted) = (bytes.len() as u64, file.size);
        return Err(GatherError::Size { name, found, wanted });
    }
    let found = Digest::of(&bytes);
    if found != file.digest {
        return Err(GatherError::Changed { name, found, wanted: file.digest });
    }
    Ok(bytes)
}

fn utf8(bytes: Vec<u8>, name: &str) -> Result<String, GatherError> {
    String::from_utf8(bytes).map_err(|error| GatherError::Utf8 {
        name: name.into(),
        at: error.utf8_error().valid_up_to(),
    })
}

/// Plain bytes, unpacked if the first ones are those of gzip or zstd.
fn unpacked<'a>(bytes: &'a [u8], name: &str) -> Result<std::borrow::Cow<'a, [u8]>, GatherError> {
    let about = |error| GatherError::Read { name: name.into(), error };
    let reader: Box<dyn Read> = match bytes {
        [0x1F, 0x8B, ..] => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            Box::new(zstd::stream::read::Decoder::new(bytes).map_err(about)?)
        }
        _ => return Ok(bytes.into()),
    };
    let mut plain = Vec::new();
    let read = reader.take(UNPACKED_BYTES_MAX + 1).read_to_end(&mut plain).map_err(about)?;
    if read as u64 > UNPACKED_BYTES_MAX {
        return Err(GatherError::Large { name: name.into(), max: UNPACKED_BYTES_MAX });
    }
    Ok(plain.into())
}

/// One document for each line; empty lines are passed over.
fn jsonl(bytes: &[u8], name: &str, field: &str, source: u32) -> Result<Vec<Document>, GatherError> {
    let plain = unpacked(bytes, name)?;
    let mut documents = Vec::new();
    for (index, line) in plain.split(|byte| *byte == b'\n').enumerate() {
        let wrong = |reason: String| GatherError::Record {
            name: name.into(),
            line: index as u64 + 1,
            reason,
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if line.len() > LINE_BYTES_MAX {
            return Err(wrong(format!("more than {LINE_BYTES_MAX} bytes")));
        }
        let record: Value =
            recipes::strict::parse(line).map_err(|error| wrong(format!("not JSON: {error}")))?;
        let text = match record.get(field) {
            Some(Value::String(text)) => text.clone(),
            Some(_) => return Err(wrong(format!("the field `{field}` is not a text"))),
            None => return Err(wrong(format!("there is no field `{field}`"))),
        };
        documents.push(Document::new(source, name.into(), index as u64, text));
    }
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write;

    use super::*;
    use kernels::Tier;

    /// A folder of plain bytes by digest, as a stranger might have it.
    struct Folder(BTreeMap<Digest, Vec<u8>>);

    impl Inputs for Folder {
        fn open(&self, digest: &Digest) -> io::Result<Box<dyn Read + Send>> {
            match self.0.get(digest) {
                Some(bytes) => Ok(Box::new(io::Cursor::new(bytes.clone()))),
                None => Err(io::ErrorKind::NotFound.into()),
            }
        }
    }

    fn gathered(bytes: &[u8], reading: Reading) -> Result<Vec<String>, String> {
        let digest = Digest::of(bytes);
        let files = vec![ManifestFile { name: "f".into(), size: bytes.len() as u64, digest }];
        let manifest = Manifest { reading, licence: None, commit: None, files };
        let folder = Folder(BTreeMap::from([(digest, bytes.to_vec())]));
        let kernels = Kernels::new(Tier::Scalar, 2).expect("kernels");
        let documents = gather(&manifest, 0, &folder, &kernels).map_err(|e| e.to_string())?;
        Ok(documents.into_iter().map(|document| document.text).collect())
    }

    fn jsonl() -> Reading {
        Reading::Jsonl1 { text: "t".into() }
    }

    #[test]
    fn jsonl_reads_the_same_plain_and_packed() {
        let plain = b"{\"t\":\"a\\u2028b\"}\n\n{\"t\":\"c\",\"x\":1}\r\n";
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(plain).expect("packed");
        let wanted = Ok(vec!["a\u{2028}b".to_owned(), "c".to_owned()]);
        assert_eq!(gathered(plain, jsonl()), wanted);
        assert_eq!(gathered(&gzip.finish().expect("packed"), jsonl()), wanted);
        assert_eq!(gathered(&zstd::encode_all(&plain[..], 1).expect("packed"), jsonl()), wanted);
    }

    #[test]
    fn bad_records_are_named_by_their_line() {
        for (bytes, wanted) in [
            (&b"{\"t\":\"a\"}\n{"[..], "`f` line 2: not JSON"),
            (b"{\"u\":\"a\"}", "`f` line 1: there is no field `t`"),
            (b"{\"t\":3}", "`f` line 1: the field `t` is not a text"),
        ] {
            let error = gathered(bytes, jsonl()).expect_err("bad");
            assert!(error.starts_with(wanted), "{error}");
        }
        let error = gathered(b"ab\xFFc", Reading::Text1 {}).expect_err("bad");
        assert_eq!(error, "`f` is not UTF-8 at byte 2");
    }

    #[test]
    fn a_changed_byte_is_found_before_it_is_used() {
        let wanted = Digest::of(b"abc");
        let files = vec![ManifestFile { name: "f".into(), size: 3, digest: wanted }];
        let reading = Reading::Text1 {};
        let manifest = Manifest { reading, licence: None, commit: None, files };
        let folder = Folder(BTreeMap::from([(wanted, b"abd".to_vec())]));
        let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
        let error = gather(&manifest, 0, &folder, &kernels).expect_err("changed");
        assert!(matches!(error, GatherError::Changed { .. }), "{error}");
    }
}
