//! A figure as a typed scene: marks on a canvas, axes with round ticks, a legend.
//!
//! Positions are in user units of the canvas (about pixels), y downward. What is not finite never
//! enters a scene: [`Scene::line`] breaks there, the other marks leave it out.

use crate::escape::width;
use serde::{Deserialize, Serialize};

/// Size of the letters.
pub const FONT: f64 = 13.0;

/// A drawing, before any choice of medium.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Width of the canvas.
    pub width: f64,
    /// Height of the canvas.
    pub height: f64,
    /// Alternative text: what the figure is.
    pub title: String,
    /// Alternative text: what it shows, in a sentence or two with the main numbers.
    pub description: String,
    /// Marks, later ones above.
    pub marks: Vec<Mark>,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A broken line.
    Line {
        /// Corners.
        points: Vec<(f64, f64)>,
        /// Color.
        ink: Ink,
        /// Stroke width.
        width: f64,
        /// Stroke pattern.
        dash: Dash,
    },
    /// A translucent area within a closed outline.
    Area {
        /// Corners.
        points: Vec<(f64, f64)>,
        /// Color.
        ink: Ink,
    },
    /// A filled rectangle.
    Bar {
        /// Left, top, width, height.
        at: (f64, f64, f64, f64),
        /// Color.
        ink: Ink,
        /// Whether it lets what is behind shine through.
        faint: bool,
    },
    /// A filled shape of one or more closed outlines (inner ones are holes) with a thin edge in the color of the paper.
    Patch {
        /// Outlines.
        rings: Vec<Vec<(f64, f64)>>,
        /// Color.
        ink: Ink,
        /// How much of the color, from 0 to 1.
        shade: f64,
    },
    /// A point.
    Dot {
        /// Center.
        at: (f64, f64),
        /// Form, which tells series apart without color.
        shape: Shape,
        /// Color.
        ink: Ink,
        /// Drawn as an outline.
        hollow: bool,
    },
    /// Nothing to see: what a reader learns who points at the place, where the medium can tell.
    Hint {
        /// Left, top, width, height.
        at: (f64, f64, f64, f64),
        /// What is said.
        text: String,
    },
    /// Words.
    Text {
        /// Anchor point on the baseline.
        at: (f64, f64),
        /// The words.
        text: String,
        /// Where the anchor point lies.
        anchor: Anchor,
        /// Color.
        ink: Ink,
    },
}

/// Colors by their role; the medium says which they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ink {
    /// Words that matter.
    Text,
    /// Words and lines that step back.
    Muted,
    /// Grid lines.
    Grid,
    /// Many thin lines behind those that matter.
    Faint,
    /// The data series of this number.
    Series(usize),
}

/// Stroke pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dash {
    /// Unbroken.
    Solid,
    /// Long dashes.
    Long,
    /// Short dashes.
    Short,
    /// Long and short.
    Mixed,
}

/// Form of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Circle.
    Circle,
    /// Square.
    Square,
    /// Triangle.
    Triangle,
    /// Diamond.
    Diamond,
}

/// Where the anchor point of words lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// At their start.
    Start,
    /// In their middle.
    Middle,
    /// At their end.
    End,
}

/// Stroke of a series, so that lines differ without color.
pub fn dash(series: usize) -> Dash {
    [Dash::Solid, Dash::Long, Dash::Short, Dash::Mixed][series % 4]
}

/// Form of the points of a series.
pub fn shape(series: usize) -> Shape {
    [Shape::Circle, Shape::Square, Shape::Triangle, Shape::Diamond][series % 4]
}

/// About how wide the words are in print, in the widest of the usual fonts (DejaVu Sans), so that none clips.
pub fn extent(text: &str) -> f64 {
    (text.chars())
        .map(|c| match (width(c.encode_utf8(&mut [0; 4])), c) {
            (0, _) => 0.0,
            (2, _) => 1.0,
            (_, 'm' | 'w' | 'M' | 'W') => 0.95,
            (_, 'A'..='Z' | '\u{2212}' | '×' | '=' | '<' | '>' | '+') => 0.76,
            (_, 'i' | 'j' | 'l' | 't' | 'f' | 'r' | '.' | ',' | ':' | ' ' | '(' | ')') => 0.4,
            _ => 0.64,
        })
        .sum::<f64>()
        * FONT
}

