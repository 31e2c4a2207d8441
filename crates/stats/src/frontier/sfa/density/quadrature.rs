//! Integrals over u where no closed form is at hand.
//!
//! ```text
//! f(e) = ∫ f_u(u) φ((e + u)/σ_v)/σ_v du,   u = c exp(x - exp(-x))
//! ```
//!
//! In x both tails of the integrand fall doubly exponentially (Takahasi and Mori 1974), whatever power of u it begins
//! with, so that the trapezoidal rule is exact to rounding once its step resolves the narrowest feature: in ln u the
//! noise is σ_v/(-e) wide where the residual is below the frontier, and inefficiency one over the root of its curvature.
//! c is where the leftmost of the two is. The likelihood and its derivatives are integrals over the same nodes.
//!
//! Where the noise is far narrower than u is deep, σ_v ≪ -e, the nodes would crowd around one peak. There
//!
//! ```text
//! u = -e + σ_v x
//! ```
//!
//! is as exact with a hundred nodes however small σ_v is: what is left out on either side is at most the density of the
//! noise there. A climb towards σ_v = 0 (a border that gamma, Weibull and lognormal have) costs no more than another.

use super::super::Score;

/// Terms below exp(-DROP) = 6e-19 of the largest are left out.
const DROP: f64 = 42.0;
/// Steps of a walk to one side, beyond which a density is too narrow to be integrated: far more than any residual of a fit needs.
const MOST: usize = 20_000;
/// Trapezoidal steps in a panel of the rule of Gauss and Legendre.
const PANEL: f64 = 1.5;

/// -e/σ_v above which noise is narrow: beyond the 9 σ_v that DROP takes, its peak moved by SHIFT, u is still positive.
const DEEP: f64 = 16.0;
/// σ_v by which inefficiency may move the peak that narrow noise has.
const SHIFT: f64 = 2.0;
/// Share of 1/σ_v² that the curvature of inefficiency may have beside narrow noise.
const BEND: f64 = 0.25;

/// u in x.
#[derive(Debug, Clone, Copy)]
enum Substitution {
    /// c exp(x - exp(-x)).
    Power { ln_c: f64 },
    /// -e + σ_v x.
    Narrow { from: f64, sv: f64 },
    /// c ln(1 + exp x).
    Soft { c: f64 },
}

/// The substitution for one residual.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    substitution: Substitution,
    /// The walk to the right goes at least so far.
    far: f64,
    /// That to the left.
    back: f64,
    step: f64,
}

impl Grid {
    /// For residual e and noise σ_v², beside inefficiency around `center`, whose density of ln u has this curvature there.
    pub(super) fn new(e: f64, v: f64, center: f64, curvature: f64) -> Self {
        let depth = -e / v.sqrt();
        // Above the frontier u is within v/e of it; below, by more than the noise, around -e.
        let (low, high) = match depth {
            _ if depth > 1.0 => (center.min(-e), center.max(-e)),
            _ if e > 0.0 => (center.min(v / e), center),
            _ => (center, center),
        };
        let width = 1.0 / (curvature + depth.max(0.0).powi(2)).sqrt();
        let substitution = Substitution::Power { ln_c: low.ln() };
        Grid { substitution, far: (high / low).ln() + 1.0, back: 0.0, step: (0.2 * width).min(0.1) }
    }

    /// For noise that is narrow beside inefficiency, of whose density of ln u the logarithm has this `slope` and
    /// `curvature` at u = -e; `None` where it is not.
    pub(super) fn narrow(e: f64, v: f64, [slope, curvature]: [f64; 2]) -> Option<Self> {
        let sv = v.sqrt();
        let depth = -e / sv;
        let narrow = depth > DEEP && slope.abs() < SHIFT * depth && curvature < BEND * depth * depth;
        let substitution = Substitution::Narrow { from: -e, sv };
        narrow.then_some(Grid { substitution, far: 0.0, back: 0.0, step: 0.2 })
    }

    /// For features between `low` and `high` that are `width` wide both in u/c and in ln u: at large u the nodes are
    /// evenly spread over u, at small u over its logarithm.
    pub(super) fn soft(c: f64, [low, high]: [f64; 2], width: f64) -> Self {
        let (far, back) = (high / c + 1.0, (c / low).ln() + 1.0);
        Grid { substitution: Substitution::Soft { c }, far, back, step: 0.2 * width }
    }

