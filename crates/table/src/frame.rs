//! Lines around a table: those to skip before the header, and what the World Bank's downloads put before and after.
//!
//! Its API writes the name of the source and a date before the header; its DataBank writes the database and a date
//! after the rows. Both are known by these words alone, and both write `..` for a missing number.

use crate::{Error, Result};

/// First cell of the line with which the API begins, and of its header.
const OPENING: &str = "Data Source";
const HEADER: &str = "Country Name";
/// What the lines after the rows of the DataBank start with; the first tells that they are its.
const CLOSING: [&str; 2] = ["Data from database:", "Last Updated:"];
/// A missing number.
pub(crate) const MISSING: &str = "..";

/// The table within a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame<'a> {
    /// Header and rows.
    pub(crate) body: &'a str,
    /// Line of the header.
    pub(crate) line: u32,
    /// Whether the World Bank wrote it.
    pub(crate) world_bank: bool,
}

/// Whether a first cell opens a download of the API.
pub(crate) fn opens(cell: &str) -> bool {
    plain(cell) == OPENING
}

/// Whether a first cell is that of the API's header.
pub(crate) fn heads(cell: &str) -> bool {
    plain(cell) == HEADER
}

/// Whether a first cell closes a download of the DataBank.
pub(crate) fn closes(cell: &str) -> bool {
    CLOSING.iter().any(|words| plain(cell).starts_with(words))
}

/// Whether a first cell names a database of the DataBank.
pub(crate) fn sources(cell: &str) -> bool {
    plain(cell).starts_with(CLOSING[0])
}

/// Whether a name is one of the DataBank's years, `1990 [YR1990]`.
pub(crate) fn dated(name: &str) -> bool {
    plain(name).split_once(" [YR").is_some_and(|(year, again)| again.strip_suffix(']') == Some(year))
}

fn plain(cell: &str) -> &str {
    cell.trim().trim_matches('"')
}

/// Finds the table in a text of which the first `skip` lines are not part.
pub(crate) fn find<'a>(text: &'a str, delimiter: u8, skip: usize, file: &str) -> Result<Frame<'a>> {
    let newline = if text.contains('\n') { '\n' } else { '\r' };
    let first = |line: &'a str| line.split(char::from(delimiter)).next().unwrap_or_default();
    let (mut before, mut world_bank) = (skip, false);
    if skip == 0 && opens(text.split([char::from(delimiter), newline]).next().unwrap_or_default()) {
        // Its header comes within a few lines; further down it would be a row.
        if let Some(at) = text.split(newline).take(20).position(|line| heads(first(line))) {
            (before, world_bank) = (at, true);
        }
    }
    let head: usize = text.split_inclusive(newline).take(before).map(str::len).sum();
    let mut body = &text[head..];
    if before > 0 && body.trim().is_empty() {
        return Err(Error::invalid(
            format!("{file}: nothing is left after {before} lines"),
            "lower `skip`, the number of lines before the names of the columns",
        ));
    }
    if let Some(rows) = before_closing(body, newline) {
        (body, world_bank) = (rows, true);
    }
    let mut names = body.split(newline).next().unwrap_or_default().split(char::from(delimiter));
    world_bank |= names.any(dated);
    Ok(Frame { body, line: before as u32 + 1, world_bank })
}

/// The text before the closing lines of the DataBank and the empty rows above them, if it has such lines.
fn before_closing(text: &str, newline: char) -> Option<&str> {
    let (mut rest, mut found) = (text, false);
    loop {
        let start = rest.trim_end_matches(['\r', '\n']).rfind(newline).map_or(0, |at| at + 1);
        let line = &rest[start..];
        let empty = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"')).is_empty();
        if start == 0 || !(empty || closes(line)) {
            return found.then_some(rest);
        }
        found |= sources(line);
        rest = &rest[..start];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_opens_with_its_source() {
        let text = "\"Data Source\",\"World Development Indicators\",\n\n\"Last Updated Date\",\"2024-01-01\",\n\n\
            \"Country Name\",\"1990\",\n\"Namibia\",\"1\",\n";
        let frame = find(text, b',', 0, "f").unwrap();
        assert_eq!((frame.line, frame.world_bank), (5, true));
        assert!(frame.body.starts_with("\"Country Name\""));
        // A source of another kind is a column.
        let own = "Data Source,x\na,1\n";
        assert_eq!(find(own, b',', 0, "f").unwrap(), Frame { body: own, line: 1, world_bank: false });
    }

    #[test]
    fn the_data_bank_closes_with_its_name() {
        let rows = "Country Name,1990 [YR1990]\nChina,1\n";
        let closed = format!("{rows},\n\nData from database: Health, Nutrition\r\nLast Updated: 01/02/2024,\n");
        assert_eq!(find(&closed, b',', 0, "f").unwrap(), Frame { body: rows, line: 1, world_bank: true });
        assert!(find(rows, b',', 0, "f").unwrap().world_bank);
        // Empty rows at the end of any other file are its own.
        for other in ["a,b\n1,2\n,\n", "a,b\n1,2\nLast Updated: 2024,\n"] {
            assert_eq!(find(other, b',', 0, "f").unwrap(), Frame { body: other, line: 1, world_bank: false });
        }
    }

    #[test]
    fn lines_are_skipped_as_told() {
        let frame = find("title\n\na,b\n1,2\n", b',', 2, "f").unwrap();
        assert_eq!((frame.body, frame.line), ("a,b\n1,2\n", 3));
        assert!(find("a\n1\n", b',', 2, "f").unwrap_err().to_string().contains("`skip`"));
    }
}