/// The words, cut with an ellipsis when they are wider than `most`.
pub fn cut(text: &str, most: f64) -> String {
    let text = crate::escape::line(text);
    if extent(&text) <= most {
        return text;
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if extent(&out) + FONT > most {
            break;
        }
    }
    out.trim_end().to_owned() + "…"
}

/// Names beside points that are longer than this are cut.
const NAME: f64 = 130.0;

impl Scene {
    /// A line, broken where a point is not finite; pieces of a single point are left out.
    pub fn line(&mut self, points: &[(f64, f64)], ink: Ink, width: f64, dash: Dash) {
        for piece in points.split(|p| !finite(p)).filter(|p| p.len() > 1) {
            self.marks.push(Mark::Line { points: piece.to_vec(), ink, width, dash });
        }
    }

    /// The area between a lower and an upper line over the same x, broken where one is not finite.
    pub fn band(&mut self, edges: &[(f64, f64, f64)], ink: Ink) {
        for piece in edges.split(|(x, a, b)| !finite(&(*x, *a)) || !finite(&(*x, *b))).filter(|p| p.len() > 1) {
            let there = piece.iter().map(|&(x, low, _)| (x, low));
            let back = piece.iter().rev().map(|&(x, _, high)| (x, high));
            self.marks.push(Mark::Area { points: there.chain(back).collect(), ink });
        }
    }

    /// A bar.
    pub fn bar(&mut self, at: (f64, f64, f64, f64), ink: Ink, faint: bool) {
        if finite(&(at.0, at.1)) && finite(&(at.2, at.3)) {
            self.marks.push(Mark::Bar { at, ink, faint });
        }
    }

    /// A filled shape; outlines with a corner that is not finite are left out.
    pub fn patch(&mut self, rings: Vec<Vec<(f64, f64)>>, ink: Ink, shade: f64) {
        let rings: Vec<_> = rings.into_iter().filter(|r| r.len() > 2 && r.iter().all(finite)).collect();
        if !rings.is_empty() && shade.is_finite() {
            self.marks.push(Mark::Patch { rings, ink, shade: shade.clamp(0.0, 1.0) });
        }
    }

    /// A filled rectangle: left, top, width, height.
    pub fn cell(&mut self, (x, y, w, h): (f64, f64, f64, f64), ink: Ink, shade: f64) {
        self.patch(vec![vec![(x, y), (x + w, y), (x + w, y + h), (x, y + h)]], ink, shade);
    }

    /// A point.
    pub fn dot(&mut self, at: (f64, f64), series: usize, hollow: bool) {
        if finite(&at) {
            self.marks.push(Mark::Dot { at, shape: shape(series), ink: Ink::Series(series), hollow });
        }
    }

    /// What a reader learns who points near the place.
    pub fn hint(&mut self, at: (f64, f64), text: impl Into<String>) {
        if finite(&at) {
            self.marks.push(Mark::Hint { at: (at.0 - 9.0, at.1 - 9.0, 18.0, 18.0), text: text.into() });
        }
    }

    /// Words.
    pub fn text(&mut self, at: (f64, f64), text: impl Into<String>, anchor: Anchor, ink: Ink) {
        if finite(&at) {
            self.marks.push(Mark::Text { at, text: text.into(), anchor, ink });
        }
    }

    /// A legend in rows between `left` and the right edge from `top`; returns the height it took.
    pub fn legend(&mut self, names: &[String], left: f64, top: f64, with_line: bool) -> f64 {
        let (mut x, mut y) = (left, top + FONT);
        for (s, name) in names.iter().enumerate() {
            let name = cut(name, self.width - left - 60.0);
            let wide = 32.0 + extent(&name) + 22.0;
            if x > left && x + wide > self.width {
                (x, y) = (left, y + FONT * 1.6);
            }
            if with_line {
                self.line(&[(x, y - 4.0), (x + 24.0, y - 4.0)], Ink::Series(s), 2.0, dash(s));
            }
            self.dot((x + 12.0, y - 4.0), s, false);
            self.text((x + 32.0, y), name, Anchor::Start, Ink::Text);
            x += wide;
        }
        y - top + FONT
    }
}

/// Whether a point can be on a canvas at all: the positions of values that no axis takes are huge or NaN.
fn finite(p: &(f64, f64)) -> bool {
    p.0.abs() < 1e5 && p.1.abs() < 1e5
}

/// Whether a value can be drawn: finite, and small enough that ranges do not overflow.
pub fn drawable(v: f64) -> bool {
    v.abs() < 1e150
}

