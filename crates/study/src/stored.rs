//! The folder of a run, read back: what `plim show`, `why`, `diff` and `open` work on. Nothing is estimated again.

use crate::error::{Error, Result};
use crate::fonts;
use crate::media::{self, MEDIA, Medium};
use crate::plan::Study;
use plim_report::page::Block;
use plim_report::results::Shown;
use plim_report::table::Table;
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A run as its folder has it.
pub struct Stored {
    /// The folder.
    pub dir: PathBuf,
    /// `results.json`.
    pub results: Value,
    /// What the report shows.
    pub shown: Vec<Shown>,
    /// The study as it was run.
    pub study: Study,
    /// The input files: name, path, SHA-256, rows.
    pub inputs: Vec<Value>,
    /// Version that ran it.
    pub version: String,
}

/// The folder that holds the results: the one named, or `out` within it.
pub fn folder(dir: &Path) -> Result<PathBuf> {
    let places = [dir.to_path_buf(), dir.join("out")];
    places.into_iter().find(|p| p.join("results.json").is_file()).ok_or_else(|| {
        let missing = format!("holds no results.json, nor does {}", dir.join("out").display());
        plim_table::Error::file(dir.display(), missing).into()
    })
}

fn json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).map_err(|e| plim_table::Error::file(path.display(), e))?;
    serde_json::from_str(&text)
        .map_err(|e| plim_table::Error::file(path.display(), format!("not a result: {e}")).into())
}

/// A part of a JSON file as the type it was written from.
fn part<T: serde::de::DeserializeOwned>(value: Option<&Value>, path: &Path, what: &str) -> Result<T> {
    serde_json::from_value(value.cloned().unwrap_or_default()).map_err(|e| {
        let text = format!("`{what}` cannot be read: {e}; run the study again with this version");
        plim_table::Error::file(path.display(), text).into()
    })
}

impl Stored {
    /// Reads the folder of a run.
    pub fn read(dir: &Path) -> Result<Stored> {
        let dir = folder(dir)?;
        let (results_path, record_path) = (dir.join("results.json"), dir.join("record.json"));
        let mut results = json(&results_path)?;
        let shown = match results.as_object_mut().and_then(|r| r.remove("shown")) {
            Some(shown) => part(Some(&shown), &results_path, "shown")?,
            None => Vec::new(),
        };
        let record = json(&record_path)?;
        Ok(Stored {
            study: part(record.get("study"), &record_path, "study")?,
            inputs: part(record.get("inputs"), &record_path, "inputs")?,
            version: record.get("plimsoll").and_then(Value::as_str).unwrap_or_default().into(),
            dir,
            results,
            shown,
        })
    }

    /// The table or figure of this name, or an error with near names.
    pub fn block(&self, name: &str) -> Result<&Block> {
        let all = media::named(&self.shown);
        all.iter().find(|(n, _)| n == name).map(|(_, b)| *b).ok_or_else(|| {
            let near = plim_table::near(name, all.iter().map(|(n, _)| n.as_str()));
            let remedy = match near.is_empty() {
                false => format!("did you mean `{}`?", near.join("` or `")),
                true => format!("there are: {}", all.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>().join(", ")),
            };
            Error::plan(format!("no table or figure `{name}`"), remedy)
        })
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Result<&Table> {
        match self.block(name)? {
            Block::Table(table) => Ok(table),
            _ => Err(Error::plan(format!("`{name}` is a figure, which has no cells"), "name a table")),
        }
    }

    /// Names, kinds and titles of all tables and figures.
    pub fn list(&self) -> String {
        let mut out = String::new();
        for (name, block) in media::named(&self.shown) {
            let (kind, title) = match block {
                Block::Table(table) => ("table", table.title.as_str()),
                Block::Figure(figure) => ("figure", figure.caption.as_str()),
                _ => continue,
            };
            let _ = writeln!(out, "{name:24} {kind:7} {}", plim_report::escape::plain(title));
        }
        match out.is_empty() {
            true => format!("{}: nothing is shown; the study has no table and no figure\n", self.dir.display()),
            false => out,
        }
    }
}

/// A table or figure of a run in a medium, and what a reader must know of it; without a name, the list of all.
pub fn show(
    dir: &Path,
    name: Option<&str>,
    medium: Option<&str>,
    font: Option<&str>,
) -> Result<(Vec<u8>, Vec<String>)> {
    let stored = Stored::read(dir)?;
    let wanted = medium.map(media::medium).transpose()?;
    let Some(name) = name else { return Ok((stored.list().into_bytes(), Vec::new())) };
    match stored.block(name)? {
        Block::Figure(drawn) => {
            let medium = wanted.unwrap_or(Medium::Svg);
            let (mut fonts, mut notes) = (Vec::new(), Vec::new());
            if matches!(medium, Medium::Png | Medium::Pdf) {
                let letters = plim_report::fonts::letters(&drawn.scene).collect();
                // On the command line a font file is named by its own path.
                let own = |file: &str| Ok(PathBuf::from(file));
                fonts = match (font, stored.study.font.as_deref()) {
                    (Some(font), _) => fonts::find(Some(font), own, &letters)?,
                    // The folder of the study is not known here: a file beside it cannot be found again.
                    (None, Some(family)) if !family.contains('.') => fonts::find(Some(family), own, &letters)?,
                    (None, _) => fonts::find(None, own, &letters)?,
                };
                let missing = plim_report::fonts::Fonts::new(&fonts).missing(&drawn.scene);
                notes.extend(fonts::lacking(name, &missing));
            }
            Ok((media::figure(&drawn.scene, name, medium, &fonts)?, notes))
        }
        Block::Table(table) => {
            let medium = wanted.unwrap_or(Medium::Text);
            Ok((media::table(table, name, medium, stored.study.lang)?, Vec::new()))
        }
        _ => Err(Error::plan(format!("`{name}` is neither table nor figure"), "report this")),
    }
}

/// Whether a medium is made of bytes that no terminal should be sent.
pub fn binary(medium: Option<&str>) -> bool {
    let is = |m: &&(Medium, &str, &str, bool)| matches!(m.0, Medium::Docx | Medium::Xlsx | Medium::Png | Medium::Pdf);
    medium.is_some_and(|name| MEDIA.iter().filter(is).any(|m| m.1 == name || m.2 == name))
}
