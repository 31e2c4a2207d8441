//! Times the radial program: `cargo run --release -p plim-stats --example dea_speed -- [threads [n]]`.
//!
//! Three inputs, two outputs, variable returns, input orientation, certificate included: the design of the peers'
//! table (`y = Π x^(.3 .3 .25) exp(-u)`, split over two outputs). Prints seconds per run, the best of three.

use plim_stats::frontier::dea::{Dea, dea};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use std::time::Instant;

fn main() {
    let number = |at: usize| std::env::args().nth(at).map(|t| t.parse::<usize>().expect("a number"));
    let threads = number(1).unwrap_or(1);
    let sizes = number(2).map_or(vec![289, 1000, 5000, 20_000], |n| vec![n]);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
    let names = |prefix: &str, k: usize| (1..=k).map(|j| format!("{prefix}{j}")).collect();
    let options = Dea { inputs: names("x", 3), outputs: names("y", 2), ..Dea::default() };
    println!("{threads} threads");
    for n in sizes {
        let mut draw = Stream::new(n as u64, 0);
        let X = Mat::from_fn(n, 3, |_, _| (3.0 + 0.6 * draw.normal()).exp());
        let mut Y = Mat::zeros(n, 2);
        for i in 0..n {
            let share = 0.25 + 0.5 * draw.uniform();
            let output = X[(i, 0)].powf(0.3) * X[(i, 1)].powf(0.3) * X[(i, 2)].powf(0.25);
            let output = output * (-(0.35 * draw.normal()).abs()).exp();
            (Y[(i, 0)], Y[(i, 1)]) = (output * share.sqrt(), output * (1.0 - share).sqrt());
        }
        let mut best = f64::INFINITY;
        let mut mean = 0.0;
        for _ in 0..if n > 5000 { 1 } else { 3 } {
            let start = Instant::now();
            let scores = pool.install(|| dea(&X, &Y, &options)).expect("sound data");
            best = best.min(start.elapsed().as_secs_f64());
            mean = scores.units.iter().map(|u| u.efficiency.expect("an optimum")).sum::<f64>() / n as f64;
        }
        println!("n = {n:6}: {best:9.4} s, {:7.2} us per unit, mean efficiency {mean:.9}", 1e6 * best / n as f64);
    }
}
