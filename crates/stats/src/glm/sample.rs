//! Which observations can take part: outcomes that the family knows, levels that have a finite effect.
//!
//! A level of an effect whose outcomes are all zero (Poisson), or all zero or all one (binary), has its maximum at
//! an effect of ±∞ and says nothing about the slopes: the level leaves, as in fixest. Singletons leave as they do
//! from least squares. One removal may cause another, so both repeat to a fixed point.

use super::Family;
use crate::absorb::Singletons;
use crate::{Design, Error, Result};

/// The observations that can take part, and the account of the others.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Screened {
    /// Positions kept, ascending.
    pub keep: Vec<usize>,
    /// Observations alone in a level.
    pub singletons: usize,
    /// Observations in levels without a finite effect.
    pub uniform: usize,
    /// Levels without a finite effect, one count for each effect.
    pub levels: Vec<usize>,
}

/// Refuses outcomes outside the family's support, naming their rows.
pub(super) fn check_outcome(design: &Design, family: Family) -> Result<()> {
    let wrong = |bad: &dyn Fn(f64) -> bool, message: &str, remedy: &str| -> Result<()> {
        let rows: Vec<usize> = (0..design.nobs()).filter(|&i| bad(design.y[i])).map(|i| design.rows[i]).collect();
        match rows.first() {
            None => Ok(()),
            Some(_) => Err(Error::invalid(format!("{message} in {} observations", rows.len()), remedy)
                .at_column(design.outcome.clone())
                .at_rows(rows)),
        }
    };
    match family.binary() {
        true => wrong(&|y| y != 0.0 && y != 1.0, "the outcome is neither 0 nor 1", "code it as 0 and 1"),
        false => wrong(
            &|y| y < 0.0,
            "the outcome is negative",
            "a log-linear mean needs outcomes of zero or more; use feols, or repair these rows",
        ),
    }
}

/// The fixed point of taking out uniform levels and singletons, from the observations `from`.
pub(super) fn screen(design: &Design, from: &[usize], family: Family, singletons: Singletons) -> Screened {
    let fe = &design.fe;
    let mut out = Screened { keep: from.to_vec(), levels: vec![0; fe.len()], ..Screened::default() };
    let mut count: Vec<Vec<u32>> = fe.iter().map(|f| vec![0; f.levels as usize]).collect();
    let mut sum: Vec<Vec<f64>> = fe.iter().map(|f| vec![0.0; f.levels as usize]).collect();
    for (e, factor) in fe.iter().enumerate() {
        for &i in from {
            count[e][factor.codes[i] as usize] += 1;
            // Of a count only whether it is positive matters, so that taking out subtracts exactly.
            sum[e][factor.codes[i] as usize] += f64::from(u8::from(design.y[i] > 0.0));
        }
    }
    loop {
        let before = out.keep.len();
        let uniform: Vec<Vec<bool>> = (count.iter().zip(&sum))
            .map(|(count, sum)| {
                let level = |(&n, &s): (&u32, &f64)| n > 0 && (s == 0.0 || family.binary() && s == f64::from(n));
                count.iter().zip(sum).map(level).collect()
            })
            .collect();
        for (levels, uniform) in out.levels.iter_mut().zip(&uniform) {
            *levels += uniform.iter().filter(|u| **u).count();
        }
        let mut leave = |i: usize, count: &mut [Vec<u32>]| {
            for (e, factor) in fe.iter().enumerate() {
                let level = factor.codes[i] as usize;
                count[e][level] -= 1;
                sum[e][level] -= f64::from(u8::from(design.y[i] > 0.0));
            }
        };
        out.keep.retain(|&i| {
            let stays = fe.iter().zip(&uniform).all(|(f, uniform)| !uniform[f.codes[i] as usize]);
            if !stays {
                leave(i, &mut count);
                out.uniform += 1;
            }
            stays
        });
        if singletons == Singletons::Drop {
            out.keep.retain(|&i| {
                let alone = fe.iter().zip(&count).any(|(f, count)| count[f.codes[i] as usize] == 1);
                if alone {
                    leave(i, &mut count);
                    out.singletons += 1;
                }
                !alone
            });
        }
        if out.keep.len() == before {
            return out;
        }
    }
}
