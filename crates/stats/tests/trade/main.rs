//! Measures on trade.

mod complexity;
mod complexity_extras;
mod episodes;
mod measures;
mod resilience;
mod structure;
