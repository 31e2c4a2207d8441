//! Reading a file by its extension.
//!
//! ```no_run
//! let read = plim_table::read("cities.csv", &plim_table::ReadOptions::default())?;
//! for note in &read.notes {
//!     eprintln!("{note}");
//! }
//! let gdp = read.table.numbers("gdp")?;
//! # Ok::<(), plim_table::Error>(())
//! ```

pub use crate::parts::is_pattern;
use crate::remote::{is_folder, is_remote};
use crate::{Error, Result, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;

/// Columns that a file may have.
pub(crate) const MAX_COLUMNS: usize = 100_000;

/// How to read a data file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadOptions {
    /// Encoding of a text file or an old Stata file (`utf-8`, `gbk`, `big5`, `windows-1252`, …).
    ///
    /// Default: a byte order mark, else UTF-8, else GB18030, which covers GBK; anything but UTF-8 is said in a note.
    pub encoding: Option<String>,
    /// Character between the cells of a text file. Default: a comma in `.csv`, a tab in `.tsv`, `.tab` and `.txt`.
    pub delimiter: Option<char>,
    /// Sheet of a workbook. Default: the first.
    pub sheet: Option<String>,
    /// Lines (rows of a sheet) before the one with the names of the columns.
    ///
    /// Default: 0, and those with which the World Bank's downloads begin.
    pub skip: usize,
    /// Columns of a text file or workbook that are text whatever they hold: codes among which `NA` is Namibia.
    pub as_text: Vec<String>,
    /// Further texts that mean missing, in every column of a text file or workbook: `-`, `…`, `-99`.
    pub missing: Vec<String>,
    /// Reads the value labels of a Stata file as text in place of the codes.
    pub value_labels: bool,
}

/// A table as a file had it, and what the reader had to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The table.
    pub table: Table,
    /// Decisions that a user must know: the encoding, columns left out, dates kept as numbers.
    pub notes: Vec<String>,
}

/// File formats, by extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Delimited text; the delimiter that the extension implies.
    Csv(u8),
    /// Apache Parquet.
    Parquet,
    /// Stata.
    Stata,
    /// Excel workbook.
    Excel,
}

impl Format {
    /// The format that the extension of `path` names.
    pub fn of(path: &Path) -> Result<Format> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        match extension.as_str() {
            "csv" => Ok(Format::Csv(b',')),
            "tsv" | "tab" | "txt" => Ok(Format::Csv(b'\t')),
            "parquet" | "pq" => Ok(Format::Parquet),
            "dta" => Ok(Format::Stata),
            "xlsx" | "xlsm" => Ok(Format::Excel),
            "xls" => Err(Error::invalid(
                format!("{}: the old `.xls` format is not read or written", path.display()),
                "save it as `.xlsx`",
            )),
            other => Err(Error::invalid(
                format!("{}: the extension `.{other}` names no data format", path.display()),
                "use .csv, .tsv, .txt, .parquet, .dta or .xlsx",
            )),
        }
    }
}

/// The files that a table at this path is read from: the file, those of the folder, those that fit the pattern.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    Ok(crate::parts::parts(path)?.into_iter().map(|part| part.path).collect())
}

/// Reads a file by its extension; or the files of a folder, or those whose names fit a pattern (`customs_*.csv`), one
/// below the other.
pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Read> {
    read_columns(path, options, None)
}

/// Reads a file of which only the columns `wanted` are needed: where the format allows, and the file has them all, the
/// others are skipped.
pub fn read_columns(path: impl AsRef<Path>, options: &ReadOptions, wanted: Option<&[String]>) -> Result<Read> {
    let path = path.as_ref();
    let file = path.display().to_string();
    let mut read = match is_folder(path) || is_pattern(path) {
        true => crate::stack::read(path, options, wanted)?,
        false => read_file(path, options, wanted)?,
    };
    filled(&read.table, &file)?;
    read.table.origin.file = Some(file);
    Ok(read)
}

/// An error where a file has no rows.
pub(crate) fn filled(table: &Table, file: &str) -> Result<()> {
    match table.rows() {
        0 => Err(Error::invalid(
            format!("{file}: there are columns but no rows"),
            "check that the right file was exported",
        )),
        _ => Ok(()),
    }
}

