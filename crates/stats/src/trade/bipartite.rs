//! Scores of the two sides of the graph of units and products: eigenvector, reflections, fitness.
//!
//! The matrices and references are in [`complexity`](mod@super::complexity); here are the kernels. Units and products are positions
//! in [`Advantage`], n units and k products.

use super::rca::Advantage;
use crate::math::Mat;
use crate::math::linalg::symmetric_eigen;
use crate::{Error, Kind, Result};

/// Mean of `values` over the links of each node.
pub fn averages(links: &[Vec<usize>], values: &[f64]) -> Vec<f64> {
    links.iter().map(|l| l.iter().map(|&j| values[j]).sum::<f64>() / l.len() as f64).collect()
}

/// The second eigenvector on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// Scores of the units, n: the mean score of their products.
    pub units: Vec<f64>,
    /// Scores of the products, k.
    pub products: Vec<f64>,
    /// Second eigenvalue.
    pub lambda2: f64,
    /// Second less third eigenvalue (less 0 for two units).
    pub gap: f64,
}

/// Solves the symmetric problem on the side of the units; refuses a graph in parts and an eigenvalue that does not
/// stand out.
pub fn eigen(a: &Advantage, notes: &mut Vec<String>) -> Result<Eigen> {
    let n = a.units.len();
    let untrusted = |message: String, remedy: &str| Error::new(Kind::Untrusted { message, remedy: remedy.into() });
    let mut parts = a.parts().1;
    if parts.len() > 1 {
        parts.sort_unstable_by(|a, b| b.cmp(a));
        let sizes: Vec<String> = parts.iter().take(5).map(usize::to_string).collect();
        return Err(untrusted(
            format!(
                "the graph of units and products falls into {} parts (of {}{} units), so that ECI only tells the parts apart",
                parts.len(),
                sizes.join(", "),
                if parts.len() > 5 { ", …" } else { "" }
            ),
            "set `components = \"largest\"`, leave out the small parts (`where`, `min_exports`), lower `rca_threshold`, or set `method = \"fitness\"`",
        ));
    }
    if n < 2 {
        return Err(untrusted(format!("{n} unit with an advantage"), "complexity compares at least two units"));
    }
    let root: Vec<f64> = a.of_unit.iter().map(|l| (l.len() as f64).sqrt()).collect();
    let mut S = Mat::<f64>::zeros(n, n);
    for units in &a.of_product {
        let weight = 1.0 / units.len() as f64;
        for &c in units {
            for &d in units {
                S[(c, d)] += weight / (root[c] * root[d]);
            }
        }
    }
    let (values, U) = symmetric_eigen(&S)?;
    let (lambda2, gap) = (values[1], values[1] - values.get(2).copied().unwrap_or(0.0));
    if lambda2 < 1e-10 || (gap < 1e-10 && n > 2) {
        return Err(untrusted(
            format!(
                "the second eigenvalue ({lambda2:.3e}) does not stand out (gap {gap:.3e}), so that ECI is arbitrary"
            ),
            "the units are too much alike, or too few; check the data and `rca_threshold`",
        ));
    }
    let units: Vec<f64> = (0..n).map(|c| U[(c, 1)] / root[c]).collect();
    let sign = sign(a, &units, notes);
    let units: Vec<f64> = units.iter().map(|v| sign * v).collect();
    let products = averages(&a.of_product, &units).iter().map(|v| v / lambda2).collect();
    Ok(Eigen { units, products, lambda2, gap })
}

/// The sign that makes complexity rise with diversity, or with exports where diversity cannot tell.
fn sign(a: &Advantage, units: &[f64], notes: &mut Vec<String>) -> f64 {
    let diversity: Vec<f64> = a.of_unit.iter().map(|l| l.len() as f64).collect();
    match correlation(units, &diversity) {
        r if r.abs() > 1e-9 => r.signum(),
        _ => {
            notes.push("ECI is not correlated with diversity: its sign is that of its correlation with exports".into());
            if correlation(units, &a.exports) < 0.0 { -1.0 } else { 1.0 }
        }
    }
}

/// Pearson's correlation; 0 without spread.
fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mx, my) = (mean(x), mean(y));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xx += (a - mx).powi(2);
        yy += (b - my).powi(2);
        xy += (a - mx) * (b - my);
    }
    if xx > 0.0 && yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 }
}

