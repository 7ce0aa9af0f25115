//! Reads the documents of a source from its files, each checked against size and digest.

use std::io::{self, Read};
use std::sync::Arc;

use kernels::Kernels;
use kitchen::Document;
use kitchen::spool::{BLOCK_BYTES, BLOCK_DOCUMENTS};
use recipes::recipe::OnError;
use recipes::{Digest, Hasher, Manifest, ManifestFile, Reading};

use crate::found::{Bad, Found, Origin, Place, Sink};
use crate::inputs::Inputs;
use crate::read_jsonl::Fields;
use crate::{charset, gather_crates, read_jsonl, read_parquet, read_warc};

/// The largest file that is read whole.
const FILE_BYTES_MAX: u64 = 2 << 30;
/// The most bad records of a source that are kept aside.
const BAD_RECORDS_MAX: usize = 100_000;

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
    #[error("`{name}`{place} {reason}")]
    Record { name: String, place: Place, reason: String },
    #[error("more than {max} records cannot be read; the last of them: {last}")]
    ManyBad { max: usize, last: Box<GatherError> },
    #[error("what took the documents failed")]
    Stopped,
}

impl GatherError {
    /// The name of the file that the error is about, to be made one that the reader knows.
    pub fn name_mut(&mut self) -> Option<&mut String> {
        match self {
            GatherError::Missing { name, .. }
            | GatherError::Read { name, .. }
            | GatherError::Changed { name, .. }
            | GatherError::Size { name, .. }
            | GatherError::Large { name, .. }
            | GatherError::Record { name, .. } => Some(name),
            GatherError::ManyBad { last, .. } => last.name_mut(),
            GatherError::Stopped => None,
        }
    }
}

/// Takes the next documents; `Stopped` ends the reading.
pub type TakeBlock<'s> = dyn FnMut(Vec<Document>) -> Result<(), GatherError> + 's;

/// What did not become a document.
#[derive(Debug, Default)]
pub struct Aside {
    /// The records that were kept aside.
    pub bad: Vec<Bad>,
    /// Records that are none of those that the reading takes.
    pub passed_over: u64,
}

/// What is found, made into blocks of documents.
struct Blocks<'b, 's> {
    on_error: OnError,
    /// Of documents that name none of their own.
    licence: Option<Arc<str>>,
    take: &'b mut TakeBlock<'s>,
    block: Vec<Document>,
    bytes: usize,
    aside: Aside,
}

impl Blocks<'_, '_> {
    fn found(&mut self, found: Found) -> Result<(), GatherError> {
        match found {
            Found::Document(mut document) => {
                if document.about.licence.is_none() {
                    document.about.licence = self.licence.clone();
                }
                self.bytes += document.text.len();
                self.block.push(document);
                if self.bytes >= BLOCK_BYTES || self.block.len() >= BLOCK_DOCUMENTS {
                    self.give()?;
                }
            }
            Found::PassedOver => self.aside.passed_over += 1,
            Found::Bad(bad) if self.on_error == OnError::Fail => {
                return Err(bad.into_error());
            }
            Found::Bad(bad) if self.aside.bad.len() == BAD_RECORDS_MAX => {
                let last = Box::new(bad.into_error());
                return Err(GatherError::ManyBad { max: BAD_RECORDS_MAX, last });
            }
            Found::Bad(bad) => self.aside.bad.push(bad),
        }
        Ok(())
    }

    fn give(&mut self) -> Result<(), GatherError> {
        self.bytes = 0;
        match std::mem::take(&mut self.block) {
            block if block.is_empty() => Ok(()),
            block => (self.take)(block),
        }
    }
}

