//! Delimited text: encodings, and which columns are numbers.
//!
//! A column is numeric when every cell that is not missing is a finite number and none looks like a code
//! ([`parse_number`]: a leading zero as in `010121`, an integer of more than 15 digits); otherwise it is text as
//! it stands, so that one stray word among numbers is reported with its line when the numbers are asked for, and
//! codes keep their zeros. In a numeric column the empty cell and [`MISSING_TOKENS`](crate::table::MISSING_TOKENS)
//! are missing; in a text column only the empty cell is, because `NA` is also Namibia.

use crate::frame::{self, Frame};
use crate::read::{Read, ReadOptions, forced, header, world_bank};
use crate::table::{TextBuilder, is_missing_token, parse_number, show_number};
use crate::write::WriteOptions;
use crate::{Column, Data, Error, Lines, Result, Table};
use ::csv::{ReaderBuilder, StringRecord, WriterBuilder};
use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_8};
use std::io::Write;
use std::path::Path;

/// Reads a text file.
pub(crate) fn read(path: &Path, delimiter: u8, options: &ReadOptions) -> Result<Read> {
    let file = path.display().to_string();
    let (text, encoding) = decode(crate::read::bytes(path)?, options.encoding.as_deref(), &file)?;
    let mut notes = Vec::new();
    if encoding != UTF_8 && options.encoding.is_none() {
        notes.push(format!("{file}: read as {}, since it is not UTF-8", encoding.name()));
    }
    let delimiter = match options.delimiter {
        None => delimiter,
        Some(c) => match u8::try_from(c) {
            Ok(b) if b.is_ascii() && !matches!(b, b'"' | b'\n' | b'\r') => b,
            _ => {
                return Err(Error::invalid(
                    format!("the delimiter {c:?} is not one ASCII character beside quote and line break"),
                    "use a comma, a semicolon, a tab or a bar",
                ));
            }
        },
    };
    let table = parse(&text, delimiter, options, &file, &mut notes)?;
    Ok(Read { table, notes })
}

/// The encoding that a label such as `gbk` names.
pub(crate) fn encoding(label: &str) -> Result<&'static Encoding> {
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        Error::invalid(
            format!("`{label}` names no encoding"),
            "use utf-8, gb18030, gbk, big5, utf-16le, windows-1252, shift_jis or another WHATWG label",
        )
    })
}

/// Text of a file and the encoding it was in; a byte that does not fit is an error with its line.
fn decode(bytes: Vec<u8>, forced: Option<&str>, file: &str) -> Result<(String, &'static Encoding)> {
    let text = match forced.map(encoding).transpose()? {
        Some(encoding) => (strict(&bytes, encoding, file)?, encoding),
        None => match Encoding::for_bom(&bytes) {
            Some((encoding, _)) => (strict(&bytes, encoding, file)?, encoding),
            None => match String::from_utf8(bytes) {
                Ok(text) => (text, UTF_8),
                Err(error) => {
                    let valid = error.utf8_error().valid_up_to();
                    let bytes = error.into_bytes();
                    // GB18030 text hardly ever starts with several valid UTF-8 characters, so that then it is
                    // UTF-8 with a damaged byte: as GB18030 it would come out as nonsense without an error.
                    let before = String::from_utf8_lossy(&bytes[..valid]);
                    match before.chars().filter(|c| !c.is_ascii()).count() >= 8 {
                        true => return Err(undecodable(&bytes, valid, UTF_8, file)),
                        false => (strict(&bytes, GB18030, file)?, GB18030),
                    }
                }
            },
        },
    };
    match text.0.bytes().position(|b| b == 0) {
        None => Ok(text),
        Some(at) => Err(Error::file(
            file,
            format!(
                "line {}: a NUL byte, so this is not delimited text; check the file's format, or name its `encoding`",
                lines(&text.0.as_bytes()[..at]) + 1
            ),
        )),
    }
}

/// Decodes without replacing anything.
fn strict(bytes: &[u8], encoding: &'static Encoding, file: &str) -> Result<String> {
    let mut decoder = encoding.new_decoder_with_bom_removal();
    // Room for the worst case, so that one call decodes all.
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0));
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(text),
        (_, read) => Err(undecodable(bytes, read.saturating_sub(1), encoding, file)),
    }
}

fn undecodable(bytes: &[u8], at: usize, encoding: &'static Encoding, file: &str) -> Error {
    let line = lines(&bytes[..at.min(bytes.len())]) + 1;
    let tried = if encoding == GB18030 { "UTF-8 nor GB18030" } else { encoding.name() };
    let not = if encoding == GB18030 { "neither" } else { "not" };
    Error::file(file, format!("line {line}: a byte is {not} {tried}; name the `encoding`, or repair the file"))
}

/// Line breaks in `bytes`; a lone carriage return counts where there is no line feed.
fn lines(bytes: &[u8]) -> u32 {
    let count = |b: u8| bytes.iter().filter(|&&x| x == b).count() as u32;
    match count(b'\n') {
        0 => count(b'\r'),
        n => n,
    }
}

