//! One run of the index under given choices, fast: what does not change between runs is made once.

use super::Sensitivity;
use super::design::Choices;
use crate::index::aggregate::aggregate;
use crate::index::basis::Basis;
use crate::index::bootstrap::{Groups, Lows, redrawn};
use crate::index::composite::{Index, Inputs, basis, denominated, filled, made, treat};
use crate::index::normalize::Direction;
use crate::index::scale::{Normalize, constant, oriented};
use crate::index::sheet::Sheet;
use crate::index::treat::Treat;
use crate::index::tree::WeightLevel;
use crate::index::weighted::{WeightedIndex, form};
use crate::index::weights::{Convention, Weighting, mean};
use crate::math::rng::Stream;
use crate::{Error, Kind, Result};
use std::collections::BTreeMap;

/// Indicators under one treatment, and their sums by unit.
struct Treated {
    /// Columns as they are, k of n.
    x: Vec<Vec<f64>>,
    /// Oriented, k of n.
    y: Vec<Vec<f64>>,
    /// Rows by oriented value, k of n.
    order: Vec<Vec<u32>>,
    /// Smallest and largest oriented value of each unit, k of U.
    ends: Vec<Vec<[f64; 2]>>,
    /// Mean of each oriented indicator, about which the sums are taken, k.
    centre: Vec<f64>,
    /// Σ (y - centre) of each unit, U × k.
    sums: Vec<f64>,
    /// Σ (y_a - centre_a)(y_b - centre_b), a ≥ b, of each unit, U × k (k + 1)/2.
    products: Vec<f64>,
    /// For entropy, k.
    lows: Vec<Lows>,
}

/// The index, ready to run.
pub(super) struct Engine<'a> {
    options: &'a Sensitivity,
    basis: Basis,
    directions: Vec<Direction>,
    /// Whether each indicator has spread; what has none is dropped, k.
    varies: Vec<bool>,
    /// Goalposts that the sheet fixes, as center and spread, k.
    fixed: Vec<Option<[f64; 2]>>,
    /// Rows of the data that have a score; all other row numbers here are places in this list.
    pub rows: Vec<usize>,
    /// Rows of each year, ascending; one list without years.
    pub years: Vec<Vec<usize>>,
    groups: Groups,
    sizes: Vec<f64>,
    /// One a treatment, and the nominal one last.
    treated: Vec<Treated>,
    /// Weights of conventions that do not come from the data.
    judged: Vec<(Convention, Vec<f64>)>,
    seed: u64,
    /// Rows 0, 1, …, n - 1.
    all: Vec<usize>,
}

/// Sums over the units of one draw.
struct Drawn {
    /// Number of rows.
    n: f64,
    /// Σ (y - centre), k.
    sums: Vec<f64>,
    /// Σ (y_a - centre_a)(y_b - centre_b), a ≥ b.
    products: Vec<f64>,
}

