//! Apache Parquet.

use crate::arrow::{append, from_batches, plain_number, to_batch};
use crate::parts::{Key, Part, parts};
use crate::remote::Input;
use crate::stack::{Stack, alike};
use crate::{Column, Error, Lines, Read, Result, Table, near};
use ::arrow::datatypes::{DataType, Field, Schema};
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use ::parquet::arrow::{ArrowWriter, ProjectionMask};
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use std::fmt::Display;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// A file and what it says about itself.
pub(crate) struct Opened {
    input: Input,
    pub metadata: ArrowReaderMetadata,
}

/// Opens a file; a compression that is not built in is an error that names it.
pub(crate) fn open(path: &Path) -> Result<Opened> {
    let file = path.display();
    let input = crate::remote::open(path)?;
    let metadata = ArrowReaderMetadata::load(&input, ArrowReaderOptions::new()).map_err(|e| broken(&file, e))?;
    let chunks = metadata.metadata().row_groups().iter().flat_map(|group| group.columns());
    let known = |c: Compression| matches!(c, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_));
    match chunks.map(|chunk| chunk.compression()).find(|c| !known(*c)) {
        None => Ok(Opened { input, metadata }),
        Some(c) => {
            Err(Error::file(&file, format!("compressed with {c}, which is not read; write it with zstd or snappy")))
        }
    }
}

/// What the format's library says about a file; what a store said while it was read comes through it.
pub(crate) fn broken(file: impl Display, error: impl Display) -> Error {
    let said = error.to_string();
    match said.find(crate::remote::STORE) {
        Some(at) => Error::file(file, &said[at..]),
        None => Error::file(file, format!("not a whole Parquet file: {said}")),
    }
}

/// Reads a file, or of its columns only those `wanted` when it has them all; a row's line is its number in the file.
///
/// One column at a time: what Arrow needs besides the table is never more than one column.
pub(crate) fn read(path: &Path, wanted: Option<&[String]>) -> Result<Read> {
    let file = path.display().to_string();
    let Opened { input, metadata } = open(path)?;
    let schema = metadata.schema().clone();
    let all: Vec<usize> = (0..schema.fields().len()).collect();
    let columns = wanted.and_then(|names| {
        let mut found = names.iter().map(|n| schema.index_of(n).ok()).collect::<Option<Vec<_>>>()?;
        found.sort_unstable();
        found.dedup();
        (!found.is_empty()).then_some(found)
    });
    let read_one = |column: usize| -> Result<(Table, Vec<String>)> {
        let handle = crate::remote::again(&input, path)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(handle, metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), [column]);
        let reader = builder.with_projection(mask).with_batch_size(1 << 16).build().map_err(|e| broken(&file, e))?;
        let field = schema.field(column);
        if plain_number(field.data_type()) {
            let mut values = Vec::new();
            for batch in reader {
                append(batch.map_err(|e| broken(&file, e))?.column(0), field.name(), &file, &mut values)?;
            }
            return Ok((Table::new(vec![Column::number(field.name(), values)])?, Vec::new()));
        }
        let of = Schema::new(vec![field.clone()]);
        let batches = reader.collect::<std::result::Result<Vec<_>, _>>().map_err(|e| broken(&file, e))?;
        from_batches(&of, &batches, &file)
    };
    let (mut notes, mut unread) = (Vec::new(), Vec::new());
    let mut read = Vec::new();
    for column in columns.unwrap_or(all) {
        let (mut table, said) = read_one(column)?;
        notes.extend(said);
        unread.append(&mut table.origin.unread);
        read.extend(table.into_columns());
    }
    if read.iter().any(|c: &Column| c.len() != read[0].len()) {
        return Err(broken(&file, "its columns have different numbers of rows"));
    }
    let mut table = Table::new(read)?;
    table.origin.unread = unread;
    table.origin.lines = crate::origin::count_lines(table.rows(), &file)?;
    Ok(Read { table, notes })
}

/// Rows that a [`Scan`] gives at a time.
const CHUNK: usize = 1 << 16;

