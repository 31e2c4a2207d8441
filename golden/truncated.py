"""Reference numbers of the truncated normal and of the truncated regression, in 17 digits.

    python3 golden/truncated.py        (mpmath 1.3.0)

Independent of the Rust code: moments by quadrature of the density, the likelihood in (beta, sigma) itself, its score
and Hessian by differentiation of the definition in 60 digits, Newton's method from least squares on the rows inside.
"""

from mpmath import diff, erfc, exp, inf, inverse, log, lu_solve, matrix, mp, mpf, pi, quad, sqrt

from tobit import panel

mp.dps = 60


def mass(a, b):
    if a is None:
        return erfc(-b / sqrt(2)) / 2
    if b is None:
        return erfc(a / sqrt(2)) / 2
    return (erfc(a / sqrt(2)) - erfc(b / sqrt(2))) / 2


def moments(a, b):
    """ln mass, then mean, variance, cov(w, w^2) and var(w^2)."""
    low, high = mpf(a), min(mpf(b), max(mpf(a), 0) + 40)
    low = max(low, min(high, 0) - 40)
    cuts = [low + (high - low) * j / 40 for j in range(41)]
    base = max(low, min(high, 0))
    f = lambda w: exp(-(w * w - base * base) / 2)
    J = [quad(lambda w: w**k * f(w), cuts) for k in range(5)]
    m = [j / J[0] for j in J]
    ln = log(J[0]) - base * base / 2 - log(2 * pi) / 2
    return [ln, m[1], m[2] - m[1] ** 2, m[3] - m[1] * m[2], m[4] - m[2] ** 2]


def term(y, eta, sigma, lower, upper):
    u = (y - eta) / sigma
    a = None if lower is None else (lower - eta) / sigma
    b = None if upper is None else (upper - eta) / sigma
    return -log(sigma) - u * u / 2 - log(2 * pi) / 2 - log(mass(a, b))


def fit(name, X, y, lower, upper, shown):
    keep = [i for i in range(len(y)) if (lower is None or y[i] > lower) and (upper is None or y[i] < upper)]
    X, y = [X[i] for i in keep], [y[i] for i in keep]
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

    value, g, H = derivatives(theta)
    for _ in range(100):
        step, length = lu_solve(H, g), mpf(1)
        # Steepest ascent where the Hessian would lead downward.
        if sum(s * d for s, d in zip(step, g)) > 0:
            step = -g / n
        while True:
            trial = [t - length * s for t, s in zip(theta, step)]
            if trial[p] > 0:
                new = derivatives(trial)
                if new[0] >= value - mpf(10) ** -40:
                    break
            length /= 2
        theta, (value, g, H) = trial, new
        if max(abs(s) for s in step) < mpf(10) ** -30:
            break
    else:
        raise SystemExit("not converged")
    V = inverse(-H)
    keep = shown + [p]
    print(name, "used", n)
    for what, values in [("beta, sigma", [theta[j] for j in keep]), ("se", [sqrt(V[j, j]) for j in keep]), ("loglik", [value])]:
        print(" ", what, [mp.nstr(v, 17) for v in values])


if __name__ == "__main__":
    for a, b in [(-inf, inf), (-3, inf), (0, inf), (3.9, inf), (4.1, inf), (12, inf), (300, inf), (-inf, 2), (-inf, -7),
                 (-1, 2), (1, 2.5), (5, 6.5), (9, 30), (0.5, 1.25), (-0.25, 0.5), (-6, -5.5), (0.25, 0.2578125),
                 (50, 50.03125), (-0.5, 20)]:
        print(f"({a}, {b}, {[mp.nstr(v, 17) for v in moments(a, b)]}),".replace("'", ""))
    data = panel()
    y = [row[2] for row in data]
    plain = [[mpf(1), x, w] for _, _, _, x, w in data]
    years = [[mpf(1), x, w] + [mpf(t == s) for s in range(2, 7)] for _, t, _, x, w in data]
    fit("lower 2.75", plain, y, mpf("2.75"), None, [0, 1, 2])
    fit("upper 4.25", plain, y, None, mpf("4.25"), [0, 1, 2])
    fit("lower 2 upper 5", plain, y, mpf(2), mpf(5), [0, 1, 2])
    fit("lower 2.75, effects of t", years, y, mpf("2.75"), None, [1, 2])
