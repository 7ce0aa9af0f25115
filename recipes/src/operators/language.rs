//! Which languages a text may be in: `filter.language`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::thousandths;

/// Drops documents that are in none of some languages.
///
/// The value is how sure the identification is, from 0 to 1, where it finds a wanted language, else
/// 0; a text without letters has 0. The script with the most letters comes first: some scripts have
/// one language, Chinese characters with little kana are Chinese. Among the languages of one script
/// decide the letters used and the 300 most frequent trigrams. A language that is not listed here
/// comes out as a near one, mostly with a low value.
///
/// Source: the crate `whatlang` 0.18.0; Cavnar and Trenkle (1994), "N-gram-based text
/// categorization". datatrove keeps 0.65 and more of another measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterLanguage {
    /// The languages wanted, by their codes of ISO 639-1.
    #[schemars(length(min = 1))]
    pub languages: Vec<Language>,
    /// The least certainty kept.
    #[serde(default = "thousandths::<650>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub confidence_min: f64,
}

/// A language that can be told from others.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Afrikaans.
    Af,
    /// Akan.
    Ak,
    /// Amharic.
    Am,
    /// Arabic.
    Ar,
    /// Azerbaijani.
    Az,
    /// Belarusian.
    Be,
    /// Bulgarian.
    Bg,
    /// Bengali.
    Bn,
    /// Catalan.
    Ca,
    /// Czech.
    Cs,
    /// Welsh.
    Cy,
    /// Danish.
    Da,
    /// German.
    De,
    /// Greek.
    El,
    /// English.
    En,
    /// Esperanto.
    Eo,
    /// Spanish.
    Es,
    /// Estonian.
    Et,
    /// Persian.
    Fa,
    /// Finnish.
    Fi,
    /// French.
    Fr,
    /// Gujarati.
    Gu,
    /// Hebrew.
    He,
    /// Hindi.
    Hi,
    /// Croatian.
    Hr,
    /// Hungarian.
    Hu,
    /// Armenian.
    Hy,
    /// Indonesian.
    Id,
    /// Italian.
    It,
    /// Japanese.
    Ja,
    /// Javanese.
    Jv,
    /// Georgian.
    Ka,
    /// Khmer.
    Km,
    /// Kannada.
    Kn,
    /// Korean.
    Ko,
    /// Latin.
    La,
    /// Lithuanian.
    Lt,
    /// Latvian.
    Lv,
    /// Macedonian.
    Mk,
    /// Malayalam.
    Ml,
    /// Marathi.
    Mr,
    /// Burmese.
    My,
    /// Norwegian, bokmål.
    Nb,
    /// Nepali.
    Ne,
    /// Dutch.
    Nl,
    /// Odia.
    Or,
    /// Punjabi.
    Pa,
    /// Polish.
    Pl,
    /// Portuguese.
    Pt,
    /// Romanian.
    Ro,
    /// Russian.
    Ru,
    /// Sinhala.
    Si,
    /// Slovak.
    Sk,
    /// Slovene.
    Sl,
    /// Shona.
    Sn,
    /// Serbian.
    Sr,
    /// Swedish.
    Sv,
    /// Tamil.
    Ta,
    /// Telugu.
    Te,
    /// Thai.
    Th,
    /// Turkmen.
    Tk,
    /// Tagalog.
    Tl,
    /// Turkish.
    Tr,
    /// Ukrainian.
    Uk,
    /// Urdu.
    Ur,
    /// Uzbek.
    Uz,
    /// Vietnamese.
    Vi,
    /// Yiddish.
    Yi,
    /// Chinese.
    Zh,
    /// Zulu.
    Zu,
}
