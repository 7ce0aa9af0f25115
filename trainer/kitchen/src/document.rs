//! A text with its origin.

use recipes::Digest;

/// A text from a source, as it is after the steps done so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The source's position in the formula, from 0.
    pub source: u32,
    /// Logical name: a file's name in the manifest, or a path inside an archive.
    pub name: String,
    /// Position within `name`, from 0: a JSONL record, a document of an archive member.
    pub position: u64,
    /// SHA-256 of the text as it was gathered; steps do not change it.
    pub id: Digest,
    /// The text as it is now.
    pub text: String,
}

impl Document {
    /// Makes a gathered document.
    pub fn new(source: u32, name: String, position: u64, text: String) -> Document {
        let id = Digest::of(text.as_bytes());
        Document { source, name, position, id, text }
    }
}

/// The digest of a list of documents: SHA-256 over, in order, the digest of each text as it is now
/// and the document's id.
pub fn documents_digest(documents: &[Document]) -> Digest {
    let mut hasher = recipes::Hasher::new();
    for document in documents {
        hasher.update(Digest::of(document.text.as_bytes()).as_bytes());
        hasher.update(document.id.as_bytes());
    }
    hasher.finish()
}
