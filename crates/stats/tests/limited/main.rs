//! Censored and truncated outcomes.

#[allow(dead_code)] // Shared with the tests of regressions.
#[path = "../regression/data.rs"]
mod data;
mod tobit;
mod truncated;
