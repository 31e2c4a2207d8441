//! The phrases of notes, English and Chinese.

/// English with `{}` for what differs, Chinese with `{1}`, `{2}`, …; those of more words come before those of fewer.
pub(crate) const PHRASES: &[(&str, &str)] = &[
    // Least squares and its covariance.
    ("{} dropped: absorbed by the fixed effects", "{1}未估计：被固定效应吸收"),
    ("{} dropped: absorbed by {}", "{1}未估计：被{2}吸收"),
    ("{} dropped: a linear combination of earlier regressors", "{1}未估计：与其前的解释变量完全共线"),
    (
        "instrument {} dropped: a linear combination of the effects, the exogenous regressors and earlier instruments",
        "工具变量{1}未使用：可由固定效应、外生变量及其前的工具变量线性表示",
    ),
    ("{} dropped: a linear combination of {}", "{1}未估计：可由{2}线性表示"),
    ("{} dropped: zero in every observation", "{1}未估计：所有观测均为零"),
    (
        "the regressors are nearly collinear (condition number {} once scaled): their coefficients hang on the last digits of the data",
        "解释变量近于共线（标准化后条件数{1}）：系数取决于数据的末位数字",
    ),
    (
        "the {} covariance was indefinite; its negative eigenvalues are set to zero",
        "{1}协方差矩阵非正定，其负特征值已置为零",
    ),
    ("multiway", "多维聚类"),
    ("spatial", "空间"),
    (
        "{} clusters of {} are few (below {}): clustered standard errors tend to be too small",
        "{2}仅有{1}个聚类（少于{3}）：聚类标准误往往偏小",
    ),
    (
        "{} periods are few (below {}): Driscoll-Kraay standard errors tend to be too small",
        "仅有{1}期（少于{2}）：Driscoll–Kraay标准误往往偏小",
    ),
    (
        "the closest periods are {} apart, and lags count units of the time column: {} lags reach {}",
        "相邻两期最小间隔为{1}，滞后按时间列的单位计：{2}期滞后只到{3}",
    ),
    ("no simultaneous bands: {}", "未给出同时置信带：{1}"),
    // Instruments.
    (
        "weak instruments: the effective F of {} is below {}, so that a bias of more than 10 % of the worst case cannot be ruled out at 5 %; read the Anderson-Rubin set instead of the t statistic",
        "弱工具变量：有效F值{1}低于{2}，在5%水平上不能排除超过最坏情形10%的偏误；应看Anderson–Rubin置信集而非t值",
    ),
    (
        "weak instruments: the Kleibergen-Paap F of {} is below 10; read the Anderson-Rubin test instead of the Wald test",
        "弱工具变量：Kleibergen–Paap F值{1}低于10；应看Anderson–Rubin检验而非Wald检验",
    ),
    (
        "the Kleibergen-Paap F of {} is {} {}, the Stock-Yogo value for a size of at most 10 % ({})",
        "Kleibergen–Paap F值{1}{2}Stock–Yogo 10%临界值{3}（{4}）",
    ),
    ("above", "高于"),
    ("below", "低于"),
    ("valid for iid errors only", "仅在误差独立同分布时成立"),
    ("derived for iid errors, so no more than a rough guide under {}", "该值依误差独立同分布推出，在{1}下仅供参考"),
    (
        "Wald and Anderson-Rubin disagree at 5 % (p = {} and {}); the latter is valid however weak the instruments are: {}",
        "Wald与Anderson–Rubin检验在5%水平上结论不一（p = {1}与{2}）；无论工具变量多弱，后者均有效：{3}",
    ),
    (
        "the effect is not established, or the instruments disagree with each other",
        "效应未得到证实，或工具变量彼此矛盾",
    ),
    ("the effect is not established", "效应未得到证实"),
    (
        "the Wald test has little power here, or the instruments are not all exogenous",
        "Wald检验在此势较低，或工具变量并非全部外生",
    ),
    ("the Wald test has little power here", "Wald检验在此势较低"),
    (
        "endogeneity is not tested: the instruments span an endogenous variable",
        "未检验内生性：工具变量可线性表示某个内生变量",
    ),
    (
        "Hansen's J is not defined: the covariance of the {} moments under {} is singular, as it is with no more clusters than moments",
        "Hansen J无定义：{2}下{1}个矩条件的协方差奇异，因为聚类数不多于矩条件数",
    ),
    (
        "Hansen's J is not defined: the covariance of the {} moments under {} is singular",
        "Hansen J无定义：{2}下{1}个矩条件的协方差奇异",
    ),
    (
        "first-stage F, Kleibergen-Paap or Anderson-Rubin statistics are not defined under {}: the covariance of the {} instruments is singular, as it is with no more clusters than instruments",
        "第一阶段F、Kleibergen–Paap或Anderson–Rubin统计量在{1}下无定义：{2}个工具变量的协方差奇异，因为聚类数不多于工具变量数",
    ),
    // Dynamic panels.
    (
        "{} of the {} instruments repeat others: a generalized inverse is used for the first-step weights",
        "{2}个工具变量中有{1}个重复：第一步权重使用广义逆",
    ),
    (
        "{} instruments for {} units: Hansen's test is weak and the estimates are drawn towards least squares; collapse, or use fewer lags",
        "{2}个个体使用{1}个工具变量：Hansen检验势低，估计值偏向最小二乘；请设置collapse或减少滞后阶数",
    ),
    (
        "the second-step weights have rank {} for {} independent instruments: a generalized inverse is used, and the result depends on it",
        "{2}个独立工具变量的第二步权重秩为{1}：使用广义逆，结果依赖于此",
    ),
    (
        "two-step standard errors without Windmeijer's correction are far too small",
        "未经Windmeijer修正的两步标准误严重偏小",
    ),
    (
        "`hansen_j` has the second-step weights at the one-step estimates, as R's plm prints it, and rejects too often; `hansen_j_two_step` is the minimum that Stata's xtabond2 prints",
        "`hansen_j`为一步估计值处的第二步权重（同R的plm），易过度拒绝；`hansen_j_two_step`为最小值（同Stata的xtabond2）",
    ),
    // Mediation, moderation, splits.
    ("total effect significant (read as mediation)", "总效应显著（按中介效应解读）"),
    ("total effect not significant (read as suppression)", "总效应不显著（按遮掩效应解读）"),
    ("total effect {}, effect on the mediator {} at 5 %", "在5%水平上总效应{1}，对中介变量的效应{2}"),
    ("indirect effect significant (a and b significant)", "间接效应显著（a与b均显著）"),
    ("indirect effect significant (by the bootstrap)", "间接效应显著（自助法）"),
    ("indirect effect not significant by the bootstrap", "间接效应不显著（自助法）"),
    ("partial mediation, share {}", "部分中介，占比{1}"),
    ("direct effect not significant: only the indirect effect is seen", "直接效应不显著：仅见间接效应（完全中介）"),
    ("suppression, |indirect/direct| {}", "遮掩效应，|间接效应/直接效应|为{1}"),
    (
        "a {} and b {}: undecided, set `replications` for the bootstrap of the indirect effect",
        "a{1}，b{2}：尚不能判断，请设置`replications`对间接效应做自助法检验",
    ),
    ("significant", "显著"),
    ("not significant", "不显著"),
    (
        "b and the direct effect hold only if {} is exogenous given {} and the controls; a common cause of {} and {} biases both",
        "仅当给定{2}与控制变量时{1}外生，b与直接效应才成立；{3}与{4}若有共同原因，两者均有偏",
    ),
    (
        "two steps: the effect of {} on {} rests on theory; `steps = \"three\"` estimates it",
        "两步法：{1}对{2}的作用依据理论；`steps = \"three\"`可予以估计",
    ),
    (
        "the bootstrap failed in more than 5 % of its draws; no interval is given there",
        "超过5%的自助抽样失败，此处不给出区间",
    ),
    ("the bootstrap failed in more than 5 % of its draws; no interval is given", "超过5%的自助抽样失败，不给出区间"),
    ("{} centered at {}, {} at {}, their sample means", "{1}以样本均值{2}中心化，{3}以样本均值{4}中心化"),
    ("differences are tested between two groups; {} has {}", "组间差异仅在两组之间检验；{1}有{2}组"),
    (
        "no permutation: levels of {} lie in both groups; split by a value that a unit keeps",
        "未做置换检验：{1}的某些个体同时属于两组；请按个体不变的取值分组",
    ),
    // Difference in differences.
    (
        "{} cohorts: the two-way estimate also compares with units already treated, with weights that may be negative (Goodman-Bacon 2021)",
        "共{1}个处理批次：双向固定效应估计也以已处理个体为对照，权重可能为负（Goodman-Bacon 2021）",
    ),
    (
        "{} cohorts: estimates of an event time may contain effects of others (Sun and Abraham 2021)",
        "共{1}个处理批次：某一相对时间的估计可能混入其他时间的效应（Sun和Abraham 2021）",
    ),
    (
        "no unit is never treated: the effects of the last periods rest on functional form",
        "没有从未处理的个体：最后几期的效应依赖函数形式",
    ),
    (
        "{} units are first treated after the last period: never treated here",
        "{1}个个体在样本期之后才处理：此处视为从未处理",
    ),
    (
        "{} units are treated from the first period on: they have no period before",
        "{1}个个体自第一期起即已处理：没有处理前时期",
    ),
    ("no lead but the reference: no test of the pre-trend", "除基期外没有处理前时期：不检验平行趋势"),
    (
        "no joint test of the {} leads: their covariance is singular (too few clusters)",
        "未做{1}个前期系数的联合检验：其协方差奇异（聚类过少）",
    ),
    (
        "the placebo is for the average effect; leave out `event_study` for it",
        "安慰剂检验针对平均效应；请去掉`event_study`",
    ),
    // Thresholds, sensitivity.
    ("the panel is not balanced: sigma2 divides by observations less units", "面板非平衡：σ²的分母为观测数减个体数"),
    (
        "the confidence set of the threshold {} has gaps; the bounds given are its ends",
        "门槛值{1}的置信集不连续；给出的是其两端",
    ),
    (
        "the confidence set of the threshold {} reaches an end of the search; it may be wider",
        "门槛值{1}的置信集到达搜索范围的边界，可能更宽",
    ),
    (
        "no selection on unobservables, however strong, makes the effect {}",
        "无论不可观测变量的选择多强，都不会使效应为{1}",
    ),
    (
        "no effect with delta {} keeps the sign of selection on the controls",
        "δ为{1}时没有效应能保持对控制变量选择的方向",
    ),
    ("R2 is of the variance {}; R2 max = {}", "R²按{1}的方差计算；R² max = {2}"),
    ("within the fixed effects", "剔除固定效应后"),
    ("about the mean", "对均值"),
    (
        "an omitted variable {} times as strong as {} would explain all of the treatment",
        "强度为{2}的{1}倍的遗漏变量将解释处理变量的全部变异",
    ),
    (
        "partial R2, robustness values and benchmarks are of classical (iid) standard errors, for which the formulas are exact; `covariance` has what follows for that of the table",
        "偏R²、稳健值与基准按经典（iid）标准误计算，公式对其精确成立；表中协方差下的结果见`covariance`",
    ),
    (
        "{} of {} values of {} leave no estimate when left out (see `reason`)",
        "{3}的{2}个取值中有{1}个剔除后无法估计（见`reason`）",
    ),
    // Panel tests.
    (
        "the covariance of the Hausman contrast is not positive definite, so that `hausman` need not be chi-square; read `hausman_robust`",
        "Hausman对比的协方差非正定，`hausman`不一定服从卡方分布；请看`hausman_robust`",
    ),
    (
        "the covariance of the Hausman contrast is singular or makes the statistic negative, so that `hausman` is not given; read `hausman_robust`",
        "Hausman对比的协方差奇异或使统计量为负，不给出`hausman`；请看`hausman_robust`",
    ),
    (
        "`hausman_robust` is not given: its restrictions do not have a regular covariance, as with fewer clusters than restrictions",
        "未给出`hausman_robust`：约束的协方差奇异（如聚类数少于约束数）",
    ),
    (
        "`poolability_slopes` is not given: in some unit the regressors vary too little for a regression of its own",
        "未给出`poolability_slopes`：某些个体内解释变量变动太小，无法单独回归",
    ),
    // Models of limited outcomes.
    (
        "{} separated (regressors or effects predict the outcome perfectly, so that no finite maximum has them) and dropped: {}",
        "{1}被完全分离（解释变量或固定效应完全预测结果，没有有限的极大值），已剔除：{2}",
    ),
    ("{} observations are", "{1}个观测"),
    ("{} observation is", "{1}个观测"),
    ("{} levels of {} removed: their outcomes are {}", "{2}的{1}个取值被剔除：其被解释变量{3}"),
    (
        "the fixed effects of a binary outcome are incidental parameters: estimates are biased away from zero by the order of one over the observations of a level; see `bias_correction`",
        "二元结果的固定效应为伴随参数：估计值偏离零，偏误为每个取值观测数的倒数阶；见`bias_correction`",
    ),
    ("corrected for the incidental parameters of the effects (analytically)", "已对固定效应的伴随参数问题作解析修正"),
    ("truncated at 0 from below, as neither `lower` nor `upper` is given", "未给出`lower`与`upper`，在0处左截断"),
    ("censored at 0 from below, as neither `lower` nor `upper` is given", "未给出`lower`与`upper`，在0处左归并"),
    ("no observation is censored: the estimates are those of least squares", "没有归并的观测：估计值即最小二乘估计"),
    (
        "tau = {}: the solution is not unique; another vertex has the same objective",
        "τ = {1}：解不唯一，另一顶点的目标值相同",
    ),
    // Stochastic frontiers and data envelopment.
    (
        "of {} climbs from different starts {} ended on the highest maximum, {} on a lower one, {} on none",
        "自不同起点的{1}次攀升中，{2}次到达最高的极大值，{3}次到达较低者，{4}次未收敛",
    ),
    ("{} rows lie so far from the frontier that their efficiency is no number", "{1}行距前沿过远，效率无数值"),
    ("{} of {} units ({} %) are efficient", "{2}个单元中有{1}个有效（{3}%）"),
    (
        "{} of {} units were refused (see `reason`); units whose data are outside the method do not span the frontier",
        "{2}个单元中有{1}个被拒绝（见`reason`）；数据不适用的单元不参与构成前沿",
    ),
    (
        "{} of {} units cannot be reached by the others: no super-efficiency exists for them",
        "{2}个单元中有{1}个其他单元无法达到：没有超效率值",
    ),
    (
        "{} units for {} inputs and {} outputs: with fewer than {} many units look efficient for want of peers",
        "{2}项投入、{3}项产出仅有{1}个单元：少于{4}个时许多单元因缺少参照而显得有效",
    ),
    (
        "{} rows have no period just before and no index; gaps are not bridged",
        "{1}行没有前一期，因而没有指数；缺口不跨越",
    ),
    (
        "{} indices, or parts of them, are infeasible against the frontier of another period; `technology = \"global\"` reaches all",
        "{1}个指数或其分解相对另一期前沿不可行；`technology = \"global\"`均可行",
    ),
    (
        "{} indices, or parts of them, are infeasible against the frontier of another period",
        "{1}个指数或其分解相对另一期前沿不可行",
    ),
    ("{} indices are refused: see their reasons", "{1}个指数被拒绝：见其原因"),
    ("the Luenberger indicator is a difference: above 0 is growth", "Luenberger指标为差值：大于0为增长"),
    (
        "the multipliers are one optimal choice: efficient units usually have many",
        "乘子为一组最优解：有效单元通常有多组",
    ),
    (
        "{} of {} units have a scale elasticity without upper bound: the frontier has no smaller inputs in their proportions",
        "{2}个单元中有{1}个的规模弹性没有上界：前沿上没有同比例的更小投入",
    ),
    ("{} rows miss an input or output and have no score", "{1}行缺少投入或产出，没有得分"),
    ("{} rows miss an input or output or {} and have no score", "{1}行缺少投入、产出或{2}，没有得分"),
    // Indices.
    (
        "{} of {} rows lack an indicator: they have no score and enter no weight",
        "{2}行中有{1}行缺少某项指标：没有得分，也不参与赋权",
    ),
    ("{} has no spread: weight 0", "{1}没有变异：权重为0"),
    ("{} has no spread in some year: weight 0 there", "{1}在某些年份没有变异：该年权重为0"),
    ("imputed values: {}", "插补的取值：{1}"),
    ("treated for outliers, values changed: {}", "异常值处理，改动的取值：{1}"),
    (
        "the first component has loadings of both signs: it is a contrast, not a level",
        "第一主成分的载荷有正有负：它是对比而非水平",
    ),
    ("the correlations are singular: no KMO, no test of Bartlett", "相关矩阵奇异：没有KMO与Bartlett检验"),
    // Trade.
    ("no unit is left out for small exports (`min_exports = 0`)", "没有个体因出口过小而被剔除（`min_exports = 0`）"),
    (
        "units that export less than {} in a year are left out (`min_exports`)",
        "剔除某年出口不足{1}的个体（`min_exports`）",
    ),
    ("second eigenvalue {}, gap to the third {}", "第二特征值{1}，与第三特征值之差{2}"),
    ("{} records repeat a cell and were added to it", "{1}条记录与已有单元格重复，已并入"),
    ("universe of {} products: all that occur in the data", "产品全集为数据中出现的{1}种产品"),
    ("universe of {} products: as `universe` says", "产品全集为`universe`指定的{1}种产品"),
    (
        "{} rows are the first of their unit and have nothing to compare with",
        "{1}行是其个体的第一期，没有可比较的上一期",
    ),
    (
        "{} rows follow a gap: no comparison, because the year before is not in the data",
        "{1}行之前有缺口：数据中没有上一年，无法比较",
    ),
    ("{} members are not among the markets of the data: {}", "{1}个成员不在数据的市场之中：{2}"),
    ("{} rows export nothing: their shares are missing, not zero", "{1}行没有出口：其份额为缺失而非零"),
    ("{} rows export nothing: their variety is missing, not zero", "{1}行没有出口：其多样化为缺失而非零"),
    (
        "{} % of the variance of the measure come from {}; see `variance_share`",
        "测度方差的{1}%来自{2}；见`variance_share`",
    ),
    (
        "national growth {} is {} %, below 2 % in absolute value: the ratio divides by it and is very large; see `variance_share`, or set `form = \"difference\"`",
        "全国增长率（{1}）为{2}%，绝对值低于2%：比值以其为分母，因而极大；见`variance_share`，或设置`form = \"difference\"`",
    ),
    ("{} rows have no share of the group: nothing exported", "{1}行没有对该组的份额：没有出口"),
    ("{} rows have no risk: nothing exported, or no risk known", "{1}行没有风险：没有出口，或风险未知"),
    (
        "{} rows have no tariff: nothing exported (in the base years), or no tariff known",
        "{1}行没有关税：（基年）没有出口，或关税未知",
    ),
    (
        "{} rows have no shock: nothing exported (in the base years), or no shock known",
        "{1}行没有冲击：（基年）没有出口，或冲击未知",
    ),
    (
        "{} rows have no portfolio variance: a market without a variance, or no exports",
        "{1}行没有组合方差：某市场没有方差，或没有出口",
    ),
    ("{} rows have no income: they enter no PRODY", "{1}行没有收入：不参与PRODY"),
    ("{} rows have no EXPY: nothing exported, or no product with a PRODY", "{1}行没有EXPY：没有出口，或产品均无PRODY"),
    ("{} units have no ECI: none of their products has a PCI", "{1}个个体没有ECI：其产品均无PCI"),
    ("{} units have no interval: they had no rank in too many replications", "{1}个个体没有区间：过多次重复中没有名次"),
    (
        "the graph has {} parts; {} units outside the largest have no index",
        "图分为{1}个部分；最大部分之外的{2}个个体没有指数",
    ),
    ("{} rows are the first of their unit and have no change", "{1}行是其个体的第一期，没有变化量"),
    (
        "{} rows have zero exports and no logarithm: a series ends there and begins anew after",
        "{1}行出口为零，没有对数：序列在此中断，其后重新开始",
    ),
    ("{} rows have growth without any variance: 1/volatility is missing", "{1}行的增长没有方差：1/波动率为缺失"),
    (
        "shares of the same year, which answer to tariffs and shocks: `base_years` holds them fixed",
        "份额取自当年，会随关税与冲击而变：`base_years`可将其固定",
    ),
    // Data.
    ("{}: read as {}, since it is not UTF-8", "{1}：非UTF-8编码，按{2}读取"),
    ("{} of {} values winsorized at the {} and {} quantiles", "{2}个取值中有{1}个在{3}与{4}分位处缩尾"),
    ("{} of {} values interpolated over gaps of at most {}", "{2}个取值中有{1}个插值补全（缺口不超过{3}）"),
    ("{} rows became {}, {} of them divided", "{1}行变为{2}行，其中{3}行被拆分"),
    ("{} of {} records", "{2}条记录中的{1}条"),
    ("{} rows", "{1}行"),
    ("`{}` and `{}`", "`{1}`和`{2}`"),
];
