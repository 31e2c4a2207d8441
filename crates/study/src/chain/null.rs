//! A regressor under the null hypothesis: whole paths of units exchanged.

use crate::design::design;
use crate::error::{Error, Result};
use crate::method::Context;
use crate::plan::Study;
use crate::run::Run;
use crate::step::Step;
use indexmap::IndexSet;
use plim_stats::math::rng::Stream;
use plim_stats::multiverse::joint::Specification;
use plim_stats::{Design, Factor};
use plim_table::{MISSING, Table};
use std::path::Path;
use std::sync::Arc;

/// Who takes whose path, draw by draw.
pub(crate) struct Shuffles {
    units: IndexSet<String>,
    permutations: Vec<Vec<u32>>,
}

impl Shuffles {
    /// Of the units of the first table that has some.
    pub fn new(run: &Run, draws: usize, seed: u64) -> Result<Shuffles> {
        let unit = |(name, _): &(&String, &Arc<Table>)| run.keys.get(*name).and_then(|(unit, _)| unit.clone());
        let found = run.tables.iter().find_map(|pair| Some((pair.1, unit(&pair)?)));
        let Some((table, unit)) = found else {
            return Err(Error::plan("no table has units to exchange", "name them: `unit` under [data]"));
        };
        let column = table.column(&unit)?;
        let units: IndexSet<String> =
            (0..table.rows()).filter(|&i| !column.is_missing(i)).map(|i| column.show(i)).collect();
        let permutation = |r: usize| {
            let mut all: Vec<u32> = (0..units.len() as u32).collect();
            Stream::new(seed, r as u64).shuffle(&mut all);
            all
        };
        Ok(Shuffles { permutations: (0..draws).map(permutation).collect(), units })
    }

    /// How many draws there are.
    pub fn draws(&self) -> usize {
        self.permutations.len()
    }

    /// Who takes whose path in a draw.
    pub fn permutation(&self, draw: usize) -> &[u32] {
        &self.permutations[draw]
    }
}

/// The paths of a regressor over the observations of a design.
pub(crate) struct Paths {
    /// Unit and period of each observation: places among the units of the shuffles, and among the periods.
    at: Vec<(usize, usize)>,
    /// The regressor of each unit in each period; a unit that lacks one has no path to give.
    paths: Vec<Option<Vec<f64>>>,
    own: Vec<f64>,
}

impl Paths {
    /// Of the regressor `name` at these observations of a design.
    pub fn new(cx: &Context, design: &Design, sample: &[usize], name: &str, shuffles: &Shuffles) -> Result<Paths> {
        let Some(position) = design.position(name) else {
            return Err(Error::plan(format!("`{name}` is not a regressor of `{}`", cx.step.name), "name one of them"));
        };
        let (unit, time) = (cx.table.column(cx.need_unit()?)?, cx.table.numbers(cx.need_time()?)?);
        let row = |&i: &usize| design.rows[i];
        let mut times: Vec<f64> = sample.iter().map(|i| time[row(i)]).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let codes = unit.codes();
        let mut known = std::collections::HashMap::new();
        let mut place = |r: usize| {
            *known.entry(codes[r]).or_insert_with(|| shuffles.units.get_index_of(&unit.show(r)).unwrap_or(usize::MAX))
        };
        let at: Vec<(usize, usize)> =
            sample.iter().map(row).map(|r| (place(r), times.partition_point(|t| *t < time[r]))).collect();
        let own: Vec<f64> = sample.iter().map(|&i| design.X[(i, position)]).collect();
        let mut paths = vec![vec![f64::NAN; times.len()]; shuffles.units.len()];
        for (&(unit, period), &x) in at.iter().zip(&own) {
            if let Some(path) = paths.get_mut(unit) {
                path[period] = x;
            }
        }
        let whole = |path: Vec<f64>| path.iter().all(|x| x.is_finite()).then_some(path);
        Ok(Paths { at, paths: paths.into_iter().map(whole).collect(), own })
    }

    /// The regressor when each unit takes the path of another; where that one has none, it keeps its own.
    pub fn exchanged(&self, permutation: &[u32]) -> Vec<f64> {
        let given = |(i, &(unit, period)): (usize, &(usize, usize))| {
            let giver = permutation.get(unit).and_then(|&u| self.paths.get(u as usize)?.as_ref());
            giver.map_or(self.own[i], |path| path[period])
        };
        self.at.iter().enumerate().map(given).collect()
    }

    /// The regressor as it is.
    pub fn own(&self) -> &[f64] {
        &self.own
    }
}

/// Estimate and statistic of the regressor `name` of a step in each draw; `None` where effects and controls span it.
pub(crate) fn nulls(
    run: &Run,
    step: &Step,
    study: &Study,
    folder: &Path,
    name: &str,
    shuffles: &Shuffles,
) -> Result<Option<Vec<(f64, f64)>>> {
    run.look(step, study, folder, |cx| {
        let design = exchangeable(cx)?;
        let codes = cx.table.column(cx.need_unit()?)?.codes();
        if let Some(&row) = design.rows.iter().find(|&&r| codes[r] == MISSING) {
            return Err(Error::plan(format!("row {} has no unit", row + 1), "fill it, or leave the row out"));
        }
        let clusters = Factor::from_keys("unit", design.rows.iter().map(|&r| codes[r]));
        let specification = Specification::new(&design, name, &clusters, cx.step.regression.singletons)?;
        let paths = Paths::new(cx, &design, specification.sample(), name, shuffles)?;
        let draw = |p: &Vec<u32>| specification.at(paths.exchanged(p)).ok().flatten();
        Ok(shuffles.permutations.iter().map(draw).collect())
    })
}

/// The design of a step whose regressor can be exchanged: least squares without instruments.
pub(crate) fn exchangeable(cx: &Context) -> Result<Design> {
    let formula = cx.formula.filter(|f| f.instruments.is_empty()).filter(|_| cx.step.entry.name == "feols");
    let formula = formula.ok_or_else(|| {
        let message =
            format!("`{}` is {}, and a regressor is exchanged in least squares", cx.step.name, cx.step.entry.name);
        Error::plan(message, "use method feols")
    })?;
    Ok(design(cx, formula, &cx.step.regression, &[])?.design)
}
