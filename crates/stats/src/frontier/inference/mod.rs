//! Frontiers as statistics: estimates that few units do not decide.

pub mod environment;
pub mod partial;
