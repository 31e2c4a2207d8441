//! Apache Parquet.

use crate::arrow::{append, from_batches, plain_number, to_batch};
use crate::{Column, Error, Read, Result, Table};
use ::arrow::datatypes::Schema;
use ::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use ::parquet::arrow::{ArrowWriter, ProjectionMask};
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use std::fmt::Display;
use std::fs::File;
use std::path::Path;

/// Opens a file; a compression that is not built in is an error that names it.
pub(crate) fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let file = path.display();
    let handle = File::open(path).map_err(|e| Error::file(&file, e))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(handle).map_err(|e| broken(&file, e))?;
    let chunks = builder.metadata().row_groups().iter().flat_map(|group| group.columns());
    let known = |c: Compression| matches!(c, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_));
    match chunks.map(|chunk| chunk.compression()).find(|c| !known(*c)) {
        None => Ok(builder),
        Some(c) => {
            Err(Error::file(&file, format!("compressed with {c}, which is not read; write it with zstd or snappy")))
        }
    }
}

/// What the format's library says about a file.
pub(crate) fn broken(file: impl Display, error: impl Display) -> Error {
    Error::file(file, format!("not a whole Parquet file: {error}"))
}

/// Reads a file, or of its columns only those `wanted` when it has them all; a row's line is its number in the file.
///
/// One column at a time: what Arrow needs besides the table is never more than one column.
pub(crate) fn read(path: &Path, wanted: Option<&[String]>) -> Result<Read> {
    let file = path.display().to_string();
    let builder = open(path)?;
    let schema = builder.schema().clone();
    let all: Vec<usize> = (0..schema.fields().len()).collect();
    let columns = wanted.and_then(|names| {
        let mut found = names.iter().map(|n| schema.index_of(n).ok()).collect::<Option<Vec<_>>>()?;
        found.sort_unstable();
        found.dedup();
        (!found.is_empty()).then_some(found)
    });
    let metadata = ArrowReaderMetadata::try_new(builder.metadata().clone(), ArrowReaderOptions::new())
        .map_err(|e| broken(&file, e))?;
    let read_one = |column: usize| -> Result<(Table, Vec<String>)> {
        let handle = File::open(path).map_err(|e| Error::file(&file, e))?;
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
    let mut notes = Vec::new();
    let mut read = Vec::new();
    for column in columns.unwrap_or(all) {
        let (table, said) = read_one(column)?;
        notes.extend(said);
        read.extend(table.into_columns());
    }
    if read.iter().any(|c: &Column| c.len() != read[0].len()) {
        return Err(broken(&file, "its columns have different numbers of rows"));
    }
    let mut table = Table::new(read)?;
    table.origin.lines = crate::table::count_lines(table.rows(), &file)?;
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
