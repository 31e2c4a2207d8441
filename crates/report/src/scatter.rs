//! A scatter of two columns, with the line of least squares and its band.
//!
//! ```text
//! y = a + b x + e,   band: a + b x ± t_{0.975, n-2} s √(1/n + (x - x̄)² / Σ (x - x̄)²)
//! ```
//!
//! The band is that of the mean under independent errors of one variance: it says how well the line is known, not where
//! a further unit would lie.

use crate::Result;
use crate::figure::{Axis, Dash, Ink, Plane, Scene, drawable};
use crate::number::number;
use crate::plots::{HEIGHT, shows, titled};
use crate::words::Lang;
use plim_stats::math::dist::t_quantile;

/// A point of the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Where it is.
    pub at: (f64, f64),
    /// Its name.
    pub name: String,
}

/// Points of one color.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// Name in the legend.
    pub name: String,
    /// Its points.
    pub points: Vec<Point>,
}

/// What the figure shows besides the points.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Look<'a> {
    /// Title of the horizontal axis.
    pub x: &'a str,
    /// Title of the vertical axis.
    pub y: &'a str,
    /// Whether points are named where there is room: those farthest from the line first.
    pub names: bool,
    /// Whether the line of least squares is drawn.
    pub line: bool,
    /// Language of the words.
    pub lang: Lang,
}

/// The line of least squares through points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Mean of x and of y: a point of the line.
    pub mean: (f64, f64),
    /// Its slope.
    pub slope: f64,
    /// Correlation of x and y.
    pub r: f64,
    /// Number of points.
    pub n: usize,
    /// Σ (x - x̄)².
    spread: f64,
    /// Σ e² / (n - 2).
    variance: f64,
}

impl Line {
    /// The line through three points or more whose x differ; none otherwise.
    pub fn of(points: &[(f64, f64)]) -> Option<Line> {
        let n = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
        let sum = |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|p| of(p.0 - mx, p.1 - my)).sum::<f64>();
        let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
        let slope = xy / xx;
        let left = sum(&|x, y| (y - slope * x).powi(2));
        let line = Line {
            mean: (mx, my),
            slope,
            r: xy / (xx.sqrt() * yy.sqrt()),
            n: points.len(),
            spread: xx,
            variance: left / (n - 2.0),
        };
        let differs = points.iter().any(|p| p.0 != points[0].0);
        (points.len() > 2 && differs && xx.is_finite() && slope.is_finite() && line.variance.is_finite())
            .then_some(line)
    }

    /// Height of the line at x.
    pub fn at(&self, x: f64) -> f64 {
        self.mean.1 + self.slope * (x - self.mean.0)
    }

    /// Half the width of the 95 % band at x.
    pub fn half_width(&self, x: f64) -> f64 {
        let n = self.n as f64;
        let share = 1.0 / n + (x - self.mean.0).powi(2) / self.spread;
        t_quantile(0.975, n - 2.0) * (self.variance * share).sqrt()
    }
}

