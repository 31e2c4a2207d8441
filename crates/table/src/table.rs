//! A table: named columns of equal length, numbers or text, and where each row came from.

use crate::{Error, Result};
use std::collections::HashMap;

/// Code of a missing text.
pub const MISSING: u32 = u32::MAX;

/// Values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Numbers; NaN is missing.
    Number(Vec<f64>),
    /// Text, each distinct value stored once.
    Text(Text),
}

/// Text stored as codes into distinct levels (in order of first appearance); [`MISSING`] is missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    /// Level of each row.
    pub codes: Vec<u32>,
    /// Distinct values.
    pub levels: Vec<String>,
}

impl Text {
    /// The text of row `i`, or `None` where missing.
    pub fn get(&self, i: usize) -> Option<&str> {
        match self.codes[i] {
            MISSING => None,
            code => Some(&self.levels[code as usize]),
        }
    }
}

impl<S: Into<String> + AsRef<str>> FromIterator<Option<S>> for Text {
    fn from_iter<I: IntoIterator<Item = Option<S>>>(values: I) -> Self {
        let mut text = Text::default();
        let mut seen: HashMap<String, u32> = HashMap::new();
        for value in values {
            let code = match value {
                None => MISSING,
                Some(s) => match seen.get(s.as_ref()) {
                    Some(&code) => code,
                    None => {
                        let code = text.levels.len() as u32;
                        let s: String = s.into();
                        text.levels.push(s.clone());
                        seen.insert(s, code);
                        code
                    }
                },
            };
            text.codes.push(code);
        }
        text
    }
}

/// A named column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name as the file spells it, in any script.
    pub name: String,
    /// Its values.
    pub data: Data,
}

impl Column {
    /// A column of numbers.
    pub fn number(name: impl Into<String>, values: Vec<f64>) -> Self {
        Column { name: name.into(), data: Data::Number(values) }
    }

    /// A column of text.
    pub fn text<S: Into<String> + AsRef<str>>(
        name: impl Into<String>,
        values: impl IntoIterator<Item = Option<S>>,
    ) -> Self {
        Column { name: name.into(), data: Data::Text(values.into_iter().collect()) }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        match &self.data {
            Data::Number(v) => v.len(),
            Data::Text(t) => t.codes.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether row `i` is missing.
    pub fn is_missing(&self, i: usize) -> bool {
        match &self.data {
            Data::Number(v) => v[i].is_nan(),
            Data::Text(t) => t.codes[i] == MISSING,
        }
    }

    /// Row `i` as text, as a file would show it; empty where missing.
    pub fn show(&self, i: usize) -> String {
        match &self.data {
            Data::Number(v) if v[i].is_nan() => String::new(),
            Data::Number(v) => format!("{}", v[i]),
            Data::Text(t) => t.get(i).unwrap_or_default().to_string(),
        }
    }

    /// One code per distinct value, in order of first appearance; missing is [`MISSING`].
    pub fn codes(&self) -> Vec<u32> {
        match &self.data {
            Data::Text(t) => t.codes.clone(),
            Data::Number(v) => {
                let mut seen: HashMap<u64, u32> = HashMap::new();
                v.iter()
                    .map(|x| {
                        if x.is_nan() {
                            return MISSING;
                        }
                        let next = seen.len() as u32;
                        // -0 and 0 are one value.
                        *seen.entry((x + 0.0).to_bits()).or_insert(next)
                    })
                    .collect()
            }
        }
    }

    /// The rows `rows` (which may repeat), in that order.
    pub fn take(&self, rows: &[usize]) -> Column {
        let data = match &self.data {
            Data::Number(v) => Data::Number(rows.iter().map(|&r| v[r]).collect()),
            Data::Text(t) => {
                Data::Text(Text { codes: rows.iter().map(|&r| t.codes[r]).collect(), levels: t.levels.clone() })
            }
        };
        Column { name: self.name.clone(), data }
    }
}

/// Where the rows of a table came from, so that an error can name file and line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Origin {
    /// The file, as the user named it.
    pub file: Option<String>,
    /// Line (or sheet row) of each row of the table; empty when unknown.
    pub lines: Vec<u32>,
}

/// Named columns of equal length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
    /// Where the rows came from.
    pub origin: Origin,
}

impl Table {
    /// A table from columns; names must be distinct and lengths equal.
    pub fn new(columns: Vec<Column>) -> Result<Table> {
        let rows = columns.first().map_or(0, Column::len);
        let mut table = Table { columns: Vec::new(), rows, origin: Origin::default() };
        for column in columns {
            if table.columns.iter().any(|c| c.name == column.name) {
                return Err(Error::DuplicateColumn { name: column.name });
            }
            table.set(column)?;
        }
        Ok(table)
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|c| c.name.as_str())
    }

    /// A column by name; the error offers near names.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.columns.iter().find(|c| c.name == name).ok_or_else(|| Error::NoColumn {
            name: name.into(),
            near: crate::error::near(name, self.names()),
            file: self.origin.file.clone(),
        })
    }

    /// Whether there is a column of this name.
    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|c| c.name == name)
    }

    /// The numbers of a column; text that is not a number is an error with file, line and column.
    pub fn numbers(&self, name: &str) -> Result<&[f64]> {
        match &self.column(name)?.data {
            Data::Number(v) => Ok(v),
            Data::Text(t) => {
                let bad = (0..self.rows).find(|&i| t.get(i).is_some_and(|s| s.trim().parse::<f64>().is_err()));
                Err(Error::NotANumber {
                    column: name.into(),
                    value: bad.and_then(|i| t.get(i)).unwrap_or("text").into(),
                    file: self.origin.file.clone(),
                    line: bad.and_then(|i| self.line(i)),
                })
            }
        }
    }

    /// Line of a row in its file.
    pub fn line(&self, row: usize) -> Option<u32> {
        self.origin.lines.get(row).copied()
    }

    /// Adds a column, or replaces the one of the same name.
    pub fn set(&mut self, column: Column) -> Result<()> {
        if !self.columns.is_empty() && column.len() != self.rows {
            return Err(Error::Length { column: column.name.clone(), got: column.len(), want: self.rows });
        }
        self.rows = column.len();
        match self.columns.iter_mut().find(|c| c.name == column.name) {
            Some(old) => *old = column,
            None => self.columns.push(column),
        }
        Ok(())
    }

    /// The rows `rows` (which may repeat), in that order.
    pub fn take(&self, rows: &[usize]) -> Table {
        let lines = match self.origin.lines.is_empty() {
            true => Vec::new(),
            false => rows.iter().map(|&r| self.origin.lines[r]).collect(),
        };
        Table {
            columns: self.columns.iter().map(|c| c.take(rows)).collect(),
            rows: rows.len(),
            origin: Origin { file: self.origin.file.clone(), lines },
        }
    }
}