    /// With steps of this share.
    pub(super) fn finer(self, share: f64) -> Self {
        Grid { step: share * self.step, ..self }
    }

    /// u, ln u and ln du/dx at x.
    fn at(&self, x: f64) -> (f64, f64, f64) {
        match self.substitution {
            Substitution::Power { ln_c } => {
                let fall = (-x).exp();
                let ln_u = ln_c + x - fall;
                (ln_u.exp(), ln_u, ln_u + fall.ln_1p())
            }
            Substitution::Narrow { from, sv } => {
                let u = from + sv * x;
                (u, u.ln(), sv.ln())
            }
            Substitution::Soft { c } => {
                let fall = (-x.abs()).exp().ln_1p();
                let soft = x.max(0.0) + fall;
                (c * soft, (c * soft).ln(), c.ln() - (-x).max(0.0) - fall)
            }
        }
    }

    /// Visits x = 0, h, ... to the right and -h, -2h, ... to the left, until the value that `visit` gives has fallen by
    /// DROP below the highest one; false where it did not.
    fn walk(&self, h: f64, mut visit: impl FnMut(f64) -> f64) -> bool {
        let mut top = f64::NEG_INFINITY;
        let most = MOST as f64;
        if self.far.max(self.back).partial_cmp(&(most * h)).is_none_or(std::cmp::Ordering::is_gt) {
            return false;
        }
        let mut side_of = |side: f64| {
            for k in usize::from(side < 0.0)..MOST {
                let x = side * h * k as f64;
                let value = visit(x);
                top = top.max(value);
                // A value that is no number ends the walk.
                let lost = value.partial_cmp(&(top - DROP)).is_none_or(std::cmp::Ordering::is_lt);
                if lost && (x > self.far || -x >= self.back) {
                    return value.is_finite() || value == f64::NEG_INFINITY;
                }
            }
            false
        };
        side_of(1.0) && side_of(-1.0)
    }

    /// Visits the nodes of the trapezoidal rule: `visit` is given u, ln u and ln of the weight of the node, and gives ln
    /// of the term it adds. False where the integral is out of reach.
    pub(super) fn trapezoid(&self, mut visit: impl FnMut(f64, f64, f64) -> f64) -> bool {
        let ln_h = self.step.ln();
        self.walk(self.step, |x| {
            let (u, ln_u, slope) = self.at(x);
            visit(u, ln_u, slope + ln_h)
        })
    }

    /// The scores of a u whose density given e is proportional to exp(`ln`(u, ln u)), with an interval of probability
    /// `level`.
    pub(super) fn score(&self, ln: impl Fn(f64, f64) -> f64, level: f64) -> Score {
        let term = |x: f64| {
            let (u, ln_u, slope) = self.at(x);
            (ln(u, ln_u) + slope, u)
        };
        // ∫ of (1, exp(-u), u) over a panel, relative to exp(top).
        let integral = |from: f64, to: f64, top: f64| {
            let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
            let mut sums = [0.0; 3];
            for (node, weight) in LEGENDRE {
                let (value, u) = term(middle + half * node);
                let mass = weight * half * (value - top).exp();
                sums[0] += mass;
                sums[1] += mass * (-u).exp();
                sums[2] += mass * u;
            }
            sums
        };
        // Panels around the nodes of the walk, and the mode of u among these.
        let h = PANEL * self.step;
        let (mut nodes, mut top) = (Vec::new(), f64::NEG_INFINITY);
        let whole = self.walk(h, |x| {
            let value = term(x).0;
            top = top.max(value);
            nodes.push(x);
            value
        });
        if !whole {
            return Score::sound([f64::NAN; 5]);
        }
        nodes.sort_by(f64::total_cmp);
        let panels: Vec<[f64; 3]> = nodes.iter().map(|x| integral(x - 0.5 * h, x + 0.5 * h, top)).collect();
        let [mass, bc, mean] = panels.iter().fold([0.0; 3], |s, p| [s[0] + p[0], s[1] + p[1], s[2] + p[2]]);

        let quantile = |p: f64| {
            let (mut below, mut j) = (0.0, 0);
            while j + 1 < panels.len() && below + panels[j][0] < p * mass {
                below += panels[j][0];
                j += 1;
            }
            let from = nodes[j] - 0.5 * h;
            let (mut low, mut high) = (from, from + h);
            let mut x = nodes[j];
            for _ in 0..60 {
                let short = p * mass - below - integral(from, x, top)[0];
                if short > 0.0 {
                    low = x
                } else {
                    high = x
                }
                let step = short / (term(x).0 - top).exp();
                let inside = x + step > low && x + step < high;
                let next = if inside { x + step } else { 0.5 * (low + high) };
                if (next - x).abs() <= 1e-14 * (1.0 + x.abs()) {
                    break;
                }
                x = next;
            }
            self.at(x).0
        };
        let height = |x: f64| {
            let (u, ln_u, _) = self.at(x);
            ln(u, ln_u)
        };
        let highest = nodes.iter().copied().max_by(|a, b| height(*a).total_cmp(&height(*b)));
        let mode = match highest {
            // The density of u rises all the way to zero.
            Some(x) if Some(&x) == nodes.first() => 0.0,
            Some(x) => self.at(golden(height, x - h, x + h)).0,
            None => f64::NAN,
        };
        let tail = 0.5 * (1.0 - level);
        let [low, high] = [1.0 - tail, tail].map(|p| (-quantile(p)).exp());
        Score::sound([bc / mass, (-mean / mass).exp(), (-mode).exp(), low, high])
    }
}

