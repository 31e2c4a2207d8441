"""Reference numbers of metafrontiers over even and odd rice farms.

    PLIM_SHARED=... python3 golden/sfa_metafrontier.py        (NumPy 2.4.6, SciPy 1.17.1)

Independent of the Rust code: half-normal maxima by BFGS and a root of the gradient; the linear program by HiGHS; the
quadratic one by SLSQP, its active set solved again; the stochastic metafrontier as a half-normal frontier again.
"""

import csv
import os

import numpy as np
from scipy.optimize import linprog, minimize, root
from scipy.stats import norm

SHARED = os.environ.get("PLIM_SHARED", os.path.join(os.path.dirname(__file__), "../../shared"))
with open(os.path.join(SHARED, "golden/frontier/riceProdPhil.csv")) as f:
    rows = list(csv.DictReader(f))
ln = lambda name: np.log([float(r[name]) for r in rows])
y = ln("PROD")
X = np.column_stack([np.ones(len(rows)), ln("AREA"), ln("LABOR"), ln("NPK")])
group = np.array([int(r["FMERCODE"]) % 2 for r in rows])


def half_normal(y, X):
    """Coefficients, sigma2, gamma, log-likelihood, efficiencies."""
    k = X.shape[1]

    def parts(p):
        v, u = np.exp(p[k]), np.exp(p[k + 1])
        e = y - X @ p[:k]
        return v, u, v + u, e, -e * np.sqrt(u / v / (v + u))

    def loss(p):
        v, u, s2, e, z = parts(p)
        return -np.sum(np.log(2) - 0.5 * np.log(2 * np.pi * s2) - e * e / 2 / s2 + norm.logcdf(z))

    def gradient(p):
        v, u, s2, e, z = parts(p)
        m = np.exp(norm.logpdf(z) - norm.logcdf(z))
        de = -e / s2 - m * np.sqrt(u / v / s2)
        ds2 = -0.5 / s2 + e * e / 2 / s2**2
        dv = ds2 * v + m * z * (-0.5 - 0.5 * v / s2)
        du = ds2 * u + m * z * (0.5 - 0.5 * u / s2)
        return -np.concatenate([X.T @ -de, [dv.sum(), du.sum()]])

    b = np.linalg.lstsq(X, y, rcond=None)[0]
    s = np.var(y - X @ b)
    tops = []
    for gamma in (0.3, 0.6, 0.9):
        start = np.concatenate([b, [np.log(s * (1 - gamma)), np.log(1.5 * s * gamma)]])
        start[0] += 0.3 * np.sqrt(s)
        near = minimize(loss, start, jac=gradient, method="BFGS", options=dict(gtol=1e-8, maxiter=5000))
        tops.append(root(gradient, near.x, tol=1e-14).x)
    p = min(tops, key=loss)
    v, u, s2, e, _ = parts(p)
    mu, sd = -e * u / s2, np.sqrt(u * v / s2)
    efficiency = np.exp(-mu + sd**2 / 2) * norm.cdf(mu / sd - sd) / norm.cdf(mu / sd)
    return p[:k], s2, u / s2, -loss(p), efficiency


fits = [half_normal(y[group == j], X[group == j]) for j in (0, 1)]
own, g = np.zeros(len(y)), np.zeros(len(y))
for j, fit in enumerate(fits):
    own[group == j], g[group == j] = fit[4], X[group == j] @ fit[0]
total, pooled = fits[0][3] + fits[1][3], half_normal(y, X)[3]
print("ll of the groups %.14g, of one frontier %.14g, LR %.14g" % (total, pooled, 2 * (total - pooled)))


def show(what, beta, ratio):
    print(what, ", ".join("%.10g" % b for b in beta))
    print("   ratios", ratio[:3], "means", [ratio[group == j].mean() for j in (0, 1)], ratio.mean())
    print("   mean efficiency %.14g" % (own * ratio).mean())


exact = dict(primal_feasibility_tolerance=1e-10, dual_feasibility_tolerance=1e-10)
linear = linprog(X.sum(0), A_ub=-X, b_ub=-g, bounds=[(None, None)] * 4, method="highs-ds", options=exact).x
show("linear, objective %.10g:" % (X @ linear - g).sum(), linear, np.exp(g - X @ linear))

near = minimize(
    lambda b: ((X @ b - g) ** 2).sum(),
    linear,
    jac=lambda b: 2 * X.T @ (X @ b - g),
    constraints=[dict(type="ineq", fun=lambda b: X @ b - g, jac=lambda b: X)],
    method="SLSQP",
    options=dict(ftol=1e-16, maxiter=1000),
).x
active = np.where(np.abs(X @ near - g) < 1e-6)[0]
C = X[active]
K = np.block([[2 * X.T @ X, -C.T], [C, np.zeros((len(active), len(active)))]])
solved = np.linalg.solve(K, np.concatenate([2 * X.T @ g, g[active]]))
quadratic, multipliers = solved[:4], solved[4:]
assert (multipliers > 0).all() and (X @ quadratic - g).min() > -1e-12
show("quadratic, objective %.10g:" % ((X @ quadratic - g) ** 2).sum(), quadratic, np.exp(g - X @ quadratic))

beta, s2, gamma, ll, ratio = half_normal(g, X)
show("stochastic, sigma2 %.16g, gamma %.16g, ll %.14g:" % (s2, gamma, ll), beta, ratio)
