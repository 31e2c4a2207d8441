//! Times the half-normal frontier: `cargo run --release -p plim-stats --example sfa_speed -- [threads]`.
//!
//! Two regressors and a constant, `y = 1 + 0.5 a + 0.3 b + v - u`, σ_v 0.2, σ_u 0.4: the design of the peers' table.

use plim_stats::frontier::sfa::{Sfa, sfa};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use std::time::Instant;

fn main() {
    let threads = std::env::args().nth(1).map_or(1, |t| t.parse().expect("a number of threads"));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
    let names = ["(Intercept)", "a", "b"].map(String::from);
    for n in [3179, 1_000_000] {
        let mut draw = Stream::new(1, 0);
        let X = Mat::from_fn(n, 3, |_, j| if j == 0 { 1.0 } else { draw.normal() });
        let deviation = |draw: &mut Stream| 0.2 * draw.normal() - (0.4 * draw.normal()).abs();
        let y: Vec<f64> = (0..n).map(|i| 1.0 + 0.5 * X[(i, 1)] + 0.3 * X[(i, 2)] + deviation(&mut draw)).collect();
        let start = Instant::now();
        let fit = pool.install(|| sfa(&y, &X, &names, &Sfa::default())).expect("sound data");
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "n = {n:8}: {seconds:.4} s on {threads} threads, {} steps, gradient {:.0e}, loglik {:.6}, gamma {:.6}",
            fit.iterations, fit.gradient, fit.stats.loglik, fit.stats.gamma
        );
    }
}
