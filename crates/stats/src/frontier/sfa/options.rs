//! The options of a stochastic frontier, and which of them go together.

use super::latent_class::PROBABILITIES;
use super::{Copula, Data};
use crate::frontier::technology::{Distance, Form, Logs, Restriction, Shape, Squares, Trend, TrendOrigin};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Stochastic frontier: efficiency of each observation, with noise told apart from inefficiency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sfa {
    /// How observations of a unit belong together.
    pub model: Model,
    /// Distribution of inefficiency.
    pub distribution: Distribution,
    /// Copula of inefficiency and noise, in pooled half-normal or exponential frontiers; independent when not given.
    pub copula: Option<Copula>,
    /// Whether inefficiency lowers the outcome (production) or raises it (cost).
    pub frontier: Frontier,
    /// Columns that move the mean of inefficiency before truncation; in scaling and wang_ho its scale.
    pub determinants: Vec<String>,
    /// Whether the determinants have a constant.
    pub determinants_constant: bool,
    /// Columns that move ln sigma_u squared, beside a constant.
    pub u_variance: Vec<String>,
    /// Columns that move ln sigma_v squared, beside a constant.
    pub v_variance: Vec<String>,
    /// Regressors of the frontier that move with the noise, by their names in the formula; with `instruments`.
    pub endogenous: Vec<String>,
    /// Columns that move the endogenous regressors and not the outcome; exogenous regressors are added.
    pub instruments: Vec<String>,
    /// Columns that move the log odds of no inefficiency, beside a constant, in zero_inefficiency.
    pub zero_probability: Vec<String>,
    /// Columns that move the log odds of the classes, beside a constant, in latent_class; of a panel's units, when each
    /// keeps its class.
    pub separating: Vec<String>,
    /// Number of classes in latent_class, 2 to 5; 2 when not given.
    pub classes: Option<usize>,
    /// What has a class in latent_class: each row, or a unit with all of its rows.
    pub class_of: ClassOf,
    /// Column that is 1 where the outcome is seen and 0 elsewhere, in selection; outcome and regressors need some number
    /// elsewhere too, which is not looked at.
    pub selected: Option<String>,
    /// Columns of the probit of `selected`, beside a constant, in selection.
    pub selection: Vec<String>,
    /// Covariance under `vcov = iid`: from the Hessian, from the outer product of the gradients, or by bootstrap (of
    /// rows, of the units of a panel model, or of the clusters of `vcov = cluster:NAME`).
    pub information: Information,
    /// Replications of the bootstrap; 999 when not given.
    pub replications: Option<usize>,
    /// Climbs to the maximum from different starts; 3 (latent_class, copula: 6), and 1 above 100,000 rows, when not given.
    pub climbs: Option<usize>,
    /// Integrate over unit effects by simulation with so many scrambled Halton draws per unit (200 are usual), in tre
    /// and four_component; without it they are integrated exactly.
    pub draws: Option<usize>,
    /// The regression that four_component_steps starts with (random effects when not given) and that schmidt_sickles
    /// takes the effects from (fixed effects when not given, as is usual).
    pub first_step: Option<FirstStep>,
    /// Probability of the intervals of the scores.
    pub level: f64,
    /// Evaluate at these parameters instead of estimating: frontier coefficients, intercept first, then sigma2, gamma
    /// (or the coefficients of u_variance, then v_variance, when one of them is given), then mu, eta, determinants.
    pub at: Option<Vec<f64>>,
    /// Natural parameters to climb from, in the order of `at`, instead of the model's own starts.
    pub start: Option<Vec<f64>>,
    /// Functional form: the regressors as given, or made from the factors.
    pub technology: Form,
    /// Columns of the factors of production (prices, for a cost frontier); the regressors of the formula are further
    /// regressors then. Without it the regressors of the formula are the factors.
    pub factors: Vec<String>,
    /// Columns of the outputs beside the outcome, for a distance function; the outputs of a cost frontier.
    pub outputs: Vec<String>,
    /// Squares with 1/2 or without it.
    pub squares: Squares,
    /// How time moves the frontier.
    pub trend: Trend,
    /// Where t of the trend is zero.
    pub trend_origin: TrendOrigin,
    /// Which distance function the frontier is, for several outputs.
    pub distance: Distance,
    /// Whether outcome, factors and outputs are logarithms already or are to be logged.
    pub logs: Logs,
    /// Likelihood-ratio tests of simpler technologies, each fitted too.
    pub tests: Vec<Restriction>,
}

