//! The SQL of a study on a cluster of a scheduler and two workers: the same numbers, and what happens when it breaks.
#![cfg(feature = "cluster")]

mod common;

use common::bucket::Bucket;
use common::plim;
use plim_table::{Data, Engine, Result, Source, Table, read, sql_over};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A process that ends with the test, however that ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn start(arguments: &[&str], environment: &[(&str, String)]) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plim"));
        command.args(arguments).envs(environment.iter().map(|(k, v)| (k, v)));
        Process(command.stdout(Stdio::null()).spawn().expect("plim runs"))
    }

    /// Seconds of CPU that it has used, where the system tells.
    fn cpu(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<f64>().ok();
        Some((ticks()? + ticks()?) / 100.0)
    }
}

struct Cluster {
    url: String,
    workers: Vec<Process>,
    _scheduler: Process,
}

/// A scheduler that may read below one folder and two workers that may read below another.
fn cluster(of_scheduler: &Path, of_workers: &Path) -> Cluster {
    cluster_in(of_scheduler, of_workers, &[])
}

/// [`cluster`], with more in the environment of its nodes.
fn cluster_in(of_scheduler: &Path, of_workers: &Path, environment: &[(&str, String)]) -> Cluster {
    let port = free_port();
    let url = format!("df://127.0.0.1:{port}");
    let root = of_scheduler.to_str().unwrap();
    let scheduler = Process::start(&["cluster", "scheduler", "--port", &port.to_string(), "--root", root], environment);
    let root = of_workers.to_str().unwrap();
    let worker = |_| {
        let port = free_port().to_string();
        let mut arguments = vec!["cluster", "worker", "--port", &port, "--scheduler", &url, "--root", root];
        arguments.extend(["--threads", "1", "--memory", "512MB"]);
        Process::start(&arguments, environment)
    };
    let workers = (0..2).map(worker).collect();
    let cluster = Cluster { url, workers, _scheduler: scheduler };
    within(Duration::from_secs(60), "two workers", || ready(port).contains("2 executors"));
    cluster
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What the scheduler says of its workers.
fn ready(port: u16) -> String {
    let mut answer = String::new();
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
        let _ = stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let _ = stream.read_to_string(&mut answer);
    }
    answer
}

