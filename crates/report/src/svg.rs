//! A scene as SVG: plain attributes for every reader, style rules only for the dark.
//!
//! Series differ in color, stroke and form. The colors keep apart for color-blind eyes: under simulated
//! protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009, severity 1) any two are at
//! least 21 apart in CIELAB, the first three 29; on paper each has a contrast of 3, the first two of 4.5.

use crate::escape::html as esc;
use crate::figure::{Anchor, Dash, FONT, Ink, Mark, Scene, Shape};

/// Light and dark colors of the series.
const SERIES: [(&str, &str); 6] = [
    ("#0a4aa8", "#7393ff"), // blue
    ("#a5370f", "#ff9f38"), // vermilion, orange
    ("#0a9f90", "#54e0a5"), // teal
    ("#55306c", "#bfa2dc"), // purple
    ("#cf7d0c", "#f5f58f"), // ochre, yellow
    ("#1a1a1a", "#dcf5fc"), // black, white
];
/// Words, muted things, grid, paper, thin lines of many: light and dark.
const ROLES: [(&str, &str, &str); 5] = [
    ("t", "#1c1c1c", "#ececec"),
    ("m", "#5c5c5c", "#ababab"),
    ("g", "#e4e4e2", "#3a3a3a"),
    ("p", "#ffffff", "#1b1b1a"),
    ("h", "#b9b9b6", "#5a5a5a"),
];
/// Opacity of areas and of faint bars.
pub(crate) const AREA: f64 = 0.16;
pub(crate) const FAINT: f64 = 0.3;
/// Fonts with Chinese on the three systems.
const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'PingFang SC', 'Microsoft YaHei', \
                     'Noto Sans CJK SC', 'Noto Sans SC', sans-serif";

/// The scene as an SVG document, which may also stand inside a page; `id` must be its own there.
pub fn render(scene: &Scene, id: &str) -> String {
    let id = crate::escape::anchor(id);
    let (w, h) = (n(scene.width), n(scene.height));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plim\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" \
         role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" font-family=\"{FONTS}\" font-size=\"{FONT}\">\n\
         <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n<style>{}</style>\n",
        esc(&scene.title),
        esc(&scene.description),
        dark()
    );
    out += &format!("<rect class=\"fp\" width=\"{w}\" height=\"{h}\" fill=\"{}\"/>\n", ROLES[3].1);
    for mark in &scene.marks {
        out += &element(mark);
        out.push('\n');
    }
    out + "</svg>\n"
}

/// Rules for the dark: the attributes already say what holds in the light and in print.
fn dark() -> String {
    let mut rules = String::new();
    let series = SERIES.iter().enumerate().map(|(i, (_, dark))| (i.to_string(), *dark));
    for (class, color) in ROLES.iter().map(|(c, _, dark)| ((*c).to_owned(), *dark)).chain(series) {
        rules += &format!(".plim .f{class}{{fill:{color}}}.plim .s{class}{{stroke:{color}}}");
    }
    format!("@media screen and (prefers-color-scheme:dark){{{rules}}}")
}

/// Class letter and light color of an ink.
fn ink(ink: Ink) -> (String, &'static str) {
    let role = |i: usize| (ROLES[i].0.to_owned(), ROLES[i].1);
    match ink {
        Ink::Text => role(0),
        Ink::Muted => role(1),
        Ink::Grid => role(2),
        Ink::Faint => role(4),
        Ink::Series(s) => ((s % SERIES.len()).to_string(), SERIES[s % SERIES.len()].0),
    }
}

