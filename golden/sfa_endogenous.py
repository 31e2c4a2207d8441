"""Reference numbers of frontiers with endogenous regressors on the rice farms (prices as instruments).

    PLIM_SHARED=... python3 golden/sfa_endogenous.py        (NumPy 2.4.6, SciPy 1.17.1)

Independent of the Rust code: the likelihood in the Cholesky factor of the whole covariance of (epsilon, v), BFGS with
derivatives by differences, Newton's method with Richardson-extrapolated differences to gradients of 2e-9; standard
errors from a Hessian by differences, extrapolated from steps of 4e-3, 2e-3, 1e-3; limited-information maximum
likelihood by maximizing the model without inefficiency.
"""

import csv
import os

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

SHARED = os.environ.get("PLIM_SHARED", os.path.join(os.path.dirname(__file__), "../../shared"))
with open(os.path.join(SHARED, "golden/frontier/riceProdPhil.csv")) as f:
    rows = list(csv.DictReader(f))
ln = lambda name: np.log([float(r[name]) for r in rows])
y, n = ln("PROD"), len(rows)
REGRESSORS = ("AREA", "LABOR", "NPK")


def standardized(X):
    mean, sd = X.mean(0), X.std(0)
    mean[0], sd[0] = 0, 1
    return (X - mean) / sd, mean, sd


def normal(E, omega):
    form = np.einsum("ij,jk,ik->i", E, np.linalg.inv(omega), E)
    return -0.5 * (len(omega) * np.log(2 * np.pi) + np.linalg.slogdet(omega)[1] + form)


def show(what, *values):
    print("  ", what, ", ".join("%.10g" % x for x in np.concatenate([np.ravel(v) for v in values])))


def fit(endogenous, instruments, exponential=False):
    X, meanX, sdX = standardized(np.column_stack([np.ones(n)] + [ln(k) for k in REGRESSORS]))
    inside = [ln(k) for k in REGRESSORS if k not in endogenous]
    raw = np.column_stack([np.ones(n)] + inside + [ln(k) for k in instruments])
    Z, meanZ, sdZ = standardized(raw)
    x = np.column_stack([ln(k) for k in endogenous])
    p, l = len(endogenous), Z.shape[1]
    triangle = np.tril_indices(p + 1)

    def split(t):
        C = np.zeros((p + 1, p + 1))
        C[triangle] = t[4 + p * l : 4 + p * l + len(triangle[0])]
        C[np.diag_indices(p + 1)] = np.exp(np.diag(C))
        return t[:4], t[4 : 4 + p * l].reshape(p, l), C @ C.T, np.exp(t[-1])

    def composed(t):
        """ln f of w - u, and moments of u given it."""
        b, d, sigma, u = split(t)
        omega, s = sigma[:p, :p], sigma[:p, p]
        E = x - Z @ d.T
        slope = np.linalg.solve(omega, s)
        w2 = sigma[p, p] - s @ slope
        w, e = np.sqrt(w2), y - X @ b - E @ slope
        if exponential:
            ln_f = -np.log(u) + e / u + w2 / 2 / u**2 + norm.logcdf(-e / w - w / u)
            return ln_f + normal(E, omega), -e - w2 / u, w
        s2 = w2 + u**2
        ln_f = np.log(2) + norm.logpdf(e, 0, np.sqrt(s2)) + norm.logcdf(-e * u / w / np.sqrt(s2))
        return ln_f + normal(E, omega), -e * u**2 / s2, w * u / np.sqrt(s2)

    ll = lambda t: composed(t)[0].sum()

    def limited(t):
        b, d, sigma, _ = split(np.append(t, 0))
        return normal(np.column_stack([x - Z @ d.T, y - X @ b]), sigma).sum()

    def climb(f, t):
        for _ in range(3):
            t = minimize(lambda t: -f(t), t, method="BFGS", jac="3-point", options=dict(gtol=1e-7, maxiter=3000)).x
        return t

    d = np.linalg.lstsq(Z, x, rcond=None)[0].T
    E = x - Z @ d.T
    b = np.linalg.lstsq(np.column_stack([X, E]), y, rcond=None)[0][:4]
    C = np.linalg.cholesky(np.cov(np.column_stack([E, y - X @ b]).T))
    C[np.diag_indices(p + 1)] = np.log(np.diag(C))
    start = np.concatenate([b, d.ravel(), C[triangle]])
    t = np.append(start, np.log(0.4))
    t[0] += 0.3
    t = climb(ll, t)
    unit = np.eye(len(t))

    def hessian(h):
        at = lambda a, b: ll(t + h * (a + b)) - ll(t + h * (a - b)) - ll(t - h * (a - b)) + ll(t - h * (a + b))
        return np.array([[at(a, b) / (4 * h * h) for b in unit] for a in unit])

    for _ in range(4):
        central = lambda h: np.array([(ll(t + h * a) - ll(t - h * a)) / (2 * h) for a in unit])
        gradient = (4 * central(1e-4) - central(2e-4)) / 3
        t = t - np.linalg.solve(hessian(1e-3), gradient)
    H = (64 * hessian(1e-3) - 20 * hessian(2e-3) + hessian(4e-3)) / 45

    b, d, sigma, u = split(t)
    omega, s = sigma[:p, :p], sigma[:p, p]
    eta = np.linalg.solve(np.linalg.cholesky(omega), s)
    w2 = sigma[p, p] - eta @ eta
    beta, delta = b / sdX, d / sdZ
    beta[0] -= beta[1:] @ meanX[1:]
    delta[:, 0] -= delta[:, 1:] @ meanZ[1:]
    _, mu, sd = composed(t)
    efficiency = np.exp(-mu + sd**2 / 2) * norm.cdf(mu / sd - sd) / norm.cdf(mu / sd)
    print(endogenous, "exponential" if exponential else "half-normal")
    print("   ll %.12g, gradient %.1e, ll of limited information %.12g" % (ll(t), abs(gradient).max(), limited(climb(limited, start))))
    show("beta", beta)
    show("sigma2, gamma", w2 + u**2, u**2 / (w2 + u**2))
    show("eta", eta)
    show("delta", delta)
    show("omega", omega[np.tril_indices(p)])
    show("sigma_v", np.sqrt(sigma[p, p]))
    show("standard errors of the slopes", (np.sqrt(np.diag(np.linalg.inv(-H)))[:4] / sdX)[1:])
    show("efficiencies, mean", efficiency[:3], efficiency.mean())
    if p == 1:
        ssr = lambda Z: np.sum((x[:, 0] - Z @ np.linalg.lstsq(Z, x[:, 0], rcond=None)[0]) ** 2)
        print("   F", (ssr(raw[:, : l - len(instruments)]) / ssr(raw) - 1) * (n - l) / len(instruments))


fit(["NPK"], ["NPKP", "AREAP"])
fit(["NPK"], ["NPKP", "AREAP"], exponential=True)
fit(["LABOR", "NPK"], ["NPKP", "AREAP", "LABORP"])
