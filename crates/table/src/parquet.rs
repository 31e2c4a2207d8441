//! Apache Parquet.

use crate::arrow::{from_batches, to_batch};
use crate::{Error, Read, Result, Table};
use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;

/// Reads a file; a row's line is its number in the file.
pub(crate) fn read(path: &Path) -> Result<Read> {
    let file = path.display().to_string();
    let broken = |e: &dyn std::fmt::Display| Error::file(&file, format!("not a whole Parquet file: {e}"));
    let handle = File::open(path).map_err(|e| Error::file(&file, e))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(handle).map_err(|e| broken(&e))?;
    let schema = builder.schema().clone();
    let reader = builder.with_batch_size(1 << 16).build().map_err(|e| broken(&e))?;
    let batches = reader.collect::<std::result::Result<Vec<_>, _>>().map_err(|e| broken(&e))?;
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
