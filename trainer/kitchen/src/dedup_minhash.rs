//! Near duplicates by MinHash and banding: `dedup.minhash@1` and `@2`.
//!
//! Broder (1997), "On the resemblance and containment of documents": the share of equal least
//! hashes of two sets estimates their Jaccard similarity. Texts that agree in all rows of a band
//! are joined; of every joined group the first in document order stays. A text shorter than one
//! n-gram has no signature and always stays. `../DATA.md` defines fingerprints and functions.

use std::sync::{Mutex, PoisonError};

use kernels::{Kernels, elementary, random};
use twox_hash::XxHash64;

use crate::datatrove_numbers;
use crate::datatrove_words;
use crate::dedup::{Bench, Dedup, DedupError, Judge, Repeat, Verdict, number_of};
use crate::groups::Groups;
use crate::spill::{InMemory, Shelf, Sorter};
use crate::word_prints::{Grams, write_words};
use crate::words::{fingerprint, of_content};

/// The purpose of the random numbers that the 61-bit functions of `@1` are drawn with.
const PURPOSE_FIRST: u32 = 3;
/// The purpose of those that the 32-bit functions of `@2` are drawn with.
const PURPOSE_OWN: u32 = 8;
/// The Mersenne prime 2^61 − 1.
const PRIME: u64 = (1 << 61) - 1;
/// Functions are padded to a multiple of this, for vectors.
const LANES: usize = 16;
/// Texts that one task signs.
const TASK: usize = 32;
/// A band's key and a document's number.
const RECORD: usize = 16 + 4;

/// How texts become signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `dedup.minhash@1`: SHA-256 of words, 61-bit functions.
    First,
    /// `dedup.minhash@2`: XXH64 of words, 32-bit functions.
    Own,
    /// `dedup.minhash@2` in the profile `datatrove`: its words, its functions.
    Datatrove,
}

/// What decides the result.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub scheme: Scheme,
    pub ngram_words: usize,
    pub bands: usize,
    pub rows: usize,
    pub seed: u64,
}

impl Settings {
    /// The similarity at which half of the pairs are found, about: (1 / bands)^(1 / rows).
    pub fn threshold(&self) -> f64 {
        let (bands, rows) = (self.bands as f64, self.rows as f64);
        elementary::exp64(elementary::ln64(1.0 / bands) / rows)
    }
}

/// A text's signature, row by row; nothing where the text is shorter than one n-gram.
pub fn signature(settings: Settings, text: &str, kernels: &Kernels) -> Option<Vec<u64>> {
    let bench = Bench { kernels, scratch: &InMemory, budget: 0 };
    let mut bytes = Vec::new();
    let signer = Signer::new(settings);
    let any = signer.sign(text, &bench, &mut bytes);
    let row = signer.width() / (settings.bands * settings.rows);
    let value = |row: &[u8]| row.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
    any.then(|| bytes.chunks_exact(row).map(value).collect())
}

/// Makes signatures.
struct Signer {
    settings: Settings,
    functions: Functions,
}

enum Functions {
    Narrow(Vec<u32>, Vec<u32>),
    Wide(Vec<u64>, Vec<u64>),
}

impl Signer {
    fn new(settings: Settings) -> Signer {
        let count = settings.bands * settings.rows;
        let padded = count.next_multiple_of(LANES);
        let functions = match settings.scheme {
            Scheme::First => {
                let below =
                    |index, limit| random::below(settings.seed, PURPOSE_FIRST, index as u64, limit);
                Functions::Wide(
                    (0..count).map(|k| 1 + below(2 * k, PRIME - 1)).collect(),
                    (0..count).map(|k| below(2 * k + 1, PRIME)).collect(),
                )
            }
            Scheme::Own => {
                let draw = |k: usize| random::block(settings.seed, PURPOSE_OWN, k as u64);
                Functions::Narrow(
                    (0..padded).map(|k| draw(k)[0] | 1).collect(),
                    (0..padded).map(|k| draw(k)[1]).collect(),
                )
            }
            Scheme::Datatrove => {
                let (mut a, mut b) = datatrove_numbers::functions(settings.seed as u32, count);
                a.resize(padded, 0);
                b.resize(padded, 0);
                Functions::Wide(a, b)
            }
        };
        Signer { settings, functions }
    }

    /// Bytes of a signature.
    fn width(&self) -> usize {
        let count = self.settings.bands * self.settings.rows;
        count * if matches!(self.functions, Functions::Narrow(..)) { 4 } else { 8 }
    }

