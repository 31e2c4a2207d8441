//! CPU seconds of absorbing three columns on panels of known difficulty.
//!
//! `cargo run --release -p plim-stats --example absorb_speed -- ROWS [DESIGN ...]`

use plim_stats::absorb::{Absorber, without_singletons};
use plim_stats::math::rng::Stream;
use plim_stats::{Factor, Slope};
use std::time::Instant;

/// Seconds on a processor, all threads of this process.
fn cpu() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = tasks.filter_map(|t| std::fs::read_to_string(t.path().join("schedstat")).ok());
    spent.filter_map(|s| s.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() / 1e9
}

/// Peak memory in MB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).map(|l| l.to_string()).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|v| v.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// Workers, years, firms: ten years, 23 workers a firm.
fn panel(design: &str, n: usize) -> [Vec<usize>; 3] {
    let mut s = Stream::new(1, 0);
    let (workers, years) = (n / 10, 10);
    let firms = (workers / 23).max(2);
    let worker: Vec<usize> = (0..n).map(|i| i / years).collect();
    let year: Vec<usize> = (0..n).map(|i| i % years).collect();
    match design {
        "simple" => [worker, year, (0..n).map(|_| s.below(firms)).collect()],
        // The firm cycles down the rows.
        "difficult" => [worker, year, (0..n).map(|i| i % firms).collect()],
        // The firm lies in a window that moves with the worker; rows in random order.
        "chain" => {
            let (workers, firms, years) = (n / 20, n / 160, (n as f64).powf(0.3) as usize);
            let worker: Vec<usize> = (0..n).map(|_| s.below(workers)).collect();
            let firm = worker.iter().map(|w| (s.below(21) + (w / 8).saturating_sub(10)).min(firms - 1)).collect();
            let year = (0..n).map(|_| s.below(years)).collect();
            [worker, year, firm]
        }
        // Workers stay with probability 0.98 and move near ("akm") or anywhere ("far").
        "akm" | "far" => {
            let mut firm = vec![0; n];
            for i in 0..n {
                firm[i] = match (i % years, s.uniform() < 0.02, design) {
                    (0, ..) => s.below(firms),
                    (_, false, _) => firm[i - 1],
                    (_, true, "akm") => (firm[i - 1] + 1 + s.below(3)) % firms,
                    _ => s.below(firms),
                };
            }
            [worker, year, firm]
        }
        _ => panic!("designs are simple, difficult, chain, akm, far"),
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let n: usize = args.first().and_then(|a| a.parse::<f64>().ok()).unwrap_or(1e6) as usize;
    let all = ["simple2", "simple", "difficult", "chain", "akm", "far", "akm_slopes"].map(String::from);
    let designs = if args.len() > 1 { &args[1..] } else { &all };
    println!(
        "{:>10} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8}  solver",
        "design", "rows", "singl", "setup", "demean", "total", "peak MB"
    );
    for design in designs {
        let [worker, year, firm] = panel(design.trim_end_matches("_slopes").trim_end_matches('2'), n);
        let factor = |name: &str, v: Vec<usize>, levels: usize| {
            let wide =
                Factor { name: name.into(), codes: v.into_iter().map(|c| c as u32).collect(), levels: levels as u32 };
            wide.at(&(0..n).collect::<Vec<_>>())
        };
        let (workers, years, firms) = (n / 10, n, n);
        let mut fe = vec![factor("worker", worker, workers), factor("year", year, years), factor("firm", firm, firms)];
        if design.ends_with('2') {
            fe.pop();
        }
        let mut s = Stream::new(2, 0);
        let mu: Vec<Vec<f64>> = fe.iter().map(|f| (0..f.levels).map(|_| s.normal()).collect()).collect();
        let mut columns: Vec<Vec<f64>> = (0..3)
            .map(|_| {
                (0..n)
                    .map(|i| s.normal() + 0.3 * fe.iter().zip(&mu).map(|(f, m)| m[f.codes[i] as usize]).sum::<f64>())
                    .collect()
            })
            .collect();
        let slopes: Vec<Slope> = match design.ends_with("_slopes") {
            true => vec![Slope { factor: fe[0].clone(), name: "x".into(), x: (0..n).map(|_| s.normal()).collect() }],
            false => Vec::new(),
        };
        let before = peak();
        let (t0, wall) = (cpu(), Instant::now());
        let kept = without_singletons(&fe).len();
        let t1 = cpu();
        let absorber = Absorber::new(&fe, &slopes, None).unwrap();
        let t2 = cpu();
        let done = absorber.demean(&mut columns);
        let t3 = cpu();
        println!(
            "{design:>10} {kept:>9} {:>8.3} {:>8.3} {:>8.3} {:>8.3} {:>8.0}  {:?} rank {:?} wall {:.3} {}",
            t1 - t0,
            t2 - t1,
            t3 - t2,
            t3 - t0,
            peak() - before,
            absorber.solver(),
            absorber.rank(),
            wall.elapsed().as_secs_f64(),
            match done {
                Ok(done) => done
                    .iter()
                    .map(|d| format!("{:.0e}/{}/{}", d.orthogonality, d.iterations, d.rounds))
                    .collect::<Vec<_>>()
                    .join(" "),
                Err(e) => e.to_string(),
            }
        );
    }
}
