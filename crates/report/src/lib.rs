//! Tables, figures and the report page.

pub mod results;

pub use results::{Fit, Measure, Results};
