//! What a regression hangs on: selection on unobservables, omitted variables, single units and controls.

#[allow(dead_code)] // the reader is shared with the tests of regression
#[path = "../regression/data.rs"]
mod data;

mod leave_one_out;
mod omitted_variable;
mod oster;

use data::Data;
use plim_stats::math::rng::Stream;

/// A panel of 26 units in 5 regions over 9 years, some cells missing, weights `a`.
pub fn panel() -> Data {
    let mut s = Stream::new(11, 0);
    let rows: Vec<(u32, u32)> =
        (0..26).flat_map(|i| (0..9).map(move |t| (i, t))).filter(|_| s.uniform() < 0.85).collect();
    let mut d = Data::default();
    d.set("i", rows.iter().map(|r| f64::from(r.0)).collect());
    d.set("t", rows.iter().map(|r| f64::from(r.1)).collect());
    d.set("region", rows.iter().map(|r| f64::from(r.0 % 5)).collect());
    let mut noise = || (0..rows.len()).map(|_| s.normal()).collect::<Vec<f64>>();
    let (z, w, v, e, a) = (noise(), noise(), noise(), noise(), noise());
    let x: Vec<f64> = (0..rows.len()).map(|k| v[k] + 0.3 * z[k] + 0.4 * w[k]).collect();
    d.set("y", (0..rows.len()).map(|k| 0.5 * x[k] + 0.6 * z[k] + 0.7 * w[k] + f64::from(rows[k].0) + e[k]).collect());
    d.set("a", a.iter().map(|a| a.exp()).collect());
    d.set("x", x);
    d.set("z", z);
    d.set("w", w);
    d
}
