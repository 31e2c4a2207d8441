//! The plan of a study, its run and the record of the run.
//!
//! [`plan`] reads the study file, [`step`] deals a step's keys to the option structs, [`design`] is the only
//! bridge from names to numbers, [`methods`] binds each method of `plim_stats` to columns, [`run`] walks the
//! steps, [`check`] looks for errors without estimating, [`record`] and [`output`] write what came of it, [`stored`]
//! reads it back: [`media`] renders again, [`lineage`] tells where a number comes from, [`diff`] compares two runs.

pub mod chain;
pub mod check;
pub mod design;
pub mod diff;
pub mod document;
pub mod error;
pub mod expression;
pub mod fonts;
pub mod formula;
mod json;
pub mod lineage;
mod listing;
mod made;
pub mod media;
pub mod method;
pub mod methods;
pub mod output;
mod parts;
pub mod plan;
pub mod record;
pub mod reference;
pub mod run;
pub mod schema;
pub mod simulate;
pub mod single;
pub mod step;
pub mod stored;
pub mod stream;

pub use error::{Error, Result};
