//! Specification curve (Simonsohn, Simmons and Nelson 2020): every estimate of one effect, sorted, with its interval;
//! below it the choices that it rests on, a dot where a specification makes the choice.

use crate::figure::{Anchor, Axis, Dash, FONT, Ink, Mark, Plane, Scene, Shape, cut, drawable, extent};
use crate::number::number;
use crate::plots::{WIDTH, shows};
use crate::words::Lang;
use crate::{Error, Fit, Result};
use plim_stats::Coefficient;

/// One estimate and the choices that it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Specification {
    /// Name, for who points at it.
    pub name: String,
    /// The estimate with its interval.
    pub estimate: Coefficient,
    /// Dimension and choice, such as `Fixed effects` and `city + year`.
    pub choices: Vec<(String, String)>,
    /// Whether it is the one that the study rests on.
    pub main: bool,
}

/// Height of the upper part, of a row of choices, most rows of choices.
const CURVE: f64 = 250.0;
const ROW: f64 = 17.0;
const MOST: usize = 60;

/// The specifications of `coefficient` in these fits, the first the main one; dimensions that do not vary are left out.
///
/// The choices are read from the fits: outcome, method, covariance, fixed effects, and each further regressor that
/// some have and others do not.
pub fn of_fits(
    fits: &[(&str, &Fit)],
    coefficient: &str,
    label: impl Fn(&str) -> String,
    lang: Lang,
) -> Result<Vec<Specification>> {
    let mut out = Vec::new();
    for (i, (name, fit)) in fits.iter().enumerate() {
        let estimate = fit.coefficients.iter().find(|c| c.name == coefficient).ok_or_else(|| {
            Error::invalid(
                format!("estimate `{name}` has no coefficient `{coefficient}`"),
                "name one that all fits have under `coefficients`, or leave that fit out",
            )
        })?;
        let effects: Vec<String> = fit.fixed_effects().iter().map(|e| label(e)).collect();
        let none = || lang.say("none").to_owned();
        let mut choices = vec![
            (lang.say("outcome").to_owned(), label(fit.outcome())),
            (lang.say("method").to_owned(), lang.method(&fit.method).to_owned()),
            (lang.say("covariance").to_owned(), fit.vcov.split(" (").next().unwrap_or_default().to_owned()),
            (lang.say("effects").to_owned(), if effects.is_empty() { none() } else { effects.join(" + ") }),
            (lang.say("nobs").to_owned(), crate::number::count(fit.nobs as f64)),
        ];
        let others = fit.coefficients.iter().filter(|c| c.name != coefficient && c.name != "(Intercept)");
        choices.extend(others.map(|c| (lang.say("controls").to_owned(), label(&c.name))));
        out.push(Specification { name: (*name).into(), estimate: estimate.clone(), choices, main: i == 0 });
    }
    // What all share tells them apart from nothing.
    let shared: Vec<(String, String)> = match out.split_first() {
        Some((first, rest)) => {
            first.choices.iter().filter(|c| rest.iter().all(|s| s.choices.contains(c))).cloned().collect()
        }
        None => Vec::new(),
    };
    out.iter_mut().for_each(|s| s.choices.retain(|c| !shared.contains(c)));
    Ok(out)
}

