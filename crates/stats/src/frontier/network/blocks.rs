//! The constraints of a network: a row for each flow and each stage's returns to scale, n columns for each stage.

use super::{Flow, Network};
use crate::frontier::dea::Rts;
use crate::math::Mat;
use crate::math::lp::{Columns, Sense};

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A flow balances or is compared with the unit's own.
    Flow(usize),
    /// What a stage makes, or uses, of a link is the unit's own.
    Fixed(usize),
    /// The sum of a stage's intensities.
    Scale(usize, Sense),
}

/// A stage, if there is one, and the entries of a row in its columns by unit.
type Part<'f> = (Option<usize>, &'f dyn Fn(usize) -> f64);

/// Rows and columns that the programs of all units share.
pub(super) struct Blocks<'a> {
    pub(super) network: &'a Network,
    values: &'a Mat<f64>,
    reference: &'a [usize],
    pub(super) rows: Vec<What>,
    /// Rows × Kn. A stage's columns are positive in the rows of what it makes and negative in those of what it uses.
    pub(super) columns: Columns,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(
        network: &'a Network,
        values: &'a Mat<f64>,
        reference: &'a [usize],
        rts: Rts,
        fixed: bool,
    ) -> Self {
        let (n, K) = (reference.len(), network.stages.len());
        let (mut rows, mut raw) = (Vec::new(), Vec::new());
        let mut row = |what: What, parts: &[Part]| {
            let from = raw.len();
            raw.resize(from + K * n, 0.0);
            for &(stage, value) in parts {
                let Some(k) = stage else { continue };
                reference.iter().enumerate().for_each(|(j, &i)| raw[from + k * n + j] = value(i));
            }
            rows.push(what);
        };
        for (f, &Flow { maker, user, .. }) in network.flows.iter().enumerate() {
            let (made, used) = (|i: usize| values[(i, f)], |i: usize| -values[(i, f)]);
            match fixed && maker.is_some() && user.is_some() {
                true => {
                    row(What::Fixed(f), &[(maker, &made)]);
                    row(What::Fixed(f), &[(user, &made)]);
                }
                false => row(What::Flow(f), &[(maker, &made), (user, &used)]),
            }
        }
        let sum = match rts {
            Rts::Vrs => Some(Sense::Equal),
            Rts::Nirs => Some(Sense::AtMost),
            Rts::Ndrs => Some(Sense::AtLeast),
            Rts::Crs | Rts::Fdh | Rts::FdhPlus | Rts::Grs => None,
        };
        for (k, sense) in (0..K).filter_map(|k| Some((k, sum?))) {
            row(What::Scale(k, sense), &[(Some(k), &|_| 1.0)]);
        }
        let columns = Columns::new(rows.len(), K * n, raw);
        Blocks { network, values, reference, rows, columns }
    }

    /// Value of a flow for a column of the reference.
    pub(super) fn at(&self, flow: usize, own: usize) -> f64 {
        self.values[(self.reference[own], flow)]
    }

    /// n of the reference.
    pub(super) fn count(&self) -> usize {
        self.reference.len()
    }
}
