//! Codes of products and places, as text.
//!
//! A product code that was read as a number has lost its leading zero: 010121 became 10121. Chapters of the Harmonized
//! System start at 01, so one zero is all it can have lost (two in SITC, which has a division 00); a code that lacks
//! more is none of the length wanted. Without a known length, codes of an odd number of digits are suspect, and codes
//! of several lengths are levels of one classification, whose records hold the same trade twice.

use super::{Counts, SPELLINGS};
use crate::table::{MISSING, Text};
use crate::{Column, Data, Result, Table};
use std::collections::{BTreeMap, HashSet};

/// How long product codes are.
#[derive(Clone, Copy)]
pub(super) struct Length {
    /// Digits, where they are known; 0 leaves every code as it is.
    pub(super) digits: Option<usize>,
    /// Whether the user asks for this level, so that others that hold the same trade are left out.
    pub(super) asked: bool,
    /// Leading zeros that a code can have lost.
    pub(super) zeros: usize,
}

/// What becomes of the records of a code.
enum Fate {
    Kept(String),
    Padded(String),
    /// Of another level than the one asked for, and held by codes of that level or holding them.
    Level(&'static str),
}

/// Fates by code, and the codes of other levels that each code of the level wanted is part of or has as a part.
#[derive(Default)]
struct Fates {
    of: BTreeMap<u32, Fate>,
    related: BTreeMap<u32, Vec<u32>>,
}

/// Which of the rows keep their record, and the product codes of those.
///
/// `keys` are the codes of the years and the exporters: an exporter that reports one level only in a year loses it when
/// another is asked for, which is said.
pub(super) fn products(
    table: &Table,
    name: &str,
    length: Length,
    rows: &[usize],
    keys: [&[u32]; 2],
    counts: &mut Counts,
) -> Result<(Vec<bool>, Column)> {
    let column = table.column(name)?;
    let Text { codes, levels } = column.to_text();
    // The first row of each code.
    let mut seen = vec![false; levels.len()];
    let mut plain = BTreeMap::new();
    for &i in rows {
        let code = codes[i];
        if code == MISSING || !std::mem::replace(&mut seen[code as usize], true) {
            plain.insert(code, (i, clean(table, column, i, code == MISSING)?));
        }
    }
    let Fates { of, related } = match length.digits {
        Some(digits) if digits > 0 => fitted(table, name, plain, digits, length)?,
        known => {
            if known.is_none() {
                consistent(table, name, plain.values().filter(|(_, text)| whole(text)))?;
            }
            let of = plain.into_iter().map(|(code, (_, text))| (code, Fate::Kept(text))).collect();
            Fates { of, ..Fates::default() }
        }
    };
    let at = |i: usize, code: u32| (keys[0][i], keys[1][i], code);
    let held: HashSet<(u32, u32, u32)> = (rows.iter())
        .filter_map(|&i| Some((i, related.get(&codes[i])?)))
        .flat_map(|(i, others)| others.iter().map(move |&other| at(i, other)))
        .collect();
    let mut fates: Vec<Option<Fate>> = levels.iter().map(|_| None).collect();
    of.into_iter().for_each(|(code, fate)| fates[code as usize] = Some(fate));
    let mut padded = 0;
    let kept: Vec<bool> = (rows.iter())
        .map(|&i| match &fates[codes[i] as usize] {
            Some(Fate::Level(level)) => {
                let alone =
                    if held.contains(&at(i, codes[i])) { "" } else { " whose exporter has no others that year" };
                counts.add(format!("records of {level} product codes left out{alone}"));
                false
            }
            fate => {
                padded += usize::from(matches!(fate, Some(Fate::Padded(_))));
                true
            }
        })
        .collect();
    counts.add_all("product codes given their leading zeros back", padded);
    let rows: Vec<usize> = rows.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(&i, _)| i).collect();
    let text = Text { codes, levels }.rewrite(&rows, |code| match &mut fates[code as usize] {
        Some(Fate::Kept(text) | Fate::Padded(text)) => std::mem::take(text),
        _ => String::new(),
    });
    Ok((kept, Column { name: "product".into(), data: Data::Text(text) }))
}

fn whole(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit())
}

/// The code of a row without blanks and without the `.0` that a number may have been written with.
fn clean(table: &Table, column: &Column, i: usize, missing: bool) -> Result<String> {
    let shown = column.show(i);
    let text = shown.trim();
    if missing || text.is_empty() {
        return Err(table.content(Some(&column.name), vec![i], "this record has no product", "correct or drop it"));
    }
    let text = match text.split_once('.') {
        Some((code, zeros)) if whole(code) && !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => code,
        _ => text,
    };
    match matches!(column.data, Data::Number(_)) && !whole(text) {
        true => Err(table.content(
            Some(&column.name),
            vec![i],
            format!("the product code {text} was read as a number and is none of whole digits"),
            "store the codes as text, without dots",
        )),
        false => Ok(text.into()),
    }
}

