//! `text.mojibake@1`, profile `ftfy`.

/// The text as it was meant.
pub fn fixed(text: &str) -> String {
    crate::mojibake::repaired(text).replace(['‘', '’'], "'").replace(['“', '”'], "\"")
}
