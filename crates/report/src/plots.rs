//! The figures of an empirical paper: coefficients, event study, marginal effects, placebo, paths, weights.
//!
//! Each takes numbers and gives a [`Scene`]; a value that is not finite is not drawn, and a figure
//! that would show nothing is refused.

use crate::density::{UNBOUNDED, density};
use crate::effects::bin;
use crate::figure::{Anchor, Axis, Dash, FONT, Ink, Plane, Scene, cut, drawable, extent};
use crate::number::{number, p_value};
use crate::words::Lang;
use crate::{Error, Fit, Result};
use plim_stats::{Coefficient, Kind};
use std::collections::BTreeMap;

/// Width of every figure: the text width of a page.
pub(crate) const WIDTH: f64 = 660.0;
/// Height of figures with two axes.
pub(crate) const HEIGHT: f64 = 390.0;
/// Widest that labels at the left may be before they are cut.
const LABELS: f64 = 230.0;

/// A model of a coefficient plot: its name and its coefficients.
pub type Series<'a> = (&'a str, &'a [Coefficient]);

/// Estimates with their 95 % intervals, a row a coefficient, models side by side.
pub fn coefficients(series: &[Series], labels: &BTreeMap<String, String>, lang: Lang) -> Result<Scene> {
    let drawn = |c: &&Coefficient| drawable(c.estimate);
    let mut names: Vec<&str> = Vec::new();
    for c in series.iter().flat_map(|(_, list)| list.iter()).filter(drawn) {
        if !names.contains(&c.name.as_str()) {
            names.push(&c.name);
        }
    }
    shows(names.is_empty(), "the list of coefficients with a finite estimate")?;
    let label = |name: &str| labels.get(name).cloned().unwrap_or_else(|| name.to_owned());
    let row = (series.len() as f64 * 14.0 + 16.0).max(30.0);
    let mut scene = titled(lang.say("coefplot"), String::new(), names.len() as f64 * row + 60.0);
    let legend: Vec<String> = series.iter().map(|(n, _)| (*n).to_owned()).collect();
    let mut top = 6.0;
    if series.len() > 1 {
        let wide = WIDTH - 4.0;
        let rows = legend.iter().map(|l| extent(&cut(l, wide)) + 54.0).sum::<f64>() / wide;
        scene.height += FONT * 1.6 * (rows.ceil() + 1.0);
        top += scene.legend(&legend, 2.0, 4.0, false);
    }
    let bottom = top + names.len() as f64 * row + 6.0;
    scene.height = bottom + FONT * 2.2;

    let all = series.iter().flat_map(|(_, l)| l.iter()).filter(drawn);
    let axis = Axis::over(all.flat_map(|c| [c.estimate, c.conf_low, c.conf_high]).chain([0.0]), 6);
    let left = names.iter().map(|n| extent(&cut(&label(n), LABELS))).fold(0.0, f64::max) + 16.0;
    let right = WIDTH - extent(&axis.label(axis.high)).max(24.0) / 2.0;
    let px = |v: f64| left + (v - axis.low) / (axis.high - axis.low) * (right - left);
    for &t in &axis.ticks {
        let (ink, width) = if t == 0.0 { (Ink::Muted, 1.2) } else { (Ink::Grid, 1.0) };
        scene.line(&[(px(t), top), (px(t), bottom)], ink, width, Dash::Solid);
        scene.text((px(t), bottom + 4.0 + FONT), axis.label(t), Anchor::Middle, Ink::Muted);
    }
    for (i, name) in names.iter().enumerate() {
        let middle = top + (i as f64 + 0.5) * row;
        scene.text((left - 12.0, middle + FONT * 0.35), cut(&label(name), LABELS), Anchor::End, Ink::Text);
        for (s, (_, list)) in series.iter().enumerate() {
            let Some(c) = list.iter().find(|c| c.name == **name) else { continue };
            let y = middle + (s as f64 - (series.len() as f64 - 1.0) / 2.0) * 14.0;
            scene.line(&[(px(c.conf_low), y), (px(c.conf_high), y)], Ink::Series(s), 2.0, Dash::Solid);
            scene.dot((px(c.estimate), y), s, false);
            scene.hint((px(c.estimate), y), said(&label(&c.name), c));
        }
    }
    let first = series.iter().flat_map(|(_, l)| l.iter()).find(drawn).map(|c| said(&label(&c.name), c));
    scene.description = first.unwrap_or_default();
    Ok(scene)
}

