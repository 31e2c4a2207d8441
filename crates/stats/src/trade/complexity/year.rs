//! One year: the graph, the scores, what surrounds them.

use super::bootstrap::Ranking;
use super::results::*;
use super::scale::{Index, moments};
use super::{Complexity, Components, Diagonal, Method, Sign};
use crate::Result;
use crate::resample::bootstrap::Interval;
use crate::trade::bipartite::{Eigen, eigen, fitness_map, rank_correlation, ranks, reflections};
use crate::trade::product_space::{density, gain, outlook, proximity};
use crate::trade::rca::{Advantage, Export, Rule};
use std::collections::BTreeMap;

/// One year and what is known of it.
pub(super) struct Year<'a> {
    pub options: &'a Complexity,
    pub time: i64,
    pub cells: &'a [Export],
    /// Population by unit code.
    pub population: &'a BTreeMap<u32, f64>,
    /// PCI of elsewhere by product code.
    pub pci: &'a BTreeMap<u32, f64>,
    pub seed: u64,
}

/// Scores of units and products by whichever method.
#[derive(Default)]
struct Found {
    index: Option<Index>,
    fitness: Option<(Vec<f64>, Vec<f64>)>,
    covered: Option<Vec<f64>>,
    lambda2: Option<f64>,
    gap: Option<f64>,
    steps: Option<usize>,
    rank_correlation: Option<f64>,
}

