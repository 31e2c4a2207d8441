//! Tables that are read from their file piece by piece and never held.
//!
//! Trade records may be too many for memory. A Parquet file that only queries and measures of cells read is streamed
//! to each of them: what they make of it is small.

use crate::error::Result;
use crate::method::Role;
use crate::plan::Study;
use crate::step::Step;
use plim_table::parquet::{Scan, head, is_parquet};
use plim_table::{Column, Table};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A Parquet file, a folder of them, or those that fit a pattern.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Where it is.
    pub path: PathBuf,
}

impl Stream {
    /// Hands the rows of these columns on, some thousand at a time.
    pub fn each(&self, columns: &[String], mut take: impl FnMut(&Table) -> Result<()>) -> Result<()> {
        let mut scan = Scan::open(&self.path, columns)?;
        while let Some(table) = scan.next_rows()? {
            take(&table)?;
        }
        Ok(())
    }

    /// A table with the columns and no row, in its place among the tables, and the number of rows.
    pub fn head(&self) -> Result<(Table, usize)> {
        let (names, rows) = head(&self.path)?;
        let mut table = Table::new(names.into_iter().map(|name| Column::number(name, Vec::new())).collect())?;
        table.origin.file = Some(self.path.display().to_string());
        Ok((table, rows))
    }
}

/// Whether the table `name` of a study can be streamed: it is in Parquet, and every step that reads it, or names it
/// in an option, can do without holding it.
pub fn streams(study: &Study, steps: &[Step], name: &str, path: &Path) -> bool {
    let parquet = is_parquet(path);
    let first = study.data.first().is_some_and(|(first, _)| first == name);
    let reads = |step: &Step| match (&step.rows.data, step.entry.role) {
        (Some(data), _) => data == name,
        (None, Role::Show) => first && !step.method.columns().is_empty(),
        (None, _) => first,
    };
    let mentions = |step: &Step| {
        let own = |key: &str| !matches!(key, "data" | "method" | "name");
        step.given.iter().any(|(key, value)| own(key) && mentions(value, name))
    };
    let mut used = false;
    parquet
        && steps.iter().all(|step| {
            used |= reads(step);
            let holds = reads(step) && !step.method.streams() || mentions(step);
            !holds
        })
        && used
}

/// Whether a value is this name, or a list that has it.
fn mentions(value: &Value, name: &str) -> bool {
    match value {
        Value::String(text) => text == name,
        Value::Array(items) => items.iter().any(|item| mentions(item, name)),
        Value::Object(fields) => fields.values().any(|field| mentions(field, name)),
        _ => false,
    }
}