impl<'a> Engine<'a> {
    pub fn new(options: &'a Sensitivity, sheet: &Sheet, inputs: &Inputs, seed: u64) -> Result<Self> {
        let nominal = &options.index;
        let leaves = sheet.leaves();
        let names: Vec<String> = leaves.iter().map(|&l| sheet.nodes[l].code.clone()).collect();
        let mut columns = denominated(sheet, &leaves, inputs)?;
        filled(nominal, &names, &mut columns, &inputs.keys, &mut Vec::new())?;
        let n = columns.first().map_or(0, Vec::len);
        let rows: Vec<usize> = (0..n).filter(|&i| columns.iter().all(|c| !c[i].is_nan())).collect();
        if rows.is_empty() {
            return Err(Error::new(Kind::Empty { what: "the list of rows with every indicator".into() }));
        }
        let all: Vec<usize> = (0..rows.len()).collect();
        let basis = basis(nominal, sheet, &leaves);
        let directions = basis.directions()?;
        let units: Option<Vec<u32>> = inputs.keys.units.map(|u| rows.iter().map(|&i| u[i]).collect());
        let groups = Groups::new(units.as_deref(), &all);
        let mut years: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        all.iter().for_each(|&i| years.entry(inputs.keys.time.map_or(0, |t| t[rows[i]])).or_default().push(i));
        if years.values().any(|y| y.len() > usize::from(u16::MAX)) {
            return Err(Error::invalid("more than 65,535 rows are ranked together", "set `time`, or `where`"));
        }
        let mut treated = Vec::new();
        for &how in options.treatments.iter().chain([&nominal.treat]) {
            treated.push(Treated::new(nominal, how, &names, &columns, &rows, &directions, &groups)?);
        }
        let posts = |name: &String| basis.goalposts.iter().find(|g| g.name == *name).map(|g| [g.low, g.high]);
        let fixed = (names.iter().zip(&directions))
            .map(|(name, &d)| {
                let ends = posts(name)?.map(|v| oriented(v, d, Normalize::MinMax));
                let low = ends[0].min(ends[1]);
                let high = if matches!(d, Direction::Target(_)) { 0.0 } else { ends[0].max(ends[1]) };
                Some([low, high - low])
            })
            .collect();
        let mut engine = Engine {
            options,
            basis,
            directions,
            varies: treated.iter().map(|t| &t.y).fold(vec![true; names.len()], |all, y| {
                all.into_iter().zip(y).map(|(v, y)| v && !constant(y)).collect()
            }),
            fixed,
            rows,
            years: years.into_values().collect(),
            sizes: groups.iter().map(|rows| rows.len() as f64).collect(),
            groups,
            treated,
            judged: Vec::new(),
            seed,
            all,
        };
        for &method in options.conventions.iter().filter(|c| !c.from_data()) {
            engine.judged.push((method, judged(nominal, sheet, inputs, method)?));
        }
        Ok(engine)
    }

    /// Number of indicators k.
    pub fn indicators(&self) -> usize {
        self.directions.len()
    }

    /// How often each unit is drawn in a replication.
    pub fn draw(&self, seed: u64, replication: u64) -> Vec<u32> {
        self.groups.draw(seed, replication)
    }