/// Event study: estimates by period since treatment with pointwise 95 % intervals, the reference period hollow at zero;
/// where a fit carries simultaneous bands (`bands`), thin bars reach to them.
pub fn event_study(fits: &[(&str, &Fit)], lang: Lang) -> Result<Scene> {
    shows(fits.is_empty(), "the list of event studies")?;
    let studies: Vec<_> = fits.iter().map(|(n, f)| Ok((*n, crate::effects::event_times(f)?))).collect::<Result<_>>()?;
    let mut scene = titled(lang.say("event_study"), String::new(), HEIGHT);
    let names: Vec<String> = studies.iter().map(|(n, _)| (*n).to_owned()).collect();
    let top = if names.len() > 1 { scene.legend(&names, 2.0, 2.0, false) } else { 0.0 };
    let cs = || studies.iter().flat_map(|(_, (times, _))| times.iter());
    let bands: Vec<Vec<(String, f64, f64)>> = fits.iter().map(|(_, f)| simultaneous(f)).collect();
    let wide = bands.iter().flatten().flat_map(|b| [b.1, b.2]);
    let y = Axis::over(cs().flat_map(|(_, c)| [c.estimate, c.conf_low, c.conf_high]).chain(wide).chain([0.0]), 6);
    let span = cs().map(|(t, _)| *t as f64).chain(studies.iter().map(|(_, (_, r))| *r as f64));
    let (first, last) = span.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), t| (l.min(t), h.max(t)));
    let mut x = Axis::over([first, last], ((last - first) as usize).clamp(1, 12));
    x.ticks.retain(|t| (first..=last).contains(t) && t.fract() == 0.0);
    (x.low, x.high, x.decimals) = (first - 0.6, last + 0.6, 0);
    let binned = |t: f64, sign: &str| fits.iter().all(|(_, f)| bin(f, t as i64) == sign).then_some(t);
    x.bins = [binned(first, "≤"), binned(last, "≥")];
    let plane = Plane::new(&mut scene, x, y, (lang.say("event_axis"), lang.say("estimate")), top);
    plane.horizontal(&mut scene, 0.0);
    plane.vertical(&mut scene, studies[0].1.1 as f64 + 0.5);
    for (s, (_, (times, reference))) in studies.iter().enumerate() {
        let shift = (s as f64 - (studies.len() as f64 - 1.0) / 2.0) * 0.16;
        let mut points: Vec<(f64, f64, f64, f64)> =
            times.iter().map(|(t, c)| (*t as f64, c.estimate, c.conf_low, c.conf_high)).collect();
        points.push((*reference as f64, 0.0, 0.0, 0.0));
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        if studies.len() == 1 {
            let edges: Vec<_> = points.iter().map(|p| (plane.px(p.0), plane.py(p.2), plane.py(p.3))).collect();
            scene.band(&edges, Ink::Series(s));
        }
        for (t, c) in times {
            let at = plane.px(*t as f64 + shift);
            if let Some((_, low, high)) = bands[s].iter().find(|b| b.0 == c.name) {
                scene.line(&[(at, plane.py(*low)), (at, plane.py(*high))], Ink::Series(s), 0.8, Dash::Solid);
                for v in [*low, *high] {
                    scene.line(&[(at - 4.0, plane.py(v)), (at + 4.0, plane.py(v))], Ink::Series(s), 0.8, Dash::Solid);
                }
            }
            let time = format!("{}{t}", bin(fits[s].1, *t));
            scene.hint((at, plane.py(c.estimate)), said(&lang.with("event_time", &time), c));
        }
        for &(t, b, low, high) in &points {
            let at = plane.px(t + shift);
            scene.line(&[(at, plane.py(low)), (at, plane.py(high))], Ink::Series(s), 1.8, Dash::Solid);
            scene.dot((at, plane.py(b)), s, t == *reference as f64);
        }
    }
    let (_, (times, reference)) = &studies[0];
    let last = times.last().map(|(t, c)| said(&lang.with("event_time", &t.to_string()), c)).unwrap_or_default();
    scene.description = format!("{} {last}", lang.with("reference", &reference.to_string()));
    if bands.iter().any(|b| !b.is_empty()) {
        scene.description = format!("{} {}", scene.description, lang.say("sup_t"));
    }
    Ok(scene)
}

/// The simultaneous bands that a fit carries: coefficient and bounds.
fn simultaneous(fit: &Fit) -> Vec<(String, f64, f64)> {
    let list = fit.more.get("bands").and_then(|b| b.get("coefficients")).and_then(serde_json::Value::as_array);
    let one = |b: &serde_json::Value| {
        let get = |key: &str| b.get(key).and_then(serde_json::Value::as_f64);
        Some((b.get("name")?.as_str()?.to_owned(), get("conf_low")?, get("conf_high")?))
    };
    list.into_iter().flatten().filter_map(one).collect()
}

/// One point of a marginal effect: value of the moderator, effect, its 95 % interval.
pub type Effect = (f64, f64, f64, f64);

