//! The frontiers of all periods, and q of the observations against those of their own, the next and the last period.

use super::distance::{Distance, Placed};
use super::starts::Starts;
use super::{Malmquist, Reference};
use crate::frontier::dea::technology::{NoScore, Scored, Standing};
use crate::frontier::dea::{Kind, Units};
use crate::math::lp::Variable;
use rayon::prelude::*;

/// Points placed before the first peers are known.
const FIRST_BATCH: usize = 32;

/// An observation of a unit, then that of its next period.
pub(super) type Pair = [usize; 2];

/// Observations that have passed, and why the others have not.
pub(super) struct Observations<'a> {
    pub(super) units: &'a Units,
    pub(super) period: &'a [u32],
    pub(super) refusals: &'a [Option<&'static str>],
}

impl Observations<'_> {
    /// Number of periods.
    pub(super) fn periods(&self) -> u32 {
        self.period.iter().max().map_or(0, |&last| last + 1)
    }

    /// Observations of these periods that span frontiers.
    pub(super) fn within(&self, from: u32, to: u32) -> Vec<usize> {
        let usable = |&i: &usize| self.refusals[i].is_none() && (from..=to).contains(&self.period[i]);
        (0..self.units.count()).filter(usable).collect()
    }

    /// One place for each observation, to be filled for those that have passed.
    pub(super) fn blank(&self) -> Vec<Scored<f64>> {
        self.refusals.iter().map(|refusal| Err(NoScore::refused(refusal.unwrap_or("it was not measured")))).collect()
    }
}

/// First period whose observations span the frontier of period `s`.
pub(super) fn first(s: u32, options: &Malmquist) -> u32 {
    match options.technology {
        Reference::Sequential => 0,
        Reference::Window => s.saturating_sub(u32::try_from(options.window).unwrap_or(u32::MAX) - 1),
        Reference::Adjacent | Reference::Global | Reference::Biennial => s,
    }
}

/// Frontiers under the returns to scale and the orientation of some options.
pub(super) struct Frontiers<'a> {
    units: &'a Units,
    period: &'a [u32],
    of: Vec<Frontier<'a>>,
    technology: Reference,
    own: Vec<Scored<f64>>,
    next: Vec<Scored<f64>>,
    previous: Vec<Scored<f64>>,
}

impl<'a> Frontiers<'a> {
    /// `cross` asks for q against the frontiers of other periods too.
    pub(super) fn new(observations: &Observations<'a>, cross: bool, options: &Malmquist) -> Self {
        let Observations { units, period, .. } = *observations;
        let within = |from, to| observations.within(from, to);
        let (mut own, mut next, mut previous) = (observations.blank(), observations.blank(), observations.blank());
        let pooled = matches!(options.technology, Reference::Global | Reference::Biennial);
        let mut of = Vec::new();
        for s in 0..observations.periods() {
            let mut frontier = Frontier::new(units, within(first(s, options), s), options);
            frontier.place(&within(s, s), &mut own);
            if cross && !pooled {
                if s > 0 {
                    frontier.place(&within(s - 1, s - 1), &mut next);
                }
                frontier.place(&within(s + 1, s + 1), &mut previous);
            }
            if cross && options.technology == Reference::Biennial && s > 0 {
                let mut both = Frontier::new(units, within(s - 1, s), options);
                both.place(&within(s - 1, s - 1), &mut next);
                both.place(&within(s, s), &mut previous);
            }
            of.push(frontier);
        }
        if cross && options.technology == Reference::Global {
            let all = within(0, u32::MAX);
            Frontier::new(units, all.clone(), options).place(&all, &mut next);
            previous.clone_from(&next);
        }
        Frontiers { units, period, of, technology: options.technology, own, next, previous }
    }

    /// q of an observation against the frontier of its own period.
    pub(super) fn own(&self, i: usize) -> Scored<f64> {
        self.own[i].clone()
    }

