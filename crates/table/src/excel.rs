//! Excel workbooks: one sheet, names in its first row.
//!
//! Columns are typed as in delimited text ([`crate::csv`]): numbers that were stored as text count as numbers.
//! Dates become ISO text, `TRUE` and `FALSE` 1 and 0, `#N/A` is missing; another error value makes its column text,
//! so that it is reported with its row when the numbers are asked for. Blank rows are skipped.

use crate::frame;
use crate::read::{MAX_COLUMNS, Read, ReadOptions, forced, header, world_bank};
use crate::table::{TextBuilder, is_missing_token, parse_number, show_number};
use crate::{Column, Data, Error, Lines, Result, Table, near};
use calamine::{DataRef, ExcelDateTime, Reader, SheetType, Xlsx};
use rust_xlsxwriter::{DocProperties, ExcelDateTime as Stamp, Workbook, XlsxError};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Cells that a sheet may have.
const MAX_CELLS: usize = 200_000_000;

/// A cell as the typing sees it.
enum Cell {
    Number(f64),
    Text(String),
}

/// Reads a sheet; a row's line is its row in the sheet.
pub(crate) fn read(path: &Path, options: &ReadOptions) -> Result<Read> {
    let file = path.display().to_string();
    let broken = |e: calamine::XlsxError| Error::file(&file, format!("not a whole Excel workbook: {e}"));
    let handle = File::open(path).map_err(|e| Error::file(&file, e))?;
    let mut workbook = Xlsx::new(BufReader::new(handle)).map_err(broken)?;
    let sheets: Vec<String> =
        (workbook.sheets_metadata().iter()).filter(|s| s.typ == SheetType::WorkSheet).map(|s| s.name.clone()).collect();
    let sheet = match &options.sheet {
        None => sheets.first().ok_or_else(|| Error::file(&file, "the workbook has no sheet"))?,
        Some(name) => sheets.iter().find(|s| *s == name).ok_or_else(|| {
            let near = near(name, sheets.iter().map(String::as_str));
            let offer = if near.is_empty() { &sheets } else { &near };
            Error::invalid(format!("{file} has no sheet `{name}`"), format!("use `{}`", offer.join("` or `")))
        })?,
    };
    let cells = cells(&mut workbook, sheet, &file).map_err(|e| e.unwrap_or_else(broken))?;
    let mut notes = Vec::new();
    if options.sheet.is_none() && sheets.len() > 1 {
        notes.push(format!("{file}: `{sheet}` is the first of {} sheets and the one that is read", sheets.len()));
    }
    let others: Vec<&str> = sheets.iter().filter(|s| *s != sheet).map(String::as_str).collect();
    let name_other = || format!("`{}`", others.join("`, `"));
    if cells.is_empty() && !others.is_empty() {
        let message = format!("{file}: the sheet `{sheet}` is blank");
        return Err(Error::invalid(message, format!("name another in `sheet`: {}", name_other())));
    }
    let table = assemble(cells, options, &file, &mut notes)?;
    if table.rows() == 0 && !others.is_empty() {
        return Err(Error::invalid(
            format!("{file}: the sheet `{sheet}` has columns but no rows"),
            format!("name another in `sheet`: {}", name_other()),
        ));
    }
    Ok(Read { table, notes })
}

/// Either an error of ours or one of the workbook's parser.
enum Failure {
    Ours(Error),
    Parser(calamine::XlsxError),
}

impl Failure {
    fn unwrap_or_else(self, of_parser: impl Fn(calamine::XlsxError) -> Error) -> Error {
        match self {
            Failure::Ours(error) => error,
            Failure::Parser(error) => of_parser(error),
        }
    }
}

