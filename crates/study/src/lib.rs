//! The plan of a study, its run and the record of the run.

pub mod simulate;
