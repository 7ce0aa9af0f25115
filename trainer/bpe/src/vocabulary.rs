//! Tokens by their ids, and the merges that make them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{END_ID, FIRST_MERGE};

/// Most tokens of a vocabulary.
pub const TOKENS_MAX: usize = 1 << 20;

/// Why lists of tokens and merges are no vocabulary.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VocabularyError {
    #[error("{found} tokens, wanted {FIRST_MERGE} to {TOKENS_MAX}")]
    Size { found: usize },
    #[error("token 0 is not the end")]
    End,
    #[error("token {id} is empty or stands there twice")]
    Twice { id: usize },
    #[error("byte {byte} has no token")]
    Byte { byte: u8 },
    #[error("merge {place} is of no tokens, makes none, or stands there twice")]
    Merge { place: usize },
}

/// The bytes of every token and the merges in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// The first is empty: the end.
    pub(crate) tokens: Vec<Vec<u8>>,
    /// Left token, right token, the token of both.
    pub(crate) merges: Vec<(u32, u32, u32)>,
}

/// The bytes that stand for themselves among letters; the others follow from 256 on.
fn stands_for_itself(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff)
}

/// The bytes in the order of their letters.
pub(crate) fn alphabet() -> impl Iterator<Item = u8> {
    let chosen = |itself| (0..=u8::MAX).filter(move |byte| stands_for_itself(*byte) == itself);
    chosen(true).chain(chosen(false))
}

/// The letter that stands for a byte in the texts of tokens, as GPT-2 has it.
pub fn letter_of(byte: u8) -> char {
    let number = match byte {
        0..=0x20 => 0x100 + u32::from(byte),
        0x7f..=0xa0 => 0x121 + u32::from(byte - 0x7f),
        0xad => 0x143,
        _ => u32::from(byte),
    };
    char::from_u32(number).expect("below the surrogates")
}

/// The byte for which a letter stands.
pub fn byte_of(letter: char) -> Option<u8> {
    let number = u32::from(letter);
    let byte = match number {
        0..=0xff => number,
        0x100..=0x120 => number - 0x100,
        0x121..=0x142 => number - 0x121 + 0x7f,
        0x143 => 0xad,
        _ => return None,
    };
    u8::try_from(byte).ok().filter(|byte| letter_of(*byte) == letter)
}

impl Vocabulary {
    /// The end and the 256 bytes.
    pub(crate) fn first() -> Vocabulary {
        let bytes = alphabet().map(|byte| vec![byte]);
        Vocabulary { tokens: std::iter::once(Vec::new()).chain(bytes).collect(), merges: vec![] }
    }

    /// A vocabulary of the bytes of tokens, the first empty, and pairs of ids in their order.
    pub fn new(
        tokens: Vec<Vec<u8>>,
        pairs: impl IntoIterator<Item = (u32, u32)>,
    ) -> Result<Vocabulary, VocabularyError> {
        if !(FIRST_MERGE as usize..=TOKENS_MAX).contains(&tokens.len()) {
            return Err(VocabularyError::Size { found: tokens.len() });
        }
        if !tokens[END_ID as usize].is_empty() {
            return Err(VocabularyError::End);
        }
        let mut ids: BTreeMap<&[u8], u32> = BTreeMap::new();
        for (id, token) in tokens.iter().enumerate().skip(1) {
            if token.is_empty() || ids.insert(token, id as u32).is_some() {
                return Err(VocabularyError::Twice { id });
            }
        }
        if let Some(byte) = (0..=u8::MAX).find(|byte| !ids.contains_key(&[*byte][..])) {
            return Err(VocabularyError::Byte { byte });
        }
        let (mut merges, mut seen) = (Vec::new(), BTreeSet::new());
        for (place, (left, right)) in pairs.into_iter().enumerate() {
            let part = |id: u32| tokens.get(id as usize).filter(|token| !token.is_empty());
            let both = part(left).zip(part(right)).map(|(a, b)| [a.as_slice(), b].concat());
            let made = both.and_then(|both| ids.get(both.as_slice()).copied());
            let made = made.filter(|_| seen.insert((left, right)));
            merges.push((left, right, made.ok_or(VocabularyError::Merge { place })?));
        }
        Ok(Vocabulary { tokens, merges })
    }

    /// Number of tokens, the end among them.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Always false: a vocabulary has its bytes.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The bytes of tokens in the order of their ids; the first, the end, has none.
    pub fn tokens(&self) -> impl Iterator<Item = &[u8]> {
        self.tokens.iter().map(Vec::as_slice)
    }

    /// The pairs of ids that are merged, the first ones first.
    pub fn merges(&self) -> impl Iterator<Item = (u32, u32)> {
        self.merges.iter().map(|(left, right, _)| (*left, *right))
    }

    /// The bytes of some ids; the end and ids of no token have none.
    pub fn decode(&self, ids: &[u32]) -> Vec<u8> {
        let bytes = |id: &u32| self.tokens.get(*id as usize).map(Vec::as_slice).unwrap_or_default();
        ids.iter().flat_map(bytes).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_bytes_stand_for_each_other() {
        for byte in 0..=u8::MAX {
            assert_eq!(byte_of(letter_of(byte)), Some(byte));
        }
        assert_eq!([b' ', b'\n', 0, b'a', 0xad].map(letter_of), ['Ġ', 'Ċ', 'Ā', 'a', 'Ń']);
        assert_eq!(byte_of('你'), None);
        let letters: Vec<char> = alphabet().map(letter_of).collect();
        assert!(letters.is_sorted());
        assert_eq!(letters.len(), 256);
    }

    #[test]
    fn what_is_no_vocabulary_is_refused() {
        let first = Vocabulary::first();
        let made = |change: &dyn Fn(&mut Vec<Vec<u8>>), pairs: &[(u32, u32)]| {
            let mut tokens = first.tokens.clone();
            change(&mut tokens);
            Vocabulary::new(tokens, pairs.iter().copied())
        };
        assert_eq!(made(&|_| (), &[]), Ok(first.clone()));
        let short = made(&|tokens| tokens.truncate(256), &[]);
        assert_eq!(short, Err(VocabularyError::Size { found: 256 }));
        assert_eq!(made(&|tokens| tokens[0].push(1), &[]), Err(VocabularyError::End));
        let twice = made(&|tokens| tokens.push(vec![b'a']), &[]);
        assert_eq!(twice, Err(VocabularyError::Twice { id: 257 }));
        let byte = made(&|tokens| tokens[1].push(b'!'), &[]);
        assert_eq!(byte, Err(VocabularyError::Byte { byte: b'!' }));
        let merge = Err(VocabularyError::Merge { place: 0 });
        assert_eq!(made(&|_| (), &[(1, 2)]), merge);
        assert_eq!(made(&|_| (), &[(0, 2)]), merge);
        assert_eq!(made(&|_| (), &[(900, 2)]), merge);
        let again = made(&|tokens| tokens.push(b"!!".to_vec()), &[(1, 1), (1, 1)]);
        assert_eq!(again, Err(VocabularyError::Merge { place: 1 }));
    }

    #[test]
    fn ids_of_no_token_have_no_bytes() {
        let vocabulary = Vocabulary::first();
        assert_eq!(vocabulary.decode(&[0, 1, 9999, 2]), b"!\"");
    }
}
