//! A table of the study as a data file among the results.

use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_table::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Writes a table as it stands, with all that the steps have added, to `data/NAME.FORMAT` in the folder of the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Save {
    /// Columns to write, in this order; all by default.
    pub columns: Vec<String>,
    /// Format of the file, which is its ending.
    pub format: SaveFormat,
}

/// Formats of data files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaveFormat {
    /// Comma-separated text in UTF-8.
    #[default]
    Csv,
    /// Stata.
    Dta,
    /// Excel workbook.
    Xlsx,
    /// Apache Parquet.
    Parquet,
}

impl SaveFormat {
    /// The ending of a file's name.
    pub fn ending(self) -> &'static str {
        match self {
            SaveFormat::Csv => "csv",
            SaveFormat::Dta => "dta",
            SaveFormat::Xlsx => "xlsx",
            SaveFormat::Parquet => "parquet",
        }
    }
}

impl Method for Save {
    fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        if cx.stream.is_some() {
            let message = format!("`{}` is read piece by piece and never held", cx.source);
            return Err(Error::plan(message, "save what a step makes of it"));
        }
        let kept = cx.kept();
        let table = match self.columns.as_slice() {
            [] => kept,
            names => Table::new(names.iter().map(|n| kept.column(n).cloned()).collect::<plim_table::Result<_>>()?)?,
        };
        Ok(Outcome::Saved(table, self.format.ending()))
    }
}
