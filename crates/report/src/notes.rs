//! The notes below a regression table, made from the fits: how the standard errors were made, which rows
//! were lost, which regressors could not be estimated, each said once with the columns it is said of.

use crate::Fit;
use crate::covariance;
use crate::number::count;
use crate::regression::{Below, Words};
use crate::words::Lang;
use serde_json::{Map, Value};

/// How entries of `sample` begin that count lost rows; others count what is there (groups, levels, clusters).
/// A reason that is not among them belongs under `lost`.
const REASONS: [&str; 10] = [
    "excluded",
    "missing",
    "singletons",
    "where",
    "zero_weight",
    "dropped",
    "lost",
    "separated",
    "not_finite",
    "unmatched",
];

impl Words<'_> {
    /// How the numbers were made, from the fits themselves.
    pub fn notes(&self, fits: &[(&str, &Fit)]) -> Vec<String> {
        let lang = self.lang;
        let mut notes = self.errors(fits);
        notes.extend(self.options.stars.note().map(|n| lang.sentence(n)));
        if fits.iter().any(|(_, f)| f.more.contains_key("tests")) {
            notes.push(lang.say("note_tests").into());
        }
        notes.extend(self.by_column(fits, |f| lost(&f.sample, lang).into_iter().collect()));
        notes.extend(self.by_column(fits, |f| f.notes.iter().map(|n| lang.note(n)).collect()));
        notes.extend(self.options.notes.iter().cloned());
        notes
    }

    /// What stands below the estimates and how it was made: in a sentence where all fits agree.
    fn errors(&self, fits: &[(&str, &Fit)]) -> Vec<String> {
        let lang = self.lang;
        let below = match self.options.below {
            Below::Se => "note_se",
            Below::T => "note_t",
            Below::P => "note_p",
            Below::Ci => "note_ci",
            Below::None => "",
        };
        let said = (!below.is_empty()).then(|| lang.sentence(lang.say(below)));
        let stated = |f: &Fit| (!f.vcov.is_empty()).then(|| f.vcov.clone());
        if self.options.conventions {
            let vcov = |f: &Fit| stated(f).map(|v| lang.with("note_vcov", &v)).into_iter().collect();
            return said.into_iter().chain(self.by_column(fits, vcov)).collect();
        }
        let words = |f: &Fit| stated(f).map(|v| covariance::words(&v, lang, |name| self.label(name)));
        match fits.first().and_then(|(_, f)| words(f)) {
            Some(one) if fits.iter().all(|(_, f)| words(f).as_ref() == Some(&one)) => {
                vec![lang.sentence(&match below {
                    "note_se" => lang.with("note_se_of", &one),
                    "" => capitalized(&lang.with("note_errors", &one)),
                    other => format!("{}{}", lang.say(other), lang.with("note_made_of", &one)),
                })]
            }
            _ => {
                let vcov = |f: &Fit| words(f).map(|v| lang.with("note_errors", &v)).into_iter().collect();
                said.into_iter().chain(self.by_column(fits, vcov)).collect()
            }
        }
    }

    /// Each thing said of some fits, once, with the columns it is said of unless it is all of them.
    fn by_column(&self, fits: &[(&str, &Fit)], said: impl Fn(&Fit) -> Vec<String>) -> Vec<String> {
        let mut order: Vec<(String, Vec<usize>)> = Vec::new();
        for (i, (_, fit)) in fits.iter().enumerate() {
            for text in said(fit) {
                match order.iter_mut().find(|(t, _)| *t == text) {
                    Some((_, columns)) => columns.push(i + 1),
                    None => order.push((text, vec![i + 1])),
                }
            }
        }
        let line = |(text, columns): (String, Vec<usize>)| {
            let all = columns.len() == fits.len();
            let columns: Vec<String> = columns.iter().map(|c| format!("({c})")).collect();
            self.lang.sentence(&match all {
                true => capitalized(&text),
                false => format!("{}{}{text}", columns.join(self.lang.comma()), self.lang.colon()),
            })
        };
        order.into_iter().map(line).collect()
    }
}

/// Rows lost by reason, as one sentence; `None` when nothing was lost.
fn lost(sample: &Map<String, Value>, lang: Lang) -> Option<String> {
    let mut said = Vec::new();
    for (reason, n) in sample.iter().filter(|(reason, _)| REASONS.iter().any(|r| reason.starts_with(r))) {
        // A plain count, or counts by column (`missing`) or by reason (`lost`).
        let parts = match n.as_object() {
            Some(parts) => parts.iter().map(|(part, n)| (Some(part.as_str()), n)).collect(),
            None => vec![(None, n)],
        };
        for (part, n) in parts {
            let Some(n) = n.as_f64().filter(|n| *n > 0.0) else { continue };
            let what = match part {
                Some(column) if reason == "missing" && column != "zero weight" => {
                    lang.with("missing_in", &format!("`{column}`"))
                }
                Some(part) => lang.say(&part.replace(' ', "_")).replace('_', " "),
                None => lang.say(reason).replace('_', " "),
            };
            said.push(lang.counted(&count(n), &what));
        }
    }
    (!said.is_empty()).then(|| lang.with("rows_lost", &said.join(lang.comma())))
}

/// First letter capital, unless the text begins with a name: of a file (`panel.csv`), a variable (`ln_gdp`), a path of a
/// mediation (`b`).
pub(crate) fn capitalized(text: &str) -> String {
    let mut words = text.split_whitespace();
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let article = first == "a" && !["and", "or", "is", "="].contains(&second);
    let word = first.trim_end_matches([',', ';']);
    if !article && (word.chars().count() < 2 || !word.chars().all(|c| c.is_alphabetic() || c == '-')) {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_begins_with_a_name_keeps_it() {
        for (text, want) in [
            ("panel.csv: read as gb18030", "panel.csv: read as gb18030"),
            ("b and the direct effect hold", "b and the direct effect hold"),
            ("a and b are significant", "a and b are significant"),
            ("a unit is alone", "A unit is alone"),
            ("total effect significant", "Total effect significant"),
            ("two-step errors, corrected", "Two-step errors, corrected"),
            ("`x` dropped", "`x` dropped"),
            ("ln_gdp is constant", "ln_gdp is constant"),
            ("", ""),
        ] {
            assert_eq!(capitalized(text), want);
        }
    }

    #[test]
    fn rows_lost_are_told_by_reason() {
        let sample = |v: Value| v.as_object().unwrap().clone();
        let s =
            sample(serde_json::json!({ "rows": 3179, "missing": 48, "singletons": 3, "levels_city": 289, "where": 0 }));
        assert_eq!(lost(&s, Lang::En).unwrap(), "Rows lost: 48 missing values, 3 singletons");
        let s = sample(
            serde_json::json!({ "rows": 10, "excluded_by_where": 4, "missing": { "fdi": 2, "zero weight": 1 }, "used": 3 }),
        );
        assert_eq!(
            lost(&s, Lang::En).unwrap(),
            "Rows lost: 4 outside the filter, 2 missing in `fdi`, 1 with zero weight"
        );
        let s = sample(serde_json::json!({ "rows": 10, "lost": { "missing": 1, "flood": 2 } }));
        assert_eq!(lost(&s, Lang::Zh).unwrap(), "删去的行：缺失值1、flood2");
        assert_eq!(lost(&Map::new(), Lang::En), None);
    }
}
