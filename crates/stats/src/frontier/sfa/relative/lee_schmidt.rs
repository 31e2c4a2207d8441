//! Lee and Schmidt (1993): effects λ_t α_i with a path of time that all units share.
//!
//! ```text
//! min over β, λ, α of  Q = ½ Σ (y_it - x_it'β - λ_t α_i)²,   λ = 1 at the first time
//! ```
//!
//! Given β and λ, α_i = λ_i'r_i/λ_i'λ_i with r = y - xβ, λ_i the path at the times of the unit; in a balanced panel λ is
//! then the leading eigenvector of Σ r_i r_i'. Q with α concentrated out is minimized over (β, λ) by Newton steps with
//! exact derivatives, from where least squares that alternate between β, λ and α lead from several paths: it has more
//! than one minimum. The certificate is that of `math::optimize`, on ln L = -n/2 ln Q, so that gaps of the panel do not
//! matter. Units identify λ at times that connect; where they do not, the Hessian is singular, which is an error.
//!
//! With many units and few years (v normal with one variance) the scores J_i'e_i, J_i the derivatives of e_i with α out,
//! have covariance σ_v² G, G = Σ J_i'J_i, and (β, λ) hence σ_v² H⁻¹ G H⁻¹ with H the Hessian of Q; σ_v² = 2Q/(n - N - k -
//! T + 1). G alone would take the noise in α_i for signal.

use super::super::{Data, Index, Moments, Sfa, dot};
use super::{Effects, best, regressors};
use crate::math::Mat;
use crate::math::linalg::spd_inverse;
use crate::math::optimize::{Climb, Maximum, Newton, Point, climb};
use crate::{Error, Kind, Result};

/// Rounds of alternating least squares before Newton's method.
const ROUNDS: usize = 50;
/// λ above this is that of effects which vanish at the first time.
const VANISHED: f64 = 1e6;
/// Two climbs end on the same minimum when their ln L differ by less.
const SAME: f64 = 1e-7;

struct Path<'a> {
    y: &'a [f64],
    index: Index,
    spells: Vec<Vec<usize>>,
    /// Position of each row's time among the distinct ones, n.
    at: Vec<usize>,
    times: Vec<f64>,
}

/// A unit at given β and λ.
struct Unit {
    alpha: f64,
    /// Residuals, T_i.
    e: Vec<f64>,
}

pub(super) fn fit(data: &Data, options: &Sfa) -> Result<Effects> {
    let panel = data.need_panel()?;
    let spells = panel.spells()?;
    let columns = regressors(data)?;
    let mut times = panel.time.clone();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let position = |t: &f64| times.partition_point(|s| s < t);
    let at: Vec<usize> = panel.time.iter().map(position).collect();
    let (n, k) = (data.nobs(), columns.names.len());
    let parameters = spells.len() + k + times.len() - 1;
    if n <= parameters || times.len() < 2 {
        return Err(Error::invalid(
            format!("{n} observations at {} times for {parameters} parameters", times.len()),
            "use more years, or fewer regressors",
        ));
    }
    let path = Path { y: &data.y, index: Index::new(&columns)?, spells, at, times };
    let (top, climbs) = path.minimum(options.climbs(n))?;
    let (coef, V, moments, sigma2) = path.natural(&top.at, n - parameters)?;
    let (theta, lambda) = path.split(&top.at);
    let units: Vec<Unit> = path.spells.iter().map(|s| path.unit(s, theta, &lambda)).collect();
    let sign = options.frontier.sign();
    let frontier: Vec<f64> = lambda.iter().map(|l| best(sign, units.iter().map(|u| l * u.alpha))).collect();
    let (mut effect, mut tops) = (vec![0.0; n], vec![0.0; n]);
    for (spell, unit) in path.spells.iter().zip(&units) {
        for &i in spell {
            effect[i] = lambda[path.at[i]] * unit.alpha;
            tops[i] = frontier[path.at[i]];
        }
    }
    let mut names = columns.names;
    names.extend(path.times[1..].iter().map(|t| format!("lambda_{t}")));
    let mut notes = Vec::new();
    if climbs[1] + climbs[2] > 0 {
        notes.push(format!(
            "of {} descents from different paths {} ended on the lowest sum of squares, {} on a higher one, {} on none",
            climbs.iter().sum::<usize>(),
            climbs[0],
            climbs[1],
            climbs[2]
        ));
    }
    Ok(Effects {
        names,
        coef,
        V,
        moments,
        effect,
        best: tops,
        own: vec![("sigma_v", sigma2.sqrt())],
        iterations: top.iterations,
        gradient: top.gradient,
        climbs,
        notes,
    })
}

