//! Why a recipe was not carried out to its end.

use std::io;

use kernels::KernelError;
use kitchen::dedup::DedupError;
use recipes::Recipe;
use recipes::recipe::Source;

use crate::gather::GatherError;
use crate::memory::MemoryError;
use crate::mix::MixError;
use crate::ranks::RanksError;
use crate::stage::StageError;
use crate::tokenizer::TokenizerError;

/// Why a build did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error(transparent)]
    Arithmetic(#[from] KernelError),
    #[error(transparent)]
    Ranks(#[from] RanksError),
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error("the seed `{0}` is not a 64-bit number")]
    Seed(String),
    #[error("source `{source_name}`: {error}")]
    Gather { source_name: String, error: GatherError },
    #[error("no document is left to train on after `{step}`")]
    Nothing { step: String },
    #[error("the documents cannot be compared: {0}")]
    Compare(DedupError),
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    #[error(transparent)]
    Mix(#[from] MixError),
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error("tensor operation: {0}")]
    Tensor(#[from] candle_core::Error),
    #[error("gate `{0}` needs held-out text, and there is none")]
    HeldOut(String),
    #[error("the result could not be kept: {0}")]
    Output(#[from] io::Error),
}

impl BuildError {
    /// The same in the words of the recipe as it was written: the one file of a source is called
    /// as the recipe calls it.
    pub fn in_words_of(mut self, written: &Recipe) -> BuildError {
        if let BuildError::Gather { source_name, error } = &mut self {
            let file = written.sources.get(source_name).and_then(Source::one_file);
            if let (Some((path, logical)), Some(name)) = (file, error.name_mut())
                && name == logical
            {
                *name = path.to_owned();
            }
        }
        self
    }

    /// Whether somebody asked for the stop.
    pub fn is_stop(&self) -> bool {
        matches!(self, BuildError::Stage(StageError::Stopped { .. }))
    }

    /// Whether bytes that the recipe names are not here.
    pub fn is_missing_input(&self) -> bool {
        matches!(self, BuildError::Gather { error: GatherError::Missing { .. }, .. })
    }

    /// Whether bytes are here but are not the ones that their name promises.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            BuildError::Gather {
                error: GatherError::Changed { .. } | GatherError::Size { .. },
                ..
            }
        )
    }

    /// Whether the same run may succeed later: the storage failed, not the recipe.
    pub fn is_of_the_moment(&self) -> bool {
        matches!(
            self,
            BuildError::Output(_)
                | BuildError::Stage(StageError::Output(_) | StageError::Tokens(_))
                | BuildError::Gather { error: GatherError::Read { .. }, .. }
        )
    }
}
