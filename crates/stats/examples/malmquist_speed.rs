//! Seconds of a Malmquist index on a CSV (unit, time, three inputs, two outputs; rows by unit and time):
//! `RAYON_NUM_THREADS=1 cargo run --release -p plim-stats --example malmquist_speed -- FILE RUNS`; prints the fastest run.

use plim_stats::frontier::dea::Units;
use plim_stats::frontier::malmquist::{Malmquist, malmquist};
use plim_stats::math::Mat;
use std::time::Instant;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let text = std::fs::read_to_string(args.next().ok_or("give a CSV file, then how often")?)?;
    let runs: usize = args.next().map_or(Ok(5), |runs| runs.parse())?;
    let row = |line: &str| line.split(',').map(|v| v.trim().parse().unwrap_or(f64::NAN)).collect::<Vec<f64>>();
    let rows: Vec<Vec<f64>> = text.lines().skip(1).map(row).filter(|r| r.len() >= 7).collect();
    let take = |from: usize, k: usize| Mat::from_fn(rows.len(), k, |i, j| rows[i][from + j]);
    let units = Units::new(&take(2, 3), &take(5, 2))?;
    let first = rows.iter().map(|row| row[1]).fold(f64::INFINITY, f64::min);
    let unit: Vec<u32> = rows.iter().map(|row| row[0] as u32).collect();
    let period: Vec<u32> = rows.iter().map(|row| (row[1] - first) as u32).collect();
    let mut fastest = f64::INFINITY;
    let mut sum = 0.0;
    for _ in 0..runs {
        let start = Instant::now();
        let found = malmquist(&units, &unit, &period, &Malmquist::default())?;
        fastest = start.elapsed().as_secs_f64().min(fastest);
        sum = found.changes.iter().filter_map(|change| change.index).sum();
    }
    println!("{} observations, sum of indices {sum:.17}, {:.2} ms", rows.len(), 1e3 * fastest);
    Ok(())
}
