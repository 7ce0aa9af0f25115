//! A disk for tests that forgets what was not synced.
