//! Whose reading a step that changes text takes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose words a step on words takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WordReading {
    /// What lies between white space.
    #[default]
    Ingot,
    /// The same, and a word stays too where it fits without symbols and digits around it.
    DataJuicer,
}

/// Whose sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SentenceReading {
    /// Those of `filter.sentences@1`; their letters and digits in lower case are compared.
    #[default]
    Ingot,
    /// A sentence ends with every `.`, `!`, `?` and their wide forms.
    DataJuicer,
}

/// Whose links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkReading {
    /// `http://`, `https://`, `ftp://` and `www.` up to white space or a Chinese mark.
    #[default]
    Ingot,
    /// Any scheme, `www.`, and hosts with a path.
    DataJuicer,
    /// Names with a top-level domain, and IPv4 addresses, with the white space before them.
    Dclm,
    /// `http://`, `https://` and `www.` up to white space.
    Nemo,
}

/// Whose reading of HTML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HtmlReading {
    /// Blocks end lines.
    #[default]
    Ingot,
    /// Tags vanish, items of lists start lines with `*`, white space stays.
    DataJuicer,
}

/// Whose reading of LaTeX.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LatexReading {
    /// A comment after text goes up to the end of its line.
    #[default]
    Ingot,
    /// RedPajama's, which DCLM and Data-Juicer share: the character before an inline comment goes
    /// too.
    Redpajama,
}

/// Whose reading of Markdown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MarkdownReading {
    /// All marks; of a link its text stays.
    #[default]
    Ingot,
    /// Emphasis within a line, and links, of which the address stays.
    Nemo,
}

/// Whose reading of broken text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MojibakeReading {
    /// Windows-1252 alone.
    #[default]
    Ingot,
    /// ftfy's: Latin-1, Windows-1250 to 1254 and 1257, ISO 8859-2, Mac OS Roman and code page 437
    /// too, entities, ligatures, wide forms, straight quotes, line ends.
    Ftfy,
}

/// What ftfy need not make plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MojibakeKept {
    /// Typographic quotes.
    Quotes,
    /// Ligatures such as `ﬁ`.
    Ligatures,
    /// Wide Latin letters, narrow Kana and the wide space.
    Widths,
    /// Line ends of other systems.
    LineEnds,
    /// Letters followed by marks; without it the text is in NFC.
    Marks,
}

/// Whose judgement of what is a page's main text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MainContentReading {
    /// jusText's: paragraphs of 70 characters and more with 0.3 of common words and at most 0.2
    /// in links are text; shorter ones where their neighbours are.
    #[default]
    Justext,
    /// Near Resiliparse's in NeMo Curator: navigation, footers and what is hidden go, then
    /// paragraphs with less than 0.32 of common words; line breaks part paragraphs.
    Resiliparse,
}

/// From which Chinese script into which; `p` with the words of the place, such as 滑鼠 for 鼠标.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScriptConversion {
    /// Simplified to traditional.
    S2t,
    /// Simplified to Taiwan's.
    S2tw,
    /// Simplified to Taiwan's with its words.
    S2twp,
    /// Simplified to Hong Kong's.
    S2hk,
    /// Simplified to Hong Kong's with its words.
    S2hkp,
    /// Traditional to simplified.
    T2s,
    /// Taiwan's to simplified.
    Tw2s,
    /// Taiwan's to simplified with the mainland's words.
    Tw2sp,
    /// Hong Kong's to simplified.
    Hk2s,
    /// Hong Kong's to simplified with the mainland's words.
    Hk2sp,
    /// Traditional to Taiwan's.
    T2tw,
    /// Taiwan's to traditional.
    Tw2t,
    /// Traditional to Hong Kong's.
    T2hk,
    /// Hong Kong's to traditional.
    Hk2t,
    /// Japanese to traditional.
    Jp2t,
    /// Traditional to Japanese.
    T2jp,
}
