//! The frontier of one input and one output: its exact vertices, and the figure with the units below it.
//!
//! Combinations λ of the units P = {(x_j, y_j)} with L ≤ Σλ ≤ U and free disposal span
//!
//! ```text
//! T = { (x, y) : x ≥ Σ λ_j x_j,  y ≤ Σ λ_j y_j,  λ ≥ 0,  L ≤ Σ λ_j ≤ U } = conv(L·P ∪ U·P) + disposal
//! ```
//!
//! [L, U] is [1, 1] under variable returns, [0, 1] non-increasing, [1, ∞) non-decreasing, [0, ∞) constant, the given
//! bounds under generalized. The frontier is the rising part of the upper hull of the scaled units: nothing is sampled.
//! Without an upper bound it ends in a ray of the best ratio y/x. The free disposal hull has stairs instead (Deprins,
//! Simar and Tulkens 1984).
//!
//! ```
//! use plim_report::frontier::{Frontier, Returns};
//! let units = [(2.0, 2.0), (3.0, 5.0), (6.0, 8.0), (9.0, 9.0), (5.0, 3.0)];
//! let vrs = Frontier::of(&units, Returns::Combined([1.0, 1.0])).unwrap();
//! assert_eq!(vrs.vertices, [(2.0, 2.0), (3.0, 5.0), (6.0, 8.0), (9.0, 9.0)]);
//! ```

use crate::figure::{Axis, Dash, Ink, Plane, Scene, dash, drawable};
use crate::number::count;
use crate::plots::{HEIGHT, shows, titled};
use crate::words::Lang;
use crate::{Error, Result};

/// How units may be combined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Returns {
    /// With Σλ between these bounds; the upper one may be infinite.
    Combined([f64; 2]),
    /// Not at all: the free disposal hull.
    Disposal,
}

/// The greatest output for each input.
#[derive(Debug, Clone, PartialEq)]
pub struct Frontier {
    /// Corners from the smallest input on; the output is zero to the left of the first.
    pub vertices: Vec<(f64, f64)>,
    /// Slope of the ray beyond the last corner; the frontier is flat there without it.
    pub ray: Option<f64>,
}

impl Frontier {
    /// The frontier of units (x, y).
    pub fn of(units: &[(f64, f64)], returns: Returns) -> Result<Frontier> {
        shows(units.is_empty(), "the list of units that span the frontier")?;
        if units.iter().any(|u| !drawable(u.0) || !drawable(u.1)) {
            return Err(Error::new(plim_stats::Kind::NotFinite).at_column("units of the frontier"));
        }
        let Returns::Combined([lower, upper]) = returns else {
            return Ok(Frontier { vertices: stairs(units), ray: None });
        };
        if upper.is_finite() {
            let scaled = units.iter().flat_map(|&(x, y)| [(lower * x, lower * y), (upper * x, upper * y)]).collect();
            let mut vertices = hull(scaled);
            let top = first_greatest(&vertices, |v| v.1);
            vertices.truncate(top + 1);
            return Ok(Frontier { vertices, ray: None });
        }
        let ratio = units.iter().map(|u| u.1 / u.0).fold(f64::NEG_INFINITY, f64::max);
        if units.iter().any(|u| u.0 <= 0.0) || !(ratio > 0.0 && drawable(ratio)) {
            return Err(Error::invalid(
                "a frontier without an upper bound on the scale needs positive inputs, and an output above zero",
                "choose `rts = \"vrs\"` or `\"fdh\"`, or leave those units out",
            ));
        }
        // The ray leaves the hull at the unit of the best ratio: before it no combination does better.
        let mut vertices = hull(units.iter().map(|&(x, y)| (lower * x, lower * y)).collect());
        let best = if lower == 0.0 { 0 } else { first_greatest(&vertices, |v| v.1 / v.0) };
        vertices.truncate(best + 1);
        Ok(Frontier { vertices, ray: Some(ratio) })
    }

    /// The line to draw: up from `floor` at the smallest input, along the corners, on to the right and the top edge.
    pub fn line(&self, floor: f64, right: f64, top: f64) -> Vec<(f64, f64)> {
        let (first, last) = (self.vertices[0], self.vertices[self.vertices.len() - 1]);
        // Far enough that the edge cuts it.
        let reach = (right - last.0).max(0.0) + (right - first.0).abs();
        let end = (last.0 + reach, last.1 + self.ray.unwrap_or(0.0) * reach);
        let mut line = vec![(first.0, floor.min(first.1))];
        for &next in self.vertices.iter().chain([&end]) {
            let here = line[line.len() - 1];
            let part = |from: f64, to: f64, edge: f64| if to > edge { (edge - from) / (to - from) } else { 1.0 };
            let t = part(here.0, next.0, right).min(part(here.1, next.1, top));
            if t < 1.0 {
                line.push((here.0 + t * (next.0 - here.0), here.1 + t * (next.1 - here.1)));
                break;
            }
            line.push(next);
        }
        line.dedup();
        line
    }
}

