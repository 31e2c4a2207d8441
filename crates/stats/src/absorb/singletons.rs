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
///
/// Each level keeps the number of its observations and the exclusive or of their indices: when one is left, that is
/// its index. So every removal costs one step for each effect, however long the chain it sets off.
pub fn without_singletons(fe: &[Factor]) -> Vec<usize> {
    let n = fe.first().map_or(0, |f| f.codes.len());
    let mut levels: Vec<Vec<(u32, u32)>> = fe.iter().map(|f| vec![(0, 0); f.levels as usize]).collect();
    for (factor, levels) in fe.iter().zip(&mut levels) {
        for (i, &c) in factor.codes.iter().enumerate() {
            let (count, which) = &mut levels[c as usize];
            *count += 1;
            *which ^= i as u32;
        }
    }
    let alone = |levels: &[(u32, u32)]| levels.iter().filter(|l| l.0 == 1).map(|l| l.1 as usize).collect::<Vec<_>>();
    let mut going: Vec<usize> = levels.iter().flat_map(|l| alone(l)).collect();
    if going.is_empty() {
        return (0..n).collect();
    }
    let mut gone = vec![false; n];
    while let Some(i) = going.pop() {
        if std::mem::replace(&mut gone[i], true) {
            continue;
        }
        for (factor, levels) in fe.iter().zip(&mut levels) {
            let (count, which) = &mut levels[factor.codes[i] as usize];
            *count -= 1;
            *which ^= i as u32;
            if *count == 1 {
                going.push(*which as usize);
            }
        }
    }
    (0..n).filter(|&i| !gone[i]).collect()
}