/// The curve and the choices below it.
pub fn specification_curve(specifications: &[Specification], lang: Lang) -> Result<Scene> {
    let mut sorted: Vec<&Specification> = specifications.iter().filter(|s| drawable(s.estimate.estimate)).collect();
    shows(sorted.is_empty(), "the list of specifications with a finite estimate")?;
    sorted.sort_by(|a, b| a.estimate.estimate.total_cmp(&b.estimate.estimate));
    // Dimensions in the order in which they appear, the choices of each in theirs.
    let mut rows: Vec<(&str, Vec<&str>)> = Vec::new();
    for (dimension, choice) in specifications.iter().flat_map(|s| &s.choices) {
        match rows.iter_mut().find(|(d, _)| d == dimension) {
            Some((_, choices)) if choices.contains(&choice.as_str()) => {}
            Some((_, choices)) => choices.push(choice),
            None => rows.push((dimension, vec![choice])),
        }
    }
    let count: usize = rows.iter().map(|(_, c)| c.len()).sum();
    if count > MOST {
        return Err(Error::invalid(
            format!("the specifications differ in {count} choices, and the figure has room for {MOST}"),
            "draw fewer fits, or give equal controls one name in `[sets]`",
        ));
    }
    let left = rows.iter().flat_map(|(_, c)| c).map(|c| extent(&cut(c, 200.0))).fold(60.0, f64::max) + 16.0;
    let height = CURVE + rows.iter().map(|(_, c)| (c.len() as f64 + 1.3) * ROW).sum::<f64>() + 14.0;
    let mut scene = Scene { width: WIDTH, height, title: lang.say("specification_curve").into(), ..Scene::default() };
    let y = Axis::over(
        sorted.iter().flat_map(|s| [s.estimate.estimate, s.estimate.conf_low, s.estimate.conf_high]).chain([0.0]),
        6,
    );
    // The plane is drawn on the upper part, as wide as the labels of the choices leave.
    let x = Axis { low: 0.4, high: sorted.len() as f64 + 0.6, ticks: Vec::new(), decimals: 0, bins: [None, None] };
    let mut upper = Scene { width: WIDTH, height: CURVE, ..Scene::default() };
    let mut plane = Plane::new(&mut upper, x, y, ("", ""), FONT * 1.2);
    upper.marks.clear();
    plane.field.0 = left.max(plane.field.0);
    let field = plane.field;
    for &t in &plane.y.ticks {
        let at = plane.py(t);
        scene.line(&[(field.0, at), (field.2, at)], if t == 0.0 { Ink::Muted } else { Ink::Grid }, 1.0, Dash::Solid);
        scene.text((field.0 - 8.0, at + FONT * 0.35), plane.y.label(t), Anchor::End, Ink::Muted);
    }
    scene.text((2.0, FONT), lang.say("estimate"), Anchor::Start, Ink::Text);
    for (i, s) in sorted.iter().enumerate() {
        let at = plane.px(i as f64 + 1.0);
        let c = &s.estimate;
        let ink = if s.main { Ink::Series(1) } else { Ink::Series(0) };
        scene.line(
            &[(at, plane.py(c.conf_low)), (at, plane.py(c.conf_high))],
            ink,
            if s.main { 2.4 } else { 1.4 },
            Dash::Solid,
        );
        let hollow = c.p_value.is_nan() || c.p_value >= 0.05;
        let shape = if s.main { Shape::Diamond } else { Shape::Circle };
        scene.marks.push(Mark::Dot { at: plane.at(i as f64 + 1.0, c.estimate), shape, ink, hollow });
        let said =
            format!("{}: {} [{}, {}]", s.name, number(c.estimate, 3), number(c.conf_low, 3), number(c.conf_high, 3));
        scene.hint(plane.at(i as f64 + 1.0, c.estimate), said);
    }
    let mut top = CURVE;
    for (dimension, choices) in &rows {
        scene.text((2.0, top + FONT), *dimension, Anchor::Start, Ink::Text);
        top += 1.2 * ROW;
        for choice in choices {
            let middle = top + ROW / 2.0;
            scene.line(&[(field.0, middle), (field.2, middle)], Ink::Grid, 1.0, Dash::Solid);
            scene.text((left - 12.0, middle + FONT * 0.35), cut(choice, 200.0), Anchor::End, Ink::Muted);
            for (i, s) in sorted.iter().enumerate() {
                if s.choices.iter().any(|(d, c)| d == dimension && c == choice) {
                    let at = plane.px(i as f64 + 1.0);
                    let wide = ((field.2 - field.0) / sorted.len() as f64 * 0.6).clamp(1.0, 6.0);
                    let ink = if s.main { Ink::Series(1) } else { Ink::Series(0) };
                    scene.bar((at - wide / 2.0, middle - 5.0, wide, 10.0), ink, false);
                }
            }
            top += ROW;
        }
    }
    let significant = sorted.iter().filter(|s| s.estimate.p_value < 0.05).count();
    let positive = sorted.iter().filter(|s| s.estimate.estimate > 0.0).count();
    let middle = {
        let k = sorted.len() / 2;
        let at = |i: usize| sorted[i].estimate.estimate;
        if sorted.len() % 2 == 1 { at(k) } else { 0.5 * (at(k - 1) + at(k)) }
    };
    let fill = |text: &str, with: String| text.replacen("{}", &with, 1);
    let text = lang.say("specification_said").to_owned();
    let text = fill(&text, sorted.len().to_string());
    let text = fill(&text, number(middle, 3));
    let text = fill(&text, positive.to_string());
    scene.description = fill(&text, significant.to_string());
    Ok(scene)
}
