//! A recipe with everything pinned: sources by the digests of their files, operators by version,
//! the arithmetic by version. This is what has an identity; `LANGUAGE.md` defines the bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical::is_default;
use crate::digest::Digest;
use crate::object::{Object, ObjectError};
use crate::recipe::{
    CleaningStep, Gate, HeldOut, Html, Ingredient, Model, OnError, Stage, Tokenizer,
};
use crate::trace::StepResult;

/// The version of the arithmetic that new recipes are pinned to (`trainer/kernels/ARITHMETIC.md`).
pub const ARITHMETIC: u32 = 2;

/// A source as its bytes: logical names, sizes and digests, never a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// How documents are read from the files.
    pub reading: Reading,
    pub licence: Option<String>,
    /// The full commit id of a git source.
    pub commit: Option<String>,
    /// What a record that cannot be read means; written out only where it is not the default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_error: OnError,
    /// Sorted by name.
    pub files: Vec<ManifestFile>,
}

/// A versioned way to read documents from files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Reading {
    /// `.crate` archives; READMEs and doc comments become documents.
    #[serde(rename = "crates@1")]
    Crates1 {},
    /// One document per file.
    #[serde(rename = "text@1")]
    Text1 {},
    /// One JSON object per line, plain, gzip or zstd as the first bytes tell.
    #[serde(rename = "jsonl@1")]
    Jsonl1 {
        /// The field that holds the text.
        text: String,
        /// The field that holds the address, if one does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url_field: Option<String>,
        /// The field that holds the licence, if one does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        licence_field: Option<String>,
    },
    /// Parquet files; a row is a document.
    #[serde(rename = "parquet@1")]
    Parquet1 {
        /// The column that holds the text.
        text: String,
        /// The column that holds the address, if one does.
        url_field: Option<String>,
        /// The column that holds the licence, if one does.
        licence_field: Option<String>,
    },
    /// Web archives, plain or gzip as the first bytes tell.
    #[serde(rename = "warc@1")]
    Warc1 {
        /// What becomes of a page's HTML.
        html: Html,
    },
    /// The visible text of an HTML file.
    #[serde(rename = "html@1")]
    Html1 {},
}

impl Reading {
    /// Whether documents may carry licences of their own.
    pub fn has_licences(&self) -> bool {
        matches!(
            self,
            Reading::Jsonl1 { licence_field: Some(_), .. }
                | Reading::Parquet1 { licence_field: Some(_), .. }
        )
    }
}

/// One file of a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    pub name: String,
    pub size: u64,
    pub digest: Digest,
}

