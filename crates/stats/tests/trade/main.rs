//! Measures on trade.

mod complexity;
mod complexity_extras;
mod entries;
mod episodes;
mod measures;
mod of_records;
mod resilience;
mod structure;
