//! A table: named columns of equal length, numbers or text, and where each row came from.

use crate::error::Content;
use crate::{Error, Origin, Result};
use std::collections::{HashMap, HashSet};

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
    /// What a test says of each row, asked once for each level; a missing row is an empty text.
    pub fn test(&self, test: impl Fn(&str) -> bool) -> impl Fn(usize) -> bool {
        let (of_level, of_missing): (Vec<bool>, bool) = (self.levels.iter().map(|t| test(t)).collect(), test(""));
        move |i| of_level.get(self.codes[i] as usize).copied().unwrap_or(of_missing)
    }

    /// These rows, each level as it is written anew; levels that come out alike are one.
    pub fn rewrite(&self, rows: &[usize], mut write: impl FnMut(u32) -> String) -> Text {
        let mut built = TextBuilder::default();
        let mut anew = vec![MISSING; self.levels.len()];
        for &i in rows {
            match self.codes[i] {
                MISSING => built.push(None),
                code if anew[code as usize] != MISSING => built.push_code(anew[code as usize]),
                code => {
                    built.push(Some(&write(code)));
                    anew[code as usize] = built.last();
                }
            }
        }
        built.finish()
    }

    /// The text of row `i`, or `None` where missing.
    pub fn get(&self, i: usize) -> Option<&str> {
        match self.codes[i] {
            MISSING => None,
            code => Some(&self.levels[code as usize]),
        }
    }
}

/// Builds a [`Text`] value by value.
#[derive(Debug, Clone, Default)]
pub struct TextBuilder {
    text: Text,
    seen: HashMap<String, u32>,
}

impl TextBuilder {
    /// Adds a value that was added before, by its code.
    pub fn push_code(&mut self, code: u32) {
        self.text.codes.push(code);
    }

    /// Code of the value added last.
    pub fn last(&self) -> u32 {
        self.text.codes.last().copied().unwrap_or(MISSING)
    }

    /// Adds a value.
    pub fn push(&mut self, value: Option<&str>) {
        let code = match value {
            None => MISSING,
            // Sorted files repeat the value of the row before: no hashing then.
            Some(s) if self.text.codes.last().is_some_and(|&c| c != MISSING && self.text.levels[c as usize] == s) => {
                self.text.codes[self.text.codes.len() - 1]
            }
            Some(s) => match self.seen.get(s) {
                Some(&code) => code,
                None => {
                    let code = self.text.levels.len() as u32;
                    self.text.levels.push(s.to_string());
                    self.seen.insert(s.to_string(), code);
                    code
                }
            },
        };
        self.text.codes.push(code);
    }

    /// The text built.
    pub fn finish(self) -> Text {
        self.text
    }
}

impl<S: Into<String> + AsRef<str>> FromIterator<Option<S>> for Text {
    fn from_iter<I: IntoIterator<Item = Option<S>>>(values: I) -> Self {
        let mut text = TextBuilder::default();
        for value in values {
            text.push(value.as_ref().map(|s| s.as_ref()));
        }
        text.finish()
    }
}

/// A finite number, or `None` where the text is none, is infinite, or looks like a code.
///
/// A code has a leading zero (`010121`) or is an integer of more than 15 digits, which `f64` could not hold.
pub fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text).as_bytes();
    let code = match digits {
        [b'0', second, ..] => second.is_ascii_digit(),
        _ => digits.len() > 15 && digits.iter().all(u8::is_ascii_digit),
    };
    match code {
        true => None,
        false => text.parse().ok().filter(|x: &f64| x.is_finite()),
    }
}

/// What a cell of a numeric column holds where its number is missing, beside nothing at all.
pub const MISSING_TOKENS: [&str; 8] = ["NA", "N/A", "#N/A", ".", "NaN", "nan", "NULL", "null"];

/// Whether a cell says that its number is missing.
pub fn is_missing_token(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || MISSING_TOKENS.contains(&text)
}