impl Path<'_> {
    /// The standardized slopes and the whole path.
    fn split<'t>(&self, theta: &'t [f64]) -> (&'t [f64], Vec<f64>) {
        let (slopes, rest) = theta.split_at(self.index.k);
        (slopes, std::iter::once(1.0).chain(rest.iter().copied()).collect())
    }

    fn residual(&self, i: usize, slopes: &[f64]) -> f64 {
        self.y[i] - self.index.at(i, slopes)
    }

    fn lambda(&self, spell: &[usize], lambda: &[f64]) -> Vec<f64> {
        spell.iter().map(|&i| lambda[self.at[i]]).collect()
    }

    /// α_i and the residuals.
    fn unit(&self, spell: &[usize], slopes: &[f64], lambda: &[f64]) -> Unit {
        let (r, l): (Vec<f64>, Vec<f64>) =
            (spell.iter().map(|&i| self.residual(i, slopes)).collect(), self.lambda(spell, lambda));
        let alpha = dot(&l, &r) / dot(&l, &l);
        Unit { alpha, e: r.iter().zip(&l).map(|(r, l)| r - l * alpha).collect() }
    }

    /// Q with its gradient and Hessian in (β, λ_2, …), α concentrated out, and G.
    ///
    /// With J the derivatives of -e at fixed α, H = Σ J'J - c c'/λ'λ and G = Σ J'J - j j'/λ'λ, where j = J'λ and c, the
    /// second derivative of Q in θ and α, is j less e at the places of λ.
    fn sums(&self, theta: &[f64]) -> (Point, Mat<f64>) {
        let (slopes, lambda) = self.split(theta);
        let (k, p) = (self.index.k, theta.len());
        let (mut value, mut gradient) = (0.0, vec![0.0; p]);
        let (mut H, mut G) = (Mat::<f64>::zeros(p, p), Mat::<f64>::zeros(p, p));
        let mut add = |a: usize, b: usize, both: f64, apart: f64| {
            H[(a, b)] += both + apart;
            G[(a, b)] += both;
        };
        for spell in &self.spells {
            let Unit { alpha, e } = self.unit(spell, slopes, &lambda);
            let l = self.lambda(spell, &lambda);
            let square = dot(&l, &l);
            value += 0.5 * dot(&e, &e);
            let (mut j, mut c) = (vec![0.0; p], vec![0.0; p]);
            for (s, &i) in spell.iter().enumerate() {
                let row = self.index.row(i).iter().copied().enumerate();
                let own = (self.at[i] > 0).then(|| (k + self.at[i] - 1, alpha));
                own.iter().for_each(|(a, _)| c[*a] -= e[s]);
                let row: Vec<(usize, f64)> = row.chain(own).collect();
                for &(a, z) in &row {
                    gradient[a] -= z * e[s];
                    j[a] += z * l[s];
                    row.iter().for_each(|&(b, w)| add(a, b, z * w, 0.0));
                }
            }
            c.iter_mut().zip(&j).for_each(|(c, j)| *c += j);
            for a in 0..p {
                (0..p).for_each(|b| {
                    let both = -j[a] * j[b] / square;
                    add(a, b, both, -c[a] * c[b] / square - both);
                });
            }
        }
        (Point { value, gradient, hessian: H }, G)
    }

    /// ln L = -n/2 ln Q but for a constant.
    fn likelihood(&self, theta: &[f64]) -> Option<Point> {
        let Point { value, gradient, hessian } = self.sums(theta).0;
        let (half, p) = (-0.5 * self.y.len() as f64, theta.len());
        let slope: Vec<f64> = gradient.iter().map(|g| half * g / value).collect();
        let second = |a, b| half * hessian[(a, b)] / value - slope[a] * slope[b] / half;
        (value > 0.0).then(|| Point {
            value: half * value.ln(),
            hessian: Mat::from_fn(p, p, second),
            gradient: slope.clone(),
        })
    }

    /// Least squares by turns: β given λ and α, then λ given α.
    fn start(&self, mut lambda: Vec<f64>) -> Result<Vec<f64>> {
        let mut slopes = vec![0.0; self.index.k];
        for _ in 0..ROUNDS {
            slopes = self.slopes(&lambda)?;
            let (mut cross, mut square) = (vec![0.0; lambda.len()], vec![0.0; lambda.len()]);
            for spell in &self.spells {
                let alpha = self.unit(spell, &slopes, &lambda).alpha;
                for &i in spell {
                    cross[self.at[i]] += alpha * self.residual(i, &slopes);
                    square[self.at[i]] += alpha * alpha;
                }
            }
            lambda = cross.iter().zip(&square).map(|(c, s)| c / s).collect();
        }
        let first = lambda[0];
        let path = lambda[1..].iter().map(|l| l / first);
        Ok(slopes.into_iter().chain(path).collect())
    }

    /// β given λ: least squares with λ_i projected off.
    fn slopes(&self, lambda: &[f64]) -> Result<Vec<f64>> {
        let k = self.index.k;
        let (mut A, mut b) = (Mat::<f64>::zeros(k, k), vec![0.0; k]);
        for spell in &self.spells {
            let l = self.lambda(spell, lambda);
            let square = dot(&l, &l);
            let (mut lz, mut ly) = (vec![0.0; k], 0.0);
            for (&i, l) in spell.iter().zip(&l) {
                self.index.row(i).iter().zip(&mut lz).for_each(|(z, t)| *t += l * z);
                ly += l * self.y[i];
            }
            for (&i, l) in spell.iter().zip(&l) {
                let left = |(z, t): (&f64, &f64)| z - l * t / square;
                let z: Vec<f64> = self.index.row(i).iter().zip(&lz).map(left).collect();
                for a in 0..k {
                    b[a] += z[a] * (self.y[i] - l * ly / square);
                    (0..k).for_each(|c| A[(a, c)] += z[a] * z[c]);
                }
            }
        }
        let inverse = spd_inverse(&A, "the cross products of the regressors beside the effects")?;
        Ok((0..k).map(|a| (0..k).map(|c| inverse[(a, c)] * b[c]).sum()).collect())
    }

    /// The lowest Q of descents from a level, a rising, a falling path, and steeper ones.
    fn minimum(&self, descents: usize) -> Result<(Maximum, [usize; 3])> {
        let last = (self.times.len() - 1) as f64;
        let (mut tops, mut failure, mut vanished) = (Vec::<Maximum>::new(), None, false);
        for d in 0..descents {
            // 0, ½, -½, 1, -⅔, 3/2, -¾, …: ratios of the last to the first of 1, 3/2, ½, 2, ⅓, ….
            let reach = d.div_ceil(2) as f64;
            let slope = if d % 2 == 1 { 0.5 * reach } else { -reach / (1.0 + reach) };
            let path: Vec<f64> = (0..self.times.len()).map(|t| 1.0 + slope * t as f64 / last).collect();
            let beyond = |theta: &[f64]| theta[self.index.k..].iter().any(|l| l.abs() > VANISHED);
            let result = self.start(path).and_then(|start| match beyond(&start) {
                true => Ok(Climb::Border(start)),
                false => {
                    let f = |theta: &[f64]| self.likelihood(theta);
                    climb("the least squares of lee_schmidt", &start, f, beyond, &Newton::default())
                }
            });
            match result {
                Ok(Climb::Top(top)) => tops.push(top),
                Ok(Climb::Border(_)) => vanished = true,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        let highest = tops.iter().map(|t| t.value).fold(f64::NEG_INFINITY, f64::max);
        let agree = tops.iter().filter(|t| highest - t.value <= SAME).count();
        let ends = [agree, tops.len() - agree, descents - tops.len()];
        match tops.into_iter().find(|t| t.value == highest) {
            Some(top) => Ok((top, ends)),
            None if vanished => Err(Error::new(Kind::Untrusted {
                message: "the effects vanish at the first time, to which their path is normalized".into(),
                remedy: "leave that time out, or use model = \"cornwell_schmidt_sickles\"".into(),
            })),
            None => Err(failure.unwrap_or_else(|| Error::invalid("`climbs` is 0", "give 1 or more"))),
        }
    }

    /// Coefficients as they are reported, their covariance, their moments, σ_v².
    fn natural(&self, theta: &[f64], dof: usize) -> Result<(Vec<f64>, Mat<f64>, Moments, f64)> {
        let (k, p) = (self.index.k, theta.len());
        let (Point { value, hessian, .. }, G) = self.sums(theta);
        let sigma2 = 2.0 * value / dof as f64;
        let inverse = spd_inverse(&hessian, "the Hessian of the sum of squares")?;
        let V = &inverse * G * &inverse;
        let scale = |a: usize| if a < k { self.index.jacobian(a, a) } else { 1.0 };
        let V = Mat::from_fn(p, p, |a, b| 0.5 * sigma2 * scale(a) * scale(b) * (V[(a, b)] + V[(b, a)]));
        let bread = Mat::from_fn(p, p, |a, b| scale(a) * scale(b) * inverse[(a, b)]);
        let (slopes, lambda) = self.split(theta);
        let mut scores = Mat::zeros(self.y.len(), p);
        for spell in &self.spells {
            let Unit { alpha, e } = self.unit(spell, slopes, &lambda);
            for (&i, e) in spell.iter().zip(&e) {
                (0..k).for_each(|a| scores[(i, a)] = self.index.row(i)[a] * e / scale(a));
                if self.at[i] > 0 {
                    scores[(i, k + self.at[i] - 1)] = alpha * e;
                }
            }
        }
        let coef = [self.index.natural(&theta[..k]), theta[k..].to_vec()].concat();
        Ok((coef, V, Moments { bread, scores }, sigma2))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Panel;
    use super::*;
    use crate::math::rng::Stream;

    #[test]
    fn derivatives_are_those_of_the_sum_of_squares() {
        let mut draw = Stream::new(4, 0);
        let (mut unit, mut time, mut x) = (Vec::new(), Vec::new(), Vec::new());
        for u in 0..9 {
            for t in (0..5).filter(|t| (t + u) % 4 != 3) {
                unit.push(u);
                time.push(2000.0 + t as f64);
                x.push([draw.normal(), 2.0 + draw.normal()]);
            }
        }
        let n = x.len();
        let y: Vec<f64> = (0..n).map(|i| 0.3 * x[i][0] + 3.0 + unit[i] as f64 + draw.normal()).collect();
        let X = Mat::from_fn(n, 2, |i, j| x[i][j]);
        let columns = super::super::Columns { X, names: vec!["a".into(), "b".into()] };
        let spells = Panel { unit, time: time.clone() }.spells().unwrap();
        let times: Vec<f64> = (0..5).map(|t| 2000.0 + f64::from(t)).collect();
        let at = time.iter().map(|t| (t - 2000.0) as usize).collect();
        let path = Path { y: &y, index: Index::new(&columns).unwrap(), spells, at, times };
        let theta = [0.4, -0.2, 1.2, 0.9, 1.4, 0.7];
        let point = path.likelihood(&theta).unwrap();
        for j in 0..theta.len() {
            let h = 1e-5;
            let [low, high] = [-h, h].map(|h| {
                let mut moved = theta;
                moved[j] += h;
                path.likelihood(&moved).unwrap()
            });
            // The error of a central difference: h² times the third derivative, and rounding over h.
            let slope = (high.value - low.value) / (2.0 * h);
            assert!((point.gradient[j] - slope).abs() < 1e-7 * (1.0 + slope.abs()), "{j}");
            for k in 0..theta.len() {
                let second = (high.gradient[k] - low.gradient[k]) / (2.0 * h);
                let got = point.hessian[(j, k)];
                assert!((got - second).abs() < 1e-7 * (1.0 + second.abs()), "{j} {k}: {got} {second}");
            }
        }
    }
}
