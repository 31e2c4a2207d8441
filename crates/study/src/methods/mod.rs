//! Each method of `plim_stats` and `plim_table` bound to the columns of a table; and the list of them all.

mod audit;
mod beta_convergence;
pub(crate) mod cells;
mod complete;
mod composed_error;
mod cross_efficiency;
mod dynamic;
mod dynamic_dea;
mod effects;
mod efficiency;
mod episodes;
mod export_figures;
mod exports;
mod figures;
mod first_stage;
mod frontier;
mod frontier_inference;
mod glm;
mod index;
mod index_figures;
mod index_map;
mod index_tree;
mod inference;
mod iv;
mod lookup;
mod lr_test;
mod malmquist;
mod misallocation;
mod moves;
mod network;
mod outliers;
mod panel;
mod prepare;
mod quantile;
mod records;
mod regression;
mod resilience;
mod save;
mod sbm;
mod scatter;
mod sensitivity;
mod sfa;
mod sfa_metafrontier;
mod shift_share;
mod show;
mod spatial;
mod technology;
mod tfp_growth;
mod threshold;
mod tobit;
mod trade;
mod truncated;
mod two_stage;
mod window;

pub(crate) use inference::tables as inference_tables;

use crate::error::{Error, Result};
use crate::method::{Context, Entry, Role};
use plim_table::Table;
use serde::Serialize;
use serde_json::{Map, Value};

use Role::{Estimate, Measure, Prepare, Show};

