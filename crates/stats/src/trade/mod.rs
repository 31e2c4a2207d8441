//! Trade measures of exports.
//!
//! | file | what |
//! |---|---|
//! | [`records`] | long or wide records |
//! | [`cells`] | what they add up to by unit, time, product and market |
//! | [`mix`] | totals of units and years with their cells, compared between two years |
//! | [`concentration`](mod@concentration) | Herfindahl, UNCTAD, Shannon and Theil indices, counts, top shares |
//! | [`variety`](mod@variety) | related and unrelated variety |
//! | [`margins`](mod@margins) | extensive and intensive margins, entry and exit |
//! | [`inertia`](mod@inertia) | similarity with the year before, old products, retention |
//! | [`exposure`](mod@exposure) | groups of markets, risk, tariffs, shift-share shocks, portfolio variance |
//! | [`network`](mod@network) | breadth, depth and centrality in the graph of units and markets |
//! | [`centrality`] | its kernels: leading eigenvector, betweenness |
//! | [`rca`] | revealed comparative advantage and who has it in what |
//! | [`complexity`](mod@complexity) | economic and product complexity, fitness |
//! | [`bipartite`] | its kernels: eigenvector, reflections, fitness map |
//! | [`product_space`] | proximity of products, density, outlook |
//! | [`expy`](mod@expy) | income level of products and of baskets |
//! | [`resilience`](mod@resilience) | growth against the nation, by year and over windows; volatility, cycles |
//! | [`shift_share`](mod@shift_share) | change taken apart into nation, mix and the unit's own |
//! | [`episodes`](mod@episodes) | contractions, dated or detected: depth, duration, recovery |
//! | [`survival`](mod@survival) | how long export relations last |
//! | [`counterfactual`](mod@counterfactual) | exports against what world demand made one expect |

pub mod bipartite;
pub mod cells;
pub mod centrality;
pub mod complexity;
pub mod concentration;
pub mod counterfactual;
pub mod entries;
pub mod episodes;
pub mod exposure;
pub mod expy;
pub mod inertia;
pub mod margins;
pub mod mix;
pub mod network;
pub mod product_space;
pub mod rca;
pub mod records;
pub mod resilience;
mod rounding;
mod series;
pub mod shift_share;
pub mod survival;
pub mod variety;

pub use cells::Cells;
pub use complexity::{Complexity, complexity};
pub use concentration::{Concentration, concentration};
pub use counterfactual::{Counterfactual, counterfactual};
pub use entries::{Entries, entries};
pub use episodes::{Episodes, episodes};
pub use exposure::{Exposure, exposure};
pub use expy::{Expy, expy};
pub use inertia::{Inertia, inertia};
pub use margins::{Margins, margins};
pub use mix::Mix;
pub use network::{MarketNetwork, network};
pub use records::Records;
pub use resilience::{Resilience, resilience};
pub use shift_share::{ShiftShare, shift_share};
pub use survival::{Survival, survival};
pub use variety::{Variety, variety};

/// For each element the sum of all others.
///
/// From sums to the left and to the right, because total - x loses all digits where x is nearly the total.
pub(crate) fn sums_without_each(x: &[f64]) -> Vec<f64> {
    let mut right = vec![0.0; x.len()];
    for i in (1..x.len()).rev() {
        right[i - 1] = right[i] + x[i];
    }
    let mut left = 0.0;
    for i in 0..x.len() {
        right[i] += left;
        left += x[i];
    }
    right
}

#[cfg(test)]
mod tests {
    #[test]
    fn sums_of_the_others_keep_small_digits() {
        assert_eq!(super::sums_without_each(&[1e20, 3.0, 0.25]), [3.25, 1e20, 1e20]);
        assert_eq!(super::sums_without_each(&[7.0]), [0.0]);
    }
}
