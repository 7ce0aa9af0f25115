//! Operators that hide or refuse personal data: `pii.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Replaces personal data by a mask: `<email>`, `<ip>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PiiMask {
    /// What to hide.
    #[schemars(length(min = 1))]
    pub kinds: Vec<PiiKind>,
}

/// A kind of personal data.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum PiiKind {
    /// `local@domain.tld`.
    Email,
    /// Version 4, and version 6 with at least four written groups.
    Ip,
}
