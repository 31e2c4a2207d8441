//! Apache Parquet.

use crate::arrow::{from_batches, to_batch};
use crate::{Error, Read, Result, Table};
use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
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

/// Reads a file; a row's line is its number in the file.
pub(crate) fn read(path: &Path) -> Result<Read> {
    let file = path.display().to_string();
    let builder = open(path)?;
    let schema = builder.schema().clone();
    let reader = builder.with_batch_size(1 << 16).build().map_err(|e| broken(&file, e))?;
    let batches = reader.collect::<std::result::Result<Vec<_>, _>>().map_err(|e| broken(&file, e))?;
    let (mut table, notes) = from_batches(&schema, &batches, &file)?;
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
