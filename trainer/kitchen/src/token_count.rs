//! `filter.tokens@1`: tokens of a vocabulary that is made of the recipe's texts.

use bpe::Encoder;
use kernels::{Kernels, Tier};
use recipes::recipe::Tokens;

/// Makes the vocabulary of a step, as a recipe's tokenizer is made.
pub fn encoder(settings: &Tokens) -> Encoder {
    let kernels = Kernels::new(Tier::Scalar, 1).expect("one thread");
    let words = bpe::count(&settings.texts, &kernels);
    let vocabulary = bpe::train(&words, settings.vocabulary as usize);
    Encoder::new(&vocabulary.expect("a size in its range, of the texts of one recipe"))
}

/// The number of tokens.
pub fn tokens(encoder: &Encoder, text: &str) -> u64 {
    encoder.encode(text).len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_often_is_few_tokens() {
        let texts = vec!["the theme, the thesis; 我们。我们。我们".to_owned()];
        let settings = Tokens { texts, vocabulary: 8192, min: 0, max: None };
        let encoder = encoder(&settings);
        assert_eq!(tokens(&encoder, "the the"), 2);
        assert_eq!(tokens(&encoder, "我们"), 1);
        assert_eq!(tokens(&encoder, "xyz"), 3);
        assert_eq!(tokens(&encoder, ""), 0);
    }
}
