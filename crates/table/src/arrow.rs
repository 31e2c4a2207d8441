//! A table as Arrow record batches, and back.
//!
//! Out: numbers as `Float64` (missing is null), text as `Utf8`. In: integers, floats and decimals become numbers,
//! `true` and `false` 1 and 0, dates and times ISO text, dictionaries what they encode, bytes that are UTF-8 text. A 64-bit integer beyond
//! 2^53 would lose digits in `f64`, so that its column becomes text.

use crate::table::TextBuilder;
use crate::{Column, Data, Error, Result, Table};
use ::arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray, StringBuilder};
use ::arrow::compute::cast;
use ::arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, TimeUnit, UInt64Type};
use std::fmt::Display;
use std::sync::Arc;

/// Largest integer below which every integer is an `f64`.
const EXACT: u64 = 1 << 53;

/// A table as one record batch.
pub fn to_batch(table: &Table) -> Result<RecordBatch> {
    let schema = Schema::new(
        table
            .columns()
            .iter()
            .map(|c| match c.data {
                Data::Number(_) => Field::new(&c.name, DataType::Float64, true),
                Data::Text(_) => Field::new(&c.name, DataType::Utf8, true),
            })
            .collect::<Vec<_>>(),
    );
    let arrays = table
        .columns()
        .iter()
        .map(|c| match &c.data {
            Data::Number(v) => {
                Ok(Arc::new(Float64Array::from_iter(v.iter().map(|&x| if x.is_nan() { None } else { Some(x) })))
                    as ArrayRef)
            }
            Data::Text(t) => {
                let bytes: usize = (0..table.rows()).map(|i| t.get(i).map_or(0, str::len)).sum();
                if i32::try_from(bytes).is_err() {
                    return Err(table.content(
                        Some(&c.name),
                        Vec::new(),
                        "the column holds more than 2 GiB of text",
                        "split the table",
                    ));
                }
                let mut builder = StringBuilder::with_capacity(table.rows(), bytes);
                (0..table.rows()).for_each(|i| builder.append_option(t.get(i)));
                Ok(Arc::new(builder.finish()) as ArrayRef)
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let rows = ::arrow::array::RecordBatchOptions::new().with_row_count(Some(table.rows()));
    RecordBatch::try_new_with_options(Arc::new(schema), arrays, &rows)
        .map_err(|e| Error::invalid(format!("the table does not fit into Arrow: {e}"), "split it"))
}

/// A table from batches of one schema, and notes on what had to be decided; `source` names it in messages.
pub fn from_batches(schema: &Schema, batches: &[RecordBatch], source: &str) -> Result<(Table, Vec<String>)> {
    let (mut notes, mut unread) = (Vec::new(), Vec::new());
    let mut columns = Vec::new();
    for (i, field) in schema.fields().iter().enumerate() {
        let chunks: Vec<&ArrayRef> = batches.iter().map(|b| b.column(i)).collect();
        match data(field.data_type(), &chunks, field.name(), source, &mut notes)? {
            Some(data) => columns.push(Column { name: field.name().clone(), data }),
            None => {
                notes.push(left_out(source, field.name(), field.data_type()));
                unread.push((field.name().clone(), field.data_type().to_string()));
            }
        }
    }
    let mut table = Table::new(columns)?;
    table.origin.unread = unread;
    Ok((table, notes))
}

/// The note on a column of a type that is not read.
pub(crate) fn left_out(source: impl Display, name: &str, of: impl Display) -> String {
    format!("{source}: column `{name}` of type {of} is left out; only numbers, text and dates are read")
}

/// The values of a column, or `None` for a type that is neither number, text nor time.
fn data(
    of: &DataType,
    chunks: &[&ArrayRef],
    name: &str,
    source: &str,
    notes: &mut Vec<String>,
) -> Result<Option<Data>> {
    match of {
        DataType::Dictionary(_, value)
            if matches!(**value, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) =>
        {
            encoded(chunks, name, source).map(Some)
        }
        DataType::Dictionary(_, value) => {
            let cast: Vec<ArrayRef> = chunks.iter().map(|c| to(c, value, name, source)).collect::<Result<Vec<_>>>()?;
            data(value, &cast.iter().collect::<Vec<_>>(), name, source, notes)
        }
        DataType::Int64 | DataType::UInt64 if chunks.iter().any(|c| inexact(c)) => {
            notes.push(format!("{source}: column `{name}` has integers beyond 2^53 and is read as text"));
            text(chunks, name, source).map(Some)
        }
        DataType::Boolean | DataType::Null => numbers(chunks, name, source).map(Some),
        of if of.is_numeric() => numbers(chunks, name, source).map(Some),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => text(chunks, name, source).map(Some),
        // Some writers store text as bytes; bytes that are no text have no value here.
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => match utf8(chunks) {
            Some(chunks) => text(&chunks.iter().collect::<Vec<_>>(), name, source).map(Some),
            None => Ok(None),
        },
        DataType::Timestamp(unit, Some(zone)) => {
            notes.push(format!("{source}: times of column `{name}` (zone {zone}) are read as UTC"));
            times(&DataType::Timestamp(*unit, None), chunks, name, source).map(Some)
        }
        DataType::Date32
        | DataType::Date64
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Timestamp(_, None) => times(of, chunks, name, source).map(Some),
        _ => Ok(None),
    }
}

/// Bytes as text, where all of them are UTF-8.
fn utf8(chunks: &[&ArrayRef]) -> Option<Vec<ArrayRef>> {
    // Of what cannot be cast the library makes null.
    let text = |chunk: &&ArrayRef| cast(chunk, &DataType::Utf8).ok().filter(|t| t.null_count() == chunk.null_count());
    chunks.iter().map(text).collect()
}

fn to(chunk: &ArrayRef, of: &DataType, name: &str, source: &str) -> Result<ArrayRef> {
    cast(chunk, of).map_err(|e| Error::file(source, format!("column `{name}`: {e}")))
}

/// Whether a chunk of 64-bit integers has one that `f64` cannot hold.
fn inexact(chunk: &ArrayRef) -> bool {
    match chunk.data_type() {
        DataType::Int64 => chunk.as_primitive::<Int64Type>().iter().flatten().any(|v| v.unsigned_abs() > EXACT),
        DataType::UInt64 => chunk.as_primitive::<UInt64Type>().iter().flatten().any(|v| v > EXACT),
        _ => false,
    }
}

fn numbers(chunks: &[&ArrayRef], name: &str, source: &str) -> Result<Data> {
    let mut values = Vec::with_capacity(chunks.iter().map(|c| c.len()).sum());
    for chunk in chunks {
        append(chunk, name, source, &mut values)?;
    }
    Ok(Data::Number(values))
}

/// Whether every value of this type is a number that `f64` holds: such a column can be read chunk by chunk.
pub(crate) fn plain_number(of: &DataType) -> bool {
    of.is_floating()
        || matches!(of, DataType::Int8 | DataType::Int16 | DataType::Int32)
        || matches!(of, DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::Boolean)
}

/// Adds a chunk of numbers; null becomes NaN.
pub(crate) fn append(chunk: &ArrayRef, name: &str, source: &str, values: &mut Vec<f64>) -> Result<()> {
    let floats = to(chunk, &DataType::Float64, name, source)?;
    let floats = floats.as_primitive::<Float64Type>();
    match floats.null_count() {
        0 => values.extend_from_slice(floats.values()),
        _ => values.extend(floats.iter().map(|v| v.unwrap_or(f64::NAN))),
    }
    Ok(())
}

fn text(chunks: &[&ArrayRef], name: &str, source: &str) -> Result<Data> {
    let mut text = TextBuilder::default();
    for chunk in chunks {
        let strings = to(chunk, &DataType::Utf8, name, source)?;
        let strings: &StringArray = strings.as_string();
        strings.iter().for_each(|v| text.push(v.filter(|v| !v.is_empty())));
    }
    Ok(Data::Text(text.finish()))
}

/// Text that is stored as codes already: each distinct value is looked up once a chunk.
fn encoded(chunks: &[&ArrayRef], name: &str, source: &str) -> Result<Data> {
    let mut text = TextBuilder::default();
    for chunk in chunks {
        let dictionary = chunk.as_any_dictionary();
        let values = to(dictionary.values(), &DataType::Utf8, name, source)?;
        let values: &StringArray = values.as_string();
        let mut codes: Vec<Option<u32>> = vec![None; values.len()];
        let keys = dictionary.normalized_keys();
        for (i, &key) in keys.iter().enumerate() {
            let held = !chunk.is_null(i) && !values.is_null(key) && !values.value(key).is_empty();
            match codes.get(key).copied().flatten().filter(|_| held) {
                Some(code) => text.push_code(code),
                None if held => {
                    text.push(Some(values.value(key)));
                    codes[key] = Some(text.last());
                }
                None => text.push(None),
            }
        }
    }
    Ok(Data::Text(text.finish()))
}

/// ISO text; a column of midnights is a column of dates.
fn times(of: &DataType, chunks: &[&ArrayRef], name: &str, source: &str) -> Result<Data> {
    // Date64 holds whole days in milliseconds; as a timestamp it prints with a time.
    let of = match of {
        DataType::Date64 => &DataType::Timestamp(TimeUnit::Millisecond, None),
        of => of,
    };
    let chunks: Vec<ArrayRef> = chunks.iter().map(|c| to(c, of, name, source)).collect::<Result<Vec<_>>>()?;
    let mut data = text(&chunks.iter().collect::<Vec<_>>(), name, source)?;
    if let Data::Text(text) = &mut data
        && text.levels.iter().all(|l| l.ends_with("T00:00:00"))
    {
        text.levels.iter_mut().for_each(|l| l.truncate(l.len() - "T00:00:00".len()));
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::arrow::array::{
        BinaryArray, Date32Array, Decimal128Array, DictionaryArray, Int64Array, TimestampNanosecondArray,
    };
    use ::arrow::datatypes::Int32Type;

    fn read(array: ArrayRef) -> Data {
        let schema = Schema::new(vec![Field::new("x", array.data_type().clone(), true)]);
        let batch = RecordBatch::try_new(Arc::new(schema.clone()), vec![array]).unwrap();
        from_batches(&schema, &[batch], "t").unwrap().0.columns()[0].data.clone()
    }

    fn texts(values: &[Option<&str>]) -> Data {
        Data::Text(values.iter().copied().collect())
    }

    #[test]
    fn types() {
        let exact = Int64Array::from(vec![Some(1 << 53), Some(-7)]);
        assert_eq!(read(Arc::new(exact)), Data::Number(vec![9007199254740992.0, -7.0]));
        let long = Int64Array::from(vec![Some((1 << 53) + 1), None]);
        assert_eq!(read(Arc::new(long)), texts(&[Some("9007199254740993"), None]));
        let decimal = Decimal128Array::from(vec![12345]).with_precision_and_scale(10, 2).unwrap();
        assert_eq!(read(Arc::new(decimal)), Data::Number(vec![123.45]));
        assert_eq!(read(Arc::new(Date32Array::from(vec![17_000]))), texts(&[Some("2016-07-18")]));
        let midnight = 1_468_800_000_000_000_000;
        let days = TimestampNanosecondArray::from(vec![midnight]).with_timezone("Asia/Shanghai");
        assert_eq!(read(Arc::new(days)), texts(&[Some("2016-07-18")]));
        let hours = TimestampNanosecondArray::from(vec![midnight, midnight + 3_600_000_000_000]);
        assert_eq!(read(Arc::new(hours)), texts(&[Some("2016-07-18T00:00:00"), Some("2016-07-18T01:00:00")]));
        let dictionary: DictionaryArray<Int32Type> = vec![Some("北京"), None, Some("")].into_iter().collect();
        assert_eq!(read(Arc::new(dictionary)), texts(&[Some("北京"), None, None]));
    }

    #[test]
    fn bytes_are_text_or_are_left_out_by_name() {
        let text = BinaryArray::from(vec![Some("北京".as_bytes()), None]);
        assert_eq!(read(Arc::new(text)), texts(&[Some("北京"), None]));
        let schema = Schema::new(vec![Field::new("k", DataType::Binary, true), Field::new("x", DataType::Int32, true)]);
        let bytes = BinaryArray::from(vec![&[0xff, 0xfe][..]]);
        let numbers = ::arrow::array::Int32Array::from(vec![1]);
        let batch = RecordBatch::try_new(Arc::new(schema.clone()), vec![Arc::new(bytes), Arc::new(numbers)]).unwrap();
        let (table, notes) = from_batches(&schema, &[batch], "t").unwrap();
        assert!(notes[0].contains("`k` of type Binary is left out"));
        let message = table.numbers("k").unwrap_err().to_string();
        assert!(message.contains("column `k`: the file has it with the type Binary, which is not read"), "{message}");
    }

    #[test]
    fn there_and_back() {
        let table = Table::new(vec![
            Column::number("年份", vec![2010.0, f64::NAN]),
            Column::text("城市", [Some("北京"), None]),
        ])
        .unwrap();
        let batch = to_batch(&table).unwrap();
        let (back, notes) = from_batches(&batch.schema(), std::slice::from_ref(&batch), "t").unwrap();
        assert!(notes.is_empty() && back.column("城市").unwrap() == table.column("城市").unwrap());
        assert_eq!(back.numbers("年份").unwrap()[0], 2010.0);
    }
}
