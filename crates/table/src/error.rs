//! What can go wrong with rows and columns: each message says where, what was wanted and the way out.

use crate::table::parse_number;
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
    /// Content of a table or a file that is wrong at a known place.
    Content(Box<Content>),
    /// A file that cannot be read or written, or is not of its format (exit status 3).
    File {
        /// The file.
        file: String,
        /// What happened.
        message: String,
    },
}

/// Content that is wrong, and where it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Content {
    /// The file.
    pub file: Option<String>,
    /// The files of the first rows, where the rows at fault are in several.
    pub files: Vec<String>,
    /// The column, when it is one column's fault.
    pub column: Option<String>,
    /// Rows at fault (0-based, in the table); may be long, the message names the first few.
    pub rows: Vec<usize>,
    /// Their lines in the file, when known.
    pub lines: Vec<u32>,
    /// What was found and what is wanted.
    pub message: String,
    /// The way out.
    pub remedy: String,
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = self.file.as_ref().filter(|_| self.files.is_empty()) {
            write!(f, "{file}: ")?;
        }
        let (word, numbers, count) = match self.lines.is_empty() {
            true => ("row", few(&self.rows.iter().map(|r| r + 1).collect::<Vec<_>>()), self.rows.len()),
            false => ("line", few(&self.lines), self.lines.len()),
        };
        let of_files: Vec<String> = match self.files.is_empty() || self.lines.is_empty() {
            true => self.files.clone(),
            false => self.lines.iter().zip(&self.files).map(|(line, file)| format!("line {line} of {file}")).collect(),
        };
        let place = match count {
            _ if !of_files.is_empty() => Some(few(&of_files)),
            0 => None,
            1 => Some(format!("{word} {numbers}")),
            _ => Some(format!("{word}s {numbers}")),
        };
        let column = self.column.as_ref().map(|c| format!("column `{c}`"));
        let at: Vec<String> = place.into_iter().chain(column).collect();
        if !at.is_empty() {
            write!(f, "{}: ", at.join(", "))?;
        }
        write!(f, "{}; {}", self.message, self.remedy)
    }
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

    /// Content that is wrong at one line of a file.
    pub fn at_line(file: &str, line: u32, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Error::Content(Box::new(Content {
            file: Some(file.into()),
            lines: vec![line],
            message: message.into(),
            remedy: remedy.into(),
            ..Content::default()
        }))
    }

    /// A column of a file whose folder's name says it too.
    pub(crate) fn twice(file: &str, name: &str) -> Self {
        Error::invalid(format!("{file}: `{name}` is a column, and its folder says it too"), "leave one of the two out")
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
        .map(|c| (likeness(&lower, &c.to_lowercase()), c))
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(3).map(|(_, c)| c.to_string()).collect()
}

/// How alike two names are, from 0 to 1. In names of two or three signs, as Chinese has them, one that differs is a slip.
fn likeness(a: &str, b: &str) -> f64 {
    let slip = !a.is_ascii() && a.chars().count() > 1 && strsim::osa_distance(a, b) == 1;
    strsim::jaro_winkler(a, b).max(if slip { 0.85 } else { 0.0 })
}

/// The first five of a list, as a message shows them.
pub(crate) fn few<T: fmt::Display>(items: &[T]) -> String {
    let shown: Vec<String> = items.iter().take(5).map(|i| i.to_string()).collect();
    format!("{}{}", shown.join(", "), if items.len() > 5 { ", …" } else { "" })
}

/// Why a text is no number, and the way out.
fn no_number(column: &str, value: &str) -> String {
    let text = value.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match digits {
        _ if parse_number(text).is_some() => format!(
            "`{value}` is stored as text, as the whole column is; write CAST(\"{column}\" AS DOUBLE) in an `sql` step, \
             or take the column out of `as_text`"
        ),
        n if n == text.len() && n > 15 => format!(
            "`{value}` has {n} digits and is read as a code, for a number holds 15; correct the cell, or use the column \
             as text"
        ),
        n if n == text.len() && n > 0 => format!(
            "`{value}` begins with a zero and is read as a code; where it is a number, write CAST(\"{column}\" AS \
             DOUBLE) in an `sql` step"
        ),
        4 if dated(&text[4..]) => format!(
            "`{value}` is a date and not a number; where the year is wanted, take it in an `sql` step: \
             CAST(substr(\"{column}\", 1, 4) AS DOUBLE)"
        ),
        _ => format!("`{value}` is not a number; correct the cell, or leave it empty where it is missing"),
    }
}

/// Whether what follows four digits makes a date of them: `-05-08`, `/5`, `.5.8`, `年`, `年5月`.
fn dated(rest: &str) -> bool {
    let part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | ':' | 'T' | ' ' | '月' | '日' | '年');
    rest.starts_with(['-', '/', '.', '年']) && rest.chars().all(part)
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
                write!(f, "column `{column}`: {}", no_number(column, value))
            }
            Error::Length { column, got, want } => {
                write!(f, "column `{column}` has {got} rows where the table has {want}")
            }
            Error::Content(content) => content.fmt(f),
            Error::Invalid { message, remedy } => write!(f, "{message}; {remedy}"),
            Error::File { file, message } => write!(f, "{file}: {message}"),
        }
    }
}

impl std::error::Error for Error {}
