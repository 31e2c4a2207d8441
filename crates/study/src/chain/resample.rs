//! `[resample]`: the whole chain again on draws of the units.
//!
//! An index, an efficiency score and a measure of resilience are estimates, and the standard errors of a regression on
//! them count them as data. Each replication draws whole units with all their rows in all tables, makes again every
//! measure whose values depend on other units (weights of an index, a frontier, national growth, quantiles), and
//! estimates again. Beside the standard error of the chain stands that with the measures frozen: the difference is what
//! the measures bring in.

use super::draw::Clusters;
use super::journal::Journal;
use super::replicate::{Chain, Name, Replication};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::run::{Progress, Run, VERSION};
use crate::step::Step;
use indexmap::IndexMap;
use plim_report::chain::{Line, chain_table};
use plim_report::results::Shown;
use plim_stats::resample::chain::{Draws, Spread, spread};
use plim_stats::resample::scheme::{Draw, Scheme, Sizes, block, check, fewer};
use plim_table::{Column, Table};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Draws of the units on which measures and estimates are made again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resample {
    /// How draws are made: `auto`, `units`, `m_out_of_n`, `bayesian`, `blocks` or `jackknife`.
    pub scheme: Scheme,
    /// Replications.
    pub replications: usize,
    /// Column of the clusters that are drawn whole; the units of the first table by default. Units must lie within them.
    pub cluster: Option<String>,
    /// What the jackknife leaves out: each value of this column, such as a region or the year. The clusters by default.
    pub by: Option<String>,
    /// Clusters of a draw of `m_out_of_n`; the clusters to the power 0.7 by default.
    pub m: Option<usize>,
    /// Periods of a block of `blocks`; the cube root of the periods by default.
    pub block: Option<usize>,
    /// Estimates to resample, by the names of their steps; all by default.
    pub estimates: Vec<String>,
    /// Also estimate each draw with the measures as they were, for the share of the variance that they bring in.
    pub frozen: bool,
    /// Also leave out each cluster once: for BCa intervals and for the influence of units.
    pub influence: bool,
    /// Seed of the draws; the study's by default.
    pub seed: Option<u64>,
}

impl Default for Resample {
    fn default() -> Self {
        Resample {
            scheme: Scheme::Auto,
            // 5 % of 999 + 1 is a whole number.
            replications: 999,
            cluster: None,
            by: None,
            m: None,
            block: None,
            estimates: Vec::new(),
            frozen: true,
            influence: true,
            seed: None,
        }
    }
}

/// Most replications that may be asked for.
const MOST: usize = 1_000_000;

/// How many units are named as the most influential of a quantity.
const INFLUENTIAL: usize = 5;

