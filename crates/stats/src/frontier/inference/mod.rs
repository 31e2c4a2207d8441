//! Frontiers as statistics: estimates that few units do not decide, and how sure scores are.

pub mod bootstrap;
pub mod environment;
pub mod partial;
mod pseudo;
pub mod returns;