    /// Scores of one run, n; none where an indicator has no spread in the draw.
    pub fn run(&self, choices: &Choices) -> Option<Vec<f64>> {
        let treated = &self.treated[choices.treat];
        let times = match choices.draw {
            0 => vec![1; self.groups.count()],
            draw => self.draw(self.seed, draw as u64),
        };
        let drawn = treated.drawn(&times, &self.sizes);
        let kept: Vec<usize> =
            (0..self.indicators()).filter(|&j| Some(j) != choices.excluded && self.varies[j]).collect();
        let mut weights = self.weights(choices.convention, treated, &drawn, &times, &kept)?;
        if self.options.noise > 0.0 {
            // Apart from the draws of units.
            let mut stream = Stream::new(self.seed ^ 0x0153_0153, choices.noise as u64);
            weights.iter_mut().for_each(|w| *w *= 1.0 + self.options.noise * (2.0 * stream.uniform() - 1.0));
            let total: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|w| *w /= total);
        }
        let z: Vec<Vec<f64>> =
            kept.iter().map(|&j| self.scaled(treated, j, choices.normalize, &times, &drawn)).collect::<Option<_>>()?;
        let columns: Vec<&[f64]> = z.iter().map(Vec::as_slice).collect();
        let weights: Vec<f64> = kept.iter().map(|&j| weights[j]).collect();
        let mut score = vec![0.0; self.all.len()];
        aggregate(choices.aggregate, self.options.index.power, &columns, &weights, &self.all, &mut score).ok()?;
        Some(score)
    }

    /// Rank of each row within its year, 1 the largest score; equal scores have the better rank together.
    pub fn ranks(&self, score: &[f64]) -> Vec<u16> {
        let mut ranks = vec![0u16; score.len()];
        let mut order: Vec<(f64, u32)> = Vec::new();
        for rows in &self.years {
            order.clear();
            order.extend(rows.iter().map(|&i| (score[i], i as u32)));
            order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let mut rank = 0;
            for (at, &(s, i)) in order.iter().enumerate() {
                if at == 0 || s < order[at - 1].0 {
                    rank = at as u16 + 1;
                }
                ranks[i as usize] = rank;
            }
        }
        ranks
    }

    /// Smallest value and range of an indicator in a draw; none without spread.
    fn ends(&self, treated: &Treated, j: usize, times: &[u32]) -> Option<[f64; 2]> {
        if let Some(fixed) = self.fixed[j] {
            return Some(fixed);
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for ([l, h], _) in treated.ends[j].iter().zip(times).filter(|(_, t)| **t > 0) {
            (low, high) = (low.min(*l), high.max(*h));
        }
        if matches!(self.directions[j], Direction::Target(_)) {
            high = 0.0;
        }
        let range = high - low;
        (range > 1e-14 * low.abs().max(high.abs())).then_some([low, range])
    }

    /// An indicator normalized and put onto 1 to 100 (z-scores: mean 100, standard deviation 10).
    fn scaled(
        &self,
        treated: &Treated,
        j: usize,
        normalize: Normalize,
        times: &[u32],
        drawn: &Drawn,
    ) -> Option<Vec<f64>> {
        let y = &treated.y[j];
        match normalize {
            Normalize::Z => {
                let average = drawn.sums[j] / drawn.n;
                let squares = drawn.products[pair(j, j)] - drawn.n * average * average;
                let slope = 10.0 / (squares / (drawn.n - 1.0)).sqrt();
                let zero = treated.centre[j] + average;
                // Ten standard deviations below the mean, no mean but the arithmetic exists.
                slope.is_finite().then(|| y.iter().map(|v| (100.0 + slope * (v - zero)).max(1.0)).collect())
            }
            Normalize::Rank => {
                let mut z = vec![0.0; y.len()];
                let (order, unit) = (&treated.order[j], &self.groups);
                let (mut below, mut start) = (0.0, 0);
                while start < order.len() {
                    let value = y[order[start] as usize];
                    let end = start + order[start..].iter().take_while(|&&i| y[i as usize] == value).count();
                    let tied: f64 = order[start..end].iter().map(|&i| f64::from(times[unit.of(i as usize)])).sum();
                    let rank = ((below + 0.5 * (tied - 1.0)) / (drawn.n - 1.0)).clamp(0.0, 1.0);
                    order[start..end].iter().for_each(|&i| z[i as usize] = 1.0 + 99.0 * rank);
                    (below, start) = (below + tied, end);
                }
                Some(z)
            }
            _ => {
                let [low, range] = self.ends(treated, j, times)?;
                let slope = 99.0 / range;
                Some(y.iter().map(|v| 1.0 + (slope * (v - low)).clamp(0.0, 99.0)).collect())
            }
        }
    }

    /// Weights of the indicators `kept` in a draw, k, zero for the others.
    fn weights(
        &self,
        convention: Convention,
        treated: &Treated,
        drawn: &Drawn,
        times: &[u32],
        kept: &[usize],
    ) -> Option<Vec<f64>> {
        let raw: Vec<f64> = match convention {
            Convention::Entropy if self.fixed.iter().all(Option::is_none) => {
                kept.iter().map(|&j| treated.lows[j].divergence(times, drawn.n)).collect()
            }
            Convention::Critic => self.critic(treated, drawn, times, kept)?,
            method if method.from_data() => self.general(method, None, treated, times, kept)?,
            method => {
                let weights = &self.judged.iter().find(|(m, _)| *m == method)?.1;
                kept.iter().map(|&j| weights[j]).collect()
            }
        };
        let total: f64 = raw.iter().sum();
        if !(total.is_finite() && total.abs() > 0.0) {
            return None;
        }
        let mut weights = vec![0.0; self.indicators()];
        kept.iter().zip(raw).for_each(|(&j, w)| weights[j] = w / total);
        Some(weights)
    }

    /// Information of CRITIC from the sums of the draw.
    fn critic(&self, treated: &Treated, drawn: &Drawn, times: &[u32], kept: &[usize]) -> Option<Vec<f64>> {
        use crate::index::weights::Correlation::Signed;
        let covariance =
            |a: usize, b: usize| drawn.products[pair(a.max(b), a.min(b))] - drawn.sums[a] * drawn.sums[b] / drawn.n;
        let length: Vec<f64> = kept.iter().map(|&j| covariance(j, j).sqrt()).collect();
        let signed = self.options.index.weighting.correlation == Signed;
        let mut information = Vec::new();
        for (at, &a) in kept.iter().enumerate() {
            let mut conflict = 0.0;
            for (other, &b) in kept.iter().enumerate().filter(|(other, _)| *other != at) {
                let r = (covariance(a, b) / (length[at] * length[other])).clamp(-1.0, 1.0);
                conflict += 1.0 - if signed { r } else { r.abs() };
            }
            let [_, range] = self.ends(treated, a, times)?;
            information.push(length[at] / range * conflict);
        }
        Some(information)
    }

    /// Weights of any convention from the rows drawn; on the normalization of its paper, or `basis`.
    fn general(
        &self,
        method: Convention,
        basis: Option<&Basis>,
        treated: &Treated,
        times: &[u32],
        kept: &[usize],
    ) -> Option<Vec<f64>> {
        let own = basis.unwrap_or(&self.basis);
        let names: Vec<String> = kept.iter().map(|&j| own.indicators[j].clone()).collect();
        let among = |name: &String| names.contains(name);
        let basis = Basis {
            direction: own.direction.iter().filter(|d| among(&d.name)).cloned().collect(),
            goalposts: own.goalposts.iter().filter(|g| among(&g.name)).cloned().collect(),
            normalize: if basis.is_some() { own.normalize } else { None },
            indicators: names.clone(),
            ..own.clone()
        };
        let options = WeightedIndex {
            basis,
            weighting: Weighting { method: Some(method), ..self.options.index.weighting.clone() },
            ..WeightedIndex::default()
        };
        let x: Vec<&[f64]> = kept.iter().map(|&j| treated.x[j].as_slice()).collect();
        let prepared = options.basis.complete(&x, None).ok()?;
        let keys: Vec<(&String, Option<i64>)> = names.iter().map(|n| (n, None)).collect();
        redrawn(&options, &prepared, &self.groups.rows(times), &keys)
    }

    /// Weights of the nominal index in a draw, where they come from the data and are those of all indicators together.
    pub fn nominal_weights(&self, times: &[u32]) -> Option<Vec<f64>> {
        let nominal = &self.options.index;
        if nominal.weight_level == Some(WeightLevel::Group) {
            return None;
        }
        let treated = self.treated.last()?;
        let kept: Vec<usize> = (0..self.indicators()).filter(|&j| self.varies[j]).collect();
        let method = nominal.weighting.convention();
        let as_papers = form(&nominal.basis, method) == Normalize::MinMax;
        match method {
            Convention::Entropy | Convention::Critic if as_papers => {
                let drawn = treated.drawn(times, &self.sizes);
                self.weights(method, treated, &drawn, times, &kept)
            }
            _ => {
                let found = self.general(method, Some(&self.basis), treated, times, &kept)?;
                let mut weights = vec![0.0; self.indicators()];
                kept.iter().zip(found).for_each(|(&j, w)| weights[j] = w);
                Some(weights)
            }
        }
    }

    /// Cov(w_j v_j, S) / Var S of the nominal index, v the values on its scale or their logarithms.
    pub fn variance_shares(&self, weights: &[f64], score: &[f64], logs: bool, nominal: &Index) -> Vec<f64> {
        let unknown = vec![f64::NAN; weights.len()];
        let Some(treated) = self.treated.last() else { return unknown };
        let x: Vec<&[f64]> = treated.x.iter().map(Vec::as_slice).collect();
        let normalize = form(&nominal.basis, nominal.weighting.convention());
        let Ok((Z, _)) = self.basis.prepare(&x, None).and_then(|p| p.normalized(normalize)) else { return unknown };
        let [a, b] = nominal.scale;
        let slope = if matches!(normalize, Normalize::Z | Normalize::Robust) { b } else { b - a };
        let value = |z: f64| if logs { (a + slope * z).ln() } else { a + slope * z };
        let s: Vec<f64> = self.rows.iter().map(|&i| if logs { score[i].ln() } else { score[i] }).collect();
        let m = mean(&s);
        let variance: f64 = s.iter().map(|v| (v - m) * (v - m)).sum();
        let share = |(w, z): (&f64, &Vec<f64>)| match *w == 0.0 {
            true => 0.0,
            false => w * z.iter().zip(&s).map(|(z, s)| value(*z) * (s - m)).sum::<f64>() / variance,
        };
        weights.iter().zip(&Z).map(share).collect()
    }
}

