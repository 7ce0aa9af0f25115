//! Every document of a run, one after another, with what each step did to it.
//!
//! The run's lists are read side by side, so what is held is one document; lists that do not fit
//! together are refused. `trainer/DATA.md` defines their bytes.

use std::fs::File;
use std::io::{BufReader, Read, Take};
use std::sync::Arc;

use recipes::fate::FateReader;
use recipes::lists::{Changed, Gathered, Group, ListError, ListReader, Row, Tokenized};
use recipes::{Digest, Fate};
use registry::{Registry, RegistryError, RunRecord};

/// Why the documents of a run cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    #[error("run `{run}` kept no lists of its documents; a run of the same recipe makes them")]
    NoLists { run: String },
    #[error("the list `{digest}` is not here")]
    Missing { digest: Digest },
    #[error("the run's lists have {size} bytes, wanted at most {max}")]
    Large { size: u64, max: u64 },
    #[error("the list `{digest}`: {error}")]
    List { digest: Digest, error: ListError },
    #[error("the lists do not fit together: {0}")]
    Unfit(String),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl WalkError {
    /// Whether it is evidence of damage.
    pub fn is_damage(&self) -> bool {
        match self {
            WalkError::List { error, .. } => !matches!(error, ListError::Io(_)),
            WalkError::Unfit(_) => true,
            WalkError::Registry(error) => error.is_damage(),
            _ => false,
        }
    }
}

/// A run's lists, in the order of its steps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lists {
    /// The sources in the order of the formula, each with the list of its documents.
    pub sources: Vec<(String, Digest)>,
    pub cleaning: Vec<CleaningLists>,
    pub tokens: Option<Digest>,
}

/// The lists of a cleaning step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CleaningLists {
    /// The step's position among all steps of the run.
    pub step: usize,
    pub name: String,
    pub fates: Digest,
    pub changed: Option<Digest>,
}

impl Lists {
    /// The lists of a run, if it kept them.
    pub fn of(run: &RunRecord) -> Result<Lists, WalkError> {
        let none = || WalkError::NoLists { run: run.summary.id.short() };
        let mut lists = Lists { sources: Vec::new(), cleaning: Vec::new(), tokens: None };
        for (step, result) in run.steps.iter().enumerate() {
            if let Some(source) = result.name.strip_prefix("gather ") {
                lists.sources.push((source.to_owned(), result.documents.ok_or_else(none)?));
            } else if let Some(fates) = result.fates {
                let (name, changed) = (result.name.clone(), result.changed);
                lists.cleaning.push(CleaningLists { step, name, fates, changed });
            }
            lists.tokens = lists.tokens.or(result.tokens);
        }
        if lists.sources.is_empty() { Err(none()) } else { Ok(lists) }
    }

    /// The name of a source.
    pub fn source(&self, source: u32) -> &str {
        self.sources.get(source as usize).map_or("?", |(name, _)| name)
    }

    fn all(&self) -> impl Iterator<Item = &Digest> {
        let cleaning =
            self.cleaning.iter().flat_map(|step| [Some(&step.fates), step.changed.as_ref()]);
        let sources = self.sources.iter().map(|(_, list)| list);
        sources.chain(cleaning.flatten()).chain(&self.tokens)
    }
}

/// Where a document came to.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// The position of the cleaning step that dropped it, and why.
    Dropped(usize, Fate),
    Trained(Tokenized),
    HeldOut(Tokenized),
    /// Kept by every step that was done; the run was not tokenized.
    Kept,
}

/// A document of a run.
pub struct Walked<'w> {
    /// The position of its source in the formula, and its name.
    pub group: &'w Group,
    pub row: &'w Gathered,
    /// The digest of its text after each cleaning step that kept it.
    pub texts: &'w [Digest],
    /// What changed it, with the position of the cleaning step.
    pub changes: &'w [(usize, Changed)],
    pub end: End,
}

/// The names of a run's sources, in the formula's order.
pub fn sources(run: &RunRecord) -> Vec<&str> {
    run.steps.iter().filter_map(|step| step.name.strip_prefix("gather ")).collect()
}

/// Opens a list for reading; it is read no further than it is long now.
pub fn open(registry: &Registry, digest: &Digest) -> Result<BufReader<Take<File>>, WalkError> {
    let missing = |_| WalkError::Missing { digest: *digest };
    let size = registry.blobs().size(digest).map_err(missing)?;
    let file = registry.blobs().open(digest).map_err(missing)?;
    Ok(BufReader::with_capacity(1 << 16, file.take(size)))
}

/// A list of rows that one can look ahead in.
struct Rows<T: Row> {
    digest: Digest,
    reader: ListReader<BufReader<Take<File>>, T>,
    head: Option<(Arc<Group>, T)>,
}

impl<T: Row> Rows<T> {
    fn open(registry: &Registry, digest: &Digest) -> Result<Rows<T>, WalkError> {
        let about = |error| WalkError::List { digest: *digest, error };
        let reader = ListReader::new(open(registry, digest)?).map_err(about)?;
        let mut rows = Rows { digest: *digest, reader, head: None };
        rows.pull()?;
        Ok(rows)
    }

    /// Takes the present row and reads the next.
    fn pull(&mut self) -> Result<Option<(Arc<Group>, T)>, WalkError> {
        let digest = self.digest;
        let next = self.reader.pull().map_err(|error| WalkError::List { digest, error })?;
        Ok(std::mem::replace(&mut self.head, next))
    }

    /// Takes the present row, if it is the one meant.
    fn take_if(&mut self, is: impl Fn(&Group, &T) -> bool) -> Result<Option<T>, WalkError> {
        match &self.head {
            Some((group, row)) if is(group, row) => Ok(self.pull()?.map(|(_, row)| row)),
            _ => Ok(None),
        }
    }
}

