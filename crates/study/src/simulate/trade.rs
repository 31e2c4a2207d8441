//! Export baskets, growth and the records that add up to it.

use super::facts::{MARKETS, SECTIONS, Year};
use super::panel::{City, Purpose, cycle, stream};
use super::parameters::*;
use rayon::prelude::*;

/// Preference of the capable for the complex, log value per sd × sd: makes the matrix log-supermodular.
const SUPERMODULAR: f64 = 0.25;
/// Log penalty per sd that a product lies above a city's reach: makes the matrix triangular.
const BEYOND_REACH: f64 = 2.5;
/// A city reaches this far above its capability, in sd.
const REACH: f64 = 0.3;
/// The capable spread wider: log change per sd of capability of the number of cells, and of the strength of taste.
const SPREAD: [f64; 2] = [0.25, -0.25];
/// Standard deviations of what a city likes for no reason: a product, a market, a cell; and of a cell's cycle.
const TASTE: [f64; 4] = [0.8, 0.4, 0.8, 0.35];

/// A product: a chapter of the Harmonized System with a simulated complexity.
#[derive(Debug, Clone)]
pub(super) struct Product {
    pub code: String,
    /// Complexity, standardized over products.
    pub complexity: f64,
    weight: f64,
}

/// The 96 products.
pub(super) fn products(seed: u64) -> Vec<Product> {
    let draw = |chapter: u32, complexity: f64, weight: f64| {
        let mut s = stream(seed, Purpose::Products, chapter);
        Product {
            code: format!("HS{chapter:02}"),
            complexity: complexity + 0.35 * s.normal(),
            weight: weight + 0.25 * s.normal(),
        }
    };
    let chapters = |s: &super::facts::Section| {
        let s = *s;
        (s.first..=s.last).filter(|&c| c != 77).map(move |c| (c, s.complexity, s.weight))
    };
    let mut products: Vec<Product> = SECTIONS.iter().flat_map(chapters).map(|(c, q, w)| draw(c, q, w)).collect();
    let n = products.len() as f64;
    let mean = products.iter().map(|p| p.complexity).sum::<f64>() / n;
    let sd = (products.iter().map(|p| (p.complexity - mean).powi(2)).sum::<f64>() / n).sqrt();
    products.iter_mut().for_each(|p| p.complexity = (p.complexity - mean) / sd);
    products
}

/// What a city sells: for each year the cells (product × market, by index) and their shares.
#[derive(Debug, Clone)]
pub(super) struct Basket {
    /// Cells are `product * MARKETS.len() + market`, ascending.
    pub years: Vec<Vec<(u32, f64)>>,
    /// Mean over the years of Σ share·1[Belt and Road] and of Σ share·risk.
    pub exposure: [f64; 2],
}

/// Baskets of all cities, `records` cells on average over cities and years.
pub(super) fn baskets(seed: u64, records: usize, cities: &[City], products: &[Product], years: &[Year]) -> Vec<Basket> {
    let demand: Vec<Vec<f64>> = (0..MARKETS.len())
        .map(|m| cycle(&mut stream(seed, Purpose::Demand, m as u32), 0.8, 0.15, years.len()))
        .collect();
    let size: Vec<f64> = {
        let log: Vec<f64> =
            cities.iter().map(|c| 0.4 * (c.gdp(0).ln() + c.intensity) + SPREAD[0] * c.capability_mean).collect();
        let mean = log.iter().sum::<f64>() / log.len() as f64;
        log.iter().map(|x| (x - mean).exp().clamp(0.25, 3.0)).collect()
    };
    let mean = size.iter().sum::<f64>() / size.len() as f64;
    let cells: Vec<f64> = size.iter().map(|s| records as f64 * s / mean).collect();
    cities.par_iter().zip(&cells).map(|(city, &cells)| basket(seed, cells, city, products, &demand)).collect()
}

