//! The auditor: which convention made published weights, and what is odd in a table of data.
//!
//! | file | what |
//! |---|---|
//! | [`weights`](mod@weights) | the conventions that reproduce a weight vector or an index, and how far the others are |
//! | [`conventions`] | the conventions that are tried: the entropy method with its switches |
//! | `weightings` | the other weights |
//! | `scorings` | indices that are no weighted sum of min-max values |
//! | [`data`](mod@data) | copies of columns, totals among units, and all checks together |
//! | `paths` | jumps of unit, repeated and interpolated values, outliers |
//! | [`rows`] | rows that stand twice, missing values |
//! | [`identities`] | sums and products between columns, and the rows that break them |

pub mod conventions;
pub mod data;
pub mod identities;
mod paths;
pub mod rows;
mod scorings;
mod weightings;
pub mod weights;

pub use data::{AuditData, Check, Columns, Finding, audit_data};
pub use rows::{identical_rows, missing_values};
pub use weights::{AuditWeights, Audited, audit_weights};
