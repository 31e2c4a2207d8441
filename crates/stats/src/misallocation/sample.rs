//! Who is in the totals of a time: rows whose elasticities have a meaning, and units that are always there.

use super::elasticity::Returns;
use super::periods;
use super::wedges::{Economy, Misallocation, Outside, Sample, Status};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// Deals with elasticities outside (0, 1].
pub(super) fn settle_outside(
    options: &Misallocation,
    elasticity: &mut [Vec<f64>],
    status: &mut [Status],
    estimated: bool,
    notes: &mut Vec<String>,
) -> Result<()> {
    let outside = |b: f64| !(b > 0.0 && b <= 1.0);
    let bad: Vec<usize> = (0..status.len()).filter(|&i| elasticity.iter().any(|e| outside(e[i]))).collect();
    let Some(&first) = bad.first() else { return Ok(()) };
    let named = || {
        let (f, e) = elasticity.iter().enumerate().find(|(_, e)| outside(e[first])).unwrap_or((0, &elasticity[0]));
        (options.factors[f].clone(), e[first])
    };
    match options.outside {
        Outside::Error => {
            let (name, value) = named();
            Err(Error::invalid(
                format!(
                    "the elasticity of `{name}` is {value} in {} rows like this one; wanted above 0 and at most 1",
                    bad.len()
                ),
                "set `outside = \"clamp\"` or `\"leave_out\"`, or `estimate = \"shrunken\"`",
            )
            .at_rows(bad))
        }
        Outside::LeaveOut => {
            bad.iter().for_each(|&i| status[i] = Status::Elasticity);
            notes.push(format!("{} rows have an elasticity outside (0, 1] and are left out of the totals", bad.len()));
            Ok(())
        }
        Outside::Clamp => {
            let (mut moved, mut unknown) = (0, 0);
            for &i in &bad {
                if elasticity.iter().any(|e| !e[i].is_finite()) {
                    status[i] = Status::Elasticity;
                    unknown += 1;
                    continue;
                }
                moved += 1;
                elasticity.iter_mut().for_each(|e| e[i] = e[i].clamp(options.bound, 1.0 - options.bound));
                if estimated && options.returns == Returns::Constant {
                    let sum: f64 = elasticity.iter().map(|e| e[i]).sum();
                    elasticity.iter_mut().for_each(|e| e[i] /= sum);
                }
            }
            if moved > 0 {
                notes.push(format!(
                    "{moved} rows have an elasticity outside (0, 1], moved into [{}, {}]",
                    options.bound,
                    1.0 - options.bound
                ));
            }
            if unknown > 0 {
                notes.push(format!("{unknown} rows have no elasticity and are left out of the totals"));
            }
            Ok(())
        }
    }
}

/// Leaves out units that are not there at every time, when asked; else says that years are unlike.
pub(super) fn balance(
    options: &Misallocation,
    economy: Economy,
    status: &mut [Status],
    notes: &mut Vec<String>,
) -> Result<()> {
    let Some(unit) = economy.unit else {
        return match options.sample {
            Sample::All => Ok(()),
            Sample::Balanced => Err(Error::invalid("a balanced sample needs to know the units", "set `unit`")),
        };
    };
    let present: Vec<usize> = (0..status.len()).filter(|&i| status[i] == Status::Defined).collect();
    let times = periods(economy.time, present.iter().copied()).len();
    let mut seen: BTreeMap<u32, usize> = BTreeMap::new();
    present.iter().for_each(|&i| *seen.entry(unit.codes[i]).or_default() += 1);
    let everywhere = seen.values().filter(|&&c| c == times).count();
    if everywhere == seen.len() {
        return Ok(());
    }
    if options.sample == Sample::All {
        notes.push(format!(
            "{everywhere} of {} units are there at all {times} times: shares add over different units, and a change of gamma can be one of the sample; set `sample = \"balanced\"`",
            seen.len()
        ));
        return Ok(());
    }
    if everywhere == 0 {
        return Err(Error::invalid(
            format!("no unit is there at all {times} times"),
            "choose the times that units have in common with `where`",
        ));
    }
    let mut left_out = 0;
    for &i in present.iter().filter(|&&i| seen[&unit.codes[i]] < times) {
        status[i] = Status::Unbalanced;
        left_out += 1;
    }
    notes.push(format!(
        "{left_out} rows of {} units that are not there at all {times} times are left out; {everywhere} units stay",
        seen.len() - everywhere
    ));
    Ok(())
}