/// A scale with round ticks.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Least value shown.
    pub low: f64,
    /// Greatest value shown.
    pub high: f64,
    /// Where the ticks are.
    pub ticks: Vec<f64>,
    /// Decimals of the tick labels.
    pub decimals: usize,
    /// Ticks that stand for all below, or above, as well.
    pub bins: [Option<f64>; 2],
}

impl Axis {
    /// An axis over the finite values, about so many ticks at multiples of 1, 2 or 5 times a power of ten.
    ///
    /// ```
    /// let axis = plim_report::figure::Axis::over([-0.31, 1.2], 5);
    /// assert_eq!(axis.ticks, [-0.5, 0.0, 0.5, 1.0, 1.5]);
    /// assert_eq!(axis.label(-0.5), "−0.5");
    /// ```
    pub fn over(values: impl IntoIterator<Item = f64>, about: usize) -> Axis {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in values.into_iter().filter(|v| drawable(*v)) {
            (low, high) = (low.min(v), high.max(v));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low <= 1e-12 * high.abs().max(low.abs()) {
            let room = if high == 0.0 { 1.0 } else { 0.1 * high.abs() };
            (low, high) = (low - room, high + room);
        }
        let raw = (high - low) / about.max(1) as f64;
        let power = 10f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| raw <= s * 1.000001).unwrap_or(raw);
        let (first, last) = ((low / step + 1e-9).floor() as i64, (high / step - 1e-9).ceil() as i64);
        let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
        let ticks: Vec<f64> = (first..=last).map(|k| rounded(k as f64 * step)).collect();
        Axis { low: ticks[0], high: ticks[ticks.len() - 1], ticks, decimals, bins: [None, None] }
    }

    /// The same axis ending exactly at the data, with the ticks that lie inside: for lines over time.
    pub fn tight(values: &[f64], about: usize) -> Axis {
        let mut axis = Axis::over(values.iter().copied(), about);
        let inside = values.iter().copied().filter(|v| drawable(*v));
        let (low, high) = inside.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low < high {
            axis.ticks.retain(|t| (low..=high).contains(t));
            (axis.low, axis.high) = (low, high);
        }
        axis
    }

    /// The label of a tick.
    pub fn label(&self, tick: f64) -> String {
        let sign = match self.bins {
            [Some(low), _] if low == tick => "≤",
            [_, Some(high)] if high == tick => "≥",
            _ => "",
        };
        format!("{sign}{}", crate::number::fixed(tick, self.decimals).replace('-', "\u{2212}"))
    }
}

/// A multiple of the step without the dust of binary fractions: its first twelve digits.
fn rounded(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}

/// A plot with two axes: where data fall on the canvas.
#[derive(Debug, Clone)]
pub struct Plane {
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Left, top, right and bottom of the field.
    pub field: (f64, f64, f64, f64),
}

impl Plane {
    /// A plane on the scene: room for tick labels at the left, a title of y above (horizontal, so that Chinese
    /// and long words read), tick labels and a title of x below.
    pub fn new(scene: &mut Scene, x: Axis, y: Axis, titles: (&str, &str), top: f64) -> Plane {
        let widest = y.ticks.iter().map(|t| extent(&y.label(*t))).fold(0.0, f64::max);
        let top = top + if titles.1.is_empty() { 8.0 } else { FONT * 2.0 };
        let bottom = scene.height - FONT * 1.9 - if titles.0.is_empty() { 0.0 } else { FONT * 1.7 };
        let last = x.ticks.last().map_or(0.0, |t| extent(&x.label(*t)) / 2.0);
        let plane = Plane { x, y, field: (widest + 14.0, top, scene.width - last.max(12.0), bottom) };
        let (left, top, right, bottom) = plane.field;
        for &t in &plane.y.ticks {
            let at = plane.py(t);
            scene.line(&[(left, at), (right, at)], Ink::Grid, 1.0, Dash::Solid);
            scene.text((left - 8.0, at + FONT * 0.35), plane.y.label(t), Anchor::End, Ink::Muted);
        }
        scene.line(&[(left, bottom), (right, bottom)], Ink::Muted, 1.0, Dash::Solid);
        for &t in &plane.x.ticks {
            let at = plane.px(t);
            scene.line(&[(at, bottom), (at, bottom + 5.0)], Ink::Muted, 1.0, Dash::Solid);
            scene.text((at, bottom + 6.0 + FONT), plane.x.label(t), Anchor::Middle, Ink::Muted);
        }
        let title = cut(titles.1, scene.width - 8.0);
        scene.text((2.0, top - FONT), title, Anchor::Start, Ink::Text);
        let title = cut(titles.0, scene.width - 8.0);
        scene.text(((left + right) / 2.0, scene.height - 6.0), title, Anchor::Middle, Ink::Text);
        plane
    }

