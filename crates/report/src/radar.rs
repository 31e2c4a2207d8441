//! Radar: the profile of units over the components of an index.
//!
//! The area of a profile depends on the order of the axes and means nothing; only the ends on the axes do.

use crate::figure::{Anchor, Dash, FONT, Ink, Scene, cut, dash, drawable};
use crate::number::number;
use crate::plots::{WIDTH, shows, titled};
use crate::{Error, Result};
use std::f64::consts::TAU;

/// Height of the figure without its legend.
const TALL: f64 = 400.0;

/// Profiles of units, each a value an axis, on axes that all reach from `low` to `high`.
pub fn radar(axes: &[String], units: &[(String, Vec<f64>)], [low, high]: [f64; 2], title: &str) -> Result<Scene> {
    let k = axes.len();
    if !(3..=24).contains(&k) {
        return Err(Error::invalid(format!("{k} axes"), "a radar has between 3 and 24 components"));
    }
    if units.len() > 6 {
        let message = format!("{} units, and the figure tells 6 apart", units.len());
        return Err(Error::invalid(message, "name fewer in `highlight`"));
    }
    if let Some((name, values)) = units.iter().find(|u| u.1.len() != k) {
        return Err(Error::length(format!("the profile of `{name}`"), values.len(), k));
    }
    shows(units.iter().all(|u| u.1.iter().all(|v| !drawable(*v))), "the list of profiles with finite values")?;
    if !(drawable(low) && drawable(high) && low < high) {
        return Err(Error::invalid(format!("the axes reach from {low} to {high}"), "set `lower` below `upper`"));
    }
    let mut scene = titled(title, String::new(), TALL);
    let names: Vec<String> = units.iter().map(|u| u.0.clone()).collect();
    let top = scene.legend(&names, 2.0, 2.0, true);
    scene.height += top;
    let (cx, cy) = (WIDTH / 2.0, top + TALL / 2.0);
    let radius = TALL / 2.0 - FONT * 2.4;
    let at = |j: usize, share: f64| {
        let angle = TAU * j as f64 / k as f64;
        (cx + share * radius * angle.sin(), cy - share * radius * angle.cos())
    };
    for step in 1..=4 {
        let share = f64::from(step) / 4.0;
        let ring: Vec<_> = (0..=k).map(|j| at(j % k, share)).collect();
        scene.line(&ring, Ink::Grid, 1.0, Dash::Solid);
        let value = number(low + share * (high - low), 2).replace('-', "\u{2212}");
        scene.text((cx + 3.0, cy - share * radius - 2.0), value, Anchor::Start, Ink::Muted);
    }
    for (j, name) in axes.iter().enumerate() {
        scene.line(&[(cx, cy), at(j, 1.0)], Ink::Grid, 1.0, Dash::Solid);
        let (x, y) = at(j, 1.0 + 12.0 / radius);
        let (anchor, room) = match x - cx {
            d if d > 2.0 => (Anchor::Start, WIDTH - x),
            d if d < -2.0 => (Anchor::End, x),
            _ => (Anchor::Middle, 200.0),
        };
        let y = if y < cy { y } else { y + FONT * 0.7 };
        scene.text((x, y), cut(name, room - 2.0), anchor, Ink::Text);
    }
    let mut said = Vec::new();
    for (s, (name, values)) in units.iter().enumerate() {
        let share = |v: f64| ((v - low) / (high - low)).clamp(0.0, 1.0);
        let corners: Vec<(f64, f64)> =
            (0..k).map(|j| if drawable(values[j]) { at(j, share(values[j])) } else { (f64::NAN, f64::NAN) }).collect();
        // A missing component opens the outline.
        let closed: Vec<_> = corners.iter().chain(corners.first()).copied().collect();
        if units.len() <= 2 && corners.iter().all(|c| c.0.is_finite()) {
            scene.patch(vec![corners.clone()], Ink::Series(s), 0.12);
        }
        scene.line(&closed, Ink::Series(s), 2.2, dash(s));
        corners.iter().for_each(|&c| scene.dot(c, s, false));
        let best = (0..k).filter(|&j| drawable(values[j])).max_by(|&a, &b| values[a].total_cmp(&values[b]));
        said.extend(best.map(|j| format!("{name}: {} {}", axes[j], number(values[j], 3))));
    }
    scene.description = said.join("; ");
    Ok(scene)
}
