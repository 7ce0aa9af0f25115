//! How text is cut into words, by two written rules.

/// Runs of letters, digits and `_`, and every other visible character alone.
///
/// The rule behind filters that count words as their model tools do: punctuation is a word.
pub fn with_punctuation(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices() {
        if letter.is_alphanumeric() || letter == '_' {
            start.get_or_insert(at);
            continue;
        }
        if let Some(start) = start.take() {
            words.push(&text[start..at]);
        }
        if !letter.is_whitespace() {
            words.push(&text[at..at + letter.len_utf8()]);
        }
    }
    words.extend(start.map(|start| &text[start..]));
    words
}

/// Runs of letters and digits in lower case: the rule behind fingerprints of content.
pub fn of_content(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The first eight bytes of SHA-256 over some words with one space between them.
pub fn fingerprint(words: &[String]) -> u64 {
    let digest = recipes::Digest::of(words.join(" ").as_bytes());
    let first = digest.as_bytes().first_chunk().expect("32 bytes");
    u64::from_le_bytes(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_as_written() {
        assert_eq!(
            with_punctuation("It's 3.5, né?"),
            ["It", "'", "s", "3", ".", "5", ",", "né", "?"]
        );
        assert_eq!(of_content("It's  Né-ar."), ["it", "s", "né", "ar"]);
        assert!(with_punctuation(" \n").is_empty());
    }
}
