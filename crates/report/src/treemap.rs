//! Treemap: the parts of a whole as tiles whose areas are their shares, those of a group side by side.
//!
//! Squarified as by Bruls, Huizing and van Wijk (2000), "Squarified treemaps": tiles are laid in rows along the shorter
//! side of what is left, a row taking tiles as long as that keeps the worst of them closer to a square.

use crate::figure::{Anchor, FONT, Ink, Scene, cut, extent};
use crate::number::fixed;
use crate::plots::{HEIGHT, WIDTH, shows, titled};
use crate::{Error, Result};

/// Left, top, width, height.
pub type Rectangle = (f64, f64, f64, f64);

/// A part of the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// What stands on it.
    pub name: String,
    /// Its group, a position in the list of their names.
    pub group: usize,
    /// Its size, zero or more.
    pub value: f64,
}

/// Tiles by group, the largest first; `groups` has one name a group, and a single group has no legend.
pub fn treemap(tiles: &[Tile], groups: &[String], title: &str) -> Result<Scene> {
    if let Some(bad) = tiles.iter().find(|t| !(t.value.is_finite() && t.value >= 0.0)) {
        let message = format!("the tile `{}` has the size {}", bad.name, bad.value);
        return Err(Error::invalid(message, "a treemap shows parts of a whole: sizes are zero or more"));
    }
    let total: f64 = tiles.iter().map(|t| t.value).sum();
    shows(total <= 0.0, "the list of tiles with a size")?;
    let mut scene = titled(title, String::new(), HEIGHT);
    let top = if groups.len() > 1 { scene.legend(groups, 2.0, 2.0, false) } else { 0.0 };
    let mut parts: Vec<(f64, Vec<&Tile>)> = (0..groups.len().max(1))
        .map(|g| {
            let mut own: Vec<&Tile> = tiles.iter().filter(|t| t.group == g && t.value > 0.0).collect();
            own.sort_by(|a, b| b.value.total_cmp(&a.value));
            (own.iter().map(|t| t.value).sum(), own)
        })
        .filter(|part: &(f64, Vec<&Tile>)| part.0 > 0.0)
        .collect();
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let sizes: Vec<f64> = parts.iter().map(|p| p.0).collect();
    let fields = squarified(&sizes, (0.0, top, WIDTH, HEIGHT - top));
    for ((_, own), field) in parts.iter().zip(fields) {
        let values: Vec<f64> = own.iter().map(|t| t.value).collect();
        for (tile, at) in own.iter().zip(squarified(&values, field)) {
            draw(&mut scene, tile, at, tile.value / total);
        }
    }
    let mut largest: Vec<&Tile> = parts.iter().flat_map(|p| p.1.iter().copied()).collect();
    largest.sort_by(|a, b| b.value.total_cmp(&a.value));
    let said = largest.iter().take(3).map(|t| format!("{}: {} %", t.name, fixed(100.0 * t.value / total, 1)));
    scene.description = said.collect::<Vec<_>>().join("; ");
    Ok(scene)
}

/// One tile with its name and share, as far as they fit.
fn draw(scene: &mut Scene, tile: &Tile, (x, y, w, h): Rectangle, share: f64) {
    // A gap tells neighbours apart.
    let gap = 1.0f64.min(w / 4.0).min(h / 4.0);
    scene.bar((x + gap, y + gap, w - 2.0 * gap, h - 2.0 * gap), Ink::Series(tile.group), true);
    let room = w - 8.0;
    let name = cut(&tile.name, room);
    if h < FONT * 1.5 || extent(&name) > room {
        return;
    }
    scene.text((x + 4.0, y + FONT * 1.2), name, Anchor::Start, Ink::Text);
    let share = format!("{} %", fixed(100.0 * share, 1));
    if h >= FONT * 2.8 && extent(&share) <= room {
        scene.text((x + 4.0, y + FONT * 2.4), share, Anchor::Start, Ink::Muted);
    }
}

/// Rectangles of areas in proportion to `values` (positive, descending) that fill the field.
pub fn squarified(values: &[f64], field: Rectangle) -> Vec<Rectangle> {
    let (mut x, mut y, mut w, mut h) = field;
    let scale = w * h / values.iter().sum::<f64>();
    let areas: Vec<f64> = values.iter().map(|v| v * scale).collect();
    let mut out = Vec::with_capacity(areas.len());
    let mut first = 0;
    while first < areas.len() {
        let side = w.min(h);
        // The worst ratio of the sides of a row's tiles.
        let worst = |row: &[f64]| {
            let sum: f64 = row.iter().sum();
            row.iter().map(|a| (side * side * a / (sum * sum)).max(sum * sum / (side * side * a))).fold(0.0, f64::max)
        };
        let mut last = first + 1;
        while last < areas.len() && worst(&areas[first..=last]) <= worst(&areas[first..last]) {
            last += 1;
        }
        let row = &areas[first..last];
        let depth = row.iter().sum::<f64>() / side;
        let mut along = 0.0;
        for area in row {
            let length = area / depth;
            out.push(if w >= h { (x, y + along, depth, length) } else { (x + along, y, length, depth) });
            along += length;
        }
        if w >= h {
            (x, w) = (x + depth, w - depth);
        } else {
            (y, h) = (y + depth, h - depth);
        }
        first = last;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the paper: areas 6, 6, 4, 3, 2, 2, 1 in 6 × 4.
    #[test]
    fn tiles_fill_the_field_in_proportion() {
        let values = [6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0];
        let tiles = squarified(&values, (0.0, 0.0, 6.0, 4.0));
        assert_eq!(tiles[..2], [(0.0, 0.0, 3.0, 2.0), (0.0, 2.0, 3.0, 2.0)]);
        for (tile, value) in tiles.iter().zip(values) {
            assert!((tile.2 * tile.3 - value).abs() < 1e-12, "{tile:?}");
            assert!(tile.0 + tile.2 < 6.0 + 1e-12 && tile.1 + tile.3 < 4.0 + 1e-12, "{tile:?}");
        }
        for (i, a) in tiles.iter().enumerate() {
            for b in &tiles[..i] {
                let apart = |p: f64, q: f64, r: f64, s: f64| p + q <= r + 1e-12 || r + s <= p + 1e-12;
                assert!(apart(a.0, a.2, b.0, b.2) || apart(a.1, a.3, b.1, b.3), "{a:?} over {b:?}");
            }
        }
    }

    #[test]
    fn sizes_that_are_no_parts_are_refused() {
        let tile = |value| vec![Tile { name: "steel".into(), group: 0, value }];
        assert!(treemap(&tile(-1.0), &[], "t").unwrap_err().to_string().contains("steel"));
        assert!(treemap(&tile(f64::NAN), &[], "t").is_err());
        assert!(treemap(&tile(0.0), &[], "t").is_err());
        assert_eq!(treemap(&tile(2.0), &[], "t").unwrap().description, "steel: 100.0 %");
    }
}
