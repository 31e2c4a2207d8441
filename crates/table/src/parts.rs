//! A table in several files: those of a folder, as query engines write it, or those that fit a pattern.
//!
//! ```text
//! customs/year=2011/part-0.parquet      every row of the file has year 2011
//! customs/year=2012/part-0.parquet
//! raw/customs_*.csv                     one file a year
//! ```
//!
//! Files are taken in the order of their paths; in a folder names that begin with `_`, `.` or `~` are passed over, for
//! they are the engine's or the editor's own. What a folder's name says of its files becomes a column: of numbers where
//! every value is one, else of text. All files have one format; a folder with Parquet in it is its Parquet files.

use crate::error::few;
use crate::read::Format;
use crate::remote::{is_folder, is_parquet, is_remote, list};
use crate::table::parse_number;
use crate::{Column, Error, Result};
use std::path::{Path, PathBuf};

/// Files that a table may consist of.
const MOST: usize = 10_000;

/// What stands for other characters in a pattern.
const WILD: [char; 2] = ['*', '?'];

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

/// Whether a path is a pattern: its last name has `*` (any characters) or `?` (one character), and no file has that very
/// name.
pub fn is_pattern(path: &Path) -> bool {
    let wild = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.contains(WILD));
    wild && !is_remote(path) && !path.exists()
}

/// The files of a table: the file itself, those of the folder, or those that fit the pattern.
pub(crate) fn parts(path: &Path) -> Result<Vec<Part>> {
    let shown = path.display();
    let mut files = Vec::new();
    if is_pattern(path) {
        fitting(path, &mut files)?;
    } else if !is_folder(path) {
        return Ok(vec![Part { path: path.into(), keys: Vec::new() }]);
    } else if is_remote(path) {
        objects(path, &mut files)?;
    } else {
        let root = std::fs::canonicalize(path).map_err(|e| Error::file(&shown, e))?;
        walk(path, &root, &mut Vec::new(), &mut files)?;
        if files.iter().any(|(path, _)| is_parquet(path)) {
            files.retain(|(path, _)| is_parquet(path));
        }
    }
    let Some((start, first)) = files.first() else {
        let none = match is_remote(path) {
            true => "no Parquet file in this folder; only Parquet is read from an object store",
            false => "no data file in this folder; name a data file, or a folder of them",
        };
        return Err(Error::file(shown, none));
    };
    let format = Format::of(start)?;
    for (file, _) in &files {
        if Format::of(file)? != format {
            let meant = start.with_file_name("*").with_extension(start.extension().unwrap_or_default());
            return Err(Error::invalid(
                format!("{shown}: {} and {} are files of two formats", start.display(), file.display()),
                format!("name the files meant by a pattern, as in `{}`", meant.display()),
            ));
        }
    }
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
    for (name, path) in entries(folder)? {
        if name.starts_with(['_', '.', '~']) {
            continue;
        }
        let whole = within(&path, root)?;
        if whole.is_dir() {
            said(&name, &path, keys)?;
            walk(&path, root, keys, files)?;
            keys.pop();
        } else if Format::of(&path).is_ok() {
            add((path, keys.clone()), root, files)?;
        }
    }
    Ok(())
}

/// What is in a folder, in the order of the names.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let io = |e: std::io::Error| Error::file(folder.display(), e);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        entries.push(entry.map_err(io)?.path());
    }
    entries.sort();
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(entries.into_iter().map(|path| (name(&path), path)).collect())
}

/// A path with its links followed, which must not lead out of the folder.
fn within(path: &Path, root: &Path) -> Result<PathBuf> {
    let whole = std::fs::canonicalize(path).map_err(|e| Error::file(path.display(), e))?;
    match whole.starts_with(root) {
        true => Ok(whole),
        false => Err(Error::invalid(
            format!("{} leads out of its folder", path.display()),
            "put the file itself into the folder",
        )),
    }
}

/// The files whose name fits the pattern.
fn fitting(path: &Path, files: &mut Vec<Found>) -> Result<()> {
    let shown = path.display();
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let root = std::fs::canonicalize(folder).map_err(|e| match folder.to_string_lossy().contains(WILD) {
        true => Error::file(&shown, "`*` and `?` stand for parts of the name of a file, not of a folder"),
        false => Error::file(folder.display(), e),
    })?;
    let pattern: Vec<char> = path.file_name().unwrap_or_default().to_string_lossy().chars().collect();
    let mut others = Vec::new();
    for (name, path) in entries(folder)?.into_iter().filter(|(name, _)| !name.starts_with(['.', '~'])) {
        match fits(&pattern, &name.chars().collect::<Vec<_>>()) {
            true if within(&path, &root)?.is_file() => add((path, Vec::new()), folder, files)?,
            _ => others.push(name),
        }
    }
    match (files.is_empty(), others.is_empty()) {
        (false, _) => Ok(()),
        (true, true) => Err(Error::file(shown, "no file has such a name: the folder is empty")),
        (true, false) => Err(Error::file(shown, format!("no file has such a name; the folder holds {}", few(&others)))),
    }
}

/// Whether a name fits a pattern.
fn fits(pattern: &[char], name: &[char]) -> bool {
    // The place after the last `*`, and how much of the name that star stands for.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((after, taken)) => {
                    star = Some((after, taken + 1));
                    (p, n) = (after, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
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
            "name folders as in year=2011, at most 8 deep; or name the files meant by a pattern, as in `customs_*.csv`",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let fits =
            |pattern: &str, name: &str| fits(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>());
        for (pattern, name) in
            [("海关_*.csv", "海关_2011.csv"), ("*", ""), ("a*b*c", "abxbc"), ("?关.csv", "海关.csv"), ("x**", "x")]
        {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("海关_*.csv", "海关_2011.dta"), ("?", ""), ("a*b*c", "abxb"), ("x?", "x"), ("", "x")]
        {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        // A long name and many stars take no longer than their product.
        assert!(!fits(&"*a".repeat(100), &"a".repeat(99)));
    }
}
