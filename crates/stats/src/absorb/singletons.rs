//! Levels that occur once: their observation fits itself and says nothing about the slopes.
//!
//! Dropping one may make another level occur once, so the removal repeats to a fixed point (Correia 2015,
//! "Singletons, cluster-robust standard errors and fixed effects: a bad mix").

use crate::Factor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do with observations that are alone in a level of a fixed effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Singletons {
    /// Drop them, repeatedly; they would understate clustered standard errors.
    #[default]
    Drop,
    /// Keep them.
    Keep,
}

/// The observations that are left when singletons of any effect are removed repeatedly, ascending.
pub fn without_singletons(fe: &[Factor]) -> Vec<usize> {
    let n = fe.first().map_or(0, |f| f.codes.len());
    let mut keep: Vec<usize> = (0..n).collect();
    let mut counts: Vec<Vec<u32>> = fe.iter().map(|f| vec![0; f.levels as usize]).collect();
    for (factor, count) in fe.iter().zip(&mut counts) {
        factor.codes.iter().for_each(|&c| count[c as usize] += 1);
    }
    loop {
        let before = keep.len();
        keep.retain(|&i| {
            let alone = fe.iter().zip(&counts).any(|(f, count)| count[f.codes[i] as usize] == 1);
            if alone {
                fe.iter().zip(&mut counts).for_each(|(f, count)| count[f.codes[i] as usize] -= 1);
            }
            !alone
        });
        if keep.len() == before {
            return keep;
        }
    }
}
