//! `dedup.minhash@1`: near duplicates by MinHash and banding, after Broder (1997), "On the
//! resemblance and containment of documents".
//!
//! A text is its set of word n-grams (`words::of_content`), each a 64-bit fingerprint x. Hash k is
//! `(a·x + b) mod (2^61 − 1)` with a and b from Philox keyed by the seed. Texts that agree in all
//! rows of one band are joined; of every joined group the first in document order stays. A text
//! shorter than one n-gram has no signature and always stays.

use std::collections::BTreeMap;

use kernels::{Kernels, random};
use recipes::recipe::DedupMinhash;

use crate::document::Document;
use crate::words::{fingerprint, of_content};

/// The Mersenne prime 2^61 − 1.
const PRIME: u64 = (1 << 61) - 1;
/// The purpose of the random numbers that hash functions are drawn with.
const PURPOSE_HASH: u32 = 3;

/// For every document, the position of the first of its group.
pub fn first_of_each(
    settings: &DedupMinhash,
    documents: &[Document],
    kernels: &Kernels,
) -> Vec<usize> {
    let functions = functions(settings);
    let signatures: Vec<Vec<u64>> = kernels
        .map(documents.len(), &|index| signature(&documents[index].text, settings, &functions));
    let mut group: Vec<usize> = (0..documents.len()).collect();
    let rows = settings.rows as usize;
    for band in 0..settings.bands as usize {
        let mut seen: BTreeMap<&[u64], usize> = BTreeMap::new();
        for (index, signature) in signatures.iter().enumerate() {
            let Some(key) = signature.get(band * rows..(band + 1) * rows) else { continue };
            let first = *seen.entry(key).or_insert(index);
            join(&mut group, first, index);
        }
    }
    (0..documents.len()).map(|index| root(&mut group, index)).collect()
}

fn functions(settings: &DedupMinhash) -> Vec<(u64, u64)> {
    let draw = |index: u64, limit: u64| {
        random::below(u64::from(settings.seed), PURPOSE_HASH, index, limit)
    };
    let count = u64::from(settings.bands) * u64::from(settings.rows);
    (0..count).map(|k| (1 + draw(2 * k, PRIME - 1), draw(2 * k + 1, PRIME))).collect()
}

fn signature(text: &str, settings: &DedupMinhash, functions: &[(u64, u64)]) -> Vec<u64> {
    let words = of_content(text);
    let mut prints: Vec<u64> =
        words.windows(settings.ngram_words as usize).map(fingerprint).collect();
    if prints.is_empty() {
        return Vec::new();
    }
    prints.sort_unstable();
    prints.dedup();
    let least = |(a, b): &(u64, u64)| {
        let mut least = u64::MAX;
        for print in &prints {
            let hash = modulo(u128::from(*a) * u128::from(*print) + u128::from(*b));
            least = if hash < least { hash } else { least };
        }
        least
    };
    functions.iter().map(least).collect()
}

/// x mod (2^61 − 1) for x below 2^126.
fn modulo(x: u128) -> u64 {
    let folded = (x & u128::from(PRIME)) + (x >> 61);
    let folded = (folded & u128::from(PRIME)) as u64 + (folded >> 61) as u64;
    if folded >= PRIME { folded - PRIME } else { folded }
}

/// The first document of a group; on the way every step is shortened.
fn root(group: &mut [usize], mut index: usize) -> usize {
    while group[index] != index {
        group[index] = group[group[index]];
        index = group[index];
    }
    index
}

fn join(group: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(group, a), root(group, b));
    let (first, later) = if a < b { (a, b) } else { (b, a) };
    group[later] = first;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remainder_is_the_true_one() {
        let prime = u128::from(PRIME);
        for x in [0, 1, prime - 1, prime, prime + 1, prime * prime, (1 << 125) + 12345] {
            assert_eq!(u128::from(modulo(x)), x % prime);
        }
    }
}
