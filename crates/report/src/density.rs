//! Kernel densities, and the figure that compares groups or years.
//!
//! ```text
//! f(v) = 1/(n h) Σ φ((v - x_i)/h),    h = 0.9 min(s, IQR/1.34) n^(-1/5)
//! ```
//!
//! with Silverman's bandwidth (1986, eq. 3.31). At a bound that no value can pass, such as 1 for a score, the sample is
//! reflected (1986, section 2.10): what a plain kernel would put beyond the bound comes back, so that the density still
//! integrates to one.

use crate::figure::{Anchor, Axis, Dash, FONT, Ink, Plane, Scene, cut, dash, drawable, extent};
use crate::number::{count, number};
use crate::plots::{HEIGHT, WIDTH, shows, titled};
use crate::table::{Align, Cell, Column, Row, Section, Table};
use crate::words::Lang;
use crate::{Error, Result};
use plim_stats::math::quantile::{QuantileType, quantile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No bounds.
pub const UNBOUNDED: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];
/// Points of a curve.
const GRID: usize = 240;
/// Bandwidths from the data beyond which there is nothing to see.
const TAIL: f64 = 3.0;
/// Height of a ridge.
const RIDGE: f64 = 44.0;

/// How the densities of several groups stand to each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// One below the other, on one scale.
    #[default]
    Ridges,
    /// In one field, told apart by color and stroke.
    Overlaid,
}

/// Silverman's bandwidth; none without spread.
pub fn bandwidth(sample: &[f64]) -> Option<f64> {
    let n = sample.len() as f64;
    let sorted = sorted(sample);
    let mean = sample.iter().sum::<f64>() / n;
    let sd = (sample.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0)).sqrt();
    let q = |p: f64| quantile(&sorted, p, QuantileType::NumPy);
    let spread = if sorted.is_empty() { f64::NAN } else { (q(0.75) - q(0.25)) / 1.34 };
    let h = 0.9 * (if spread > 0.0 { sd.min(spread) } else { sd }) * n.powf(-0.2);
    (h.is_finite() && h > 0.0).then_some(h)
}

/// Gaussian kernel density on a grid over `within`, reflected at `bounds`; empty without spread.
pub fn density(sample: &[f64], bounds: [f64; 2], within: [f64; 2]) -> Vec<(f64, f64)> {
    let Some(h) = bandwidth(sample) else { return Vec::new() };
    let images: Vec<f64> = sample.iter().flat_map(|&x| images(x, bounds)).collect();
    let norm = 1.0 / (sample.len() as f64 * h * (2.0 * std::f64::consts::PI).sqrt());
    let at = |v: f64| norm * images.iter().map(|x| (-0.5 * ((v - x) / h).powi(2)).exp()).sum::<f64>();
    let (least, greatest) = range(sample);
    let low = (least - TAIL * h).max(within[0]).max(bounds[0]);
    let high = (greatest + TAIL * h).min(within[1]).min(bounds[1]);
    (0..=GRID).map(|i| low + (high - low) * i as f64 / GRID as f64).map(|v| (v, at(v))).collect()
}

/// A value and its mirror images; between two bounds they repeat.
fn images(x: f64, [low, high]: [f64; 2]) -> Vec<f64> {
    let mut all = vec![x];
    all.extend((low.is_finite()).then_some(2.0 * low - x));
    all.extend((high.is_finite()).then_some(2.0 * high - x));
    if low.is_finite() && high.is_finite() {
        let period = 2.0 * (high - low);
        all.extend([x - period, x + period, 2.0 * low - x - period, 2.0 * high - x + period]);
    }
    all
}

/// A sample by name, its values finite.
pub type Group = (String, Vec<f64>);

/// The densities of the groups with their medians marked.
pub fn densities(groups: &[Group], bounds: [f64; 2], layout: Layout, title: &str, lang: Lang) -> Result<Scene> {
    shows(groups.iter().all(|g| g.1.is_empty()), "the list of values of the density")?;
    let values = || groups.iter().flat_map(|g| &g.1).copied();
    if values().any(|v| !drawable(v)) {
        return Err(Error::new(plim_stats::Kind::NotFinite).at_column(title));
    }
    let beyond = values().filter(|v| *v < bounds[0] || *v > bounds[1]).count();
    if beyond > 0 {
        return Err(Error::invalid(
            format!("{beyond} values of `{title}` lie beyond the bound at which the density is to be reflected"),
            "leave `lower` and `upper` out, or set them to bounds that hold",
        ));
    }
    let curves: Vec<Vec<(f64, f64)>> = groups.iter().map(|g| density(&g.1, bounds, UNBOUNDED)).collect();
    let ends = curves.iter().flatten().map(|c| c.0).chain(values());
    let x = Axis::over(ends, 7);
    let peak = curves.iter().flatten().map(|c| c.1).fold(0.0, f64::max);
    let mut scene = match layout {
        Layout::Ridges => ridges(groups, &curves, x, peak, title, lang),
        Layout::Overlaid => overlaid(groups, &curves, x, peak, title, lang),
    };
    let medians = groups.iter().filter(|g| !g.1.is_empty());
    let said: Vec<String> = medians.map(|(n, v)| format!("{n}: {}", number(median(v), 3))).collect();
    scene.description = format!("{}{}{}", lang.say("median"), lang.colon(), said.join("; "));
    Ok(scene)
}

