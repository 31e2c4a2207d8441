//! Unit effects beside inefficiency that varies over time.
//!
//! ```text
//! y_it = x_it'β + α_i + v_it - S u_it
//! true fixed effects    α_i estimated with β                        Greene 2005
//! within MLE            α_i eliminated by demeaning                 Chen, Schmidt and Wang 2014
//! true random effects   α_i = β_0 + w_i,  w_i ~ N(0, σ_w²)          Greene 2005
//! four components       α_i = β_0 + w_i - S h_i,  h_i ≥ 0           Kumbhakar, Lien and Hardaker 2014
//! ```
//!
//! Without α_i whatever keeps a unit from others is taken for inefficiency. With it, inefficiency that a unit keeps is
//! taken for heterogeneity, unless h_i tells the two apart. In all of them a unit enters through one number a, which
//! shifts its composed errors: e_it = S(y_it - x_it'β) - a. The true fixed effects maximize over a; the other three
//! integrate over it, and differ in the density of a alone (`prior`).

mod draws;
mod integral;
mod integrated;
mod mixture;
mod prior;
mod random;
mod steps;
mod true_fixed;

pub(super) use integrated::Integrated;
pub(super) use mixture::Mixture;
pub(super) use prior::Prior;
pub(super) use random::RandomEffects;
pub(super) use steps::four_component_steps;
pub(super) use true_fixed::TrueFixed;

use super::density::{Exponential, HalfNormal, Truncated, TruncatedNormal};
use super::panel::within;
use super::{Columns, Data, Distribution, Index, LeastSquares, Likelihood, Model, Sfa};
use crate::{Error, Result};

/// Units whose sums are formed together, in order; part of the definition of the result, not of the machine.
const CHUNK: usize = 32;
/// A regressor whose deviations from unit means are below this share of its size does not vary within units.
const STILL: f64 = 1e-10;

/// The likelihood of a model with unit effects.
pub(super) fn model<'a>(
    data: &'a Data,
    frontier: &Index,
    ols: &'a LeastSquares,
    options: &Sfa,
) -> Result<Box<dyn Likelihood + 'a>> {
    match options.distribution {
        Distribution::HalfNormal => of(data, frontier, ols, options, HalfNormal),
        Distribution::Exponential => of(data, frontier, ols, options, Exponential),
        Distribution::TruncatedNormal => of(data, frontier, ols, options, TruncatedNormal),
        _ => Err(super::options::pooled_only()),
    }
}

fn of<'a, const Q: usize, D: Truncated<Q> + 'a>(
    data: &'a Data,
    frontier: &Index,
    ols: &'a LeastSquares,
    options: &Sfa,
    density: D,
) -> Result<Box<dyn Likelihood + 'a>> {
    let prior = match options.model {
        Model::Tfe => return Ok(Box::new(TrueFixed::new(data, ols, options, density)?)),
        Model::WithinMle => Prior::Flat,
        Model::Tre => Prior::Normal,
        _ => Prior::Composed,
    };
    Ok(Box::new(Integrated::new(data, frontier, ols, options, density, prior)?))
}

/// What is left of outcome and regressors when unit means are taken; the constant drops out.
pub(super) struct Within {
    pub(super) y: Vec<f64>,
    pub(super) frontier: Index,
    /// Rows of each unit in the order of time.
    pub(super) spells: Vec<Vec<usize>>,
}

impl Within {
    pub(super) fn new(data: &Data) -> Result<Self> {
        let spells = data.need_panel()?.spells()?;
        let single: Vec<usize> = spells.iter().filter(|s| s.len() < 2).flatten().copied().collect();
        if !single.is_empty() {
            return Err(Error::invalid(
                "a unit with one row says nothing beside an effect of its own",
                "drop such units, or use model = \"tre\"",
            )
            .at_rows(single));
        }
        let (X, names) = (&data.frontier.X, &data.frontier.names);
        if X.ncols() < 2 {
            return Err(Error::invalid("unit effects leave a frontier without regressors", "name regressors"));
        }
        let mut columns = Vec::new();
        for j in 1..X.ncols() {
            let deviations = within(&spells, |i| X[(i, j)]);
            let size = (0..data.nobs()).map(|i| X[(i, j)].abs()).fold(0.0, f64::max);
            if deviations.iter().all(|d| d.abs() <= STILL * size) {
                return Err(Error::invalid("it does not vary within units", "leave it out, or use model = \"tre\"")
                    .at_column(&names[j]));
            }
            columns.push((names[j].clone(), deviations));
        }
        let frontier = Index::new(&Columns::new(data.nobs(), false, &columns))?;
        Ok(Within { y: within(&spells, |i| data.y[i]), frontier, spells })
    }

    /// Least squares with unit effects; `kept` says whether the likelihood counts the unit means.
    pub(super) fn least_squares(data: &Data, kept: bool) -> Result<LeastSquares> {
        let Within { y, frontier, spells } = Self::new(data)?;
        let (n, units) = (data.nobs(), spells.len());
        if n <= units + frontier.k + 2 {
            return Err(Error::invalid(
                format!("{n} observations for {units} unit effects and {} parameters", frontier.k + 2),
                "use more years or fewer regressors",
            ));
        }
        let ols = LeastSquares::fit(&y, &frontier)?;
        Ok(if kept { ols } else { ols.of_rank(n, n - units) })
    }
}