/// A cleaning step's lists at one document.
struct Cleaning {
    digest: Digest,
    fates: FateReader<BufReader<Take<File>>>,
    fate: Option<Fate>,
    changed: Option<Rows<Changed>>,
}

impl Cleaning {
    fn open(registry: &Registry, lists: &CleaningLists) -> Result<Cleaning, WalkError> {
        let fates = FateReader::new(open(registry, &lists.fates)?);
        let changed = lists.changed.as_ref().map(|list| Rows::open(registry, list)).transpose()?;
        let mut step = Cleaning { digest: lists.fates, fates, fate: None, changed };
        step.pull()?;
        Ok(step)
    }

    fn pull(&mut self) -> Result<Option<Fate>, WalkError> {
        let digest = self.digest;
        let next = self.fates.pull().map_err(|error| WalkError::List { digest, error })?;
        Ok(std::mem::replace(&mut self.fate, next))
    }

    fn is_done(&self) -> bool {
        let changed = self.changed.as_ref().is_some_and(|changed| changed.head.is_some());
        self.fate.is_none() && !changed
    }
}

/// The tokens of the documents to train on and of those held out, side by side.
struct Tokens {
    trained: Rows<Tokenized>,
    held: Rows<Tokenized>,
}

impl Tokens {
    fn open(registry: &Registry, list: &Digest) -> Result<Tokens, WalkError> {
        let (trained, held) = (Rows::open(registry, list)?, Rows::open(registry, list)?);
        let mut tokens = Tokens { trained, held };
        tokens.skip()?;
        Ok(tokens)
    }

    /// Each of the two passes over what is the other's.
    fn skip(&mut self) -> Result<(), WalkError> {
        while self.trained.head.as_ref().is_some_and(|(group, _)| group.held_out) {
            self.trained.pull()?;
        }
        while self.held.head.as_ref().is_some_and(|(group, _)| !group.held_out) {
            self.held.pull()?;
        }
        Ok(())
    }

    fn end(&mut self, is: impl Fn(&Group, &Tokenized) -> bool) -> Result<Option<End>, WalkError> {
        let end = match self.trained.take_if(&is)? {
            Some(row) => Some(End::Trained(row)),
            None => self.held.take_if(&is)?.map(End::HeldOut),
        };
        self.skip()?;
        Ok(end)
    }
}

/// Walks over all documents of a run, in document order, as long as `see` wants to go on.
///
/// Lists of more than `bytes_max` bytes together are refused.
pub fn walk(
    registry: &Registry,
    lists: &Lists,
    bytes_max: u64,
    see: &mut dyn FnMut(&Walked) -> Result<bool, WalkError>,
) -> Result<(), WalkError> {
    let size = |list: &Digest| registry.blobs().size(list).unwrap_or(0);
    let size = lists.all().map(size).fold(0u64, u64::saturating_add);
    if size > bytes_max {
        return Err(WalkError::Large { size, max: bytes_max });
    }
    let open = |lists: &CleaningLists| Cleaning::open(registry, lists);
    let mut cleaning = lists.cleaning.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let tokens = lists.tokens.as_ref().map(|list| Tokens::open(registry, list));
    let mut tokens = tokens.transpose()?;
    for (_, list) in &lists.sources {
        let mut documents = Rows::<Gathered>::open(registry, list)?;
        while let Some((group, row)) = documents.pull()? {
            if !one(&mut cleaning, &mut tokens, &group, &row, see)? {
                return Ok(());
            }
        }
    }
    let rest = tokens
        .as_ref()
        .is_some_and(|tokens| tokens.trained.head.is_some() || tokens.held.head.is_some());
    if rest || !cleaning.iter().all(Cleaning::is_done) {
        return Err(WalkError::Unfit("they name documents that were not gathered".into()));
    }
    Ok(())
}

/// Follows one document through the steps.
fn one(
    cleaning: &mut [Cleaning],
    tokens: &mut Option<Tokens>,
    group: &Group,
    row: &Gathered,
    see: &mut dyn FnMut(&Walked) -> Result<bool, WalkError>,
) -> Result<bool, WalkError> {
    let (mut texts, mut changes) = (Vec::new(), Vec::new());
    let mut text = row.id;
    let about = |what: &str| {
        WalkError::Unfit(format!("{}:{} ({}) {what}", group.name, row.position, row.id.short()))
    };
    for (step, lists) in cleaning.iter_mut().enumerate() {
        let is = |fate: &Fate| {
            (fate.source, fate.position, fate.document) == (group.source, row.position, row.id)
                && fate.name == group.name
        };
        if lists.fate.as_ref().is_some_and(is)
            && let Some(fate) = lists.pull()?
        {
            let (texts, changes) = (&texts[..], &changes[..]);
            return see(&Walked { group, row, texts, changes, end: End::Dropped(step, fate) });
        }
        let is = |at: &Group, change: &Changed| {
            (at.source, change.position, change.id) == (group.source, row.position, row.id)
                && at.name == group.name
        };
        if let Some(changed) = &mut lists.changed
            && let Some(change) = changed.take_if(is)?
        {
            if change.before != text {
                return Err(about("was changed from another text than it had"));
            }
            text = change.after;
            changes.push((step, change));
        }
        texts.push(text);
    }
    let is = |at: &Group, tokens: &Tokenized| {
        (at.source, tokens.position, tokens.id) == (group.source, row.position, row.id)
            && at.name == group.name
    };
    let end = match tokens {
        None => End::Kept,
        Some(tokens) => tokens.end(is)?.ok_or_else(|| about("was neither dropped nor kept"))?,
    };
    see(&Walked { group, row, texts: &texts, changes: &changes, end })
}