/// Corners of the stairs: each unit that no other one with as little input matches, and the tread before it.
fn stairs(units: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for (x, y) in by_input(units.to_vec()) {
        match corners.last() {
            Some(&(_, height)) if y <= height => {}
            Some(&(_, height)) => corners.extend([(x, height), (x, y)]),
            None => corners.push((x, y)),
        }
    }
    corners
}

/// Upper convex hull from left to right (Andrew 1979), corners only.
fn hull(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let size = |of: fn(&(f64, f64)) -> f64| points.iter().map(|p| of(p).abs()).fold(f64::MIN_POSITIVE, f64::max);
    let (wide, tall) = (size(|p| p.0), size(|p| p.1));
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for p in by_input(points) {
        if corners.last().is_some_and(|c| c.0 == p.0) {
            continue;
        }
        while let [.., a, b] = corners[..] {
            let side = |q: (f64, f64)| ((q.0 - a.0) / wide, (q.1 - a.1) / tall);
            let ((bx, by), (px, py)) = (side(b), side(p));
            // A unit on the line between two others, up to rounding, is no corner.
            if bx * py - by * px < -1e-14 * (bx * py).abs() {
                break;
            }
            corners.pop();
        }
        corners.push(p);
    }
    corners
}

/// By input, the greater output first among equal inputs.
fn by_input(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    points
}

fn first_greatest(vertices: &[(f64, f64)], of: impl Fn(&(f64, f64)) -> f64) -> usize {
    (0..vertices.len()).rev().max_by(|&i, &j| of(&vertices[i]).total_cmp(&of(&vertices[j]))).unwrap_or(0)
}

/// A unit in the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Input and output.
    pub at: (f64, f64),
    /// Its name.
    pub name: String,
    /// Whether it lies on the frontier: a filled mark with its name; hollow otherwise.
    pub efficient: bool,
    /// Where it is projected, when that is to be shown.
    pub target: Option<(f64, f64)>,
}

/// Units of one color, and their own frontier when there is one for each group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// Name in the legend.
    pub name: String,
    /// Its units.
    pub units: Vec<Unit>,
    /// Its frontier.
    pub frontier: Option<Frontier>,
}

/// What the figure shows besides the units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Look<'a> {
    /// Title of the input.
    pub input: &'a str,
    /// Title of the output.
    pub output: &'a str,
    /// Whether efficient units are named.
    pub names: bool,
    /// Language of the words.
    pub lang: Lang,
}

