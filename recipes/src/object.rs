//! A small canonical JSON record with its kind inside, named by the SHA-256 of its bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::canonical::{self, CanonicalError};
use crate::digest::Digest;

/// A record that cannot change: its name is the digest of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    digest: Digest,
    bytes: Vec<u8>,
}

/// Why some bytes are not the object that was wanted.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    #[error("the bytes hash to `{found}`, wanted `{wanted}`")]
    Digest { found: Digest, wanted: Digest },
    #[error("the object is of kind `{found}`, wanted `{wanted}`")]
    Kind { found: String, wanted: String },
    #[error("the object of kind `{kind}` does not have the form of its kind: {reason}")]
    Form { kind: String, reason: String },
}

impl Object {
    /// Makes the object of a record; `record` must serialize as a JSON object without a `kind`.
    pub fn new<T: Serialize>(kind: &str, record: &T) -> Result<Object, ObjectError> {
        let form = |reason: &str| ObjectError::Form { kind: kind.into(), reason: reason.into() };
        let mut value = serde_json::to_value(record).map_err(CanonicalError::from)?;
        let members = value.as_object_mut().ok_or_else(|| form("not a JSON object"))?;
        if members.insert("kind".into(), Value::String(kind.into())).is_some() {
            return Err(form("the record has a `kind` of its own"));
        }
        let bytes = canonical::to_bytes(&value)?;
        Ok(Object { digest: Digest::of(&bytes), bytes })
    }

    /// Takes bytes that must be the canonical form of the object named `wanted`.
    pub fn from_bytes(wanted: &Digest, bytes: Vec<u8>) -> Result<Object, ObjectError> {
        let found = Digest::of(&bytes);
        if found != *wanted {
            return Err(ObjectError::Digest { found, wanted: *wanted });
        }
        canonical::from_bytes(&bytes)?;
        Ok(Object { digest: found, bytes })
    }

    /// The object's name.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The kind written inside, or the empty text.
    pub fn kind(&self) -> String {
        self.value()["kind"].as_str().unwrap_or_default().to_owned()
    }

    /// The record as JSON, `kind` included.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("an object's bytes are JSON since it was made")
    }

    /// Reads the record of an object that must be of this kind.
    pub fn read<T: DeserializeOwned>(&self, kind: &str) -> Result<T, ObjectError> {
        let mut value = self.value();
        let found = self.kind();
        if found != kind {
            return Err(ObjectError::Kind { found, wanted: kind.into() });
        }
        if let Some(members) = value.as_object_mut() {
            members.remove("kind");
        }
        serde_json::from_value(value)
            .map_err(|error| ObjectError::Form { kind: kind.into(), reason: error.to_string() })
    }
}