/// Intercept of each unit: its mean of y - x'β, with S a added, in the natural coefficients β of the regressors
/// after the constant.
pub(super) fn intercept(data: &Data, spell: &[usize], slopes: &[f64], shift: f64) -> f64 {
    let X = &data.frontier.X;
    let residual = |i: &usize| data.y[*i] - (1..X.ncols()).map(|j| X[(*i, j)] * slopes[j - 1]).sum::<f64>();
    spell.iter().map(residual).sum::<f64>() / spell.len() as f64 + shift
}

/// The maximum of a concave function from `start` by Newton's method between brackets, to `tolerance`; steps are at
/// most `reach`, for where the curvature vanishes they would have no bound. `f` gives slope and curvature.
pub(super) fn peak(mut f: impl FnMut(f64) -> [f64; 2], start: f64, reach: f64, tolerance: f64) -> f64 {
    let (mut low, mut high, mut a) = (f64::NEG_INFINITY, f64::INFINITY, start);
    for _ in 0..200 {
        let [slope, curvature] = f(a);
        if slope > 0.0 {
            low = a
        } else {
            high = a
        }
        let newton = if curvature < 0.0 { -slope / curvature } else { reach.copysign(slope) };
        let mut next = a + newton.clamp(-reach, reach);
        if !(next > low && next < high) && low.is_finite() && high.is_finite() {
            next = 0.5 * (low + high);
        }
        let step = (next - a).abs();
        a = next;
        if step <= tolerance {
            break;
        }
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::{Frontier, Panel, least_squares};
    use super::*;
    use crate::math::Mat;
    use crate::math::rng::Stream;

    /// Fourteen units with two to five years.
    fn panel() -> Data {
        let mut draw = Stream::new(5, 0);
        let (mut unit, mut time, mut x, mut y) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for u in 0..14 {
            let alpha = 0.4 * draw.normal();
            for t in 0..2 + u % 4 {
                let z = draw.normal();
                unit.push(u);
                time.push(t as f64);
                x.push(z);
                y.push(1.0 + alpha + 0.5 * z + 0.2 * draw.normal() - (0.5 * draw.normal()).abs());
            }
        }
        let n = y.len();
        let X = Mat::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { x[i] });
        let z: Vec<f64> = x.iter().map(|x| (3.0 * x).sin()).collect();
        let mut data = Data::new(y, X, vec!["(Intercept)".into(), "x".into()]);
        data.panel = Some(Panel { unit, time });
        data.u_variance = Some(Columns::new(n, true, &[("z".into(), z)]));
        data
    }

    #[test]
    fn derivatives_are_those_of_the_value() {
        let data = panel();
        let models = [Model::Tfe, Model::WithinMle, Model::Tre, Model::FourComponent];
        let simulated = [(Model::Tre, Some(30)), (Model::FourComponent, Some(30))];
        for (model, draws) in models.map(|m| (m, None)).into_iter().chain(simulated) {
            for distribution in [Distribution::HalfNormal, Distribution::Exponential, Distribution::TruncatedNormal] {
                let options = Sfa { model, distribution, draws, frontier: Frontier::Cost, ..Sfa::default() };
                let (frontier, ols) = least_squares(&data, &options).unwrap();
                let likelihood = super::model(&data, &frontier, &ols, &options).unwrap();
                let p = likelihood.parameters().len();
                let theta: Vec<f64> = likelihood.starts().unwrap()[4].iter().map(|t| t + 0.03).collect();
                let at = |j: usize, h: f64| {
                    let mut moved = theta.clone();
                    moved[j] += h;
                    likelihood.point(&moved).unwrap()
                };
                let point = likelihood.point(&theta).unwrap();
                plim_golden::close(point.value, likelihood.value(&theta), 1e-12, "value");
                let (contributions, owners) = likelihood.contributions(&theta);
                assert_eq!(owners.len(), 14);
                for j in 0..p {
                    let sum: f64 = (0..14).map(|g| contributions[(g, j)]).sum();
                    assert!((sum - point.gradient[j]).abs() < 1e-9, "{model:?} contributions {j}");
                    // The error of a central difference: h² times the third derivative, and rounding over h.
                    let h = 1e-4;
                    let (low, high) = (at(j, -h), at(j, h));
                    let slope = (high.value - low.value) / (2.0 * h);
                    let tolerance = 2e-6 * (1.0 + slope.abs());
                    assert!(
                        (point.gradient[j] - slope).abs() < tolerance,
                        "{model:?} {j}: {} {slope}",
                        point.gradient[j]
                    );
                    for k in 0..p {
                        let second = (high.gradient[k] - low.gradient[k]) / (2.0 * h);
                        let got = point.hessian[(j, k)];
                        assert!(
                            (got - second).abs() < 2e-6 * (1.0 + second.abs()),
                            "{model:?} {j} {k}: {got} {second}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_peak_of_a_function_with_a_straight_flank_is_found() {
        // ln f of the exponential model far from the frontier has no curvature.
        let f = |a: f64| if a < 50.0 { [1.0, 0.0] } else { [51.0 - a, -1.0] };
        assert!((peak(f, 0.0, 7.0, 1e-12) - 51.0).abs() < 1e-9);
    }
}