impl<'p> Chain<'p> {
    /// The chain that these options resample.
    pub(crate) fn of(plan: &'p Plan, steps: &[Step], options: &Resample) -> Result<Chain<'p>> {
        let refuse = |message: &str, remedy: &str| Err(Error::plan(format!("[resample]: {message}"), remedy));
        if options.replications > MOST {
            return refuse(&format!("`replications` is {}", options.replications), &format!("ask for at most {MOST}"));
        }
        if options.by.is_some() && options.scheme != Scheme::Jackknife {
            return refuse("`by` says what the jackknife leaves out", "set scheme = \"jackknife\", or use `cluster`");
        }
        if options.m.is_some() && !matches!(options.scheme, Scheme::MOutOfN | Scheme::Auto) {
            return refuse("`m` is of scheme = \"m_out_of_n\"", "set that scheme, or leave `m` out");
        }
        if options.block.is_some() && options.scheme != Scheme::Blocks {
            return refuse("`block` is of scheme = \"blocks\"", "set that scheme, or leave `block` out");
        }
        Chain::new(plan, steps, &options.estimates, options.scheme == Scheme::Bayesian)
    }
}

/// Draws, runs again, and puts what comes of it beside the estimates.
pub(crate) fn resample(
    run: &mut Run,
    mut chain: Chain,
    options: &Resample,
    plan: &Plan,
    progress: Progress,
) -> Result<()> {
    chain.start(run)?;
    let scheme = match options.scheme {
        Scheme::Auto if chain.borders.is_empty() && options.m.is_none() => Scheme::Units,
        Scheme::Auto => Scheme::MOutOfN,
        chosen => chosen,
    };
    let clusters =
        chain.clusters(options.by.as_deref().or(options.cluster.as_deref()).filter(|by| !is_time(run, by)))?;
    let by_time = options.by.as_deref().is_some_and(|by| is_time(run, by));
    let n = clusters.labels.len();
    let sizes = Sizes {
        clusters: if by_time { clusters.periods.len() } else { n },
        m: options.m.unwrap_or_else(|| fewer(n)),
        periods: clusters.periods.len(),
        block: options.block.unwrap_or_else(|| block(clusters.periods.len())),
    };
    check(scheme, &sizes, options.replications)?;
    let replications = if scheme == Scheme::Jackknife { sizes.clusters } else { options.replications };
    let seed = options.seed.unwrap_or(plan.study.seed);
    let quantities = chain.names(&run.results);
    let names: Vec<Name> = quantities.iter().map(|(name, _, _)| name.clone()).collect();
    // Numbers of all replications are held until they are summarized.
    let bytes = 3 * 8 * names.len() * (replications + if options.influence { n } else { 0 });
    if let Some(memory) = plan.memory.filter(|&m| bytes > m) {
        return Err(Error::plan(
            format!(
                "[resample]: {replications} replications of {} numbers take {} MB, and {} are allowed",
                names.len(),
                bytes >> 20,
                memory >> 20
            ),
            "name fewer `estimates`, or give more with --memory",
        ));
    }
    let draw = |r: usize| match (by_time, scheme.draw(&sizes, seed, r)) {
        (true, Draw::Clusters(periods)) => Draw::Periods(periods),
        (_, draw) => draw,
    };
    // The jackknife beside the draws, for acceleration and influence.
    let beside = if options.influence && scheme == Scheme::Units { n } else { 0 };
    let fingerprint = json!([VERSION, plan.study, run.inputs, scheme.name()]).to_string();
    let journal = Journal::open(plan.journal.as_deref(), &fingerprint, 3 * names.len())?;
    let total = replications + beside;
    let done = AtomicUsize::new(journal.finished());
    progress(done.load(Ordering::Relaxed), total, "replications");
    let piece = |r: usize| -> Replication {
        if let Some(numbers) = journal.get(r) {
            let part = |i: usize| numbers[i * names.len()..(i + 1) * names.len()].to_vec();
            return Replication { again: part(0), errors: part(1), frozen: part(2), failures: Vec::new() };
        }
        let made = match r < replications {
            true => chain.replicate(&clusters, &draw(r), &names, options.frozen),
            false => chain.replicate(&clusters, &Scheme::Jackknife.draw(&sizes, seed, r - replications), &names, false),
        };
        // A failure says why only while it is fresh: it is run again rather than kept.
        if made.failures.is_empty() {
            journal.put(r, &[&made.again[..], &made.errors, &made.frozen].concat());
        }
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, total, "replications");
        made
    };
    let mut all: Vec<Replication> = (0..total).into_par_iter().map(piece).collect();
    let without = all.split_off(replications);

    let mut failures: BTreeMap<&str, usize> = BTreeMap::new();
    all.iter().flat_map(|r| &r.failures).for_each(|f| *failures.entry(f).or_default() += 1);
    let column = |all: &[Replication], of: fn(&Replication) -> &Vec<f64>, q: usize| -> Vec<f64> {
        all.iter().map(|r| of(r)[q]).collect()
    };
    let mut lines: IndexMap<String, Vec<Line>> = IndexMap::new();
    for (q, ((fit, path), estimate, std_error)) in quantities.iter().enumerate() {
        let again = column(&all, |r| &r.again, q);
        let errors = column(&all, |r| &r.errors, q);
        let frozen = match options.frozen && chain.frozen && chain.generated(fit) {
            true => column(&all, |r| &r.frozen, q),
            false => Vec::new(),
        };
        let left_out = column(&without, |r| &r.again, q);
        let draws = Draws {
            estimate: *estimate,
            std_error: *std_error,
            again: &again,
            errors: &errors,
            frozen: &frozen,
            without: &left_out,
        };
        let spread = spread(&draws, scheme, &sizes);
        let moved = if scheme == Scheme::Jackknife { &again } else { &left_out };
        let labels: Vec<String> = match by_time {
            true => clusters.periods.iter().map(|t| plim_table::table::show_number(*t)).collect(),
            false => clusters.labels.clone(),
        };
        let influence = influential(*estimate, moved, &labels);
        lines.entry(fit.clone()).or_default().push(Line {
            name: path.clone(),
            estimate: *estimate,
            std_error: *std_error,
            spread,
            influence,
        });
    }
    let mut notes = said(&chain, &clusters, scheme, options, &sizes, by_time);
    notes.extend(failures.iter().map(|(why, count)| format!("{count} of {replications} replications: {why}")));
    for (fit, lines) in &lines {
        if let Some(found) = run.results.estimates.get_mut(fit) {
            found.more.insert("chain".into(), Value::Array(lines.iter().map(listed).collect()));
        }
    }
    run.results.resample = json!({
        "scheme": scheme.name(), "replications": replications, "clusters": sizes.clusters, "by": clusters.by, "m":
        (scheme == Scheme::MOutOfN).then_some(sizes.m), "block": (scheme == Scheme::Blocks).then_some(sizes.block),
        "seed": seed, "remade": chain.remade, "taken_as_given": chain.given, "notes": notes,
    });
    run.measured.insert("resample".into(), numbers(&names, &all, |r| &r.again)?);
    let labels = |name: &str| plan.study.labels.get(name).cloned();
    let blocks = chain_table(&lines, &labels, &notes, plan.study.lang);
    run.shown.push(Shown {
        step: "resample".into(),
        heading: Some(plan.study.lang.say("chain").into()),
        blocks: vec![plim_report::page::Block::Table(blocks)],
    });
    journal.close();
    Ok(())
}

