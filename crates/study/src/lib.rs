//! The plan of a study, its run and the record of the run.
//!
//! [`plan`] reads the study file, [`step`] deals a step's keys to the option structs, [`design`] is the only
//! bridge from names to numbers, [`methods`] binds each method of `plim_stats` to columns, [`run`] walks the
//! steps, [`check`] looks for errors without estimating, [`record`] and [`output`] write what came of it.

pub mod check;
pub mod design;
pub mod document;
pub mod error;
pub mod expression;
pub mod formula;
pub mod method;
pub mod methods;
pub mod output;
mod parts;
pub mod plan;
pub mod record;
pub mod run;
pub mod schema;
pub mod simulate;
pub mod single;
pub mod step;
pub mod stream;

pub use error::{Error, Result};