/// Marginal effect of the treatment over the moderator with a pointwise band; `bounds` are the Johnson–Neyman
/// values where it gains or loses significance, `sample` the moderator's values, drawn as a histogram below.
pub fn marginal(line: &[Effect], bounds: &[f64], sample: &[f64], moderator: &str, lang: Lang) -> Result<Scene> {
    let mut line: Vec<Effect> = line.iter().copied().filter(|p| drawable(p.0) && drawable(p.1)).collect();
    line.sort_by(|a, b| a.0.total_cmp(&b.0));
    if line.len() < 2 {
        return Err(Error::length("the marginal-effect line (finite points)", line.len(), 2));
    }
    let mut scene = titled(lang.say("effect_of"), String::new(), HEIGHT);
    let x = Axis::tight(&line.iter().map(|p| p.0).collect::<Vec<_>>(), 6);
    let mut y = Axis::over(line.iter().flat_map(|p| [p.1, p.2, p.3]).chain([0.0]), 6);
    let bins = histogram(sample, x.low, x.high);
    if !bins.is_empty() {
        // A strip for the histogram, below all that matters.
        y.low -= 0.18 * (y.high - y.low);
    }
    let plane = Plane::new(&mut scene, x, y, (moderator, lang.say("effect_of")), 0.0);
    let most = bins.iter().map(|b| b.2).max().unwrap_or(0) as f64;
    for &(low, high, n) in &bins {
        let tall = n as f64 / most * 0.13 * (plane.field.3 - plane.field.1);
        let at = (plane.px(low) + 0.5, plane.field.3 - tall, plane.px(high) - plane.px(low) - 1.0, tall);
        scene.bar(at, Ink::Muted, true);
    }
    plane.horizontal(&mut scene, 0.0);
    for &b in bounds.iter().filter(|b| (plane.x.low..=plane.x.high).contains(b)) {
        plane.vertical(&mut scene, b);
        let right_half = plane.px(b) > (plane.field.0 + plane.field.2) / 2.0;
        let (dx, anchor) = if right_half { (-5.0, Anchor::End) } else { (5.0, Anchor::Start) };
        let text = number(b, 2).replace('-', "\u{2212}");
        scene.text((plane.px(b) + dx, plane.field.1 + FONT), text, anchor, Ink::Muted);
    }
    let edges: Vec<_> = line.iter().map(|p| (plane.px(p.0), plane.py(p.2), plane.py(p.3))).collect();
    scene.band(&edges, Ink::Series(0));
    let points: Vec<_> = line.iter().map(|p| plane.at(p.0, p.1)).collect();
    scene.line(&points, Ink::Series(0), 2.2, Dash::Solid);
    let (a, b) = (line[0], line[line.len() - 1]);
    scene.description = format!(
        "{} = {}: {}. {} = {}: {}.",
        moderator,
        number(a.0, 3),
        number(a.1, 3),
        moderator,
        number(b.0, 3),
        number(b.1, 3)
    );
    Ok(scene)
}

/// Placebo estimates as a histogram with their kernel density, the actual estimate as a line.
pub fn placebo(draws: &[f64], actual: f64, p: Option<f64>, lang: Lang) -> Result<Scene> {
    let draws: Vec<f64> = draws.iter().copied().filter(|d| drawable(*d)).collect();
    shows(draws.is_empty(), "the list of finite placebo estimates")?;
    if !drawable(actual) {
        return Err(Error::new(Kind::NotFinite).at_column("actual estimate"));
    }
    let mut scene = titled(lang.say("placebo"), String::new(), HEIGHT);
    let x = Axis::over(draws.iter().copied().chain([actual]), 7);
    let (low, high) = draws.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), d| (l.min(*d), h.max(*d)));
    let bins = histogram(&draws, low, high);
    let most = bins.iter().map(|b| b.2).max().unwrap_or(1) as f64;
    let wide = bins.first().map_or(0.0, |b| b.1 - b.0);
    let curve = density(&draws, UNBOUNDED, [x.low, x.high]);
    // The curve in counts of the bins, so that both share the axis.
    let scale = draws.len() as f64 * wide;
    let peak = curve.iter().map(|c| c.1 * scale).fold(most, f64::max);
    let mut y = Axis::over([0.0, peak * 1.08], 5);
    y.ticks.retain(|t| t.fract() == 0.0);
    let plane = Plane::new(&mut scene, x, y, (lang.say("placebo"), lang.say("draws")), 0.0);
    for &(a, b, n) in &bins {
        let at = (
            plane.px(a) + 0.5,
            plane.py(n as f64),
            plane.px(b) - plane.px(a) - 1.0,
            plane.field.3 - plane.py(n as f64),
        );
        scene.bar(at, Ink::Series(0), true);
    }
    let points: Vec<_> = curve.iter().map(|&(v, d)| plane.at(v, d * scale)).collect();
    scene.line(&points, Ink::Series(0), 2.0, Dash::Solid);
    let at = plane.px(actual);
    scene.line(&[(at, plane.field.1), (at, plane.field.3)], Ink::Series(1), 2.0, Dash::Long);
    let p =
        p.filter(|p| p.is_finite()).map_or(String::new(), |p| format!(" (p = {})", p_value(p)).replace("= <", "< "));
    let text = format!("{} {}{p}", lang.say("actual"), number(actual, 3).replace('-', "\u{2212}"));
    // On the side with more room.
    let (dx, anchor) =
        if at > (plane.field.0 + plane.field.2) / 2.0 { (-8.0, Anchor::End) } else { (8.0, Anchor::Start) };
    scene.text((at + dx, plane.field.1 - 6.0 + FONT), text.clone(), anchor, Ink::Series(1));
    scene.description = text;
    Ok(scene)
}

