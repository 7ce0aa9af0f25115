//! The arithmetic made ready: a tier, threads and buffers to work in.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use crate::environment::{self, EnvironmentError};
use crate::pool::Pool;
use crate::tier::Tier;

/// Most threads that are taken.
const THREADS_MAX: usize = 1024;

/// Most buffers that are kept for later.
const SPARE_MAX: usize = 64;

/// Why the arithmetic cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    #[error("this machine has no `{wanted}`, its best tier is `{best}`")]
    Tier { wanted: Tier, best: Tier },
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
    tier: Tier,
    pool: Arc<Pool>,
    spare: Arc<Mutex<Vec<Vec<f32>>>>,
    /// Terms of a product between two stores of its sums; never changes a bit.
    pub(crate) block_terms: usize,
}

impl Kernels {
    /// Makes the arithmetic ready; refuses what would give other bits.
    pub fn new(tier: Tier, threads: usize) -> Result<Kernels, KernelError> {
        environment::check()?;
        if !tier.available() {
            return Err(KernelError::Tier { wanted: tier, best: Tier::best() });
        }
        if !(1..=THREADS_MAX).contains(&threads) {
            return Err(KernelError::Threads { found: threads });
        }
        let pool = Arc::new(Pool::new(threads)?);
        Ok(Kernels { tier, pool, spare: Arc::default(), block_terms: 320 })
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
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is much too large is left for a larger request.
        let fits = |floats: &Vec<f32>| (len..=len.saturating_mul(2)).contains(&floats.len());
        let best = spare.iter().position(fits);
        let floats = best.map(|index| spare.swap_remove(index)).unwrap_or_default();
        drop(spare);
        let mut buffer = Buffer { floats, len, spare: Arc::clone(&self.spare) };
        if buffer.floats.len() < len {
            buffer.floats = vec![0.0; len];
        }
        buffer
    }
}

/// Floats to work in.
pub struct Buffer {
    floats: Vec<f32>,
    len: usize,
    spare: Arc<Mutex<Vec<Vec<f32>>>>,
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.floats[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.floats[..self.len]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.push(std::mem::take(&mut self.floats));
        if spare.len() > SPARE_MAX {
            spare.remove(0);
        }
    }
}