/// One city: its best cells by a score that is part fixed, part drifting; each year the top of them trade.
fn basket(seed: u64, cells: f64, city: &City, products: &[Product], demand: &[Vec<f64>]) -> Basket {
    let mut s = stream(seed, Purpose::Basket, city.place.code);
    let (m, n) = (MARKETS.len(), demand[0].len());
    let risk_mean = MARKETS.iter().map(|k| k.risk).sum::<f64>() / m as f64;
    let markets: Vec<f64> = MARKETS
        .iter()
        .map(|k| {
            let belt_road = if k.belt_road { 0.5 } else { -0.5 };
            let risk = (k.risk - risk_mean) / 15.0;
            k.weight + city.leaning[0] * belt_road + 0.5 * city.leaning[1] * risk + TASTE[1] * s.normal()
        })
        .collect();
    let taste = (SPREAD[1] * city.capability_mean).exp();
    let mut scores: Vec<(u32, f64)> = Vec::with_capacity(products.len() * m);
    for (p, product) in products.iter().enumerate() {
        let q = product.complexity;
        let above = (q - city.capability_mean - REACH).max(0.0);
        let fit = SUPERMODULAR * city.capability_mean * q - BEYOND_REACH * above;
        let score = product.weight + fit + taste * TASTE[0] * s.normal();
        for (k, market) in markets.iter().enumerate() {
            scores.push(((p * m + k) as u32, score + market + TASTE[2] * s.normal()));
        }
    }
    // Entry and exit come from the margin: twice as many candidates as cells in the largest year.
    let count = |t: usize| -> usize {
        let age = t as f64 - 0.5 * (n as f64 - 1.0);
        ((cells * (1.0 + 0.015 * age)).round() as usize).clamp(1, scores.len() / 2)
    };
    let counts: Vec<usize> = (0..n).map(count).collect();
    scores.sort_by(|a, b| b.1.total_cmp(&a.1));
    scores.truncate(2 * counts[n - 1]);
    scores.sort_by_key(|cell| cell.0);
    let cycles: Vec<Vec<f64>> = scores.iter().map(|_| cycle(&mut s, 0.8, TASTE[3], n)).collect();
    let year = |t: usize| -> Vec<(u32, f64)> {
        let drift = SUPERMODULAR * (city.capability[t] - city.capability_mean);
        let now = |(&(cell, score), cycle): (&(u32, f64), &Vec<f64>)| {
            let (p, k) = (cell as usize / m, cell as usize % m);
            (cell, score + drift * products[p].complexity + demand[k][t] + cycle[t])
        };
        let mut active: Vec<(u32, f64)> = scores.iter().zip(&cycles).map(now).collect();
        active.sort_by(|a, b| b.1.total_cmp(&a.1));
        active.truncate(counts[t]);
        let top = active[0].1;
        active.iter_mut().for_each(|cell| cell.1 = (cell.1 - top).exp());
        active.sort_by_key(|cell| cell.0);
        let total: f64 = active.iter().map(|cell| cell.1).sum();
        active.iter_mut().for_each(|cell| cell.1 /= total);
        active
    };
    let years: Vec<Vec<(u32, f64)>> = (0..n).map(year).collect();
    let exposure_to = |score: fn(usize) -> f64| {
        years.iter().flatten().map(|&(cell, share)| share * score(cell as usize % MARKETS.len())).sum::<f64>()
            / n as f64
    };
    let belt_road = exposure_to(|k| f64::from(u8::from(MARKETS[k].belt_road)));
    let risk = exposure_to(|k| MARKETS[k].risk);
    Basket { years, exposure: [belt_road, risk] }
}

/// 1 above the median, else 0.
pub(super) fn above_median(x: &[f64]) -> Vec<f64> {
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    let median = 0.5 * (low + high);
    x.iter().map(|&v| f64::from(u8::from(v > median))).collect()
}

