//! Huge pages of memory: training is a sixth faster with them, so they are allowed from its start
//! on. Before it memory is taken in small pieces, and a system in use looks long for one.

/// Lets memory that is taken from now on lie in huge pages, or not.
pub fn allow(allowed: bool) {
    // Where the system has no such choice, nothing changes.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(!allowed);
    #[cfg(not(target_os = "linux"))]
    let _ = allowed;
}
