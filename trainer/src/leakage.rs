//! Leakage: the part of the held-out word n-grams that also stand in the training documents.

use std::io;

use kernels::Kernels;
use kitchen::pass::Flowing;
use kitchen::spool::Spool;
use kitchen::words::{fingerprint, of_content};

fn prints(flowing: &Flowing, ngram_words: usize) -> Vec<u64> {
    of_content(&flowing.document.text).windows(ngram_words).map(fingerprint).collect()
}

/// Shared n-grams over all n-grams of the held-out documents, each counted as often as it
/// stands there; 0 where there are none. Only the held-out ones are kept in memory.
pub fn leakage(
    ngram_words: u32,
    train: &mut Spool,
    held: &mut Spool,
    kernels: &Kernels,
) -> io::Result<f64> {
    let n = ngram_words as usize;
    let mut asked = Vec::new();
    for block in held.blocks()? {
        asked.extend(block?.iter().flat_map(|flowing| prints(flowing, n)));
    }
    asked.sort_unstable();
    let mut is_shared = vec![false; asked.len()];
    for block in train.blocks()? {
        let block = block?;
        let found = kernels.map(block.len(), &|index| -> Vec<usize> {
            let prints = prints(&block[index], n);
            prints.iter().filter_map(|print| asked.binary_search(print).ok()).collect()
        });
        found.into_iter().flatten().for_each(|index| is_shared[index] = true);
    }
    // A search finds any of the equal ones; they are shared together.
    let (mut shared, mut at) = (0, 0);
    for equal in asked.chunk_by(|a, b| a == b) {
        if is_shared[at..at + equal.len()].contains(&true) {
            shared += equal.len();
        }
        at += equal.len();
    }
    Ok(if asked.is_empty() { 0.0 } else { shared as f64 / asked.len() as f64 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Tier;
    use kitchen::Document;
    use kitchen::spill::InMemory;
    use kitchen::spool::SpoolWriter;

    fn spool(text: &str) -> Spool {
        let mut writer = SpoolWriter::new(&InMemory).expect("memory");
        let document = Document::new(0, String::new(), 0, text.into());
        writer.push(&Flowing::gathered(document)).expect("memory");
        writer.finish().expect("memory")
    }

    #[test]
    fn shared_n_grams_are_counted() {
        let kernels = Kernels::new(Tier::Scalar, 2).expect("kernels");
        let leaked = |train: &str, held: &str| {
            leakage(2, &mut spool(train), &mut spool(held), &kernels).expect("memory")
        };
        assert_eq!(leaked("a b c d", "A, b x c d"), 0.5);
        assert_eq!(leaked("a b", "a"), 0.0);
        assert_eq!(leaked("a b", "a b a b a"), 0.5);
    }
}
