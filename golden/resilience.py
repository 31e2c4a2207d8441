"""Reference numbers of cycles, life tables, hazard models and rank correlations.

    python3 golden/resilience.py        (statsmodels 0.15.0, scipy 1.17.1, numpy 2.4.6, mpmath 1.4.1)

Independent of the Rust code. Hodrick-Prescott and Hamilton cycles of a made-up path: by statsmodels' hpfilter and OLS.
Life table: statsmodels' SurvfuncRight. Complementary log-log: Newton's method in 40 digits on the definition of the
likelihood, checked against statsmodels' GLM. Kendall's tau: scipy.
"""

import numpy as np
import scipy.stats
import statsmodels.api as sm
from mpmath import exp, expm1, log, matrix, lu_solve, inverse, mp, mpf, sqrt, nstr, diff

mp.dps = 40

x = [100 + 7 * i + (37 * i * i) % 41 for i in range(20)]
y = np.log(x)
for lam in (6.25, 1600.0):
    cycle, _ = sm.tsa.filters.hpfilter(y, lam)
    print("hp", lam, [f"{c:.12f}" for c in cycle[[0, 1, 10, 19]]])
for h, p in ((2, 1), (2, 3)):
    first = h + p - 1
    X = np.column_stack([np.ones(20 - first)] + [y[first - h - l:20 - h - l] for l in range(p)])
    print("hamilton", h, p, [f"{c:.12f}" for c in sm.OLS(y[first:], X).fit().resid[[0, 5, -1]]])

time = [1, 1, 2, 2, 3, 3, 4, 5, 5, 5]
event = [1, 1, 1, 0, 1, 1, 0, 1, 0, 0]
life = sm.SurvfuncRight(time, event)
print("life", life.surv_times, [f"{s:.12f}" for s in life.surv_prob], [f"{s:.12f}" for s in life.surv_prob_se])

# 60 years at risk of 12 relations: y by a rule, one regressor, durations 1 to 5.
rows = [((7 * i * i + 3 * d) % 5 == 0, mpf((5 * i + 2 * d) % 7) / 7, d) for i in range(12) for d in range(1, 6)]
Y = [int(r[0]) for r in rows]
X = [[r[1]] + [1 if r[2] == d else 0 for d in range(1, 6)] for r in rows]


def loglik(beta):
    total = mpf(0)
    for yi, xi in zip(Y, X):
        mu = exp(sum(b * v for b, v in zip(beta, xi)))
        total += log(-expm1(-mu)) if yi else -mu
    return total


k = 6
beta = [mpf(0)] + [mpf(-1)] * 5
for _ in range(40):
    g, H = matrix(k, 1), matrix(k, k)
    for yi, xi in zip(Y, X):
        mu = exp(sum(b * v for b, v in zip(beta, xi)))
        q = mu / expm1(mu)
        s, w = (q, q * (q + mu - 1)) if yi else (-mu, mu)
        for a in range(k):
            g[a] += s * xi[a]
            for b in range(k):
                H[a, b] += w * xi[a] * xi[b]
    step = lu_solve(H, g)
    beta = [b + step[j] for j, b in enumerate(beta)]
V = inverse(H)
print("events", sum(Y), "cloglog", [nstr(b, 14) for b in beta])
print("se", [nstr(sqrt(V[j, j]), 14) for j in range(k)], "loglik", nstr(loglik(beta), 14))
link = sm.families.links.CLogLog()
fit = sm.GLM(Y, np.array(X, dtype=float), sm.families.Binomial(link)).fit(tol=1e-12, maxiter=200)
print("statsmodels", fit.params, fit.llf, "expected information", fit.bse)

a = [(i * 37) % 23 for i in range(97)]
b = [(i * i * 5 + i) % 19 - 9 for i in range(97)]
print("kendall", f"{scipy.stats.kendalltau(a, b).statistic:.12f}", "spearman", f"{scipy.stats.spearmanr(a, b).statistic:.12f}")
