//! Reads the documents of a source from its files, each checked against size and digest.

use std::io::{self, Read};

use kernels::Kernels;
use recipes::{Digest, Hasher, Manifest, ManifestFile, Reading};

use crate::gather_crates;
use crate::gather_jsonl as jsonl;
use crate::inputs::Inputs;
use kitchen::Document;
use kitchen::spool::BLOCK_BYTES;

/// The largest file that is read whole.
const FILE_BYTES_MAX: u64 = 2 << 30;

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
    #[error("what took the documents failed")]
    Stopped,
}

/// Takes the next documents; `Stopped` ends the reading.
pub type Sink<'s> = dyn FnMut(Vec<Document>) -> Result<(), GatherError> + 's;

/// Reads all documents of a source, files in the manifest's order, and gives them on in blocks.
///
/// JSONL is read as it streams, so a file's digest is known only when its documents are through:
/// an error means that none of them may be used.
pub fn gather(
    manifest: &Manifest,
    source: u32,
    inputs: &dyn Inputs,
    kernels: &Kernels,
    sink: &mut Sink,
) -> Result<(), GatherError> {
    if let Reading::Jsonl1 { text } = &manifest.reading {
        let mut open = |file| {
            let reading = jsonl::Jsonl { field: text, source, file };
            reading.read(Checked::open(file, inputs)?, kernels, sink)
        };
        return manifest.files.iter().try_for_each(&mut open);
    }
    let mut files = manifest.files.as_slice();
    while !files.is_empty() {
        let (group, rest) = files.split_at(group(files));
        let read = kernels
            .map(group.len(), &|index| documents(&manifest.reading, &group[index], source, inputs));
        let lists = read.into_iter().collect::<Result<Vec<_>, _>>()?;
        sink(lists.into_iter().flatten().collect())?;
        files = rest;
    }
    Ok(())
}

/// How many files are read together: as many as a block has bytes, and one at least.
fn group(files: &[ManifestFile]) -> usize {
    let mut bytes = 0;
    let fits = |file: &&ManifestFile| {
        bytes += file.size;
        bytes <= BLOCK_BYTES as u64
    };
    files.iter().take_while(fits).count().max(1)
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
        Reading::Jsonl1 { .. } => unreachable!("read as it streams"),
        Reading::Crates1 {} => gather_crates::documents(&bytes, name, source),
    }
}

/// Reads a file whole and checks that it is the one the recipe names.
fn whole(file: &ManifestFile, inputs: &dyn Inputs) -> Result<Vec<u8>, GatherError> {
    if file.size > FILE_BYTES_MAX {
        return Err(GatherError::Large { name: file.name.clone(), max: FILE_BYTES_MAX });
    }
    let mut checked = Checked::open(file, inputs)?;
    let mut bytes = Vec::with_capacity(file.size as usize);
    let read = checked.read_to_end(&mut bytes);
    read.map_err(|error| GatherError::Read { name: file.name.clone(), error })?;
    checked.finish()?;
    Ok(bytes)
}

/// A file's bytes, hashed on the way.
pub(crate) struct Checked<'f> {
    file: &'f ManifestFile,
    reader: io::Take<Box<dyn Read + Send>>,
    hasher: Hasher,
    size: u64,
}

impl<'f> Checked<'f> {
    fn open(file: &'f ManifestFile, inputs: &dyn Inputs) -> Result<Checked<'f>, GatherError> {
        let name = || file.name.clone();
        let reader = inputs.open(&file.digest).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => GatherError::Missing { name: name(), digest: file.digest },
            _ => GatherError::Read { name: name(), error },
        })?;
        Ok(Checked { file, reader: reader.take(file.size + 1), hasher: Hasher::new(), size: 0 })
    }

    /// Checks that the bytes were the ones that the recipe names; reads what is left of them.
    pub(crate) fn finish(mut self) -> Result<(), GatherError> {
        let name = self.file.name.clone();
        if let Err(error) = io::copy(&mut self, &mut io::sink()) {
            return Err(GatherError::Read { name, error });
        }
        if self.size != self.file.size {
            return Err(GatherError::Size { name, found: self.size, wanted: self.file.size });
        }
        match (self.hasher.finish(), self.file.digest) {
            (found, wanted) if found == wanted => Ok(()),
            (found, wanted) => Err(GatherError::Changed { name, found, wanted }),
        }
    }
}

impl Read for Checked<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(bytes)?;
        self.hasher.update(&bytes[..read]);
        self.size += read as u64;
        Ok(read)
    }
}

fn utf8(bytes: Vec<u8>, name: &str) -> Result<String, GatherError> {
    String::from_utf8(bytes).map_err(|error| GatherError::Utf8 {
        name: name.into(),
        at: error.utf8_error().valid_up_to(),
    })
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
        let mut texts = Vec::new();
        let gathered = gather(&manifest, 0, &folder, &kernels, &mut |documents| {
            texts.extend(documents.into_iter().map(|document| document.text));
            Ok(())
        });
        gathered.map(|()| texts).map_err(|error| error.to_string())
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
        let error = gather(&manifest, 0, &folder, &kernels, &mut |_| Ok(()));
        assert!(matches!(error, Err(GatherError::Changed { .. })), "{error:?}");
    }
}
