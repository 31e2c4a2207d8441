//! A run is a function of tables, options and a draw: so the whole chain can be run again, on other draws and with
//! other options.
//!
//! [`resample`] runs it on draws of the units, [`multiverse`] under every defensible choice, [`power`]
//! with effects that are known. [`graph`] says which steps
//! an estimate rests on, [`draw`] draws from tables, [`memo`] keeps what steps have made, [`cache`] on disk, [`journal`] what long runs have
//! finished.

pub(crate) mod cache;
pub(crate) mod draw;
pub(crate) mod graph;
pub(crate) mod journal;
pub(crate) mod memo;
pub mod multiverse;
mod null;
pub mod power;
pub(crate) mod quantity;
pub(crate) mod replicate;
pub(crate) mod report;
pub mod resample;
mod universe;
