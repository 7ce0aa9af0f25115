//! Things to work with that are too large to make for every task: as many as there are threads.

use std::sync::{Mutex, PoisonError};

/// Things that are taken, used and put back; which task gets which must not reach a result.
pub(crate) struct Shelf<T>(Mutex<Vec<T>>);

impl<T: Default> Shelf<T> {
    pub(crate) fn new() -> Shelf<T> {
        Shelf(Mutex::new(Vec::new()))
    }

    /// Lets `work` use a thing that nobody else uses.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut thing = taken.unwrap_or_default();
        let made = work(&mut thing);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(thing);
        made
    }

    pub(crate) fn into_all(self) -> Vec<T> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