/// Codes of the known length; those without their zeros get them back.
fn fitted(
    table: &Table,
    name: &str,
    plain: BTreeMap<u32, (usize, String)>,
    digits: usize,
    length: Length,
) -> Result<Fates> {
    // Levels of the Harmonized System have even lengths, so that an odd one tells of a lost zero; where the length
    // wanted is odd itself, a shorter code may as well be of the level above.
    let zeros = if digits % 2 == 1 { 0 } else { length.zeros };
    let padded = |code: &str| {
        let lost = code.len() < digits && code.len() + zeros >= digits && !code.starts_with('0');
        lost.then(|| format!("{code:0>digits$}"))
    };
    let mut fates = Fates::default();
    let mut others = Vec::new();
    // The level wanted, with the codes of the column.
    let mut level: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (id, (i, code)) in plain {
        let fate = match padded(&code).filter(|_| whole(&code)) {
            Some(full) => Fate::Padded(full),
            None if whole(&code) && code.len() != digits => {
                others.push((id, i, code));
                continue;
            }
            None => Fate::Kept(code),
        };
        if let Fate::Kept(code) | Fate::Padded(code) = &fate {
            level.entry(code.clone()).or_default().push(id);
        }
        fates.of.insert(id, fate);
    }
    for (id, i, code) in others {
        // An odd difference in length is a lost zero of the other level.
        let lost = code.len().abs_diff(digits) % 2 == 1 && zeros > 0;
        let whole = if lost { format!("0{code}") } else { code.clone() };
        let (which, kin): (_, Vec<u32>) = match whole.get(..digits) {
            Some(start) => ("finer", level.get(start).into_iter().flatten().copied().collect()),
            None => {
                let beneath = level.range(whole.clone()..).take_while(|(full, _)| full.starts_with(&whole));
                ("coarser", beneath.flat_map(|(_, ids)| ids.iter().copied()).collect())
            }
        };
        if !length.asked || kin.is_empty() {
            let message = match code.len() > digits {
                true => format!("the product code {code} has more than {digits} digits"),
                false => format!("the product code {code} is too short for one of {digits} digits that lost its zero"),
            };
            let remedy = "set `digits` to the length of the codes (0: any length), or correct them";
            return Err(table.content(Some(name), vec![i], message, remedy));
        }
        kin.into_iter().for_each(|of| fates.related.entry(of).or_default().push(id));
        fates.of.insert(id, Fate::Level(which));
    }
    Ok(fates)
}

/// Refuses codes of unknown length that have lost zeros, or that are of several levels.
fn consistent<'a>(table: &Table, name: &str, codes: impl Iterator<Item = &'a (usize, String)>) -> Result<()> {
    /// A row with a code of this length, and whether a code of it starts with a zero.
    type Seen = (usize, bool);
    let mut lengths: BTreeMap<usize, Seen> = BTreeMap::new();
    for (i, code) in codes {
        let seen = lengths.entry(code.len()).or_insert((*i, false));
        seen.0 = seen.0.min(*i);
        seen.1 |= code.starts_with('0');
    }
    // Codes of one digit alone are sections, or numbers of products.
    let lost = |(length, seen): (&usize, &Seen)| length % 2 == 1 && !seen.1 && (*length > 1 || lengths.len() > 1);
    let lost = lengths.iter().any(lost);
    if !lost && lengths.len() < 2 {
        return Ok(());
    }
    let words: Vec<String> = lengths.keys().map(usize::to_string).collect();
    let words = words.join(" and ");
    let rows = lengths.values().map(|seen| seen.0).collect();
    let (message, remedy) = match lost {
        true => (
            format!("product codes of {words} digits: leading zeros are lost"),
            "set `digits` to the length of the codes, which gives the zeros back (0: they have any length)",
        ),
        false => (
            format!("product codes of {words} digits: levels of one classification hold the same trade"),
            "set `digits` to the level wanted (0: the codes have any length)",
        ),
    };
    Err(table.content(Some(name), rows, message, remedy))
}

/// Codes of places as text, in the spelling of ISO 3166.
pub(super) fn places(name: &str, column: &Column, rows: &[usize], counts: &mut Counts) -> Column {
    let all = column.to_text();
    let anew = |old: &str| SPELLINGS.iter().find(|spelling| spelling.0 == old).map(|spelling| spelling.1);
    for (old, new) in SPELLINGS.iter().filter(|(old, _)| all.levels.iter().any(|level| level == old)) {
        let is = all.test(|level| level == *old);
        let found = rows.iter().filter(|&&i| is(i)).count();
        counts.add_all(format!("codes {old} of `{name}` written {new}"), found);
    }
    let text = all.rewrite(rows, |code| {
        let level = &all.levels[code as usize];
        anew(level).unwrap_or(level).to_string()
    });
    // Programs that take NA for a missing value make Namibia vanish.
    if !text.levels.iter().any(|code| code == "NA" || code == "NAM") {
        let missing = text.codes.iter().filter(|&&code| code == MISSING).count();
        counts.add_all(format!("missing codes of `{name}`, which may be Namibia's NA"), missing);
    }
    Column { name: name.into(), data: Data::Text(text) }
}
