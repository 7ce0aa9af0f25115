//! `dedup.exact@1`: texts with equal SHA-256 are one text; the first in document order stays.

use std::collections::BTreeMap;

use recipes::Digest;

use crate::document::Document;

/// For every document, the position of the first with the same text.
pub fn first_of_each(documents: &[Document]) -> Vec<usize> {
    let mut seen = BTreeMap::new();
    let first = |(index, document): (usize, &Document)| {
        *seen.entry(Digest::of(document.text.as_bytes())).or_insert(index)
    };
    documents.iter().enumerate().map(first).collect()
}