#[track_caller]
fn within(limit: Duration, what: &str, mut there: impl FnMut() -> bool) {
    let since = Instant::now();
    while !there() {
        assert!(since.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Simulated cities with their records in a Parquet folder, a file a year, and a study that queries them.
fn world(cities: &str, records: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let simulated = plim(dir.path(), &["simulate", "cities", "--cities", cities, "--records", records, "--into", "."]);
    assert!(simulated.status.success());
    let exports = read(dir.path().join("exports.csv"), &Default::default()).unwrap().table;
    let years = exports.numbers("year").unwrap();
    for year in 2011..=2021 {
        let rows: Vec<usize> = (0..exports.rows()).filter(|&i| years[i] == f64::from(year)).collect();
        let columns = exports.take(&rows).columns().iter().filter(|c| c.name != "year").cloned().collect();
        let part = dir.path().join(format!("exports/year={year}/part-0.parquet"));
        std::fs::create_dir_all(part.parent().unwrap()).unwrap();
        plim_table::write(&part, &Table::new(columns).unwrap()).unwrap();
    }
    dir
}

/// The tables of such a world, records on disk and the rest in memory.
struct Tables {
    exports: PathBuf,
    markets: Table,
    cities: Table,
}

impl Tables {
    fn of(dir: &Path) -> Arc<Tables> {
        let table = |name: &str| read(dir.join(name), &Default::default()).unwrap().table;
        let exports = dir.join("exports");
        Arc::new(Tables { exports, markets: table("markets.csv"), cities: table("cities.csv") })
    }

    fn sources(&self) -> [(&'static str, Source<'_>); 3] {
        [
            ("exports", Source::Parquet(&self.exports)),
            ("markets", Source::Table(&self.markets)),
            ("cities", Source::Table(&self.cities)),
        ]
    }

    fn here(&self, query: &str) -> Result<Table> {
        sql_over(query, &self.sources(), None)
    }
}

type Answer = JoinHandle<Result<(Table, Option<String>)>>;

/// Asks a cluster in a thread of its own, which a query that never ends does not hold up.
fn asked(url: &str, query: &'static str, tables: &Arc<Tables>) -> Answer {
    let (engine, tables): (Engine, _) = (url.parse().unwrap(), tables.clone());
    std::thread::spawn(move || engine.sql(query, &tables.sources(), None))
}

/// The answer, if it comes in time.
#[track_caller]
fn answered(answer: Answer, limit: Duration, what: &str) -> Result<(Table, Option<String>)> {
    within(limit, what, || answer.is_finished());
    answer.join().unwrap()
}

const MINUTE: Duration = Duration::from_secs(60);

/// Queries of every kind that a study asks of records: sums, counts, joins with tables in memory, windows, folders.
const QUERIES: [&str; 8] = [
    "SELECT city, year, sum(value) AS v, count(*) AS n, count(DISTINCT product) AS products
     FROM exports GROUP BY city, year ORDER BY city, year",
    "SELECT market, count(*) AS n, min(value) AS low, max(value) AS high, avg(value) AS mean FROM exports GROUP BY market",
    "SELECT e.city, e.year, sum(e.value * m.risk) / sum(e.value) AS risk, count(*) / count(DISTINCT e.market) AS each
     FROM exports e JOIN markets m ON e.market = m.market GROUP BY e.city, e.year ORDER BY e.city, e.year",
    "SELECT city, year, v, v / sum(v) OVER (PARTITION BY year) AS share, rank() OVER (PARTITION BY year ORDER BY v DESC) AS r
     FROM (SELECT city, year, sum(value) AS v FROM exports GROUP BY city, year)",
    "WITH first AS (SELECT product, min(year) AS y FROM exports GROUP BY product)
     SELECT y, count(*) AS products FROM first GROUP BY y ORDER BY y",
    "SELECT m.market_zh, m.market, count(e.value) AS n FROM markets m LEFT JOIN exports e
     ON e.market = m.market AND e.value > 1e12 GROUP BY m.market_zh, m.market",
    "SELECT year, sum(value) AS v FROM exports WHERE market IN (SELECT market FROM markets WHERE belt_road = 1) GROUP BY year",
    "SELECT 1 / 2 AS half, count(*) / 4 AS quarter FROM exports",
];

/// Counts and text alike, sums to 1e-12.
#[track_caller]
fn same(here: &Table, there: &Table, what: &str) {
    assert_eq!(here.names().collect::<Vec<_>>(), there.names().collect::<Vec<_>>(), "{what}");
    assert_eq!(here.rows(), there.rows(), "{what}");
    for (a, b) in here.columns().iter().zip(there.columns()) {
        match (&a.data, &b.data) {
            (Data::Number(a_values), Data::Number(b_values)) => {
                for (row, (x, y)) in a_values.iter().zip(b_values).enumerate() {
                    let whole = x.fract() == 0.0 && x.abs() < 1e9;
                    let near = (x - y).abs() <= if whole { 0.0 } else { 1e-12 * x.abs() };
                    assert!(near || (x.is_nan() && y.is_nan()), "{what}: {} in row {row}: {x} and {y}", a.name);
                }
            }
            (Data::Text(_), Data::Text(_)) => {
                (0..here.rows()).for_each(|i| assert_eq!(a.show(i), b.show(i), "{what}: {} in row {i}", a.name));
            }
            _ => panic!("{what}: {} is of two types", a.name),
        }
    }
}

#[test]
fn a_cluster_gives_the_numbers_of_one_machine() {
    let dir = world("40", "60");
    let cluster = cluster(dir.path(), dir.path());
    let tables = Tables::of(dir.path());
    let there = |query| answered(asked(&cluster.url, query, &tables), MINUTE, query);
    for query in QUERIES {
        let (got, note) = there(query).unwrap_or_else(|e| panic!("{query}: {e}"));
        same(&tables.here(query).unwrap(), &got, query);
        assert_eq!(note.unwrap(), format!("queried on {}", cluster.url), "{query}");
    }
    // What cannot travel runs here, and says why.
    let local = [
        ("SELECT count(*) AS n FROM markets", "reads no Parquet file"),
        ("SELECT count(*) AS n FROM exports e JOIN cities c ON e.city = c.city", "`cities` has"),
        ("SELECT city FROM exports LIMIT 3", "LIMIT without ORDER BY"),
    ];
    for (query, why) in local {
        let (got, note) = there(query).unwrap();
        same(&tables.here(query).unwrap(), &got, query);
        assert!(note.as_ref().is_some_and(|n| n.contains("queried here") && n.contains(why)), "{query}: {note:?}");
    }
    // A mistake of the query is told as it is here.
    let wrong = "SELECT cty FROM exports";
    assert_eq!(there(wrong).unwrap_err(), tables.here(wrong).unwrap_err());
}

#[test]
fn a_study_says_where_it_was_queried() {
    let dir = world("30", "40");
    let cluster = cluster(dir.path(), dir.path());
    let study = "
[data.exports]
file = 'exports'
[data.markets]
file = 'markets.csv'
[[step]]
method = 'sql'
name = 'cells'
query = 'SELECT e.city, e.year, e.product, e.market, sum(e.value * m.risk) AS v FROM exports e JOIN markets m ON e.market = m.market GROUP BY e.city, e.year, e.product, e.market'
[[step]]
method = 'concentration'
name = 'hhi'
data = 'cells'
unit = 'city'
time = 'year'
product = 'product'
market = 'market'
value = 'v'
";
    std::fs::write(dir.path().join("study.toml"), study).unwrap();
    let run = |engine: &str, out: &str| {
        let done = plim(dir.path(), &["run", "study.toml", "--engine", engine, "--out", out]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let text = |name: &str| std::fs::read_to_string(dir.path().join(out).join(name)).unwrap();
        let measured = read(dir.path().join(out).join("data/hhi.parquet"), &Default::default()).unwrap().table;
        (measured, text("results.json"), text("record.json"))
    };
    let (here, notes, record) = run("local", "here");
    assert!(!notes.contains("queried") && record.contains("\"engine\": \"local\""));
    let (there, notes, record) = run(&cluster.url, "there");
    same(&here, &there, "concentration");
    assert!(notes.contains(&format!("queried on {}", cluster.url)), "{notes}");
    assert!(record.contains(&format!("\"engine\": \"{}\"", cluster.url)), "{record}");
}

#[test]
fn workers_read_objects_below_their_roots() {
    let dir = world("20", "10");
    let bucket = Bucket::serve(dir.path());
    let environment = bucket.environment();
    let study = "
[data.exports]
file = 'exports'
root = 'customs'
[[step]]
method = 'sql'
name = 'cells'
query = 'SELECT city, year, product, sum(value) AS v FROM exports GROUP BY city, year, product'
[[step]]
method = 'concentration'
name = 'hhi'
data = 'cells'
unit = 'city'
time = 'year'
product = 'product'
value = 'v'
";
    std::fs::write(dir.path().join("study.toml"), study).unwrap();
    let run = |engine: &str, root: &str, out: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plim"));
        command.args(["run", "study.toml", "--engine", engine, "--root", &format!("customs={root}"), "--out", out]);
        command.envs(environment.iter().map(|(k, v)| (k, v))).current_dir(dir.path()).output().unwrap()
    };
    let made = |out: &str| read(dir.path().join(out).join("data/hhi.parquet"), &Default::default()).unwrap().table;
    let permitted = cluster_in(Path::new("s3://trade/exports"), Path::new("s3://trade/exports"), &environment);
    let done = run(&permitted.url, "s3://trade", "there");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(run("local", ".", "here").status.success());
    same(&made("here"), &made("there"), "objects");
    let notes = std::fs::read_to_string(dir.path().join("there/results.json")).unwrap();
    assert!(notes.contains(&format!("queried on {}", permitted.url)), "{notes}");
    drop(permitted);
    let elsewhere = cluster_in(Path::new("s3://trade/exports"), Path::new("s3://trade/imports"), &environment);
    let refused = run(&elsewhere.url, "s3://trade", "refused");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(3) && said.contains("--root"), "{said}");
}

/// Pairs of records of one market and year: minutes of work on little data.
const LONG: &str = "SELECT a.market, a.year, count(*) AS n, sum(a.value * sqrt(b.value + a.value)) AS v
    FROM exports a JOIN exports b ON a.market = b.market AND a.year = b.year GROUP BY a.market, a.year";

#[test]
fn a_worker_dies_and_the_answer_still_comes() {
    let dir = world("120", "100");
    let tables = Tables::of(dir.path());
    let since = Instant::now();
    let here = tables.here(LONG).unwrap();
    eprintln!("embedded {:?}", since.elapsed());
    // Killed when both have worked for some seconds, so in the midst of it.
    for work in [0.5, 2.0] {
        let mut cluster = cluster(dir.path(), dir.path());
        let before: Vec<Option<f64>> = cluster.workers.iter().map(Process::cpu).collect();
        let since = Instant::now();
        let answer = asked(&cluster.url, LONG, &tables);
        within(MINUTE, "work at both workers", || {
            answer.is_finished()
                || cluster.workers.iter().zip(&before).all(|(worker, &before)| match (worker.cpu(), before) {
                    (Some(now), Some(before)) => now - before > work,
                    _ => since.elapsed() > Duration::from_secs(2),
                })
        });
        assert!(!answer.is_finished(), "the query is too short to be broken: {:?}", since.elapsed());
        drop(cluster.workers.remove(0));
        let killed = since.elapsed();
        let (there, _) = answered(answer, 4 * MINUTE, "an answer").unwrap();
        eprintln!("killed after {killed:?}, answered after {:?}", since.elapsed());
        same(&here, &there, "with a worker less");
    }
}

#[test]
fn the_last_worker_dies_and_the_query_ends_with_an_error() {
    let dir = world("120", "100");
    let mut cluster = cluster(dir.path(), dir.path());
    let answer = asked(&cluster.url, LONG, &Tables::of(dir.path()));
    std::thread::sleep(Duration::from_secs(1));
    cluster.workers.clear();
    let error = answered(answer, 2 * MINUTE, "an error").unwrap_err();
    assert!(error.to_string().contains(&cluster.url), "{error}");
}

#[test]
fn files_outside_the_roots_are_refused() {
    let dir = world("20", "10");
    let elsewhere = tempfile::tempdir().unwrap();
    let tables = Tables::of(dir.path());
    // Neither may read it; the scheduler may and the workers may not.
    for of_scheduler in [elsewhere.path(), Path::new("/")] {
        let cluster = cluster(of_scheduler, elsewhere.path());
        let answer = asked(&cluster.url, "SELECT sum(value) AS v FROM exports", &tables);
        let error = answered(answer, MINUTE, "a refusal").unwrap_err();
        assert!(error.io() && error.to_string().contains("--root"), "{error}");
    }
}

#[test]
fn what_is_not_there_is_told_in_seconds() {
    let dir = world("20", "10");
    let study = "[data.exports]\nfile = 'exports'\n[[step]]\nmethod = 'sql'\nname = 'q'\nquery = 'SELECT sum(value) AS v FROM exports'\n";
    std::fs::write(dir.path().join("study.toml"), study).unwrap();
    let port = free_port();
    let url = format!("df://127.0.0.1:{port}");
    let refused = |engine: &str| {
        let since = Instant::now();
        let out = plim(dir.path(), &["run", "study.toml", "--engine", engine]);
        assert!(since.elapsed() < Duration::from_secs(20), "{engine}: {:?}", since.elapsed());
        (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    let (status, said) = refused("df://:1/x");
    assert!(status == Some(1) && said.contains("df://HOST:PORT"), "{said}");
    let (status, said) = refused(&url);
    assert!(status == Some(3) && said.contains("plim cluster scheduler"), "{said}");
    let root = dir.path().to_str().unwrap();
    let _scheduler = Process::start(&["cluster", "scheduler", "--port", &port.to_string(), "--root", root], &[]);
    within(Duration::from_secs(30), "a scheduler", || !ready(port).is_empty());
    let (status, said) = refused(&url);
    assert!(status == Some(3) && said.contains("plim cluster worker"), "{said}");
    // A worker without a scheduler, a port that is taken, a root that is not there.
    let port = port.to_string();
    let other = format!("df://127.0.0.1:{}", free_port());
    for (arguments, status, said) in [
        (vec!["worker", "--root", root, "--scheduler", &other], 3, "no scheduler answers"),
        (vec!["scheduler", "--root", root, "--port", &port], 3, "cannot listen"),
        (vec!["scheduler", "--root", "absent"], 3, "absent"),
        (vec!["scheduler"], 1, "--root"),
    ] {
        let out = plim(dir.path(), &[&["cluster"], arguments.as_slice()].concat());
        let error = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() == Some(status) && error.contains(said), "{arguments:?}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn the_scratch_of_a_worker_goes_with_it() {
    let dir = world("20", "10");
    let scratch = tempfile::tempdir().unwrap();
    let (port, of_worker) = (free_port(), free_port());
    let url = format!("df://127.0.0.1:{port}");
    let root = dir.path().to_str().unwrap();
    let _scheduler = Process::start(&["cluster", "scheduler", "--port", &port.to_string(), "--root", root], &[]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_plim"));
    let port_of_worker = of_worker.to_string();
    command.args(["cluster", "worker", "--port", &port_of_worker, "--scheduler", &url, "--root", root]);
    let mut worker = Process(command.env("TMPDIR", scratch.path()).spawn().unwrap());
    within(Duration::from_secs(60), "a worker", || ready(port).contains("1 executors"));
    let query = "SELECT city, sum(value) AS v FROM exports GROUP BY city";
    answered(asked(&url, query, &Tables::of(dir.path())), MINUTE, query).unwrap();
    let left = || scratch.path().read_dir().unwrap().count();
    assert_eq!(left(), 1);
    assert!(Command::new("kill").arg(worker.0.id().to_string()).status().unwrap().success());
    within(Duration::from_secs(30), "the end of the worker", || worker.0.try_wait().unwrap().is_some());
    assert_eq!(left(), 0);
}