    /// Appends a text's signature, little-endian; says whether it has any n-gram.
    fn sign(&self, text: &str, bench: &Bench, into: &mut Vec<u8>) -> bool {
        let start = into.len();
        let any = match &self.functions {
            Functions::Narrow(a, b) => {
                let mut least = vec![u32::MAX; a.len()];
                let any = self.prints(text, &mut |prints| {
                    bench.kernels.least_32(&mut least, a, b, prints);
                });
                least.iter().for_each(|value| into.extend_from_slice(&value.to_le_bytes()));
                any
            }
            Functions::Wide(a, b) => {
                let mut least = vec![(1 << 62) - 1; a.len()];
                let any = self.prints(text, &mut |prints| match self.settings.scheme {
                    Scheme::First => least_first(&mut least, a, b, prints),
                    _ => bench.kernels.least_61(&mut least, a, b, prints),
                });
                least.iter().for_each(|value| into.extend_from_slice(&value.to_le_bytes()));
                any
            }
        };
        into.truncate(start + self.width());
        any
    }

    fn prints(&self, text: &str, take: &mut dyn FnMut(&[u64])) -> bool {
        let n = self.settings.ngram_words;
        match self.settings.scheme {
            Scheme::First => {
                let words = of_content(text);
                words.windows(n).for_each(|gram| take(&[fingerprint(gram)]));
                words.len() >= n
            }
            Scheme::Own => {
                let mut grams = Grams::new(n, text.len(), take);
                write_words(text, &mut grams);
                grams.finish()
            }
            Scheme::Datatrove => {
                let mut grams = Grams::new(n, text.len(), take);
                datatrove_words::write_words(text, &mut grams);
                grams.finish()
            }
        }
    }

    /// The keys of a signature's bands: XXH64 of the rows' bytes with the seeds 0 and 1.
    fn keys(&self, signature: &[u8], into: &mut Vec<[u8; 16]>) {
        let band = signature.len() / self.settings.bands;
        for rows in signature.chunks_exact(band) {
            let mut key = [0; 16];
            key[..8].copy_from_slice(&XxHash64::oneshot(0, rows).to_be_bytes());
            key[8..].copy_from_slice(&XxHash64::oneshot(1, rows).to_be_bytes());
            into.push(key);
        }
    }

    /// Signs some texts.
    fn task(&self, texts: &[&str], bench: &Bench) -> Signed {
        let width = self.width();
        let bands = self.settings.bands;
        let mut signed = Signed {
            signatures: Vec::with_capacity(texts.len() * width + LANES * 8),
            keys: Vec::with_capacity(texts.len() * bands),
            any: Vec::with_capacity(texts.len()),
        };
        for text in texts {
            let start = signed.signatures.len();
            let any = self.sign(text, bench, &mut signed.signatures);
            if any {
                self.keys(&signed.signatures[start..], &mut signed.keys);
            }
            signed.any.push(any);
        }
        signed
    }
}

/// `least[k] ← min(least[k], (a[k]·x + b[k]) mod (2^61 − 1))`, without wrapping on the way.
fn least_first(least: &mut [u64], a: &[u64], b: &[u64], prints: &[u64]) {
    for (least, (a, b)) in least.iter_mut().zip(a.iter().zip(b)) {
        for print in prints {
            let hash = modulo(u128::from(*a) * u128::from(*print) + u128::from(*b));
            *least = hash.min(*least);
        }
    }
}

/// x mod (2^61 − 1) for x below 2^126.
fn modulo(x: u128) -> u64 {
    let folded = (x & u128::from(PRIME)) + (x >> 61);
    let folded = (folded & u128::from(PRIME)) as u64 + (folded >> 61) as u64;
    if folded >= PRIME { folded - PRIME } else { folded }
}

/// The first pass: signs texts, puts their bands aside.
pub struct Minhash<'a> {
    bench: Bench<'a>,
    signer: Signer,
    bands: Vec<Sorter<'a, RECORD>>,
    signatures: Shelf<'a>,
    groups: Groups,
}

/// What a task makes of some texts: signatures, and keys where there are any n-grams.
struct Signed {
    signatures: Vec<u8>,
    keys: Vec<[u8; 16]>,
    any: Vec<bool>,
}