/// The points, colored by group, with the line through all of them.
pub fn scatter(groups: &[Group], look: &Look) -> Result<Scene> {
    let all = || groups.iter().flat_map(|g| &g.points).filter(|p| drawable(p.at.0) && drawable(p.at.1));
    shows(all().next().is_none(), "the list of rows with both columns")?;
    let lang = look.lang;
    let mut scene = titled(lang.say("scatter"), String::new(), HEIGHT);
    let names: Vec<String> = groups.iter().map(|g| g.name.clone()).collect();
    let top = if names.len() > 1 { scene.legend(&names, 2.0, 2.0, false) } else { 0.0 };
    let line = Line::of(&all().map(|p| p.at).collect::<Vec<_>>()).filter(|_| look.line);
    let ends = all().fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], p| [a.min(p.at.0), b.max(p.at.0)]);
    let of_line = line.iter().flat_map(|line| ends.map(|x| line.at(x)));
    let heights = all().map(|p| p.at.1).chain(of_line);
    let tall = heights.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], y| [a.min(y), b.max(y)]);
    // Room beside the outermost points for their names.
    let wider = |[low, high]: [f64; 2]| [low - 0.03 * (high - low), high + 0.03 * (high - low)];
    let (x, y) = (Axis::over(wider(ends), 7), Axis::over(wider(tall), 6));
    let plane = Plane::new(&mut scene, x, y, (look.x, look.y), top);
    if let Some(line) = &line {
        draw(&mut scene, &plane, line, ends);
    }
    for (s, group) in groups.iter().enumerate() {
        for point in group.points.iter().filter(|p| drawable(p.at.0) && drawable(p.at.1)) {
            let at = plane.at(point.at.0, point.at.1);
            scene.dot(at, s, true);
            scene.hint(at, format!("{} ({}, {})", point.name, number(point.at.0, 3), number(point.at.1, 3)));
        }
    }
    let mut unnamed = 0;
    if look.names {
        let mut points: Vec<&Point> = all().collect();
        let off = |p: &Point| line.as_ref().map_or(0.0, |l| (p.at.1 - l.at(p.at.0)).abs());
        points.sort_by(|a, b| off(b).total_cmp(&off(a)));
        let places: Vec<(&str, (f64, f64))> =
            points.iter().map(|p| (p.name.as_str(), plane.at(p.at.0, p.at.1))).collect();
        let dots: Vec<(f64, f64)> = places.iter().map(|p| p.1).collect();
        unnamed = plane.name(&mut scene, &places, &dots);
    }
    let mut said = vec![lang.with("points", &all().count().to_string())];
    if let Some(line) = &line {
        said.push(lang.with("line_of", &number(line.slope, 3)));
        // Of a column without spread nothing is correlated.
        said.extend(line.r.is_finite().then(|| lang.with("correlation_of", &number(line.r, 3))));
    }
    if unnamed > 0 {
        said.push(lang.with("unnamed_points", &unnamed.to_string()));
    }
    scene.description = said.join(if lang == Lang::Zh { "" } else { " " });
    Ok(scene)
}

/// The line between the outermost points, and the band around it, cut at the edges of the field.
fn draw(scene: &mut Scene, plane: &Plane, line: &Line, [low, high]: [f64; 2]) {
    const STEPS: usize = 60;
    let places = (0..=STEPS).map(|i| low + (high - low) * i as f64 / STEPS as f64);
    let inside = |y: f64| plane.py(y.clamp(plane.y.low, plane.y.high));
    let edges = places.map(|x| {
        let half = line.half_width(x);
        (plane.px(x), inside(line.at(x) - half), inside(line.at(x) + half))
    });
    scene.band(&edges.collect::<Vec<_>>(), Ink::Text);
    scene.line(&[plane.at(low, line.at(low)), plane.at(high, line.at(high))], Ink::Text, 1.6, Dash::Solid);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_that_of_least_squares() {
        // Anscombe (1973), first set: 3 + 0.5 x, r = 0.816.
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        let points: Vec<(f64, f64)> = x.into_iter().zip(y).collect();
        let line = Line::of(&points).unwrap();
        assert!((line.slope - 0.500090909090909).abs() < 1e-12 && (line.at(0.0) - 3.000090909090909).abs() < 1e-12);
        assert!((line.r - 0.816420516344844).abs() < 1e-12);
        // Residual standard error 1.236603 of R's lm, over √11 at the mean, times t(9) = 2.262157.
        assert!((line.half_width(9.0) - 1.23660332273 / 11f64.sqrt() * 2.26215716280).abs() < 1e-8);
    }

    #[test]
    fn no_line_where_there_is_none() {
        assert!(Line::of(&[(1.0, 2.0), (2.0, 3.0)]).is_none());
        let still: Vec<(f64, f64)> = (0..1000).map(|i| (0.1, i as f64)).collect();
        assert!(Line::of(&still).is_none());
        assert!(Line::of(&[(1e308, 1.0), (-1e308, 2.0), (0.0, 3.0)]).is_none());
        let flat = Line::of(&[(1.0, 2.0), (2.0, 2.0), (4.0, 2.0)]).unwrap();
        assert!(flat.slope == 0.0 && flat.r.is_nan() && flat.half_width(3.0) == 0.0);
    }
}