/// The maximum of a function with one peak between `low` and `high`, to half the digits (golden section).
fn golden(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let ratio = 0.5 * (5f64.sqrt() - 1.0);
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut fa, mut fb) = (f(a), f(b));
    for _ in 0..48 {
        if fa > fb {
            (high, b, fb) = (b, a, fa);
            a = high - ratio * (high - low);
            fa = f(a);
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + ratio * (high - low);
            fb = f(b);
        }
    }
    0.5 * (low + high)
}

/// Nodes and weights of Gauss and Legendre of order five on (-1, 1).
const LEGENDRE: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.906_179_845_938_664, 0.236_926_885_056_189_08),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// ln ∫ u^(k-1) exp(-u) φ((e + u)/σ_v) du.
    fn mass(grid: Grid, k: f64, e: f64, v: f64) -> f64 {
        let mut terms = Vec::new();
        let whole = grid.trapezoid(|u, ln_u, ln_weight| {
            let term = (k - 1.0) * ln_u - u - 0.5 * (e + u) * (e + u) / v + ln_weight;
            terms.push(term);
            term
        });
        assert!(whole);
        let top = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        top + terms.iter().map(|t| (t - top).exp()).sum::<f64>().ln()
    }

    #[test]
    fn half_the_step_gives_the_same_integral() {
        // From a power that is hardly integrable to a narrow peak far away.
        for (k, e, v) in [(0.05, 0.5, 0.1), (0.3, -2.0, 0.01), (1.0, -30.0, 0.04), (40.0, -3.0, 0.2), (2.0, 25.0, 0.5)]
        {
            let grid = Grid::new(e, v, k, k);
            let fine = mass(Grid { step: 0.5 * grid.step, ..grid }, k, e, v);
            plim_golden::close((mass(grid, k, e, v) - fine).exp(), 1.0, 1e-12, &format!("mass for {k}, {e}, {v}"));
        }
    }

    #[test]
    fn beside_narrow_noise_both_substitutions_give_the_same_integral() {
        for (k, e, v) in [(0.05, -0.5, 9e-4), (0.3, -2.0, 1e-2), (5.0, -40.0, 4.0), (400.0, -300.0, 9.0)] {
            let narrow = Grid::narrow(e, v, [k + e, -e]).unwrap();
            let wide = mass(Grid::new(e, v, k, k), k, e, v);
            // The logarithm of a power of 400 of numbers around 300 is rounded at 1e-13 of 2,300.
            plim_golden::close((mass(narrow, k, e, v) - wide).exp(), 1.0, 2e-12, &format!("mass for {k}, {e}, {v}"));
        }
        // Too shallow, and inefficiency that is narrower than the noise or falls too fast.
        assert!(Grid::narrow(-1.0, 0.01, [0.0, 1.0]).is_none());
        assert!(Grid::narrow(-2.0, 0.01, [0.0, 200.0]).is_none());
        assert!(Grid::narrow(-2.0, 0.01, [-50.0, 1.0]).is_none());
    }
}
