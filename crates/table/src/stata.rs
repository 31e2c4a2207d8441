//! Stata `.dta`, all releases in, release 118 (Stata 14 and later, UTF-8) out.
//!
//! In: numbers stay numbers, `.` and `.a` to `.z` are missing; codes with value labels stay codes (or become their
//! labels on request); dates stay Stata's numbers, as Stata's own commands see them; strings are text, of which the
//! empty one is missing. Files before release 118 do not say their encoding: UTF-8, GB18030 and Windows-1252 are
//! tried in this order, and what was taken is said in a note.

use crate::read::{MAX_COLUMNS, ReadOptions};
use crate::table::{TextBuilder, show_number};
use crate::{Column, Data, Error, Read, Result, Table};
use dta::stata::dta::byte_order::ByteOrder;
use dta::stata::dta::dta_error::DtaError;
use dta::stata::dta::dta_reader::DtaReader;
use dta::stata::dta::dta_writer::DtaWriter;
use dta::stata::dta::header::Header;
use dta::stata::dta::long_string_ref::LongStringRef;
use dta::stata::dta::long_string_table::LongStringTable;
use dta::stata::dta::release::Release;
use dta::stata::dta::schema::Schema;
use dta::stata::dta::value::Value;
use dta::stata::dta::value_label_table::ValueLabelTable;
use dta::stata::dta::variable::Variable;
use dta::stata::dta::variable_type::VariableType;
use dta::stata::missing_value::MissingValue;
use dta::stata::stata_double::StataDouble;
use dta::stata::temporal::TemporalKind;
use encoding_rs::{Encoding, GB18030, UTF_8, WINDOWS_1252};
use std::collections::HashSet;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Longest fixed string, in bytes; longer text is a `strL`.
const LONGEST_FIXED: usize = 2045;
/// Doubles from 2^1023 on code missing values.
const TOO_LARGE: f64 = f64::from_bits(0x7fe0_0000_0000_0000);

/// Reads a file; a row's line is its observation.
pub(crate) fn read(path: &Path, options: &ReadOptions) -> Result<Read> {
    let file = path.display().to_string();
    let forced = options.encoding.as_deref().map(crate::csv::encoding).transpose()?;
    let encodings: &[&'static Encoding] = match &forced {
        Some(encoding) => std::slice::from_ref(encoding),
        None if unicode(path, &file)? => &[UTF_8],
        None => &[UTF_8, GB18030, WINDOWS_1252],
    };
    let mut failure = None;
    for &encoding in encodings {
        match attempt(path, encoding, options, &file) {
            Ok(mut read) => {
                if encoding != UTF_8 && forced.is_none() {
                    read.notes.push(format!(
                        "{file}: text read as {}, since this old Stata file does not say its encoding",
                        encoding.name()
                    ));
                }
                return Ok(read);
            }
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| Error::file(&file, "no encoding to try")))
}

/// Whether the file is of release 118 or later, which is UTF-8 by definition; one of release 117 or later that lacks
/// its closing tag is cut short.
fn unicode(path: &Path, file: &str) -> Result<bool> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    const START: &[u8] = b"<stata_dta><header><release>";
    const END: &[u8] = b"</stata_dta>";
    let failed = |e| Error::file(file, e);
    let mut handle = File::open(path).map_err(failed)?;
    let mut start = Vec::new();
    handle.by_ref().take(START.len() as u64 + 3).read_to_end(&mut start).map_err(failed)?;
    let Some(release) = start.strip_prefix(START) else { return Ok(false) };
    let mut end = Vec::new();
    handle.seek(SeekFrom::End(-(END.len() as i64))).and_then(|_| handle.read_to_end(&mut end)).map_err(failed)?;
    match end == END {
        true => Ok(matches!(release, b"118" | b"119")),
        false => Err(Error::file(file, "cut short: the closing tag of a Stata file is missing")),
    }
}

/// Cells of a variable under construction.
enum Cells {
    Number(Vec<f64>),
    Text(TextBuilder),
    Long(Vec<LongStringRef>),
}

