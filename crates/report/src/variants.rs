//! One regression table under other conventions of its standard errors, and several tables as panels of one.
//!
//! A fit may carry its coefficients under every small-sample rule (`ssc = "all"`) and under further covariances
//! (`vcov_also`). A convention that all fits of a table carry becomes a variant of the table: the same estimates,
//! other standard errors, stars and notes.

use crate::effects::side_by_side;
use crate::regression::{RegressionTable, regression};
use crate::results::coefficients;
use crate::table::{Section, Table, Variant};
use crate::words::Lang;
use crate::{Error, Fit, Result};
use serde_json::Value;

/// The fit under each convention that it carries, the convention's name first.
fn alternatives(fit: &Fit) -> Vec<(String, Fit)> {
    let list = |key: &str| fit.more.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let under = |v: &Value, name: String| {
        let coefficients = coefficients(v.get("coefficients")?);
        let more = fit.more.iter().filter(|(k, _)| !["ssc", "vcov_also"].contains(&k.as_str()));
        let more = more.map(|(k, v)| (k.clone(), v.clone())).collect();
        // A rule that does not apply here carries no coefficients.
        (!coefficients.is_empty()).then(|| (name, Fit { coefficients, vcov: text(v, "label"), more, ..fit.clone() }))
    };
    let rules = list("ssc").into_iter().filter_map(|v| under(&v, format!("ssc {}", text(&v, "rule"))));
    let further = list("vcov_also").into_iter().filter_map(|v| under(&v, text(&v, "vcov")));
    rules.chain(further).collect()
}

/// The table under each convention that all fits carry.
pub(crate) fn variants(fits: &[(&str, &Fit)], options: &RegressionTable, lang: Lang) -> Result<Vec<Variant>> {
    let all: Vec<Vec<(String, Fit)>> = fits.iter().map(|(_, f)| alternatives(f)).collect();
    let Some((first, rest)) = all.split_first() else { return Ok(Vec::new()) };
    let shared = first.iter().map(|(name, _)| name).filter(|n| rest.iter().all(|l| l.iter().any(|(m, _)| m == *n)));
    // Tables that differ in nothing but the convention say which it is.
    let options = &RegressionTable { conventions: true, ..options.clone() };
    let variant = |name: &String| {
        let under = all.iter().filter_map(|l| l.iter().find(|(n, _)| n == name)).map(|(_, f)| f);
        let fits: Vec<(&str, &Fit)> = fits.iter().zip(under).map(|((n, _), f)| (*n, f)).collect();
        let table = regression(&fits, options, lang)?;
        Ok(Variant { label: name.clone(), sections: table.sections, notes: table.notes })
    };
    shared.map(variant).collect()
}

/// Tables of one width as panels A, B, … of one, each with its heading; their outcomes stand in the headings.
pub fn panels(parts: &[(&str, Vec<(&str, &Fit)>)], options: &RegressionTable, lang: Lang) -> Result<Table> {
    let mut out: Option<Table> = None;
    let mut noted: Vec<(String, Vec<String>)> = Vec::new();
    for (i, (title, fits)) in parts.iter().enumerate() {
        let mut table = side_by_side(fits, options, lang)?;
        let letter = char::from(b'A' + (i % 26) as u8).to_string();
        let of: Vec<String> = table.columns.iter_mut().map(|c| std::mem::take(&mut c.of)).collect();
        let outcome = match table.spanners.first().map(Vec::as_slice) {
            Some([one]) if parts.len() > 1 && title.is_empty() => one.label.clone(),
            _ => (*title).to_owned(),
        };
        let heading = format!("{}{}{outcome}", lang.with("panel", &letter), lang.colon());
        for (k, section) in table.sections.iter_mut().enumerate() {
            if section.of.is_empty() {
                section.of.clone_from(&of);
            }
            if k == 0 {
                section.title = Some(heading.clone());
            }
        }
        for note in std::mem::take(&mut table.notes) {
            match noted.iter_mut().find(|(n, _)| *n == note) {
                Some((_, letters)) => letters.push(letter.clone()),
                None => noted.push((note, vec![letter.clone()])),
            }
        }
        match &mut out {
            None => out = Some(Table { variants: Vec::new(), ..table }),
            Some(all) if all.columns.len() == table.columns.len() => {
                // A row of headings that the panels do not share would be wrong above all of them but one.
                all.spanners.retain(|row| table.spanners.contains(row));
                all.sections.extend(std::mem::take(&mut table.sections));
            }
            Some(all) => {
                return Err(Error::length(format!("panel {letter} (columns)"), table.columns.len(), all.columns.len()));
            }
        }
    }
    let mut table = out.ok_or_else(|| Error::invalid("`panels` is empty", "name fits for each panel"))?;
    let all = parts.len();
    let said = |(note, letters): (String, Vec<String>)| match letters.len() == all {
        true => note,
        false => {
            let which: Vec<String> = letters.iter().map(|l| lang.with("panel", l)).collect();
            format!("{}{}{note}", which.join(lang.comma()), lang.colon())
        }
    };
    table.notes = noted.into_iter().map(said).collect();
    table.check()?;
    Ok(table)
}

/// The coefficients of the excluded instruments in the first stages, a column a fit; none where a fit has none.
pub(crate) fn first_stages(
    fits: &[(&str, &Fit)],
    rows: impl Fn(&[Vec<plim_stats::Coefficient>]) -> Vec<crate::table::Row>,
) -> Result<Section> {
    let mut lists = Vec::new();
    for (name, fit) in fits {
        let stages = fit.more.get("first_stage").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if stages.len() > 1 {
            return Err(Error::invalid(
                format!("estimate `{name}` has {} first stages, and a column has room for one", stages.len()),
                "leave `first_stage` out, or show that estimate in a table of its own",
            ));
        }
        let mut list = stages.first().and_then(|s| s.get("coefficients")).map_or_else(Vec::new, coefficients);
        list.retain(|c| fit.coefficients.iter().all(|own| own.name != c.name));
        lists.push(list);
    }
    let mut rows = rows(&lists);
    for row in &mut rows {
        row.of = row.of.replacen("coefficients/", "first_stage/#0/coefficients/", 1);
    }
    Ok(Section::new(rows))
}
