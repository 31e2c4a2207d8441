//! Where the rows of a table came from.

use crate::{Error, Result};

/// Where the rows of a table came from, so that an error can name file and line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Origin {
    /// The file, as the user named it; a folder or a pattern of files too.
    pub file: Option<String>,
    /// Line of each row of the table in its file (sheet row of a workbook, observation of a binary file).
    pub lines: Lines,
    /// The files that a folder or a pattern stands for; none where there is one file.
    pub files: Option<Files>,
    /// Columns of the file that are not in the table, for a type that is not read, and that type.
    pub unread: Vec<(String, String)>,
}

/// The files of a table that has several.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Files {
    /// Their names.
    pub names: Vec<String>,
    /// The file of each row, an index into `names`; a table has at most 10,000 files.
    pub of: Vec<u16>,
}

impl Files {
    /// The file of row `i`.
    pub fn of(&self, i: usize) -> Option<&str> {
        self.names.get(usize::from(*self.of.get(i)?)).map(String::as_str)
    }
}

impl Origin {
    /// Where these rows came from.
    pub fn of(&self, rows: &[usize]) -> Origin {
        let lines: Option<Vec<u32>> = rows.iter().map(|&r| self.lines.of(r)).collect();
        let of = |files: &Files| Files {
            names: files.names.clone(),
            of: rows.iter().filter_map(|&r| files.of.get(r).copied()).collect(),
        };
        Origin {
            file: self.file.clone(),
            lines: lines.map_or(Lines::Unknown, Lines::Listed),
            files: self.files.as_ref().map(of),
            unread: self.unread.clone(),
        }
    }
}

/// Line of each row of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Lines {
    /// Not known.
    #[default]
    Unknown,
    /// Row `i` is line `i + 1`.
    Counted,
    /// A line for each row.
    Listed(Vec<u32>),
}

impl Lines {
    /// Line of row `i`.
    pub fn of(&self, i: usize) -> Option<u32> {
        match self {
            Lines::Unknown => None,
            Lines::Counted => u32::try_from(i + 1).ok(),
            Lines::Listed(lines) => lines.get(i).copied(),
        }
    }
}

/// The lines of a file whose rows have numbers and no lines.
pub(crate) fn count_lines(rows: usize, file: &str) -> Result<Lines> {
    match u32::try_from(rows) {
        Ok(_) => Ok(Lines::Counted),
        Err(_) => Err(Error::invalid(format!("{file}: {rows} rows do not fit into a table"), "aggregate it with SQL")),
    }
}
