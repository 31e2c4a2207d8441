//! The one dictionary of words that tables, figures and the page print by themselves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Language of headings and table words: `en` or `zh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// The word for `key`; a key that the dictionary lacks (a statistic of a new method) stands for itself.
    pub fn say(self, key: &str) -> &str {
        match (WORDS.iter().find(|(k, _, _)| *k == key), self) {
            (Some((_, en, _)), Lang::En) => en,
            (Some((_, _, zh)), Lang::Zh) => zh,
            (None, _) => key,
        }
    }

    /// The heading of a column of this method; its word where it has no heading of its own.
    pub fn method(self, name: &str) -> &str {
        let key = format!("method:{name}");
        match (WORDS.iter().find(|(k, _, _)| *k == key), self) {
            (Some((_, en, _)), Lang::En) => en,
            (Some((_, _, zh)), Lang::Zh) => zh,
            (None, _) => self.say(name),
        }
    }

    /// The word for `key` with `{}` filled in.
    pub fn with(self, key: &str, what: &str) -> String {
        self.say(key).replacen("{}", what, 1)
    }

    /// So many of something.
    pub fn counted(self, n: &str, what: &str) -> String {
        match self {
            Lang::En => format!("{n} {what}"),
            Lang::Zh => format!("{what}{n}"),
        }
    }

    /// Between what is spoken of and what is said of it.
    pub fn colon(self) -> &'static str {
        match self {
            Lang::En => ": ",
            Lang::Zh => "：",
        }
    }

    /// Separator of a list.
    pub fn comma(self) -> &'static str {
        match self {
            Lang::En => ", ",
            Lang::Zh => "、",
        }
    }

    /// Tag for the `lang` attribute.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh-CN",
        }
    }

    /// A sentence: its full stop added unless it ends a sentence already.
    pub fn sentence(self, text: &str) -> String {
        let stop = match self {
            Lang::En => '.',
            Lang::Zh => '。',
        };
        match text.trim_end() {
            t if t.ends_with(['.', '!', '?', '。', '！', '？']) => t.to_owned(),
            t => format!("{t}{stop}"),
        }
    }
}

