//! The table of a resampled chain: conventional standard errors beside those that count the measures as estimates.

use crate::number::{fixed, number};
use crate::table::{Align, Cell, Column, Row, Section, Table};
use crate::words::Lang;
use indexmap::IndexMap;
use plim_stats::resample::chain::{Bounds, Spread};

/// A quantity of a fit and its spread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    /// Where it is in the fit: `coefficients/x`.
    pub name: String,
    /// Estimate.
    pub estimate: f64,
    /// Conventional standard error; NaN where there is none.
    pub std_error: f64,
    /// What the replications say.
    pub spread: Spread,
    /// The clusters that move it most when left out, and by how much.
    pub influence: Vec<(String, f64)>,
}

/// A section for each fit, a row for each quantity.
pub fn chain_table(
    fits: &IndexMap<String, Vec<Line>>,
    label: &dyn Fn(&str) -> Option<String>,
    notes: &[String],
    lang: Lang,
) -> Table {
    let shares = fits.values().flatten().any(|l| l.spread.generated_share.is_some());
    let influence = fits.values().flatten().any(|l| !l.influence.is_empty());
    let interval = |b: Option<Bounds>| match b {
        // Kept together, with the minus of the other numbers.
        Some(b) => Cell::text(format!("[{},\u{a0}{}]", number(b.low, 3), number(b.high, 3)).replace('-', "\u{2212}")),
        None => Cell::empty(),
    };
    let value = |v: Option<f64>| v.map_or_else(Cell::empty, |v| Cell::number(v, number(v, 4)));
    let known = |kind: fn(&Spread) -> bool| fits.values().flatten().any(|l| kind(&l.spread));
    let (percentile, bca, studentized) =
        (known(|s| s.percentile.is_some()), known(|s| s.bca.is_some()), known(|s| s.studentized.is_some()));
    let row = |l: &Line| {
        let finite = |v: f64| v.is_finite().then_some(v);
        let mut cells = vec![value(finite(l.estimate)), value(finite(l.std_error)), value(l.spread.std_error)];
        if shares {
            cells.push(value(l.spread.std_error_frozen));
            let share = |v: f64| Cell::number(v, fixed(100.0 * v, 1) + "%");
            cells.push(l.spread.generated_share.map_or_else(Cell::empty, share));
        }
        for (known, bounds) in
            [(percentile, l.spread.percentile), (bca, l.spread.bca), (studentized, l.spread.studentized)]
        {
            if known {
                cells.push(interval(bounds));
            }
        }
        if influence {
            let most = l.influence.first();
            cells.push(Cell::text(most.map_or(String::new(), |(unit, by)| format!("{unit} ({})", number(*by, 3)))));
        }
        Row::new(named(&l.name, label), cells)
    };
    let mut heads = vec![
        ("estimate", Align::Number),
        ("std_error_conventional", Align::Number),
        ("std_error_chain", Align::Number),
    ];
    if shares {
        heads.extend([("std_error_frozen", Align::Number), ("generated_share", Align::Number)]);
    }
    for (known, head) in
        [(percentile, "percentile_interval"), (bca, "bca_interval"), (studentized, "studentized_interval")]
    {
        if known {
            heads.push((head, Align::Center));
        }
    }
    if influence {
        heads.push(("most_influential", Align::Left));
    }
    let section = |(name, lines): (&String, &Vec<Line>)| Section {
        title: Some(label(name).unwrap_or_else(|| name.clone())),
        rows: lines.iter().map(row).collect(),
        ..Section::default()
    };
    Table {
        id: "resample".into(),
        title: lang.say("chain_title").into(),
        columns: heads.into_iter().map(|(head, align)| Column::new(lang.say(head), align)).collect(),
        sections: fits.iter().map(section).collect(),
        notes: [lang.say("chain_note").to_owned()].into_iter().chain(notes.iter().cloned()).collect(),
        ..Table::default()
    }
}

/// The path of a quantity in words: the variable of a coefficient, else the parts of the path.
fn named(path: &str, label: &dyn Fn(&str) -> Option<String>) -> String {
    let parts: Vec<String> = path.split('/').map(|p| p.replace("~1", "/").replace("~0", "~")).collect();
    let said = |p: &String| label(p).unwrap_or_else(|| p.clone());
    match parts.as_slice() {
        [place, name] if place == "coefficients" => said(name),
        [place, group, _, name] if place == "groups" => format!("{} ({group})", said(name)),
        [place, rest @ ..] if place == "effects" || place == "stats" => {
            rest.iter().map(said).collect::<Vec<_>>().join(" ")
        }
        all => all.iter().map(said).collect::<Vec<_>>().join(" "),
    }
}
