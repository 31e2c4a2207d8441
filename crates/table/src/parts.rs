//! A table in a folder of Parquet files, as query engines write it.
//!
//! ```text
//! customs/year=2011/part-0.parquet      every row of the file has year 2011
//! customs/year=2012/part-0.parquet
//! ```
//!
//! Files are taken in the order of their paths; names that begin with `_` or `.` are the engine's own. What a folder's
//! name says of its files becomes a column: of numbers where every value is one, else of text.

use crate::remote::{is_folder, is_parquet, is_remote, list};
use crate::table::parse_number;
use crate::{Column, Error, Result};
use std::path::{Path, PathBuf};

/// Files that a table may consist of.
const MOST: usize = 10_000;

/// One file, and what the names of its folders say of every row in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub path: PathBuf,
    pub keys: Vec<(String, Key)>,
}

/// The value of a folder's name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    Number(f64),
    Text(String),
}

impl Key {
    /// The value in each of `rows` rows.
    pub fn column(&self, name: &str, rows: usize) -> Column {
        match self {
            Key::Number(x) => Column::number(name, vec![*x; rows]),
            Key::Text(text) => Column::text(name, std::iter::repeat_n(Some(text.as_str()), rows)),
        }
    }
}

/// The files of a table: the file itself, or those of the folder.
pub(crate) fn parts(path: &Path) -> Result<Vec<Part>> {
    if !is_folder(path) {
        return Ok(vec![Part { path: path.into(), keys: Vec::new() }]);
    }
    let shown = path.display();
    let mut files = Vec::new();
    if is_remote(path) {
        objects(path, &mut files)?;
    } else {
        let root = std::fs::canonicalize(path).map_err(|e| Error::file(&shown, e))?;
        walk(path, &root, &mut Vec::new(), &mut files)?;
    }
    let Some((_, first)) = files.first() else {
        let way = if is_remote(path) { "only Parquet is read from an object store" } else { "name a data file" };
        return Err(Error::file(shown, format!("no Parquet file in this folder; {way}")));
    };
    let names: Vec<String> = first.iter().map(|(name, _)| name.clone()).collect();
    if let Some((odd, _)) = files.iter().find(|(_, keys)| !keys.iter().map(|k| &k.0).eq(&names)) {
        let message = format!("{}: its folders do not say the same as those of the other files", odd.display());
        return Err(Error::invalid(message, "put every file under folders such as year=2011"));
    }
    let number = |j: usize| files.iter().all(|(_, keys)| parse_number(&keys[j].1).is_some());
    let numbers: Vec<bool> = (0..names.len()).map(number).collect();
    let key = |j: usize, text: String| match parse_number(&text).filter(|_| numbers[j]) {
        Some(x) => Key::Number(x),
        None => Key::Text(text),
    };
    let part = |(path, keys): (PathBuf, Vec<(String, String)>)| Part {
        path,
        keys: keys.into_iter().enumerate().map(|(j, (name, text))| (name, key(j, text))).collect(),
    };
    Ok(files.into_iter().map(part).collect())
}

/// A file, and names and values of its folders.
type Found = (PathBuf, Vec<(String, String)>);

fn walk(folder: &Path, root: &Path, keys: &mut Vec<(String, String)>, files: &mut Vec<Found>) -> Result<()> {
    let io = |e: std::io::Error| Error::file(folder.display(), e);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        entries.push(entry.map_err(io)?.path());
    }
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(['_', '.']) {
            continue;
        }
        let whole = std::fs::canonicalize(&path).map_err(|e| Error::file(path.display(), e))?;
        if !whole.starts_with(root) {
            return Err(Error::invalid(
                format!("{} leads out of its folder", path.display()),
                "put the file itself into the folder",
            ));
        }
        if whole.is_dir() {
            said(&name, &path, keys)?;
            walk(&path, root, keys, files)?;
            keys.pop();
        } else if is_parquet(&path) {
            add((path, keys.clone()), root, files)?;
        }
    }
    Ok(())
}

/// As [`walk`], for objects of a store, which has names and no folders.
fn objects(folder: &Path, files: &mut Vec<Found>) -> Result<()> {
    for name in list(folder)? {
        let path = folder.join(&name);
        if !is_parquet(&path) || name.split('/').any(|part| part.starts_with(['_', '.'])) {
            continue;
        }
        let mut keys = Vec::new();
        let (folders, _) = name.rsplit_once('/').unwrap_or_default();
        folders.split_terminator('/').try_for_each(|of| said(of, &path, &mut keys))?;
        add((path, keys), folder, files)?;
    }
    Ok(())
}

/// What the name of a folder says of the files in it.
fn said(name: &str, path: &Path, keys: &mut Vec<(String, String)>) -> Result<()> {
    let key = name.split_once('=').map(|(name, value)| (name.to_string(), value.to_string()));
    if keys.len() == 8 || key.is_none() {
        return Err(Error::invalid(
            format!("{}: the name of the folder `{name}` says nothing of its files", path.display()),
            "name folders as in year=2011, at most 8 deep",
        ));
    }
    keys.extend(key);
    Ok(())
}

fn add(file: Found, folder: &Path, files: &mut Vec<Found>) -> Result<()> {
    if files.len() == MOST {
        let message = format!("{}: more than {MOST} files", folder.display());
        return Err(Error::invalid(message, "write the table in fewer, larger files"));
    }
    files.push(file);
    Ok(())
}