/// The units, colored by group, below the frontier of all (`common`) or of each group.
pub fn frontier(groups: &[Group], common: Option<&Frontier>, look: &Look) -> Result<Scene> {
    let units = || groups.iter().flat_map(|g| &g.units).filter(|u| drawable(u.at.0) && drawable(u.at.1));
    shows(units().next().is_none(), "the list of units with a finite input and output")?;
    let lang = look.lang;
    let mut scene = titled(lang.say("frontier"), String::new(), HEIGHT);
    let names: Vec<String> = groups.iter().map(|g| g.name.clone()).collect();
    let lined = groups.iter().any(|g| g.frontier.is_some());
    let top = if names.len() > 1 { scene.legend(&names, 2.0, 2.0, lined) } else { 0.0 };
    // From zero on: distances to the frontier are ratios.
    let seen = |of: fn(&(f64, f64)) -> f64| {
        units().flat_map(move |u| [of(&u.at)].into_iter().chain(u.target.as_ref().map(of)))
    };
    let (x, y) = (Axis::over(seen(|p| p.0).chain([0.0]), 7), Axis::over(seen(|p| p.1).chain([0.0]), 6));
    let plane = Plane::new(&mut scene, x, y, (look.input, look.output), top);
    let mut draw = |frontier: &Frontier, ink: Ink, dash: Dash| {
        let corners = frontier.line(plane.y.low, plane.x.high, plane.y.high);
        let line: Vec<_> = corners.iter().map(|&(x, y)| plane.at(x, y)).collect();
        scene.line(&line, ink, 2.0, dash);
    };
    common.into_iter().for_each(|f| draw(f, Ink::Text, Dash::Solid));
    for (s, group) in groups.iter().enumerate() {
        group.frontier.iter().for_each(|f| draw(f, Ink::Series(s), dash(s)));
    }
    for unit in units() {
        if let Some((x, y)) = unit.target {
            scene.line(&[plane.at(unit.at.0, unit.at.1), plane.at(x, y)], Ink::Muted, 0.8, Dash::Short);
        }
    }
    for (s, group) in groups.iter().enumerate() {
        for unit in &group.units {
            scene.dot(plane.at(unit.at.0, unit.at.1), s, !unit.efficient);
        }
    }
    let efficient: Vec<(&str, (f64, f64))> =
        units().filter(|u| u.efficient).map(|u| (u.name.as_str(), plane.at(u.at.0, u.at.1))).collect();
    let dots: Vec<(f64, f64)> = units().map(|u| plane.at(u.at.0, u.at.1)).collect();
    let unnamed = if look.names { plane.name(&mut scene, &efficient, &dots) } else { 0 };
    let (first, all) = (efficient.iter().map(|e| e.0).take(20).collect::<Vec<_>>(), efficient.len());
    scene.description = lang.say("efficient_units").replacen("{}", &count(all as f64), 1);
    scene.description = scene.description.replacen("{}", &count(units().count() as f64), 1);
    if !first.is_empty() {
        let more = if all > first.len() { " …" } else { "" };
        scene.description += &lang.sentence(&format!(" {}{more}", first.join(lang.comma())));
    }
    if unnamed > 0 {
        scene.description += &format!(" {}", lang.with("unnamed", &unnamed.to_string()));
    }
    Ok(scene)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: [(f64, f64); 5] = [(2.0, 2.0), (3.0, 5.0), (6.0, 8.0), (9.0, 9.0), (5.0, 3.0)];

    fn of(returns: Returns) -> Frontier {
        Frontier::of(&UNITS, returns).unwrap()
    }

    #[test]
    fn the_corners_are_units_or_multiples_of_units() {
        let slope = Some(5.0 / 3.0);
        let infinite = f64::INFINITY;
        let corners = |bounds| of(Returns::Combined(bounds)).vertices;
        assert_eq!(corners([0.0, 1.0]), [(0.0, 0.0), (3.0, 5.0), (6.0, 8.0), (9.0, 9.0)]);
        assert_eq!(of(Returns::Combined([0.0, infinite])), Frontier { vertices: vec![(0.0, 0.0)], ray: slope });
        let ndrs = Frontier { vertices: vec![(2.0, 2.0), (3.0, 5.0)], ray: slope };
        assert_eq!(of(Returns::Combined([1.0, infinite])), ndrs);
        // Half of A and half of B, then the doubles of B, C and D.
        let grs = [(1.0, 1.0), (1.5, 2.5), (6.0, 10.0), (12.0, 16.0), (18.0, 18.0)];
        assert_eq!(corners([0.5, 2.0]), grs);
        let stairs = [(2.0, 2.0), (3.0, 2.0), (3.0, 5.0), (6.0, 5.0), (6.0, 8.0), (9.0, 8.0), (9.0, 9.0)];
        assert_eq!(of(Returns::Disposal).vertices, stairs);
    }

    #[test]
    fn the_line_ends_at_the_edges() {
        let ray = of(Returns::Combined([0.0, f64::INFINITY]));
        assert_eq!(ray.line(0.0, 10.0, 10.0), [(0.0, 0.0), (6.0, 10.0)]);
        let flat = of(Returns::Combined([1.0, 1.0])).line(0.0, 10.0, 10.0);
        assert_eq!((flat[0], flat[flat.len() - 1]), ((2.0, 0.0), (10.0, 9.0)));
        // Bounds that no axis holds are cut on their way.
        let cut = of(Returns::Combined([1.0, 2.0])).line(0.0, 10.0, 10.0);
        assert_eq!(cut[cut.len() - 1], (6.0, 10.0));
    }

    #[test]
    fn units_of_measurement_and_doubles_change_no_corner() {
        let mut many: Vec<(f64, f64)> = UNITS.iter().rev().map(|&(x, y)| (x * 1e9, y * 1e-9)).collect();
        many.extend(many.clone());
        many.push((4.5e9, 6.5e-9)); // between B and C
        let corners = Frontier::of(&many, Returns::Combined([1.0, 1.0])).unwrap().vertices;
        assert_eq!(corners, [(2e9, 2.0 * 1e-9), (3e9, 5.0 * 1e-9), (6e9, 8.0 * 1e-9), (9e9, 9.0 * 1e-9)]);
    }

    #[test]
    fn a_ray_without_an_input_is_refused() {
        assert!(Frontier::of(&[(0.0, 1.0)], Returns::Combined([0.0, f64::INFINITY])).is_err());
        assert!(Frontier::of(&[], Returns::Disposal).is_err());
        assert!(Frontier::of(&[(1.0, f64::NAN)], Returns::Disposal).is_err());
    }
}
