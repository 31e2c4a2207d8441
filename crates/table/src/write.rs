//! Writing a file by its extension, whole or not at all.

use crate::read::Format;
use crate::{Error, Result, Table};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// How to write a data file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteOptions {
    /// Starts a text file with a byte order mark, without which Excel reads Chinese text wrongly.
    pub bom: bool,
}

/// Writes a table by the extension of `path`; the notes say what the format could not hold as it was.
pub fn write(path: impl AsRef<Path>, table: &Table) -> Result<Vec<String>> {
    write_with(path, table, &WriteOptions::default())
}

/// [`write`] with options.
pub fn write_with(path: impl AsRef<Path>, table: &Table, options: &WriteOptions) -> Result<Vec<String>> {
    let path = path.as_ref();
    let file = path.display().to_string();
    match Format::of(path)? {
        Format::Csv(delimiter) => write_atomic(path, |out| {
            let mut out = BufWriter::new(out);
            crate::csv::write(&mut out, table, delimiter, options)
                .and_then(|()| out.flush())
                .map_err(|e| Error::file(&file, e))?;
            Ok(Vec::new())
        }),
        Format::Parquet => write_atomic(path, |out| crate::parquet::write(out, table, &file)),
        Format::Stata => write_atomic(path, |out| crate::stata::write(out, table, &file)),
        Format::Excel => write_atomic(path, |out| crate::excel::write(out, table, &file)),
    }
}

/// Runs `fill` on a temporary sibling of `path` and renames it once all of it is on disk.
pub fn write_atomic<T>(path: impl AsRef<Path>, fill: impl FnOnce(&mut File) -> Result<T>) -> Result<T> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let path = path.as_ref();
    let failed = |e: std::io::Error| Error::file(path.display(), e);
    let name = path.file_name().ok_or_else(|| Error::file(path.display(), "this names no file"))?;
    let mut sibling = std::ffi::OsString::from(".");
    sibling.push(name);
    sibling.push(format!(".{}-{}.part", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let part = path.with_file_name(sibling);
    let mut file = File::create_new(&part).map_err(failed)?;
    let done = fill(&mut file)
        .and_then(|value| file.sync_all().map(|()| value).map_err(failed))
        .and_then(|value| std::fs::rename(&part, path).map(|()| value).map_err(failed));
    if done.is_err() {
        // The first error is the one to report; a part that cannot be removed changes nothing.
        let _ = std::fs::remove_file(&part);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_part() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        write_atomic(&path, |f| f.write_all(b"old").map_err(|e| Error::file("a", e))).unwrap();
        let failed: Result<()> = write_atomic(&path, |f| {
            f.write_all(b"new").map_err(|e| Error::file("a", e))?;
            Err(Error::file("a", "disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
