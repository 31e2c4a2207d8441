//! Files, SQL and the steps that change a table.

mod formats;
mod hostile;
mod refusals;
mod several;
#[cfg(feature = "sql")]
mod sql;
mod steps;