impl Default for Sfa {
    fn default() -> Self {
        Sfa {
            model: Model::default(),
            distribution: Distribution::default(),
            copula: None,
            frontier: Frontier::default(),
            determinants: Vec::new(),
            determinants_constant: true,
            u_variance: Vec::new(),
            v_variance: Vec::new(),
            endogenous: Vec::new(),
            instruments: Vec::new(),
            zero_probability: Vec::new(),
            separating: Vec::new(),
            selected: None,
            selection: Vec::new(),
            classes: None,
            class_of: ClassOf::default(),
            information: Information::default(),
            replications: None,
            climbs: None,
            draws: None,
            first_step: None,
            level: 0.95,
            at: None,
            start: None,
            technology: Form::default(),
            factors: Vec::new(),
            outputs: Vec::new(),
            squares: Squares::default(),
            trend: Trend::default(),
            trend_origin: TrendOrigin::default(),
            distance: Distance::default(),
            logs: Logs::default(),
            tests: Vec::new(),
        }
    }
}

/// How observations of a unit belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Each observation has its own inefficiency.
    #[default]
    Pooled,
    /// Battese and Coelli 1995: as pooled, truncated normal, its mean moved by the determinants.
    Bc95,
    /// Wang and Schmidt 2002: as pooled, inefficiency scaled by exp of the determinants, its shape the same for all.
    Scaling,
    /// Kumbhakar, Parmeter and Tsionas 2013: as pooled, with a probability of no inefficiency at all.
    ZeroInefficiency,
    /// Greene 2005; Orea and Kumbhakar 2004: several frontiers, each row (or unit) of one of them, which is not observed.
    LatentClass,
    /// Greene 2010: outcomes are seen for some rows only, and the noise is correlated with a probit of that; half-normal.
    Selection,
    /// Pitt and Lee 1981: a unit keeps its inefficiency.
    PittLee,
    /// Battese and Coelli 1988: as pitt_lee, truncated normal.
    Bc88,
    /// Battese and Coelli 1992: a unit's inefficiency decays at the rate eta.
    Bc92,
    /// Kumbhakar 1990: a unit's inefficiency is scaled by 1/(1 + exp(b t + c t squared)).
    Kumbhakar90,
    /// Wang and Ho 2010: fixed effects, a unit's inefficiency is scaled by exp of the determinants.
    WangHo,
    /// Greene 2005, true fixed effects: an intercept for each unit beside inefficiency of each observation.
    Tfe,
    /// Chen, Schmidt and Wang 2014: as tfe, the intercepts eliminated by demeaning; right with few years too.
    WithinMle,
    /// Greene 2005, true random effects: normal unit effects beside inefficiency of each observation.
    Tre,
    /// Kumbhakar, Lien and Hardaker 2014: unit effects, persistent and transient inefficiency, by full likelihood.
    FourComponent,
    /// As four_component, in steps: a panel regression, then a frontier each of its residuals and its unit effects.
    FourComponentSteps,
    /// Schmidt and Sickles 1984: no distribution; a unit's effect against the best one.
    SchmidtSickles,
    /// Cornwell, Schmidt and Sickles 1990: as schmidt_sickles, a quadratic in time for each unit.
    CornwellSchmidtSickles,
    /// Lee and Schmidt 1993: as schmidt_sickles, the effects scaled by a path of time that all units share.
    LeeSchmidt,
}

impl Model {
    /// Whether a unit has an effect of its own beside inefficiency.
    pub(super) fn has_effects(self) -> bool {
        use Model::{FourComponent, FourComponentSteps, Tfe, Tre, WithinMle};
        matches!(self, Tfe | WithinMle | Tre | FourComponent | FourComponentSteps)
    }

