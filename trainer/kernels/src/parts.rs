//! One output slice, handed out in disjoint parts to several threads.

use std::marker::PhantomData;
use std::ops::Range;

/// A slice whose parts are written by different tasks.
pub struct Parts<'a> {
    start: *mut f32,
    len: usize,
    life: PhantomData<&'a mut [f32]>,
}

// SAFETY: tasks only reach disjoint parts, as `part` demands.
unsafe impl Sync for Parts<'_> {}
// SAFETY: the slice may be sent, so may its parts.
unsafe impl Send for Parts<'_> {}

impl<'a> Parts<'a> {
    /// Shares a slice.
    pub fn new(slice: &'a mut [f32]) -> Parts<'a> {
        Parts { start: slice.as_mut_ptr(), len: slice.len(), life: PhantomData }
    }

    /// A part of the slice.
    ///
    /// # Safety
    /// No two parts that live at the same time may overlap.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn part(&self, range: Range<usize>) -> &mut [f32] {
        assert!(range.start <= range.end && range.end <= self.len, "a part outside its slice");
        // SAFETY: inside the slice by the line above, disjoint by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }

    /// The address of an element, for code that writes scattered rows of its own tile.
    ///
    /// # Safety
    /// As for `part`, for every element written through the pointer.
    pub unsafe fn at(&self, index: usize) -> *mut f32 {
        assert!(index < self.len, "an element outside its slice");
        // SAFETY: inside the slice by the line above.
        unsafe { self.start.add(index) }
    }
}