fn element(mark: &Mark) -> String {
    match mark {
        Mark::Line { points, ink: color, width, dash } => {
            let (class, color) = ink(*color);
            let pattern: Vec<String> = dashes(*dash).iter().map(|d| n(*d)).collect();
            let dash = match pattern.is_empty() {
                true => String::new(),
                false => format!(" stroke-dasharray=\"{}\"", pattern.join(" ")),
            };
            format!(
                "<polyline class=\"s{class}\" points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{}\" \
                 stroke-linejoin=\"round\"{dash}/>",
                list(points),
                n(*width)
            )
        }
        Mark::Area { points, ink: color } => {
            let (class, color) = ink(*color);
            format!(
                "<polygon class=\"f{class}\" points=\"{}\" fill=\"{color}\" fill-opacity=\"{AREA}\"/>",
                list(points)
            )
        }
        Mark::Bar { at: (x, y, w, h), ink: color, faint } => {
            let (class, color) = ink(*color);
            let opacity = if *faint { format!(" fill-opacity=\"{FAINT}\"") } else { String::new() };
            format!(
                "<rect class=\"f{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{color}\"{opacity}/>",
                n(*x),
                n(*y),
                n(w.max(0.0)),
                n(h.max(0.0))
            )
        }
        Mark::Patch { rings, ink: color, shade } => {
            let (class, color) = ink(*color);
            let path: String = rings.iter().map(|ring| format!("M{}Z", list(ring))).collect();
            format!(
                "<path class=\"f{class} sp\" d=\"{path}\" fill=\"{color}\" fill-opacity=\"{}\" fill-rule=\"evenodd\" \
                 stroke=\"{}\" stroke-width=\"0.6\"/>",
                n(*shade),
                ROLES[3].1
            )
        }
        Mark::Dot { at, shape, ink: color, hollow } => dot(*at, *shape, *color, *hollow),
        Mark::Hint { at: (x, y, w, h), text } => format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill-opacity=\"0\"><title>{}</title></rect>",
            n(*x),
            n(*y),
            n(w.max(0.0)),
            n(h.max(0.0)),
            esc(text)
        ),
        Mark::Text { at: (x, y), text, anchor, ink: color } => {
            let (class, color) = ink(*color);
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            format!(
                "<text class=\"f{class}\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" fill=\"{color}\">{}</text>",
                n(*x),
                n(*y),
                esc(text)
            )
        }
    }
}

fn dot((x, y): (f64, f64), shape: Shape, color: Ink, hollow: bool) -> String {
    let (class, color) = ink(color);
    let form = match (shape, corners(shape)) {
        (Shape::Square, _) => {
            format!("<rect x=\"{}\" y=\"{}\" width=\"7.2\" height=\"7.2\"", n(x - 3.6), n(y - 3.6))
        }
        (_, None) => format!("<circle cx=\"{}\" cy=\"{}\" r=\"4\"", n(x), n(y)),
        (_, Some(offsets)) => {
            let points: Vec<_> = offsets.iter().map(|(a, b)| (x + a, y + b)).collect();
            format!("<polygon points=\"{}\"", list(&points))
        }
    };
    match hollow {
        true => {
            format!("{form} class=\"fp s{class}\" fill=\"{}\" stroke=\"{color}\" stroke-width=\"1.8\"/>", ROLES[3].1)
        }
        false => format!("{form} class=\"f{class}\" fill=\"{color}\"/>"),
    }
}

/// Corners of the form of a point around its center; a circle has none.
pub(crate) fn corners(shape: Shape) -> Option<&'static [(f64, f64)]> {
    match shape {
        Shape::Circle => None,
        Shape::Square => Some(&[(-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)]),
        Shape::Triangle => Some(&[(0.0, -4.8), (4.6, 3.4), (-4.6, 3.4)]),
        Shape::Diamond => Some(&[(0.0, -5.0), (5.0, 0.0), (0.0, 5.0), (-5.0, 0.0)]),
    }
}

/// Lengths of strokes and gaps; none for an unbroken line.
pub(crate) fn dashes(dash: Dash) -> &'static [f64] {
    match dash {
        Dash::Solid => &[],
        Dash::Long => &[9.0, 4.0],
        Dash::Short => &[3.0, 3.0],
        Dash::Mixed => &[9.0, 3.0, 2.0, 3.0],
    }
}

/// Color on paper.
pub(crate) fn color(of: Ink) -> &'static str {
    ink(of).1
}

fn list(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{},{}", n(*x), n(*y))).collect::<Vec<_>>().join(" ")
}

/// A coordinate: two decimals are below what eyes resolve, and keep files small and the same everywhere.
fn n(x: f64) -> String {
    let text = format!("{:.2}", if x.is_finite() { x.clamp(-1e6, 1e6) } else { 0.0 });
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}
