//! What can go wrong with rows and columns: each message says where, what was wanted and the way out.

use std::fmt;

/// Result of every fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error that knows its file, line, column and rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// No column of this name.
    NoColumn {
        /// The name asked for.
        name: String,
        /// Near names in the table.
        near: Vec<String>,
        /// The file of the table.
        file: Option<String>,
    },
    /// Two columns of one name.
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// Text where a number is needed.
    NotANumber {
        /// The column.
        column: String,
        /// The text found.
        value: String,
        /// The file.
        file: Option<String>,
        /// The line in the file.
        line: Option<u32>,
    },
    /// A column of another length than the table.
    Length {
        /// The column.
        column: String,
        /// Its length.
        got: usize,
        /// Rows of the table.
        want: usize,
    },
    /// A request that is wrong in itself.
    Invalid {
        /// What was found and what is wanted.
        message: String,
        /// The way out.
        remedy: String,
    },
    /// A file that cannot be read or written, or is not of its format (exit status 3).
    File {
        /// The file.
        file: String,
        /// What happened.
        message: String,
    },
}

impl Error {
    /// True when a file could not be read or written (exit status 3).
    pub fn io(&self) -> bool {
        matches!(self, Error::File { .. })
    }

    /// A request that is wrong in itself.
    pub fn invalid(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Error::Invalid { message: message.into(), remedy: remedy.into() }
    }

    /// A file that cannot be read or written.
    pub fn file(file: impl fmt::Display, message: impl fmt::Display) -> Self {
        Error::File { file: file.to_string(), message: message.to_string() }
    }
}

/// Up to three candidates near `name`, nearest first.
pub fn near<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let lower = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|c| (strsim::jaro_winkler(&lower, &c.to_lowercase()), c))
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(3).map(|(_, c)| c.to_string()).collect()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoColumn { name, near, file } => {
                write!(f, "no column `{name}`")?;
                if let Some(file) = file {
                    write!(f, " in {file}")?;
                }
                match near.is_empty() {
                    true => write!(f, "; see the header of the data for the names there are"),
                    false => write!(f, "; did you mean `{}`?", near.join("` or `")),
                }
            }
            Error::DuplicateColumn { name } => write!(f, "two columns are named `{name}`; rename one of them"),
            Error::NotANumber { column, value, file, line } => {
                if let Some(file) = file {
                    write!(f, "{file}: ")?;
                }
                if let Some(line) = line {
                    write!(f, "line {line}, ")?;
                }
                write!(
                    f,
                    "column `{column}`: `{value}` is not a number; correct the cell, or leave it empty where it is missing"
                )
            }
            Error::Length { column, got, want } => {
                write!(f, "column `{column}` has {got} rows where the table has {want}")
            }
            Error::Invalid { message, remedy } => write!(f, "{message}; {remedy}"),
            Error::File { file, message } => write!(f, "{file}: {message}"),
        }
    }
}

impl std::error::Error for Error {}
