//! The metafrontier: each unit against all units and against those of its own group.
//!
//! The technology gap ratio is the efficiency against all over the efficiency against the own group: how close the
//! group's frontier is to the metafrontier at the unit (Battese, Rao and O'Donnell 2004; O'Donnell, Rao and Battese 2008).
//! The metafrontier is convex where the technology is: it holds combinations of units of different groups too.

use super::{Dea, DeaModel, DeaScores, Direction, Units, dea};
use crate::{Error, Result};

/// A ratio this little above one is one: both efficiencies are certified to nine digits.
const ROUNDING: f64 = 1e-9;

/// Scores of each unit within its group, by row: the same options without `group`.
pub(super) fn add(scores: &mut DeaScores, units: &Units, options: &Dea) -> Result<()> {
    let groups = units.groups();
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); groups.iter().max().map_or(0, |&g| g as usize + 1)];
    groups.iter().enumerate().for_each(|(i, &g)| members[g as usize].push(i));
    let options = Dea {
        group: None,
        scale: false,
        scale_elasticity: false,
        slacks: false,
        multipliers: false,
        ..options.clone()
    };
    let mut few = 0;
    for members in members.iter().filter(|m| !m.is_empty()) {
        let own = dea(&units.select(members), &options)?;
        few += usize::from(own.notes.iter().any(|note| note.contains("for want of peers")));
        for (unit, &i) in own.units.into_iter().zip(members) {
            scores.units[i].group_efficiency = unit.efficiency;
        }
    }
    for unit in &mut scores.units {
        unit.technology_gap_ratio = match (unit.efficiency, unit.group_efficiency) {
            (Some(all), Some(own)) if own > 0.0 => {
                Some(all / own).map(|r| if r > 1.0 && r < 1.0 + ROUNDING { 1.0 } else { r })
            }
            _ => None,
        };
    }
    if few > 0 {
        scores
            .notes
            .push(format!("{few} groups have few units for their columns: many look efficient within their group"));
    }
    Ok(())
}

/// A group for each unit, and an efficiency whose ratio has a meaning.
pub(super) fn check(units: &Units, options: &Dea) -> Result<()> {
    if options.group.is_none() {
        return Ok(());
    }
    if units.groups().len() != units.count() {
        return Err(Error::length("the groups", units.groups().len(), units.count()));
    }
    let yardstick = match options.model {
        DeaModel::Normalized | DeaModel::Ram | DeaModel::Bam | DeaModel::Ebm => true,
        DeaModel::Directional => matches!(options.direction, Direction::Mean | Direction::Range),
        _ => false,
    };
    if yardstick {
        return Err(Error::invalid(
            "`group` compares efficiencies, and this `model` measures each group by its own ranges, means or affinities",
            "leave `group` out, or choose another `model` or `direction`",
        ));
    }
    if options.model == DeaModel::Profit {
        return Err(Error::invalid(
            "`group` compares two efficiencies by their ratio, and profit efficiency may be negative",
            "leave `group` out, or choose another `model`",
        ));
    }
    Ok(())
}