/// A column under construction.
enum Building {
    /// So far numbers; whether any cell was filled.
    Number(Vec<f64>, bool),
    /// Numbers, then text: it must be read again as text.
    Late,
    /// Text.
    Text(TextBuilder),
}

/// The table that comma-separated text with a header holds; `file` names it in errors.
pub fn parse_text(text: &str, file: &str) -> Result<Table> {
    parse(text, b',', &ReadOptions::default(), file, &mut Vec::new())
}

/// Parses delimited text with a header.
fn parse(text: &str, delimiter: u8, options: &ReadOptions, file: &str, notes: &mut Vec<String>) -> Result<Table> {
    let frame = frame::find(text, delimiter, options.skip, file)?;
    let mut missing = options.missing.clone();
    if frame.world_bank {
        missing.push(frame::MISSING.into());
        notes.push(world_bank(file, frame.line));
    }
    let (mut names, mut unnamed) = (None, Vec::new());
    let mut as_text: Vec<bool> = Vec::new();
    loop {
        let mut rows = Rows::new(&frame, delimiter, file);
        let Some(head) = rows.next(None)? else {
            return Err(Error::invalid(
                format!("{file} has blank lines only"),
                "was its writing or its download cut short?",
            ));
        };
        if names.is_none() {
            other_delimiter(head, delimiter, file)?;
            let named = header(file, frame.line, head, &mut unnamed)?;
            as_text = forced(file, &named, options)?;
            names = Some(named);
        }
        // The World Bank ends its lines with a comma.
        let trailing = frame.world_bank && head.iter().next_back() == Some("");
        let (mut columns, lines) = columns(&mut rows, &as_text, &missing)?;
        // A column that turned out to be text after some numbers is read again from the start.
        let late: Vec<bool> = columns.iter().map(|c| matches!(c, Building::Late | Building::Text(_))).collect();
        if columns.iter().any(|c| matches!(c, Building::Late)) {
            as_text = late;
            continue;
        }
        if trailing && matches!(columns.last(), Some(Building::Number(_, false))) {
            columns.pop();
            unnamed.pop();
        }
        notes.append(&mut unnamed);
        let columns = names.unwrap_or_default().into_iter().zip(columns).map(|(name, column)| Column {
            name,
            data: match column {
                Building::Text(text) => Data::Text(text.finish()),
                Building::Number(values, _) => Data::Number(values),
                Building::Late => Data::Number(Vec::new()),
            },
        });
        let mut table = Table::new(columns.collect())?;
        table.origin.lines = Lines::Listed(lines);
        return Ok(table);
    }
}

/// All rows, column by column, and the line of each.
fn columns(rows: &mut Rows, as_text: &[bool], missing: &[String]) -> Result<(Vec<Building>, Vec<u32>)> {
    let mut columns: Vec<Building> = as_text
        .iter()
        .map(|&text| match text {
            true => Building::Text(TextBuilder::default()),
            false => Building::Number(Vec::new(), false),
        })
        .collect();
    let mut lines = Vec::new();
    let is_missing = |cell: &str| cell.is_empty() || missing.iter().any(|m| m == cell);
    while rows.next(Some(as_text.len()))?.is_some() {
        lines.push(rows.line);
        for (column, cell) in columns.iter_mut().zip(&rows.record) {
            match column {
                Building::Late => {}
                Building::Text(text) => text.push(Some(cell).filter(|c| !is_missing(c.trim()))),
                Building::Number(values, _) if is_missing(cell.trim()) => values.push(f64::NAN),
                Building::Number(values, filled) => {
                    if let Some(x) = parse_number(cell) {
                        values.push(x);
                    } else if is_missing_token(cell) {
                        values.push(f64::NAN);
                    } else if *filled {
                        *column = Building::Late;
                        continue;
                    } else {
                        // Nothing but empty cells so far: text from the start, no second reading.
                        let mut text = TextBuilder::default();
                        values.iter().for_each(|_| text.push(None));
                        text.push(Some(cell));
                        *column = Building::Text(text);
                        continue;
                    }
                    *filled = true;
                }
            }
        }
    }
    Ok((columns, lines))
}

/// A file with one column, whose name holds another delimiter, is split at the wrong character.
fn other_delimiter(head: &StringRecord, delimiter: u8, file: &str) -> Result<()> {
    let found = [',', ';', '\t', '|'].into_iter().find(|&c| c as u32 != delimiter as u32 && head[0].contains(c));
    match found {
        Some(c) if head.len() == 1 => Err(Error::at_line(
            file,
            1,
            format!("the header is one single column `{}`", head[0].chars().take(60).collect::<String>()),
            format!("set `delimiter = {:?}`", c.to_string()),
        )),
        _ => Ok(()),
    }
}

/// Records with their lines; the counting is our own, because a quoted cell may span lines and blank lines are
/// skipped.
struct Rows<'a> {
    text: &'a [u8],
    file: &'a str,
    reader: ::csv::Reader<&'a [u8]>,
    record: StringRecord,
    /// Line where `record` starts.
    line: u32,
    counted: usize,
    newline: u8,
    delimiter: u8,
}

