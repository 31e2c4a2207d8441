//! A multiverse on paper: the specification curve, what explains its spread, joint inference.

use crate::number::{count, fixed, number, p_value};
use crate::page::{Block, Figure};
use crate::specification::{Specification, specification_curve};
use crate::table::{Align, Cell, Column, Row, Section, Table};
use crate::words::Lang;
use crate::{Error, Result};
use indexmap::IndexMap;
use plim_stats::Coefficient;
use plim_stats::multiverse::joint::Joint;
use serde::{Deserialize, Serialize};

/// The universes of a study and what they say.
#[derive(Debug, Clone, Default)]
pub struct Curve {
    /// What universes answer differently.
    pub questions: Vec<Question>,
    /// Share of the spread that choices make in company only.
    pub interactions: Option<f64>,
    /// Joint inference, where it was asked for.
    pub joint: Option<Joint>,
    /// Universes that failed, by reason.
    pub failed: IndexMap<String, usize>,
    /// Combinations left out, by reason.
    pub excluded: IndexMap<String, usize>,
    /// Those that have an estimate; the main one is first.
    pub universes: Vec<Universe>,
}

/// A question and its alternatives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Question {
    /// The option path, or its label.
    pub name: String,
    /// The alternatives in words.
    pub alternatives: Vec<String>,
    /// Which of them the study has.
    pub own: usize,
    /// Shapley share of the spread.
    pub share: Option<f64>,
    /// Share of pairs that differ in this choice alone and in sign.
    pub flips: Option<f64>,
}

/// A universe.
#[derive(Debug, Clone)]
pub struct Universe {
    /// Its number.
    pub place: usize,
    /// Alternative of each question.
    pub choices: Vec<u16>,
    /// The estimate.
    pub estimate: Coefficient,
    /// Observations.
    pub nobs: usize,
    /// Whether it is the study itself.
    pub main: bool,
}

/// The estimates over all universes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Universes with an estimate.
    pub universes: usize,
    /// Median.
    pub median: f64,
    /// Smallest.
    pub min: f64,
    /// 25 % quantile.
    pub q25: f64,
    /// 75 % quantile.
    pub q75: f64,
    /// Largest.
    pub max: f64,
    /// Share above zero.
    pub positive: f64,
    /// Share below zero.
    pub negative: f64,
    /// Share above zero and significant at 5 %.
    pub positive_significant: f64,
    /// Share below zero and significant at 5 %.
    pub negative_significant: f64,
    /// The study's own estimate.
    pub main: f64,
    /// Share of universes with a smaller estimate.
    pub main_rank: f64,
}

/// Most universes that a figure draws.
const DRAWN: usize = 240;

impl Curve {
    /// The estimates over all universes; all zero without one.
    pub fn summary(&self) -> Summary {
        summary(self.universes.iter())
    }
}

fn summary<'u>(universes: impl Iterator<Item = &'u Universe>) -> Summary {
    let all: Vec<&Universe> = universes.collect();
    let mut values: Vec<f64> = all.iter().map(|u| u.estimate.estimate).collect();
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    if values.is_empty() {
        return Summary::default();
    }
    let share = |test: &dyn Fn(&Coefficient) -> bool| all.iter().filter(|u| test(&u.estimate)).count() as f64 / n;
    let at = |p: f64| plim_stats::math::quantile::quantile(&values, p, Default::default());
    let main = all.iter().find(|u| u.main).map_or(f64::NAN, |u| u.estimate.estimate);
    Summary {
        universes: values.len(),
        median: at(0.5),
        min: values[0],
        q25: at(0.25),
        q75: at(0.75),
        max: values[values.len() - 1],
        positive: share(&|c| c.estimate > 0.0),
        negative: share(&|c| c.estimate < 0.0),
        positive_significant: share(&|c| c.estimate > 0.0 && c.p_value < 0.05),
        negative_significant: share(&|c| c.estimate < 0.0 && c.p_value < 0.05),
        main,
        main_rank: share(&|c| c.estimate < main),
    }
}

