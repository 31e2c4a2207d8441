//! What must hold for any data.

use plim_golden::close;
use plim_stats::glm::{Family, Glm, GlmFit, covariance};
use plim_stats::linear::INTERCEPT;
use plim_stats::math::{Mat, rng::Stream};
use plim_stats::vcov::{Ssc, Vcov};
use plim_stats::{Design, Factor};

pub const FAMILIES: [Family; 5] =
    [Family::Poisson, Family::Logit, Family::Probit, Family::Cloglog, Family::NegativeBinomial(1.0)];

/// 40 units over 8 times, two regressors; counts for the log-linear families, 0 and 1 for the binary ones.
pub fn simulated(family: Family, seed: u64) -> Design {
    let (units, times) = (40, 8);
    let n = units * times;
    let mut rng = Stream::new(seed, 0);
    let unit: Vec<usize> = (0..n).map(|i| i / times).collect();
    let time: Vec<usize> = (0..n).map(|i| i % times).collect();
    let level: Vec<f64> = (0..units).map(|_| 0.7 * rng.normal()).collect();
    let x: Vec<[f64; 2]> = (0..n).map(|i| [rng.normal() + level[unit[i]], rng.normal()]).collect();
    let eta = |i: usize| 0.5 * x[i][0] - 0.4 * x[i][1] + level[unit[i]] + 0.1 * time[i] as f64 - 0.3;
    let y = (0..n).map(|i| match family {
        _ if family.binary() => f64::from(u8::from(rng.uniform() < family.mean(eta(i)))),
        _ => {
            // A mixture of Poissons is overdispersed.
            let mu = eta(i).exp() * (0.8 * rng.normal()).exp();
            let (mut count, mut product) = (0.0, rng.uniform());
            while product > (-mu).exp() {
                count += 1.0;
                product *= rng.uniform();
            }
            count
        }
    });
    Design {
        y: y.collect(),
        outcome: "y".into(),
        X: Mat::from_fn(n, 2, |i, j| x[i][j]),
        names: vec!["a".into(), "b".into()],
        fe: vec![Factor::from_keys("unit", unit), Factor::from_keys("time", time)],
        rows: (0..n).collect(),
        ..Design::default()
    }
}

fn fit(design: &Design, family: Family) -> GlmFit {
    Glm::new(family).fit(design).unwrap()
}

fn errors(fit: &GlmFit, design: &Design, how: &str) -> Vec<f64> {
    let V = covariance(fit, &how.parse::<Vcov>().unwrap(), Ssc::None, design).unwrap().V;
    (0..V.nrows()).map(|j| V[(j, j)].sqrt()).collect()
}

#[track_caller]
fn same(a: &[f64], b: &[f64], rel: f64, what: &str) {
    a.iter().zip(b).for_each(|(a, b)| close(*a, *b, rel, what));
}

#[test]
fn absorbed_effects_are_dummies() {
    for family in FAMILIES {
        let design = simulated(family, 1);
        let absorbed = fit(&design, family);
        let sample = design.at(&absorbed.sample);
        let (n, units) = (sample.nobs(), sample.fe[0].levels as usize);
        let k = 2 + units + sample.fe[1].levels as usize - 1;
        let code = |f: usize, i: usize| sample.fe[f].codes[i] as usize;
        let explicit = Design {
            X: Mat::from_fn(n, k, |i, j| match j {
                0 | 1 => sample.X[(i, j)],
                j if j < 2 + units => f64::from(u8::from(code(0, i) == j - 2)),
                j => f64::from(u8::from(code(1, i) == j - 1 - units)),
            }),
            names: (0..k).map(|j| format!("x{j}")).collect(),
            fe: Vec::new(),
            cluster: vec![sample.fe[0].clone()],
            ..sample.clone()
        };
        let dummies = fit(&explicit, family);
        same(&absorbed.coef[..2], &dummies.coef[..2], 1e-9, "coefficients");
        close(absorbed.loglik, dummies.loglik, 1e-12, "loglik");
        for how in ["iid", "hc0", "cluster:unit"] {
            let (a, b) = (errors(&absorbed, &design, how), errors(&dummies, &explicit, how));
            same(&a[..2], &b[..2], 1e-8, how);
            if let Family::NegativeBinomial(_) = family {
                close(a[2], b[k], 1e-7, &format!("{how} of theta"));
            }
        }
    }
}

