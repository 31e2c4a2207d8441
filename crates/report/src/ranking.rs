//! Rankings: bars with intervals, and how ranks move over time (bump chart).

use crate::figure::{Anchor, Axis, Dash, FONT, Ink, Scene, cut, dash, drawable, extent};
use crate::number::number;
use crate::plots::{WIDTH, shows, titled};
use crate::{Error, Result};

/// Height of a row.
const ROW: f64 = 22.0;
/// Widest that names may be before they are cut.
const NAME: f64 = 180.0;
/// Units at most of a ranking: more cannot be read.
pub const MOST: usize = 400;

/// A unit with its value and the ends of its interval (NaN for none).
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Name.
    pub name: String,
    /// Value.
    pub value: f64,
    /// Ends of the interval.
    pub interval: [f64; 2],
}

/// Bars from the largest to the smallest value, each with its interval.
pub fn ranking(units: &[Ranked], title: &str) -> Result<Scene> {
    let mut units: Vec<&Ranked> = units.iter().filter(|u| drawable(u.value)).collect();
    shows(units.is_empty(), "the list of units with a value")?;
    if units.len() > MOST {
        let message = format!("{} units, and the figure has room for {MOST}", units.len());
        return Err(Error::invalid(message, "keep fewer with `top` or `where`"));
    }
    // Equal values in the order of the data.
    units.sort_by(|a, b| b.value.total_cmp(&a.value));
    let ends = |u: &Ranked| u.interval.into_iter().filter(|v| drawable(*v)).collect::<Vec<f64>>();
    let axis = Axis::over(units.iter().flat_map(|u| ends(u).into_iter().chain([u.value, 0.0])), 6);
    let bottom = 8.0 + units.len() as f64 * ROW;
    let mut scene = titled(title, String::new(), bottom + FONT * 3.6);
    let place = extent(&format!("{}. ", units.len()));
    let left = place + units.iter().map(|u| extent(&cut(&u.name, NAME))).fold(0.0, f64::max) + 14.0;
    let right = WIDTH - extent(&axis.label(axis.high)).max(24.0) / 2.0;
    let px = |v: f64| left + (v - axis.low) / (axis.high - axis.low) * (right - left);
    for &t in &axis.ticks {
        scene.line(&[(px(t), 4.0), (px(t), bottom)], Ink::Grid, 1.0, Dash::Solid);
        scene.text((px(t), bottom + 4.0 + FONT), axis.label(t), Anchor::Middle, Ink::Muted);
    }
    for (i, unit) in units.iter().enumerate() {
        let top = 8.0 + i as f64 * ROW;
        let (a, b) = (px(unit.value.min(0.0)), px(unit.value.max(0.0)));
        scene.bar((a, top + 3.0, b - a, ROW - 7.0), Ink::Series(0), true);
        let base = top + ROW / 2.0 + FONT * 0.35 - 0.5;
        scene.text((place - 4.0, base), format!("{}.", i + 1), Anchor::End, Ink::Muted);
        scene.text((left - 10.0, base), cut(&unit.name, NAME), Anchor::End, Ink::Text);
        let middle = top + ROW / 2.0 - 0.5;
        if let [low, high] = ends(unit)[..] {
            scene.line(&[(px(low), middle), (px(high), middle)], Ink::Series(1), 2.0, Dash::Solid);
            for end in [low, high] {
                scene.line(&[(px(end), middle - 4.0), (px(end), middle + 4.0)], Ink::Series(1), 1.4, Dash::Solid);
            }
        }
        scene.dot((px(unit.value), middle), 0, false);
    }
    scene.line(&[(px(0.0), 4.0), (px(0.0), bottom)], Ink::Muted, 1.0, Dash::Solid);
    scene.text(((left + right) / 2.0, scene.height - 6.0), cut(title, WIDTH - 8.0), Anchor::Middle, Ink::Text);
    let said = units.iter().take(3).enumerate().map(|(i, u)| format!("{}. {}: {}", i + 1, u.name, number(u.value, 3)));
    scene.description = said.collect::<Vec<_>>().join("; ");
    Ok(scene)
}

