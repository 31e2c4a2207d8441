//! Time of 2,000 bootstrap replications: `cargo run --release --example dea_bootstrap_speed`, on one core with
//! `RAYON_NUM_THREADS=1`.

use plim_stats::frontier::dea::Units;
use plim_stats::frontier::inference::bootstrap::{DeaBootstrap, dea_bootstrap};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

fn main() {
    let n = 289;
    let mut stream = Stream::new(1, 0);
    let X = Mat::from_fn(n, 3, |_, _| (0.7 * stream.normal()).exp() * 20.0);
    // y = (x1 x2 x3)^(1/3) split in two, less inefficiency.
    let share: Vec<f64> = (0..n).map(|_| stream.uniform()).collect();
    let loss: Vec<f64> = (0..n).map(|_| (-0.3 * stream.normal().abs()).exp()).collect();
    let Y = Mat::from_fn(n, 2, |i, j| {
        let made = (X[(i, 0)] * X[(i, 1)] * X[(i, 2)]).cbrt() * loss[i];
        made * if j == 0 { share[i] } else { 1.0 - share[i] }.sqrt()
    });
    let names = |p: &str, k: usize| (0..k).map(|j| format!("{p}{j}")).collect();
    let options = DeaBootstrap { inputs: names("x", 3), outputs: names("y", 2), ..Default::default() };
    let start = std::time::Instant::now();
    let all = dea_bootstrap(&Units::new(&X, &Y).expect("as many rows"), &options, 1).expect("scores");
    let seconds = start.elapsed().as_secs_f64();
    let bias = all.units.iter().flatten().map(|u| u.bias).sum::<f64>() / n as f64;
    let each = seconds / (options.replications * n) as f64 * 1e6;
    println!(
        "{} replications of {n} units: {seconds:.2} s, {each:.1} microseconds a program, mean bias {bias:.4}",
        options.replications
    );
}