    /// Whether efficiency is relative to the best unit, without a distribution.
    pub(super) fn is_relative(self) -> bool {
        matches!(self, Model::SchmidtSickles | Model::CornwellSchmidtSickles | Model::LeeSchmidt)
    }

    /// Whether the rows of a unit belong together.
    pub(super) fn of_panels(self) -> bool {
        self.has_effects() || self.is_persistent() || self.is_relative()
    }

    /// Whether rows differ by what stretches or mixes their distributions.
    pub(super) fn is_mixture(self) -> bool {
        matches!(self, Model::Scaling | Model::ZeroInefficiency | Model::LatentClass | Model::Selection)
    }

    /// Whether a unit keeps one draw of inefficiency.
    pub(super) fn is_persistent(self) -> bool {
        matches!(self, Model::PittLee | Model::Bc88 | Model::Bc92 | Model::Kumbhakar90 | Model::WangHo)
    }
}

/// What has a class in latent_class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClassOf {
    /// Each row: in a panel a unit may change its technology.
    #[default]
    Row,
    /// All rows of a unit (Greene 2005); needs a panel.
    Unit,
}

/// The panel regression of four_component_steps and schmidt_sickles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstStep {
    /// Random effects by maximum likelihood.
    Random,
    /// Fixed effects: regressors may move with the unit effects, and must vary within units.
    Fixed,
}

/// Distribution of inefficiency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// |N(0, sigma_u squared)|: many observations near the frontier, few far away.
    #[default]
    HalfNormal,
    /// Exponential with mean sigma_u: more of both.
    Exponential,
    /// N(mu, sigma_u squared) truncated to be positive.
    TruncatedNormal,
    /// Rayleigh with scale sigma_u: few observations at the frontier itself. Pooled only, as those below.
    Rayleigh,
    /// Uniform between zero and the root of 12 times sigma_u.
    Uniform,
    /// The larger of two exponentials of mean sigma_u.
    GeneralizedExponential,
    /// Truncated skewed Laplace with scale sigma_u and shape lambda.
    TruncatedSkewedLaplace,
    /// Gamma with scale sigma_u and a shape.
    Gamma,
    /// Weibull with scale sigma_u and a shape.
    Weibull,
    /// ln u is N(mu, sigma_u squared).
    Lognormal,
}

/// A distribution that panel models do not take.
pub(super) fn pooled_only() -> Error {
    Error::invalid(
        "this `distribution` is of pooled models",
        "use model = \"pooled\", or distribution = \"half_normal\", \"exponential\" or \"truncated_normal\"",
    )
}

impl Distribution {
    /// Whether it is one of those that the panel models take too.
    fn of_panels(self) -> bool {
        use Distribution::{Exponential, HalfNormal, TruncatedNormal};
        matches!(self, HalfNormal | Exponential | TruncatedNormal)
    }

    /// Whether its shape is estimated in logarithms.
    pub(super) fn logs(self) -> bool {
        use Distribution::{Gamma, TruncatedSkewedLaplace, Weibull};
        matches!(self, Gamma | Weibull | TruncatedSkewedLaplace)
    }
}

/// On which side of the frontier inefficiency lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Frontier {
    /// Below: inefficiency lowers the outcome.
    #[default]
    Production,
    /// Above: inefficiency raises the outcome.
    Cost,
}

impl Frontier {
    /// S of the formulas.
    pub(super) fn sign(self) -> f64 {
        if self == Frontier::Production { 1.0 } else { -1.0 }
    }
}

/// What the covariance is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Information {
    /// Inverse of minus the Hessian.
    #[default]
    Hessian,
    /// Inverse of the outer product of the gradients (Berndt, Hall, Hall and Hausman 1974).
    Opg,
    /// Estimated again on samples drawn with replacement.
    Bootstrap,
}

impl Sfa {
    /// Rows above which one climb is the default.
    const MANY: usize = 100_000;

    /// Whether the rows of a unit share a likelihood or an effect.
    pub(super) fn rows_belong_together(&self) -> bool {
        self.model.of_panels() || self.model == Model::LatentClass && self.class_of == ClassOf::Unit
    }