/// A recipe that can be repeated by anyone who has the bytes it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Pinned {
    pub name: String,
    pub summary: String,
    pub arithmetic: u32,
    pub sources: BTreeMap<String, Manifest>,
    pub formula: Vec<Ingredient>,
    pub held_out: HeldOut,
    pub cleaning: Vec<CleaningStep>,
    pub tokenizer: Tokenizer,
    pub model: Model,
    pub stages: Vec<Stage>,
    pub quality: Vec<Gate>,
    pub seed: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FormulaRecord {
    sources: BTreeMap<String, Digest>,
    ingredients: Vec<Ingredient>,
    held_out: HeldOut,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CleaningRecord {
    steps: Vec<CleaningStep>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenizerRecord {
    tokenizer: Tokenizer,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelRecord {
    model: Model,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StageRecord {
    stage: Stage,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QualityRecord {
    gates: Vec<Gate>,
}

/// The recipe object: every part by digest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipeRecord {
    name: String,
    summary: String,
    arithmetic: u32,
    formula: Digest,
    cleaning: Digest,
    tokenizer: Digest,
    model: Digest,
    stages: Vec<Digest>,
    quality: Digest,
    seed: String,
}

/// A pinned recipe as objects.
pub struct Objects {
    /// The object whose digest is the recipe's identity.
    pub recipe: Object,
    /// Everything it refers to, sources first.
    pub parts: Vec<Object>,
}

/// How many training tokens a source gave, and how many the formula asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub source: String,
    pub asked: f64,
    pub used: u64,
}

impl Pinned {
    /// What each source of the formula gave to training in a run with these steps; nothing before
    /// its sources were mixed.
    pub fn account(&self, steps: &[StepResult]) -> Vec<Account> {
        let Some(mixed) = steps.iter().find(|step| step.name == "mix") else { return Vec::new() };
        let Model::Llama { context, .. } = self.model;
        let context = u64::from(context);
        let of = |ingredient: &Ingredient| {
            // Mixing decides by the sequence: a share that changes within one changes after it.
            let asked = self.stages.iter().map(|stage| {
                let Stage::Pretrain(settings) = stage;
                ingredient.asked(settings.sequences(context), context) * context as f64
            });
            let source = ingredient.source.clone();
            let used =
                mixed.counts.get(&format!("tokens_of_{source}")).copied().unwrap_or_default();
            Account { source, asked: asked.sum(), used }
        };
        self.formula.iter().map(of).collect()
    }

    /// Writes the recipe as objects; equal recipes give equal bytes.
    pub fn objects(&self) -> Result<Objects, ObjectError> {
        let mut parts = Vec::new();
        let mut part = |object: Object| {
            let digest = object.digest();
            parts.push(object);
            digest
        };
        let mut sources = BTreeMap::new();
        for (name, manifest) in &self.sources {
            sources.insert(name.clone(), part(Object::new("ingot/source@1", manifest)?));
        }
        let formula = FormulaRecord {
            sources,
            ingredients: self.formula.clone(),
            held_out: self.held_out.clone(),
        };
        let cleaning = CleaningRecord { steps: self.cleaning.clone() };
        let tokenizer = TokenizerRecord { tokenizer: self.tokenizer.clone() };
        let model = ModelRecord { model: self.model.clone() };
        let quality = QualityRecord { gates: self.quality.clone() };
        let mut stages = Vec::new();
        for stage in &self.stages {
            let stage = StageRecord { stage: stage.clone() };
            stages.push(part(Object::new("ingot/stage@1", &stage)?));
        }
        let record = RecipeRecord {
            name: self.name.clone(),
            summary: self.summary.clone(),
            arithmetic: self.arithmetic,
            formula: part(Object::new("ingot/formula@1", &formula)?),
            cleaning: part(Object::new("ingot/cleaning@1", &cleaning)?),
            tokenizer: part(Object::new("ingot/tokenizer@1", &tokenizer)?),
            model: part(Object::new("ingot/model@1", &model)?),
            stages,
            quality: part(Object::new("ingot/quality@1", &quality)?),
            seed: self.seed.clone(),
        };
        Ok(Objects { recipe: Object::new("ingot/recipe@1", &record)?, parts })
    }

    /// Reads a recipe back from its objects; `fetch` gives the bytes of a digest.
    pub fn read<E: From<ObjectError>>(
        digest: &Digest,
        fetch: &mut dyn FnMut(&Digest) -> Result<Object, E>,
    ) -> Result<Pinned, E> {
        let record: RecipeRecord = fetch(digest)?.read("ingot/recipe@1")?;
        let formula: FormulaRecord = fetch(&record.formula)?.read("ingot/formula@1")?;
        let cleaning: CleaningRecord = fetch(&record.cleaning)?.read("ingot/cleaning@1")?;
        let tokenizer: TokenizerRecord = fetch(&record.tokenizer)?.read("ingot/tokenizer@1")?;
        let model: ModelRecord = fetch(&record.model)?.read("ingot/model@1")?;
        let quality: QualityRecord = fetch(&record.quality)?.read("ingot/quality@1")?;
        let mut sources = BTreeMap::new();
        for (name, source) in formula.sources {
            sources.insert(name, fetch(&source)?.read("ingot/source@1")?);
        }
        let mut stages = Vec::new();
        for stage in &record.stages {
            let stage: StageRecord = fetch(stage)?.read("ingot/stage@1")?;
            stages.push(stage.stage);
        }
        Ok(Pinned {
            name: record.name,
            summary: record.summary,
            arithmetic: record.arithmetic,
            sources,
            formula: formula.ingredients,
            held_out: formula.held_out,
            cleaning: cleaning.steps,
            tokenizer: tokenizer.tokenizer,
            model: model.model,
            stages,
            quality: quality.gates,
            seed: record.seed,
        })
    }
}
