"""Reference numbers of the censored regression on the panel of 48 rows, in 40 digits.

    python3 golden/tobit.py        (mpmath 1.3.0)

Independent of the Rust code: the likelihood in (beta, sigma) itself, its score and Hessian by differentiation of
the definition in 60 digits, Newton's method from least squares. Printed: coefficients, sigma, log-likelihood, and
standard errors from the inverse of minus the Hessian in (beta, sigma).
"""

from mpmath import diff, erfc, log, matrix, mp, mpf, pi, sqrt, lu_solve, inverse

mp.dps = 60


def panel():
    rows = []
    for i in range(1, 9):
        for t in range(1, 7):
            z = mpf((5 * i + 2 * t + i * t * t) % 11) / 10
            v = mpf((3 * i * i + 7 * t + i * t) % 17) / 20
            w = mpf((7 * i + 5 * t + 3 * i * t) % 13) / 10
            e = mpf((11 * i + 4 * t + 2 * i * t * t) % 19) / 20
            x = z + v
            m = mpf(4) / 10 * x + mpf(2) / 10 * w + mpf((2 * i * i + 3 * t + 5 * i * t) % 7) / 20
            y = 1 + x / 2 + mpf(6) / 10 * m - mpf(3) / 10 * w + mpf(i) / 10 + mpf(2 * t) / 10 + v / 2 + e
            rows.append((i, t, y, x, w))
    return rows


def ln_phi_cdf(a):
    return log(erfc(-a / sqrt(2)) / 2)


def term(y, eta, sigma, lower, upper):
    if lower is not None and y <= lower:
        return ln_phi_cdf((lower - eta) / sigma)
    if upper is not None and y >= upper:
        return ln_phi_cdf((eta - upper) / sigma)
    u = (y - eta) / sigma
    return -log(sigma) - u * u / 2 - log(2 * pi) / 2


def fit(name, X, y, lower, upper, shown):
    n, p = len(y), len(X[0])
    A = matrix(X)
    b = lu_solve(A.T * A, A.T * matrix(y))
    r = [y[i] - sum(X[i][j] * b[j] for j in range(p)) for i in range(n)]
    theta = list(b) + [sqrt(sum(u * u for u in r) / n)]

    def derivatives(theta):
        g, H, value = matrix(p + 1, 1), matrix(p + 1, p + 1), mpf(0)
        for i in range(n):
            eta, s = sum(X[i][j] * theta[j] for j in range(p)), theta[p]
            f = lambda a, c: term(y[i], a, c, lower, upper)
            value += f(eta, s)
            d = {k: diff(f, (eta, s), k) for k in [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]}
            for a in range(p):
                g[a] += d[(1, 0)] * X[i][a]
                H[a, p] += d[(1, 1)] * X[i][a]
                for c in range(p):
                    H[a, c] += d[(2, 0)] * X[i][a] * X[i][c]
            g[p] += d[(0, 1)]
            H[p, p] += d[(0, 2)]
        for a in range(p):
            H[p, a] = H[a, p]
        return value, g, H

    for _ in range(60):
        value, g, H = derivatives(theta)
        step = lu_solve(H, g)
        while theta[p] - step[p] <= 0:
            step = step / 2
        theta = [t - s for t, s in zip(theta, step)]
        if max(abs(s) for s in step) < mpf(10) ** -30:
            break
    else:
        raise SystemExit("not converged")
    value, g, H = derivatives(theta)
    V = inverse(-H)
    keep = shown + [p]
    counts = [sum(lower is not None and v <= lower for v in y), sum(upper is not None and v >= upper for v in y)]
    print(name, "censored", counts)
    for what, values in [("beta, sigma", [theta[j] for j in keep]), ("se", [sqrt(V[j, j]) for j in keep]), ("loglik", [value])]:
        print(" ", what, [mp.nstr(v, 17) for v in values])


if __name__ == "__main__":
    data = panel()
    y = [row[2] for row in data]
    plain = [[mpf(1), x, w] for _, _, _, x, w in data]
    years = [[mpf(1), x, w] + [mpf(t == s) for s in range(2, 7)] for _, t, _, x, w in data]
    fit("lower 3", plain, y, mpf(3), None, [0, 1, 2])
    fit("lower 2.75 upper 4.25", plain, y, mpf("2.75"), mpf("4.25"), [0, 1, 2])
    fit("upper 3.5", plain, y, None, mpf("3.5"), [0, 1, 2])
    fit("lower 3, effects of t", years, y, mpf(3), None, [1, 2])
