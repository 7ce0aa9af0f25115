//! The floating-point control word: round to nearest, subnormals kept; anything else is refused.

/// The machine rounds or flushes in another way than the arithmetic is defined for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the floating-point control word is {found:#x}, wanted {wanted:#x}: a library has set \
         flush-to-zero or another rounding"
)]
pub struct EnvironmentError {
    found: u64,
    wanted: u64,
}

/// MXCSR with all exceptions masked, round to nearest, no flush-to-zero, no denormals-are-zero.
#[cfg(target_arch = "x86_64")]
const WANTED: u64 = 0x1F80;

/// Checks this thread's control word; the sticky exception flags (low six bits) may be anything.
#[cfg(target_arch = "x86_64")]
pub fn check() -> Result<(), EnvironmentError> {
    let mut word = 0u32;
    // SAFETY: stores the 32-bit control register into `word` and touches nothing else.
    unsafe {
        std::arch::asm!("stmxcsr [{}]", in(reg) &mut word, options(nostack, preserves_flags));
    }
    let found = u64::from(word & 0xFFC0);
    if found == WANTED { Ok(()) } else { Err(EnvironmentError { found, wanted: WANTED }) }
}

/// Checks this thread's control word: rounding mode, FZ, DN, FZ16, AH, FIZ and NEP must be 0.
#[cfg(target_arch = "aarch64")]
pub fn check() -> Result<(), EnvironmentError> {
    let word: u64;
    // SAFETY: reads a register that every program may read.
    unsafe { std::arch::asm!("mrs {}, fpcr", out(reg) word, options(nomem, nostack)) };
    let found = word & 0x03C8_0007;
    if found == 0 { Ok(()) } else { Err(EnvironmentError { found, wanted: 0 }) }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("the rounding of this processor is not checked yet; x86-64 or AArch64 is needed");

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn flush_to_zero_is_refused() {
        let set = |word: u32| {
            // SAFETY: loads the control register of this test's own thread.
            unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &word, options(nostack)) };
        };
        assert_eq!(check(), Ok(()));
        set(0x9F80);
        let found = check();
        set(0x1F80);
        assert_eq!(found, Err(EnvironmentError { found: 0x9F80, wanted: 0x1F80 }));
    }
}
