//! Documents of JSONL, plain or packed: one for each line, read as it streams.

use std::io::{self, BufRead, BufReader, Read};

use kernels::Kernels;
use recipes::ManifestFile;
use serde_json::Value;

use crate::gather::{Checked, GatherError, Sink};
use kitchen::Document;
use kitchen::spool::BLOCK_BYTES;

/// The largest JSON line.
const LINE_BYTES_MAX: usize = 64 << 20;
/// The most that a packed file may become.
const UNPACKED_BYTES_MAX: u64 = 64 << 30;
/// Bytes that are unpacked at once.
const BUFFER: usize = 1 << 18;
/// Lines that one task reads.
const TASK: usize = 64;

/// How a file is read.
pub struct Jsonl<'f> {
    /// The field that holds the text.
    pub field: &'f str,
    pub source: u32,
    pub file: &'f ManifestFile,
}

/// The lines of a block, one after another, and where each ends.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Lines {
    fn line(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        let line = &self.bytes[start..self.ends[index]];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    }
}

impl Jsonl<'_> {
    /// Reads a file and gives its documents on; empty lines are passed over.
    ///
    /// What is wrong with the bytes themselves comes before what is wrong with a line.
    pub fn read(
        &self,
        mut checked: Checked,
        kernels: &Kernels,
        sink: &mut Sink,
    ) -> Result<(), GatherError> {
        let read = self.lines(&mut checked, kernels, sink);
        if matches!(read, Err(GatherError::Stopped)) {
            return read;
        }
        checked.finish().and(read)
    }

    fn lines(
        &self,
        checked: &mut Checked,
        kernels: &Kernels,
        sink: &mut Sink,
    ) -> Result<(), GatherError> {
        let mut plain = unpacked(checked).map_err(|error| self.about(error))?;
        let (mut first, mut total) = (0, 0);
        loop {
            let lines = self.block(&mut plain, first)?;
            total += lines.bytes.len() as u64;
            if total > UNPACKED_BYTES_MAX {
                let name = self.file.name.clone();
                return Err(GatherError::Large { name, max: UNPACKED_BYTES_MAX });
            }
            if lines.ends.is_empty() {
                return Ok(());
            }
            let tasks = lines.ends.len().div_ceil(TASK);
            let read = kernels.map(tasks, &|task| {
                let end = ((task + 1) * TASK).min(lines.ends.len());
                let of = |index| self.document(lines.line(index), first + index as u64);
                (task * TASK..end).filter_map(|index| of(index).transpose()).collect()
            });
            let read: Vec<Vec<Document>> = read.into_iter().collect::<Result<_, _>>()?;
            first += lines.ends.len() as u64;
            sink(read.into_iter().flatten().collect())?;
        }
    }

    /// The next lines; none at the end.
    fn block(&self, plain: &mut dyn BufRead, first: u64) -> Result<Lines, GatherError> {
        let mut lines = Lines::default();
        while lines.bytes.len() < BLOCK_BYTES {
            let start = lines.bytes.len();
            let mut line = plain.take(LINE_BYTES_MAX as u64 + 2);
            let read = line.read_until(b'\n', &mut lines.bytes);
            if read.map_err(|error| self.about(error))? == 0 {
                break;
            }
            if lines.bytes.len() - start > LINE_BYTES_MAX + 1 {
                let line = first + lines.ends.len() as u64;
                return Err(self.wrong(line, format!("more than {LINE_BYTES_MAX} bytes")));
            }
            lines.ends.push(lines.bytes.len());
        }
        Ok(lines)
    }

    /// The document of a line, unless it is empty.
    fn document(&self, line: &[u8], number: u64) -> Result<Option<Document>, GatherError> {
        if line.is_empty() {
            return Ok(None);
        }
        let wrong = |reason| self.wrong(number, reason);
        let record: Value =
            recipes::strict::parse(line).map_err(|error| wrong(format!("not JSON: {error}")))?;
        let text = match record.get(self.field) {
            Some(Value::String(text)) => text.clone(),
            Some(_) => return Err(wrong(format!("the field `{}` is not a text", self.field))),
            None => return Err(wrong(format!("there is no field `{}`", self.field))),
        };
        Ok(Some(Document::new(self.source, self.file.name.clone(), number, text)))
    }

    fn wrong(&self, number: u64, reason: String) -> GatherError {
        GatherError::Record { name: self.file.name.clone(), line: number + 1, reason }
    }

    fn about(&self, error: io::Error) -> GatherError {
        GatherError::Read { name: self.file.name.clone(), error }
    }
}

/// Plain bytes, unpacked if the first ones are those of gzip or zstd.
fn unpacked<'r>(reader: &'r mut (dyn Read + 'r)) -> io::Result<Box<dyn BufRead + 'r>> {
    let mut reader = BufReader::with_capacity(BUFFER, reader);
    Ok(match reader.fill_buf()? {
        [0x1F, 0x8B, ..] => {
            let plain = flate2::bufread::MultiGzDecoder::new(reader);
            Box::new(BufReader::with_capacity(BUFFER, plain))
        }
        [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            let plain = zstd::stream::read::Decoder::with_buffer(reader)?;
            Box::new(BufReader::with_capacity(BUFFER, plain))
        }
        _ => Box::new(reader),
    })
}