/// Curve, summary, questions and joint inference for the report.
pub fn blocks(curve: &Curve, lang: Lang) -> Result<Vec<Block>> {
    if curve.universes.is_empty() {
        return Err(Error::invalid("no universe has an estimate", "see why each of them fails in results.json"));
    }
    let scene = specification_curve(&drawn(curve), lang)?;
    let mut blocks = vec![Block::Figure(Figure { scene, caption: lang.say("specification_curve").into() })];
    blocks.push(Block::Table(estimates(curve, lang)));
    blocks.push(Block::Table(questions(curve, lang)));
    if let Some(joint) = &curve.joint {
        blocks.push(Block::Table(inference(joint, lang)));
    }
    Ok(blocks)
}

/// The universes that the figure has room for: the main one, the ends, and others evenly along the curve.
fn drawn(curve: &Curve) -> Vec<Specification> {
    let mut sorted: Vec<&Universe> = curve.universes.iter().collect();
    sorted.sort_by(|a, b| a.estimate.estimate.total_cmp(&b.estimate.estimate));
    let n = sorted.len();
    // The first universe of each of as many equal parts, and the last of all.
    let part = |i: usize| i * (DRAWN - 1) / n;
    let chosen = |i: usize| n <= DRAWN || sorted[i].main || i == 0 || i + 1 == n || part(i) != part(i - 1);
    let one = |u: &Universe| Specification {
        name: format!("#{}", u.place),
        estimate: u.estimate.clone(),
        choices: (curve.questions.iter().zip(&u.choices))
            .map(|(q, &a)| (q.name.clone(), q.alternatives[usize::from(a)].clone()))
            .collect(),
        main: u.main,
    };
    (0..n).filter(|&i| chosen(i)).map(|i| one(sorted[i])).collect()
}

fn percent(share: f64) -> Cell {
    Cell::number(share, fixed(100.0 * share, 1) + "%")
}

fn estimates(curve: &Curve, lang: Lang) -> Table {
    let s = curve.summary();
    let row = |key: &str, cell: Cell| Row::new(lang.say(key), vec![cell]);
    let value = |v: f64| Cell::number(v, number(v, 4));
    let mut notes = Vec::new();
    let mut counts = |key: &str, all: &IndexMap<String, usize>| {
        notes.extend(all.iter().map(|(why, n)| format!("{}: {why}", lang.with(key, &n.to_string()))));
    };
    counts("universes_failed", &curve.failed);
    counts("universes_excluded", &curve.excluded);
    let drawn = curve.universes.len().min(DRAWN);
    if drawn < curve.universes.len() {
        notes.push(lang.with("universes_drawn", &drawn.to_string()));
    }
    Table {
        id: "multiverse".into(),
        title: lang.say("multiverse_estimates").into(),
        columns: vec![Column::new("", Align::Number)],
        sections: vec![Section::new(vec![
            row("universes", Cell::number(s.universes as f64, count(s.universes as f64))),
            row("main_estimate", value(s.main)),
            row("median", value(s.median)),
            row("min", value(s.min)),
            row("q25", value(s.q25)),
            row("q75", value(s.q75)),
            row("max", value(s.max)),
            row("share_positive", percent(s.positive)),
            row("share_negative", percent(s.negative)),
            row("share_positive_significant", percent(s.positive_significant)),
            row("share_negative_significant", percent(s.negative_significant)),
            row("main_rank", percent(s.main_rank)),
        ])],
        notes,
        ..Table::default()
    }
}