impl<'a> Rows<'a> {
    fn new(frame: &Frame<'a>, delimiter: u8, file: &'a str) -> Self {
        let text = frame.body;
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(1 << 16)
            .from_reader(text.as_bytes());
        let newline = if text.contains('\n') { b'\n' } else { b'\r' };
        let record = StringRecord::new();
        Rows { text: text.as_bytes(), file, reader, record, line: frame.line, counted: 0, newline, delimiter }
    }

    /// The next record, of `width` cells where that is known.
    fn next(&mut self, width: Option<usize>) -> Result<Option<&StringRecord>> {
        let more = self.reader.read_record(&mut self.record).map_err(|e| Error::file(self.file, e))?;
        if !more {
            return Ok(None);
        }
        let mut start = self.record.position().map_or(0, |p| p.byte() as usize).min(self.text.len());
        while self.text.get(start).is_some_and(|b| matches!(b, b'\r' | b'\n')) {
            start += 1;
        }
        let newline = self.newline;
        self.line += self.text[self.counted..start].iter().filter(|&&b| b == newline).count() as u32;
        self.counted = start;
        if self.reader.position().byte() as usize >= self.text.len() {
            self.closed(start)?;
        }
        match width {
            Some(want) if want != self.record.len() => Err(Error::at_line(
                self.file,
                self.line,
                format!("this row has {} cells, the header has {want}", self.record.len()),
                // Titles above the names are a few lines at the start.
                match want < self.record.len() && self.counted < 1000 {
                    true => "quote the cell that holds a delimiter; where a title stands above the names, set `skip`",
                    false => "repair the row, or quote the cell that holds a delimiter or a line break",
                },
            )),
            _ => Ok(Some(&self.record)),
        }
    }

    /// A quote that is opened in the last record and never closed has swallowed the rest of the file.
    fn closed(&self, start: usize) -> Result<()> {
        let raw = &self.text[start..];
        let opens = |i: usize| i == 0 || raw[i - 1] == self.delimiter;
        let quotes: Vec<usize> = raw.iter().enumerate().filter(|(_, b)| **b == b'"').map(|(i, _)| i).collect();
        match quotes.len() % 2 == 1 && opens(quotes[0]) {
            false => Ok(()),
            true => Err(Error::at_line(
                self.file,
                self.line,
                "a quote is opened here and never closed",
                "close the quote; was the file cut short?",
            )),
        }
    }
}

/// Writes a table as comma- or tab-separated UTF-8 with shortest round-trip numbers; missing is an empty cell.
pub(crate) fn write(out: &mut impl Write, table: &Table, delimiter: u8, options: &WriteOptions) -> std::io::Result<()> {
    if options.bom {
        out.write_all("\u{feff}".as_bytes())?;
    }
    let mut writer = WriterBuilder::new().delimiter(delimiter).from_writer(out);
    writer.write_record(table.names())?;
    for row in 0..table.rows() {
        for column in table.columns() {
            match &column.data {
                Data::Number(v) if v[row].is_nan() => writer.write_field("")?,
                Data::Number(v) => writer.write_field(show_number(v[row]))?,
                Data::Text(t) => writer.write_field(t.get(row).unwrap_or_default())?,
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        parse(text, b',', &ReadOptions::default(), "t.csv", &mut Vec::new()).unwrap()
    }

    #[test]
    fn namibia_is_text_and_a_missing_number_is_not() {
        let t = table("iso2,gdp,code,late\nNA,NA,010121,1\nDE,4.5e3,020000,2\n,.,,x\n");
        assert_eq!(t.column("iso2").unwrap().show(0), "NA");
        assert!(t.column("iso2").unwrap().is_missing(2));
        let gdp = t.numbers("gdp").unwrap();
        assert!(gdp[0].is_nan() && gdp[1] == 4500.0 && gdp[2].is_nan());
        assert_eq!(t.column("code").unwrap().show(0), "010121");
        let message = t.numbers("late").unwrap_err().to_string();
        assert!(message.contains("line 4") && message.contains("`x`"), "{message}");
    }

    #[test]
    fn lines_count_quoted_breaks_blank_lines_and_crlf() {
        for end in ["\n", "\r\n"] {
            let text = ["a,b", "1,\"x", "y\"", "", "2,z", "3,z", ""].join(end);
            assert_eq!(table(&text).origin.lines, crate::Lines::Listed(vec![2, 5, 6]), "{end:?}");
        }
    }

    #[test]
    fn encodings() {
        let text = "城市,产值\n北京,1\n";
        let gbk = encoding_rs::GBK.encode(text).0.into_owned();
        assert_eq!(decode(gbk, None, "f").unwrap(), (text.to_string(), GB18030));
        assert_eq!(decode([b"\xef\xbb\xbf", text.as_bytes()].concat(), None, "f").unwrap().0, text);
        let utf16: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(utf16, None, "f").unwrap().0, text);
        let damaged = [text.repeat(3).as_bytes(), b"\xff,1\n"].concat();
        let message = decode(damaged, None, "f").unwrap_err().to_string();
        assert!(message.contains("line 7: a byte is not UTF-8"), "{message}");
    }
}
