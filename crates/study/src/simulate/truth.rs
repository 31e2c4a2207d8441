//! What is true in the simulated world, in words and numbers.

use super::facts::Year;
use super::panel::{City, expected_efficiency};
use super::parameters::*;
use super::trade::direct;
use super::{Cities, Scenario, VERSION, ZONES};
use serde_json::{Value, json};

/// A city by year array with its city and year means taken out.
fn within(x: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (n, t) = (x.len() as f64, x[0].len());
    let city: Vec<f64> = x.iter().map(|x| x.iter().sum::<f64>() / t as f64).collect();
    let year: Vec<f64> = (0..t).map(|t| x.iter().map(|x| x[t]).sum::<f64>() / n).collect();
    let all = city.iter().sum::<f64>() / n;
    x.iter().zip(&city).map(|(x, c)| x.iter().zip(&year).map(|(v, y)| v - c - y + all).collect()).collect()
}

fn dot(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a * b).sum()
}

/// Correlation of two city by year arrays within cities and years.
fn within_correlation(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    let (a, b) = (within(a), within(b));
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
}

/// Slope of y on x within cities and years.
fn within_slope(y: &[Vec<f64>], x: &[Vec<f64>]) -> f64 {
    let x = within(x);
    dot(y, &x) / dot(&x, &x)
}

fn sd(x: &[Vec<f64>]) -> f64 {
    let n = x.iter().flatten().count() as f64;
    let mean = x.iter().flatten().sum::<f64>() / n;
    (x.iter().flatten().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
}

/// Mean of the five indicators, each over its range: a plain index, as good a measure as any weighting of them.
fn plain_index(cities: &[City], years: usize) -> Vec<Vec<f64>> {
    let mut index = vec![vec![0.0; years - 1]; cities.len()];
    for j in 0..INDICATORS.len() {
        let all = || cities.iter().flat_map(|c| &c.indicators[j]);
        let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &x| (l.min(x), h.max(x)));
        for (sum, city) in index.iter_mut().zip(cities) {
            for (sum, x) in sum.iter_mut().zip(&city.indicators[j][1..]) {
                *sum += (x - low) / (high - low) / INDICATORS.len() as f64;
            }
        }
    }
    index
}

