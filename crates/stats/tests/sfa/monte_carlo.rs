//! Monte Carlo of the main frontier models: bias of the parameters and coverage of 95 % intervals.
//!
//! Ignored, for it takes minutes: `cargo test --release -p plim-stats --test sfa monte_carlo -- --ignored --nocapture`
//! prints the table that is kept in bench/results/sfa_monte_carlo.csv. Where theory holds, coverage must be within three
//! of its Monte Carlo standard errors of 95 %, √(.95 · .05/500) = 1 %; the true fixed effects model, whose variances are
//! known to be biased in short panels, is shown as such.

use plim_stats::frontier::sfa::{Columns, Data, Distribution, Model, Panel, Sfa, sfa};
use plim_stats::math::rng::Stream;
use rayon::prelude::*;

const SAMPLES: usize = 500;
const SIGMA2: (&str, f64) = ("sigma2", 0.2);
const GAMMA: (&str, f64) = ("gamma", 0.8);
const Z: f64 = 1.959_963_984_540_054;

struct Case {
    name: &'static str,
    options: Sfa,
    units: usize,
    years: usize,
    /// The parameters that are looked at, by name, with their truth.
    truth: &'static [(&'static str, f64)],
    /// Whether theory promises 95 %.
    regular: bool,
}

/// y = 1 + 0.5 x + effect + v - u with σ_v = 0.2 and the inefficiency of the model.
fn simulate(case: &Case, sample: u64) -> Data {
    let mut draw = Stream::new(20_26, sample);
    let n = case.units * case.years;
    let (mut x, mut z, mut y) = (Vec::new(), Vec::new(), Vec::new());
    let (mut own, mut effect) = (0.0, 0.0);
    for i in 0..n {
        let t = i % case.years;
        if t == 0 {
            own = (0.4 * draw.normal()).abs();
            effect = 0.3 * draw.normal();
        }
        x.push(draw.normal());
        z.push(draw.normal());
        let half = (0.4 * draw.normal()).abs();
        let (shift, u) = match case.options.model {
            Model::Pooled if case.options.distribution == Distribution::Exponential => {
                (0.0, -0.4 * draw.uniform().ln())
            }
            Model::Pooled => (0.0, half),
            // N(0.3 + 0.3 z, 0.16) truncated to be positive, by rejection.
            Model::Bc95 => {
                let normal = || 0.3 + 0.3 * z[i] + 0.4 * draw.normal();
                (0.0, std::iter::repeat_with(normal).find(|u| *u > 0.0).expect("one in a thousand at least"))
            }
            Model::PittLee => (0.0, own),
            Model::Bc92 => (0.0, own * (0.1 * (case.years - 1 - t) as f64).exp()),
            _ => (effect, half),
        };
        y.push(1.0 + 0.5 * x[i] + shift + 0.2 * draw.normal() - u);
    }
    let frontier = Columns::new(n, true, &[("x".into(), x)]);
    let mut data = Data::new(y, frontier.X, frontier.names);
    if case.options.model == Model::Bc95 {
        data.determinants = Some(Columns::new(n, true, &[("z".into(), z)]));
    }
    let (unit, time) = ((0..n).map(|i| i / case.years).collect(), (0..n).map(|i| (i % case.years) as f64).collect());
    data.panel = Some(Panel { unit, time });
    data
}

#[test]
#[ignore = "minutes: 500 samples of each model"]
fn intervals_cover() {
    let of = |model| Sfa { model, climbs: Some(1), ..Sfa::default() };
    let exponential = Sfa { distribution: Distribution::Exponential, ..of(Model::Pooled) };
    let cases = [
        Case {
            name: "half_normal",
            options: of(Model::Pooled),
            units: 1000,
            years: 1,
            regular: true,
            truth: &[("x", 0.5), SIGMA2, GAMMA],
        },
        Case {
            name: "exponential",
            options: exponential,
            units: 1000,
            years: 1,
            regular: true,
            truth: &[("x", 0.5), SIGMA2, GAMMA],
        },
        Case {
            name: "bc95",
            options: of(Model::Bc95),
            units: 2000,
            years: 1,
            regular: true,
            truth: &[("x", 0.5), ("z", 0.3), SIGMA2, GAMMA],
        },
        Case {
            name: "pitt_lee",
            options: of(Model::PittLee),
            units: 300,
            years: 5,
            regular: true,
            truth: &[("x", 0.5), SIGMA2, GAMMA],
        },
        Case {
            name: "bc92",
            options: of(Model::Bc92),
            units: 300,
            years: 5,
            regular: true,
            truth: &[("x", 0.5), ("eta", 0.1), SIGMA2, GAMMA],
        },
        Case {
            name: "tre",
            options: of(Model::Tre),
            units: 300,
            years: 5,
            regular: true,
            truth: &[("x", 0.5), SIGMA2, GAMMA],
        },
        Case {
            name: "within_mle",
            options: of(Model::WithinMle),
            units: 300,
            years: 5,
            regular: true,
            truth: &[("x", 0.5), SIGMA2, GAMMA],
        },
        Case {
            name: "tfe",
            options: of(Model::Tfe),
            units: 300,
            years: 5,
            regular: false,
            truth: &[("x", 0.5), SIGMA2, GAMMA],
        },
    ];
    println!("model,parameter,truth,mean,bias,bias_mc_se,coverage,failed,samples");
    let mut wrong = Vec::new();
    for case in &cases {
        let fits: Vec<Option<Vec<(f64, f64)>>> = (0..SAMPLES)
            .into_par_iter()
            .map(|sample| {
                let fit = sfa(&simulate(case, sample as u64), &case.options).ok()?;
                let table = fit.table();
                let find =
                    |name: &str| table.iter().find(|row| row.name == name).map(|row| (row.estimate, row.std_error));
                case.truth.iter().map(|(name, _)| find(name)).collect()
            })
            .collect();
        let good: Vec<_> = fits.iter().flatten().collect();
        let (n, failed) = (good.len() as f64, SAMPLES - good.len());
        for (j, (name, truth)) in case.truth.iter().enumerate() {
            let mean = good.iter().map(|f| f[j].0).sum::<f64>() / n;
            let spread = (good.iter().map(|f| (f[j].0 - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
            let covered = good.iter().filter(|f| (f[j].0 - truth).abs() <= Z * f[j].1).count() as f64 / n;
            println!(
                "{},{name},{truth},{mean:.5},{:.5},{spread:.5},{covered:.3},{failed},{SAMPLES}",
                case.name,
                mean - truth
            );
            let allowed = 3.0 * (0.95f64 * 0.05 / n).sqrt();
            if case.regular && (covered - 0.95).abs() > allowed {
                wrong.push(format!("{} {name}: {covered:.3}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "coverage: {}", wrong.join(", "));
}