/// Every method, in the order that help prints.
pub const METHODS: &[Entry] = &[
    Entry::of::<prepare::Generate>("generate", Prepare, "A new column from an expression"),
    Entry::of::<plim_table::sql::Sql>("sql", Prepare, "A new table from a query over the tables").on_records(),
    Entry::of::<plim_table::records::TradeRecords>(
        "trade_records",
        Prepare,
        "Trade records of a known layout (BACI, Comtrade, WITS, Atlas, customs) in long form",
    )
    .on_records(),
    Entry::of::<plim_table::crosswalk::Crosswalk>("crosswalk", Prepare, "Translate codes, dividing values by shares")
        .on_records(),
    Entry::of::<plim_table::crosswalk::Longer>("longer", Prepare, "Turn columns of years into rows").on_records(),
    Entry::of::<plim_table::clean::Standardize>("standardize", Prepare, "Columns less their mean over their deviation"),
    Entry::of::<plim_table::clean::Winsorize>("winsorize", Prepare, "Pull the tails of columns to quantiles"),
    Entry::of::<plim_table::clean::Trim>("trim", Prepare, "Make the tails of columns missing"),
    Entry::of::<plim_table::clean::Transform>("transform", Prepare, "log, log1p or asinh of columns"),
    Entry::of::<plim_table::clean::Lag>("lag", Prepare, "Values of earlier or later times"),
    Entry::of::<plim_table::clean::Growth>("growth", Prepare, "Growth rates over time"),
    Entry::of::<plim_table::clean::Deflate>("deflate", Prepare, "Values at constant prices"),
    Entry::of::<plim_table::clean::Interpolate>(
        "interpolate",
        Prepare,
        "Fill short gaps linearly in time, and count them",
    ),
    Entry::of::<plim_stats::frontier::stock::RdStock>("rd_stock", Prepare, "Knowledge stock by perpetual inventory"),
    Entry::of::<plim_stats::index::entropy::Entropy>("entropy", Measure, "Composite index by the entropy method"),
    Entry::of::<plim_stats::index::Critic>("critic", Measure, "Composite index by CRITIC weights: spread and conflict"),
    Entry::of::<plim_stats::index::Pca>("pca", Measure, "Composite index by principal components"),
    Entry::of::<plim_stats::index::Topsis>("topsis", Measure, "Closeness to the ideal under weights of any convention"),
    Entry::of::<plim_stats::index::WeightedIndex>(
        "weights",
        Measure,
        "Composite index as a weighted sum, by any convention of weights",
    ),
    Entry::of::<plim_stats::index::Index>(
        "index",
        Measure,
        "Composite index from a tree of indicators: impute, treat, normalize, weigh, aggregate",
    ),
    Entry::of::<plim_stats::index::Sensitivity>(
        "sensitivity",
        Measure,
        "How far the ranks of an index depend on the choices behind it",
    ),
    Entry::of::<plim_stats::distribution::Contributions>(
        "contributions",
        Measure,
        "Which components make an index rise, or a unit differ from the mean",
    ),
    Entry::of::<plim_stats::distribution::SigmaConvergence>(
        "sigma_convergence",
        Measure,
        "Dispersion over units by time, its trend and a test",
    ),
    Entry::of::<plim_stats::distribution::DagumGini>(
        "dagum_gini",
        Measure,
        "Gini coefficient within groups, between them, and their overlap (Dagum)",
    ),
    Entry::of::<plim_stats::distribution::Theil>("theil", Measure, "Theil index within and between groups"),
    Entry::of::<plim_stats::distribution::Markov>(
        "markov",
        Measure,
        "Transition probabilities between classes, also by the class of the neighbors",
    ),
    Entry::of::<plim_stats::spatial::Moran>("moran", Measure, "Moran's I by time and of each unit (LISA)"),
    Entry::of::<plim_stats::audit::AuditWeights>(
        "audit_weights",
        Measure,
        "Which convention reproduces published weights or a published index",
    )
    .on_records(),
    Entry::of::<plim_stats::audit::AuditData>(
        "audit_data",
        Measure,
        "What is odd in a table: copies, totals among units, jumps of unit, broken sums, outliers, encoding",
    )
    .on_records(),
    Entry::of::<plim_stats::frontier::dea::Dea>("dea", Measure, "Efficiency by data envelopment analysis"),
    Entry::of::<plim_stats::frontier::cross_efficiency::CrossEfficiency>(
        "cross_efficiency",
        Measure,
        "Every unit judged by the weights of every other",
    ),
    Entry::of::<plim_stats::frontier::dea::sbm::Sbm>("sbm", Measure, "Slacks-based efficiency, also super-efficiency"),
    Entry::of::<plim_stats::frontier::malmquist::Malmquist>("malmquist", Measure, "Productivity change over time"),
    Entry::of::<plim_stats::frontier::tfp_growth::TfpGrowth>(
        "tfp_growth",
        Measure,
        "Productivity growth by a fitted frontier: technology, efficiency, scale, allocation",
    ),
    Entry::of::<plim_stats::frontier::window::WindowDea>(
        "window_dea",
        Measure,
        "Efficiency in overlapping windows of periods",
    ),
    Entry::of::<plim_stats::frontier::two_stage::TwoStageDea>(
        "two_stage_dea",
        Measure,
        "Efficiency of two stages in a row, and of both",
    ),
    Entry::of::<plim_stats::frontier::network::NetworkDea>(
        "network_dea",
        Measure,
        "Efficiency of a row of stages, each with inputs and outputs of its own",
    ),
    Entry::of::<plim_stats::frontier::dynamic::DynamicDea>(
        "dynamic_dea",
        Measure,
        "Efficiency over periods linked by carry-overs (dynamic SBM)",
    ),
    Entry::of::<plim_stats::frontier::inference::partial::PartialFrontier>(
        "partial_frontier",
        Measure,
        "Efficiency against an order-m or order-alpha frontier",
    ),
    Entry::of::<plim_stats::frontier::inference::bootstrap::DeaBootstrap>(
        "dea_bootstrap",
        Measure,
        "Radial efficiency with bias correction and intervals",
    ),
    Entry::of::<plim_stats::frontier::inference::returns::RtsTest>(
        "rts_test",
        Measure,
        "Test of constant returns to scale",
    ),
    Entry::of::<plim_stats::misallocation::Misallocation>(
        "misallocation",
        Measure,
        "Relative distortion and wedges of factors",
    ),
    Entry::of::<plim_stats::misallocation::HsiehKlenow>(
        "hsieh_klenow",
        Measure,
        "Dispersion of revenue productivity and the gain of equalizing it",
    ),
    Entry::of::<plim_stats::misallocation::FactorFlows>(
        "factor_flows",
        Measure,
        "Flows of a factor between places by gravity",
    ),
    Entry::of::<plim_stats::misallocation::Coupling>("coupling", Measure, "Coupling coordination of subsystems"),
    Entry::of::<plim_stats::frontier::outliers::DeaOutliers>(
        "dea_outliers",
        Measure,
        "Units that are far from the rest, or that decide the scores of the rest",
    ),
    Entry::of::<plim_stats::trade::resilience::Resilience>("resilience", Measure, "Export resilience of each unit"),
    Entry::of::<plim_stats::trade::shift_share::ShiftShare>(
        "shift_share",
        Measure,
        "Change of exports by national growth, mix and the unit's own",
    )
    .on_records(),
    Entry::of::<plim_stats::trade::counterfactual::Counterfactual>(
        "counterfactual",
        Measure,
        "Exports against the growth of world demand by product and market",
    )
    .on_records(),
    Entry::of::<plim_stats::trade::episodes::Episodes>(
        "episodes",
        Measure,
        "Contractions of exports: depth, duration, recovery",
    ),
    Entry::of::<plim_stats::trade::survival::Survival>("survival", Measure, "How long export relations last")
        .on_records(),
    Entry::of::<plim_stats::trade::concentration::Concentration>(
        "concentration",
        Measure,
        "Concentration and diversification from trade records",
    )
    .on_records(),
    Entry::of::<plim_stats::trade::variety::Variety>("variety", Measure, "Related and unrelated variety of exports")
        .on_records(),
    Entry::of::<plim_stats::trade::margins::Margins>(
        "margins",
        Measure,
        "Extensive and intensive margins of exports, entry and exit",
    )
    .on_records(),
    Entry::of::<plim_stats::trade::exposure::Exposure>(
        "exposure",
        Measure,
        "Exposure of exports to groups of markets, risk, tariffs and shocks",
    )
    .on_records(),
    Entry::of::<plim_stats::trade::network::MarketNetwork>(
        "network",
        Measure,
        "Breadth, depth and centrality in the network of markets",
    )
    .on_records(),
    Entry::of::<plim_stats::trade::inertia::Inertia>(
        "inertia",
        Measure,
        "Similarity of the export basket with the year before",
    )
    .on_records(),
    Entry::of::<plim_stats::trade::entries::Entries>(
        "entries",
        Measure,
        "Entries into products, and how near they are to what was exported",
    )
    .on_records(),
    Entry::of::<plim_stats::trade::complexity::Complexity>(
        "complexity",
        Measure,
        "RCA, economic complexity of units and products",
    )
    .on_records(),
    Entry::of::<plim_stats::trade::expy::Expy>("expy", Measure, "Income level of exports (PRODY, EXPY)").on_records(),
    Entry::of::<regression::Feols>("feols", Estimate, "Least squares with absorbed fixed effects"),
    Entry::of::<plim_stats::linear::IvOptions>("iv", Estimate, "Two-stage least squares with absorbed fixed effects"),
    Entry::of::<plim_stats::linear::LimlOptions>("liml", Estimate, "LIML, Fuller and other k-class estimators"),
    Entry::of::<plim_stats::linear::GmmOptions>("gmm", Estimate, "Two-step efficient GMM with instruments"),
    Entry::of::<plim_stats::linear::RandomEffects>("re", Estimate, "Random effects of the units, with panel tests"),
    Entry::of::<plim_stats::linear::FirstDifference>("fd", Estimate, "First differences within units"),
    Entry::of::<beta_convergence::BetaConvergence>(
        "beta_convergence",
        Estimate,
        "Growth on the initial level: absolute and conditional convergence, speed, half-life",
    ),
    Entry::of::<plim_stats::linear::Between>("between", Estimate, "Least squares on the means of the units"),
    Entry::of::<plim_stats::linear::dynamic::GmmPanel>(
        "gmm_panel",
        Estimate,
        "Dynamic panels by GMM (Arellano-Bond, Blundell-Bond)",
    ),
    Entry::of::<plim_stats::glm::Fepois>("fepois", Estimate, "Poisson (PPML) with absorbed fixed effects"),
    Entry::of::<plim_stats::glm::Logit>("logit", Estimate, "Logit with absorbed fixed effects"),
    Entry::of::<plim_stats::glm::Probit>("probit", Estimate, "Probit with absorbed fixed effects"),
    Entry::of::<plim_stats::glm::Cloglog>(
        "cloglog",
        Estimate,
        "Complementary log-log (discrete-time hazard) with absorbed fixed effects",
    ),
    Entry::of::<plim_stats::glm::Negbin>("negbin", Estimate, "Negative binomial with absorbed fixed effects"),
    Entry::of::<plim_stats::effect::MediationOptions>("mediation", Estimate, "Effect through a mediator"),
    Entry::of::<plim_stats::effect::ModerationOptions>("moderation", Estimate, "Effect that depends on a moderator"),
    Entry::of::<plim_stats::effect::SplitOptions>("split", Estimate, "Subsamples and tests between them"),
    Entry::of::<plim_stats::did::DidOptions>("did", Estimate, "Difference in differences, event study, placebo"),
    Entry::of::<plim_stats::quantile::Quantile>("quantile", Estimate, "Quantile regression, exact"),
    Entry::of::<plim_stats::quantile::Mmqr>("mmqr", Estimate, "Quantiles by moments, with absorbed fixed effects"),
    Entry::of::<plim_stats::effect::ThresholdOptions>(
        "threshold",
        Estimate,
        "A slope that changes at an estimated threshold",
    ),
    Entry::of::<plim_stats::sensitivity::Oster>(
        "oster",
        Estimate,
        "Selection on unobservables that would explain an effect away",
    ),
    Entry::of::<plim_stats::sensitivity::OmittedVariable>(
        "omitted_variable",
        Estimate,
        "How strong an omitted variable must be to change a conclusion",
    ),
    Entry::of::<plim_stats::sensitivity::LeaveOneOut>(
        "leave_one_out",
        Estimate,
        "The estimate without each unit, period, region or control",
    ),
    Entry::of::<plim_stats::limited::Tobit>("tobit", Estimate, "Regression with a censored outcome"),
    Entry::of::<plim_stats::limited::Truncated>("truncreg", Estimate, "Regression with a truncated outcome"),
    Entry::of::<plim_stats::frontier::inference::environment::SimarWilson>(
        "simar_wilson",
        Estimate,
        "What explains efficiency scores: truncated regression, bootstrap",
    ),
    Entry::of::<plim_stats::frontier::sfa::Sfa>("sfa", Estimate, "Stochastic frontier"),
    Entry::of::<plim_stats::frontier::sfa_metafrontier::SfaMetafrontier>(
        "sfa_metafrontier",
        Estimate,
        "Stochastic frontiers of groups and the metafrontier over them",
    ),
    Entry::of::<show::Text>("text", Show, "A heading and paragraphs"),
    Entry::of::<plim_report::describe::DescribeTable>("describe", Show, "Descriptive statistics"),
    Entry::of::<plim_report::describe::CorrelationTable>("correlation", Show, "Correlation matrix"),
    Entry::of::<plim_report::agreement::AgreementTable>(
        "agreement",
        Show,
        "Rank correlations and equal signs of measures",
    ),
    Entry::of::<show::Weights>("weights_table", Show, "Weights of an index, as a table and bars"),
    Entry::of::<plim_report::regression::RegressionTable>("table", Show, "Regression table of several fits"),
    Entry::of::<lr_test::LrTest>("lr_test", Show, "Likelihood-ratio tests of nested fits"),
    Entry::of::<show::Figure>(
        "figure",
        Show,
        "Figure of fits: coefficients, event study, slopes, placebo, specification curve, contours of an omitted variable",
    ),
    Entry::of::<figures::Paths>("paths", Show, "Figure of paths over time, by group and unit"),
    Entry::of::<scatter::Scatter>("scatter", Show, "Figure of two columns and the line between them"),
    Entry::of::<figures::Density>("density", Show, "Figure of kernel densities by year or group"),
    Entry::of::<composed_error::ComposedError>(
        "composed_error",
        Show,
        "Figure of a frontier's residuals under their fitted density",
    ),
    Entry::of::<frontier::FrontierFigure>(
        "frontier",
        Show,
        "Figure of the frontier of a dea step, one input and one output",
    ),
    Entry::of::<export_figures::Treemap>("treemap", Show, "Figure of the parts of a whole as tiles"),
    Entry::of::<export_figures::ProductSpace>("product_space", Show, "Figure of near products of a complexity step"),
    Entry::of::<index_figures::Ranking>("ranking", Show, "Figure of units by their values, with intervals"),
    Entry::of::<index_figures::Bump>("bump", Show, "Figure of ranks over time"),
    Entry::of::<index_figures::Heatmap>("heatmap", Show, "Figure of correlations by pillar"),
    Entry::of::<index_map::Sunburst>("sunburst", Show, "Figure of a tree of indicators and its weights"),
    Entry::of::<index_figures::Radar>("radar", Show, "Figure of the profiles of units over components"),
    Entry::of::<index_map::Choropleth>("choropleth", Show, "Map of values on regions of a GeoJSON file"),
    Entry::of::<save::Save>("save", Show, "A table with all that was added to it, as a data file"),
    Entry::of::<show::Truth>("truth", Show, "Estimates beside the true values of a simulated world"),
];

