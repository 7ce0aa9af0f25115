//! Reproducible arithmetic, version 1: every floating-point order defined once.