impl<'a> Minhash<'a> {
    /// Makes ready; half of the budget is for bands, half for signatures.
    pub fn new(settings: Settings, bench: Bench<'a>) -> Minhash<'a> {
        let share = bench.budget / 2 / settings.bands;
        let signer = Signer::new(settings);
        let bands = (0..settings.bands).map(|_| Sorter::new(bench.scratch, share)).collect();
        let signatures = Shelf::new(bench.scratch, signer.width(), bench.budget / 2);
        Minhash { bench, signer, bands, signatures, groups: Groups::default() }
    }
}

impl<'a> Dedup<'a> for Minhash<'a> {
    fn see(&mut self, texts: &[&str]) -> Result<(), DedupError> {
        if self.groups.len() + texts.len() > u32::MAX as usize {
            return Err(DedupError::Documents);
        }
        let parts: Vec<&[&str]> = texts.chunks(TASK).collect();
        let (signer, bench) = (&self.signer, &self.bench);
        let signed = bench.kernels.map(parts.len(), &|index| signer.task(parts[index], bench));
        for part in signed {
            self.signatures.push(&part.signatures)?;
            let mut keys = part.keys.chunks_exact(self.bands.len());
            for any in part.any {
                let number = (self.groups.len() as u32).to_be_bytes();
                self.groups.add();
                if !any {
                    continue;
                }
                let keys = keys.next().expect("a key for every band");
                for (sorter, key) in self.bands.iter_mut().zip(keys) {
                    let mut record = [0; RECORD];
                    record[..16].copy_from_slice(key);
                    record[16..].copy_from_slice(&number);
                    sorter.push(record)?;
                }
            }
        }
        Ok(())
    }

    fn settle(self: Box<Self>) -> Result<Box<dyn Judge + 'a>, DedupError> {
        let Minhash { bench, signer, bands, signatures, groups } = *self;
        let groups = Mutex::new(groups);
        let bands: Vec<_> = bands.into_iter().map(|band| Mutex::new(Some(band))).collect();
        let done = bench.kernels.map(bands.len(), &|index| {
            let band = bands[index].lock().unwrap_or_else(PoisonError::into_inner).take();
            band.map_or(Ok(()), |band| join_equal(band, &groups))
        });
        done.into_iter().collect::<std::io::Result<()>>()?;
        let groups = groups.into_inner().unwrap_or_else(PoisonError::into_inner);
        let limit = signer.settings.threshold();
        Ok(Box::new(NearRepeats { signer, signatures, groups, limit, next: 0 }))
    }
}

/// Joins the documents of equal keys.
fn join_equal(band: Sorter<RECORD>, groups: &Mutex<Groups>) -> std::io::Result<()> {
    let mut sorted = band.finish()?;
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    let number = |record: &[u8; RECORD]| number_of(&record[16..]);
    let mut before: Option<[u8; RECORD]> = None;
    loop {
        let record = sorted.pull()?;
        if let (Some(record), Some(before)) = (&record, &before)
            && record[..16] == before[..16]
        {
            pairs.push((number(before), number(record)));
        }
        if pairs.len() == 4096 || record.is_none() {
            let mut groups = groups.lock().unwrap_or_else(PoisonError::into_inner);
            pairs.drain(..).for_each(|(a, b)| groups.join(a, b));
        }
        let Some(record) = record else { return Ok(()) };
        before = Some(record);
    }
}

/// The second pass: names the first of every group and how near it is.
struct NearRepeats<'a> {
    signer: Signer,
    signatures: Shelf<'a>,
    groups: Groups,
    limit: f64,
    next: u32,
}

impl NearRepeats<'_> {
    /// The share of equal rows.
    fn similarity(&mut self, a: u32, b: u32) -> std::io::Result<f64> {
        let width = self.signer.width();
        let (mut left, mut right) = (vec![0; width], vec![0; width]);
        self.signatures.read(u64::from(a), &mut left)?;
        self.signatures.read(u64::from(b), &mut right)?;
        let rows = self.signer.settings.bands * self.signer.settings.rows;
        let row = width / rows;
        let pairs = left.chunks_exact(row).zip(right.chunks_exact(row));
        Ok(pairs.filter(|(a, b)| a == b).count() as f64 / rows as f64)
    }
}

impl Judge for NearRepeats<'_> {
    fn judge(&mut self, texts: &[&str]) -> Result<Vec<Verdict>, DedupError> {
        let mut verdicts = Vec::with_capacity(texts.len());
        for _ in texts {
            let first = self.groups.first(self.next);
            verdicts.push(if first == self.next {
                Verdict::Keep
            } else if self.signer.settings.scheme == Scheme::First {
                let measure = "near_duplicate";
                Verdict::Drop(Repeat { of: first, measure, value: 1.0, limit: None })
            } else {
                let value = self.similarity(first, self.next)?;
                let (measure, limit) = ("similarity", Some(self.limit));
                Verdict::Drop(Repeat { of: first, measure, value, limit })
            });
            self.next += 1;
        }
        Ok(verdicts)
    }
}
