//! A fixed set of threads that share the outputs of one region at a time.
//!
//! Which thread computes which output never reaches the arithmetic: a task is known by its index.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;

use crate::environment;

/// How often a thread looks for work, or for its end, before it sleeps; with more threads than
/// cores it sleeps at once and leaves its core to the others.
const LOOKS: usize = 4000;

type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// A region of work: tasks `0..tasks`, taken one by one.
struct Region {
    work: *const Work<'static>,
    tasks: usize,
}

// SAFETY: the pointer is only used while `Pool::each` keeps the closure alive.
unsafe impl Send for Region {}

#[derive(Default)]
struct State {
    region: Option<Region>,
    panic: Option<Box<dyn std::any::Any + Send>>,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Counts regions, so that waiting workers see a new one without the lock.
    generation: AtomicU64,
    next: AtomicUsize,
    looks: usize,
    /// Workers that have not finished the present region.
    busy: AtomicUsize,
    begun: Condvar,
    finished: Condvar,
}

impl Shared {
    /// Looks a while whether something has come about.
    fn look(&self, come: impl Fn() -> bool) {
        for _ in 0..self.looks {
            if come() {
                return;
            }
            std::hint::spin_loop();
        }
    }
}

/// The threads; the caller's thread is one of them.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held while a region runs; a second caller computes alone instead of waiting.
    region: Mutex<()>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// Starts `threads - 1` workers.
    pub fn new(threads: usize) -> std::io::Result<Pool> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Pool::looking(threads, if threads <= cores { LOOKS } else { 0 })
    }

    /// One of several pools that share the threads of this one.
    pub fn part(&self, threads: usize) -> std::io::Result<Pool> {
        Pool::looking(threads, self.shared.looks)
    }

    fn looking(threads: usize, looks: usize) -> std::io::Result<Pool> {
        let shared = Arc::new(Shared { looks, ..Shared::default() });
        let mut pool = Pool { shared, workers: Vec::new(), region: Mutex::new(()) };
        for number in 1..threads {
            let shared = Arc::clone(&pool.shared);
            let name = format!("kernel-{number}");
            let worker = std::thread::Builder::new().name(name).spawn(move || serve(&shared))?;
            pool.workers.push(worker);
        }
        Ok(pool)
    }

    /// Threads that share a region, the caller's included.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `work` once for every index below `tasks`; a panic in one is passed on.
    pub fn each(&self, tasks: usize, work: &Work) {
        let alone = || {
            expect_environment();
            (0..tasks).for_each(work);
        };
        if tasks <= 1 || self.workers.is_empty() {
            return alone();
        }
        let _region = match self.region.try_lock() {
            Ok(region) => region,
            // A panic was passed on through an earlier region; the lock guards no data.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return alone(),
        };
        // SAFETY: the closure outlives the region: `wait` returns only when no worker uses it.
        let work: &'static Work =
            unsafe { std::mem::transmute::<&Work, &'static Work<'static>>(work) };
        {
            let mut state = locked(&self.shared.state);
            self.shared.next.store(0, Ordering::Relaxed);
            state.region = Some(Region { work, tasks });
            self.shared.busy.store(self.workers.len(), Ordering::Relaxed);
            self.shared.generation.fetch_add(1, Ordering::Release);
        }
        self.shared.begun.notify_all();
        let own = catch_unwind(AssertUnwindSafe(|| take(&self.shared, work, tasks)));
        let theirs = self.wait();
        if let Some(panic) = own.err().or(theirs) {
            resume_unwind(panic);
        }
    }

    fn wait(&self) -> Option<Box<dyn std::any::Any + Send>> {
        let busy = || self.shared.busy.load(Ordering::Acquire) > 0;
        self.shared.look(|| !busy());
        let mut state = locked(&self.shared.state);
        while busy() {
            state = self.shared.finished.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.region = None;
        state.panic.take()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        {
            // Under the lock, so that no worker falls asleep between looking and being woken.
            let mut state = locked(&self.shared.state);
            state.ended = true;
            self.shared.generation.fetch_add(1, Ordering::Release);
        }
        self.shared.begun.notify_all();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

fn expect_environment() {
    if let Err(error) = environment::check() {
        panic!("{error}");
    }
}

/// Takes tasks of the region until none is left.
fn take(shared: &Shared, work: &Work, tasks: usize) {
    expect_environment();
    loop {
        let task = shared.next.fetch_add(1, Ordering::Relaxed);
        if task >= tasks {
            return;
        }
        work(task);
    }
}

/// A worker's life: wait for a region, take tasks, say that it is done.
fn serve(shared: &Shared) {
    let mut seen = 0;
    loop {
        shared.look(|| shared.generation.load(Ordering::Acquire) != seen);
        let (work, tasks) = {
            let mut state = locked(&shared.state);
            while shared.generation.load(Ordering::Acquire) == seen {
                state = shared.begun.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            seen = shared.generation.load(Ordering::Acquire);
            match &state.region {
                _ if state.ended => return,
                // SAFETY: `Pool::each` keeps the closure alive until `busy` is 0 again.
                Some(region) => (unsafe { &*region.work }, region.tasks),
                None => continue,
            }
        };
        let result = catch_unwind(AssertUnwindSafe(|| take(shared, work, tasks)));
        if let Err(panic) = result {
            locked(&shared.state).panic = Some(panic);
        }
        if shared.busy.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Under the lock, so that the caller does not fall asleep between looking and this.
            let _state = locked(&shared.state);
            shared.finished.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_done_once() {
        for threads in [1, 2, 3, 7] {
            let pool = Pool::new(threads).expect("threads");
            for tasks in [0, 1, 2, 100] {
                let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                pool.each(tasks, &|task| {
                    counts[task].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
            }
        }
    }

    #[test]
    fn after_a_panic_all_threads_still_work() {
        let pool = Pool::new(2).expect("threads");
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            pool.each(50, &|task| assert!(task != 31, "planted"));
        }));
        assert!(panicked.is_err());
        let names = Mutex::new(std::collections::BTreeSet::new());
        pool.each(100, &|_| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            let name = format!("{:?}", std::thread::current().id());
            names.lock().expect("no panic").insert(name);
        });
        assert_eq!(names.into_inner().expect("no panic").len(), 2);
    }

    #[test]
    fn pools_end_whenever_they_are_dropped() {
        for number in 0..3000 {
            let pool = Pool::new(3).expect("threads");
            for _ in 0..number % 50 {
                std::hint::spin_loop();
            }
            drop(pool);
        }
    }

    #[test]
    fn a_panic_in_a_task_reaches_the_caller_and_the_pool_lives_on() {
        let pool = Pool::new(3).expect("threads");
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            pool.each(50, &|task| assert!(task != 31, "planted"));
        }));
        assert!(panicked.is_err());
        let done = AtomicUsize::new(0);
        pool.each(50, &|_| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), 50);
    }
}
