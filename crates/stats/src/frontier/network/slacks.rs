//! The slacks-based measure of a network: shares of slacks, and the program of one unit.

use super::blocks::{Blocks, What};
use super::{NetworkDea, Scores};
use crate::frontier::dea::Orientation;
use crate::frontier::dea::technology::Scored;
use crate::frontier::shares::{Share, Split, minimize};
use crate::math::lp::{Program, Row, Sense, Variable};

/// The programs of all units.
pub(super) struct Slacks<'a> {
    blocks: &'a Blocks<'a>,
    orientation: Orientation,
    weights: Vec<f64>,
}

impl<'a> Slacks<'a> {
    pub(super) fn new(blocks: &'a Blocks<'a>, options: &NetworkDea) -> Self {
        let weights = match options.weights.is_empty() {
            true => vec![1.0; blocks.network.stages.len()],
            false => options.weights.clone(),
        };
        Slacks { blocks, orientation: options.orientation.unwrap_or(Orientation::None), weights }
    }

    /// Scores column `own` of the reference.
    pub(super) fn score(&self, own: usize) -> Scored<Scores> {
        let blocks = self.blocks;
        let rows = blocks.rows.iter().map(|what| match *what {
            What::Flow(f) => {
                let (flow, value) = (&blocks.network.flows[f], blocks.at(f, own));
                match (flow.maker, flow.user) {
                    (None, _) => Row::new(Sense::AtLeast, -value),
                    (_, None) => Row::new(Sense::AtLeast, value),
                    _ => Row::new(Sense::Equal, 0.0),
                }
            }
            What::Fixed(f) => Row::new(Sense::Equal, blocks.at(f, own)),
            What::Scale(_, sense) => Row::new(sense, 1.0),
        });
        let mut program =
            Program { columns: &blocks.columns, cost: &[], skip: None, own: Vec::new(), rows: rows.collect() };
        let Split { overall, parts } = minimize(&mut program, &self.shares(own), &self.weights, self.start(own))?;
        Ok((overall, parts.into_iter().map(Some).collect()))
    }

    /// How each row's slack counts. A slack of a value that is zero is left out and not counted.
    fn shares(&self, own: usize) -> Vec<Share> {
        let (blocks, flows) = (self.blocks, &self.blocks.network.flows);
        let counted = |maker: Option<usize>, user: Option<usize>| {
            let alike = flows.iter().enumerate().filter(|(_, flow)| (flow.maker, flow.user) == (maker, user));
            alike.filter(|&(f, _)| blocks.at(f, own) > 0.0).count() as f64
        };
        let share = |what: &What| {
            let &What::Flow(f) = what else { return Share::None };
            let value = blocks.at(f, own);
            if value == 0.0 {
                return Share::None;
            }
            let (maker, user) = (flows[f].maker, flows[f].user);
            let share = 1.0 / (value * counted(maker, user));
            match (maker, user) {
                (None, Some(part)) if self.orientation != Orientation::Output => Share::Excess { part, share },
                (Some(part), None) if self.orientation != Orientation::Input => Share::Shortfall { part, share },
                _ => Share::None,
            }
        };
        blocks.rows.iter().map(share).collect()
    }

    /// The unit itself as a basis: its column of each stage in place of one slack of that stage.
    fn start(&self, own: usize) -> Vec<Variable> {
        let blocks = self.blocks;
        let mut basis: Vec<Variable> = (0..blocks.rows.len()).map(Variable::Slack).collect();
        for k in 0..blocks.network.stages.len() {
            let column = k * blocks.count() + own;
            let fits = |&i: &usize| match blocks.rows[i] {
                What::Flow(f) => !blocks.network.flows[f].is_link() && blocks.columns.at(i, column) != 0.0,
                What::Fixed(_) => false,
                What::Scale(stage, _) => stage == k,
            };
            // The sum of intensities where there is one: those are the last rows.
            if let Some(row) = (0..blocks.rows.len()).rev().find(fits) {
                basis[row] = Variable::Shared(column);
            }
        }
        basis
    }
}