/// Weights of a convention that does not ask the data, in the index.
fn judged(nominal: &Index, sheet: &Sheet, inputs: &Inputs, method: Convention) -> Result<Vec<f64>> {
    let mut sheet = sheet.clone();
    let mut options =
        Index { weighting: Weighting { method: Some(method), ..nominal.weighting.clone() }, ..nominal.clone() };
    // Equal weights are equal whatever the sheet says; and no weights of the nominal convention bind these.
    if method == Convention::Equal {
        sheet.nodes.iter_mut().for_each(|n| n.weight = None);
    }
    options.weight_level = nominal.weight_level.filter(|_| nominal.weighting.convention() == method);
    let found = made(&options, &sheet, inputs, None)?;
    let weight = |code: &String| found.weights.iter().find(|w| w.name == *code).map_or(0.0, |w| w.global);
    Ok(sheet.leaves().into_iter().map(|l| weight(&sheet.nodes[l].code)).collect())
}

/// Place of (a, b), a ≥ b, in a triangle row by row.
fn pair(a: usize, b: usize) -> usize {
    a * (a + 1) / 2 + b
}

impl Treated {
    fn new(
        nominal: &Index,
        how: Treat,
        names: &[String],
        columns: &[Vec<f64>],
        rows: &[usize],
        directions: &[Direction],
        groups: &Groups,
    ) -> Result<Self> {
        let mut treated = columns.to_vec();
        treat(&Index { treat: how, ..nominal.clone() }, names, &mut treated, None, &mut Vec::new())?;
        let x: Vec<Vec<f64>> = treated.iter().map(|c| rows.iter().map(|&i| c[i]).collect()).collect();
        let y: Vec<Vec<f64>> = (x.iter().zip(directions))
            .map(|(x, &d)| x.iter().map(|&v| oriented(v, d, Normalize::MinMax)).collect())
            .collect();
        let by_value = |y: &Vec<f64>| {
            let mut order: Vec<u32> = (0..y.len() as u32).collect();
            order.sort_by(|&a, &b| y[a as usize].total_cmp(&y[b as usize]));
            order
        };
        let ends = |y: &Vec<f64>| -> Vec<[f64; 2]> {
            let of = |rows: &Vec<usize>| {
                let wider = |[l, h]: [f64; 2], &i: &usize| [f64::min(l, y[i]), f64::max(h, y[i])];
                rows.iter().fold([f64::INFINITY, f64::NEG_INFINITY], wider)
            };
            groups.iter().map(of).collect()
        };
        let centre: Vec<f64> = y.iter().map(|y| mean(y)).collect();
        let (mut sums, mut products) = (Vec::new(), Vec::new());
        for rows in groups.iter() {
            for a in 0..y.len() {
                sums.push(rows.iter().map(|&i| y[a][i] - centre[a]).sum());
                for b in 0..=a {
                    products.push(rows.iter().map(|&i| (y[a][i] - centre[a]) * (y[b][i] - centre[b])).sum());
                }
            }
        }
        Ok(Treated {
            order: y.iter().map(by_value).collect(),
            ends: y.iter().map(ends).collect(),
            lows: x.iter().zip(directions).map(|(x, &d)| Lows::new(x, d, groups)).collect(),
            x,
            y,
            centre,
            sums,
            products,
        })
    }

    /// Sums over a draw.
    fn drawn(&self, times: &[u32], sizes: &[f64]) -> Drawn {
        let k = self.centre.len();
        let add = |of: &[f64], width: usize| {
            let mut total = vec![0.0; width];
            for (part, &t) in of.chunks_exact(width).zip(times).filter(|(_, t)| **t > 0) {
                total.iter_mut().zip(part).for_each(|(sum, v)| *sum += f64::from(t) * v);
            }
            total
        };
        Drawn {
            n: times.iter().zip(sizes).map(|(&t, s)| f64::from(t) * s).sum(),
            sums: add(&self.sums, k),
            products: add(&self.products, k * (k + 1) / 2),
        }
    }
}