    /// Canvas position of a value of x.
    pub fn px(&self, x: f64) -> f64 {
        self.field.0 + (x - self.x.low) / (self.x.high - self.x.low) * (self.field.2 - self.field.0)
    }

    /// Canvas position of a value of y.
    pub fn py(&self, y: f64) -> f64 {
        self.field.3 - (y - self.y.low) / (self.y.high - self.y.low) * (self.field.3 - self.field.1)
    }

    /// Canvas position of a point.
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.px(x), self.py(y))
    }

    /// A dashed vertical reference.
    pub fn vertical(&self, scene: &mut Scene, x: f64) {
        scene.line(&[(self.px(x), self.field.1), (self.px(x), self.field.3)], Ink::Muted, 1.0, Dash::Short);
    }

    /// A horizontal reference, when the axis reaches it.
    pub fn horizontal(&self, scene: &mut Scene, y: f64) {
        if (self.y.low..=self.y.high).contains(&y) {
            scene.line(&[(self.field.0, self.py(y)), (self.field.2, self.py(y))], Ink::Muted, 1.0, Dash::Solid);
        }
    }

    /// Writes names beside their places on the canvas, in their order, where no name and none of the dots is; returns
    /// how many found no room.
    pub fn name(&self, scene: &mut Scene, points: &[(&str, (f64, f64))], dots: &[(f64, f64)]) -> usize {
        let (left, top, right, bottom) = self.field;
        let mut taken: Vec<(f64, f64, f64, f64)> = Vec::new();
        let mut unnamed = 0;
        for &(name, (x, y)) in points {
            let text = cut(name, NAME);
            let wide = extent(&text);
            // Left above or right below, where a concave frontier does not pass.
            let places = [
                (x - 7.0, y - 7.0, Anchor::End, x - 7.0 - wide),
                (x + 8.0, y + FONT + 3.0, Anchor::Start, x + 8.0),
                (x + 9.0, y + FONT * 0.35, Anchor::Start, x + 9.0),
                (x, y - 10.0, Anchor::Middle, x - wide / 2.0),
            ];
            let free = places.into_iter().find(|&(_, base, _, start)| {
                let own = (start, base - FONT, start + wide, base + FONT * 0.35);
                let inside = own.0 >= left && own.2 <= right && own.1 >= top - FONT * 0.5 && own.3 <= bottom;
                let apart = |b: &(f64, f64, f64, f64)| own.2 <= b.0 || b.2 <= own.0 || own.3 <= b.1 || b.3 <= own.1;
                let clear = |p: &(f64, f64)| apart(&(p.0 - 4.0, p.1 - 4.0, p.0 + 4.0, p.1 + 4.0));
                inside && taken.iter().all(apart) && dots.iter().all(clear)
            });
            match free {
                Some((at, base, anchor, start)) => {
                    taken.push((start, base - FONT, start + wide, base + FONT * 0.35));
                    scene.text((at, base), text, anchor, Ink::Text);
                }
                None => unnamed += 1,
            }
        }
        unnamed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_survive_any_data() {
        let nan = f64::NAN;
        for data in [
            vec![],
            vec![nan],
            vec![3.0],
            vec![0.0, 0.0],
            vec![1e-300, 2e-300],
            vec![-1e308, 1e308],
            vec![1e16, 1e16 + 2.0],
        ] {
            let axis = Axis::over(data.clone(), 5);
            assert!(axis.low < axis.high && axis.ticks.len() < 30, "{data:?}: {axis:?}");
            assert!(axis.ticks.iter().all(|t| t.is_finite()));
        }
        assert_eq!(Axis::tight(&[2011.0, 2021.0], 5).ticks, [2012.0, 2014.0, 2016.0, 2018.0, 2020.0]);
    }

    #[test]
    fn lines_break_where_a_point_is_missing() {
        let mut scene = Scene::default();
        scene.line(&[(0.0, 0.0), (1.0, f64::NAN), (2.0, 1.0), (3.0, 1.0)], Ink::Text, 1.0, Dash::Solid);
        assert_eq!(scene.marks.len(), 1);
    }
}