fn attempt(path: &Path, encoding: &'static Encoding, options: &ReadOptions, file: &str) -> Result<Read> {
    let broken = |e: DtaError| Error::file(file, format!("not a whole Stata file: {e}"));
    let size = std::fs::metadata(path).map_err(|e| Error::file(file, e))?.len();
    let header = DtaReader::new().encoding(encoding).from_path(path).map_err(broken)?;
    let reader = header.read_header().map_err(broken)?;
    // Counts of a damaged header must not become allocations.
    let variables = u64::from(reader.header().variable_count());
    if variables == 0 || variables > size.min(MAX_COLUMNS as u64) {
        return Err(Error::file(file, format!("not a whole Stata file: its header counts {variables} variables")));
    }
    let mut reader = reader.read_schema().map_err(broken)?;
    reader.skip_to_end().map_err(broken)?;
    let mut reader = reader.into_record_reader().map_err(broken)?;
    let schema = reader.schema().clone();
    let rows = reader.header().observation_count();
    let width: u64 = schema.variables().iter().map(|v| width(v.variable_type())).sum();
    if rows.saturating_mul(width) > size {
        return Err(Error::file(file, format!("cut short: {rows} observations of {width} bytes in {size} bytes")));
    }

    let mut columns: Vec<Cells> = schema
        .variables()
        .iter()
        .map(|v| match v.variable_type() {
            VariableType::FixedString(_) => Cells::Text(TextBuilder::default()),
            VariableType::LongString => Cells::Long(Vec::new()),
            _ => Cells::Number(Vec::new()),
        })
        .collect();
    while let Some(record) = reader.read_record().map_err(broken)? {
        for (column, value) in columns.iter_mut().zip(record.values()) {
            match (column, value) {
                (Cells::Text(text), Value::String(s)) => text.push(Some(&**s).filter(|s| !s.is_empty())),
                (Cells::Long(refs), Value::LongStringRef(r)) => refs.push(*r),
                (Cells::Number(values), value) => values.push(number(value)),
                _ => {}
            }
        }
    }
    let mut reader = reader.into_long_string_reader().map_err(broken)?;
    let mut long = LongStringTable::for_reading();
    reader.read_remaining_into(&mut long).map_err(broken)?;
    let mut reader = reader.into_value_label_reader().map_err(broken)?;
    let mut labels = ValueLabelTable::new();
    reader.read_remaining_into(&mut labels).map_err(broken)?;

    let mut notes = Vec::new();
    let columns = schema.variables().iter().zip(columns).map(|(variable, cells)| {
        let data = match cells {
            Cells::Number(values) => labelled(variable, values, &labels, options, file, &mut notes),
            Cells::Text(text) => Data::Text(text.finish()),
            Cells::Long(refs) => {
                let mut text = TextBuilder::default();
                for r in &refs {
                    let entry = long.get(r);
                    let content = entry.as_ref().and_then(|s| s.data_str(encoding));
                    // The reference (0, 0) is the empty string; any other must resolve.
                    if content.is_none() && (r.variable(), r.observation()) != (0, 0) {
                        return Err(Error::file(file, format!("a long string of `{}` is damaged", variable.name())));
                    }
                    text.push(content.as_deref().map(|s| s.trim_end_matches('\0')).filter(|s| !s.is_empty()));
                }
                Data::Text(text.finish())
            }
        };
        Ok(Column { name: variable.name().to_string(), data })
    });
    let mut table = Table::new(columns.collect::<Result<_>>()?)?;
    table.origin.lines = crate::origin::count_lines(table.rows(), file)?;
    Ok(Read { table, notes })
}

fn width(of: VariableType) -> u64 {
    match of {
        VariableType::Byte => 1,
        VariableType::Int => 2,
        VariableType::Long | VariableType::Float => 4,
        VariableType::Double | VariableType::LongString => 8,
        VariableType::FixedString(n) => u64::from(n),
    }
}

fn number(value: &Value) -> f64 {
    let value = match *value {
        Value::Byte(v) => v.into(),
        Value::Int(v) => v.into(),
        Value::Long(v) => v.into(),
        Value::Float(v) => v.into(),
        Value::Double(v) => v,
        Value::String(_) | Value::LongStringRef(_) => StataDouble::Missing(MissingValue::System),
    };
    value.present().unwrap_or(f64::NAN)
}

/// Codes, or their labels when asked for; notes on labels and dates.
fn labelled(
    variable: &Variable,
    values: Vec<f64>,
    labels: &ValueLabelTable,
    options: &ReadOptions,
    file: &str,
    notes: &mut Vec<String>,
) -> Data {
    let name = variable.name();
    let unit = match TemporalKind::from_format(variable.format()) {
        Some(TemporalKind::Date) => Some("days"),
        Some(TemporalKind::DateTime | TemporalKind::DateTimeLeap) => Some("milliseconds"),
        Some(TemporalKind::Week) => Some("weeks"),
        Some(TemporalKind::Month) => Some("months"),
        Some(TemporalKind::Quarter) => Some("quarters"),
        Some(TemporalKind::HalfYear) => Some("half-years"),
        _ => None,
    };
    if let Some(unit) = unit {
        notes.push(format!("{file}: column `{name}` is a Stata date and is read as {unit} since 1960"));
    }
    match labels.get(variable.value_label_name()) {
        Some(_) if options.value_labels => {
            let mut text = TextBuilder::default();
            for x in &values {
                let code = (x.fract() == 0.0 && x.abs() < f64::from(i32::MAX)).then_some(*x as i32);
                match code.and_then(|c| labels.label_for(variable, c)) {
                    Some(label) => text.push(Some(label).filter(|l| !l.is_empty())),
                    None if x.is_nan() => text.push(None),
                    None => text.push(Some(&show_number(*x))),
                }
            }
            return Data::Text(text.finish());
        }
        Some(set) => {
            let shown: Vec<String> = set.entries().iter().map(|e| format!("{} = {}", e.value(), e.label())).collect();
            notes.push(format!(
                "{file}: column `{name}` has value labels ({}) and is read as codes; `value_labels = true` reads the labels",
                crate::error::few(&shown)
            ));
        }
        None => {}
    }
    Data::Number(values)
}