/// Reads all documents of a source, files in the manifest's order, and gives them on in blocks.
///
/// JSONL and web archives are read as they stream, so a file's digest is known only when its
/// documents are through: an error means that none of them may be used.
pub fn gather(
    manifest: &Manifest,
    source: u32,
    inputs: &dyn Inputs,
    kernels: &Kernels,
    take: &mut TakeBlock,
) -> Result<Aside, GatherError> {
    let (block, aside) = (Vec::new(), Aside::default());
    let (on_error, licence) = (manifest.on_error, manifest.licence.as_deref().map(Arc::from));
    let mut blocks = Blocks { on_error, licence, take, block, bytes: 0, aside };
    let mut files = manifest.files.as_slice();
    while let Some((first, others)) = files.split_first() {
        let origin = Origin { source, name: &first.name };
        if streams(&manifest.reading) {
            let mut checked = Checked::open(first, inputs)?;
            let read = stream(&manifest.reading, origin, &mut checked, kernels, &mut |found| {
                blocks.found(found)
            });
            if matches!(read, Err(GatherError::Stopped)) {
                return Err(GatherError::Stopped);
            }
            // What is wrong with the bytes themselves comes before what they seem to say.
            checked.finish().and(read)?;
            files = others;
            continue;
        }
        if let Reading::Parquet1 { text, url_field, licence_field } = &manifest.reading {
            let fields = fields(text, url_field, licence_field);
            let bytes = whole(first, inputs)?;
            read_parquet::documents(origin, fields, bytes, &mut |found| blocks.found(found))?;
            files = others;
            continue;
        }
        let (group, rest) = files.split_at(group(files));
        let read = kernels
            .map(group.len(), &|index| small(&manifest.reading, &group[index], source, inputs));
        for found in read {
            found?.into_iter().try_for_each(|found| blocks.found(found))?;
        }
        files = rest;
    }
    blocks.give()?;
    Ok(blocks.aside)
}

fn streams(reading: &Reading) -> bool {
    matches!(reading, Reading::Jsonl1 { .. } | Reading::Warc1 { .. })
}

fn fields<'f>(text: &'f str, url: &'f Option<String>, licence: &'f Option<String>) -> Fields<'f> {
    Fields { text, url: url.as_deref(), licence: licence.as_deref() }
}

/// Reads a file as it streams.
fn stream(
    reading: &Reading,
    origin: Origin,
    checked: &mut Checked,
    kernels: &Kernels,
    sink: &mut Sink,
) -> Result<(), GatherError> {
    match reading {
        Reading::Jsonl1 { text, url_field, licence_field } => {
            let fields = fields(text, url_field, licence_field);
            read_jsonl::documents(origin, fields, checked, kernels, sink)
        }
        Reading::Warc1 { html } => read_warc::documents(origin, *html, checked, sink),
        _ => unreachable!("read whole"),
    }
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

/// Reads a file of which many are read at once.
fn small(
    reading: &Reading,
    file: &ManifestFile,
    source: u32,
    inputs: &dyn Inputs,
) -> Result<Vec<Found>, GatherError> {
    let bytes = whole(file, inputs)?;
    let origin = Origin { source, name: &file.name };
    let mut all = Vec::new();
    match reading {
        Reading::Text1 {} => all.push(match String::from_utf8(bytes) {
            Ok(text) => Found::Document(origin.document(0, text)),
            Err(error) => {
                let reason = format!("is not UTF-8 at byte {}", error.utf8_error().valid_up_to());
                Found::Bad(Bad::new(origin, Place::File, reason, error.as_bytes()))
            }
        }),
        Reading::Html1 {} => {
            let text = kitchen::html::text(&charset::decode(&bytes, None));
            all.push(Found::Document(origin.document(0, text)));
        }
        Reading::Crates1 {} => gather_crates::documents(origin, &bytes, &mut |found| {
            all.push(found);
            Ok(())
        })?,
        _ => unreachable!("read one by one"),
    }
    Ok(all)
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
struct Checked<'f> {
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
    fn finish(mut self) -> Result<(), GatherError> {
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

    fn manifest(reading: Reading, files: Vec<ManifestFile>) -> Manifest {
        let on_error = OnError::Fail;
        Manifest { reading, licence: None, commit: None, on_error, files }
    }

    fn gathered(bytes: &[u8], reading: Reading) -> Result<Vec<String>, String> {
        let digest = Digest::of(bytes);
        let files = vec![ManifestFile { name: "f".into(), size: bytes.len() as u64, digest }];
        let manifest = manifest(reading, files);
        let folder = Folder(BTreeMap::from([(digest, bytes.to_vec())]));
        let kernels = Kernels::new(Tier::Scalar, 2).expect("kernels");
        let mut texts = Vec::new();
        let gathered = gather(&manifest, 0, &folder, &kernels, &mut |documents| {
            texts.extend(documents.into_iter().map(|document| document.text));
            Ok(())
        });
        gathered.map(|_| texts).map_err(|error| error.to_string())
    }

    fn jsonl() -> Reading {
        Reading::Jsonl1 { text: "t".into(), url_field: None, licence_field: None }
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
        let manifest = manifest(reading, files);
        let folder = Folder(BTreeMap::from([(wanted, b"abd".to_vec())]));
        let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
        let error = gather(&manifest, 0, &folder, &kernels, &mut |_| Ok(()));
        assert!(matches!(error, Err(GatherError::Changed { .. })), "{error:?}");
    }
}
