//! Fonts for figures in PNG and PDF: the one that the user names, then those of the system that have the letters.

use crate::error::{Error, Result};
use fontdb::{Database, Family, ID, Query};
use plim_report::fonts::{Font, Fonts};
use std::collections::BTreeSet;
use std::path::Path;

/// Families that are tried first, for what most figures hold: plain Latin faces, then Chinese ones.
const LATIN: [&str; 7] =
    ["Noto Sans", "Liberation Sans", "Arial", "Helvetica", "Helvetica Neue", "Segoe UI", "DejaVu Sans"];
const CHINESE: [&str; 9] = [
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
];

/// Fonts in the order in which letters are looked up, for these letters.
///
/// `wanted` is a family of the system or a font file; `file` says where such a file is.
pub fn find(
    wanted: Option<&str>,
    file: impl Fn(&str) -> Result<std::path::PathBuf>,
    letters: &BTreeSet<char>,
) -> Result<Vec<Font>> {
    let mut db = Database::new();
    db.load_system_fonts();
    let mut fonts = Vec::new();
    if let Some(wanted) = wanted {
        fonts.push(named(&db, wanted, file)?);
    }
    let mut left: Vec<char> = letters.iter().copied().filter(|c| !covered(&fonts, *c)).collect();
    for family in LATIN.iter().chain(&CHINESE) {
        if left.is_empty() {
            return Ok(fonts);
        }
        if let Some(id) = family_of(&db, family) {
            take(&db, id, &mut fonts, &mut left);
        }
    }
    // Letters of other scripts: whatever face of the system has them.
    let plain: Vec<ID> = db
        .faces()
        .filter(|f| f.style == fontdb::Style::Normal && f.weight == fontdb::Weight::NORMAL && !f.monospaced)
        .map(|f| f.id)
        .collect();
    for id in plain {
        if left.is_empty() {
            break;
        }
        take(&db, id, &mut fonts, &mut left);
    }
    Ok(fonts)
}

fn covered(fonts: &[Font], c: char) -> bool {
    fonts.iter().any(|f| Fonts::has(&f.data, f.index, c))
}

fn family_of(db: &Database, family: &str) -> Option<ID> {
    db.query(&Query { families: &[Family::Name(family)], ..Query::default() })
}

/// Takes a face when it has a letter that is still without one.
fn take(db: &Database, id: ID, fonts: &mut Vec<Font>, left: &mut Vec<char>) {
    let name = db.face(id).map_or(String::new(), |f| f.post_script_name.clone());
    let useful = |data: &[u8], index: u32| left.iter().any(|c| Fonts::has(data, index, *c));
    let loaded = db.with_face_data(id, |data, index| {
        useful(data, index).then(|| Font { name: name.clone(), data: data.to_vec(), index })
    });
    if let Some(font) = loaded.flatten() {
        left.retain(|c| !Fonts::has(&font.data, font.index, *c));
        fonts.push(font);
    }
}

/// The font that the user names.
fn named(db: &Database, wanted: &str, file: impl Fn(&str) -> Result<std::path::PathBuf>) -> Result<Font> {
    let lower = wanted.to_lowercase();
    if [".ttf", ".otf", ".ttc", ".otc"].iter().any(|e| lower.ends_with(e)) {
        let path = file(wanted)?;
        let data = std::fs::read(&path).map_err(|e| plim_table::Error::file(path.display(), e))?;
        if ttf(&data) {
            return Ok(Font { name: wanted.into(), data, index: 0 });
        }
        return Err(plim_table::Error::file(path.display(), "not a TrueType or OpenType font").into());
    }
    let found = family_of(db, wanted)
        .and_then(|id| db.with_face_data(id, |data, index| Font { name: wanted.into(), data: data.to_vec(), index }));
    found.ok_or_else(|| {
        let families: BTreeSet<String> = db.faces().flat_map(|f| f.families.iter().map(|n| n.0.clone())).collect();
        let near = plim_table::near(wanted, families.iter().map(String::as_str));
        let remedy = match near.is_empty() {
            true => "name a family that is installed, or a font file (.ttf, .otf, .ttc)".to_string(),
            false => format!("did you mean `{}`?", near.join("` or `")),
        };
        Error::plan(format!("no font family `{wanted}` is installed"), remedy)
    })
}

fn ttf(data: &[u8]) -> bool {
    ('a'..='z').chain(['中', '文']).any(|c| Fonts::has(data, 0, c))
}

/// What a reader must know of letters that no font has; `None` when none is missing.
pub fn lacking(name: &str, missing: &BTreeSet<char>) -> Option<String> {
    let some: String = missing.iter().take(12).collect();
    let more = if missing.len() > 12 { "…" } else { "" };
    (!missing.is_empty()).then(|| {
        format!(
            "{name}: no font has the letters {some}{more}, which are drawn as boxes in PNG and PDF; install a font that has \
             them (Chinese: fonts-noto-cjk) or name one with `font`; SVG leaves letters to its reader"
        )
    })
}

/// A font file that a study names is below its folder.
pub fn below<'a>(folder: &'a Path) -> impl Fn(&str) -> Result<std::path::PathBuf> + 'a {
    move |file| crate::plan::below(folder, file)
}
