//! Rows and columns: the only crate that opens data files or speaks SQL.
//!
//! | module | what lives there |
//! |---|---|
//! | [`read`](mod@read), [`write`](mod@write) | files by extension, in and out; each format has its own module |
//! | [`csv`], [`parquet`], [`stata`], [`excel`] | the formats |
//! | [`arrow`] | a table as record batches, and back |
//! | [`panel`] | units and times: lags, differences, growth, balance |
//! | [`clean`] | winsorizing, trimming, transforming, deflating, interpolating |
//! | [`join`] | joining tables by keys, keeping rows |
//! | [`damage`](mod@damage) | text read in the wrong encoding, labels that look alike |
//! | [`records`], [`crosswalk`] | trade records of known layouts, translating codes, wide years |
//! | [`remote`] | Parquet files in an object store (feature `s3`) |
//! | `sql` | queries over tables and Parquet files (feature `sql`), here or on a cluster (feature `cluster`) |

pub mod arrow;
pub mod clean;
pub mod crosswalk;
pub mod csv;
pub mod damage;
pub mod error;
pub mod excel;
mod frame;
pub mod join;
mod origin;
pub mod panel;
pub mod parquet;
mod parts;
pub mod read;
pub mod records;
pub mod remote;
#[cfg(feature = "sql")]
pub mod sql;
mod stack;
pub mod stata;
pub mod table;
pub mod write;

pub use error::{Content, Error, Result, near};
pub use join::{Join, filter, left_join};
pub use origin::{Files, Lines, Origin};
pub use panel::{Balance, Panel};
pub use read::{Read, ReadOptions, read, read_columns};
#[cfg(feature = "sql")]
pub use sql::{Engine, Source, sql, sql_over};
pub use table::{Column, Data, MISSING, Table, Text};
pub use write::{WriteOptions, write, write_atomic, write_with};
