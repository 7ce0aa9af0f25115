//! Operators that change text: `text.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Brings text into one Unicode form, with `\n` for `\r\n` and `\r`.
///
/// Source: Unicode Standard Annex #15.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextNormalize {
    /// The form.
    #[serde(default)]
    pub form: UnicodeForm,
}

/// A Unicode normalization form (UAX #15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnicodeForm {
    /// Composed where a composed character exists.
    #[default]
    Nfc,
    /// The same, and compatible characters become one: `ﬁ` becomes `fi`.
    Nfkc,
}
