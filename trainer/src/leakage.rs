//! Leakage: the part of the held-out word n-grams that also stand in the training documents.

use kitchen::Document;
use kitchen::words::{fingerprint, of_content};

fn prints(documents: &[Document], ngram_words: usize) -> Vec<u64> {
    let of = |document: &Document| -> Vec<u64> {
        of_content(&document.text).windows(ngram_words).map(fingerprint).collect()
    };
    documents.iter().flat_map(of).collect()
}

/// Shared n-grams over all n-grams of the held-out documents, each counted as often as it
/// stands there; 0 where there are none.
pub fn leakage(ngram_words: u32, train: &[Document], held: &[Document]) -> f64 {
    let mut known = prints(train, ngram_words as usize);
    known.sort_unstable();
    let asked = prints(held, ngram_words as usize);
    let shared = asked.iter().filter(|print| known.binary_search(print).is_ok()).count();
    if asked.is_empty() { 0.0 } else { shared as f64 / asked.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_n_grams_are_counted() {
        let made = |text: &str| vec![Document::new(0, String::new(), 0, text.into())];
        assert_eq!(leakage(2, &made("a b c d"), &made("A, b x c d")), 0.5);
        assert_eq!(leakage(2, &made("a b"), &made("a")), 0.0);
    }
}
