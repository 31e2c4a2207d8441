//! Covariances over time, over space and by the jackknife; bootstrap, permutation, bands.

#[allow(dead_code)] // the reader is shared with the tests of regression
#[path = "../regression/data.rs"]
mod data;

mod identities;
mod references;
mod resampling;

use data::Data;
use plim_stats::linear::Ols;
use plim_stats::math::rng::Stream;
use plim_stats::vcov::{Covariance, Ssc, vcov};
use plim_stats::{Design, Factor, PanelKeys};

/// An unbalanced panel of 26 units in 5 regions over up to 9 years, one of them never observed; weights `a`.
pub fn panel(seed: u64) -> Data {
    let mut s = Stream::new(seed, 0);
    let mut rows = Vec::new();
    for i in 0..26 {
        for t in (2000..2010).filter(|&t| t != 2004) {
            if s.uniform() < 0.8 {
                rows.push((i, t));
            }
        }
    }
    let n = rows.len();
    let mut d = Data::default();
    d.set("i", rows.iter().map(|r| f64::from(r.0)).collect());
    d.set("t", rows.iter().map(|r| f64::from(r.1)).collect());
    d.set("region", rows.iter().map(|r| f64::from(r.0 % 5)).collect());
    d.set("row", (0..n).map(|i| i as f64).collect());
    for name in ["x", "w", "e"] {
        d.set(name, (0..n).map(|_| s.normal()).collect());
    }
    d.set("a", (0..n).map(|_| 0.2 + s.uniform()).collect());
    let (x, w, e) = (d.get("x"), d.get("w"), d.get("e"));
    d.set(
        "y",
        (0..n).map(|k| 0.3 * x[k] - 0.2 * w[k] + f64::from(rows[k].0) * 0.1 + (1.0 + x[k].abs()) * e[k]).collect(),
    );
    d
}

/// The design with unit `i` and time `t`.
pub fn with_panel(data: &Data, mut design: Design, unit: &str, time: &str) -> Design {
    let (unit, time) = (data.get(unit), data.get(time));
    design.panel = Some(PanelKeys {
        unit: Factor::from_keys("unit", design.rows.iter().map(|&r| unit[r].to_bits())),
        time: design.rows.iter().map(|&r| time[r] as i64).collect(),
    });
    design
}

/// A covariance by its name.
pub fn covariance(design: &Design, how: &str, ssc: Ssc) -> Covariance {
    let fit = Ols::default().fit(design).unwrap();
    vcov(&fit, &how.parse().unwrap(), ssc, design).unwrap()
}

/// Standard errors.
pub fn se(design: &Design, how: &str, ssc: Ssc) -> Vec<f64> {
    let c = covariance(design, how, ssc);
    (0..c.V.nrows()).map(|j| c.V[(j, j)].sqrt()).collect()
}
