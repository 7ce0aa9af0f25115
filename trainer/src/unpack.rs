//! The plain bytes of a file that may be packed, as a stream that says whose fault an error is.
//!
//! gzip (any number of members) and zstd are told by their first bytes. What grows out of all
//! proportion is refused, so that a small file cannot fill a machine.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use crate::found::{Bad, Found, Origin, Place, Sink};
use crate::gather::GatherError;

/// Beyond so many bytes, a file may not have grown more than so many times.
const GROWN_BYTES_MAX: u64 = 1 << 30;
const GROWN_TIMES_MAX: u64 = 200;
/// The largest window of zstd, as a power of two: what `zstd` itself takes without being asked.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// What the file's own reader did.
#[derive(Default)]
struct Below {
    bytes: Cell<u64>,
    error: RefCell<Option<io::Error>>,
}

/// Notes bytes and errors of the file below the decoder.
struct Watched<R> {
    reader: R,
    below: Rc<Below>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.reader.read(buffer) {
            Ok(count) => {
                self.below.bytes.set(self.below.bytes.get() + count as u64);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::new(error.kind(), error.to_string());
                self.below.error.replace(Some(error));
                Err(told)
            }
        }
    }
}

/// The plain bytes of a file.
pub struct Plain<'r> {
    reader: Box<dyn BufRead + 'r>,
    below: Rc<Below>,
    bytes: u64,
}

impl<'r> Plain<'r> {
    /// Looks at the first bytes of a file.
    pub fn new(reader: impl Read + 'r) -> io::Result<Plain<'r>> {
        let below = Rc::new(Below::default());
        let watched = Watched { reader, below: Rc::clone(&below) };
        let mut first = [0; 4];
        let mut known = 0;
        let mut watched = watched;
        while known < first.len() {
            match watched.read(&mut first[known..]) {
                Ok(0) => break,
                Ok(count) => known += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let whole = BufReader::new(io::Cursor::new(first).take(known as u64).chain(watched));
        let reader: Box<dyn BufRead> = match first {
            [0x1F, 0x8B, ..] => {
                Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(whole)))
            }
            [0x28, 0xB5, 0x2F, 0xFD] => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(whole)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Box::new(BufReader::new(decoder))
            }
            _ => Box::new(whole),
        };
        Ok(Plain { reader, below, bytes: 0 })
    }

    /// Adds a line with its `\n` and gives its bytes; of a longer line only the first `max` and one
    /// more are stored.
    pub fn line(&mut self, line: &mut Vec<u8>, max: usize) -> io::Result<u64> {
        let (mut size, full) = (0, line.len() + max + 1);
        loop {
            let block = match self.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                block => block?,
            };
            let end = memchr::memchr(b'\n', block).map(|at| at + 1);
            let used = end.unwrap_or(block.len());
            let room = full - line.len();
            line.extend_from_slice(&block[..used.min(room)]);
            self.consume(used);
            size += used as u64;
            if end.is_some() || used == 0 {
                return Ok(size);
            }
        }
    }

    /// What an error means.
    pub fn broken(&self, error: io::Error) -> Broken {
        match (self.below.error.take(), error.kind()) {
            (Some(error), _) => Broken::Storage(error),
            (_, io::ErrorKind::UnexpectedEof) => Broken::File("the file ends too early".to_owned()),
            _ => Broken::File(format!("the file cannot be unpacked further: {error}")),
        }
    }
}

/// Why a file cannot be read further.
#[derive(Debug)]
pub enum Broken {
    /// The storage failed.
    Storage(io::Error),
    /// The file is not what it seems, and why.
    File(String),
}

impl Broken {
    /// Fails, or makes what was read of the record a bad one, and with it the rest of the file.
    pub fn tell(
        self,
        (file, place): (Origin, Place),
        bytes: &[u8],
        sink: &mut Sink,
    ) -> Result<(), GatherError> {
        match self {
            Broken::Storage(error) => Err(GatherError::Read { name: file.name.to_owned(), error }),
            Broken::File(reason) => sink(Found::Bad(Bad::new(file, place, reason, bytes))),
        }
    }
}

impl Read for Plain<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let block = self.fill_buf()?;
        let count = block.len().min(buffer.len());
        buffer[..count].copy_from_slice(&block[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Plain<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let times = self.bytes / self.below.bytes.get().max(1);
        if self.bytes > GROWN_BYTES_MAX && times > GROWN_TIMES_MAX {
            let packed = self.below.bytes.get();
            let message = format!("{packed} bytes became more than {} bytes", self.bytes);
            return Err(io::Error::other(message));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.bytes += count as u64;
        self.reader.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk"))
        }
    }

    #[test]
    fn a_failing_disk_is_told_from_a_bad_file() {
        let file = (Origin { source: 0, name: "f" }, Place::Line(1));
        let gzip = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3];
        let mut plain = Plain::new(gzip.chain(Failing)).expect("a start");
        let error = plain.line(&mut Vec::new(), 10).expect_err("broken");
        let told = plain.broken(error).tell(file, b"", &mut |_| Ok(())).expect_err("an error");
        assert!(matches!(told, GatherError::Read { .. }), "{told}");
        let mut plain = Plain::new(&gzip[..]).expect("a start");
        let error = plain.line(&mut Vec::new(), 10).expect_err("broken");
        let mut found = Vec::new();
        let mut sink = |one| {
            found.push(one);
            Ok(())
        };
        plain.broken(error).tell(file, b"", &mut sink).expect("a bad record");
        assert!(matches!(&found[..], [Found::Bad(bad)] if bad.reason.contains("too early")));
    }

    #[test]
    fn a_long_line_is_passed_without_being_stored() {
        let mut plain = Plain::new(&b"aaaaaaaaaa\nbb\n"[..]).expect("a start");
        let mut line = Vec::new();
        assert_eq!(plain.line(&mut line, 3).expect("a line"), 11);
        assert_eq!(line, b"aaaa");
        line.clear();
        assert_eq!(plain.line(&mut line, 3).expect("a line"), 3);
        assert_eq!(line, b"bb\n");
    }

    #[test]
    fn what_grows_out_of_all_proportion_is_not_unpacked_further() {
        let zeros = io::repeat(0).take(GROWN_BYTES_MAX + (64 << 20));
        let packed = zstd::encode_all(zeros, 1).expect("packed");
        let mut plain = Plain::new(&packed[..]).expect("a start");
        let mut line = Vec::new();
        let error = plain.line(&mut line, 10).expect_err("a bomb").to_string();
        assert!(error.contains("bytes became more than"), "{error}");
        assert_eq!(line.len(), 11, "nothing of it was stored");
    }
}
