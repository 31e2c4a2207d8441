//! Runs the universes of a multiverse: a walk over the steps that branches where options differ.

use super::journal::Journal;
use super::memo::{Memo, Origins};
use super::multiverse::{Multiverse, Universes};
use super::null::{Shuffles, nulls};
use crate::error::{Error, Result};
use crate::method::Outcome;
use crate::plan::Plan;
use crate::run::{Progress, Run};
use crate::step::Step;
use plim_stats::Coefficient;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a universe leads to.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// The estimate, or why there is none.
    pub estimate: std::result::Result<Coefficient, String>,
    /// Observations.
    pub nobs: usize,
    /// Estimates and statistics under the null hypothesis, draw by draw.
    pub null: Option<Vec<(f64, f64)>>,
}

/// The universes, run; and how many distinct measures they took.
pub(crate) struct Walked {
    pub worlds: Vec<World>,
    pub distinct: usize,
}

/// Numbers of an estimate in the journal.
const WIDTH: usize = 7;

/// A step as alternatives have it, or why it cannot be read.
type Variant = Arc<std::result::Result<Step, String>>;

struct Walk<'w> {
    plan: &'w Plan,
    universes: &'w Universes,
    coefficients: Vec<String>,
    /// Places of the steps that universes need, ascending, the main one last.
    places: Vec<usize>,
    /// For each of them, the questions that bear on it.
    bearing: Vec<Vec<usize>>,
    /// Steps as alternatives have them.
    variants: Mutex<HashMap<(usize, Vec<u16>), Variant>>,
    memo: Memo,
    shuffles: Option<Shuffles>,
    worlds: Mutex<Vec<Option<World>>>,
    journal: &'w Journal,
    done: AtomicUsize,
    progress: Progress<'w>,
}

/// Runs every universe from the tables as they were read.
pub(crate) fn walk(
    start: &Run,
    plan: &Plan,
    universes: &Universes,
    options: &Multiverse,
    coefficients: Vec<String>,
    journal: &Journal,
    progress: Progress,
) -> Result<Walked> {
    let places: Vec<usize> = (0..universes.needed.len()).filter(|&i| universes.needed[i]).collect();
    let bearing: Vec<Vec<usize>> = places.iter().map(|&place| universes.bearing(place)).collect();
    // Universes that share the choices of early steps follow one another.
    let mut order: Vec<usize> = Vec::new();
    for q in bearing.iter().flatten() {
        if !order.contains(q) {
            order.push(*q);
        }
    }
    let mut sorted: Vec<usize> = (0..universes.choices.len()).collect();
    sorted.sort_by_key(|&u| order.iter().map(|&q| universes.choices[u][q]).collect::<Vec<_>>());
    let shuffles = (options.draws > 0)
        .then(|| Shuffles::new(start, options.draws, options.seed.unwrap_or(plan.study.seed)))
        .transpose()?;
    let walk = Walk {
        plan,
        universes,
        coefficients,
        places,
        bearing,
        variants: Mutex::default(),
        memo: Memo::default(),
        shuffles,
        worlds: Mutex::new(vec![None; sorted.len()]),
        journal,
        done: AtomicUsize::new(0),
        progress,
    };
    let origins = Origins::of(start, |_| String::new());
    let threads = rayon::current_num_threads().max(1);
    let size = sorted.len().div_ceil(8 * threads).max(1);
    let chunks: Vec<&[usize]> = sorted.chunks(size).collect();
    let next = AtomicUsize::new(0);
    // Threads of their own, since they wait for one another's measures, which the pool makes.
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    walk.from(0, start.clone(), origins.clone(), chunk);
                }
            });
        }
    });
    let distinct = walk.memo.len();
    let worlds = walk.worlds.into_inner().unwrap_or_else(PoisonError::into_inner);
    let none = || World { estimate: Err("not run".into()), nobs: 0, null: None };
    Ok(Walked { worlds: worlds.into_iter().map(|w| w.unwrap_or_else(none)).collect(), distinct })
}

