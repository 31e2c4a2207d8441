//! Rows and columns: the only crate that opens data files or speaks SQL.

pub mod error;
pub mod table;

pub use error::{Error, Result, near};
pub use table::{Column, Data, MISSING, Origin, Table, Text};
