//! Heat map of correlations, the columns of a pillar side by side.

use crate::describe::pearson;
use crate::figure::{Anchor, Dash, FONT, Ink, Scene, cut, extent};
use crate::number::fixed;
use crate::plots::{WIDTH, shows, titled};
use crate::{Error, Lang, Result};

/// Columns at most.
pub const MOST: usize = 60;
/// Widest that names may be before they are cut.
const NAME: f64 = 150.0;

/// A column with its pillar, a position in the list of their names.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable<'a> {
    /// Name.
    pub name: String,
    /// Its pillar; none for a map without pillars.
    pub pillar: Option<usize>,
    /// Values, NaN missing.
    pub values: &'a [f64],
}

/// Correlations of columns over the rows that both of a pair have: blue above zero, red below, the deeper the stronger.
///
/// Lines divide the pillars, whose names stand above; below stand the mean correlations within and between them.
pub fn heatmap(variables: &[Variable], pillars: &[String], lang: Lang) -> Result<Scene> {
    let k = variables.len();
    shows(k < 2, "the list of columns to correlate (two at least)")?;
    if k > MOST {
        let message = format!("{k} columns, and the map has room for {MOST}");
        return Err(Error::invalid(message, "draw the pillars apart"));
    }
    let n = variables[0].values.len();
    if let Some(other) = variables.iter().find(|v| v.values.len() != n) {
        return Err(Error::length(format!("`{}`", other.name), other.values.len(), n));
    }
    let r = |a: usize, b: usize| {
        let pairs = variables[a].values.iter().zip(variables[b].values).filter(|(x, y)| x.is_finite() && y.is_finite());
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.map(|(x, y)| (*x, *y)).unzip();
        if x.len() < 3 { f64::NAN } else { pearson(&x, &y) }
    };
    let left = variables.iter().map(|v| extent(&cut(&v.name, NAME))).fold(0.0, f64::max) + 34.0;
    let size = ((WIDTH - left - 4.0) / k as f64).min(46.0);
    let top = if pillars.is_empty() { FONT * 1.8 } else { FONT * 3.4 };
    let bottom = top + size * k as f64;
    let mut scene = titled(lang.say("correlation"), String::new(), bottom + FONT * 1.6);
    let at = |i: usize| size * i as f64;
    let mut strongest: (f64, String) = (0.0, String::new());
    let (mut within, mut between) = (Vec::new(), Vec::new());
    for a in 0..k {
        let y = top + at(a);
        let number = format!("{}", a + 1);
        // The columns go by their numbers: names would not fit above them.
        scene.text((left + at(a) + size / 2.0, top - 4.0), number.clone(), Anchor::Middle, Ink::Muted);
        let name = cut(&variables[a].name, NAME);
        let base = y + size / 2.0 + FONT * 0.35;
        scene.text((left - 8.0, base), format!("{name} {number}"), Anchor::End, Ink::Text);
        for b in 0..k {
            let value = if a == b { 1.0 } else { r(a, b) };
            let place = (left + at(b), y, size, size);
            match value.is_nan() {
                true => scene.cell(place, Ink::Grid, 0.5),
                false => scene.cell(place, Ink::Series(usize::from(value < 0.0)), 0.06 + 0.74 * value.abs()),
            }
            let words = fixed(value, 2).replace('-', "\u{2212}");
            if value.is_finite() && extent(&words) < size - 2.0 {
                scene.text((left + at(b) + size / 2.0, base), words, Anchor::Middle, Ink::Text);
            }
            if b < a && value.is_finite() {
                let same = variables[a].pillar == variables[b].pillar;
                if same {
                    within.push(value)
                } else {
                    between.push(value)
                }
                if value.abs() > strongest.0.abs() {
                    strongest = (value, format!("{} × {}", variables[b].name, variables[a].name));
                }
            }
        }
    }
    for (p, name) in pillars.iter().enumerate() {
        let Some(first) = variables.iter().position(|v| v.pillar == Some(p)) else { continue };
        let count = variables.iter().filter(|v| v.pillar == Some(p)).count();
        let (from, to) = (left + at(first), left + at(first + count));
        scene.text((from + 2.0, FONT * 1.1), cut(name, (to - from - 4.0).max(FONT * 2.0)), Anchor::Start, Ink::Text);
        scene.line(&[(from + 1.0, FONT * 1.5), (to - 1.0, FONT * 1.5)], Ink::Text, 1.4, Dash::Solid);
        if first > 0 {
            scene.line(&[(from, top), (from, bottom)], Ink::Text, 1.4, Dash::Solid);
            let y = top + at(first);
            scene.line(&[(left, y), (left + at(k), y)], Ink::Text, 1.4, Dash::Solid);
        }
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let print = |v: f64| fixed(v, 2).replace('-', "\u{2212}");
    let mut said = vec![format!("{}: {}", strongest.1, print(strongest.0))];
    if !pillars.is_empty() && !within.is_empty() && !between.is_empty() {
        let of = [lang.with("mean_within", &print(mean(&within))), lang.with("mean_between", &print(mean(&between)))];
        let words = of.join(lang.comma());
        scene.text((left, bottom + FONT * 1.2), cut(&words, WIDTH - left), Anchor::Start, Ink::Muted);
        said.push(words);
    }
    scene.description = said.join("; ");
    Ok(scene)
}
