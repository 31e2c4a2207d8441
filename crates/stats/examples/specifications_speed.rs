//! CPU time of 500 specifications on a panel of 289 cities and 11 years, clustered by city:
//! `cargo run --release -p plim-stats --example specifications_speed`.

use plim_stats::linear::{Model, Pool, Regression};
use plim_stats::math::rng::Stream;
use plim_stats::{Factor, Fit};
use std::time::Instant;

fn main() {
    let (cities, years) = (289, 11);
    let n = cities * years;
    let mut s = Stream::new(1, 0);
    let mut variables: Vec<(String, Vec<f64>)> = Vec::new();
    for name in ["y", "d1", "d2", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"] {
        let level: Vec<f64> = (0..cities).map(|_| s.normal()).collect();
        variables.push((name.into(), (0..n).map(|k| level[k / years] + s.normal()).collect()));
    }
    // One control has gaps, so that there are two samples.
    variables[10].1.iter_mut().step_by(23).for_each(|v| *v = f64::NAN);
    let pool = Pool {
        variables,
        fe: vec![
            Factor::from_keys("city", (0..n).map(|k| k / years)),
            Factor::from_keys("year", (0..n).map(|k| k % years)),
        ],
        rows: (0..n).collect(),
        ..Pool::default()
    };
    let mut models = Vec::new();
    for treatment in [1, 2] {
        for set in 0..256usize {
            let controls = (0..8).filter(|c| set >> c & 1 == 1).map(|c| 3 + c);
            let regressors = std::iter::once(treatment).chain(controls).collect();
            models.push(Model { outcome: 0, regressors, fe: vec![0, 1] });
        }
    }
    models.truncate(500);
    for _ in 0..3 {
        let start = Instant::now();
        let fits = pool.run(&models, &Regression::default());
        let set = start.elapsed();
        let sum: f64 = fits.iter().map(|f| f.as_ref().map_or(f64::NAN, |f| f.fit.coef()[0])).sum();
        println!("{} models: {:.1} ms, mean {:.6}", models.len(), set.as_secs_f64() * 1e3, sum / models.len() as f64);
    }
}