    /// q of the earlier observation against the later frontier.
    pub(super) fn ahead(&self, [earlier, _]: Pair) -> Scored<f64> {
        self.next[earlier].clone()
    }

    /// q of the later observation against the earlier frontier.
    pub(super) fn behind(&self, [_, later]: Pair) -> Scored<f64> {
        self.previous[later].clone()
    }

    /// q of the inputs of one observation with the outputs of another, against the frontier of the period of `at`.
    pub(super) fn mixed(&self, at: usize, inputs: usize, outputs: usize) -> Scored<f64> {
        let of = |(i, kind): (usize, &Kind)| self.units.at(i, if *kind == Kind::Input { inputs } else { outputs });
        let point: Vec<f64> = self.units.kinds().iter().enumerate().map(of).collect();
        let frontier = &self.of[self.period[at] as usize];
        Ok(frontier.distance.at(&point, Standing::Outside, frontier.starts.nearest(&point))?.0)
    }

    /// ln M.
    pub(super) fn change(&self, pair: Pair) -> Scored<f64> {
        let [earlier, later] = pair;
        match self.technology {
            Reference::Global | Reference::Biennial => Ok(self.behind(pair)? - self.ahead(pair)?),
            Reference::Adjacent | Reference::Sequential | Reference::Window => {
                Ok(0.5 * (self.behind(pair)? - self.own(earlier)? + self.own(later)? - self.ahead(pair)?))
            }
        }
    }

    /// EC.
    pub(super) fn catching_up(&self, [earlier, later]: Pair) -> Scored<f64> {
        Ok(self.own(later)? - self.own(earlier)?)
    }
}

/// One reference with the distances to it.
pub(super) struct Frontier<'a> {
    units: &'a Units,
    /// Ascending.
    reference: Vec<usize>,
    distance: Distance,
    peers: Vec<usize>,
    starts: Starts,
    placed: usize,
}

impl<'a> Frontier<'a> {
    pub(super) fn new(units: &'a Units, reference: Vec<usize>, options: &Malmquist) -> Self {
        let distance = Distance::new(units, &reference, options.rts, options);
        Frontier { units, reference, distance, peers: Vec::new(), starts: Starts::new(units.kinds()), placed: 0 }
    }

    /// Writes q of `observations` into their places of `into`.
    pub(super) fn place(&mut self, observations: &[usize], into: &mut [Scored<f64>]) {
        let standing = |i: usize| self.reference.binary_search(&i).map_or(Standing::Outside, Standing::Member);
        let points: Vec<_> = observations.iter().map(|&i| (self.units.point(i), standing(i))).collect();
        for (&i, q) in observations.iter().zip(self.at(&points)) {
            into[i] = q;
        }
    }

    /// q of points.
    ///
    /// Few units are ever peers: those found so far are priced first, and programs start from the basis of a point of
    /// like mix, in batches that double and do not depend on the number of threads.
    pub(super) fn at(&mut self, points: &[(Vec<f64>, Standing)]) -> Vec<Scored<f64>> {
        if self.reference.is_empty() {
            return vec![Err(NoScore::refused("no observation spans the frontier")); points.len()];
        }
        let mut all = Vec::with_capacity(points.len());
        while all.len() < points.len() {
            let batch = &points[all.len()..points.len().min(all.len() + self.placed.max(FIRST_BATCH))];
            let place =
                |(point, standing): &(Vec<f64>, _)| self.distance.at(point, *standing, self.starts.nearest(point));
            let placed: Vec<Placed> = batch.par_iter().map(place).collect();
            self.placed += batch.len();
            for ((point, _), placed) in batch.iter().zip(placed) {
                all.push(placed.map(|(q, basis)| {
                    self.peers
                        .extend(basis.iter().filter_map(|v| if let Variable::Shared(j) = v { Some(*j) } else { None }));
                    self.starts.add(point, basis);
                    q
                }));
            }
            self.peers.sort_unstable();
            self.peers.dedup();
            self.distance.prefer(&self.peers);
        }
        all
    }
}
