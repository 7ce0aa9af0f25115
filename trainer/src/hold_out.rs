//! Sets documents apart for measuring, by their digest and never by their position.

use std::io;

use kitchen::Document;
use recipes::{Digest, Hasher};

use crate::flow::Split;

/// Whether a document is held out: where the first eight bytes of SHA-256(id ‖ "hold out"),
/// big-endian, as a part of 2^64 lie below the share.
pub fn is_held_out(share: f64, id: &Digest) -> bool {
    place(id) < share
}

/// Takes a cleaned document, and whether it is held out.
pub type TakeDocument<'t> = dyn FnMut(Document, bool) -> io::Result<()> + 't;

/// Gives both parts on in the one order that they had.
pub fn in_order(split: &mut Split, take: &mut TakeDocument) -> io::Result<()> {
    let mut train = split.train.documents()?;
    let mut held = split.held.documents()?;
    let place = |document: &Document| (document.source, document.name.clone(), document.position);
    let (mut first, mut second) = (train.next().transpose()?, held.next().transpose()?);
    loop {
        let is_held_out = match (&first, &second) {
            (None, None) => return Ok(()),
            (Some(train), Some(held)) => place(held) < place(train),
            (train, _) => train.is_none(),
        };
        let next = match is_held_out {
            true => std::mem::replace(&mut second, held.next().transpose()?),
            false => std::mem::replace(&mut first, train.next().transpose()?),
        };
        take(next.expect("one was there"), is_held_out)?;
    }
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
    fn the_share_is_about_right() {
        let id = |i: u32| Digest::of(format!("text {i}").as_bytes());
        let held = |share| (0..5000).filter(|i| is_held_out(share, &id(*i))).count();
        assert!((400..600).contains(&held(0.1)), "{}", held(0.1));
        assert_eq!(held(0.0), 0);
        assert_eq!(held(1.0), 5000);
    }
}
