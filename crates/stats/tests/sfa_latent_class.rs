//! Latent classes.

use plim_golden::{Csv, close, shared};
use plim_stats::frontier::sfa::{ClassOf, Columns, Data, Distribution, Frontier, Model, Panel, Section, Sfa, SfaFit, sfa};
use plim_stats::math::Mat;
use plim_stats::math::normal::ln_cdf;
use plim_stats::math::rng::Stream;
use std::f64::consts::TAU;

fn of(classes: usize) -> Sfa {
    Sfa { model: Model::LatentClass, classes: Some(classes), ..Sfa::default() }
}

/// Logs of the outcome on logs of these columns.
fn logs(file: &str, outcome: &str, regressors: &[&str]) -> Option<Data> {
    let csv = Csv::read(&shared(&format!("golden/frontier/{file}"))?);
    let ln = |name: &str| csv.num(name).iter().map(|v| v.ln()).collect::<Vec<_>>();
    let columns: Vec<Vec<f64>> = regressors.iter().map(|name| ln(name)).collect();
    let y = ln(outcome);
    let X = Mat::from_fn(y.len(), columns.len() + 1, |i, j| if j == 0 { 1.0 } else { columns[j - 1][i] });
    let names = std::iter::once("(Intercept)").chain(regressors.iter().copied()).map(String::from).collect();
    Some(Data::new(y, X, names))
}

fn utility() -> Option<Data> {
    let csv = Csv::read(&shared("golden/frontier/sfaR_utility.csv")?);
    let columns: Vec<Vec<f64>> = ["tc", "y", "wl", "wk", "wf"].map(|name| csv.num(name)).to_vec();
    let n = columns[0].len();
    let X = Mat::from_fn(n, 4, |i, j| match j {
        0 => 1.0,
        1 => columns[1][i].ln(),
        j => (columns[j][i] / columns[4][i]).ln(),
    });
    let y = (0..n).map(|i| (columns[0][i] / columns[4][i]).ln()).collect();
    Some(Data::new(y, X, ["(Intercept)", "y", "wl", "wk"].map(String::from).to_vec()))
}

#[test]
fn probe() {
    let rice = logs("riceProdPhil.csv", "PROD", &["AREA", "LABOR", "NPK"]).unwrap();
    let utility = utility().unwrap();
    for (name, data, frontier) in [("rice", &rice, Frontier::Production), ("utility", &utility, Frontier::Cost)] {
        for classes in [2, 3] {
            for distribution in [Distribution::HalfNormal, Distribution::Exponential] {
                let start = std::time::Instant::now();
                match sfa(data, &Sfa { frontier, distribution, ..of(classes) }) {
                    Ok(fit) => println!("{name} {classes} {distribution:?} {:?} ll {} {:?} {:?} notes {:?} {:?}", start.elapsed(), fit.stats.loglik, fit.coef, fit.stats.own, fit.notes, fit.climbs),
                    Err(e) => println!("{name} {classes} {distribution:?} {:?} {e}", start.elapsed()),
                }
            }
        }
    }
}