impl Year<'_> {
    /// All measures of the year, given the ECI of the earlier one; gives its own back.
    pub fn measure(&self, previous: &[(u32, f64)], out: &mut ComplexityMeasure) -> Result<Vec<(u32, f64)>> {
        let (options, time) = (self.options, self.time);
        let rule = Rule {
            threshold: options.rca_threshold,
            min_exports: options.min_exports,
            presence: options.presence,
            population: Some(self.population),
        };
        let mut a = Advantage::new(self.cells, rule)?;
        let mut parts = None;
        if options.components == Components::Largest {
            parts = Some(a.parts().1.len()).filter(|&n| n > 1);
            let before = a.units.len();
            a = a.largest_part()?;
            if let Some(parts) = parts {
                let out_of = before - a.units.len();
                out.notes.push(format!(
                    "{time}: the graph has {parts} parts; {out_of} units outside the largest have no index"
                ));
            }
        }
        let found = self.scores(&a, previous, &mut out.notes)?;
        let coi = self.surroundings(&a, found.index.as_ref(), out);
        let scores = found.index.as_ref().map(|i| i.eci.clone()).or(found.fitness.as_ref().map(|f| f.0.clone()));
        let scores = scores.unwrap_or_default();
        let intervals = (options.replications > 0).then(|| {
            let ranking = Ranking { options, rule, time, cells: self.cells, graph: &a, scores: &scores, pci: self.pci };
            (ranks(&scores), ranking.intervals(self.seed))
        });
        if let Some((_, found)) = &intervals {
            let without = found.iter().filter(|i| i.is_none()).count();
            if without > 0 {
                let what = "units have no interval: they had no rank in too many replications";
                out.notes.push(format!("{time}: {without} {what}"));
            }
        }
        for (c, &unit) in a.units.iter().enumerate() {
            let bound =
                |of: fn(&Interval) -> f64| intervals.as_ref().map(|(_, found)| found[c].as_ref().map_or(f64::NAN, of));
            out.rows.push(UnitComplexity {
                unit,
                time,
                eci: found.index.as_ref().map(|i| i.eci[c]),
                diversity: a.of_unit[c].len(),
                coi: coi.as_ref().map(|v| v[c]),
                fitness: found.fitness.as_ref().map(|f| f.0[c]),
                log_fitness: found.fitness.as_ref().map(|f| f.0[c].ln()),
                covered: found.covered.as_ref().map(|v| v[c]),
                rank: intervals.as_ref().map(|(ranks, _)| if scores[c].is_nan() { f64::NAN } else { ranks[c] }),
                rank_low: bound(|i| i.conf_low),
                rank_high: bound(|i| i.conf_high),
            });
        }
        for (p, &product) in a.products.iter().enumerate() {
            out.products.push(ProductComplexity {
                product,
                time,
                pci: found.index.as_ref().map(|i| i.pci[p]),
                ubiquity: a.of_product[p].len(),
                complexity: found.fitness.as_ref().map(|f| f.1[p]),
            });
        }
        out.years.push(YearComplexity {
            time,
            lambda2: found.lambda2,
            gap: found.gap,
            steps: found.steps,
            rank_correlation: found.rank_correlation,
            parts,
            units: a.units.len(),
            products: a.products.len(),
            dropped_units: a.dropped_units,
            dropped_products: a.dropped_products,
        });
        Ok(a.units.iter().copied().zip(scores).collect())
    }

    /// Scores by the method of the options.
    fn scores(&self, a: &Advantage, previous: &[(u32, f64)], notes: &mut Vec<String>) -> Result<Found> {
        let options = self.options;
        let mut found = Found::default();
        match options.method {
            Method::Eigen => {
                let mut e = eigen(a, notes)?;
                if options.sign == Sign::Previous {
                    found.rank_correlation = align(&mut e, &a.units, previous, self.time, notes);
                }
                (found.lambda2, found.gap) = (Some(e.lambda2), Some(e.gap));
                found.index = Some(Index::new(options, a, e.units, e.products)?);
            }
            Method::Reflections => {
                let (units, products) = reflections(a, options.iterations);
                found.index = Some(Index::new(options, a, units, products)?);
            }
            Method::Fitness => {
                let fitness = fitness_map(a, options.iterations, options.stable)?;
                found.steps = Some(fitness.steps);
                found.fitness = Some((fitness.units, fitness.products));
            }
            Method::External => {
                let pci = a.products.iter().map(|p| self.pci.get(p).copied().unwrap_or(f64::NAN)).collect();
                let (index, covered) = Index::external(a, pci);
                let without = index.eci.iter().filter(|v| v.is_nan()).count();
                if without > 0 {
                    let what = "units have no ECI: none of their products has a PCI";
                    notes.push(format!("{}: {without} {what}", self.time));
                }
                (found.index, found.covered) = (Some(index), Some(covered));
            }
        }
        Ok(found)
    }

    /// Cells and pairs into the result, where asked; the outlook of the units.
    fn surroundings(&self, a: &Advantage, index: Option<&Index>, out: &mut ComplexityMeasure) -> Option<Vec<f64>> {
        let (options, time, k) = (self.options, self.time, a.products.len());
        if index.is_none() && !options.cells && !options.proximity {
            return None;
        }
        let diagonal = if options.density_diagonal == Diagonal::One { 1.0 } else { 0.0 };
        let (d, strength) = density(a, diagonal);
        let coi = index.map(|index| {
            let raw = outlook(a, &d, &index.raw_pci);
            let (mean, sd) = moments(&raw, options.standardize, a.units.len() * k);
            raw.iter().map(|v| (v - mean) / sd).collect()
        });
        if options.cells {
            let cog = index.map(|i| (gain(a, diagonal, &strength, &i.raw_pci), i.sd));
            for (c, &unit) in a.units.iter().enumerate() {
                for (p, &product) in a.products.iter().enumerate() {
                    let rca = a.rca[(c, p)];
                    out.cells.push(CellComplexity {
                        unit,
                        time,
                        product,
                        rca,
                        rsca: (rca - 1.0) / (rca + 1.0),
                        rpop: a.rpop.as_ref().map(|rpop| rpop[(c, p)]),
                        density: d[(c, p)],
                        cog: cog.as_ref().map(|(g, sd)| g[(c, p)] / sd),
                    });
                }
            }
        }
        if options.proximity {
            let phi = proximity(a, diagonal);
            for p in 0..k {
                for q in p + 1..k {
                    out.proximity.push(Pair { time, a: a.products[p], b: a.products[q], value: phi[(p, q)] });
                }
            }
        }
        coi
    }
}

/// Turns the vector round where its ranks run against those of the earlier year; gives their correlation.
///
/// `units` are the codes behind the scores, ascending, as in `previous`. Without spread, or with fewer than three
/// units in both years, diversity decides as in the first year.
fn align(e: &mut Eigen, units: &[u32], previous: &[(u32, f64)], time: i64, notes: &mut Vec<String>) -> Option<f64> {
    let both = units.iter().zip(&e.units).filter_map(|(unit, score)| {
        let at = previous.binary_search_by_key(unit, |p| p.0).ok()?;
        Some((*score, previous[at].1))
    });
    let (now, before): (Vec<f64>, Vec<f64>) = both.unzip();
    let r = rank_correlation(&now, &before);
    if now.len() < 3 || r == 0.0 {
        return None;
    }
    if r < 0.0 {
        notes.push(format!(
            "{time}: ECI is turned round, against its correlation with diversity: rank correlation {:.3} with the earlier year",
            -r
        ));
        e.units.iter_mut().chain(&mut e.products).for_each(|v| *v = -*v);
    }
    Some(r.abs())
}
