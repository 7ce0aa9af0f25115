//! A source as a person wrote it: what kind of input it is, where it lies, how it is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A named input, by where it lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Source {
    /// README files and doc comments of the crates in a `Cargo.lock`.
    Crates {
        /// The lock file, relative to the recipe.
        lock: String,
        #[serde(default)]
        licence: Option<String>,
        #[serde(default)]
        hold: Hold,
        #[serde(default)]
        on_error: OnError,
    },
    /// Files of a git repository at a commit, one document per file.
    Git {
        /// The repository's folder, relative to the recipe.
        repository: String,
        /// A commit, branch or tag; its full commit id is pinned at registration.
        revision: String,
        /// Glob patterns of paths in the repository.
        include: Vec<String>,
        #[serde(default)]
        licence: Option<String>,
        #[serde(default)]
        hold: Hold,
        #[serde(default)]
        on_error: OnError,
    },
    /// Text files, one document per file.
    Files {
        /// Glob patterns relative to the recipe.
        include: Vec<String>,
        #[serde(default)]
        licence: Option<String>,
        #[serde(default)]
        hold: Hold,
        #[serde(default)]
        on_error: OnError,
    },
    /// HTML files, one document per file: the visible text.
    Html {
        /// Glob patterns relative to the recipe.
        include: Vec<String>,
        #[serde(default)]
        licence: Option<String>,
        #[serde(default)]
        hold: Hold,
        #[serde(default)]
        on_error: OnError,
    },
    /// One JSON object per line; plain, gzip or zstd. Wants `path` or `include`.
    Jsonl {
        /// The file, relative to the recipe.
        #[serde(default)]
        path: Option<String>,
        /// Glob patterns relative to the recipe, instead of `path`.
        #[serde(default)]
        include: Vec<String>,
        /// The field that holds a document's text.
        text: String,
        /// The field that holds a document's address, where it has one.
        #[serde(default)]
        url_field: Option<String>,
        /// The field that holds a document's licence, where it has one of its own.
        #[serde(default)]
        licence_field: Option<String>,
        #[serde(default)]
        licence: Option<String>,
        #[serde(default)]
        hold: Hold,
        #[serde(default)]
        on_error: OnError,
    },
    /// Parquet files, one document per row. Wants `path` or `include`.
    Parquet {
        /// The file, relative to the recipe.
        #[serde(default)]
        path: Option<String>,
        /// Glob patterns relative to the recipe, instead of `path`.
        #[serde(default)]
        include: Vec<String>,
        /// The column that holds a document's text.
        text: String,
        /// The column that holds a document's address, where it has one.
        #[serde(default)]
        url_field: Option<String>,
        /// The column that holds a document's licence, where it has one of its own.
        #[serde(default)]
        licence_field: Option<String>,
        #[serde(default)]
        licence: Option<String>,
        #[serde(default)]
        hold: Hold,
        #[serde(default)]
        on_error: OnError,
    },
    /// Web archives, WARC or WET, plain or gzip: a document per page. Wants `path` or `include`.
    Warc {
        /// The file, relative to the recipe.
        #[serde(default)]
        path: Option<String>,
        /// Glob patterns relative to the recipe, instead of `path`.
        #[serde(default)]
        include: Vec<String>,
        /// What becomes of a page's HTML.
        #[serde(default)]
        html: Html,
        #[serde(default)]
        licence: Option<String>,
        #[serde(default)]
        hold: Hold,
        #[serde(default)]
        on_error: OnError,
    },
}

/// What becomes of a page's HTML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Html {
    /// The visible text, as `text.html@1` makes it.
    #[default]
    Text,
    /// It stays as it is, for cleaning steps of the recipe's own.
    Raw,
}

/// What a record that cannot be read means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// The run ends.
    #[default]
    Fail,
    /// The record is kept aside with its reason and counted; the run goes on.
    Quarantine,
}

impl Source {
    /// What every source may say.
    fn shared(&self) -> (Option<&String>, Hold, OnError) {
        match self {
            Source::Crates { licence, hold, on_error, .. }
            | Source::Git { licence, hold, on_error, .. }
            | Source::Files { licence, hold, on_error, .. }
            | Source::Html { licence, hold, on_error, .. }
            | Source::Jsonl { licence, hold, on_error, .. }
            | Source::Parquet { licence, hold, on_error, .. }
            | Source::Warc { licence, hold, on_error, .. } => (licence.as_ref(), *hold, *on_error),
        }
    }

    /// The licence that the recipe states.
    pub fn licence(&self) -> Option<&String> {
        self.shared().0
    }

    /// Whether its bytes are copied.
    pub fn hold(&self) -> Hold {
        self.shared().1
    }

    /// What a bad record means.
    pub fn on_error(&self) -> OnError {
        self.shared().2
    }

    /// The one file that it names, and the logical name that the file has in the manifest.
    pub fn one_file(&self) -> Option<(&str, &'static str)> {
        match self {
            Source::Jsonl { path, .. } => path.as_deref().map(|path| (path, "records.jsonl")),
            Source::Parquet { path, .. } => path.as_deref().map(|path| (path, "records.parquet")),
            Source::Warc { path, .. } => path.as_deref().map(|path| (path, "records.warc")),
            _ => None,
        }
    }
}

/// Whether a source's bytes are copied into the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Hold {
    /// Copied: a run can be rebuilt from the registry alone.
    #[default]
    Copy,
    /// Only the digests are kept: a run can be rebuilt while the bytes can be shown again.
    Reference,
}