    pub(super) fn climbs(&self, n: usize) -> usize {
        let usual = if self.model == Model::LatentClass || self.copula.is_some() { 6 } else { 3 };
        self.climbs.unwrap_or(if n > Self::MANY { 1 } else { usual })
    }

    pub(super) fn class_count(&self) -> usize {
        self.classes.unwrap_or(2)
    }

    /// The choices of the technology.
    pub fn shape(&self) -> Shape {
        Shape {
            form: self.technology,
            squares: self.squares,
            trend: self.trend,
            trend_origin: self.trend_origin,
            distance: self.distance,
            logs: self.logs,
            cost: self.frontier == Frontier::Cost,
        }
    }

    /// Columns that the model has beside the scores, by name.
    pub fn columns(&self) -> Vec<&'static str> {
        match self.model {
            Model::Tfe | Model::WithinMle | Model::Tre => vec!["effect"],
            Model::SchmidtSickles | Model::CornwellSchmidtSickles | Model::LeeSchmidt => vec!["effect"],
            Model::Selection => vec!["probability_selected"],
            Model::ZeroInefficiency => vec!["probability_zero"],
            Model::LatentClass => {
                let probabilities = PROBABILITIES.into_iter().take(self.class_count());
                ["class", "efficiency_class"].into_iter().chain(probabilities).collect()
            }
            Model::FourComponent | Model::FourComponentSteps => vec!["efficiency_persistent", "efficiency_transient"],
            _ => Vec::new(),
        }
    }

    /// Whether the determinants come with a constant: what scales inefficiency has none.
    pub fn constant(&self) -> bool {
        self.determinants_constant && !matches!(self.model, Model::WangHo | Model::Scaling)
    }

    /// Refuses options that the model would have to ignore.
    pub(super) fn check(&self, data: &Data) -> Result<()> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::invalid(format!("`level` is {}", self.level), "give a probability between 0 and 1"));
        }
        if self.start.is_some() && (self.at.is_some() || self.climbs.is_some()) {
            return Err(Error::invalid(
                "`start` is the one place to climb from, and `at` or `climbs` is given",
                "keep one of them",
            ));
        }
        if self.climbs == Some(0) {
            return Err(Error::invalid("`climbs` is 0", "give 1 or more"));
        }
        match self.replications {
            Some(_) if self.information != Information::Bootstrap => {
                return Err(Error::invalid(
                    "`replications` are of information = \"bootstrap\"",
                    "leave them out, or set `information`",
                ));
            }
            Some(r) if r < super::bootstrap::LEAST => {
                return Err(Error::invalid(
                    format!("`replications` is {r}"),
                    format!("give {} or more", super::bootstrap::LEAST),
                ));
            }
            _ => {}
        }
        if !self.determinants_constant && data.determinants.is_none() {
            return Err(Error::invalid(
                "`determinants_constant` is given, and no determinants are",
                "name them in `determinants`, or leave it out",
            ));
        }
        let moved = match self.model {
            Model::Pooled
            | Model::ZeroInefficiency
            | Model::LatentClass
            | Model::Tfe
            | Model::WithinMle
            | Model::Tre
            | Model::FourComponent => self.distribution == Distribution::TruncatedNormal,
            Model::FourComponentSteps | Model::SchmidtSickles | Model::CornwellSchmidtSickles | Model::LeeSchmidt => {
                false
            }
            Model::Selection => false,
            Model::Bc95 | Model::WangHo | Model::Scaling => true,
            Model::PittLee | Model::Bc88 | Model::Bc92 | Model::Kumbhakar90 => false,
        };
        if data.determinants.is_some() && !moved {
            return Err(Error::invalid(
                "`determinants` move the mean of inefficiency, which this model does not have",
                "use distribution = \"truncated_normal\", model = \"bc95\", \"scaling\" or \"wang_ho\"; or name them in `u_variance`",
            ));
        }
        if self.model != Model::Pooled && !self.distribution.of_panels() {
            return Err(pooled_only());
        }
        if self.model.is_persistent() {
            if self.distribution == Distribution::Exponential {
                return Err(Error::invalid(
                    "inefficiency that a unit keeps is half-normal or truncated normal",
                    "use distribution = \"half_normal\" or \"truncated_normal\"",
                ));
            }
            if data.u_variance.is_some() || data.v_variance.is_some() {
                return Err(Error::invalid(
                    "this panel model has constant variances",
                    "leave out `u_variance`, `v_variance`",
                ));
            }
        }
        if self.model == Model::Bc95 && self.distribution == Distribution::Exponential {
            return Err(Error::invalid(
                "`bc95` is a truncated normal",
                "leave `distribution` out, or model = \"pooled\"",
            ));
        }
        self.check_copula(data)?;
        self.check_mixture(data)?;
        self.check_effects(data)?;
        self.check_endogenous(data)?;
        if self.model == Model::Bc95 && data.determinants.is_none() {
            return Err(Error::invalid("`bc95` needs determinants of inefficiency", "name columns in `determinants`"));
        }
        Ok(())
    }

    /// The part of [`Sfa::check`] about dependence.
    fn check_copula(&self, data: &Data) -> Result<()> {
        let simple = matches!(self.distribution, Distribution::HalfNormal | Distribution::Exponential);
        if self.copula.is_some() && (self.model != Model::Pooled || !simple || data.endogenous.is_some()) {
            return Err(Error::invalid(
                "a `copula` is for the pooled model with half-normal or exponential inefficiency and exogenous regressors",
                "use model = \"pooled\", or leave it out",
            ));
        }
        Ok(())
    }

    /// The part of [`Sfa::check`] about endogenous regressors.
    fn check_endogenous(&self, data: &Data) -> Result<()> {
        if self.endogenous.is_empty() != self.instruments.is_empty() {
            return Err(Error::invalid(
                "`endogenous` and `instruments` go together",
                "name regressors in the one and columns that move them in the other",
            ));
        }
        if data.endogenous.is_none() {
            return Ok(());
        }
        if self.model != Model::Pooled
            || !matches!(self.distribution, Distribution::HalfNormal | Distribution::Exponential)
        {
            return Err(Error::invalid(
                "endogenous regressors are for the pooled model with half-normal or exponential inefficiency",
                "use model = \"pooled\"; effects of units that move with the regressors are taken out by \"within_mle\"",
            ));
        }
        if data.v_variance.is_some() {
            return Err(Error::invalid(
                "noise that moves with endogenous regressors has one variance",
                "leave out `v_variance`, or `endogenous`",
            ));
        }
        Ok(())
    }

    /// The part of [`Sfa::check`] about unit effects.
    fn check_effects(&self, data: &Data) -> Result<()> {
        let integrated = matches!(self.model, Model::Tre | Model::FourComponent);
        match self.draws {
            Some(_) if !integrated => {
                return Err(Error::invalid(
                    "`draws` integrate over random unit effects, which this model does not have",
                    "use model = \"tre\" or \"four_component\", or leave it out",
                ));
            }
            Some(0) => return Err(Error::invalid("`draws` is 0", "give 200 or so, or leave it out")),
            _ => {}
        }
        let steps = self.model == Model::FourComponentSteps;
        if self.first_step.is_some() && !steps && self.model != Model::SchmidtSickles {
            return Err(Error::invalid("`first_step` is of four_component_steps and schmidt_sickles", "leave it out"));
        }
        if steps && self.distribution != Distribution::HalfNormal {
            return Err(Error::invalid(
                "four_component_steps has half-normal inefficiency",
                "use model = \"four_component\" for another `distribution`",
            ));
        }
        if steps && (data.u_variance.is_some() || data.v_variance.is_some()) {
            return Err(Error::invalid(
                "four_component_steps has constant variances",
                "use model = \"four_component\" with `u_variance`, `v_variance`",
            ));
        }
        if steps && self.at.is_some() {
            return Err(Error::invalid(
                "four_component_steps has no likelihood of its own to evaluate at given parameters",
                "use model = \"four_component\" with `at`",
            ));
        }
        Ok(())
    }
}