#[test]
fn the_score_vanishes_in_every_direction() {
    for family in FAMILIES {
        let design = simulated(family, 2);
        let fit = fit(&design, family);
        let sample = design.at(&fit.sample);
        for j in 0..fit.coef.len() {
            let (sum, size) = (0..sample.nobs())
                .fold((0.0, 0.0f64), |(sum, size), i| (sum + fit.scores[(i, j)], size + fit.scores[(i, j)].powi(2)));
            assert!(f64::abs(sum) < 1e-8 * size.sqrt(), "{family:?} {j}: {sum:e} of {size:e}");
        }
        if let Family::Poisson = family {
            // Means of outcome and fit agree within each level (first-order conditions of the effects).
            let mu = fit.fitted();
            for factor in &sample.fe {
                for level in 0..factor.levels {
                    let of = |v: &[f64]| -> f64 {
                        factor.codes.iter().zip(v).filter(|(c, _)| **c == level).map(|(_, v)| v).sum()
                    };
                    close(of(&mu), of(&sample.y), 1e-10, "level sum");
                }
            }
        }
    }
}

#[test]
fn weights_ignore_units_and_count_as_copies() {
    for family in FAMILIES {
        let mut design = simulated(family, 3);
        let n = design.nobs();
        design.w = Some((0..n).map(|i| 1.0 + (i % 3) as f64).collect());
        let weighted = fit(&design, family);
        let mut scaled = design.clone();
        scaled.w = design.w.as_ref().map(|w| w.iter().map(|w| 8.0 * w).collect());
        let other = fit(&scaled, family);
        same(&weighted.coef, &other.coef, 1e-10, "coefficients");
        same(&errors(&weighted, &design, "cluster:unit"), &errors(&other, &scaled, "cluster:unit"), 1e-9, "clustered");
        let copies: Vec<usize> = (0..n).flat_map(|i| std::iter::repeat_n(i, 1 + i % 3)).collect();
        let copied = design.at(&copies);
        let copied = Design { w: None, ..copied };
        let other = fit(&copied, family);
        same(&weighted.coef, &other.coef, 1e-9, "copies");
        close(weighted.loglik, other.loglik, 1e-11, "loglik of copies");
        same(&errors(&weighted, &design, "iid"), &errors(&other, &copied, "iid"), 1e-9, "iid of copies");
    }
}

#[test]
fn order_of_rows_and_units_do_not_matter() {
    for family in FAMILIES {
        let design = simulated(family, 4);
        let n = design.nobs();
        let plain = fit(&design, family);
        let mut shuffled = design.at(&(0..n).map(|i| (i * 77 + 5) % n).collect::<Vec<_>>());
        shuffled.fe.reverse();
        for i in 0..n {
            shuffled.X[(i, 0)] = 1e6 * shuffled.X[(i, 0)] + 3e6;
        }
        let other = fit(&shuffled, family);
        close(plain.coef[0], 1e6 * other.coef[0], 1e-9, "coefficient in other units");
        close(plain.coef[1], other.coef[1], 1e-9, "coefficient");
        close(plain.loglik, other.loglik, 1e-11, "loglik");
    }
}

#[test]
fn units_of_a_poisson_outcome_do_not_matter() {
    let design = simulated(Family::Poisson, 5);
    let plain = fit(&design, Family::Poisson);
    for scale in [1e-9, 1e12] {
        let mut other = design.clone();
        other.y.iter_mut().for_each(|y| *y *= scale);
        let fit = fit(&other, Family::Poisson);
        same(&plain.coef, &fit.coef, 1e-10, "coefficients");
        same(&errors(&plain, &design, "hc0"), &errors(&fit, &other, "hc0"), 1e-9, "errors");
    }
}

#[test]
fn offsets_are_coefficients_of_one() {
    for family in FAMILIES {
        let design = simulated(family, 6);
        let free = fit(&design, family);
        let mut given = design.clone();
        given.offset = Some((0..design.nobs()).map(|i| free.coef[0] * design.X[(i, 0)]).collect());
        given.X = Mat::from_fn(design.nobs(), 1, |i, _| design.X[(i, 1)]);
        given.names.remove(0);
        let fixed = fit(&given, family);
        close(fixed.coef[0], free.coef[1], 1e-9, "the other coefficient");
        close(fixed.loglik, free.loglik, 1e-12, "loglik");
    }
}

#[test]
fn a_constant_alone_is_the_null_model() {
    for family in FAMILIES {
        let mut design = simulated(family, 7);
        design.fe.clear();
        design.X = Mat::from_fn(design.nobs(), 1, |_, _| 1.0);
        design.names = vec![INTERCEPT.into()];
        let plain = fit(&design, family);
        close(plain.loglik, plain.loglik_null, 1e-12, "loglik");
        let mean = design.y.iter().sum::<f64>() / design.nobs() as f64;
        close(family.mean(plain.coef[0]), mean, 1e-12, "mean");
        design.offset = Some((0..design.nobs()).map(|i| (i as f64).sin()).collect());
        let offset = fit(&design, family);
        close(offset.loglik, offset.loglik_null, 1e-11, "loglik with an offset");
    }
}
