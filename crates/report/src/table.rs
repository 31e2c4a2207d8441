//! The one table model, which every renderer prints.
//!
//! A table has a stub (row labels), columns with a header, spanners above groups of columns, sections of
//! rows that a rule separates, and notes. A cell holds one or more lines, as a coefficient and the
//! standard error below it; a number is kept in three parts so that decimals align while stars and
//! brackets hang.
//!
//! ```
//! use plim_report::table::{Align, Cell, Column, Row, Section, Table};
//! let table = Table {
//!     title: "Two cities".into(),
//!     columns: vec![Column::new("Exports", Align::Number)],
//!     sections: vec![Section::new(vec![
//!         Row::new("Guiyang", vec![Cell::number(12.5, "12.5")]),
//!         Row::new("贵安", vec![Cell::number(-3.0, "-3.0")]),
//!     ])],
//!     ..Table::default()
//! };
//! assert_eq!(plim_report::text::render(&table), "\
//! Two cities
//! ================
//!          Exports
//! ----------------
//! Guiyang     12.5
//! 贵安        -3.0
//! ================
//! ");
//! ```

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// A table, before any choice of medium; `results.json` keeps it in this form.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Table {
    /// Anchor in HTML, label in LaTeX; made from the title when empty.
    pub id: String,
    /// Title above the table.
    pub title: String,
    /// Heading of the row labels.
    pub stub: String,
    /// Columns, without the stub.
    pub columns: Vec<Column>,
    /// Rows of headings above the column headings, outermost first.
    pub spanners: Vec<Vec<Spanner>>,
    /// Blocks of rows, a rule between each two.
    pub sections: Vec<Section>,
    /// Notes below the table, a sentence or a paragraph each.
    pub notes: Vec<String>,
    /// Whether its rows may be reordered by a reader.
    pub sortable: bool,
    /// The result that its numbers come from, as a path into `results.json` (`estimates/m1`); see [`Table::source`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// The same table under other conventions, to switch between where a medium can.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
}

/// The sections and notes of a table under another convention, of the same shape.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// The convention.
    pub label: String,
    /// Sections.
    pub sections: Vec<Section>,
    /// Notes.
    pub notes: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Heading.
    pub label: String,
    /// How its cells are set.
    pub align: Align,
    /// The part of a result that its numbers come from; with a dot before it, the field of what the row is of.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
}

/// How the cells of a column are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Text, flush left.
    Left,
    /// Centered.
    Center,
    /// Numbers: flush right, what trails them (stars, a closing bracket) hanging.
    #[default]
    Number,
}

/// A heading over neighboring columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spanner {
    /// Heading; an empty one leaves its columns bare.
    pub label: String,
    /// How many columns it spans.
    pub len: usize,
}

/// A block of rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Section {
    /// Heading over the whole width (`Panel A: …`).
    pub title: Option<String>,
    /// Rows.
    pub rows: Vec<Row>,
    /// What each column is of in this block, where blocks differ; see [`Table::source`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<String>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Label in the stub.
    pub label: String,
    /// One cell for each column.
    pub cells: Vec<Cell>,
    /// The quantity that it shows (`coefficients/x`), below what table and column are of.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
}

/// A cell: its lines from top to bottom, none when empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell(pub Vec<Entry>);

/// One line of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Words.
    Text(String),
    /// A number in print.
    Number {
        /// The number itself, by which rows are sorted.
        #[serde(deserialize_with = "plim_stats::fit::nan_if_null")]
        value: f64,
        /// What decimals align on, an opening bracket included: `(0.147`.
        body: String,
        /// What hangs: `)`, `***`.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        trail: String,
    },
}

impl Column {
    /// A column.
    pub fn new(label: impl Into<String>, align: Align) -> Self {
        Column { label: label.into(), align, of: String::new() }
    }

    /// The column with what its numbers are of.
    pub fn of(self, of: impl Into<String>) -> Self {
        Column { of: of.into(), ..self }
    }
}

impl Section {
    /// Rows without a heading.
    pub fn new(rows: Vec<Row>) -> Self {
        Section { title: None, rows, of: Vec::new() }
    }

    /// Rows under a heading.
    pub fn titled(title: impl Into<String>, rows: Vec<Row>) -> Self {
        Section { title: Some(title.into()), rows, of: Vec::new() }
    }
}

impl Row {
    /// A row.
    pub fn new(label: impl Into<String>, cells: Vec<Cell>) -> Self {
        Row { label: label.into(), cells, of: String::new() }
    }