/// Writes a table; the notes tell which names had to change (the old name becomes the variable's label).
pub(crate) fn write(out: &mut File, table: &Table, file: &str) -> Result<Vec<String>> {
    let failed = |e: DtaError| Error::file(file, e);
    let (names, notes) = names(table, file)?;
    let mut types = Vec::new();
    for column in table.columns() {
        types.push(match &column.data {
            Data::Text(t) => match t.levels.iter().map(String::len).max().unwrap_or(1).max(1) {
                n if n <= LONGEST_FIXED => VariableType::FixedString(n as u16),
                _ => VariableType::LongString,
            },
            Data::Number(v) => match (0..v.len()).filter(|&i| v[i].abs() >= TOO_LARGE).collect::<Vec<_>>() {
                rows if rows.is_empty() => VariableType::Double,
                rows => {
                    return Err(table.content(
                        Some(&column.name),
                        rows,
                        "Stata has no number of this size (wanted below 2^1023)",
                        "rescale the column, or write Parquet",
                    ));
                }
            },
        });
    }
    let schema = table.columns().iter().zip(&names).zip(&types).fold(Schema::builder(), |schema, ((c, name), of)| {
        let format = match of {
            VariableType::FixedString(n) => format!("%{}s", (*n).min(80)),
            VariableType::LongString => "%9s".into(),
            _ => "%10.0g".into(),
        };
        let label = if *name == c.name { String::new() } else { c.name.chars().take(80).collect() };
        schema.add_variable(Variable::builder(*of, name).format(format).label(label))
    });
    let header = Header::builder(Release::V118, ByteOrder::LittleEndian).build();
    let mut records = DtaWriter::new()
        .from_writer(BufWriter::new(out))
        .write_header(header)
        .and_then(|w| w.write_schema(schema.build()?))
        .and_then(|w| w.into_record_writer())
        .map_err(failed)?;
    let mut long = LongStringTable::for_writing();
    for row in 0..table.rows() {
        let mut values = Vec::with_capacity(types.len());
        for (i, (column, of)) in table.columns().iter().zip(&types).enumerate() {
            values.push(match &column.data {
                Data::Number(v) if v[row].is_nan() => Value::Double(StataDouble::Missing(MissingValue::System)),
                Data::Number(v) => Value::Double(StataDouble::Present(v[row])),
                Data::Text(t) => {
                    let text = t.get(row).unwrap_or_default();
                    match of {
                        // A text strL ends with a NUL that belongs to its length.
                        VariableType::LongString => Value::LongStringRef(long.get_or_insert(
                            i as u32 + 1,
                            row as u64 + 1,
                            format!("{text}\0").as_str(),
                        )),
                        _ => Value::string(text),
                    }
                }
            });
        }
        records.write_record(&values).map_err(failed)?;
    }
    let mut strings = records.into_long_string_writer().map_err(failed)?;
    strings.write_long_string_table(&long).map_err(failed)?;
    strings.into_value_label_writer().and_then(|w| w.finish()).map_err(failed)?;
    Ok(notes)
}

/// Names that Stata takes: letters, digits and `_`, no digit first, at most 32 characters, none of its own words.
fn names(table: &Table, file: &str) -> Result<(Vec<String>, Vec<String>)> {
    const RESERVED: [&str; 20] = [
        "_all", "_b", "_coef", "_cons", "_n", "_N", "_pi", "_pred", "_rc", "_skip", "byte", "double", "float", "if",
        "in", "int", "long", "strL", "using", "with",
    ];
    // str1 to str2045 are types.
    let string_type =
        |name: &str| name.strip_prefix("str").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let reserved = |name: &str| RESERVED.contains(&name) || string_type(name);
    if table.columns().len() > 32_767 {
        return Err(Error::invalid(
            format!("{file}: {} columns; a Stata file holds at most 32,767", table.columns().len()),
            "write Parquet",
        ));
    }
    let mut notes = Vec::new();
    // Names that are fine as they are come first, so that no renamed one takes their place.
    let tame = |name: &str| -> String {
        let mut tame: String =
            name.chars().take(32).map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
        if tame.is_empty() || tame.starts_with(|c: char| c.is_numeric()) || reserved(&tame) {
            tame = format!("_{tame}").chars().take(32).collect();
        }
        tame
    };
    let mut taken: HashSet<String> = table.names().filter(|n| tame(n) == **n).map(Into::into).collect();
    let mut names = Vec::new();
    for name in table.names() {
        let mut new = tame(name);
        if new != name {
            let stem = new.clone();
            for i in 1.. {
                if taken.insert(new.clone()) {
                    break;
                }
                let suffix = format!("_{i}");
                new = stem.chars().take(32 - suffix.len()).collect::<String>() + &suffix;
            }
            notes.push(format!("{file}: column `{name}` is called `{new}`, a name that Stata takes"));
        }
        names.push(new);
    }
    Ok((names, notes))
}