/// One density below the other.
fn ridges(groups: &[Group], curves: &[Vec<(f64, f64)>], x: Axis, peak: f64, title: &str, lang: Lang) -> Scene {
    let bottom = 10.0 + groups.len() as f64 * RIDGE;
    let mut scene = titled(lang.say("density"), String::new(), bottom + FONT * 3.6);
    let left = groups.iter().map(|g| extent(&cut(&g.0, 200.0))).fold(0.0, f64::max) + 20.0;
    let right = WIDTH - extent(&x.label(x.high)).max(24.0) / 2.0;
    let px = |v: f64| left + (v - x.low) / (x.high - x.low) * (right - left);
    for &t in &x.ticks {
        scene.line(&[(px(t), 8.0), (px(t), bottom)], Ink::Grid, 1.0, Dash::Solid);
        scene.text((px(t), bottom + 5.0 + FONT), x.label(t), Anchor::Middle, Ink::Muted);
    }
    for (i, ((name, values), curve)) in groups.iter().zip(curves).enumerate() {
        let base = 10.0 + (i + 1) as f64 * RIDGE;
        let tall = |d: f64| if peak > 0.0 { d / peak * (RIDGE - 6.0) } else { 0.0 };
        scene.line(&[(left, base), (right, base)], Ink::Grid, 1.0, Dash::Solid);
        scene.text((left - 12.0, base - 4.0), cut(name, 200.0), Anchor::End, Ink::Text);
        let edges: Vec<_> = curve.iter().map(|&(v, d)| (px(v), base, base - tall(d))).collect();
        scene.band(&edges, Ink::Series(0));
        let line: Vec<_> = edges.iter().map(|e| (e.0, e.2)).collect();
        scene.line(&line, Ink::Series(0), 1.6, Dash::Solid);
        if !values.is_empty() {
            let at = median(values);
            let height = tall(height(curve, at)).max(RIDGE * 0.2);
            scene.line(&[(px(at), base), (px(at), base - height)], Ink::Series(1), 2.0, Dash::Solid);
        }
    }
    let at = ((left + right) / 2.0, scene.height - 6.0);
    scene.text(at, cut(title, WIDTH - 8.0), Anchor::Middle, Ink::Text);
    scene
}

/// All densities in one field.
fn overlaid(groups: &[Group], curves: &[Vec<(f64, f64)>], x: Axis, peak: f64, title: &str, lang: Lang) -> Scene {
    let mut scene = titled(lang.say("density"), String::new(), HEIGHT);
    let names: Vec<String> = groups.iter().map(|g| g.0.clone()).collect();
    let top = if names.len() > 1 { scene.legend(&names, 2.0, 2.0, true) } else { 0.0 };
    let y = Axis::over([0.0, if peak > 0.0 { peak } else { 1.0 }], 5);
    let plane = Plane::new(&mut scene, x, y, (title, lang.say("density")), top);
    for (s, ((_, values), curve)) in groups.iter().zip(curves).enumerate() {
        let edges: Vec<_> = curve.iter().map(|&(v, d)| (plane.px(v), plane.py(0.0), plane.py(d))).collect();
        scene.band(&edges, Ink::Series(s));
        let line: Vec<_> = edges.iter().map(|e| (e.0, e.2)).collect();
        scene.line(&line, Ink::Series(s), 2.2, dash(s));
        if !values.is_empty() {
            let at = median(values);
            let high = height(curve, at);
            scene.line(&[plane.at(at, 0.0), plane.at(at, high)], Ink::Series(s), 1.2, dash(s));
            scene.dot(plane.at(at, high), s, false);
        }
    }
    scene
}

