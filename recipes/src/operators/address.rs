//! Operators about where a document was found: its own address, the name of its file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical::is_default;

/// Drops documents whose own address is listed, or has listed texts in it.
///
/// The address is the one that its source gives (`url_field`, a WARC record); a document without
/// one stays. Listed hosts come first, then listed addresses, then listed parts and words: where
/// two of these begin at one place the longer counts, and each of them once.
///
/// Source: Penedo et al. (2023), "The RefinedWeb Dataset", appendix G.1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressFilter {
    /// Names of hosts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// For which hosts a listed one stands.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reach: HostReach,
    /// Addresses, with or without `https://` and `www.`; those below one of them count too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Texts anywhere in the address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// Texts with no letter, digit or `_` of the address at their ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// The most different parts and words that an address may have.
    #[serde(default)]
    pub max: u64,
    /// Whether letters must have the case of the list; hosts and addresses never need it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact: bool,
    /// Texts that are taken out of hosts and addresses before they are compared: `.`, `-`, `www.`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
}

/// Keeps documents by the ends of their names.
///
/// A document's name is that of its file, or its path in an archive; documents of one JSONL file
/// have one name. Letters of either case count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NameFilter {
    /// Ends of names, such as `.py`.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub ends: Vec<String>,
}

/// For which hosts a listed one stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HostReach {
    /// Itself and those below it.
    #[default]
    Below,
    /// Itself, and those below it where it is a name that is registered: two labels, or three such
    /// as `a.co.uk`.
    Registered,
    /// Itself.
    Alone,
}

/// Drops documents whose own address was seen before.
///
/// The first in document order stays, or the last; and every document without an address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedupAddress {
    /// Whether scheme, `www.`, the case of the host, what follows `#` and a last `/` make no
    /// difference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
    /// Which of the documents with one address stays.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keep: KeepOf,
    /// Texts that are taken out of addresses before they are compared: `www.`, `/amp`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
}

/// Which of equal documents stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeepOf {
    /// The first in document order.
    #[default]
    First,
    /// The last: the newest, where sources come by age.
    Last,
}
