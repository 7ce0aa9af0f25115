//! Whole stories through the real program.