/// Residuals in bins (from, to, density) under the density that was fitted to them.
pub fn composed(bins: &[(f64, f64, f64)], curve: &[(f64, f64)], lang: Lang) -> Result<Scene> {
    shows(bins.is_empty() || curve.is_empty(), "the list of residuals of the figure")?;
    let mut numbers = bins.iter().flat_map(|b| [b.0, b.1, b.2]).chain(curve.iter().flat_map(|c| [c.0, c.1]));
    if numbers.any(|v| !drawable(v)) {
        return Err(Error::new(plim_stats::Kind::NotFinite).at_column(lang.say("residuals")));
    }
    let mut scene = titled(lang.say("composed_error"), String::new(), HEIGHT);
    let names = ["residuals", "fitted_density"].map(|n| lang.say(n).to_string());
    let top = scene.legend(&names, 2.0, 2.0, true);
    let peak = bins.iter().map(|b| b.2).chain(curve.iter().map(|c| c.1)).fold(0.0, f64::max);
    let x = Axis::over(bins.iter().flat_map(|b| [b.0, b.1]), 7);
    let y = Axis::over([0.0, peak], 5);
    let plane = Plane::new(&mut scene, x, y, (lang.say("residual"), lang.say("histogram_density")), top);
    for &(from, to, density) in bins {
        let (left, high) = (plane.px(from), plane.py(density));
        scene.bar((left + 0.5, high, plane.px(to) - left - 1.0, plane.field.3 - high), Ink::Series(0), true);
    }
    let line: Vec<_> = curve.iter().map(|&(v, d)| plane.at(v, d)).collect();
    scene.line(&line, Ink::Series(1), 2.2, dash(1));
    // Half the area between the two.
    let apart: f64 = bins.iter().map(|b| (b.1 - b.0) * (b.2 - height(curve, 0.5 * (b.0 + b.1))).abs() / 2.0).sum();
    scene.description = format!("{}{}{}", lang.say("apart"), lang.colon(), number(apart, 3));
    Ok(scene)
}

/// Number, mean, median and bandwidth of each group, and how the figure was made.
pub fn summary(groups: &[Group], bounds: [f64; 2], digits: usize, lang: Lang) -> Table {
    let row = |(name, values): &Group| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let cell = |v: f64| Cell::number(v, number(v, digits));
        let h = bandwidth(values).unwrap_or(f64::NAN);
        Row::new(name.clone(), vec![Cell::number(n, count(n)), cell(mean), cell(median(values)), cell(h)])
    };
    let mut notes = vec![lang.say("density_note").to_owned()];
    let finite: Vec<String> = bounds.iter().filter(|b| b.is_finite()).map(|b| number(*b, 2)).collect();
    if !finite.is_empty() {
        notes.push(lang.with("reflected", &finite.join(lang.comma())));
    }
    Table {
        columns: ["n", "mean", "median", "bandwidth"].map(|h| Column::new(lang.say(h), Align::Number)).into(),
        sections: vec![Section::new(groups.iter().map(row).collect())],
        notes,
        ..Table::default()
    }
}

/// The density at a value of the grid's range, between its neighbors.
fn height(curve: &[(f64, f64)], v: f64) -> f64 {
    (curve.windows(2).find(|w| (w[0].0..=w[1].0).contains(&v)))
        .map_or(0.0, |w| w[0].1 + (w[1].1 - w[0].1) * (v - w[0].0) / (w[1].0 - w[0].0))
}

/// The middle value, of the finite ones.
pub fn median(values: &[f64]) -> f64 {
    match values.is_empty() {
        true => f64::NAN,
        false => quantile(&sorted(values), 0.5, QuantileType::NumPy),
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(curve: &[(f64, f64)]) -> f64 {
        curve.windows(2).map(|w| (w[1].0 - w[0].0) * (w[0].1 + w[1].1) / 2.0).sum()
    }

    #[test]
    fn a_density_integrates_to_one_also_at_its_bounds() {
        let wave: Vec<f64> = (0..200).map(|i| (i as f64 * 0.7).sin() + i as f64 / 100.0).collect();
        assert!((area(&density(&wave, UNBOUNDED, UNBOUNDED)) - 1.0).abs() < 1e-3);
        // Scores: a third of the units at the bound itself.
        let scores: Vec<f64> = (0..90).map(|i| 1.0f64.min(0.4 + f64::from(i) / 100.0)).collect();
        for bounds in [[f64::NEG_INFINITY, 1.0], [0.0, 1.0], [0.4, 1.0]] {
            let curve = density(&scores, bounds, UNBOUNDED);
            assert!((area(&curve) - 1.0).abs() < 1e-3, "{bounds:?}: {}", area(&curve));
            assert!(curve.iter().all(|c| c.0 <= 1.0));
        }
        // Without the bound a good part of the mass lies where no score can be.
        let loose = density(&scores, UNBOUNDED, [f64::NEG_INFINITY, 1.0]);
        assert!(area(&loose) < 0.9, "{}", area(&loose));
    }

    #[test]
    fn the_bandwidth_is_silvermans() {
        // 1..9: sd √7.5, quartiles 3 and 7, IQR/1.34 = 2.98507 above the sd.
        let sample: Vec<f64> = (1..=9).map(f64::from).collect();
        let wanted = 0.9 * 7.5f64.sqrt() * 9f64.powf(-0.2);
        assert!((bandwidth(&sample).unwrap() - wanted).abs() < 1e-12 * wanted);
        assert_eq!(bandwidth(&[2.0, 2.0]), None);
        assert_eq!(bandwidth(&[2.0]), None);
        assert_eq!(bandwidth(&[]), None);
    }
}
