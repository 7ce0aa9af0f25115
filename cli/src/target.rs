//! What a person names on the command line: a recipe's file, a registered recipe, a run.

use std::path::{Path, PathBuf};

use recipes::recipe::Hold;
use recipes::{Digest, Pinned, Recipe};
use registry::{Registry, Resolved, RunRecord, Version};
use trainer::BuildError;

use crate::Failure;
use crate::context::Context;
use crate::furnace::{Hashing, Keeping};

/// The largest recipe file that is read.
const RECIPE_BYTES_MAX: u64 = 1 << 20;

/// A recipe read from a file.
pub struct Written {
    pub recipe: Recipe,
    pub text: String,
    /// The folder its paths are relative to.
    pub folder: PathBuf,
}

/// Whether an argument names a file and not a registered name.
pub fn is_file(argument: &str) -> bool {
    let ending = Path::new(argument).extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("yaml" | "yml")) || argument.contains('/')
}

/// Reads the text of a recipe file.
pub fn read_text(context: &Context, file: &Path) -> Result<String, Failure> {
    let path = context.path(file);
    let about = |error: std::io::Error| Failure::file(file, &error);
    let size = std::fs::metadata(&path).map_err(about)?.len();
    if size > RECIPE_BYTES_MAX {
        return Err(Failure::new(format!(
            "`{}` has {size} bytes, wanted at most {RECIPE_BYTES_MAX}",
            file.display()
        )));
    }
    let bytes = std::fs::read(&path).map_err(about)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(format!("`{}` is not UTF-8 at byte {at}", file.display()))
    })
}

/// Reads and checks a recipe file; all its problems make one failure.
pub fn read(context: &Context, file: &Path) -> Result<Written, Failure> {
    let text = read_text(context, file)?;
    let recipe = recipes::read(&text).map_err(|problems| {
        let name = file.display().to_string();
        let count = problems.len();
        let message = format!("`{name}` has {count} problem{}", if count == 1 { "" } else { "s" });
        Failure {
            drawn: Some(problems.render(&name, &text)),
            details: problems.json(&name),
            ..Failure::new(message)
        }
    })?;
    let path = context.path(file);
    let folder = path.parent().unwrap_or(Path::new(".")).to_path_buf();
    Ok(Written { recipe, text, folder })
}

/// A recipe that is in the registry.
pub struct Registered {
    pub pinned: Pinned,
    pub version: Version,
    /// Whether it was new.
    pub new: bool,
    /// The run that was named.
    pub run: Option<RunRecord>,
}

/// Registers the recipe of a file, bringing its sources in.
pub fn register(
    context: &mut Context,
    registry: &Registry,
    written: &Written,
    reason: Option<String>,
) -> Result<Registered, Failure> {
    let keeping = Keeping::new(registry.blobs());
    let pinned = trainer::pin::pin(&written.recipe, &written.folder, &keeping)
        .map_err(|error| Failure::new(error.to_string()))?;
    let locations = keeping.into_locations();
    let (time, actor) = ((context.world.clock)(), context.actor());
    let yaml = written.text.as_bytes();
    let added = registry.add_recipe(&pinned, yaml, locations, time, actor, reason)?;
    let version = registry
        .version_of(&added.digest)?
        .ok_or_else(|| Failure::new(format!("`{}` was added but is not there", added.name)))?;
    Ok(Registered { pinned, version, new: added.new, run: None })
}

/// Finds a registered recipe: `prose`, `prose@2`, a digest, or a run whose recipe is meant.
pub fn registered(registry: &Registry, argument: &str) -> Result<Registered, Failure> {
    let mut named = None;
    let digest = match registry.resolve(argument)? {
        Resolved::Recipe(version) => version.digest,
        Resolved::Run(run) => named.insert(record(registry, &run)?).summary.recipe,
        Resolved::Object(digest) => digest,
        Resolved::Blob(_) => return Err(Failure::new(format!("`{argument}` is not a recipe"))),
    };
    let version = registry
        .version_of(&digest)?
        .ok_or_else(|| Failure::new(format!("`{argument}` is not a recipe")))?;
    Ok(Registered { pinned: registry.pinned(&digest)?, version, new: false, run: named })
}

/// A recipe for comparing, with the name it is shown under and its text.
pub struct Compared {
    pub label: String,
    pub pinned: Pinned,
    pub text: String,
    /// Its digest, where it is registered.
    digest: Option<Digest>,
    /// The run that was named.
    named: Option<RunRecord>,
}

impl Compared {
    /// Whether it is registered, so that it can have runs.
    pub fn is_registered(&self) -> bool {
        self.digest.is_some()
    }

    /// The run that was named, else the newest finished one.
    pub fn run(&self, registry: &Registry) -> Result<Option<RunRecord>, Failure> {
        match (&self.named, &self.digest) {
            (Some(run), _) => Ok(Some(run.clone())),
            (None, Some(digest)) => Ok(registry.newest_finished(digest)?),
            (None, None) => Ok(None),
        }
    }
}

/// Reads a recipe for comparing: a file is pinned without being registered.
pub fn compared(context: &mut Context, argument: &str) -> Result<Compared, Failure> {
    if is_file(argument) {
        let written = read(context, Path::new(argument))?;
        let pinned = trainer::pin::pin(&written.recipe, &written.folder, &Hashing)
            .map_err(|error| Failure::new(error.to_string()))?;
        let (label, text) = (argument.to_owned(), written.text);
        return Ok(Compared { label, pinned, text, digest: None, named: None });
    }
    let registry = context.registry()?;
    let Registered { pinned, version, run: named, .. } = registered(&registry, argument)?;
    let text = yaml_text(&registry, &version.yaml)?;
    let label = format!("{}@{}", version.name, version.number);
    Ok(Compared { label, pinned, text, digest: Some(version.digest), named })
}

/// The text a recipe was registered with.
pub fn yaml_text(registry: &Registry, yaml: &Digest) -> Result<String, Failure> {
    let mut text = String::new();
    let mut file = registry.blobs().open(yaml)?;
    std::io::Read::read_to_string(&mut file, &mut text)?;
    Ok(text)
}

/// An error in the words of the recipe's text, where that is here and can still be read.
pub fn in_words_of(registry: &Registry, recipe: &Digest, error: BuildError) -> BuildError {
    let version = registry.version_of(recipe).ok().flatten();
    let text = version.and_then(|version| yaml_text(registry, &version.yaml).ok());
    match text.and_then(|text| recipes::read(&text).ok()) {
        Some(written) => error.in_words_of(&written),
        None => error,
    }
}

/// Finds a run by its id or the first digits of it.
pub fn run(registry: &Registry, argument: &str) -> Result<Digest, Failure> {
    match registry.resolve(argument)? {
        Resolved::Run(run) => Ok(run),
        Resolved::Recipe(version) => {
            let newest = registry.runs()?.into_iter().find(|run| run.recipe == version.digest);
            newest.map(|run| run.id).ok_or_else(|| {
                let name = format!("{}@{}", version.name, version.number);
                Failure::new(format!("`{name}` has no run yet"))
                    .hint(format!("`ingot run {name}` makes one"))
            })
        }
        _ => Err(Failure::new(format!("`{argument}` is not a run"))
            .hint("`ingot runs` lists the runs with their ids")),
    }
}

/// A run's record, which must be there.
pub fn record(registry: &Registry, run: &Digest) -> Result<RunRecord, Failure> {
    registry.run(run)?.ok_or_else(|| Failure::new(format!("there is no run `{}`", run.short())))
}

/// Whether a source's bytes are to be copied.
pub fn copies(hold: Hold) -> bool {
    hold == Hold::Copy
}