/// Averages of diversity, repeated: k_c,N of the units and k_p,N-1 of the products, N even.
///
/// Means over the links are taken off at each step. They would drop out of the index in the end, but the spread
/// shrinks by the second eigenvalue every two steps and would drown in them.
pub fn reflections(a: &Advantage, iterations: usize) -> (Vec<f64>, Vec<f64>) {
    let center = |values: Vec<f64>, links: &[Vec<usize>]| -> Vec<f64> {
        let total: f64 = links.iter().map(|l| l.len() as f64).sum();
        let mean = values.iter().zip(links).map(|(v, l)| v * l.len() as f64).sum::<f64>() / total;
        values.iter().map(|v| v - mean).collect()
    };
    let mut units: Vec<f64> = a.of_unit.iter().map(|l| l.len() as f64).collect();
    let mut products = Vec::new();
    for _ in 0..iterations / 2 {
        products = center(averages(&a.of_product, &units), &a.of_product);
        units = center(averages(&a.of_unit, &products), &a.of_unit);
    }
    (units, products)
}

/// Ranks from 1 for the largest, ties at their mean.
pub fn ranks(x: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&i, &j| x[j].total_cmp(&x[i]));
    let mut ranks = vec![0.0; x.len()];
    let mut before = 0;
    for tied in order.chunk_by(|&i, &j| x[i] == x[j]) {
        tied.iter().for_each(|&i| ranks[i] = before as f64 + (tied.len() + 1) as f64 / 2.0);
        before += tied.len();
    }
    ranks
}

/// Spearman's rank correlation; 0 without spread.
pub fn rank_correlation(x: &[f64], y: &[f64]) -> f64 {
    correlation(&ranks(x), &ranks(y))
}

/// Fitness of the units, complexity of the products, and the steps that were taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitness {
    /// Fitness, n, mean one.
    pub units: Vec<f64>,
    /// Complexity, k, mean one.
    pub products: Vec<f64>,
    /// Steps.
    pub steps: usize,
}

/// The map of fitness and complexity, repeated `iterations` times, or until the order of the units has stayed the same
/// for `stable` steps; an order that still changes after `iterations` is refused.
///
/// The values themselves need not converge: fitness of units behind the frontier of M runs into zero (Pugliese,
/// Zaccaria and Pietronero 2016, "On the convergence of the fitness-complexity algorithm", European Physical Journal
/// Special Topics 225).
pub fn fitness_map(a: &Advantage, iterations: usize, stable: Option<usize>) -> Result<Fitness> {
    let (mut F, mut Q) = (vec![1.0; a.units.len()], vec![1.0; a.products.len()]);
    let over_mean = |x: Vec<f64>| -> Vec<f64> {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        x.iter().map(|v| v / mean).collect()
    };
    let (mut order, mut same, mut steps) = (ranks(&F), 0, 0);
    while steps < iterations && stable.is_none_or(|wanted| same < wanted) {
        steps += 1;
        let next_F = a.of_unit.iter().map(|l| l.iter().map(|&p| Q[p]).sum()).collect();
        let next_Q = a.of_product.iter().map(|l| 1.0 / l.iter().map(|&c| 1.0 / F[c]).sum::<f64>()).collect();
        (F, Q) = (over_mean(next_F), over_mean(next_Q));
        if F.iter().chain(&Q).any(|v| !(v.is_finite() && *v > 0.0)) {
            return Err(Error::new(Kind::Untrusted {
                message: format!("fitness has run into zero after {steps} steps"),
                remedy: format!("set `iterations` below {steps}"),
            }));
        }
        if stable.is_some() {
            let now = ranks(&F);
            same = if now == order { same + 1 } else { 0 };
            order = now;
        }
    }
    match stable {
        Some(wanted) if same < wanted => Err(Error::new(Kind::Untrusted {
            message: format!("the order by fitness has not stayed the same for {wanted} steps within {iterations}"),
            remedy: "raise `iterations`, or leave `stable` out".into(),
        })),
        _ => Ok(Fitness { units: F, products: Q, steps }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_start_from_the_largest_and_share_ties() {
        assert_eq!(ranks(&[3.0, 9.0, 3.0, 1.0]), [2.5, 1.0, 2.5, 4.0]);
        assert!((rank_correlation(&[1.0, 2.0, 3.0], &[-5.0, -70.0, -800.0]) + 1.0).abs() < 1e-15);
        assert_eq!(rank_correlation(&[1.0, 1.0], &[1.0, 2.0]), 0.0);
    }
}