/// The truth of one world. Growth exists from the second year on, and so do the effects on it.
pub(super) fn truth(options: &Cities, cities: &[City], groups: &[[f64; 3]], open: &[f64], years: &[Year]) -> Value {
    let by_year = |value: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
        (0..cities.len()).map(|i| (1..years.len()).map(|t| value(i, t)).collect()).collect()
    };
    let noise = if options.scenario == Scenario::Noisy { NOISY } else { 1.0 };
    let digital = by_year(&|i, t| cities[i].digital[t]);
    let sd_digital = sd(&digital);
    let expected = by_year(&|i, t| expected_efficiency(cities[i].digital[t]));
    let own = |i: usize, t: usize| direct(options.effect, cities[i].capability[t], groups[i]);
    // What the zones did: the world with them less the world without them, at the same draws of all else.
    let pilot = |i: usize, t: usize| PILOT * cities[i].phase(years[t].year);
    let gain = |i: usize, t: usize| {
        let (with, without) = (cities[i].digital[t], cities[i].digital[t] - pilot(i, t));
        let allocation = expected_efficiency(with) - expected_efficiency(without);
        own(i, t) * pilot(i, t) + options.effect * EFFICIENCY * allocation
    };
    let treated = |value: &dyn Fn(usize, usize) -> f64| -> Value {
        let cells: Vec<f64> = (0..cities.len())
            .flat_map(|i| (1..years.len()).map(move |t| (i, t)))
            .filter(|&(i, t)| cities[i].pilot.is_some() && cities[i].phase(years[t].year) > 0.0)
            .map(|(i, t)| value(i, t))
            .collect();
        if cells.is_empty() { Value::Null } else { json!(cells.iter().sum::<f64>() / cells.len() as f64) }
    };
    // The part of growth that digital development explains, projected within: exactly what two-way effects
    // regressions on D aim at when effects differ between cities.
    let b = options.effect * EFFICIENCY;
    let a = within_slope(&expected, &digital);
    let direct_part = by_year(&|i, t| own(i, t) * digital[i][t - 1]);
    let c_direct = within_slope(&direct_part, &digital);
    let total = c_direct + a * b;
    // What the same regressions aim at when a plain index stands in for D.
    let index = plain_index(cities, years.len());
    let explained = by_year(&|i, t| direct_part[i][t - 1] + b * expected[i][t - 1]);
    let index_per_sd = within_slope(&explained, &index) * sd(&index);
    let difference = |flag: &dyn Fn(usize) -> f64| -> f64 {
        let mean = |side: f64| -> f64 {
            let inside: Vec<usize> = (0..cities.len()).filter(|&i| flag(i) == side).collect();
            let slopes: f64 = inside.iter().map(|&i| (1..years.len()).map(|t| own(i, t)).sum::<f64>()).sum();
            slopes / (inside.len() * (years.len() - 1)) as f64
        };
        mean(1.0) - mean(0.0)
    };
    // The zones' effect on digital development by first year, where they differ; and what others get of it.
    let mean = |inside: &dyn Fn(usize) -> bool| -> Option<f64> {
        let cells: Vec<f64> = (0..cities.len())
            .filter(|&i| inside(i))
            .flat_map(|i| (1..years.len()).map(move |t| (i, t)))
            .map(|(i, t)| pilot(i, t))
            .filter(|p| *p > 0.0)
            .collect();
        (!cells.is_empty()).then(|| cells.iter().sum::<f64>() / cells.len() as f64)
    };
    let mut starts: Vec<i32> = cities.iter().filter_map(|c| c.pilot).collect();
    starts.sort_unstable();
    starts.dedup();
    let by_cohort: serde_json::Map<String, Value> =
        starts.iter().map(|s| (s.to_string(), json!(mean(&|i| cities[i].pilot == Some(*s))))).collect();
    let spilled = mean(&|i| cities[i].pilot.is_none());
    let scenario_cohorts: Value = match options.scenario {
        Scenario::Staggered => {
            let zones = ZONES.iter().zip(STAGGERED);
            zones
                .map(|(z, s)| (z.name.to_string(), json!(s + options.delay())))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        _ => json!({ "Guizhou": 2015 + options.delay(), "others": 2016 + options.delay() }),
    };
    json!({
        "world": "cities",
        "version": VERSION,
        "seed": options.seed,
        "options": options,
        "real": "names and codes of cities, provinces, pilot zones and their years, national exports, exchange rate and internet users, list of Belt and Road countries; everything else is drawn",
        "units": "D is latent digital development; an effect is a change of annual export growth (0.01 is one percentage point) per unit of D unless it says per sd",
        "digital": {
            "sd": sd_digital,
            "sd_within": sd(&within(&digital)),
            "index_within_correlation": within_correlation(&index, &digital),
            "note": "sd over all cities and years with growth; sd_within after city and year effects; the correlation is that of the mean of the five indicators (each over its range) with D, within. Compare an index with D through coefficient × sd of the index: both then read per sd",
        },
        "baseline": {
            "total": total,
            "total_per_sd": total * sd_digital,
            "index_per_sd": index_per_sd,
            "direct": c_direct,
            "direct_at_mean_capability": options.effect * DIRECT,
            "estimator": "feols growth deviation ~ D + controls | city + year, vcov = cluster:city",
            "naive": "with an index in place of D the slope shrinks by the reliability of the index within cities and years (errors of measurement of the five indicators); index_per_sd is what least squares on the plain index aims at. The instrument repairs it. Without the controls the slope is too large: income moves both D and growth. Without city effects it is not identified: city means of growth do not depend on D",
        },
        "instrument": {
            "columns": ["posts_1984", "internet_users"],
            "first_stage": DIGITAL_POSTS,
            "note": "post offices of 1984 (standardized) × national internet users of the year before (standardized over 2011-2021) move D and nothing else: valid and strong",
        },
        "mediation": {
            "a": a,
            "b": b,
            "indirect": a * b,
            "share": if total == 0.0 { Value::Null } else { json!(a * b / total) },
            "mediator": "efficiency exp(-u) of the innovation frontier",
            "note": "a is the slope of E[exp(-u) | D] on D within cities and years. Efficiency from a frontier whose inefficiency variance depends on the index recovers a and b; from a homoscedastic frontier, or a DEA frontier, the score is shrunken or noisy, a comes out too small and part of the indirect effect counts as direct",
        },
        "moderation": {
            "interaction": options.effect * MODERATION,
            "moderator": "capability (standardized over cities), for which the complexity index measured from the records stands",
            "note": "the direct effect at capability c is direct + interaction·c; the error of the complexity index shrinks the interaction further",
        },
        "did": {
            "cohorts": scenario_cohorts,
            "att_digital_by_cohort": by_cohort,
            "spilled_over": spilled,
            "full_effect_on_digital": PILOT,
            "phase": PHASE,
            "att_digital": treated(&pilot),
            "att_digital_per_sd": treated(&|i, t| pilot(i, t) / sd_digital),
            "att_resilience": treated(&gain),
            "placebo": 0.0,
            "note": "parallel trends hold by construction; the effect is phased in, so that the event study rises for two years and stays; att_* is the mean over treated city-years. Two-way effects weigh the phases a little differently, and the few early cities serve as controls when the others start",
        },
        "heterogeneity": {
            "high_fdi": difference(&|i| groups[i][0]),
            "high_risk": difference(&|i| groups[i][1]),
            "high_belt_road": difference(&|i| groups[i][2]),
            "high_openness": difference(&|i| open[i]),
            "designed": { "high_fdi": options.effect * BY_FDI, "high_risk": options.effect * BY_RISK, "high_belt_road": options.effect * BY_BELT_ROAD, "high_openness": 0.0 },
            "note": "differences of the direct effect, high less low; the first four are what sample splits see (groups overlap and differ in capability), `designed` is all else equal. Openness makes no difference by design",
        },
        "frontier": {
            "patents": { "rd_personnel": PATENTS[0], "rd_stock": PATENTS[1], "year": PATENTS[2] },
            "new_product_sales": { "rd_personnel": SALES[0], "rd_stock": SALES[1], "year": SALES[2] },
            "sigma_v": SIGMA_V,
            "outliers": (options.scenario == Scenario::Outliers).then(|| json!({ "share": OUTLIERS, "times": OUTLYING })),
            "u_variance": { "distribution": "half_normal", "intercept": LN_SU2 - LN_SU2_DIGITAL * DIGITAL_CENTER, "digital": LN_SU2_DIGITAL },
            "mean_efficiency": expected.iter().flatten().sum::<f64>() / expected.iter().flatten().count() as f64,
            "rd_stock": { "delta": DELTA, "start": "E0/(g + delta), g the mean growth of the city's expenditure" },
            "estimator": "sfa, pooled half-normal with u_variance = D; both outputs share u",
        },
        "controls": CONTROLS.iter().map(|c| (c.name.to_string(), json!(c.effect))).collect::<serde_json::Map<_, _>>(),
        "indicators": INDICATORS.iter().map(|k| (k.name.to_string(), json!({
            "form": if k.ceiling.is_some() { "ceiling / (1 + exp(-level - slope (D - center)))" } else { "level exp(slope (D - center))" },
            "ceiling": k.ceiling, "level": k.level, "slope": k.slope, "center": DIGITAL_CENTER,
            "sd_log_error_city": k.persistent, "sd_log_error_year": noise * k.transitory,
        }))).collect::<serde_json::Map<_, _>>(),
        "growth": {
            "national": "the published growth of exports in US dollars, met exactly by the sum of the cities",
            "noise_sd": NOISE,
            "city_sd": CITY_GROWTH,
            "trap": "national growth is +0.5 % in 2019: in the ratio form (g - G)/|G| that year carries nearly all variance; the difference form g - G is what the world is built on",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_takes_out_both_means() {
        let x = within(&[vec![1.0, 2.0, 4.0], vec![2.0, 3.0, 9.0]]);
        for row in &x {
            assert!(row.iter().sum::<f64>().abs() < 1e-12);
        }
        assert!((0..3).all(|t| (x[0][t] + x[1][t]).abs() < 1e-12));
        // y = 3x + city + year has slope 3 exactly.
        let digital = vec![vec![1.0, 2.0, 4.0], vec![2.0, 3.0, 9.0]];
        let y = vec![vec![3.0 + 5.0, 6.0 + 6.0, 12.0 + 9.0], vec![6.0, 9.0 + 1.0, 27.0 + 4.0]];
        assert!((within_slope(&y, &digital) - 3.0).abs() < 1e-12);
    }
}
