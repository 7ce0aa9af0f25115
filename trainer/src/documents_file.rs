//! Documents as a Parquet file that other tools open: one row a document, in document order.
//!
//! The columns are on `DATA.md`. What is held in memory is one row group.

use std::io::Write;
use std::sync::Arc;

use kitchen::Document;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

const SCHEMA: &str = "message documents {
    required binary id (STRING);
    required binary source (STRING);
    required binary name (STRING);
    required int64 position;
    required binary text (STRING);
    optional binary url (STRING);
    optional binary licence (STRING);
    required boolean held_out;
}";
/// Bytes of texts, and documents, after which a row group ends.
const GROUP_BYTES: usize = 32 << 20;
const GROUP_DOCUMENTS: usize = 1 << 16;

/// Writes documents.
pub struct DocumentsFile<'s, W: Write + Send> {
    writer: SerializedFileWriter<W>,
    /// The names of the sources, in the order of the formula.
    sources: &'s [String],
    group: Vec<(Document, bool)>,
    bytes: usize,
}

impl<'s, W: Write + Send> DocumentsFile<'s, W> {
    /// Begins a file.
    pub fn new(writer: W, sources: &'s [String]) -> Result<DocumentsFile<'s, W>, ParquetError> {
        let text = ColumnPath::from("text");
        let properties = WriterProperties::builder()
            .set_created_by("ingot".into())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_column_dictionary_enabled(text.clone(), false)
            .set_column_statistics_enabled(text, EnabledStatistics::None)
            .set_write_batch_size(64)
            .build();
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let writer = SerializedFileWriter::new(writer, schema, Arc::new(properties))?;
        Ok(DocumentsFile { writer, sources, group: Vec::new(), bytes: 0 })
    }

    /// Takes the next document.
    pub fn push(&mut self, document: Document, is_held_out: bool) -> Result<(), ParquetError> {
        self.bytes += document.text.len();
        self.group.push((document, is_held_out));
        if self.bytes >= GROUP_BYTES || self.group.len() >= GROUP_DOCUMENTS {
            self.write()?;
        }
        Ok(())
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<W, ParquetError> {
        self.write()?;
        self.writer.into_inner()
    }

    fn write(&mut self) -> Result<(), ParquetError> {
        let group = std::mem::take(&mut self.group);
        self.bytes = 0;
        if group.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.next_row_group()?;
        let text = |text: &str| Some(ByteArray::from(text.as_bytes().to_vec()));
        let source = |document: &Document| {
            text(self.sources.get(document.source as usize).map_or("", String::as_str))
        };
        let each = |of: &dyn Fn(&Document) -> Option<ByteArray>| -> Vec<Option<ByteArray>> {
            group.iter().map(|(document, _)| of(document)).collect()
        };
        texts(&mut rows, each(&|document| text(&document.id.to_string())), false)?;
        texts(&mut rows, each(&source), false)?;
        texts(&mut rows, each(&|document| text(&document.name)), false)?;
        let mut column = rows.next_column()?.ok_or_else(missing)?;
        let positions: Vec<i64> = group.iter().map(|(one, _)| one.position as i64).collect();
        column.typed::<Int64Type>().write_batch(&positions, None, None)?;
        column.close()?;
        texts(&mut rows, each(&|document| text(&document.text)), false)?;
        texts(&mut rows, each(&|one| one.about.url.as_deref().and_then(text)), true)?;
        texts(&mut rows, each(&|one| one.about.licence.as_deref().and_then(text)), true)?;
        let mut column = rows.next_column()?.ok_or_else(missing)?;
        let held_out: Vec<bool> = group.iter().map(|(_, is_held_out)| *is_held_out).collect();
        column.typed::<BoolType>().write_batch(&held_out, None, None)?;
        column.close()?;
        rows.close().map(|_| ())
    }
}

fn missing() -> ParquetError {
    ParquetError::General("a column is missing".into())
}

/// Writes a column of texts.
fn texts<W: Write + Send>(
    rows: &mut SerializedRowGroupWriter<W>,
    values: Vec<Option<ByteArray>>,
    may_miss: bool,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<ByteArray> = values.into_iter().flatten().collect();
    let mut column = rows.next_column()?.ok_or_else(missing)?;
    let levels = may_miss.then_some(&levels[..]);
    column.typed::<ByteArrayType>().write_batch(&values, levels, None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::{Found, Origin};
    use crate::read_jsonl::Fields;
    use crate::read_parquet;

    #[test]
    fn what_is_written_is_read_again() {
        let sources = ["a".to_owned(), "b".to_owned()];
        let mut file = DocumentsFile::new(Vec::new(), &sources).expect("memory");
        let texts = ["", "two\0 lines\n", "汉字 🙂 שלום"];
        for number in 0..GROUP_DOCUMENTS + 10 {
            let text = format!("{}{number}", texts[number % 3]);
            let mut document = Document::new(1, "f".into(), number as u64, text);
            document.about.url = (number % 2 == 0).then(|| format!("http://{number}.example"));
            file.push(document, number % 5 == 0).expect("memory");
        }
        let bytes = file.finish().expect("memory");
        let fields = Fields { text: "text", url: Some("url"), licence: Some("licence") };
        let mut number = 0;
        read_parquet::documents(Origin { source: 0, name: "f" }, fields, bytes, &mut |found| {
            let Found::Document(document) = found else { panic!("a bad record") };
            assert_eq!(document.text, format!("{}{number}", texts[number % 3]));
            let url = (number % 2 == 0).then(|| format!("http://{number}.example"));
            assert_eq!((document.about.url, document.about.licence), (url, None));
            number += 1;
            Ok(())
        })
        .expect("read");
        assert_eq!(number, GROUP_DOCUMENTS + 10);
    }
}
