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

/// Which personal data a text may have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PiiFind {
    /// What to look for.
    #[schemars(length(min = 1))]
    pub kinds: Vec<PiiFinding>,
    /// How many findings a kept document may have; not used for masking.
    #[serde(default)]
    pub max: u64,
    /// What stands for a finding; unset, a mask of its kind. Used for masking alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
}

/// A kind of personal data or secret, with its checksum where it has one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PiiFinding {
    /// `local@domain.tld`.
    Email,
    /// IP addresses, as `pii.mask@1` finds them.
    Ip,
    /// Numbers of 12 to 19 digits whose Luhn sum fits, spaces and hyphens between allowed.
    Card,
    /// Resident ids of 18 digits whose check digit fits (GB 11643).
    ResidentId,
    /// International bank account numbers whose remainder fits (ISO 13616).
    Iban,
    /// Telephone numbers: Chinese mobiles, `+` and country, North American.
    Phone,
    /// United States social security numbers that can have been given.
    Ssn,
    /// Keys of known services and private key blocks.
    Secret,
    /// IP addresses however short, with zone and prefix length: `::1`, `10.0.0.0/8`.
    AnyIp,
    /// Media access control addresses of network cards.
    Mac,
    /// Names with a top-level domain, with or without `http://`.
    Url,
    /// Calendar days in figures or with a month's name, with a time after them.
    Date,
    /// Bitcoin addresses in base 58.
    Crypto,
    /// Australian business numbers.
    AuAbn,
    /// Australian company numbers.
    AuAcn,
    /// Australian Medicare cards.
    AuMedicare,
    /// Australian tax file numbers.
    AuTfn,
    /// German tax ids.
    DeTaxId,
    /// German VAT ids.
    DeVatId,
    /// Spanish tax numbers.
    EsNif,
    /// Indian Aadhaar numbers.
    InAadhaar,
    /// Indian permanent account numbers.
    InPan,
    /// Italian fiscal codes.
    ItFiscalCode,
    /// Korean resident registration numbers.
    KrRrn,
    /// Philippine mobile numbers.
    PhMobileNumber,
    /// Singaporean identity numbers.
    SgFin,
    /// Thai identity numbers.
    ThTnin,
    /// Turkish telephone numbers.
    TrPhoneNumber,
    /// Numbers of the British National Health Service.
    UkNhs,
    /// British national insurance numbers.
    UkNino,
    /// British postcodes.
    UkPostcode,
    /// United States taxpayer numbers of individuals.
    UsItin,
    /// United States provider identifiers.
    UsNpi,
    /// United States social security numbers, with marks between or without.
    UsSsn,
    /// Email addresses with any mark that a name may have, and hosts without letters.
    AnyEmail,
    /// The password in an address such as `https://name:password@host`.
    UrlPassword,
    /// What is given to a name such as `password`, `api_key` or `secret` with `:` or `=`.
    AssignedSecret,
}

impl PiiFinding {
    /// The word in a recipe, and between `<` and `>` the mask.
    pub fn word(self) -> String {
        let name = format!("{self:?}");
        let mut word = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() && !word.is_empty() {
                word.push('-');
            }
            word.push(letter.to_ascii_lowercase());
        }
        word
    }
}

/// Names to hide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PiiNames {
    /// The names as they are written; only whole words count where letters stand beside.
    #[schemars(length(min = 1))]
    pub names: Vec<String>,
}