impl Walk<'_> {
    /// Runs the steps from this one on for universes that agree in all before.
    fn from(&self, at: usize, run: Run, origins: Origins, universes: &[usize]) {
        let place = self.places[at];
        let choice =
            |u: usize| -> Vec<u16> { self.bearing[at].iter().map(|&q| self.universes.choices[u][q]).collect() };
        let mut groups: Vec<(Vec<u16>, Vec<usize>)> = Vec::new();
        for &u in universes {
            let own = choice(u);
            match groups.iter_mut().find(|(c, _)| *c == own) {
                Some((_, members)) => members.push(u),
                None => groups.push((own, vec![u])),
            }
        }
        let last = groups.len();
        let mut state = Some((run, origins));
        for (i, (_, members)) in groups.into_iter().enumerate() {
            let step = self.variant(place, members[0]);
            let step = match &*step {
                Ok(step) => step,
                Err(why) => {
                    self.fail(&members, why);
                    continue;
                }
            };
            if at + 1 == self.places.len() {
                if let Some((run, _)) = &state {
                    self.finish(run, step, &members);
                }
                continue;
            }
            let taken = if i + 1 == last { state.take() } else { state.clone() };
            let Some((mut run, mut origins)) = taken else { continue };
            let make = || -> Result<()> {
                let own = origins.step(&run, step, self.plan.study.seed, &self.plan.folder)?;
                let made = self.memo.get(own, || {
                    let outcome = run.outcomes(&[step], &self.plan.study, &self.plan.folder)?;
                    let outcome = outcome.into_iter().next();
                    let none = || Error::plan("a step gave nothing", "report this");
                    Ok(run.made(step, outcome.ok_or_else(none)?)?.read_by_others())
                })?;
                origins.take(step, own, &made);
                run.apply(step, (*made).clone())
            };
            let mut make = make;
            match make() {
                Ok(()) => self.from(at + 1, run, origins, &members),
                Err(e) => self.fail(&members, &super::replicate::reason(&e.at_step(&step.name))),
            }
        }
    }

    /// A step as a universe has it.
    fn variant(&self, place: usize, universe: usize) -> Variant {
        let choice = &self.universes.choices[universe];
        let key = (place, self.universes.bearing(place).iter().map(|&q| choice[q]).collect::<Vec<u16>>());
        let known = |variants: &HashMap<_, Arc<_>>| variants.get(&key).cloned();
        if let Some(known) = known(&self.variants.lock().unwrap_or_else(PoisonError::into_inner)) {
            return known;
        }
        let keys = self.universes.keys(self.plan, place, choice);
        let step = Arc::new(Step::read(keys, place).map_err(|e| super::replicate::reason(&e)));
        self.variants.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(step).clone()
    }

    /// The main estimate of universes that agree in everything.
    fn finish(&self, run: &Run, step: &Step, universes: &[usize]) {
        let draws = self.shuffles.as_ref().map_or(0, |s| s.draws());
        let world = match self.journal.get(universes[0]) {
            Some(numbers) => recall(numbers, &self.coefficients),
            None => {
                let world = self.estimate(run, step);
                // Why a universe fails is not kept: it is run again.
                if world.estimate.is_ok() {
                    self.journal.put(universes[0], &numbers(&world, draws));
                }
                world
            }
        };
        self.put(universes, world);
    }

    fn estimate(&self, run: &Run, step: &Step) -> World {
        let failed = |e: Error| World { estimate: Err(super::replicate::reason(&e)), nobs: 0, null: None };
        let outcomes = match run.outcomes(&[step], &self.plan.study, &self.plan.folder) {
            Ok(outcomes) => outcomes,
            Err(e) => return failed(e),
        };
        let Some(Outcome::Fit(fit, _)) = outcomes.into_iter().next() else {
            let why = format!("{}: a universe has one model", step.name);
            return failed(Error::plan(why, "leave out split and several models"));
        };
        let wanted = |name: &String| fit.coefficients.iter().find(|c| c.name == *name).cloned();
        let found = match self.coefficients.is_empty() {
            true => fit.coefficients.iter().find(|c| c.name != plim_stats::linear::INTERCEPT).cloned(),
            false => self.coefficients.iter().find_map(wanted),
        };
        let Some(estimate) = found.filter(|c| c.estimate.is_finite()) else {
            let why = format!("{}: no coefficient {}", step.name, self.coefficients.join(" or "));
            return failed(Error::plan(why, "name it under `coefficient`"));
        };
        let null = match &self.shuffles {
            None => None,
            Some(shuffles) => match nulls(run, step, &self.plan.study, &self.plan.folder, &estimate.name, shuffles) {
                Ok(nulls) => nulls,
                Err(e) => return failed(e),
            },
        };
        World { nobs: fit.nobs, estimate: Ok(estimate), null }
    }

    fn fail(&self, universes: &[usize], why: &str) {
        self.put(universes, World { estimate: Err(why.into()), nobs: 0, null: None });
    }

    fn put(&self, universes: &[usize], world: World) {
        let total = self.universes.choices.len();
        let mut worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
        universes.iter().for_each(|&u| worlds[u] = Some(world.clone()));
        drop(worlds);
        let done = self.done.fetch_add(universes.len(), Ordering::Relaxed) + universes.len();
        (self.progress)(done, total, "universes");
    }
}

/// The width of a line of the journal.
pub(crate) fn width(draws: usize) -> usize {
    WIDTH + 2 * draws
}

fn numbers(world: &World, draws: usize) -> Vec<f64> {
    let Ok(c) = &world.estimate else { return Vec::new() };
    let mut out = vec![c.estimate, c.std_error, c.statistic, c.p_value, c.conf_low, c.conf_high, world.nobs as f64];
    let missing = vec![(f64::NAN, f64::NAN); draws];
    out.extend(world.null.as_ref().unwrap_or(&missing).iter().flat_map(|&(b, z)| [b, z]));
    out
}

fn recall(numbers: &[f64], names: &[String]) -> World {
    let at = |i: usize| numbers.get(i).copied().unwrap_or(f64::NAN);
    let estimate = Coefficient {
        name: names.first().cloned().unwrap_or_default(),
        estimate: at(0),
        std_error: at(1),
        statistic: at(2),
        p_value: at(3),
        conf_low: at(4),
        conf_high: at(5),
    };
    let null: Vec<(f64, f64)> = numbers[WIDTH.min(numbers.len())..].chunks_exact(2).map(|p| (p[0], p[1])).collect();
    let whole = !null.is_empty() && null.iter().all(|(b, _)| b.is_finite());
    World { estimate: Ok(estimate), nobs: at(6) as usize, null: whole.then_some(null) }
}
