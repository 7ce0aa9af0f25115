//! The ingot command: one file per verb.
