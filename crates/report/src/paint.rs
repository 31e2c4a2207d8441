//! A scene as painted shapes: what PNG and PDF have in common, in the same colors and strokes as SVG on paper.

use crate::figure::{Anchor, Ink, Mark, Scene};
use crate::fonts::Segment;
use crate::svg::{AREA, FAINT, color, corners, dashes};

/// Something painted.
pub(crate) enum Painted {
    /// A path filled or stroked.
    Path {
        /// The path in units of the canvas, y downward.
        path: Vec<Segment>,
        /// Red, green, blue of the inside, and its opacity.
        fill: Option<([u8; 3], f64)>,
        /// Red, green, blue, width and pattern of the line.
        stroke: Option<([u8; 3], f64, &'static [f64])>,
    },
    /// Words.
    Words {
        /// Anchor point on the baseline.
        at: (f64, f64),
        /// The words.
        text: String,
        /// Where the anchor point lies.
        anchor: Anchor,
        /// Red, green, blue.
        color: [u8; 3],
    },
}

/// What is painted, from the back to the front; the paper itself is left to the medium.
pub(crate) fn painted(scene: &Scene) -> Vec<Painted> {
    scene.marks.iter().filter_map(paint).collect()
}

/// Positions to two decimals, as SVG writes them and results keep them: a figure read back is painted to the same bits.
fn two(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

fn place((x, y): (f64, f64)) -> (f64, f64) {
    (two(x), two(y))
}

fn paint(mark: &Mark) -> Option<Painted> {
    let filled = |path, ink, opacity| Painted::Path { path, fill: Some((rgb(ink), opacity)), stroke: None };
    Some(match mark {
        Mark::Line { points, ink, width, dash } => {
            Painted::Path { path: polygon(points, false), fill: None, stroke: Some((rgb(*ink), *width, dashes(*dash))) }
        }
        Mark::Area { points, ink } => filled(polygon(points, true), *ink, AREA),
        Mark::Bar { at: (x, y, w, h), ink, faint } => {
            let (x, y, w, h) = (two(*x), two(*y), two(w.max(0.0)), two(h.max(0.0)));
            let path = polygon(&[(x, y), (x + w, y), (x + w, y + h), (x, y + h)], true);
            filled(path, *ink, if *faint { FAINT } else { 1.0 })
        }
        Mark::Dot { at, shape, ink, hollow } => {
            let at = place(*at);
            let path = match corners(*shape) {
                None => circle(at, 4.0),
                Some(offsets) => polygon(&offsets.iter().map(|(a, b)| (at.0 + a, at.1 + b)).collect::<Vec<_>>(), true),
            };
            match hollow {
                true => Painted::Path { path, fill: Some(([255; 3], 1.0)), stroke: Some((rgb(*ink), 1.8, &[])) },
                false => filled(path, *ink, 1.0),
            }
        }
        Mark::Patch { rings, ink, shade } => Painted::Path {
            path: rings.iter().flat_map(|ring| polygon(ring, true)).collect(),
            fill: Some((rgb(*ink), two(*shade))),
            // The paper between regions, as in SVG.
            stroke: Some(([255; 3], 0.6, &[])),
        },
        Mark::Hint { .. } => return None,
        Mark::Text { at, text, anchor, ink } => {
            Painted::Words { at: place(*at), text: crate::escape::line(text), anchor: *anchor, color: rgb(*ink) }
        }
    })
}

/// `#0a4aa8` as three bytes.
fn rgb(ink: Ink) -> [u8; 3] {
    let hex = u32::from_str_radix(color(ink).trim_start_matches('#'), 16).unwrap_or(0);
    [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8]
}

fn polygon(points: &[(f64, f64)], closed: bool) -> Vec<Segment> {
    let mut path: Vec<Segment> = points.iter().map(|p| Segment::Line(two(p.0), two(p.1))).collect();
    if let Some(first) = points.first() {
        path[0] = Segment::Move(two(first.0), two(first.1));
        if closed {
            path.push(Segment::Close);
        }
    }
    path
}

/// Four cubic curves that are a circle to 3 in 10 000 of its radius.
fn circle((x, y): (f64, f64), r: f64) -> Vec<Segment> {
    let k = 0.552_284_749_831 * r;
    vec![
        Segment::Move(x + r, y),
        Segment::Curve(x + r, y + k, x + k, y + r, x, y + r),
        Segment::Curve(x - k, y + r, x - r, y + k, x - r, y),
        Segment::Curve(x - r, y - k, x - k, y - r, x, y - r),
        Segment::Curve(x + k, y - r, x + r, y - k, x + r, y),
        Segment::Close,
    ]
}
