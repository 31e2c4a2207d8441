//! Randomization inference for a regressor: its estimate against those under other assignments.
//!
//! The unit of assignment carries its whole path (its values over time, or its one value), and paths change hands: the
//! panel stays a panel, and outcome, controls and effects stay where they are. Under the sharp hypothesis of no effect,
//! and if every arrangement was as likely, the p-value is exact (Fisher 1935). Units with the same path are not told
//! apart, so that few arrangements are enumerated ([`super::assignment`]).

use super::assignment::Assignments;
use super::placebo::{Placebo, placebo};
use crate::absorb::Singletons;
use crate::linear::Prepared;
use crate::{Design, Error, Factor, Result};
use std::collections::{BTreeSet, HashMap};

/// What a unit carries when it is reassigned.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Path {
    /// One value, whatever the time; as bits.
    Constant(u64),
    /// A value for each time, ascending.
    Varying(Vec<(i64, u64)>),
}

/// The placebo distribution of the regressor `name` of `design`, paths reassigned over the levels of `unit`.
///
/// `time` tells the periods; without it the regressor has one value for each unit.
pub fn permutation(
    design: &Design,
    name: &str,
    unit: &Factor,
    time: Option<&[i64]>,
    singletons: Singletons,
    replications: usize,
    seed: u64,
) -> Result<Placebo> {
    let Some(position) = design.position(name) else {
        return Err(Error::invalid(
            format!("`{name}` is not a regressor of the formula"),
            "name one of them for `permutation`",
        ));
    };
    let others: Vec<_> = design.regressors().into_iter().filter(|(n, _)| n != name).collect();
    let prepared = Prepared::new(&design.with_regressors(&others), singletons)?;
    let sample = &prepared.sample;
    let unit = unit.at(sample);
    let value: Vec<f64> = sample.iter().map(|&i| design.X[(i, position)]).collect();
    let time: Option<Vec<i64>> = time.map(|t| sample.iter().map(|&i| t[i]).collect());
    let at = |i: usize| time.as_ref().map_or(0, |t| t[i]);
    let mut values: Vec<HashMap<i64, u64>> = vec![HashMap::new(); unit.levels as usize];
    for i in 0..sample.len() {
        // Zero and minus zero are one value.
        let bits = (value[i] + 0.0).to_bits();
        if *values[unit.codes[i] as usize].entry(at(i)).or_insert(bits) != bits {
            let when = time.as_ref().map_or("over its observations".to_string(), |t| format!("at time {}", t[i]));
            return Err(Error::invalid(
                format!("`{name}` differs within one unit of `{}` {when}", unit.name),
                "reassign over the units that it was assigned to: name them in `vcov`, and declare `time`",
            )
            .at_column(name)
            .at_rows([design.rows[sample[i]]]));
        }
    }
    // Where paths vary, one that lacks a period cannot be another unit's; a constant one may only look so.
    let times: BTreeSet<i64> = (0..sample.len()).map(at).collect();
    let lacks = values.iter().any(|v| v.len() < times.len());
    let paths: Vec<Path> = values.into_iter().map(path).collect();
    if lacks && paths.iter().any(|p| matches!(p, Path::Varying(_))) {
        return Err(Error::invalid(
            format!("a unit of `{}` lacks periods, so that its path of `{name}` cannot be another's", unit.name),
            "use a balanced panel, or a regressor that is constant within units",
        )
        .at_column(name));
    }
    let (mut distinct, mut labels) = (Vec::<Path>::new(), Vec::new());
    let mut seen = HashMap::new();
    for path in paths {
        let label = *seen.entry(path.clone()).or_insert_with(|| {
            distinct.push(path);
            distinct.len() as u32 - 1
        });
        labels.push(label);
    }
    if distinct.len() < 2 {
        return Err(Error::invalid(
            format!("all units of `{}` have the same `{name}`", unit.name),
            "there is nothing to reassign",
        )
        .at_column(name));
    }
    let column = |labels: &[u32]| -> Vec<f64> {
        let of = |i: usize| match &distinct[labels[unit.codes[i] as usize] as usize] {
            Path::Constant(bits) => f64::from_bits(*bits),
            Path::Varying(path) => {
                path.binary_search_by_key(&at(i), |p| p.0).map_or(f64::NAN, |p| f64::from_bits(path[p].1))
            }
        };
        (0..sample.len()).map(of).collect()
    };
    placebo(&prepared, &labels, &column, &Assignments::new(&labels, replications, seed))
}

fn path(values: HashMap<i64, u64>) -> Path {
    let mut values: Vec<(i64, u64)> = values.into_iter().collect();
    values.sort_unstable();
    match values.windows(2).all(|w| w[0].1 == w[1].1) {
        true => Path::Constant(values[0].1),
        false => Path::Varying(values),
    }
}