/// Reads one file.
pub(crate) fn read_file(path: &Path, options: &ReadOptions, wanted: Option<&[String]>) -> Result<Read> {
    let file = path.display().to_string();
    let format = Format::of(path)?;
    if !is_remote(path) {
        let metadata = std::fs::metadata(path).map_err(|e| Error::file(&file, e))?;
        if !metadata.is_file() {
            return Err(Error::file(&file, "this is not a file but a folder or a device; name a data file"));
        }
        if metadata.len() == 0 {
            return Err(Error::invalid(format!("{file} is empty"), "was its writing or its download cut short?"));
        }
    }
    guarded(&file, || match format {
        Format::Csv(delimiter) => crate::csv::read(path, delimiter, options),
        Format::Parquet => crate::parquet::read(path, wanted),
        Format::Stata => crate::stata::read(path, options),
        Format::Excel => crate::excel::read(path, options),
    })
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Keeps a panic of this thread off the terminal, for good: for threads that only run guarded work.
#[cfg(feature = "sql")]
pub(crate) fn guard_thread() {
    GUARDED.set(true);
}

/// Runs the parser of a format, whose panic becomes an error. Damaged Parquet files make the library panic in places
/// where it counts on what the file says about itself.
pub(crate) fn guarded<T>(file: &str, parse: impl FnOnce() -> Result<T>) -> Result<T> {
    let broken = || Err(Error::file(file, "the file is damaged: its parts contradict each other"));
    caught(parse).unwrap_or_else(broken)
}

/// Runs what may panic, quietly; `None` where it did.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                before(panic);
            }
        }));
    });
    GUARDED.set(true);
    // What it leaves behind is dropped with it, so that nothing broken can be seen.
    let result = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(false);
    result.ok()
}

/// The whole of a file; a size that memory cannot hold is an error, not an abort.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>> {
    use std::io::Read as _;
    let file = path.display();
    let mut reader = std::fs::File::open(path).map_err(|e| Error::file(&file, e))?;
    let length = reader.metadata().map_err(|e| Error::file(&file, e))?.len();
    let mut bytes = Vec::new();
    usize::try_from(length)
        .ok()
        .and_then(|n| bytes.try_reserve_exact(n).ok())
        .ok_or_else(|| Error::file(&file, format!("{length} bytes do not fit into memory; query it as Parquet")))?;
    reader.read_to_end(&mut bytes).map_err(|e| Error::file(&file, e))?;
    Ok(bytes)
}

/// Names of a header: trimmed, distinct, `column_3` where there is none (which is a note).
pub(crate) fn header<'a>(
    file: &str,
    line: u32,
    cells: impl IntoIterator<Item = &'a str>,
    notes: &mut Vec<String>,
) -> Result<Vec<String>> {
    let mut names: Vec<String> = cells.into_iter().map(|c| c.trim().to_string()).collect();
    if names.len() > MAX_COLUMNS {
        return Err(Error::at_line(
            file,
            line,
            format!("the header has {} columns, at most {MAX_COLUMNS} are read", names.len()),
            "check the delimiter and the line breaks, or store the data in long form",
        ));
    }
    let mut first = std::collections::HashMap::new();
    for (i, name) in names.iter_mut().enumerate() {
        if name.is_empty() {
            *name = format!("column_{}", i + 1);
            notes.push(format!("{file}: column {} has no name in the header; it is called `{name}`", i + 1));
        }
        if let Some(before) = first.insert(name.clone(), i) {
            return Err(Error::at_line(
                file,
                line,
                format!("columns {} and {} are both named `{name}`", before + 1, i + 1),
                "rename one of them",
            ));
        }
    }
    Ok(names)
}

/// Which of the columns `names` are text whatever they hold.
pub(crate) fn forced(file: &str, names: &[String], options: &ReadOptions) -> Result<Vec<bool>> {
    match options.as_text.iter().find(|name| !names.contains(name)) {
        Some(name) => Err(Error::NoColumn {
            name: name.clone(),
            near: crate::error::near(name, names.iter().map(String::as_str)),
            file: Some(file.into()),
        }),
        None => Ok(names.iter().map(|name| options.as_text.contains(name)).collect()),
    }
}

/// What must be known of a file that the World Bank wrote, whose header is at line `line`.
pub(crate) fn world_bank(file: &str, line: u32) -> String {
    format!("{file}: a download of the World Bank: read from line {line} without its closing lines, `..` is missing")
}
