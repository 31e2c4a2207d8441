"""Reference numbers of frontiers without a distribution on the rice farms (43 farms, 8 years; and with gaps).

    PLIM_SHARED=... python3 golden/sfa_relative.py        (NumPy 2.4.6, SciPy 1.17.1)

Independent of the Rust code: fixed effects and quadratics by dense least squares with all dummies, random effects by
the likelihood with the whole covariance of each farm, the path of Lee and Schmidt by `least_squares` over slopes, path
and effects together, from six random starts. Its covariance is s2 H^-1 G H^-1 with H by differences of the
concentrated sum of squares and G by projection. Printed with 12 digits.
"""

import csv
import os

import numpy as np
from scipy.optimize import least_squares, minimize_scalar

SHARED = os.environ.get("PLIM_SHARED", os.path.join(os.path.dirname(__file__), "../../shared"))


def load(gaps):
    with open(os.path.join(SHARED, "golden/frontier/riceProdPhil.csv")) as f:
        rows = list(csv.DictReader(f))
    kept = [r for r in rows if not (gaps and (int(r["FMERCODE"]) + int(r["YEARDUM"])) % 7 == 0)]
    ln = lambda name: np.log([float(r[name]) for r in kept])
    X = np.column_stack([ln("AREA"), ln("LABOR"), ln("NPK")])
    return ln("PROD"), X, np.array([int(r["FMERCODE"]) for r in kept]), np.array([float(r["YEARDUM"]) for r in kept])


def show(what, *values):
    print(what)
    for v in values:
        print("   ", ", ".join("%.12g" % x for x in np.atleast_1d(v)))


def polynomials(y, X, unit, time, degree):
    n, units = len(y), np.unique(unit)
    D = np.zeros((n, len(units) * (degree + 1)))
    for a, u in enumerate(units):
        for power in range(degree + 1):
            D[unit == u, a * (degree + 1) + power] = ((time[unit == u] - 4.5) / 3.5) ** power
    Z = np.column_stack([X, D])
    b = np.linalg.lstsq(Z, y, rcond=None)[0]
    e = y - Z @ b
    s2 = e @ e / (n - Z.shape[1])
    V = s2 * np.linalg.inv(Z.T @ Z)
    alpha = D @ b[3:]
    among = lambda t: alpha if degree == 0 else alpha[time == t]
    best = np.array([among(t).max() for t in time])
    least = np.array([among(t).min() for t in time])
    show(
        f"degree {degree}: slopes, standard errors, sigma_v, efficiencies, mean, mean as cost, intercept",
        b[:3],
        np.sqrt(np.diag(V))[:3],
        np.sqrt(s2),
        np.exp(alpha - best)[:4],
        np.exp(alpha - best).mean(),
        np.exp(least - alpha).mean(),
        alpha.max(),
    )


def random_effects(y, X, unit):
    n, units = len(y), np.unique(unit)
    Z = np.column_stack([np.ones(n), X])

    def at(ln_ratio):
        A, c, yy, ln_det = np.zeros((4, 4)), np.zeros(4), 0.0, 0.0
        for u in units:
            m = unit == u
            omega = np.eye(m.sum()) + np.exp(ln_ratio) * np.ones((m.sum(), m.sum()))
            W = np.linalg.inv(omega)
            A += Z[m].T @ W @ Z[m]
            c += Z[m].T @ W @ y[m]
            yy += y[m] @ W @ y[m]
            ln_det += np.linalg.slogdet(omega)[1]
        b = np.linalg.solve(A, c)
        s2 = (yy - b @ c) / n
        return -n / 2 * np.log(s2) - ln_det / 2, b, s2, A

    top = minimize_scalar(lambda x: -at(x)[0], bounds=(-6, 4), method="bounded", options=dict(xatol=1e-11))
    _, b, s2, A = at(top.x)
    r = y - X @ b[1:]
    alpha = np.array([r[unit == u].mean() for u in unit])
    show(
        "random effects: coefficients, standard errors, sigma_v, sigma_w, efficiencies, mean",
        b,
        np.sqrt(np.diag(s2 * np.linalg.inv(A))),
        np.sqrt(s2),
        np.sqrt(s2 * np.exp(top.x)),
        np.exp(alpha - alpha.max())[:2],
        np.exp(alpha - alpha.max()).mean(),
    )


