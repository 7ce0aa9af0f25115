//! What kind of character stands at a place of a text.

use std::sync::LazyLock;

use crate::class_ranges::{LETTERS, NUMBERS, SPACES};

pub(crate) const OTHER: u8 = 0;
pub(crate) const LETTER: u8 = 1;
pub(crate) const NUMBER: u8 = 2;
pub(crate) const SPACE: u8 = 3;
/// The class of what stands behind the last character.
pub(crate) const NOTHING: u8 = 4;

/// The class of every code point.
static CLASSES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut classes = vec![OTHER; 0x11_0000];
    let lists: [(&[u32], u8); 3] = [(&LETTERS, LETTER), (&NUMBERS, NUMBER), (&SPACES, SPACE)];
    for (list, class) in lists {
        for range in list.chunks_exact(2) {
            classes[range[0] as usize..range[1] as usize].fill(class);
        }
    }
    classes
});

/// Looks characters up in the bytes of a text.
#[derive(Clone, Copy)]
pub(crate) struct Classes(&'static [u8]);

impl Classes {
    pub(crate) fn new() -> Classes {
        Classes(&CLASSES)
    }

    /// The class of the character that begins at `at`, and its bytes; `text` is UTF-8.
    #[inline(always)]
    pub(crate) fn at(self, text: &[u8], at: usize) -> (u8, usize) {
        let Some(&lead) = text.get(at) else { return (NOTHING, 0) };
        if lead < 0x80 {
            return (self.0[usize::from(lead)], 1);
        }
        let low = |offset: usize| u32::from(text[at + offset] & 0x3f);
        let lead = u32::from(lead);
        let (code, width) = if lead < 0xe0 {
            ((lead & 0x1f) << 6 | low(1), 2)
        } else if lead < 0xf0 {
            ((lead & 0x0f) << 12 | low(1) << 6 | low(2), 3)
        } else {
            ((lead & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4)
        };
        (self.0[code as usize], width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_the_class_that_the_regex_crate_gives_it() {
        let wanted = [(LETTER, r"^\p{L}$"), (NUMBER, r"^\p{N}$"), (SPACE, r"^\s$")];
        let wanted = wanted.map(|(class, text)| (class, regex::Regex::new(text).expect("valid")));
        let mut buffer = [0; 4];
        for character in '\0'..=char::MAX {
            let text = &*character.encode_utf8(&mut buffer);
            let class = wanted.iter().find(|(_, pattern)| pattern.is_match(text));
            let class = class.map_or(OTHER, |(class, _)| *class);
            assert_eq!(Classes::new().at(text.as_bytes(), 0), (class, text.len()), "{text:?}");
        }
    }
}
