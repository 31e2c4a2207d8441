//! Tables as an Excel workbook: a sheet a table, numbers as numbers.
//!
//! A cell holds the number in full precision and shows it as printed: decimals, brackets and stars are its format,
//! so that one can go on computing with what one reads. The lines of a cell stand in rows of their own.

use crate::table::{Align, Entry, Table};
use crate::{Error, Result};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use std::collections::HashSet;

/// The tables as one workbook, each with the name of its sheet.
pub fn render(tables: &[(&str, &Table)]) -> Result<Vec<u8>> {
    let made = || -> std::result::Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        // A fixed date: the same table gives the same bytes.
        let date = ExcelDateTime::from_ymd(2000, 1, 1)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&date));
        let mut names = HashSet::new();
        for (name, table) in tables {
            let sheet = workbook.add_worksheet();
            sheet.set_name(sheet_name(name, &mut names))?;
            fill(sheet, table)?;
        }
        workbook.save_to_buffer()
    };
    for (_, table) in tables {
        table.check()?;
    }
    made().map_err(|e| Error::invalid(format!("the Excel file cannot be put together: {e}"), "shorten the table"))
}

/// At most 31 characters, none of those that Excel refuses, and not twice.
fn sheet_name(wanted: &str, taken: &mut HashSet<String>) -> String {
    let clean: String =
        crate::escape::line(wanted).chars().map(|c| if "[]:*?/\\'".contains(c) { '-' } else { c }).collect();
    let clean = if clean.trim().is_empty() { "table".into() } else { clean };
    let mut k = 1;
    loop {
        let tail = if k == 1 { String::new() } else { format!("-{k}") };
        let name: String = clean.chars().take(31 - tail.len()).chain(tail.chars()).collect();
        // Excel tells no capitals apart.
        if taken.insert(name.to_lowercase()) {
            return name;
        }
        k += 1;
    }
}

/// Rules above and below a row.
#[derive(Clone, Copy, PartialEq)]
struct Rules(Option<FormatBorder>, Option<FormatBorder>);

impl Rules {
    fn format(self) -> Format {
        let format = Format::new().set_font_name("Times New Roman").set_font_size(10.5);
        let format = self.0.map_or(format.clone(), |b| format.set_border_top(b));
        self.1.map_or(format.clone(), |b| format.set_border_bottom(b))
    }
}

fn fill(sheet: &mut Worksheet, table: &Table) -> std::result::Result<(), XlsxError> {
    let (thick, thin, hair) = (FormatBorder::Medium, FormatBorder::Thin, FormatBorder::Hair);
    let last = table.columns.len() as u16;
    let line = crate::escape::line;
    let mut at = 0;
    if !table.title.is_empty() {
        let format = Rules(None, None).format().set_bold().set_align(FormatAlign::Center);
        wide(sheet, at, (0, last), &line(&table.title), &format)?;
        at += 1;
    }
    let mut top = Some(thick);
    for spanners in &table.spanners {
        sheet.write_blank(at, 0, &Rules(top, None).format())?;
        let mut j = 1;
        for s in spanners.iter().filter(|s| s.len > 0) {
            let under = (s.len > 1 && !s.label.is_empty()).then_some(thin);
            let format = Rules(top, under).format().set_align(FormatAlign::Center);
            wide(sheet, at, (j, j + s.len as u16 - 1), &line(&s.label), &format)?;
            j += s.len as u16;
        }
        (at, top) = (at + 1, None);
    }
    let head = Rules(top, Some(thin)).format();
    sheet.write_string_with_format(at, 0, line(&table.stub), &head)?;
    for (j, column) in table.columns.iter().enumerate() {
        let format = head.clone().set_align(side(column.align));
        sheet.write_string_with_format(at, j as u16 + 1, line(&column.label), &format)?;
    }
    at += 1;
    sheet.set_freeze_panes(at, 1)?;
    for (k, section) in table.sections.iter().enumerate() {
        let mut above = (k > 0).then_some(hair);
        let ends = |i: usize, rows: usize| k + 1 == table.sections.len() && i + 1 == rows;
        if let Some(title) = &section.title {
            let below = (k + 1 == table.sections.len() && section.rows.is_empty()).then_some(thick);
            wide(sheet, at, (0, last), &line(title), &Rules(above, below).format().set_italic())?;
            (at, above) = (at + 1, None);
        }
        for (i, row) in section.rows.iter().enumerate() {
            let height = row.height();
            for l in 0..height {
                let below = (ends(i, section.rows.len()) && l + 1 == height).then_some(thick);
                let format = Rules(above, below).format();
                above = None;
                sheet.write_string_with_format(
                    at,
                    0,
                    if l == 0 { line(&row.label) } else { String::new() },
                    &format,
                )?;
                for (j, (cell, column)) in row.cells.iter().zip(&table.columns).enumerate() {
                    let format = format.clone().set_align(side(column.align));
                    entry(sheet, (at, j as u16 + 1), cell.0.get(l), format)?;
                }
                at += 1;
            }
        }
    }
    for note in &table.notes {
        let format = Format::new().set_font_name("Times New Roman").set_font_size(9).set_text_wrap();
        let format = format.set_align(FormatAlign::Top);
        let text = line(note).replace('`', "");
        // A merged cell does not grow by itself: about 12 letters to a column of this width.
        let rows = (crate::escape::width(&text) as f64 / (30.0 + 14.0 * f64::from(last))).ceil().max(1.0);
        wide(sheet, at, (0, last), &text, &format)?;
        sheet.set_row_height(at, 13.0 * rows)?;
        at += 1;
    }
    // On paper (A4) the table is as wide as the page and as long as it must be.
    sheet.set_paper_size(9).set_print_fit_to_pages(1, 0);
    sheet.set_column_width(0, 30)?;
    if last > 0 {
        sheet.set_column_range_width(1, last, 14)?;
    }
    Ok(())
}

