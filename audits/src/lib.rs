//! Verdicts over recorded digests, and the web pages.
