//! Names with numbered versions, and what a person may mean by a text.
//!
//! What always holds: a version never changes, a number is never given twice, and the same recipe
//! is the same version however often it is added.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use recipes::{Digest, Object, Pinned};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::error::RegistryError;
use crate::event::{Action, Entry};
use crate::registry::{Registry, digest_at};
use crate::rows::{self, LOCATIONS_KIND, Locations};

/// The fewest digits that stand for a digest.
const DIGITS_MIN: usize = 8;

/// A recipe under its name and number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub name: String,
    /// From 1.
    pub number: u64,
    /// The recipe object.
    pub digest: Digest,
    /// The text that it was registered with, as a blob.
    pub yaml: Digest,
    /// The event that added it.
    pub event: u64,
    pub time: String,
    pub actor: String,
}

/// What became of a recipe that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    pub name: String,
    pub version: u64,
    /// The recipe object.
    pub digest: Digest,
    /// Whether it was not there before.
    pub new: bool,
}

/// What a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    Recipe(Version),
    Run(Digest),
    Object(Digest),
    Blob(Digest),
}

impl Resolved {
    fn label(&self) -> String {
        match self {
            Resolved::Recipe(version) => {
                format!("{}@{} ({})", version.name, version.number, version.digest)
            }
            Resolved::Run(digest) => format!("run {digest}"),
            Resolved::Object(digest) => format!("object {digest}"),
            Resolved::Blob(digest) => format!("blob {digest}"),
        }
    }
}

impl Registry {
    /// Adds a recipe as the next version of its name; the same content is the same version.
    ///
    /// The bytes of its sources must be in the blobs, or at one of `locations`.
    pub fn add_recipe(
        &self,
        pinned: &Pinned,
        yaml: &[u8],
        locations: BTreeMap<Digest, PathBuf>,
        time: String,
        actor: String,
        reason: Option<String>,
    ) -> Result<Added, RegistryError> {
        let objects = pinned.objects()?;
        let digest = objects.recipe.digest();
        if let Some(version) = self.version_of(&digest)? {
            let (name, number) = (version.name, version.number);
            return Ok(Added { name, version: number, digest, new: false });
        }
        self.check_sources(pinned, &locations)?;
        let blob = self
            .blobs()
            .put_bytes(yaml)
            .map_err(|error| RegistryError::File { path: "blobs".into(), error })?;
        let mut facts = Map::from_iter([("name".to_owned(), pinned.name.clone().into())]);
        let mut parts = objects.parts;
        parts.push(objects.recipe);
        if !locations.is_empty() {
            let known = Object::new(LOCATIONS_KIND, &Locations { locations })?;
            facts.insert("locations".into(), known.digest().to_string().into());
            parts.push(known);
        }
        let (action, subjects) = (Action::RecipeAdded, vec![digest, blob]);
        let entry = Entry { time, actor, action, subjects, reason, facts, objects: parts };
        let appended = self.append(vec![self.draft(entry, true)])?;
        let appended = appended.first().map(|appended| appended.new).unwrap_or_default();
        let version = self.version_of(&digest)?;
        let version = version.ok_or_else(|| RegistryError::Unknown { text: digest.to_string() })?;
        Ok(Added { name: version.name, version: version.number, digest, new: appended })
    }

    /// Every file of every source must be here or have a known place.
    fn check_sources(
        &self,
        pinned: &Pinned,
        locations: &BTreeMap<Digest, PathBuf>,
    ) -> Result<(), RegistryError> {
        let sources = pinned.sources.iter();
        let mut files =
            sources.flat_map(|(name, source)| source.files.iter().map(move |f| (name, f)));
        let missing = files.find(|(_, file)| {
            !locations.contains_key(&file.digest) && !self.blobs().has(&file.digest)
        });
        match missing {
            Some((source, file)) => {
                let name = format!("{source}: {}", file.name);
                Err(RegistryError::Bytes { name, digest: file.digest })
            }
            None => Ok(()),
        }
    }

    /// The versions of a name, oldest first; none where there is no such name.
    pub fn versions(&self, name: &str) -> Result<Vec<Version>, RegistryError> {
        let mut found = Vec::new();
        let prefix = rows::version(name, 0)[..name.len() + 2].to_vec();
        self.scan(prefix.clone(), rows::after(&prefix), &mut |_, value| {
            found.push(rows::parse(&value)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// The latest version of each name, by name.
    pub fn names(&self) -> Result<Vec<Version>, RegistryError> {
        let mut found = Vec::new();
        let prefix = rows::latest("");
        self.scan(prefix.clone(), rows::after(&prefix), &mut |_, value| {
            found.push(rows::parse(&value)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// The version that a recipe object is.
    pub fn version_of(&self, recipe: &Digest) -> Result<Option<Version>, RegistryError> {
        self.get(&rows::recipe(recipe))?.map(|row| rows::parse(&row)).transpose()
    }

    /// Known places of a file held by reference.
    pub fn locations(&self, digest: &Digest) -> Result<Vec<PathBuf>, RegistryError> {
        let mut found = Vec::new();
        let prefix = rows::location(digest, b"");
        self.scan(prefix.clone(), rows::after(&prefix), &mut |key, _| {
            found.push(PathBuf::from(OsStr::from_bytes(&key[prefix.len()..])));
            Ok(true)
        })?;
        Ok(found)
    }

    /// Finds what a text names: `prose`, `prose@2`, `prose@latest`, a digest or its first digits.
    pub fn resolve(&self, text: &str) -> Result<Resolved, RegistryError> {
        let unknown = || RegistryError::Unknown { text: text.chars().take(200).collect() };
        let (name, number) = text.split_once('@').unwrap_or((text, "latest"));
        let row = match number.parse() {
            _ if number == "latest" => self.get(&rows::latest(name))?,
            Ok(number) => self.get(&rows::version(name, number))?,
            Err(_) => None,
        };
        if let Some(row) = row {
            return rows::parse(&row).map(Resolved::Recipe);
        }
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let hex = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !hex || !(DIGITS_MIN..=64).contains(&digits.len()) {
            return Err(unknown());
        }
        let mut found = self.with_digits(digits)?;
        match found.len() {
            0 => Err(unknown()),
            1 => found.pop().ok_or_else(unknown),
            _ => Err(RegistryError::Ambiguous {
                text: text.to_owned(),
                candidates: found.iter().map(Resolved::label).collect(),
            }),
        }
    }

    /// Everything whose digest begins with these digits.
    fn with_digits(&self, digits: &str) -> Result<Vec<Resolved>, RegistryError> {
        let bound = |fill: &str| {
            let full = format!("{digits}{}", fill.repeat(64 - digits.len()));
            Digest::from_hex(&full).map_err(|_| RegistryError::Unknown { text: digits.into() })
        };
        let (from, mut to) = (rows::object(&bound("0")?), rows::object(&bound("f")?));
        to.push(0);
        let mut objects = BTreeSet::new();
        self.scan(from, to, &mut |key, _| {
            objects.extend(digest_at(&key, 1));
            Ok(true)
        })?;
        let mut found = Vec::new();
        for digest in &objects {
            found.push(match self.version_of(digest)? {
                Some(version) => Resolved::Recipe(version),
                None if self.get(&rows::run(digest))?.is_some() => Resolved::Run(*digest),
                None => Resolved::Object(*digest),
            });
        }
        let blobs = self.blobs().with_prefix(digits);
        let blobs = blobs.map_err(|error| RegistryError::File { path: "blobs".into(), error })?;
        found.extend(blobs.into_iter().filter(|blob| !objects.contains(blob)).map(Resolved::Blob));
        Ok(found)
    }
}