/// Words over several columns.
fn wide(
    sheet: &mut Worksheet,
    row: u32,
    (from, to): (u16, u16),
    text: &str,
    format: &Format,
) -> std::result::Result<(), XlsxError> {
    match from == to {
        true => sheet.write_string_with_format(row, from, text, format)?,
        false => sheet.merge_range(row, from, row, to, text, format)?,
    };
    Ok(())
}

fn side(align: Align) -> FormatAlign {
    match align {
        Align::Left => FormatAlign::Left,
        Align::Center => FormatAlign::Center,
        Align::Number => FormatAlign::Right,
    }
}

fn entry(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    entry: Option<&Entry>,
    format: Format,
) -> std::result::Result<(), XlsxError> {
    match entry {
        None => sheet.write_blank(row, column, &format)?,
        Some(Entry::Text(text)) => sheet.write_string_with_format(row, column, crate::escape::line(text), &format)?,
        Some(Entry::Number { value, body, trail }) => match number_format(*value, body, trail) {
            Some(shown) => sheet.write_number_with_format(row, column, *value, &format.set_num_format(shown))?,
            None => {
                sheet.write_string_with_format(row, column, crate::escape::line(&format!("{body}{trail}")), &format)?
            }
        },
    };
    Ok(())
}

/// The number format under which Excel shows `value` as `body` and `trail`; `None` where none does (an interval,
/// a missing value) and the cell must hold the words.
///
/// ```
/// use plim_report::xlsx::number_format;
/// assert_eq!(number_format(-0.98214, "-0.982", "***").unwrap(), "0.000\"***\"");
/// assert_eq!(number_format(0.1472, "(0.147", ")").unwrap(), "\"(\"0.000\")\";\"(-\"0.000\")\"");
/// assert_eq!(number_format(3179.0, "3,179", "").unwrap(), "#,##0");
/// assert_eq!(number_format(0.0, "<0.001", "").unwrap(), "\"<0.001\"");
/// assert_eq!(number_format(0.5, "[0.1, 0.9", "]"), None);
/// ```
pub fn number_format(value: f64, body: &str, trail: &str) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let quoted = |s: &str| if s.is_empty() { String::new() } else { format!("\"{}\"", s.replace('"', "")) };
    let first = body.find(|c: char| c.is_ascii_digit())?;
    let (before, digits) = body.split_at(first);
    let (before, sign) = match before.strip_suffix('-') {
        Some(before) => (before, "-"),
        None => (before, ""),
    };
    if before.ends_with('<') {
        // The bound is what is printed, the number itself what is kept.
        return Some(quoted(&format!("{body}{trail}")));
    }
    let (mantissa, exponent) = digits.split_once('e').map_or((digits, None), |(m, e)| (m, Some(e)));
    let plain = mantissa.replace(',', "");
    let shown: f64 = format!("{sign}{plain}{}", exponent.map_or(String::new(), |e| format!("e{e}"))).parse().ok()?;
    let decimals = plain.split_once('.').map_or(0, |(_, d)| d.len());
    // What the words say must be the number, rounded.
    let unit = 10f64.powi(exponent.map_or(0, |e| e.parse().unwrap_or(0)) - decimals as i32);
    if (shown - value).abs() > 0.500_001 * unit + 1e-12 * value.abs() {
        return None;
    }
    let zeros = if decimals == 0 { String::new() } else { format!(".{}", "0".repeat(decimals)) };
    let core = match (exponent, mantissa.contains(',')) {
        (Some(_), _) => format!("0{zeros}E+00"),
        (None, true) => format!("#,##0{zeros}"),
        (None, false) => format!("0{zeros}"),
    };
    Some(match before.is_empty() {
        true => core + &quoted(trail),
        // Excel puts the minus sign before everything: inside brackets it needs a format of its own.
        false => format!(
            "{}{core}{};{}{core}{}",
            quoted(before),
            quoted(trail),
            quoted(&format!("{before}-")),
            quoted(trail)
        ),
    })
}
