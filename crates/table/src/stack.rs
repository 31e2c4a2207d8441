//! Tables of several files, one below the other.
//!
//! Each row keeps its file and line. A column that is numbers in one file and text in another is text in all, read anew
//! so that codes stand as they are written; where the format tells the type, as in Parquet and Stata, it is an error.

use crate::parts::{Part, parts};
use crate::read::{Format, Read, ReadOptions, read_file};
use crate::{Column, Data, Error, Files, Lines, Result, Table};
use std::path::Path;

/// A table that grows by the rows of further files.
#[derive(Default)]
pub(crate) struct Stack {
    columns: Vec<Column>,
    files: Files,
    /// Line of each row, as long as all are known.
    lines: Option<Vec<u32>>,
    unread: Vec<(String, String)>,
}

impl Stack {
    /// Adds the rows of a file, or further ones of the last, whose columns may stand in another order.
    pub fn push(&mut self, file: &str, table: Table) -> Result<()> {
        let rows = table.rows();
        let lines: Option<Vec<u32>> = (0..rows).map(|i| table.line(i)).collect();
        self.lines = match (self.files.names.is_empty(), self.lines.take(), lines) {
            (true, _, lines) => lines,
            (false, Some(mut own), Some(more)) => {
                own.extend(more);
                Some(own)
            }
            _ => None,
        };
        match self.files.names.first() {
            None => {
                self.unread.clone_from(&table.origin.unread);
                self.columns = table.into_columns();
            }
            Some(first) => {
                let own: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
                alike(first, &own, file, &table.names().collect::<Vec<_>>())?;
                for column in &mut self.columns {
                    column.append(table.column(&column.name)?).map_err(|e| match e {
                        Error::Invalid { message, remedy } => Error::invalid(format!("{file}: {message}"), remedy),
                        other => other,
                    })?;
                }
            }
        }
        if self.files.names.last().is_none_or(|last| last != file) {
            self.files.names.push(file.into());
        }
        // At most 10,000 files: see `parts`.
        let of = u16::try_from(self.files.names.len() - 1).unwrap_or(u16::MAX);
        self.files.of.extend(std::iter::repeat_n(of, rows));
        Ok(())
    }

    /// The columns that are numbers here and text in the table, or the other way round.
    fn mixed(&self, table: &Table) -> Vec<String> {
        let text = |column: &Column| matches!(column.data, Data::Text(_));
        let other = |own: &&Column| table.column(&own.name).is_ok_and(|column| text(column) != text(own));
        self.columns.iter().filter(other).map(|own| own.name.clone()).collect()
    }

    /// The whole table.
    pub fn finish(self) -> Result<Table> {
        let mut table = Table::new(self.columns)?;
        table.origin.lines = self.lines.map_or(Lines::Unknown, Lines::Listed);
        table.origin.files = Some(self.files);
        table.origin.unread = self.unread;
        Ok(table)
    }
}

/// An error where a file does not have the columns of the first, in any order.
pub(crate) fn alike(first: &str, wanted: &[&str], file: &str, found: &[&str]) -> Result<()> {
    let beyond = |names: &[&str], others: &[&str], what: &str| {
        let names: Vec<&str> = names.iter().filter(|name| !others.contains(name)).copied().collect();
        (!names.is_empty()).then(|| format!("{what} `{}`", names.join("`, `")))
    };
    let differences: Vec<String> =
        [beyond(wanted, found, "it lacks"), beyond(found, wanted, "it alone has")].into_iter().flatten().collect();
    match differences.is_empty() {
        true => Ok(()),
        false => Err(Error::invalid(
            format!("{file}: its columns are not those of {first}: {}", differences.join(", ")),
            "give all files of a table the same columns",
        )),
    }
}

/// Reads the files of a folder or of a pattern.
pub(crate) fn read(path: &Path, options: &ReadOptions, wanted: Option<&[String]>) -> Result<Read> {
    let parts = parts(path)?;
    if parts.iter().all(|part| crate::remote::is_parquet(&part.path)) {
        return crate::parquet::read_folder(path, wanted);
    }
    let mut options = options.clone();
    let mut said = Vec::new();
    loop {
        match attempt(path, &parts, &options)? {
            Attempt::Whole(mut read) => {
                read.notes.append(&mut said);
                return Ok(read);
            }
            Attempt::Mixed(names, note) => {
                said.push(note);
                options.as_text.extend(names);
            }
        }
    }
}

/// The whole table, or columns that must be text for the sake of one file, and the note on it.
enum Attempt {
    Whole(Read),
    Mixed(Vec<String>, String),
}

fn attempt(path: &Path, parts: &[Part], options: &ReadOptions) -> Result<Attempt> {
    let shown = path.display();
    let mut stack = Stack::default();
    // Each note with the files that it is of.
    let mut notes: Vec<(String, Vec<String>)> = Vec::new();
    for part in parts {
        let file = part.path.display().to_string();
        let Read { mut table, notes: own } = read_file(&part.path, options, None)?;
        crate::read::filled(&table, &file)?;
        for (name, key) in &part.keys {
            if table.has(name) {
                return Err(Error::twice(&file, name));
            }
            table.set(key.column(name, table.rows()))?;
        }
        let typed = matches!(Format::of(&part.path)?, Format::Parquet | Format::Stata);
        let mixed = if typed { Vec::new() } else { stack.mixed(&table) };
        if !mixed.is_empty() {
            let note = format!(
                "{shown}: `{}` is numbers in one file and text in another ({file}): it is read as text in all",
                mixed.join("`, `")
            );
            return Ok(Attempt::Mixed(mixed, note));
        }
        for note in own {
            let note = note.strip_prefix(&format!("{file}: ")).unwrap_or(&note).to_string();
            match notes.iter_mut().find(|(known, _)| *known == note) {
                Some((_, files)) => files.push(file.clone()),
                None => notes.push((note, vec![file.clone()])),
            }
        }
        stack.push(&file, table)?;
    }
    let all = parts.len();
    let mut said = vec![match parts {
        [one] => format!("{shown}: one file, {}", one.path.display()),
        _ => {
            let ends =
                [parts.first(), parts.last()].map(|p| p.map(|p| p.path.display().to_string()).unwrap_or_default());
            format!("{shown}: {all} files, {}", ends.join(" to "))
        }
    }];
    said.extend(notes.into_iter().map(|(note, files)| match files.len() {
        1 => format!("{}: {note}", files[0]),
        n if n == all => format!("{shown}: {note} (each of the {n} files)"),
        n => format!("{shown}: {note} ({n} of the {all} files, {} the first)", files[0]),
    }));
    Ok(Attempt::Whole(Read { table: stack.finish()?, notes: said }))
}
