//! `parquet@1`: a row is a document, its text a column; Snappy, gzip, zstd and LZ4 pages.
//!
//! A row is read at a time; what is held is a page of each column that is asked for. Sizes that a
//! file claims are checked before they are believed, and a panic of the reading library is an error
//! of the file.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use bytes::Bytes;
use parquet::column::reader::{ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};

use crate::found::{Bad, Found, Origin, Place, Sink};
use crate::gather::GatherError;
use crate::parquet_pages;
use crate::read_jsonl::Fields;

/// The largest description at the end of a file.
const FOOTER_BYTES_MAX: u32 = 16 << 20;

/// Why the reading of a file ended.
enum End {
    /// Whoever takes the documents wants no more.
    Told(GatherError),
    /// The file is not what it seems.
    Broken(String),
}

impl From<ParquetError> for End {
    fn from(error: ParquetError) -> End {
        End::Broken(error.to_string())
    }
}

impl From<String> for End {
    fn from(reason: String) -> End {
        End::Broken(reason)
    }
}

/// Reads all rows; where the file breaks off, the rest of it is one bad record.
pub fn documents(
    file: Origin,
    fields: Fields,
    bytes: Vec<u8>,
    sink: &mut Sink,
) -> Result<(), GatherError> {
    let bytes = Bytes::from(bytes);
    let (row, is_ours) = (Cell::new(0), Cell::new(false));
    let mut told = |found| {
        is_ours.set(true);
        let said = sink(found);
        is_ours.set(false);
        said
    };
    let read = catch_unwind(AssertUnwindSafe(|| rows(file, fields, &bytes, &row, &mut told)));
    let reason = match read {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(End::Told(error))) => return Err(error),
        Ok(Err(End::Broken(reason))) => reason,
        // A panic of what takes the documents is our own mistake, and no bad record.
        Err(panic) if is_ours.get() => resume_unwind(panic),
        Err(_) => "the reading library gave up".to_owned(),
    };
    let (place, reason) = match row.get() {
        0 => (Place::File, format!("cannot be read as Parquet: {reason}")),
        row => (Place::Row(row), format!("cannot be read further: {reason}")),
    };
    sink(Found::Bad(Bad::new(file, place, reason, b"").of_size(bytes.len() as u64)))
}

/// Refuses a description that is too large, before it is read.
fn check_footer(bytes: &[u8]) -> Result<(), String> {
    let end = bytes.last_chunk::<8>().filter(|_| bytes.len() >= 12 && bytes.starts_with(b"PAR1"));
    let Some([a, b, c, d, b'P', b'A', b'R', b'1']) = end else {
        return Err("it does not begin and end with `PAR1`".into());
    };
    match u32::from_le_bytes([*a, *b, *c, *d]) {
        size if size > FOOTER_BYTES_MAX => {
            Err(format!("a footer of {size} bytes, at most {FOOTER_BYTES_MAX} are read"))
        }
        _ => Ok(()),
    }
}

fn rows(
    file: Origin,
    fields: Fields,
    bytes: &Bytes,
    row: &Cell<u64>,
    sink: &mut Sink,
) -> Result<(), End> {
    check_footer(bytes)?;
    let reader = SerializedFileReader::new(bytes.clone())?;
    let names = [Some(fields.text), fields.url, fields.licence];
    let mut columns = [None; 3];
    for (column, name) in columns.iter_mut().zip(names) {
        *column = name.map(|name| column_of(&reader, name)).transpose()?;
    }
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        let count = u64::try_from(group.metadata().num_rows())
            .map_err(|_| "a negative number of rows".to_owned())?;
        let mut open = [None, None, None];
        for (open, column) in open.iter_mut().zip(columns) {
            *open = column.map(|at| Column::open(bytes, &*group, at, count)).transpose()?;
        }
        for _ in 0..count {
            row.set(row.get() + 1);
            let mut values = [None, None, None];
            for (value, column) in values.iter_mut().zip(&mut open) {
                *value = column.as_mut().map(Column::next).transpose()?.flatten();
            }
            sink(found(file, row.get(), names, values)).map_err(End::Told)?;
        }
    }
    Ok(())
}

/// What a row is.
fn found(
    file: Origin,
    row: u64,
    names: [Option<&str>; 3],
    values: [Option<ByteArray>; 3],
) -> Found {
    let place = Place::Row(row);
    let mut texts = [None, None, None];
    for ((text, value), name) in texts.iter_mut().zip(&values).zip(names) {
        let Some(value) = value else { continue };
        match std::str::from_utf8(value.data()) {
            Ok(value) => *text = Some(value),
            Err(error) => {
                let (name, at) = (name.unwrap_or_default(), error.valid_up_to());
                let reason = format!("the column `{name}` is not UTF-8 at byte {at}");
                return Found::Bad(Bad::new(file, place, reason, value.data()));
            }
        }
    }
    let [text, url, licence] = texts;
    let Some(text) = text else {
        let reason = format!("the column `{}` is null", names[0].unwrap_or_default());
        return Found::Bad(Bad::new(file, place, reason, b""));
    };
    let mut document = file.document(row - 1, text.to_owned());
    document.about.url = url.map(str::to_owned);
    document.about.licence = licence.map(Arc::from);
    Found::Document(document)
}

