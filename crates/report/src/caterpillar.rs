//! Caterpillar plot, units by rank with their intervals: scores that come with an uncertainty, the best at the top.
//!
//! Ranks of scores mean little where intervals overlap, which is what the figure is to show.

use crate::figure::{Anchor, Axis, Dash, FONT, Ink, Scene, cut, drawable, extent};
use crate::number::number;
use crate::plots::{WIDTH, shows};
use crate::words::Lang;
use crate::{Error, Result};

/// A unit, its score and the bounds of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Name.
    pub name: String,
    /// Score.
    pub value: f64,
    /// Lower bound; NaN when there is none.
    pub low: f64,
    /// Upper bound; NaN when there is none.
    pub high: f64,
}

/// Units that the figure has room for.
pub const MOST: usize = 80;

/// The units from the highest score to the lowest, ties by name; `title` says what the score is.
pub fn caterpillar(units: &[Ranked], title: &str, lang: Lang) -> Result<Scene> {
    let mut units: Vec<&Ranked> = units.iter().filter(|u| drawable(u.value)).collect();
    shows(units.is_empty(), "the list of units with a finite score")?;
    if units.len() > MOST {
        return Err(Error::invalid(
            format!("{} units are to be ranked, and the figure has room for {MOST}", units.len()),
            "keep fewer with `where` or `top`",
        ));
    }
    if let Some(u) = units.iter().find(|u| u.low > u.value || u.high < u.value) {
        return Err(Error::invalid(
            format!("the score {} of `{}` lies outside its interval [{}, {}]", u.value, u.name, u.low, u.high),
            "name the columns of one interval under `low` and `high`",
        ));
    }
    units.sort_by(|a, b| b.value.total_cmp(&a.value).then_with(|| a.name.cmp(&b.name)));
    let row = if units.len() > 40 { 16.0 } else { 20.0 };
    let (top, height) = (8.0, units.len() as f64 * row + 8.0 + FONT * 2.2);
    let mut scene = Scene { width: WIDTH, height, title: title.into(), ..Scene::default() };
    let axis = Axis::over(units.iter().flat_map(|u| [u.value, u.low, u.high]), 6);
    let label = |i: usize, u: &Ranked| format!("{}  {}", cut(&u.name, 190.0), i + 1);
    let left = units.iter().enumerate().map(|(i, u)| extent(&label(i, u))).fold(0.0, f64::max) + 16.0;
    let right = WIDTH - extent(&axis.label(axis.high)).max(24.0) / 2.0;
    let bottom = top + units.len() as f64 * row;
    let px = |v: f64| left + (v - axis.low) / (axis.high - axis.low) * (right - left);
    for &t in &axis.ticks {
        scene.line(&[(px(t), top), (px(t), bottom)], Ink::Grid, 1.0, Dash::Solid);
        scene.text((px(t), bottom + 4.0 + FONT), axis.label(t), Anchor::Middle, Ink::Muted);
    }
    let said = |u: &Ranked| match u.low.is_finite() && u.high.is_finite() {
        true => format!("{}: {} [{}, {}]", u.name, number(u.value, 3), number(u.low, 3), number(u.high, 3)),
        false => format!("{}: {}", u.name, number(u.value, 3)),
    };
    for (i, u) in units.iter().enumerate() {
        let y = top + (i as f64 + 0.5) * row;
        scene.text((left - 12.0, y + FONT * 0.35), label(i, u), Anchor::End, Ink::Text);
        scene.line(&[(px(u.low), y), (px(u.high), y)], Ink::Series(0), 2.0, Dash::Solid);
        scene.dot((px(u.value), y), 0, false);
        scene.hint((px(u.value), y), said(u));
    }
    let (first, last) = (units[0], units[units.len() - 1]);
    scene.description = format!("1. {}. {}. {}.", said(first), units.len(), said(last));
    // Neighbors whose intervals do not overlap are told apart by the data.
    let apart = units.windows(2).filter(|w| w[0].low > w[1].high).count();
    scene.description += &format!(" {}", lang.with("told_apart", &apart.to_string()));
    Ok(scene)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_stands_at_the_top_whatever_the_order() {
        let unit = |name: &str, value: f64, half: f64| Ranked {
            name: name.into(),
            value,
            low: value - half,
            high: value + half,
        };
        let mut units = vec![unit("c", 0.2, 0.1), unit("<a>", 0.9, 0.05), unit("b", 0.5, f64::NAN)];
        let scene = caterpillar(&units, "score", Lang::En).unwrap();
        units.reverse();
        assert_eq!(caterpillar(&units, "score", Lang::En).unwrap(), scene);
        assert!(scene.description.starts_with("1. <a>: 0.900 [0.850, 0.950]. 3. c: 0.200"), "{}", scene.description);
        units[0].high = 0.1;
        assert!(caterpillar(&units, "score", Lang::En).unwrap_err().to_string().contains("outside its interval"));
        assert!(caterpillar(&[], "score", Lang::Zh).is_err());
    }
}