/// A file, or a folder of files, read some rows at a time, so that its size does not matter.
pub struct Scan {
    columns: Vec<String>,
    parts: std::vec::IntoIter<Part>,
    open: Option<Open>,
}

/// The file at hand.
struct Open {
    file: String,
    keys: Vec<(String, Key)>,
    schema: Schema,
    batches: ParquetRecordBatchReader,
    read: usize,
}

impl Scan {
    /// Opens a file or folder to read these columns of it.
    pub fn open(path: &Path, columns: &[String]) -> Result<Scan> {
        Ok(Scan { columns: columns.to_vec(), parts: parts(path)?.into_iter(), open: None })
    }

    /// The next rows; after the last, none.
    pub fn next_rows(&mut self) -> Result<Option<Table>> {
        loop {
            let Some(open) = self.open.as_mut() else {
                let Some(part) = self.parts.next() else { return Ok(None) };
                self.open = Some(Open::new(part, &self.columns)?);
                continue;
            };
            match open.next_rows()? {
                Some(table) => return Ok(Some(table)),
                None => self.open = None,
            }
        }
    }
}

impl Open {
    fn new(part: Part, columns: &[String]) -> Result<Open> {
        let (file, path) = (part.path.display().to_string(), &part.path);
        let (schema, batches) = crate::read::guarded(&file, || {
            let Opened { input, metadata } = open(path)?;
            let mut fields = Vec::new();
            for field in metadata.schema().fields() {
                // Texts come as codes, which is how they are stored: nothing is looked up row by row.
                fields.push(match field.data_type() {
                    DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                        let of = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                        Arc::new(Field::new(field.name(), of, field.is_nullable()))
                    }
                    _ => field.clone(),
                });
            }
            let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
            let metadata =
                ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).map_err(|e| broken(&file, e))?;
            let schema = metadata.schema().clone();
            let mut wanted = Vec::new();
            for name in columns.iter().filter(|name| part.keys.iter().all(|(key, _)| key != *name)) {
                let known = schema.fields().iter().map(|f| f.name().as_str());
                let missing =
                    || Error::NoColumn { name: name.clone(), near: near(name, known), file: Some(file.clone()) };
                wanted.push(schema.index_of(name).map_err(|_| missing())?);
            }
            wanted.sort_unstable();
            wanted.dedup();
            // Whether midnights are dates is told by the whole column, and only a part of it is seen at a time.
            let clock = |of: &DataType| matches!(of, DataType::Timestamp(..) | DataType::Date64);
            if let Some(&i) = wanted.iter().find(|&&i| clock(schema.field(i).data_type())) {
                return Err(Error::invalid(
                    format!("{file}: `{}` has times of day and cannot be read piece by piece", schema.field(i).name()),
                    "store dates as dates, or as text",
                ));
            }
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(input, metadata);
            let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.iter().copied());
            let batches = builder.with_projection(mask).with_batch_size(CHUNK).build().map_err(|e| broken(&file, e))?;
            let schema = schema.project(&wanted).map_err(|e| broken(&file, e))?;
            Ok((schema, batches))
        })?;
        let keys = part.keys.into_iter().filter(|(key, _)| columns.contains(key)).collect();
        Ok(Open { file, keys, schema, batches, read: 0 })
    }

    fn next_rows(&mut self) -> Result<Option<Table>> {
        let Open { file, keys, schema, batches, read } = self;
        let batch = crate::read::guarded(file, || batches.next().transpose().map_err(|e| broken(&*file, e)))?;
        let Some(batch) = batch else { return Ok(None) };
        let (mut table, _) = from_batches(schema, std::slice::from_ref(&batch), file)?;
        let rows = batch.num_rows();
        for (name, key) in keys {
            table.set(key.column(name, rows))?;
        }
        table.origin.file = Some(file.clone());
        table.origin.lines = Lines::Listed((1..=rows).map(|i| u32::try_from(*read + i).unwrap_or(u32::MAX)).collect());
        *read += rows;
        Ok(Some(table))
    }
}

