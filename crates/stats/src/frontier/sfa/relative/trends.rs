//! An effect of its own for each unit, constant or a polynomial of time: Schmidt and Sickles (1984) with fixed effects
//! (degree 0), Cornwell, Schmidt and Sickles (1990) (degree 2).
//!
//! With W_i = (1, t, …, t^d), T_i × (d + 1), and M_i what projects off it,
//!
//! ```text
//! β = (Σ X_i'M_i X_i)⁻¹ Σ X_i'M_i y_i,   α_i = W_i (W_i'W_i)⁻¹ W_i'(y_i - X_i β),   σ_v² = Σ e'e/(n - N (d + 1) - k)
//! ```
//!
//! α_it are the projections themselves, so that the polynomial needs no origin and its units do not matter.

use super::super::{Columns, Data, Index, LeastSquares, Model, Sfa, dot};
use super::{Effects, best, natural, regressors};
use crate::{Error, Result};

/// A regressor whose part that is no polynomial of a unit is below this share of its size has none.
const STILL: f64 = 1e-10;

pub(super) fn fit(data: &Data, options: &Sfa, degree: usize) -> Result<Effects> {
    let panel = data.need_panel()?;
    let spells = panel.spells()?;
    let short: Vec<usize> = spells.iter().filter(|s| s.len() < degree + 2).flatten().copied().collect();
    if !short.is_empty() {
        let (few, way_out) = match options.model {
            Model::SchmidtSickles => ("one row", "drop such units, or set first_step = \"random\""),
            _ => ("fewer than four rows", "drop such units, or use model = \"schmidt_sickles\""),
        };
        let message = format!("a unit with {few} leaves nothing beside an effect of its own");
        return Err(Error::invalid(message, way_out).at_rows(short));
    }
    let Columns { X, names } = regressors(data)?;
    let (n, k) = (X.nrows(), X.ncols());
    let taken = spells.len() * (degree + 1);
    if n <= taken + k {
        return Err(Error::invalid(
            format!("{n} observations for {taken} parameters of units and {k} regressors"),
            "use more years or fewer regressors",
        ));
    }
    let bases: Vec<Vec<Vec<f64>>> = spells.iter().map(|s| basis(s, &panel.time, degree)).collect();
    let mut columns = Vec::new();
    for (j, name) in names.iter().enumerate() {
        let value = |i: usize| X[(i, j)];
        let fitted = projections(&spells, &bases, value);
        let left: Vec<f64> = (0..n).map(|i| value(i) - fitted[i]).collect();
        let size = (0..n).map(|i| value(i).abs()).fold(0.0, f64::max);
        if left.iter().all(|l| l.abs() <= STILL * size) {
            let (message, way_out) = match degree {
                0 => ("it does not vary within units", "leave it out, or set first_step = \"random\""),
                _ => ("within units it is a quadratic of time, as the effects are", "leave it out"),
            };
            return Err(Error::invalid(message, way_out).at_column(name));
        }
        columns.push((name.clone(), left));
    }
    let index = Index::new(&Columns::new(n, false, &columns))?;
    let fitted = projections(&spells, &bases, |i| data.y[i]);
    let y: Vec<f64> = (0..n).map(|i| data.y[i] - fitted[i]).collect();
    let ols = LeastSquares::fit(&y, &index)?;
    let sigma2 = ols.variance * n as f64 / (n - taken - k) as f64;
    let residuals: Vec<f64> = y.iter().enumerate().map(|(i, y)| y - index.at(i, &ols.coef)).collect();
    let z = |i: usize| index.row(i).to_vec();
    let (coef, moments, V) = natural(&index, &ols.coef, &index.independent()?, z, &residuals, sigma2)?;
    let row = |i: usize| -> Vec<f64> { (0..k).map(|j| X[(i, j)]).collect() };
    let effect = projections(&spells, &bases, |i| data.y[i] - dot(&row(i), &coef));
    let sign = options.frontier.sign();
    let mut own = vec![("sigma_v", sigma2.sqrt())];
    let best = match degree {
        0 => {
            let constant = best(sign, effect.iter().copied());
            own.push(("frontier_intercept", constant));
            vec![constant; n]
        }
        // A quadratic says nothing outside the times of its unit: the best of those observed at the time.
        _ => {
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&a, &b| panel.time[a].total_cmp(&panel.time[b]));
            let mut out = vec![0.0; n];
            for at in order.chunk_by(|&a, &b| panel.time[a] == panel.time[b]) {
                let top = best(sign, at.iter().map(|&i| effect[i]));
                at.iter().for_each(|&i| out[i] = top);
            }
            out
        }
    };
    let (iterations, gradient, climbs, notes) = (0, 0.0, [0; 3], Vec::new());
    Ok(Effects { names, coef, V, moments, effect, best, own, iterations, gradient, climbs, notes })
}

/// Orthonormal polynomials of the times of a unit, degree + 1 of its length.
fn basis(spell: &[usize], time: &[f64], degree: usize) -> Vec<Vec<f64>> {
    let size = spell.len() as f64;
    let mean = spell.iter().map(|&i| time[i]).sum::<f64>() / size;
    let reach = spell.iter().map(|&i| (time[i] - mean).abs()).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(degree + 1);
    for power in 0..=degree {
        let mut column: Vec<f64> = spell.iter().map(|&i| ((time[i] - mean) / reach).powi(power as i32)).collect();
        // Twice is enough (Gram-Schmidt): the times of a unit are different, so that nothing vanishes.
        for _ in 0..2 {
            for other in &basis {
                let share = dot(&column, other);
                column.iter_mut().zip(other).for_each(|(c, o)| *c -= share * o);
            }
        }
        let length = dot(&column, &column).sqrt();
        column.iter_mut().for_each(|c| *c /= length);
        basis.push(column);
    }
    basis
}

/// The values projected on the basis of their unit, n.
fn projections(spells: &[Vec<usize>], bases: &[Vec<Vec<f64>>], value: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut out = vec![0.0; spells.iter().map(Vec::len).sum()];
    for (spell, basis) in spells.iter().zip(bases) {
        let values: Vec<f64> = spell.iter().map(|&i| value(i)).collect();
        for column in basis {
            let share = dot(column, &values);
            spell.iter().zip(column).for_each(|(&i, c)| out[i] += share * c);
        }
    }
    out
}