/// A number as text: the shortest that reads back to the same bits, with an exponent outside 1e-5 to 1e15.
pub fn show_number(x: f64) -> String {
    match x.abs() {
        a if a != 0.0 && !(1e-5..1e15).contains(&a) => format!("{x:e}"),
        _ => format!("{x}"),
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
            Data::Number(v) => show_number(v[i]),
            Data::Text(t) => t.get(i).unwrap_or_default().to_string(),
        }
    }

    /// The column as text, each number as a file would show it.
    pub fn to_text(&self) -> Text {
        match &self.data {
            Data::Text(text) => text.clone(),
            Data::Number(v) => {
                let codes = self.codes();
                let mut levels = Vec::new();
                for (&code, &x) in codes.iter().zip(v) {
                    // Codes count up from zero as values appear.
                    if code as usize == levels.len() {
                        levels.push(show_number(x));
                    }
                }
                Text { codes, levels }
            }
        }
    }

    /// One code per distinct value, in order of first appearance; missing is [`MISSING`].
    pub fn codes(&self) -> Vec<u32> {
        match &self.data {
            Data::Text(t) => t.codes.clone(),
            Data::Number(v) => match whole_range(v) {
                Some((least, size)) => {
                    let mut code = vec![MISSING; size];
                    let mut next = 0;
                    let of = |x: &f64| {
                        if x.is_nan() {
                            return MISSING;
                        }
                        let slot = &mut code[(x - least) as usize];
                        if *slot == MISSING {
                            *slot = next;
                            next += 1;
                        }
                        *slot
                    };
                    v.iter().map(of).collect()
                }
                None => {
                    let mut seen: HashMap<u64, u32> = HashMap::new();
                    let of = |x: &f64| {
                        if x.is_nan() {
                            return MISSING;
                        }
                        let next = seen.len() as u32;
                        // -0 and 0 are one value.
                        *seen.entry((x + 0.0).to_bits()).or_insert(next)
                    };
                    v.iter().map(of).collect()
                }
            },
        }
    }

    /// Puts the rows of another column of the same kind after those of this one.
    pub fn append(&mut self, other: &Column) -> Result<()> {
        match (&mut self.data, &other.data) {
            (Data::Number(own), Data::Number(more)) => own.extend_from_slice(more),
            (Data::Text(own), Data::Text(more)) => {
                let mut codes: HashMap<&str, u32> =
                    own.levels.iter().enumerate().map(|(code, level)| (level.as_str(), code as u32)).collect();
                let mut new: Vec<&str> = Vec::new();
                let of: Vec<u32> = (more.levels.iter())
                    .map(|level| {
                        let next = (own.levels.len() + new.len()) as u32;
                        *codes.entry(level).or_insert_with(|| {
                            new.push(level);
                            next
                        })
                    })
                    .collect();
                let new: Vec<String> = new.into_iter().map(str::to_string).collect();
                own.codes.extend(more.codes.iter().map(|&code| of.get(code as usize).copied().unwrap_or(MISSING)));
                own.levels.extend(new);
            }
            _ => {
                let message =
                    format!("the column `{}` is numbers in one part of the data and text in another", self.name);
                return Err(Error::invalid(message, "store it alike in all of them"));
            }
        }
        Ok(())
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

/// The least value and the number of values up to the largest, where all are whole numbers that lie so close together
/// that a table of them is cheaper than hashing.
fn whole_range(v: &[f64]) -> Option<(f64, usize)> {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for &x in v.iter().filter(|x| !x.is_nan()) {
        if x.fract() != 0.0 {
            return None;
        }
        (least, most) = (least.min(x), most.max(x));
    }
    let size = most - least + 1.0;
    (size.is_finite() && size <= 4.0 * v.len() as f64 + 1024.0 && most.abs() < 9e15).then_some((least, size as usize))
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
        let mut seen = HashSet::new();
        for column in &columns {
            if !seen.insert(column.name.as_str()) {
                return Err(Error::DuplicateColumn { name: column.name.clone() });
            }
            if column.len() != rows {
                return Err(Error::Length { column: column.name.clone(), got: column.len(), want: rows });
            }
        }
        Ok(Table { columns, rows, origin: Origin::default() })
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns themselves.
    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|c| c.name.as_str())
    }

    /// A column by name; the error offers near names.
    pub fn column(&self, name: &str) -> Result<&Column> {
        if let Some(column) = self.columns.iter().find(|c| c.name == name) {
            return Ok(column);
        }
        Err(match self.origin.unread.iter().find(|(unread, _)| unread == name) {
            Some((_, of)) => self.content(
                Some(name),
                Vec::new(),
                format!("the file has it with the type {of}, which is not read"),
                "store it as numbers, text or dates",
            ),
            None => Error::NoColumn {
                name: name.into(),
                near: crate::error::near(name, self.names()),
                file: self.origin.file.clone(),
            },
        })
    }

    /// Whether there is a column of this name.
    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|c| c.name == name)
    }

    /// An error where a column of codes has none in any row: so is `NA` read where no other code tells that it is one.
    pub fn has_codes(&self, name: &str) -> Result<()> {
        let column = self.column(name)?;
        match self.rows > 0 && (0..self.rows).all(|i| column.is_missing(i)) {
            true => Err(self.content(
                Some(name),
                Vec::new(),
                "there is no code in any row",
                format!("where it is NA (Namibia), read the column as text: as_text = [\"{name}\"]"),
            )),
            false => Ok(()),
        }
    }

    /// The numbers of a column; text that is not a number, and an infinite value, is an error with file, line and
    /// column.
    pub fn numbers(&self, name: &str) -> Result<&[f64]> {
        let column = self.column(name)?;
        let bad = match &column.data {
            Data::Number(v) => match v.iter().position(|x| x.is_infinite()) {
                None => return Ok(v),
                found => found,
            },
            // Where only numbers and missing tokens are left, the column is stored as text: a number shows it.
            Data::Text(t) => {
                let first = |fits: &dyn Fn(&str) -> bool| (0..self.rows).find(|&i| t.get(i).is_some_and(fits));
                first(&|s| parse_number(s).is_none() && !is_missing_token(s))
                    .or_else(|| first(&|s| parse_number(s).is_some()))
                    .or_else(|| first(&|_| true))
            }
        };
        Err(Error::NotANumber {
            column: name.into(),
            value: bad.map_or("text".into(), |i| column.show(i)),
            file: bad.and_then(|i| self.file(i)).map(Into::into).or_else(|| self.origin.file.clone()),
            line: bad.and_then(|i| self.line(i)),
        })
    }

    /// An error at rows of this table: the message names file, lines (or rows) and column.
    pub fn content(
        &self,
        column: Option<&str>,
        rows: Vec<usize>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Error {
        let first = rows.first().and_then(|&r| self.file(r));
        let one = rows.iter().all(|&r| self.file(r) == first);
        // A message shows the first few.
        let files = rows.iter().take(if one { 0 } else { 8 }).filter_map(|&r| self.file(r).map(Into::into)).collect();
        Error::Content(Box::new(Content {
            file: first.filter(|_| one).map(Into::into).or_else(|| self.origin.file.clone()),
            files,
            column: column.map(Into::into),
            lines: rows.iter().filter_map(|&r| self.line(r)).collect(),
            rows,
            message: message.into(),
            remedy: remedy.into(),
        }))
    }

    /// The file and the lines of the first few of some rows, as a message names them; none where they have no file.
    pub fn place(&self, rows: &[usize]) -> Option<String> {
        let mut place = String::new();
        let mut last = None;
        for &row in rows.iter().take(5) {
            let file = self.file(row);
            match (file, last == file, self.line(row)) {
                (Some(_), true, Some(line)) => place += &format!(", {line}"),
                (Some(file), false, line) => {
                    place += if place.is_empty() { "" } else { "; " };
                    place += file;
                    place += &line.map_or_else(String::new, |line| format!(", line {line}"));
                }
                _ => {}
            }
            last = file;
        }
        (!place.is_empty()).then_some(place)
    }

    /// The file of a row.
    pub fn file(&self, row: usize) -> Option<&str> {
        match &self.origin.files {
            Some(files) => files.of(row),
            None => self.origin.file.as_deref(),
        }
    }

    /// Line of a row in its file.
    pub fn line(&self, row: usize) -> Option<u32> {
        self.origin.lines.of(row).filter(|_| row < self.rows)
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
        let columns = self.columns.iter().map(|c| c.take(rows)).collect();
        Table { columns, rows: rows.len(), origin: self.origin.of(rows) }
    }
}
