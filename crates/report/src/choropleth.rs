//! Choropleth: regions of a map in shades of their values.
//!
//! Longitudes are drawn to the scale of the middle latitude (equirectangular projection), which shows a country in its
//! usual shape; it is no projection for the poles or for measuring areas.

use crate::figure::{Anchor, Dash, FONT, Ink, Scene, cut, drawable, extent};
use crate::geojson::Region;
use crate::number::number;
use crate::plots::{WIDTH, shows, titled};
use crate::{Lang, Result};

/// Tallest map.
const TALL: f64 = 620.0;
/// Corners nearer to the last one drawn are left out: eyes do not resolve them.
const STEP: f64 = 0.4;

/// What is drawn of a region.
#[derive(Debug, Clone, PartialEq)]
pub enum Paint {
    /// Class of its value, from 0, of so many.
    Class(usize),
    /// Without a value.
    Missing,
}

/// Regions with what is drawn of each; `classes` says the range of each class, the lowest first.
pub fn choropleth(regions: &[Region], paint: &[Paint], classes: &[String], title: &str, lang: Lang) -> Result<Scene> {
    let drawn = || regions.iter().flat_map(|r| r.outlines.iter().flatten());
    shows(drawn().next().is_none(), "the list of regions with an outline")?;
    let range = |of: fn(&(f64, f64)) -> f64| {
        drawn().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)))
    };
    let ((west, east), (south, north)) = (range(|p| p.0), range(|p| p.1));
    let narrow = ((south + north) / 2.0).to_radians().cos().max(0.1);
    // A map of one point has a size all the same.
    let (wide, high) = (((east - west) * narrow).max(1e-6), (north - south).max(1e-6));
    let scale = (WIDTH / wide).min(TALL / high);
    let bottom = 4.0 + high * scale;
    let mut scene = titled(title, String::new(), bottom);
    let left = (WIDTH - wide * scale) / 2.0;
    let place = |&(lon, lat): &(f64, f64)| (left + (lon - west) * narrow * scale, 4.0 + (north - lat) * scale);
    for (region, paint) in regions.iter().zip(paint) {
        let rings = region.outlines.iter().map(|o| thinned(o.iter().map(place))).filter(|r| r.len() > 2).collect();
        match paint {
            Paint::Class(c) => {
                let share = (*c as f64 + 0.6) / classes.len().max(1) as f64;
                scene.patch(rings, Ink::Series(0), 0.1 + 0.85 * share.min(1.0));
            }
            Paint::Missing => scene.patch(rings, Ink::Grid, 0.6),
        }
    }
    scene.text((2.0, bottom + FONT * 1.6), cut(title, WIDTH - 8.0), Anchor::Start, Ink::Text);
    scene.height = legend(&mut scene, bottom + FONT * 2.4, paint, classes, lang);
    let missing = paint.iter().filter(|p| **p == Paint::Missing).count();
    let highest = regions.iter().zip(paint).filter(|(_, p)| **p == Paint::Class(classes.len().saturating_sub(1)));
    let names: Vec<&str> = highest.map(|(r, _)| r.name.as_str()).take(5).collect();
    let said = classes.last().map_or(String::new(), |c| format!("{c}: {}", names.join(lang.comma())));
    scene.description = match missing {
        0 => said,
        n => format!("{said}; {}", lang.with("without_value", &n.to_string())),
    };
    Ok(scene)
}

/// Shades and their ranges below the map, from `y` on; returns where they end.
fn legend(scene: &mut Scene, mut y: f64, paint: &[Paint], classes: &[String], lang: Lang) -> f64 {
    let mut x = 2.0;
    let shades = classes.iter().enumerate().map(|(c, words)| {
        let share = (c as f64 + 0.6) / classes.len() as f64;
        (words.clone(), Ink::Series(0), 0.1 + 0.85 * share)
    });
    let missing = paint.contains(&Paint::Missing).then(|| (lang.say("no_value").to_string(), Ink::Grid, 0.6));
    for (words, ink, shade) in shades.chain(missing) {
        let words = cut(&words, 190.0);
        let wide = 26.0 + extent(&words) + 12.0;
        if x > 2.0 && x + wide > WIDTH {
            (x, y) = (2.0, y + FONT * 1.5);
        }
        scene.cell((x, y, 18.0, FONT), ink, shade);
        scene.line(&[(x, y), (x + 18.0, y)], Ink::Muted, 0.5, Dash::Solid);
        scene.text((x + 24.0, y + FONT * 0.85), words, Anchor::Start, Ink::Muted);
        x += wide;
    }
    y + FONT * 1.5
}

/// An outline without the corners that eyes do not resolve.
fn thinned(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    for p in points {
        if out.last().is_none_or(|q| (p.0 - q.0).hypot(p.1 - q.1) >= STEP) {
            out.push(p);
        }
    }
    out
}

/// Class of each value, by quantiles: bounds and words for the ranges.
///
/// Fewer classes come out where values repeat; a NaN has none.
pub fn classes(values: &[f64], count: usize) -> (Vec<Paint>, Vec<String>) {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| drawable(*v)).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&least), Some(&most)) = (sorted.first(), sorted.last()) else {
        return (vec![Paint::Missing; values.len()], Vec::new());
    };
    use plim_stats::math::quantile::{QuantileType, quantile};
    let mut bounds: Vec<f64> =
        (1..count.max(1)).map(|k| quantile(&sorted, k as f64 / count as f64, QuantileType::Stata)).collect();
    bounds.dedup();
    bounds.retain(|b| *b < most);
    // A class holds the values up to its bound.
    let class = |v: f64| if drawable(v) { Paint::Class(bounds.partition_point(|b| *b < v)) } else { Paint::Missing };
    let ends: Vec<f64> = std::iter::once(least).chain(bounds.iter().copied()).chain([most]).collect();
    let print = |v: f64| number(v, 3).replace('-', "\u{2212}");
    let words = ends.windows(2).map(|w| format!("{} – {}", print(w[0]), print(w[1]))).collect();
    (values.iter().map(|&v| class(v)).collect(), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_quantiles_hold_every_value() {
        let (paint, words) = classes(&[1.0, 2.0, 3.0, 4.0, f64::NAN], 2);
        assert_eq!(paint[..4], [0, 0, 1, 1].map(Paint::Class));
        assert_eq!((paint[4].clone(), words.len()), (Paint::Missing, 2));
        let (paint, words) = classes(&[5.0; 3], 4);
        assert_eq!((paint[0].clone(), words.len()), (Paint::Class(0), 1));
        assert!(classes(&[f64::NAN], 3).1.is_empty());
    }
}