/// A unit and its rank at each time, NaN where it has none.
pub type Path = (String, Vec<f64>);

/// Ranks over time, the first at the top: the units that are ever among the `top`, those of `highlight` in color.
pub fn bump(times: &[f64], units: &[Path], top: usize, highlight: &[String], title: &str) -> Result<Scene> {
    if let Some((name, ranks)) = units.iter().find(|u| u.1.len() != times.len()) {
        return Err(Error::length(format!("the ranks of `{name}`"), ranks.len(), times.len()));
    }
    if times.len() < 2 {
        return Err(Error::length("the list of times of a bump chart", times.len(), 2));
    }
    let within = |r: &f64| drawable(*r) && *r >= 1.0 && *r <= top as f64;
    let drawn: Vec<&Path> = units.iter().filter(|u| u.1.iter().any(&within)).collect();
    shows(drawn.is_empty(), "the list of units with a rank among the first")?;
    let bottom = 14.0 + top as f64 * ROW;
    let mut scene = titled(title, String::new(), bottom + FONT * 1.9);
    let side = drawn.iter().map(|u| extent(&cut(&u.0, 120.0))).fold(0.0, f64::max) + 34.0;
    let (left, right) = (side, WIDTH - side);
    let px = |k: usize| left + k as f64 / (times.len() - 1) as f64 * (right - left);
    let py = |r: f64| 14.0 + (r - 0.5) * ROW;
    // As many times as fit get a label.
    let label = |t: f64| if t.fract() == 0.0 { format!("{t:.0}") } else { number(t, 2) };
    let wide = times.iter().map(|t| extent(&label(*t))).fold(0.0, f64::max) + 8.0;
    let every = ((wide * (times.len() - 1) as f64 / (right - left)).ceil() as usize).max(1);
    for (k, &t) in times.iter().enumerate() {
        scene.line(&[(px(k), 8.0), (px(k), bottom)], Ink::Grid, 1.0, Dash::Solid);
        if k % every == 0 {
            scene.text((px(k), bottom + FONT + 2.0), label(t), Anchor::Middle, Ink::Muted);
        }
    }
    let colored = |name: &String| highlight.iter().position(|h| h == name);
    let mut order: Vec<&&Path> = drawn.iter().collect();
    // Those in color above the others.
    order.sort_by_key(|u| colored(&u.0).is_some());
    for (name, ranks) in order {
        let series = colored(name);
        let (ink, width) = series.map_or((Ink::Faint, 1.4), |s| (Ink::Series(s), 2.6));
        // A rank beyond the last row ends the line: the unit is out of sight.
        let points: Vec<(f64, f64)> =
            (ranks.iter().enumerate()).map(|(k, r)| (px(k), if within(r) { py(*r) } else { f64::NAN })).collect();
        scene.line(&points, ink, width, series.map_or(Dash::Solid, dash));
        for &at in &points {
            match series {
                Some(s) => scene.dot(at, s, false),
                None => scene.cell((at.0 - 2.0, at.1 - 2.0, 4.0, 4.0), Ink::Muted, 0.7),
            }
        }
        let ink = if series.is_some() || highlight.is_empty() { Ink::Text } else { Ink::Muted };
        for (k, at, anchor) in [(0, left - 10.0, Anchor::End), (times.len() - 1, right + 10.0, Anchor::Start)] {
            let r = ranks[k];
            if within(&r) {
                let words = match anchor {
                    Anchor::End => format!("{} {}", cut(name, 120.0), r.round()),
                    _ => format!("{} {}", r.round(), cut(name, 120.0)),
                };
                scene.text((at, py(r) + FONT * 0.35), words, anchor, ink);
            }
        }
    }
    let mut last: Vec<(f64, &str)> =
        (drawn.iter()).filter_map(|u| Some((*u.1.last()?, u.0.as_str()))).filter(|(r, _)| within(r)).collect();
    last.sort_by(|a, b| a.0.total_cmp(&b.0));
    scene.description = last.iter().take(3).map(|(r, n)| format!("{}. {n}", r.round())).collect::<Vec<_>>().join("; ");
    Ok(scene)
}
