//! Why the registry could not answer: facts only; advice is the caller's.
//!
//! Evidence of damage is its own kind, because it is never repaired silently.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use recipes::ObjectError;

/// Something in the registry is not what it must be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// The file, from the registry's folder, with the byte where that is known.
    pub place: String,
    /// What was found there and what was wanted.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Why the registry could not answer.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("`{path}`: {error}")]
    File { path: String, error: io::Error },
    #[error("no registry at `{0}`")]
    Missing(PathBuf),
    #[error("a registry is already at `{0}`")]
    Exists(PathBuf),
    #[error("`{folder}` holds `{found}`, wanted an empty folder")]
    NotEmpty { folder: PathBuf, found: String },
    #[error("`{folder}` lies inside the registry `{outer}`")]
    Nested { folder: PathBuf, outer: PathBuf },
    #[error("the registry `{folder}` has format {found}, wanted at most {wanted}")]
    Newer { folder: PathBuf, found: u64, wanted: u64 },
    #[error("`{path}` line {line} is `{found}`, wanted {wanted}")]
    Settings { path: PathBuf, line: usize, found: String, wanted: &'static str },
    #[error("damage: {0}")]
    Damaged(Damage),
    #[error("the registry `{0}` can only be read")]
    ReadOnly(PathBuf),
    #[error("process {pid} owns the registry and did not answer within {seconds} seconds")]
    Busy { pid: String, seconds: u64 },
    #[error("the index: {0}")]
    Index(String),
    #[error("`{text}` names nothing in this registry")]
    Unknown { text: String },
    #[error("`{text}` names several things: {}", .candidates.join(", "))]
    Ambiguous { text: String, candidates: Vec<String> },
    #[error("{what} has {found} bytes, wanted at most {wanted}")]
    TooLarge { what: String, found: u64, wanted: u64 },
    #[error("the bytes of `{name}` (`{digest}`) are not here")]
    Bytes { name: String, digest: recipes::Digest },
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error("a message between two processes is malformed: {0}")]
    Message(String),
    #[error("the process that owns the registry speaks protocol {found}, wanted {wanted}")]
    Protocol { found: u64, wanted: u64 },
    #[error("{text}")]
    Told { kind: Kind, text: String },
    #[error("the journal could not be written before, wanted a registry opened anew")]
    Poisoned,
}

/// What matters about an error to someone in another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Other,
    Damage,
    ReadOnly,
    Full,
}

impl Kind {
    /// The kind as one byte of a message.
    pub fn byte(self) -> u8 {
        self as u8
    }

    /// The kind of a byte.
    pub fn of_byte(byte: u8) -> Kind {
        match byte {
            1 => Kind::Damage,
            2 => Kind::ReadOnly,
            3 => Kind::Full,
            _ => Kind::Other,
        }
    }
}

impl RegistryError {
    /// An error of the operating system about a file.
    pub fn file(path: &Path, error: io::Error) -> RegistryError {
        RegistryError::File { path: path.display().to_string(), error }
    }

    /// Evidence of damage.
    pub fn damage(place: impl Into<String>, what: impl Into<String>) -> RegistryError {
        RegistryError::Damaged(Damage { place: place.into(), what: what.into() })
    }

    /// Whether this is evidence of damage, which has an exit code of its own.
    pub fn is_damage(&self) -> bool {
        self.kind() == Kind::Damage
    }

    /// Whether the registry cannot be written because its folder cannot.
    pub fn is_read_only(&self) -> bool {
        self.kind() == Kind::ReadOnly
    }

    /// Whether there was no room left.
    pub fn is_full(&self) -> bool {
        self.kind() == Kind::Full
    }

    /// What matters about this error to someone in another process.
    pub fn kind(&self) -> Kind {
        match self {
            RegistryError::Damaged(_) => Kind::Damage,
            RegistryError::Object(ObjectError::Digest { .. }) => Kind::Damage,
            RegistryError::ReadOnly(_) => Kind::ReadOnly,
            RegistryError::File { error, .. } if error.kind() == io::ErrorKind::StorageFull => {
                Kind::Full
            }
            RegistryError::File { error, .. } if read_only(error) => Kind::ReadOnly,
            RegistryError::Told { kind, .. } => *kind,
            _ => Kind::Other,
        }
    }
}

/// Whether an error says that a place cannot be written.
pub fn read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}
