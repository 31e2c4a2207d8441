//! Contours of an adjusted estimate over the strength of an omitted variable (Cinelli and Hazlett 2020, figure 2).
//!
//! A contour is exact: [`limit`] has the partial R² with the treatment for each with the outcome.

use crate::Result;
use crate::effects::{get, part};
use crate::figure::{Anchor, Axis, Dash, FONT, Ink, Plane, Scene, cut, drawable, extent};
use crate::number::{number, percent};
use crate::plots::{HEIGHT, WIDTH, shows, titled};
use crate::results::Fit;
use crate::words::Lang;
use plim_stats::sensitivity::omitted_variable::{Classical, Strength, limit};
use serde_json::Value;

/// Points of a contour.
const POINTS: usize = 240;

/// Contours of a fit of `omitted_variable`: thin lines for estimates, a long dash where the share q is explained away, a
/// short one where significance is lost, points for the benchmarks.
pub fn contour(fit: &Fit, label: impl Fn(&str) -> String, lang: Lang) -> Result<Scene> {
    let robustness = part(fit, "robustness", "omitted_variable")?;
    let of = |key: &str| get(robustness, key);
    let own = Classical { estimate: of("estimate"), std_error: of("std_error"), df: of("df") };
    let (q, alpha, rv) = (of("q"), of("alpha"), of("rv_q"));
    shows(![own.estimate, own.t(), own.df, q, alpha, rv].iter().all(|v| drawable(*v)), "the robustness of the fit")?;
    let points = benchmarks(fit, label);
    // Both axes reach beyond the robustness value and every benchmark.
    let reach = |of: fn(&Point) -> f64| {
        let most = points.iter().map(of).fold(rv, f64::max);
        Axis::over([0.0, (1.25 * most).clamp(0.01, 1.0)], 6)
    };
    let (mut x, mut y) = (reach(|p| p.at.r2dz_x), reach(|p| p.at.r2yz_dx));
    for axis in [&mut x, &mut y] {
        axis.high = axis.high.min(1.0);
        axis.ticks.retain(|t| *t <= 1.0);
    }
    // All of the treatment is beyond any estimate.
    let corner = own.adjusted(Strength { r2dz_x: x.high.min(0.99), r2yz_dx: y.high }).0;
    let mut scene = titled(lang.say("contour"), String::new(), HEIGHT + 90.0);
    let plane = Plane::new(&mut scene, x, y, (lang.say("r2dz_x"), lang.say("r2yz_dx")), 0.0);
    let null = (1.0 - q) * own.estimate;
    let print = |v: f64| number(v, 3).replace('-', "\u{2212}");
    let between = |v: &&f64| (own.estimate.min(corner)..own.estimate.max(corner)).contains(*v);
    let mut words = Words(Vec::new());
    let end = line(&mut scene, &plane, (own.f(q), 0.0), Ink::Series(1), Dash::Long);
    words.end(&mut scene, &plane, end, print(null), Ink::Series(1));
    for &level in Axis::over([own.estimate, corner], 8).ticks.iter().filter(between).filter(|v| **v != null) {
        let f = (own.estimate - level).abs() / (own.std_error * own.df.sqrt());
        let end = line(&mut scene, &plane, (f, 0.0), Ink::Muted, Dash::Solid);
        words.end(&mut scene, &plane, end, print(level), Ink::Muted);
    }
    let critical = own.critical(alpha);
    if own.f(q) > critical {
        line(&mut scene, &plane, (own.f(q), critical), Ink::Series(1), Dash::Short);
    }
    scene.dot(plane.at(0.0, 0.0), 0, true);
    let (left, bottom) = plane.at(0.0, 0.0);
    let unadjusted = format!("{} {}", lang.say("unadjusted"), print(own.estimate));
    words.put(&mut scene, (left + 9.0, bottom - 7.0), unadjusted, Anchor::Start, Ink::Text);
    for p in &points {
        let at = plane.at(p.at.r2dz_x, p.at.r2yz_dx);
        scene.dot(at, 0, false);
        scene.hint(at, format!("{}: {}", p.name, print(own.adjusted(p.at).0)));
        let name = cut(&p.name, WIDTH / 3.0);
        let (dx, anchor) =
            if at.0 + extent(&name) + 14.0 > plane.field.2 { (-9.0, Anchor::End) } else { (9.0, Anchor::Start) };
        words.put(&mut scene, (at.0 + dx, at.1 + FONT * 0.35), name, anchor, Ink::Text);
    }
    let lines = [("explained_away", print(null)), ("insignificant_at", percent(alpha, 0))];
    let lines = lines.map(|(key, v)| lang.with(key, &v)).join(" ");
    scene.description = format!("{} {lines}", lang.with("robustness_said", &percent(rv, 1)));
    Ok(scene)
}

/// A benchmark in words, and where it lies.
struct Point {
    name: String,
    at: Strength,
}

/// The benchmarks of the fit that a confounder can reach.
fn benchmarks(fit: &Fit, label: impl Fn(&str) -> String) -> Vec<Point> {
    let one = |b: &Value| {
        let found = |key: &str| Some(get(b, key)).filter(|v| v.is_finite());
        let name = format!("{}× {}", found("multiple")?, label(b.get("name")?.as_str()?));
        Some(Point { name, at: Strength { r2dz_x: found("r2dz_x")?, r2yz_dx: found("r2yz_dx")? } })
    };
    fit.more.get("benchmarks").and_then(Value::as_array).into_iter().flatten().filter_map(one).collect()
}

/// One contour of the standardized estimate `f` down to `critical`, from the top of the field to its right edge; returns
/// where it ends.
fn line(scene: &mut Scene, plane: &Plane, (f, critical): (f64, f64), ink: Ink, dash: Dash) -> Option<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for i in 0..=POINTS {
        // Denser toward the axis, along which a contour runs.
        let y = plane.y.high * (1.0 - i as f64 / POINTS as f64).powi(2);
        let x = limit(f, critical, y);
        match points.last() {
            _ if x <= 0.0 => continue,
            _ if x <= plane.x.high => points.push((x, y)),
            Some(&(before, above)) => {
                points.push((plane.x.high, above + (y - above) * (plane.x.high - before) / (x - before)));
                break;
            }
            None => break,
        }
    }
    let points: Vec<(f64, f64)> = points.into_iter().map(|(x, y)| plane.at(x, y)).collect();
    scene.line(&points, ink, if dash == Dash::Solid { 1.0 } else { 2.0 }, dash);
    points.last().copied()
}

/// Words on the field: where each stands, so that none covers another. What finds no room is left out.
struct Words(Vec<(f64, f64, f64)>);

impl Words {
    fn put(&mut self, scene: &mut Scene, at: (f64, f64), words: String, anchor: Anchor, ink: Ink) {
        let wide = extent(&words);
        let left = if anchor == Anchor::End { at.0 - wide } else { at.0 };
        let free = |(l, r, y): &(f64, f64, f64)| (y - at.1).abs() > FONT || left > *r || left + wide < *l;
        if self.0.iter().all(free) {
            self.0.push((left, left + wide, at.1));
            scene.text(at, words, anchor, ink);
        }
    }

    /// Above the right end of a contour, where contours are farthest apart.
    fn end(&mut self, scene: &mut Scene, plane: &Plane, end: Option<(f64, f64)>, words: String, ink: Ink) {
        if let Some((x, y)) = end {
            let anchor = if x > plane.field.2 - extent(&words) { Anchor::End } else { Anchor::Start };
            self.put(scene, (x - 3.0, y - 5.0), words, anchor, ink);
        }
    }
}