/// The filled cells of a sheet with row and column, 0-based, in order.
fn cells(
    workbook: &mut Xlsx<BufReader<File>>,
    sheet: &str,
    file: &str,
) -> std::result::Result<Vec<(u32, u32, Cell)>, Failure> {
    let mut reader = workbook.worksheet_cells_reader(sheet).map_err(Failure::Parser)?;
    let mut cells = Vec::new();
    while let Some(cell) = reader.next_cell().map_err(Failure::Parser)? {
        let (row, column) = cell.get_position();
        let value = match cell.get_value() {
            DataRef::Empty => continue,
            DataRef::Int(i) => Cell::Number(*i as f64),
            DataRef::Float(x) => Cell::Number(*x),
            DataRef::Bool(b) => Cell::Number(f64::from(u8::from(*b))),
            DataRef::String(s) => Cell::Text(s.clone()),
            DataRef::SharedString(s) => Cell::Text(s.to_string()),
            DataRef::DateTime(t) if t.is_duration() => Cell::Number(t.as_f64()),
            DataRef::DateTime(t) => Cell::Text(iso(t)),
            DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => Cell::Text(s.clone()),
            DataRef::Error(e) => Cell::Text(e.to_string()),
        };
        if matches!(&value, Cell::Text(s) if s.trim().is_empty()) {
            continue;
        }
        if column as usize >= MAX_COLUMNS || cells.len() >= MAX_CELLS {
            let message = format!("the sheet has more than {MAX_COLUMNS} columns or {MAX_CELLS} cells");
            return Err(Failure::Ours(Error::invalid(format!("{file}: {message}"), "export it as CSV")));
        }
        cells.push((row, column, value));
    }
    cells.sort_by_key(|c| (c.0, c.1));
    Ok(cells)
}

/// ISO 8601: a date, a date and time, or a time of day.
fn iso(t: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = t.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    let time = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    match t.as_f64() {
        x if (0.0..1.0).contains(&x) => time,
        _ if (hour, minute, second, milli) == (0, 0, 0, 0) => date,
        _ => format!("{date}T{time}"),
    }
}

/// The row with the names, and whether the World Bank wrote the sheet, whose closing rows go.
fn framed(cells: &mut Vec<(u32, u32, Cell)>, options: &ReadOptions) -> (u32, bool) {
    let is = |cell: &(u32, u32, Cell), what: fn(&str) -> bool| matches!(cell, (_, 0, Cell::Text(s)) if what(s));
    let mut row = u32::try_from(options.skip).unwrap_or(u32::MAX);
    let mut known = false;
    if row == 0
        && cells.first().is_some_and(|cell| cell.0 == 0 && is(cell, frame::opens))
        && let Some(head) = cells.iter().take_while(|cell| cell.0 < 20).find(|cell| is(cell, frame::heads))
    {
        (row, known) = (head.0, true);
    }
    let closing = cells.iter().rposition(|cell| !is(cell, frame::closes)).map_or(0, |last| last + 1);
    if cells[closing..].iter().any(|cell| is(cell, frame::sources)) {
        cells.truncate(closing);
        known = true;
    }
    cells.retain(|cell| cell.0 >= row);
    let dated = |cell: &(u32, u32, Cell)| matches!(&cell.2, Cell::Text(s) if frame::dated(s));
    (row, known || cells.iter().take_while(|cell| cell.0 == row).any(dated))
}

/// A table from cells in order, names in the first row.
fn assemble(
    mut cells: Vec<(u32, u32, Cell)>,
    options: &ReadOptions,
    file: &str,
    notes: &mut Vec<String>,
) -> Result<Table> {
    let (first, known) = framed(&mut cells, options);
    let mut missing = options.missing.clone();
    if known {
        missing.push(frame::MISSING.into());
        notes.push(world_bank(file, first.saturating_add(1)));
    }
    if cells.first().is_none_or(|c| c.0 != first) {
        return Err(Error::at_line(
            file,
            first.saturating_add(1),
            "this row of the sheet is blank, wanted the names of the columns",
            "set `skip` to the number of rows before the names, or name another `sheet`",
        ));
    }
    let body = cells.partition_point(|c| c.0 == first);
    let width = cells[body - 1].1 as usize + 1;
    let mut head = vec![String::new(); width];
    for (_, column, cell) in &cells[..body] {
        head[*column as usize] = match cell {
            Cell::Text(s) => s.clone(),
            Cell::Number(x) => show_number(*x),
        };
    }
    let names = header(file, first + 1, head.iter().map(String::as_str), notes)?;
    let as_text = forced(file, &names, options)?;
    let mut lines: Vec<u32> = Vec::new();
    let mut columns: Vec<Vec<(usize, Cell)>> = (0..width).map(|_| Vec::new()).collect();
    for (row, column, cell) in cells.into_iter().skip(body) {
        let line = row.saturating_add(1);
        if lines.last() != Some(&line) {
            lines.push(line);
        }
        let column = columns.get_mut(column as usize).ok_or_else(|| {
            Error::at_line(
                file,
                line,
                format!("a cell is filled in column {}, the names in row {} are {width}", column + 1, first + 1),
                format!(
                    "where rows of title stand above the names, set `skip` to their number{}; else name the column or \
                     clear the cell",
                    next_to(line, first)
                ),
            )
        })?;
        column.push((lines.len() - 1, cell));
    }
    let columns = names.into_iter().zip(columns).zip(as_text).map(|((name, cells), as_text)| match as_text {
        true => text(name, &cells, lines.len(), |s| missing.iter().any(|m| m == s.trim())),
        false => typed(name, cells, lines.len(), &missing),
    });
    let mut table = Table::new(columns.collect())?;
    table.origin.lines = Lines::Listed(lines);
    Ok(table)
}