/// Direct effect of digital development for a city: the average one, its groups, its capability.
pub(super) fn direct(effect: f64, capability: f64, [fdi, risk, belt_road]: [f64; 3]) -> f64 {
    let groups = BY_FDI * (fdi - 0.5) + BY_RISK * (risk - 0.5) + BY_BELT_ROAD * (belt_road - 0.5);
    effect * (DIRECT + MODERATION * capability + groups)
}

/// Exports of every city and year in whole dollars, so that records add up to the last one.
///
/// The structural deviation r has city mean m (whatever the levels of its causes) and, weighted by last year's
/// exports, mean zero, so that national growth is the published one.
pub(super) fn exports(seed: u64, effect: f64, cities: &[City], groups: &[[f64; 3]], years: &[Year]) -> Vec<Vec<f64>> {
    let n = years.len();
    let deviation = |(city, &group): (&City, &[f64; 3])| -> Vec<f64> {
        let mut s = stream(seed, Purpose::Growth, city.place.code);
        let cause = |t: usize| {
            let controls: f64 = CONTROLS.iter().zip(&city.controls).map(|(c, path)| c.effect * path[t]).sum();
            direct(effect, city.capability[t], group) * city.digital[t]
                + effect * EFFICIENCY * city.efficiency[t]
                + controls
        };
        let mut r: Vec<f64> = (1..n).map(cause).collect();
        let mean = r.iter().sum::<f64>() / r.len() as f64;
        let city_growth = CITY_GROWTH * s.normal();
        r.iter_mut().for_each(|r| *r += city_growth - mean + NOISE * s.normal());
        r
    };
    let r: Vec<Vec<f64>> = cities.iter().zip(groups).map(deviation).collect();
    // First year: the published total (for fewer cities their part of it) spread by output and intensity.
    let weight: Vec<f64> = cities.iter().map(|c| c.gdp(0) * c.intensity.exp()).collect();
    let total = years[0].exports * 1e9 * cities.len() as f64 / 289.0;
    let scale = total / weight.iter().sum::<f64>();
    // Neither floor binds unless the effects are multiplied beyond reason; they keep every value positive.
    let dollars = |x: f64| x.round().max(1e6);
    let mut x: Vec<Vec<f64>> = weight.iter().map(|w| vec![dollars(w * scale)]).collect();
    for t in 1..n {
        let nation = years[t].exports / years[t - 1].exports;
        let last: f64 = x.iter().map(|x| x[t - 1]).sum();
        let mean = x.iter().zip(&r).map(|(x, r)| x[t - 1] * r[t - 1]).sum::<f64>() / last;
        for (x, r) in x.iter_mut().zip(&r) {
            x.push(dollars(x[t - 1] * (nation + r[t - 1] - mean).max(0.2)));
        }
    }
    x
}

/// Whole dollars by cell that add up to `total` exactly; every cell gets at least one.
pub(super) fn split(total: f64, shares: &[(u32, f64)]) -> Vec<f64> {
    let free = total - shares.len() as f64;
    let mut values: Vec<f64> = shares.iter().map(|&(_, share)| 1.0 + (share * free).floor().max(0.0)).collect();
    // The shares sum to one up to rounding: the rest is a few dollars per cell and goes to the largest.
    let rest = total - values.iter().sum::<f64>();
    let largest = (0..shares.len()).max_by(|&a, &b| shares[a].1.total_cmp(&shares[b].1)).unwrap_or(0);
    if let Some(v) = values.get_mut(largest) {
        *v += rest;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_not_lost() {
        let values = split(1000.0, &[(0, 1.0 / 3.0), (1, 1.0 / 3.0), (2, 1.0 / 3.0)]);
        assert_eq!(values.iter().sum::<f64>(), 1000.0);
        assert!(values.iter().all(|v| v.fract() == 0.0 && *v >= 333.0));
    }

    #[test]
    fn the_median_splits_in_halves() {
        assert_eq!(above_median(&[3.0, 1.0, 2.0, 4.0]), [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(above_median(&[3.0, 1.0, 2.0]), [1.0, 0.0, 0.0]);
    }
}
