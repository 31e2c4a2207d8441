//! Difference in differences with two-way fixed effects: the average effect, the event study, the placebo.

pub mod event_study;
mod options;
pub mod twfe;

pub use options::{Assignment, DidOptions};
pub use twfe::{Did, did};