/// The position of a column of texts.
fn column_of(reader: &SerializedFileReader<Bytes>, name: &str) -> Result<usize, String> {
    let schema = reader.metadata().file_metadata().schema_descr();
    let columns = schema.columns();
    let Some(at) = columns.iter().position(|column| column.path().string() == name) else {
        let known: Vec<String> =
            columns.iter().take(20).map(|column| format!("`{}`", column.path().string())).collect();
        return Err(format!("there is no column `{name}`, but {}", known.join(", ")));
    };
    let column = &columns[at];
    if column.physical_type() != parquet::basic::Type::BYTE_ARRAY || column.max_rep_level() > 0 {
        return Err(format!("the column `{name}` does not hold a text in each row"));
    }
    Ok(at)
}

/// A column of a row group, a value at a time.
struct Column {
    reader: ColumnReaderImpl<ByteArrayType>,
    levels: Vec<i16>,
    values: Vec<ByteArray>,
}

impl Column {
    fn open(
        bytes: &Bytes,
        group: &dyn RowGroupReader,
        at: usize,
        rows: u64,
    ) -> Result<Column, End> {
        let chunk = group.metadata().column(at);
        let (start, size) = chunk.byte_range();
        let part = usize::try_from(start).ok().zip(usize::try_from(size).ok());
        let part = part.and_then(|(start, size)| bytes.get(start..start.checked_add(size)?));
        let part = part.ok_or("a column lies outside the file".to_owned())?;
        parquet_pages::check(part, rows, chunk.compression())?;
        let reader = get_typed_column_reader(group.get_column_reader(at)?);
        Ok(Column { reader, levels: Vec::new(), values: Vec::new() })
    }

    fn next(&mut self) -> Result<Option<ByteArray>, End> {
        self.levels.clear();
        self.values.clear();
        let (rows, ..) =
            self.reader.read_records(1, Some(&mut self.levels), None, &mut self.values)?;
        if rows == 0 {
            return Err(End::Broken("a column has fewer values than its row group rows".into()));
        }
        Ok(self.values.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents_file::DocumentsFile;

    fn written(texts: &[&str]) -> Vec<u8> {
        let sources = ["a".to_owned()];
        let mut file = DocumentsFile::new(Vec::new(), &sources).expect("memory");
        for (number, text) in texts.iter().enumerate() {
            let document = kitchen::Document::new(0, "f".into(), number as u64, (*text).into());
            file.push(document, false).expect("memory");
        }
        file.finish().expect("memory")
    }

    /// The texts, and what is wrong.
    fn read(bytes: &[u8], column: &str) -> (Vec<String>, Vec<String>) {
        let (mut texts, mut bad) = (Vec::new(), Vec::new());
        let fields = Fields { text: column, url: None, licence: None };
        let file = Origin { source: 0, name: "f" };
        documents(file, fields, bytes.to_vec(), &mut |found| {
            match found {
                Found::Document(document) => texts.push(document.text),
                Found::Bad(one) => bad.push(one.into_error().to_string()),
                Found::PassedOver => {}
            }
            Ok(())
        })
        .expect("no storage fails");
        (texts, bad)
    }

    #[test]
    fn columns_that_hold_no_texts_are_named() {
        let bytes = written(&["one", "two"]);
        assert_eq!(read(&bytes, "text").0, ["one", "two"]);
        let bad = read(&bytes, "txt").1;
        assert!(bad[0].contains("there is no column `txt`, but `id`, `source`"), "{bad:?}");
        let bad = read(&bytes, "position").1;
        assert!(bad[0].contains("`position` does not hold a text in each row"), "{bad:?}");
        let bad = read(&bytes, "licence").1;
        assert_eq!(bad[1], "`f` row 2: the column `licence` is null");
    }

    #[test]
    fn a_cut_or_changed_file_is_an_error_and_never_a_panic() {
        let whole = written(&["one text", "another text", "a third"]);
        for cut in 0..whole.len() {
            let (_, bad) = read(&whole[..cut], "text");
            assert_eq!(bad.len(), 1, "{cut}");
        }
        for at in 0..whole.len() {
            for bit in [0, 3, 7] {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                let (texts, bad) = read(&changed, "text");
                assert!(texts.len() <= 3 || !bad.is_empty(), "byte {at}");
            }
        }
    }

    #[test]
    fn sizes_that_are_claimed_are_not_believed() {
        let mut bytes = written(&["one"]);
        let end = bytes.len();
        bytes[end - 8..end - 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let bad = read(&bytes, "text").1;
        assert!(bad[0].contains("a footer of 4294967295 bytes"), "{bad:?}");
    }
}
