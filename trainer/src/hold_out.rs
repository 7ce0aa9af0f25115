//! Sets documents apart for measuring, by their digest and never by their position.

use recipes::{Digest, Hasher};

use kitchen::Document;

/// Documents to train on, and documents held out; both in document order.
///
/// A document is held out where the first eight bytes of SHA-256(id ‖ "hold out"), big-endian,
/// as a part of 2^64 lie below the share.
pub fn hold_out(share: f64, documents: Vec<Document>) -> (Vec<Document>, Vec<Document>) {
    documents.into_iter().partition(|document| place(&document.id) >= share)
}

fn place(id: &Digest) -> f64 {
    let mut hasher = Hasher::new();
    hasher.update(id.as_bytes());
    hasher.update(b"hold out");
    let digest = hasher.finish();
    let first = digest.as_bytes().first_chunk().expect("32 bytes");
    u64::from_be_bytes(*first) as f64 / 18_446_744_073_709_551_616.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_about_right_and_order_does_not_matter() {
        let document = |i: u32| Document::new(0, format!("{i}"), 0, format!("text {i}"));
        let (train, held) = hold_out(0.1, (0..5000).map(document).collect());
        assert!((400..600).contains(&held.len()), "{}", held.len());
        assert_eq!(train.len() + held.len(), 5000);
        let (_, mut again) = hold_out(0.1, (0..5000).rev().map(document).collect());
        again.reverse();
        assert_eq!(again, held);
        assert!(hold_out(0.0, (0..100).map(document).collect()).1.is_empty());
    }
}
