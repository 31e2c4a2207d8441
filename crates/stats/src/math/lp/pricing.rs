//! Which variable enters: reduced costs of shared columns in blocks, of own variables and slacks one by one.

use super::Variable;
use super::simplex::{Entering, Simplex};
use super::wide::{BLOCK, reduce};

/// Reduced costs count as negative below minus this, relative to the prices they are made of.
const OPTIMAL: f64 = 1e-11;

impl Simplex<'_> {
    /// The entering variable: most negative reduced cost, or under Bland's rule the first negative one.
    ///
    /// Preferred columns are priced first; all of them only when none of these, nor any other variable, can enter.
    pub(super) fn price(&self, prices: &[f64], infeasible: bool, bland: bool) -> Option<Entering> {
        let scale = if infeasible { 0.0 } else { self.largest_cost };
        let tolerance = |v: &[f64]| OPTIMAL * v.iter().fold(scale, |a, p| a.max(p.abs()));
        let by_row = &self.by_row;
        let limit = -tolerance(by_row);
        let others = self.price_others(prices, infeasible, -tolerance(prices), bland);
        let preferred = &self.columns.preferred;
        let mut shared = None;
        if !bland {
            let index = |j: usize| preferred[j];
            shared =
                self.price_shared(&self.columns.preferred_scaled, preferred.len(), index, by_row, infeasible, limit);
        }
        if shared.is_none() && (others.is_none() || bland || preferred.is_empty()) {
            shared = match bland {
                true => self.first_shared(by_row, infeasible, limit),
                false => self.price_shared(&self.columns.scaled, self.n, |j| j, by_row, infeasible, limit),
            };
        }
        match (shared, others) {
            (Some((j, d)), others) if bland || others.as_ref().is_none_or(|o| d <= o.1) => {
                Some(Entering { variable: Variable::Shared(j), direction: 1.0 })
            }
            (_, others) => others.map(|o| o.0),
        }
    }

    /// The most negative of `count` columns given row by row, `index` being their places among the shared ones.
    fn price_shared(
        &self,
        scaled: &[f64],
        count: usize,
        index: impl Fn(usize) -> usize,
        by_row: &[f64],
        infeasible: bool,
        limit: f64,
    ) -> Option<(usize, f64)> {
        let mut best = None;
        let mut bar = limit;
        for from in (0..count).step_by(BLOCK) {
            let len = BLOCK.min(count - from);
            let mut d = [0.0; BLOCK];
            if !(infeasible || self.program.cost.is_empty()) {
                (0..len).for_each(|j| d[j] = self.cost(Variable::Shared(index(from + j))));
            }
            let mut low = reduce(&mut d, len, by_row, scaled, count, from);
            while low < bar {
                let j = d.iter().position(|&v| v == low).unwrap_or(0);
                if !self.barred(index(from + j)) {
                    (best, bar) = (Some((index(from + j), low)), low);
                    break;
                }
                d[j] = 0.0;
                low = d.iter().fold(0.0, |a, &b| a.min(b));
            }
        }
        best
    }

    /// The first shared column below `limit`.
    fn first_shared(&self, by_row: &[f64], infeasible: bool, limit: f64) -> Option<(usize, f64)> {
        let reduced = |j: usize| {
            let cost = if infeasible { 0.0 } else { self.cost(Variable::Shared(j)) };
            cost - by_row.iter().enumerate().map(|(i, p)| p * self.columns.scaled[i * self.n + j]).sum::<f64>()
        };
        (0..self.n).map(|j| (j, reduced(j))).find(|&(j, d)| d < limit && !self.barred(j))
    }

    /// Whether a shared column may not enter: it is basic, or this program may not use it.
    fn barred(&self, j: usize) -> bool {
        self.program.skip == Some(j) || self.basis.contains(&Variable::Shared(j))
    }

    /// Own variables and slacks.
    fn price_others(&self, prices: &[f64], infeasible: bool, limit: f64, bland: bool) -> Option<(Entering, f64)> {
        let mut best: Option<(Entering, f64)> = None;
        for v in (0..self.program.own.len()).map(Variable::Own).chain((0..self.m).map(Variable::Slack)) {
            let (lower, upper) = self.bounds(v);
            if lower == upper || self.place(v).is_some_and(|place| self.is_basic[place]) {
                continue;
            }
            let priced: f64 = match v {
                Variable::Own(k) => (0..self.m).map(|i| prices[i] * self.own[k * self.m + i]).sum(),
                Variable::Slack(i) => prices[i] * self.program.rows[i].sign(),
                Variable::Shared(_) => 0.0,
            };
            let d = if infeasible { -priced } else { self.cost(v) - priced };
            let at_upper = matches!(v, Variable::Own(k) if self.at_upper[k]);
            let free = lower.is_infinite() && upper.is_infinite();
            let direction = if at_upper || (free && d > 0.0) { -1.0 } else { 1.0 };
            let d = d * direction;
            if d < limit && best.as_ref().is_none_or(|b| d < b.1) {
                best = Some((Entering { variable: v, direction }, d));
                if bland {
                    break;
                }
            }
        }
        best
    }
}
