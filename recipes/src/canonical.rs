//! The one byte form of a value: RFC 8785 JSON, integers inside ±(2^53−1), no NaN or infinity.
//!
//! RFC 8785 alone prints two different large integers alike, hence the walk before the bytes.

use serde::Serialize;
use serde_json::Value;

use crate::strict;

/// The largest integer that every JSON reader keeps: 2^53 − 1.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Why a value has no canonical form, or bytes are not one.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    #[error("the integer `{0}` is outside ±(2^53−1); write it as a quoted text")]
    Integer(String),
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the bytes are JSON but not in canonical form")]
    NotCanonical,
}

/// Writes the canonical bytes of a value.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value)?;
    check_integers(&value)?;
    Ok(serde_json_canonicalizer::to_vec(&value)?)
}

/// Reads bytes that must be in canonical form: no duplicate keys, no spaces, one key order.
pub fn from_bytes(bytes: &[u8]) -> Result<Value, CanonicalError> {
    let value = strict::parse(bytes)?;
    if to_bytes(&value)? != bytes {
        return Err(CanonicalError::NotCanonical);
    }
    Ok(value)
}

/// Whether a field added later says nothing: it is left out, so that older bytes stay.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn check_integers(value: &Value) -> Result<(), CanonicalError> {
    match value {
        Value::Number(number) => {
            let inside = match (number.as_u64(), number.as_i64()) {
                (Some(n), _) => n <= INTEGER_MAX,
                (None, Some(n)) => n.unsigned_abs() <= INTEGER_MAX,
                (None, None) => true,
            };
            if inside { Ok(()) } else { Err(CanonicalError::Integer(number.to_string())) }
        }
        Value::Array(items) => items.iter().try_for_each(check_integers),
        Value::Object(members) => members.values().try_for_each(check_integers),
        _ => Ok(()),
    }
}