    /// The row with what its numbers are of.
    pub fn of(self, of: impl Into<String>) -> Self {
        Row { of: of.into(), ..self }
    }

    /// Lines that its tallest cell has.
    pub fn height(&self) -> usize {
        self.cells.iter().map(|c| c.0.len()).max().unwrap_or(0).max(1)
    }
}

impl Cell {
    /// An empty cell.
    pub fn empty() -> Self {
        Cell(Vec::new())
    }

    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Cell(vec![Entry::Text(text.into())])
    }

    /// A number in print; empty when nothing was printed.
    pub fn number(value: f64, body: impl Into<String>) -> Self {
        let body = body.into();
        if body.is_empty() { Cell::empty() } else { Cell(vec![Entry::Number { value, body, trail: String::new() }]) }
    }

    /// What the cell sorts by: its first number.
    pub fn value(&self) -> Option<f64> {
        self.0.iter().find_map(|e| match e {
            Entry::Number { value, .. } if value.is_finite() => Some(*value),
            _ => None,
        })
    }
}

impl Entry {
    /// The two printed parts, what hangs last.
    pub fn parts(&self) -> (&str, &str) {
        match self {
            Entry::Text(text) => (text, ""),
            Entry::Number { body, trail, .. } => (body, trail),
        }
    }
}

impl Table {
    /// The id, or one made from the title.
    pub fn anchor(&self) -> String {
        crate::escape::anchor(if self.id.is_empty() { &self.title } else { &self.id })
    }

    /// Checks that every row and every row of spanners has the width of the table.
    pub fn check(&self) -> Result<()> {
        let width = self.columns.len();
        for spanners in &self.spanners {
            let got = spanners.iter().map(|s| s.len).sum();
            if got != width {
                return Err(Error::length(format!("a row of spanners of table `{}`", self.title), got, width));
            }
        }
        for row in self.sections.iter().flat_map(|s| &s.rows) {
            if row.cells.len() != width {
                return Err(Error::length(
                    format!("row `{}` of table `{}`", row.label, self.title),
                    row.cells.len(),
                    width,
                ));
            }
        }
        Ok(())
    }

    /// Where the numbers of a cell come from, as a path into `results.json`; `None` where the table does not say.
    ///
    /// `estimates/m1` of the column and `coefficients/x` of the row make `estimates/m1/coefficients/x`; in a table
    /// that is turned, `effects/a` of the row and `.std_error` of the column make `…/effects/a/std_error`.
    pub fn source(&self, section: &Section, row: &Row, column: usize) -> Option<String> {
        let column = section.of.get(column).map_or(self.columns.get(column)?.of.as_str(), String::as_str);
        let (before, field) = match column.strip_prefix('.') {
            Some(field) => ("", field),
            None => (column, ""),
        };
        let whole = |part: &str| part.starts_with("estimates/") || part.starts_with("measures/");
        let root = if whole(before) || whole(&row.of) { "" } else { &self.of };
        let parts: Vec<&str> = [root, before, &row.of, field].into_iter().filter(|p| !p.is_empty()).collect();
        (!row.of.is_empty() && parts.first().is_some_and(|p| whole(p))).then(|| parts.join("/"))
    }

    /// The table as readers of the language write numbers: Chinese journals set no comma between thousands.
    pub fn localized(mut self, lang: crate::Lang) -> Self {
        if lang == crate::Lang::Zh {
            let variants = self.variants.iter_mut().flat_map(|v| &mut v.sections);
            let rows = self.sections.iter_mut().chain(variants).flat_map(|s| &mut s.rows);
            for entry in rows.flat_map(|r| &mut r.cells).flat_map(|c| &mut c.0) {
                if let Entry::Number { body, .. } = entry {
                    *body = crate::number::ungrouped(body);
                }
            }
        }
        self
    }

    /// Rows of all sections.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sections.iter().flat_map(|s| &s.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ragged_table_is_refused() {
        let mut table = Table { title: "t".into(), columns: vec![Column::new("a", Align::Number)], ..Table::default() };
        assert!(table.check().is_ok());
        table.sections = vec![Section::new(vec![Row::new("r", vec![])])];
        assert_eq!(table.check().unwrap_err().to_string(), "row `r` of table `t` has length 0, wanted 1");
        table.sections.clear();
        table.spanners = vec![vec![Spanner { label: "s".into(), len: 2 }]];
        assert!(table.check().is_err());
    }
}
