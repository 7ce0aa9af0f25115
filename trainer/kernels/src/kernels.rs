//! The arithmetic made ready: a tier, threads and buffers to work in.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use crate::environment::{self, EnvironmentError};
use crate::pool::Pool;
use crate::tier::Tier;

/// The newest version of the arithmetic; every version from 1 on can be carried out.
pub const VERSION: u32 = 2;

/// Buffers may wait that are together this part of the most that was ever in use.
const SLACK: usize = 8;

/// Most threads that are taken.
const THREADS_MAX: usize = 1024;

/// Why the arithmetic cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    #[error("this machine has no `{wanted}`, its best tier is `{best}`")]
    Tier { wanted: Tier, best: Tier },
    #[error("version {found} of the arithmetic is wanted, this build has 1 to {VERSION}")]
    Version { found: u32 },
    #[error("{found} threads, wanted 1 to {THREADS_MAX}")]
    Threads { found: usize },
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    #[error("a thread could not be started: {0}")]
    Start(#[from] std::io::Error),
}

/// A tier, threads and buffers; copies share them.
#[derive(Clone)]
pub struct Kernels {
    version: u32,
    tier: Tier,
    pool: Arc<Pool>,
    store: Arc<Mutex<Store>>,
    /// Terms of a product between two stores of its sums; never changes a bit.
    pub(crate) block_terms: usize,
    /// Floats of panels that all threads share at a time; a block of terms may have more.
    pub(crate) panels_most: usize,
}

/// What stays in the last cache.
const PANELS_MOST: usize = 4 << 20;

impl Kernels {
    /// Makes the newest arithmetic ready; refuses what would give other bits.
    pub fn new(tier: Tier, threads: usize) -> Result<Kernels, KernelError> {
        environment::check()?;
        if !tier.available() {
            return Err(KernelError::Tier { wanted: tier, best: Tier::best() });
        }
        check_threads(threads)?;
        let pool = Arc::new(Pool::new(threads)?);
        let (block_terms, panels_most) = (384, PANELS_MOST);
        Ok(Kernels {
            version: VERSION,
            tier,
            pool,
            store: Arc::default(),
            block_terms,
            panels_most,
        })
    }

    /// The same tier, threads and buffers for another version of the arithmetic.
    pub fn of_version(&self, version: u32) -> Result<Kernels, KernelError> {
        match version {
            1..=VERSION => Ok(Kernels { version, ..self.clone() }),
            found => Err(KernelError::Version { found }),
        }
    }

    /// The same tier and version with some of the threads, and buffers of its own.
    pub fn with_threads(&self, threads: usize) -> Result<Kernels, KernelError> {
        check_threads(threads)?;
        let pool = Arc::new(self.pool.part(threads)?);
        Ok(Kernels { pool, store: Arc::default(), ..self.clone() })
    }

    /// Cuts the chains of products into pieces of this many terms; only speed depends on it.
    pub fn with_block_terms(self, block_terms: usize) -> Kernels {
        Kernels { block_terms: block_terms.max(1), ..self }
    }

    /// The version of the arithmetic.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The instruction set in use.
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// The number of threads in use.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// Calls `work` once for every index below `tasks`, on all threads.
    pub fn each(&self, tasks: usize, work: &(dyn Fn(usize) + Sync)) {
        self.pool.each(tasks, work);
    }

    /// What `work` gives for every index below `tasks`, in the order of the indices.
    pub fn map<T: Send>(&self, tasks: usize, work: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
        let slots: Vec<Mutex<Option<T>>> = (0..tasks).map(|_| Mutex::new(None)).collect();
        self.each(tasks, &|task| {
            let made = work(task);
            *slots[task].lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        });
        let made = slots.into_iter().map(|slot| slot.into_inner());
        made.map(|slot| slot.ok().flatten().expect("every task was done once")).collect()
    }

    /// Calls `work` with ranges that cover `0..len` in pieces of `piece`.
    pub(crate) fn each_range(
        &self,
        len: usize,
        piece: usize,
        work: &(dyn Fn(std::ops::Range<usize>) + Sync),
    ) {
        let piece = piece.max(1);
        self.each(len.div_ceil(piece), &|task| {
            let start = task * piece;
            work(start..(start + piece).min(len));
        });
    }

    /// A buffer with unspecified contents, given back when dropped.
    pub fn buffer(&self, len: usize) -> Buffer {
        let floats = self.store.lock().unwrap_or_else(PoisonError::into_inner).take(len);
        let floats = floats.unwrap_or_else(|| vec![0.0; len]);
        Buffer { floats, store: Arc::clone(&self.store) }
    }

    /// A buffer of at least a length, the same again for many lengths, so that it stays cached.
    pub(crate) fn reused(&self, len: usize) -> Buffer {
        self.buffer(len.next_power_of_two())
    }
}

fn check_threads(threads: usize) -> Result<(), KernelError> {
    match threads {
        1..=THREADS_MAX => Ok(()),
        found => Err(KernelError::Threads { found }),
    }
}

/// Buffers that wait to be used again, the ones given back last at the end.
#[derive(Default)]
struct Store {
    spare: Vec<Vec<f32>>,
    /// Floats in `spare`, floats in use, and the most that were in use at a time.
    spare_floats: usize,
    used_floats: usize,
    used_max: usize,
}

impl Store {
    /// Takes a buffer of exactly this length. Where there is none, spare ones go, oldest first,
    /// until all buffers together are little more than what was in use at the busiest moment.
    fn take(&mut self, len: usize) -> Option<Vec<f32>> {
        self.used_floats += len;
        self.used_max = self.used_max.max(self.used_floats);
        let found = self.spare.iter().rposition(|floats| floats.len() == len);
        if let Some(place) = found {
            self.spare_floats -= len;
            return Some(self.spare.remove(place));
        }
        let mut old = 0;
        while self.spare_floats + self.used_floats > self.used_max + self.used_max / SLACK
            && old < self.spare.len()
        {
            self.spare_floats -= self.spare[old].len();
            old += 1;
        }
        self.spare.drain(..old);
        None
    }

    fn give(&mut self, floats: Vec<f32>) {
        self.used_floats -= floats.len();
        self.spare_floats += floats.len();
        self.spare.push(floats);
    }
}

/// Floats to work in.
pub struct Buffer {
    floats: Vec<f32>,
    store: Arc<Mutex<Store>>,
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.floats
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.floats
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.give(std::mem::take(&mut self.floats));
    }
}
