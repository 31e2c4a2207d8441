//! Paths over time: bold lines for groups, thin ones for their units, names at the ends of those that matter.

use crate::figure::{Anchor, Axis, Dash, FONT, Ink, Plane, Scene, cut, dash, drawable, extent};
use crate::number::number;
use crate::plots::{HEIGHT, shows, titled};
use crate::{Error, Result};

/// Room for names at the right end.
const NAME: f64 = 120.0;

/// A name and a value for each time, NaN where there is none.
pub type Path = (String, Vec<f64>);

/// What to draw.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Paths<'a> {
    /// Times, ascending.
    pub times: &'a [f64],
    /// Bold lines, told apart by color, stroke and mark.
    pub groups: &'a [Path],
    /// Thin lines behind them.
    pub units: &'a [Path],
    /// Lines with their name at the end.
    pub named: &'a [Path],
    /// Title of the values.
    pub title: &'a str,
    /// Time at which something begins, marked by a vertical line.
    pub from: Option<f64>,
    /// Level at which nothing changes, marked by a horizontal line.
    pub level: Option<f64>,
}

/// Lines over time.
pub fn paths(p: &Paths) -> Result<Scene> {
    let all = || p.groups.iter().chain(p.units).chain(p.named);
    shows(all().all(|g| g.1.iter().all(|v| !drawable(*v))), "the list of paths with finite values")?;
    if let Some((name, values)) = all().find(|g| g.1.len() != p.times.len()) {
        return Err(Error::length(format!("the path of `{name}`"), values.len(), p.times.len()));
    }
    let mut scene = titled(p.title, String::new(), HEIGHT);
    let names: Vec<String> = p.groups.iter().map(|g| g.0.clone()).collect();
    let top = if names.len() > 1 { scene.legend(&names, 2.0, 2.0, true) } else { 0.0 };
    let mut x = Axis::tight(p.times, p.times.len().clamp(2, 10) - 1);
    if p.times.iter().all(|t| t.fract() == 0.0) {
        x.ticks.retain(|t| t.fract() == 0.0);
        x.decimals = 0;
    }
    let y = Axis::over(all().flat_map(|g| g.1.iter().copied()).chain(p.level), 6);
    let room = p.named.iter().map(|n| extent(&cut(&n.0, NAME))).fold(0.0, f64::max);
    // The plane fills the canvas that it is given: names stand to the right of it.
    let wide = scene.width;
    scene.width -= if room > 0.0 { room + 4.0 } else { 0.0 };
    let plane = Plane::new(&mut scene, x, y, ("", p.title), top);
    scene.width = wide;
    if let Some(from) = p.from.filter(|f| (plane.x.low..=plane.x.high).contains(f)) {
        plane.vertical(&mut scene, from);
    }
    p.level.into_iter().for_each(|level| plane.horizontal(&mut scene, level));
    let line = |values: &[f64]| p.times.iter().zip(values).map(|(&t, &v)| plane.at(t, v)).collect::<Vec<_>>();
    for (_, values) in p.units {
        scene.line(&line(values), Ink::Faint, 0.8, Dash::Solid);
    }
    for (s, (_, values)) in p.groups.iter().enumerate() {
        let points = line(values);
        scene.line(&points, Ink::Series(s), if p.units.is_empty() { 2.2 } else { 3.0 }, dash(s));
        for &at in &points {
            scene.dot(at, s, false);
        }
    }
    for (_, values) in p.named {
        scene.line(&line(values), Ink::Text, 1.2, Dash::Solid);
    }
    name(&mut scene, &plane, p);
    let ends = p.groups.iter().chain(p.named).filter_map(|(n, v)| Some(format!("{n}: {}", number(*v.last()?, 3))));
    scene.description = ends.collect::<Vec<_>>().join("; ");
    Ok(scene)
}

/// Names at the ends of the named lines, moved apart where they would cover each other.
fn name(scene: &mut Scene, plane: &Plane, p: &Paths) {
    let (_, top, right, bottom) = plane.field;
    let mut ends: Vec<(f64, f64, &str)> = (p.named.iter())
        .filter_map(|(name, values)| {
            let last = values.iter().rposition(|v| drawable(*v))?;
            let (x, y) = plane.at(p.times[last], values[last]);
            Some((y, x, name.as_str()))
        })
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let step = (FONT * 1.25).min((bottom - top) / ends.len().max(1) as f64);
    let mut places: Vec<f64> = ends.iter().map(|e| e.0).collect();
    for i in 0..places.len() {
        let least = if i == 0 { top } else { places[i - 1] + step };
        places[i] = places[i].max(least);
    }
    // Back up from the bottom edge.
    let mut most = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - step;
    }
    for ((y, x, name), place) in ends.into_iter().zip(places) {
        if x < right - 1.0 || (place - y).abs() > 1.0 {
            scene.line(&[(x, y), (right + 6.0, place)], Ink::Muted, 0.6, Dash::Short);
        }
        scene.text((right + 8.0, place + FONT * 0.35), cut(name, NAME), Anchor::Start, Ink::Text);
    }
}