fn questions(curve: &Curve, lang: Lang) -> Table {
    let value = |v: f64| Cell::number(v, number(v, 4));
    let section = |(q, question): (usize, &Question)| {
        let share =
            question.share.map_or(String::new(), |s| format!(" · {}", lang.with("of_spread", &fixed(100.0 * s, 1))));
        let flips =
            question.flips.map_or(String::new(), |f| format!(" · {}", lang.with("flips_sign", &fixed(100.0 * f, 1))));
        let rows = question.alternatives.iter().enumerate().map(|(a, label)| {
            let s = summary(curve.universes.iter().filter(|u| usize::from(u.choices[q]) == a));
            let label = if a == question.own { format!("{label} *") } else { label.clone() };
            match s.universes {
                0 => Row::new(
                    label,
                    vec![Cell::number(0.0, "0"), Cell::empty(), Cell::empty(), Cell::empty(), Cell::empty()],
                ),
                n => Row::new(
                    label,
                    vec![
                        Cell::number(n as f64, count(n as f64)),
                        value(s.median),
                        Cell::text(
                            format!("[{},\u{a0}{}]", number(s.min, 3), number(s.max, 3)).replace('-', "\u{2212}"),
                        ),
                        percent(s.positive),
                        percent(s.positive_significant + s.negative_significant),
                    ],
                ),
            }
        });
        Section { title: Some(format!("{}{share}{flips}", question.name)), rows: rows.collect(), ..Section::default() }
    };
    let mut notes = vec![lang.say("multiverse_note").to_owned()];
    if let Some(rest) = curve.interactions {
        notes.push(lang.with("interactions_of_spread", &fixed(100.0 * rest, 1)));
    }
    Table {
        id: "multiverse-choices".into(),
        title: lang.say("multiverse_choices").into(),
        columns: vec![
            Column::new(lang.say("universes"), Align::Number),
            Column::new(lang.say("median"), Align::Number),
            Column::new(lang.say("range"), Align::Center),
            Column::new(lang.say("share_positive"), Align::Number),
            Column::new(lang.say("share_significant"), Align::Number),
        ],
        sections: curve.questions.iter().enumerate().map(section).collect(),
        notes,
        ..Table::default()
    }
}

fn inference(joint: &Joint, lang: Lang) -> Table {
    let row = |key: &str, cell: Cell, p: f64| Row::new(lang.say(key), vec![cell, Cell::number(p, p_value(p))]);
    Table {
        id: "multiverse-joint".into(),
        title: lang.say("joint_inference").into(),
        columns: vec![Column::new(lang.say("statistic"), Align::Number), Column::new("p", Align::Number)],
        sections: vec![Section::new(vec![
            row("median", Cell::number(joint.median, number(joint.median, 4)), joint.p_median),
            row("share_significant", percent(joint.share_significant), joint.p_share),
            row("mean_z", Cell::number(joint.mean_z, number(joint.mean_z, 3)), joint.p_mean_z),
        ])],
        notes: vec![lang.with("joint_note", &joint.draws.to_string())],
        ..Table::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn universe(place: usize, estimate: f64, p_value: f64, choices: Vec<u16>) -> Universe {
        let estimate = Coefficient {
            name: "x".into(),
            estimate,
            std_error: 1.0,
            statistic: estimate,
            p_value,
            conf_low: estimate - 2.0,
            conf_high: estimate + 2.0,
        };
        Universe { place, choices, estimate, nobs: 10, main: place == 0 }
    }

    #[test]
    fn the_summary_counts_signs_and_significance() {
        let universes = vec![
            universe(0, 2.0, 0.01, vec![0]),
            universe(1, 1.0, 0.2, vec![1]),
            universe(2, -1.0, 0.04, vec![0]),
            universe(3, 4.0, 0.03, vec![1]),
        ];
        let s = Curve { universes, ..Curve::default() }.summary();
        assert_eq!((s.universes, s.median, s.min, s.max, s.main), (4, 1.5, -1.0, 4.0, 2.0));
        assert_eq!((s.positive, s.positive_significant, s.negative_significant, s.main_rank), (0.75, 0.5, 0.25, 0.5));
    }

    #[test]
    fn a_long_curve_is_drawn_in_part_with_its_ends_and_the_main_one() {
        let universes: Vec<Universe> =
            (0..5000).map(|i| universe(i, ((i * 7919) % 5000) as f64, 0.5, vec![(i % 2) as u16])).collect();
        let question = Question { name: "q".into(), alternatives: vec!["a".into(), "b".into()], ..Question::default() };
        let curve = Curve { universes, questions: vec![question], ..Curve::default() };
        let shown = drawn(&curve);
        let values: Vec<f64> = shown.iter().map(|s| s.estimate.estimate).collect();
        assert!((DRAWN..=DRAWN + 2).contains(&shown.len()), "{}", shown.len());
        assert!(values.contains(&0.0) && values.contains(&4999.0) && shown.iter().any(|s| s.main));
        assert!(values.windows(2).all(|w| w[1] - w[0] < 45.0));
    }
}