/// Whether a column is the time of a table.
fn is_time(run: &Run, by: &str) -> bool {
    run.keys.values().any(|(_, time)| time.as_deref() == Some(by))
}

/// The clusters that move a quantity most when they are left out, and by how much.
fn influential(estimate: f64, without: &[f64], labels: &[String]) -> Vec<(String, f64)> {
    let mut moved: Vec<(String, f64)> = without
        .iter()
        .zip(labels)
        .filter(|(t, _)| t.is_finite())
        .map(|(t, label)| (label.clone(), estimate - t))
        .collect();
    moved.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    moved.truncate(INFLUENTIAL);
    moved
}

/// A quantity as results.json has it.
fn listed(line: &Line) -> Value {
    let Spread { std_error, bias, percentile, bca, studentized, std_error_frozen, generated_share, .. } = &line.spread;
    let finite = |v: f64| if v.is_finite() { json!(v) } else { Value::Null };
    json!({
        "name": line.name, "estimate": finite(line.estimate), "std_error": finite(line.std_error),
        "chain_std_error": std_error, "bias": bias, "percentile": percentile, "bca": bca, "studentized": studentized,
        "frozen_std_error": std_error_frozen, "generated_share": generated_share,
        "replications": line.spread.replications, "failed": line.spread.failed,
        "influence": line.influence.iter().map(|(unit, change)| json!({ "unit": unit, "change": change })).collect::<Vec<_>>(),
    })
}

/// What a reader must know of the draws.
fn said(
    chain: &Chain,
    clusters: &Clusters,
    scheme: Scheme,
    options: &Resample,
    sizes: &Sizes,
    by_time: bool,
) -> Vec<String> {
    let by = if by_time { options.by.as_deref().unwrap_or_default() } else { &clusters.by };
    let n = sizes.clusters;
    let mut notes = vec![match scheme {
        Scheme::MOutOfN => format!("{} of {n} clusters of `{by}` are drawn; spread scaled by √(m/n)", sizes.m),
        Scheme::Bayesian => format!("Dirichlet weights of {n} clusters of `{by}`"),
        Scheme::Blocks => {
            format!("blocks of {} of {} periods are drawn, for all units alike", sizes.block, sizes.periods)
        }
        Scheme::Jackknife => format!("each of {n} values of `{by}` is left out once"),
        Scheme::Auto | Scheme::Units => format!("{n} of {n} clusters of `{by}` are drawn with all their rows"),
    }];
    if !chain.remade.is_empty() {
        notes.push(format!("made again in each draw: {}", chain.remade.join(", ")));
    }
    if !chain.given.is_empty() {
        notes.push(format!("taken as given: the queries {}", chain.given.join(", ")));
    }
    if options.frozen && !chain.frozen {
        notes.push(
            "a query makes a table anew before measures enter it: what they add to the variance is not told apart"
                .into(),
        );
    }
    if !chain.borders.is_empty() {
        let names = chain.borders.join(", ");
        notes.push(match (scheme, options.scheme) {
            (Scheme::Bayesian, _) => format!("weights leave a frontier where it is: {names} stay as they are"),
            (Scheme::MOutOfN, Scheme::Auto) => format!(
                "{names} score units against a border that the sample draws, for which the plain bootstrap fails: fewer \
                 units than there are, so that draws differ from the sample by more than ties (Simar and Wilson 2011)"
            ),
            (Scheme::MOutOfN, _) => return notes,
            _ => format!(
                "{names} score units against a border that the sample draws: the plain bootstrap repeats the best units \
                 and understates how far the border moves; scheme = \"m_out_of_n\" holds"
            ),
        });
    }
    if scheme == Scheme::Blocks {
        notes.push("lags and growth within a measure that is made again run over the seams of blocks".into());
    }
    notes
}

/// The draws of each quantity, a row for each replication.
fn numbers(names: &[Name], all: &[Replication], of: fn(&Replication) -> &Vec<f64>) -> Result<Table> {
    let count = Column::number("replication", (1..=all.len()).map(|r| r as f64).collect());
    let columns = names
        .iter()
        .enumerate()
        .map(|(q, (fit, path))| Column::number(format!("{fit}/{path}"), all.iter().map(|r| of(r)[q]).collect()));
    Ok(Table::new([count].into_iter().chain(columns).collect())?)
}