/// Key, English, Chinese. Keys of statistics are their names in `results.json`.
const WORDS: &[(&str, &str, &str)] = &[
    // Rows and headings of tables.
    ("yes", "Yes", "是"),
    ("no", "No", "否"),
    ("controls", "Controls", "控制变量"),
    ("full", "full", "全样本"),
    ("fixed_effects", "{} fixed effects", "{}固定效应"),
    ("(Intercept)", "Constant", "常数项"),
    ("variable", "Variable", "变量"),
    ("estimate", "Estimate", "估计值"),
    ("std_error", "Std. error", "标准误"),
    ("chain", "Uncertainty through the whole chain", "全链条不确定性"),
    ("multiverse", "Every defensible choice", "所有合理设定"),
    ("multiverse_estimates", "Estimates over all universes", "全部设定下的估计值"),
    ("multiverse_choices", "What each choice does", "各项选择的影响"),
    ("universes", "Universes", "设定数"),
    ("main_estimate", "The study's own estimate", "本研究的估计值"),
    ("q25", "25 % quantile", "25% 分位数"),
    ("q75", "75 % quantile", "75% 分位数"),
    ("share_positive", "Share positive", "正值占比"),
    ("share_negative", "Share negative", "负值占比"),
    ("share_positive_significant", "Share positive and significant", "显著为正占比"),
    ("share_negative_significant", "Share negative and significant", "显著为负占比"),
    ("share_significant", "Share significant", "显著占比"),
    ("main_rank", "Share below the study's own", "低于本研究估计值的占比"),
    ("universes_failed", "{} universes failed", "{} 个设定失败"),
    ("universes_excluded", "{} universes excluded", "排除 {} 个设定"),
    ("universes_drawn", "The figure draws {} of them, evenly along the curve.", "图中沿曲线均匀绘制其中 {} 个。"),
    ("of_spread", "{} % of the spread", "解释 {}% 的离散"),
    ("flips_sign", "flips the sign in {} % of pairs", "在 {}% 的配对中改变符号"),
    (
        "interactions_of_spread",
        "Choices in company (interactions): {} % of the spread.",
        "选择之间的交互：{}% 的离散。",
    ),
    (
        "multiverse_note",
        "* what the study has. Shares of the spread are Shapley values of main effects; signs are compared over pairs that differ in this choice alone.",
        "* 为本研究的选择。离散占比为主效应的 Shapley 值；符号比较限于仅此选择不同的配对。",
    ),
    ("joint_inference", "Joint inference under the null of no effect", "零效应原假设下的联合推断"),
    ("mean_z", "Average z (Stouffer)", "平均 z（Stouffer）"),
    (
        "joint_note",
        "Paths of whole units exchanged {} times, alike in all universes; 5 % significance by errors clustered by unit.",
        "整条单位路径随机交换 {} 次，各设定一致；显著性按单位聚类标准误的 5% 水平。",
    ),
    ("range", "Range", "范围"),
    ("universe", "Universe", "设定"),
    ("every_choice", "every choice", "全部选择"),
    (
        "universes_said",
        "{} universes; median {}; {} % positive, {} % significant at 5 %.",
        "{} 个设定；中位数 {}；正值占 {}%，5% 水平显著占 {}%。",
    ),
    ("run_alone", "Run it alone", "单独运行"),
    ("chain_title", "Standard errors of the whole chain", "全链条标准误"),
    (
        "chain_note",
        "Conventional standard errors count the measures as data; those of the chain make them again in each draw.",
        "常规标准误把测度视为数据；全链条标准误在每次抽样中重新计算测度。",
    ),
    ("std_error_conventional", "Std. error, conventional", "常规标准误"),
    ("std_error_chain", "Std. error, chain", "全链条标准误"),
    ("std_error_frozen", "Std. error, measures frozen", "固定测度标准误"),
    ("generated_share", "Share of variance from measures", "测度方差占比"),
    ("percentile_interval", "95 % percentile", "95% 百分位区间"),
    ("bca_interval", "95 % BCa", "95% BCa 区间"),
    ("studentized_interval", "95 % studentized", "95% 学生化区间"),
    ("conf", "95% CI", "95%置信区间"),
    ("p_value", "p-value", "p值"),
    ("p_permutation", "Permutation p", "置换检验p值"),
    ("z", "z", "z值"),
    ("difference", "Difference", "组间差异"),
    ("regression", "Regression results", "回归结果"),
    // Methods as column headings.
    ("feols", "OLS", "OLS"),
    ("iv", "2SLS", "2SLS"),
    ("liml", "LIML", "LIML"),
    ("gmm", "GMM", "GMM"),
    ("gmm_panel", "Panel GMM", "动态面板GMM"),
    ("fepois", "Poisson", "泊松"),
    ("logit", "Logit", "Logit"),
    ("probit", "Probit", "Probit"),
    ("cloglog", "Cloglog", "Cloglog"),
    ("negbin", "Neg. binomial", "负二项"),
    ("re", "Random effects", "随机效应"),
    ("fd", "First differences", "一阶差分"),
    ("between", "Between", "组间估计"),
    ("did", "DID", "双重差分"),
    ("sfa", "Stochastic frontier", "随机前沿"),
    ("sfa_metafrontier", "Metafrontier", "共同前沿"),
    ("moderation", "Moderation", "调节效应"),
    ("quantile", "Quantile", "分位数回归"),
    ("mmqr", "Quantiles by moments", "矩分位数回归"),
    ("tobit", "Tobit", "Tobit"),
    ("truncreg", "Truncated", "断尾回归"),
    ("simar_wilson", "Simar–Wilson", "Simar–Wilson"),
    ("beta_convergence", "β convergence", "β收敛"),
    // Where the name of a method is that of a statistic, a table or a group too.
    ("method:threshold", "Threshold", "门槛回归"),
    ("method:oster", "OLS", "OLS"),
    ("method:omitted_variable", "OLS", "OLS"),
    ("method:leave_one_out", "OLS", "OLS"),
    ("method:split", "Subsample", "分样本"),
    // Statistics.
    ("nobs", "Observations", "观测值"),
    ("r2", "R²", "R²"),
    ("r2_adjusted", "Adjusted R²", "调整R²"),
    ("r2_within", "Within R²", "组内R²"),
    ("rmse", "Root MSE", "均方根误差"),
    ("loglik", "Log likelihood", "对数似然值"),
    ("loglik_ols", "Log likelihood, OLS", "OLS对数似然值"),
    ("lr", "LR statistic", "LR统计量"),
    ("gamma", "γ", "γ"),
    ("sigma2", "σ²", "σ²"),
    ("sigma_u", "σ (u)", "σ (u)"),
    ("sigma_v", "σ (v)", "σ (v)"),
    ("mu", "μ", "μ"),
    ("eta", "η", "η"),
    ("mean_efficiency", "Mean efficiency", "平均效率"),
    ("mean_group_efficiency", "Mean efficiency within groups", "组内平均效率"),
    ("mean_technology_gap_ratio", "Mean technology gap ratio", "平均技术落差比"),
    ("first_stage_f", "First-stage F", "第一阶段F值"),
    ("cragg_donald_f", "Cragg–Donald F", "Cragg–Donald F"),
    ("kp_lm", "Kleibergen–Paap LM", "Kleibergen–Paap LM"),
    ("kp_f", "Kleibergen–Paap F", "Kleibergen–Paap F"),
    ("effective_f", "Effective F", "有效F值"),
    ("ar_f", "Anderson–Rubin F", "Anderson–Rubin F"),
    ("first_stage_f_p", "First-stage F, p-value", "第一阶段F值的p值"),
    ("partial_r2", "Partial R²", "偏R²"),
    ("stock_yogo_10", "  Stock–Yogo 10% size (iid)", "  Stock–Yogo 10%临界值（iid）"),
    ("effective_f_critical_10", "  critical value, 10% bias", "  临界值（10%偏误）"),
    ("wald_f", "Wald F: no effect", "Wald F：无影响"),
    ("ar_set", "Anderson–Rubin 95% set", "Anderson–Rubin 95%置信集"),
    ("ar_empty", "empty", "空集"),
    ("c_statistic", "C statistic", "C统计量"),
    ("endogeneity", "Endogeneity, C", "内生性检验C"),
    ("durbin", "Durbin (iid)", "Durbin（iid）"),
    ("wu_hausman", "Wu–Hausman F (iid)", "Wu–Hausman F（iid）"),
    ("kappa", "κ", "κ"),
    ("sargan", "Sargan", "Sargan"),
    ("hansen_j", "Hansen J", "Hansen J"),
    ("hansen_j_p", "Hansen, p-value", "Hansen p值"),
    ("hansen_j_two_step", "Hansen J, two steps", "两步Hansen J"),
    ("difference_in_hansen", "Difference-in-Hansen", "Hansen差分检验"),
    ("ar1", "AR(1), z", "AR(1) z值"),
    ("ar1_p", "AR(1), p-value", "AR(1) p值"),
    ("ar2", "AR(2), z", "AR(2) z值"),
    ("ar2_p", "AR(2), p-value", "AR(2) p值"),
    ("ar1_plm", "AR(1), z, without levels", "AR(1) z值（不含水平方程）"),
    ("ar2_plm", "AR(2), z, without levels", "AR(2) z值（不含水平方程）"),
    ("instruments", "Instruments", "工具变量数"),
    ("units", "Units", "个体数"),
    ("periods", "Periods", "期数"),
    ("clusters", "Clusters", "聚类数"),
    ("parameters", "Parameters", "参数个数"),
    ("ssr", "Sum of squared residuals", "残差平方和"),
    ("dof_residual", "Residual degrees of freedom", "残差自由度"),
    ("df_t", "Degrees of freedom of t", "t分布自由度"),
    ("aic", "AIC", "AIC"),
    ("bic", "BIC", "BIC"),
    ("pseudo_r2", "Pseudo R²", "伪R²"),
    ("deviance", "Deviance", "偏差"),
    ("loglik_null", "Log likelihood, null", "零模型对数似然值"),
    ("iterations", "Iterations", "迭代次数"),
    ("p_of", "{}, p-value", "{}的p值"),
    ("df_of", "{}, degrees of freedom", "{}的自由度"),
    ("regime:low", "low", "低门槛区间"),
    ("regime:middle", "middle", "中间区间"),
    ("regime:high", "high", "高门槛区间"),
    ("threshold", "Threshold", "门槛值"),
    // Instruments.
    ("panel", "Panel {}", "面板{}"),
    ("first_stage", "First stage", "第一阶段回归"),
    ("instrument_tests", "Instruments: strength and tests", "工具变量：强度与检验"),
    ("strength", "Strength", "强度"),
    ("robust_inference", "Effect of the endogenous variables", "内生变量的影响"),
    ("validity", "Overidentification", "过度识别"),
    ("exogeneity", "Endogeneity", "内生性"),
    ("estimator", "Estimator", "估计量"),
    ("statistic", "Statistic", "统计量"),
    ("df", "df", "自由度"),
    (
        "instrument_note",
        "Cragg–Donald, Stock–Yogo, Sargan, Durbin and Wu–Hausman suppose iid errors; the others follow the covariance of the estimates. Anderson–Rubin holds however weak the instruments are.",
        "Cragg–Donald、Stock–Yogo、Sargan、Durbin与Wu–Hausman假定误差独立同分布；其余沿用估计的协方差。无论工具变量多弱，Anderson–Rubin均有效。",
    ),
    // Panels of a stochastic frontier.
    ("coefficients", "Frontier", "前沿函数"),
    ("determinants", "Determinants of inefficiency", "无效率影响因素"),
    ("u_variance", "Variance of u", "u的方差"),
    ("v_variance", "Variance of v", "v的方差"),
    ("zero_probability", "Log odds of no inefficiency", "无效率为零的对数几率"),
    ("separating", "Log odds of the classes", "类别的对数几率"),
    ("selection", "Selection", "样本选择"),
    // Mediation.
    ("mediation", "Mediation", "中介效应"),
    ("a", "a: treatment → mediator", "a：核心变量→中介变量"),
    ("b", "b: mediator → outcome", "b：中介变量→被解释变量"),
    ("total", "c: total effect", "c：总效应"),
    ("direct", "c′: direct effect", "c′：直接效应"),
    ("indirect", "ab: indirect effect", "ab：间接效应"),
    ("share", "Share mediated (ab / c)", "中介效应占比 (ab / c)"),
    ("indirect_effect", "Indirect effect", "间接效应"),
    ("bootstrap_interval", "95% interval, bootstrap", "95%自助法置信区间"),
    (
        "indirect_note",
        "ab: Sobel's standard error; the p-value of z in brackets.",
        "ab：Sobel标准误；z值下方括号内为p值。",
    ),
    ("sobel_z", "Sobel z", "Sobel z值"),
    ("aroian_z", "Aroian z", "Aroian z值"),
    ("goodman_z", "Goodman z", "Goodman z值"),
    // Moderation and split.
    ("slopes", "Marginal effect at values of the moderator", "不同调节变量水平下的边际效应"),
    ("at", "At", "取值点"),
    ("mean-sd", "Mean − 1 s.d.", "均值−1标准差"),
    ("mean", "Mean", "均值"),
    ("mean+sd", "Mean + 1 s.d.", "均值+1标准差"),
    ("moderator", "Moderator", "调节变量"),
    ("split", "Subsamples", "分样本回归"),
    ("chow_p_value", "Chow p", "Chow检验p值"),
    (
        "between_note",
        "z and p-value: scores of both groups stacked (suest). Chow: one regression, everything interacted with the group. Permutation: units reassigned to the groups.",
        "z与p值：两组得分叠加（suest）。Chow：全部变量与组别交互的单一回归。置换：在组间重新分配个体。",
    ),
    (
        "difference_note",
        "Differences: first group less second, in the column of the first; errors from stacked scores (suest).",
        "组间差异：第一组减第二组，列于第一组之下；标准误由两组得分叠加（suest）。",
    ),
    (
        "difference_permuted_note",
        "Differences: first group less second, in the column of the first; errors from stacked scores (suest), permutation p-values in brackets.",
        "组间差异：第一组减第二组，列于第一组之下；标准误由两组得分叠加（suest），方括号内为置换检验p值。",
    ),
    ("between_groups", "Differences between groups", "组间差异检验"),
    // Sensitivity to what is not in a regression, and to what is.
    ("oster", "Selection on unobservables (Oster)", "不可观测变量选择（Oster）"),
    ("oster_short", "Short regression", "短回归"),
    ("oster_long", "Long regression", "长回归"),
    ("beta_star", "Adjusted effect β*, δ = {}", "调整后效应β*，δ = {}"),
    ("beta_approximate", "  its approximation", "  近似值"),
    ("oster_delta", "δ at which the effect is {}", "使效应为{}的δ"),
    (
        "oster_note",
        "R² is of the variance off the fixed effects; beside β* and δ stands R² max.",
        "R²按剔除固定效应后的方差计算；β*与δ一行为R² max。",
    ),
    ("robustness", "Robustness to an omitted variable", "对遗漏变量的稳健性"),
    ("classical", "Classical errors", "经典标准误"),
    ("of_estimate", "Errors of the estimate", "所用标准误"),
    ("rv_q", "Robustness value, {} of the estimate", "稳健值（估计值的{}）"),
    ("rv_qa", "Robustness value, significance at {}", "稳健值（{}显著性）"),
    ("extreme_scenario", "R² with treatment, all of the outcome explained", "解释全部结果变量时与处理变量的R²"),
    (
        "robustness_note",
        "Robustness value: partial R² with both treatment and outcome that an omitted variable needs (Cinelli and Hazlett 2020).",
        "稳健值：遗漏变量与处理变量及结果变量所需的偏R²（Cinelli和Hazlett 2020）。",
    ),
    ("benchmarks", "If an omitted variable were as strong as a control", "若遗漏变量与控制变量同样强"),
    ("r2dz_short", "R² treatment", "与处理变量R²"),
    ("r2yz_short", "R² outcome", "与结果变量R²"),
    ("t", "t", "t值"),
    (
        "benchmark_note",
        "Bounds for an omitted variable so many times as strong as the control; estimate, classical standard error and t adjusted for it.",
        "遗漏变量强度为控制变量若干倍时的界；估计值、经典标准误与t值均已调整。",
    ),
    ("ranges", "Estimates without one value at a time", "逐一剔除后的估计值"),
    ("left_out", "Left out", "剔除对象"),
    ("control", "Control", "控制变量"),
    ("values", "Values", "取值数"),
    ("most_influential", "Most influential", "影响最大者"),
    ("without_it", "Without it", "剔除后估计值"),
    ("sign_changes", "Sign changes", "变号"),
    ("loses", "p ≥ 0.05", "不再显著"),
    ("contour", "Estimate adjusted for an omitted variable", "按遗漏变量调整的估计值"),
    ("r2dz_x", "Partial R² of the omitted variable with the treatment", "遗漏变量与处理变量的偏R²"),
    ("r2yz_dx", "Partial R² of the omitted variable with the outcome", "遗漏变量与结果变量的偏R²"),
    ("unadjusted", "unadjusted", "未调整"),
    ("explained_away", "Long dashes: the estimate is {}.", "长虚线：估计值为{}。"),
    ("insignificant_at", "Short dashes: no longer significant at {}.", "短虚线：在{}水平上不再显著。"),
    ("robustness_said", "Robustness value {}.", "稳健值{}。"),
    // Difference in differences.
    ("event_time", "Event time {}", "相对时间{}"),
    ("event_axis", "Periods since treatment", "距政策实施的期数"),
    ("reference", "Reference period {}.", "基期：{}。"),
    ("event_study", "Event study", "事件研究"),
    ("tests", "Tests", "检验"),
    ("pre_trend", "Joint test of pre-trends", "平行趋势联合检验"),
    ("hausman", "Hausman", "Hausman检验"),
    ("breusch_pagan", "Breusch–Pagan", "Breusch–Pagan检验"),
    ("hausman_robust", "Hausman, robust", "稳健Hausman检验"),
    ("honda", "Honda", "Honda检验"),
    ("poolability", "Poolability", "可混合性检验"),
    ("poolability_two_way", "Poolability, two ways", "双向可混合性检验"),
    ("poolability_slopes", "Poolability of slopes", "斜率可混合性检验"),
    ("wald", "Wald", "Wald检验"),
    ("wald_time", "Wald, time dummies", "时间虚拟变量Wald检验"),
    ("hansen:level", "equation in levels", "水平方程"),
    ("hansen:standard", "standard instruments", "标准工具变量"),
    // Description.
    ("describe", "Descriptive statistics", "描述性统计"),
    ("difference_of_means", "Difference of means", "均值差异"),
    (
        "welch_note",
        "Difference of means: standard error in parentheses, variances not supposed equal (Welch).",
        "均值差异：括号内为标准误，不假定方差相等（Welch）。",
    ),
    ("n", "N", "样本量"),
    ("sd", "S.d.", "标准差"),
    ("min", "Min.", "最小值"),
    ("p25", "p25", "p25"),
    ("median", "Median", "中位数"),
    ("p75", "p75", "p75"),
    ("max", "Max.", "最大值"),
    ("correlation", "Correlations", "相关系数矩阵"),
    ("pearson", "Pearson correlations.", "Pearson相关系数。"),
    ("spearman", "Spearman rank correlations.", "Spearman秩相关系数。"),
    ("pairwise", "Pairs of complete observations, N from {} to {}.", "成对删除缺失值，样本量{}至{}。"),
    ("listwise", "Rows complete in all variables, N = {}.", "仅用无缺失的行，样本量{}。"),
    ("weights", "Weights", "权重"),
    ("weight", "Weight", "权重"),
    ("entropy", "Entropy", "信息熵"),
    ("divergence", "Divergence", "差异系数"),
    ("level", "Level", "层级"),
    ("global", "In the index", "总权重"),
    ("low", "Lower", "下限"),
    ("high", "Upper", "上限"),
    ("indicator", "Indicator", "指标"),
    ("year", "Year", "年份"),
    // Notes.
    ("note_se", "Standard errors in parentheses", "括号内为标准误"),
    ("note_t", "t statistics in parentheses", "括号内为t值"),
    ("note_p", "p-values in parentheses", "括号内为p值"),
    ("note_ci", "95% confidence intervals in brackets", "方括号内为95%置信区间"),
    ("note_vcov", "covariance {}", "协方差 {}"),
    ("note_errors", "standard errors {}", "{}"),
    ("note_se_of", "Standard errors in parentheses, {}", "括号内为{}"),
    ("note_made_of", "; standard errors {}", "，依{}计算"),
    ("errors_iid", "not robust to heteroskedasticity (iid)", "普通标准误（同方差）"),
    ("errors_hc", "robust to heteroskedasticity ({})", "异方差稳健标准误（{}）"),
    ("errors_cluster", "clustered by {}", "聚类到{}层面的稳健标准误"),
    ("errors_cr2", "clustered by {} (CR2)", "聚类到{}层面的稳健标准误（CR2）"),
    ("errors_crv3", "clustered by {} (jackknife, CRV3)", "聚类到{}层面的稳健标准误（刀切法CRV3）"),
    ("errors_nw", "of Newey and West", "Newey–West标准误"),
    ("errors_nw_lags", "of Newey and West with {} lags", "Newey–West标准误（滞后{}期）"),
    ("errors_dk", "of Driscoll and Kraay", "Driscoll–Kraay标准误"),
    ("errors_dk_lags", "of Driscoll and Kraay with {} lags", "Driscoll–Kraay标准误（滞后{}期）"),
    ("errors_conley", "of Conley within {} km", "Conley空间相关稳健标准误（{}公里以内）"),
    ("errors_windmeijer", "robust, with Windmeijer's correction", "经Windmeijer修正的稳健标准误"),
    ("errors_unit", "robust, clustered by unit", "聚类到个体层面的稳健标准误"),
    ("errors_hessian", "from the Hessian of the log-likelihood", "由对数似然的Hessian矩阵得到的标准误"),
    ("errors_opg", "from the outer product of the gradients", "由梯度外积得到的标准误"),
    ("errors_bootstrap", "by bootstrap of {}", "自助法标准误（{}）"),
    ("errors_other", "by {}", "标准误（{}）"),
    ("and", " and ", "和"),
    ("note_tests", "Tests: p-values in brackets.", "检验：方括号内为p值。"),
    ("rows_lost", "Rows lost: {}", "删去的行：{}"),
    ("missing", "missing values", "缺失值"),
    ("singletons", "singletons", "单观测组"),
    ("excluded_by_where", "outside the filter", "不满足筛选条件"),
    ("missing_in", "missing in {}", "{}缺失"),
    ("zero_weight", "with zero weight", "零权重"),
    ("dropped", "Not estimated", "未估计"),
    (
        "normal_p",
        "Tests and intervals that the method does not state are from the normal distribution.",
        "方法未给出的检验与区间依正态分布计算。",
    ),
    ("bootstrap", "ab: bootstrap", "ab：自助法"),
    ("bootstrapped", "Bootstrap of clusters, replications: {}.", "按聚类自助抽样，重复次数：{}。"),
    ("bootstrap_failed", "Replications without a number: {}.", "未得到估计值的次数：{}。"),
    // Figures.
    ("specification_curve", "Specification curve", "设定曲线"),
    (
        "specification_said",
        "{} specifications, median estimate {}; {} above zero, {} with p < 0.05 (filled).",
        "共{}个设定，估计值中位数{}；其中{}个大于零，{}个p值小于0.05（实心）。",
    ),
    ("told_apart", "Neighbors whose intervals do not overlap: {}.", "相邻且区间不重叠的单元对：{}。"),
    ("outcome", "Outcome", "被解释变量"),
    ("method", "Method", "方法"),
    ("covariance", "Covariance", "协方差"),
    ("effects", "Fixed effects", "固定效应"),
    ("none", "none", "无"),
    ("sup_t", "Thin bars: 95% bands for all periods at once (sup-t).", "细线：同时覆盖各期的95%置信带（sup-t）。"),
    ("actual", "Actual estimate", "实际估计值"),
    ("draws", "Draws", "次数"),
    ("effect_of", "Marginal effect", "边际效应"),
    ("coefplot", "Coefficients with 95% intervals", "系数与95%置信区间"),
    ("placebo", "Placebo estimates", "安慰剂检验估计值"),
    ("frontier", "Frontier", "生产前沿"),
    ("efficient_units", "Efficient: {} of {}.", "有效单元{}个，共{}个。"),
    ("unnamed", "Efficient units without room for their name: {}.", "因空间不足未标注名称的有效单元：{}个。"),
    ("scatter", "Scatter", "散点图"),
    ("points", "Points: {}.", "共{}个点。"),
    ("line_of", "Line of least squares: slope {}.", "最小二乘拟合线：斜率{}。"),
    ("correlation_of", "Correlation {}.", "相关系数{}。"),
    ("unnamed_points", "Points without room for their name: {}.", "因空间不足未标注名称的点：{}个。"),
    ("density", "Density", "核密度"),
    ("bandwidth", "Bandwidth", "带宽"),
    ("composed_error", "Residuals and their fitted density", "残差及其拟合密度"),
    ("residual", "Residual", "残差"),
    ("residuals", "Residuals", "残差"),
    ("fitted_density", "Fitted density", "拟合密度"),
    ("histogram_density", "Density", "密度"),
    ("apart", "Share on which residuals and fitted density disagree", "残差与拟合密度不一致的份额"),
    (
        "density_note",
        "Gaussian kernel, bandwidth by Silverman's rule: 0.9 min(s.d., IQR/1.34) n^(−1/5). The mark is the median.",
        "高斯核，带宽依Silverman准则：0.9 min(标准差, 四分位距/1.34) n^(−1/5)。竖线为中位数。",
    ),
    ("reflected", "Reflected at {}: no value can lie beyond.", "在{}处反射：取值不会越界。"),
    ("smaller_parts", "{} others", "其他{}项"),
    ("mean_within", "mean within pillars {}", "维度内平均{}"),
    ("mean_between", "mean between pillars {}", "维度间平均{}"),
    ("not_on_map", "Units that are not on the map: {}.", "地图上没有的单元：{}。"),
    ("no_value", "no value", "无数据"),
    ("without_value", "{} without a value", "{}个无数据"),
    ("paths_cut", "Paths that end at a gap: {}.", "因缺失而中断的路径：{}条。"),
    // Page.
    ("formula", "Formula", "公式"),
    ("rows", "Rows", "行数"),
    ("lineage", "Where it comes from", "数据来源"),
    ("full_value", "Full precision", "完整精度"),
    ("search", "Search in the table", "在表中搜索"),
    ("copy", "Copy as", "复制为"),
    ("copied", "Copied", "已复制"),
    ("errors_under", "Standard errors", "标准误口径"),
    ("as_estimated", "as estimated", "按估计设定"),
    ("close", "Close", "关闭"),
    ("go_there", "Go to the step", "转到该步骤"),
    ("number_hint", "Select a number to see where it comes from.", "选中数字可查看其来源。"),
    ("skip", "Skip to content", "跳到正文"),
    ("contents", "Contents", "目录"),
    ("sort_hint", "Sort by {}", "按{}排序"),
    ("figure", "Figure {}.", "图{}"),
    ("table", "Table {}.", "表{}"),
    ("results", "Results", "结果"),
    ("notes_on_data", "Notes on the data", "数据说明"),
    ("methods", "Methods", "方法"),
    ("provenance", "Provenance", "来源"),
    // Likelihood-ratio tests.
    ("lr_test", "Likelihood-ratio tests", "似然比检验"),
    ("restricted_in", "Restricted in full model", "受约束模型与完整模型"),
    ("loglik_restricted", "Log lik., restricted", "受约束对数似然"),
    ("loglik_full", "Log lik., full", "完整对数似然"),
    ("lr_statistic", "LR", "LR统计量"),
    ("p_most", "p at most", "p上界"),
    (
        "lr_border_note",
        "{} of the restrictions put a parameter on the border of its range: mixed chi-square distribution (Kodde and Palm 1986).",
        "其中{}个约束位于参数边界：采用混合卡方分布（Kodde和Palm 1986）。",
    ),
    // Agreement of measures.
    ("agreement", "Agreement of measures", "测度一致性"),
    ("measures", "Measures", "测度"),
    ("spearman_rho", "Spearman’s ρ", "Spearman ρ"),
    ("kendall_tau", "Kendall’s τ", "Kendall τ"),
    ("same_sign", "Equal signs", "同号比例"),
    (
        "agreement_zero",
        "Equal signs: share of rows on the same side of zero.",
        "同号比例：两测度位于零同侧的观测比例。",
    ),
    (
        "agreement_median",
        "Equal signs: share of rows on the same side of the medians.",
        "同号比例：两测度位于各自中位数同侧的观测比例。",
    ),
    // Comparison with a simulated world.
    ("quantity", "Quantity", "量"),
    ("truth", "True value", "真值"),
    ("distance", "(Estimate − truth) / std. error", "（估计值−真值）/标准误"),
    (
        "truth_note",
        "True values of the simulated world, as its truth file states them.",
        "真值取自模拟世界的真值文件。",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_stands_once_and_both_languages_take_the_same_fillings() {
        let mut seen = std::collections::HashSet::new();
        for (key, en, zh) in WORDS {
            assert!(seen.insert(key), "{key} stands twice");
            assert_eq!(en.matches("{}").count(), zh.matches("{}").count(), "{key}");
        }
        assert_eq!(Lang::Zh.say("nobs"), "观测值");
        assert_eq!(Lang::Zh.say("a_new_statistic"), "a_new_statistic");
        assert_eq!((Lang::Zh.method("threshold"), Lang::Zh.method("did")), ("门槛回归", "双重差分"));
        assert_eq!(Lang::En.sentence("No stop"), "No stop.");
    }
}