/// How many rows to skip where the names are in the row `line`, the first that is wider than the row `first`.
fn next_to(line: u32, first: u32) -> String {
    match line - 1 - first {
        1..=9 => format!(" (skip = {} if they are in row {line})", line - 1),
        _ => String::new(),
    }
}

/// A column of `rows` rows from its filled cells.
fn typed(name: String, cells: Vec<(usize, Cell)>, rows: usize, missing: &[String]) -> Column {
    let is_missing = |s: &str| missing.iter().any(|m| m == s.trim());
    let mut numbers = vec![f64::NAN; rows];
    for (row, cell) in &cells {
        numbers[*row] = match cell {
            Cell::Number(x) if !missing.is_empty() && is_missing(&show_number(*x)) => f64::NAN,
            Cell::Number(x) => *x,
            Cell::Text(s) if is_missing(s) => f64::NAN,
            Cell::Text(s) => match parse_number(s) {
                Some(x) => x,
                None if is_missing_token(s) => f64::NAN,
                None => return text(name, &cells, rows, is_missing),
            },
        };
    }
    Column { name, data: Data::Number(numbers) }
}

fn text(name: String, cells: &[(usize, Cell)], rows: usize, is_missing: impl Fn(&str) -> bool) -> Column {
    let mut text = TextBuilder::default();
    let mut next = 0;
    for (row, cell) in cells {
        (next..*row).for_each(|_| text.push(None));
        let shown = match cell {
            Cell::Text(s) => s.clone(),
            Cell::Number(x) => show_number(*x),
        };
        text.push(Some(shown.as_str()).filter(|s| !is_missing(s)));
        next = row + 1;
    }
    (next..rows).for_each(|_| text.push(None));
    Column { name, data: Data::Text(text.finish()) }
}

/// Writes a table as one sheet; what Excel cannot hold is an error, rows that are blank in it are a note.
pub(crate) fn write(out: &mut File, table: &Table, file: &str) -> Result<Vec<String>> {
    if table.rows() >= 1_048_576 || table.columns().len() > 16_384 {
        return Err(Error::invalid(
            format!(
                "{file}: {} rows and {} columns; a sheet holds 1,048,575 below its header and 16,384",
                table.rows(),
                table.columns().len()
            ),
            "write CSV or Parquet",
        ));
    }
    let failed = |e: XlsxError| Error::file(file, e);
    let mut workbook = Workbook::new();
    // A fixed date: the same table gives the same bytes.
    let stamp = Stamp::from_ymd(2000, 1, 1).map_err(failed)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&stamp));
    let sheet = workbook.add_worksheet();
    for (j, column) in table.columns().iter().enumerate() {
        let j = j as u16;
        sheet.write_string(0, j, &column.name).map_err(failed)?;
        for i in 0..table.rows() {
            let row = i as u32 + 1;
            match &column.data {
                Data::Number(v) if v[i].is_nan() => continue,
                Data::Number(v) if v[i].is_finite() => sheet.write_number(row, j, v[i]).map_err(failed)?,
                Data::Number(_) => {
                    return Err(table.content(
                        Some(&column.name),
                        vec![i],
                        "Excel has no infinite number",
                        "make it missing, or write CSV or Parquet",
                    ));
                }
                Data::Text(t) => match t.get(i) {
                    None => continue,
                    Some(s) if s.encode_utf16().count() > 32_767 => {
                        return Err(table.content(
                            Some(&column.name),
                            vec![i],
                            "the text is longer than the 32,767 characters of an Excel cell",
                            "write CSV or Parquet",
                        ));
                    }
                    Some(s) => sheet.write_string(row, j, s).map_err(failed)?,
                },
            };
        }
    }
    workbook.save_to_writer(out).map_err(failed)?;
    let blank = (0..table.rows()).filter(|&i| table.columns().iter().all(|c| c.is_missing(i))).count();
    Ok(match blank {
        0 => Vec::new(),
        n => vec![format!(
            "{file}: rows without a filled cell: {n}; they are blank in the sheet, and reading skips them"
        )],
    })
}