def lee_schmidt(y, X, unit, time):
    n, k = X.shape
    at_unit, at_time = np.unique(unit, return_inverse=True)[1], np.unique(time, return_inverse=True)[1]
    N, T = at_unit.max() + 1, at_time.max() + 1

    def split(p):
        return p[:k], np.concatenate([[1], p[k : k + T - 1]]), p[k + T - 1 :]

    def residuals(p):
        b, path, alpha = split(p)
        return y - X @ b - path[at_time] * alpha[at_unit]

    def jacobian(p):
        _, path, alpha = split(p)
        J = np.zeros((n, len(p)))
        J[:, :k] = -X
        for i in range(n):
            if at_time[i] > 0:
                J[i, k + at_time[i] - 1] = -alpha[at_unit[i]]
            J[i, k + T - 1 + at_unit[i]] = -path[at_time[i]]
        return J

    pooled = np.linalg.lstsq(np.column_stack([np.ones(n), X]), y, rcond=None)[0][1:]
    fits = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        slopes = pooled + 0.05 * rng.normal(size=3)
        path = np.linspace(1, 1 + 0.5 * rng.normal(), T)[1:]
        start = np.concatenate([slopes, path, rng.normal(1, 0.3, N)])
        exact = dict(xtol=1e-15, ftol=1e-15, gtol=1e-15, method="lm", max_nfev=20000)
        fits.append(least_squares(residuals, start, jac=jacobian, **exact))
    p = min(fits, key=lambda f: f.cost).x
    for _ in range(200):
        p = p - np.linalg.lstsq(jacobian(p), residuals(p), rcond=None)[0]
    ssr = residuals(p) @ residuals(p)
    s2 = ssr / (n - N - k - T + 1)

    def concentrated(theta):
        path, r, total = np.concatenate([[1], theta[k:]]), y - X @ theta[:k], 0.0
        for u in range(N):
            l, ru = path[at_time[at_unit == u]], r[at_unit == u]
            total += ru @ ru - (l @ ru) ** 2 / (l @ l)
        return total / 2

    theta, P, h = p[: k + T - 1], k + T - 1, 1e-4
    step = np.eye(P) * h
    f = concentrated
    second = lambda a, b: (f(theta + a + b) - f(theta + a - b) - f(theta - a + b) + f(theta - a - b)) / (4 * h * h)
    H = np.array([[second(a, b) for b in step] for a in step])
    J = jacobian(p)
    own = J[:, P:]
    G = J[:, :P].T @ (np.eye(n) - own @ np.linalg.pinv(own)) @ J[:, :P]
    V = s2 * np.linalg.inv(H) @ G @ np.linalg.inv(H)
    _, path, alpha = split(p)
    u = np.array([max(path[at_time[i]] * alpha) - path[at_time[i]] * alpha[at_unit[i]] for i in range(n)])
    show(
        f"Lee and Schmidt: costs {sorted(2 * f.cost for f in fits)}; slopes, path, standard errors, sigma_v, efficiencies",
        p[:k],
        path,
        np.sqrt(np.diag(V)),
        np.sqrt(s2),
        np.exp(-u)[:4],
        np.exp(-u).mean(),
    )


for gaps in (False, True):
    y, X, unit, time = load(gaps)
    print("gaps" if gaps else "all rows", len(y))
    polynomials(y, X, unit, time, 0)
    polynomials(y, X, unit, time, 2)
    random_effects(y, X, unit)
    lee_schmidt(y, X, unit, time)