/// Whether a table at this path is in Parquet, a file or several, and can be read piece by piece.
pub fn is_parquet(path: &Path) -> bool {
    let parquet = |parts: Vec<Part>| parts.iter().all(|part| crate::remote::is_parquet(&part.path));
    crate::remote::is_remote(path) || parts(path).is_ok_and(parquet)
}

/// Names of the columns of a file or folder, and the number of rows that its files say they have.
pub fn head(path: &Path) -> Result<(Vec<String>, usize)> {
    let (mut names, mut first, mut rows) = (Vec::new(), String::new(), 0);
    for part in parts(path)? {
        let file = part.path.display().to_string();
        let (found, own) = crate::read::guarded(&file, || {
            let metadata = open(&part.path)?.metadata;
            let names: Vec<String> = metadata.schema().fields().iter().map(|f| f.name().clone()).collect();
            Ok((names, usize::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0)))
        })?;
        rows += own;
        if let Some((twice, _)) = part.keys.iter().find(|(key, _)| found.contains(key)) {
            return Err(Error::twice(&file, twice));
        }
        let found: Vec<String> = found.into_iter().chain(part.keys.into_iter().map(|(key, _)| key)).collect();
        if names.is_empty() {
            (names, first) = (found, file);
            continue;
        }
        let [own, other] = [&names, &found].map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
        alike(&first, &own, &file, &other)?;
        if names != found {
            let message = format!("{file}: its columns do not stand in the order of {first}");
            return Err(Error::invalid(message, "write all Parquet files of a table alike"));
        }
    }
    Ok((names, rows))
}

/// Reads all of a folder, or of its columns only those `wanted`.
pub(crate) fn read_folder(path: &Path, wanted: Option<&[String]>) -> Result<Read> {
    let (names, _) = head(path)?;
    let wanted = wanted.filter(|wanted| wanted.iter().all(|name| names.contains(name))).unwrap_or(&names);
    let mut scan = Scan::open(path, wanted)?;
    let mut stack = Stack::default();
    while let Some(table) = scan.next_rows()? {
        let read = wanted.iter().filter(|name| !table.origin.unread.iter().any(|(unread, _)| unread == *name));
        let columns = read.map(|name| Ok(table.column(name)?.clone())).collect::<Result<_>>()?;
        let mut whole = Table::new(columns)?;
        let file = table.origin.file.clone().unwrap_or_default();
        whole.origin = table.origin;
        stack.push(&file, whole)?;
    }
    let table = stack.finish()?;
    let notes = table.origin.unread.iter().map(|(name, of)| crate::arrow::left_out(path.display(), name, of)).collect();
    Ok(Read { table, notes })
}

/// Writes a table, compressed with zstd.
pub(crate) fn write(out: &mut File, table: &Table, file: &str) -> Result<Vec<String>> {
    let batch = to_batch(table)?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    ArrowWriter::try_new(out, batch.schema(), Some(properties))
        .and_then(|mut writer| {
            writer.write(&batch)?;
            writer.close()
        })
        .map_err(|e| Error::file(file, e))?;
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::arrow::array::{ArrayRef, Date32Array, RecordBatch, TimestampMillisecondArray};

    /// Dates come as text from a whole file, so that a part of one must not come as times of day.
    #[test]
    fn times_of_day_are_not_read_piece_by_piece() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.parquet");
        let columns: [(&str, ArrayRef); 2] = [
            ("day", Arc::new(Date32Array::from(vec![17_000, 17_001]))),
            ("clock", Arc::new(TimestampMillisecondArray::from(vec![0, 3_600_000]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let first = |name: &str| Scan::open(&path, &[name.into()]).and_then(|mut scan| scan.next_rows());
        assert_eq!(first("day").unwrap().unwrap().column("day").unwrap().show(1), "2016-07-19");
        let message = first("clock").unwrap_err().to_string();
        assert!(message.contains("`clock` has times of day") && message.contains("store dates as dates"), "{message}");
        assert!(read_folder(dir.path(), Some(&["day".into()])).is_ok());
    }
}