/// Numeric columns of a table, each a slice of its rows.
fn numbers<'t>(table: &'t Table, names: &[String]) -> Result<Vec<&'t [f64]>> {
    names.iter().map(|name| Ok(table.numbers(name)?)).collect()
}

/// An option that must name something.
fn need<'o>(value: &'o str, option: &str) -> Result<&'o str> {
    match value.is_empty() {
        false => Ok(value),
        true => Err(Error::plan(format!("`{option}` is not given"), format!("set {option} to a column"))),
    }
}

/// A serializable value as the map that results take.
fn object<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// A list of serializable values for results.
fn list<T: Serialize>(values: &[T]) -> Value {
    serde_json::to_value(values).unwrap_or_default()
}

/// The whole-number times of a table's rows.
fn times(table: &Table, column: &str) -> Result<Vec<i64>> {
    let values = table.numbers(column)?;
    values
        .iter()
        .enumerate()
        .map(|(i, &t)| match t.fract() == 0.0 && t.abs() < 1e9 {
            true => Ok(t as i64),
            false => {
                let line = table.line(i).map_or(String::new(), |l| format!(" in line {l}"));
                Err(Error::plan(format!("the time `{column}`{line} is {t}"), "times are whole numbers, such as years"))
            }
        })
        .collect()
}

impl Context<'_> {
    /// The times of the kept rows, when a time column is known.
    fn kept_times(&self, kept: &Table) -> Result<Option<Vec<i64>>> {
        self.time.as_deref().map(|t| times(kept, t)).transpose()
    }
}
