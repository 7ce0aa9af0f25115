//! The registry: journal, blobs and the index over them; nothing is ever overwritten.