/// Horizontal bars, as for the weights of an index.
pub fn bars(values: &[(String, f64)], title: &str) -> Result<Scene> {
    let values: Vec<&(String, f64)> = values.iter().filter(|v| drawable(v.1)).collect();
    shows(values.is_empty(), "the list of bars with finite values")?;
    let row = 26.0;
    let mut scene = titled(title, String::new(), values.len() as f64 * row + 14.0);
    let axis = Axis::over(values.iter().map(|v| v.1).chain([0.0]), 5);
    let printed = |v: f64| number(v, 3).replace('-', "\u{2212}");
    let room = values.iter().map(|v| extent(&printed(v.1))).fold(0.0, f64::max) + 14.0;
    let left = values.iter().map(|v| extent(&cut(&v.0, LABELS))).fold(0.0, f64::max) + 16.0;
    // Negative bars carry their number at the left end, inside the field.
    let inset = if axis.low < 0.0 { room } else { 0.0 };
    let px = |v: f64| left + inset + (v - axis.low) / (axis.high - axis.low) * (WIDTH - room - left - inset);
    for (i, (name, v)) in values.iter().map(|v| (&v.0, v.1)).enumerate() {
        let y = 6.0 + i as f64 * row;
        let (a, b) = (px(v.min(0.0)), px(v.max(0.0)));
        scene.bar((a, y + 4.0, b - a, row - 9.0), Ink::Series(0), false);
        scene.text((left - 12.0, y + row / 2.0 + FONT * 0.35), cut(name, LABELS), Anchor::End, Ink::Text);
        let (x, anchor) = if v < 0.0 { (a - 7.0, Anchor::End) } else { (b + 7.0, Anchor::Start) };
        scene.text((x, y + row / 2.0 + FONT * 0.35), printed(v), anchor, Ink::Muted);
    }
    scene.line(&[(px(0.0), 4.0), (px(0.0), scene.height - 4.0)], Ink::Muted, 1.0, Dash::Solid);
    scene.description = values.iter().map(|v| format!("{}: {}", v.0, printed(v.1))).collect::<Vec<_>>().join("; ");
    Ok(scene)
}

pub(crate) fn titled(title: &str, description: String, height: f64) -> Scene {
    Scene { width: WIDTH, height, title: title.into(), description, marks: Vec::new() }
}

pub(crate) fn shows(nothing: bool, what: &str) -> Result<()> {
    if nothing { Err(Error::new(Kind::Empty { what: what.into() })) } else { Ok(()) }
}

fn said(label: &str, c: &Coefficient) -> String {
    let print = |v: f64| if v.is_finite() { number(v, 3) } else { "–".into() };
    format!("{label}: {} [{}, {}].", print(c.estimate), print(c.conf_low), print(c.conf_high))
}

/// Bins of equal width between the bounds: lower edge, upper edge, count; about √n of them.
fn histogram(x: &[f64], low: f64, high: f64) -> Vec<(f64, f64, usize)> {
    let inside: Vec<f64> = x.iter().copied().filter(|v| (low..=high).contains(v)).collect();
    if inside.is_empty() {
        return Vec::new();
    }
    // A point mass still has a bin that can be seen.
    let (low, high) =
        if high > low { (low, high) } else { (low - 0.5 * low.abs().max(1.0), high + 0.5 * high.abs().max(1.0)) };
    let bins = ((inside.len() as f64).sqrt().ceil() as usize).clamp(1, 40);
    let wide = (high - low) / bins as f64;
    let mut out: Vec<_> = (0..bins).map(|b| (low + b as f64 * wide, low + (b + 1) as f64 * wide, 0)).collect();
    for v in inside {
        out[(((v - low) / wide) as usize).min(bins - 1)].2 += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draw_is_in_one_bin() {
        let bins = histogram(&[0.0, 0.5, 1.0, 1.0], 0.0, 1.0);
        assert_eq!(bins.iter().map(|b| b.2).sum::<usize>(), 4);
        assert_eq!(histogram(&[2.0, 2.0], 2.0, 2.0).iter().map(|b| b.2).sum::<usize>(), 2);
    }
}
