"""Reference numbers for convergence, inequality by groups, Markov chains and Moran's I.

    python3 golden/moves.py     (numpy, scipy, libpysal 4.14.1, esda 2.8.2, giddy 2.3.8, inequality 1.1.2)

Independent of the Rust code: PySAL where it has the method, else the definition by brute force over all pairs.
"""

import warnings

warnings.filterwarnings("ignore")
import numpy as np
from scipy import stats

N, T = 20, 6


def y(i, t):
    return 1 + ((7 * i + 3 * t + i * t * t) % 23) / 10 + i / 20


Y = np.array([[y(i, t) for t in range(1, T + 1)] for i in range(1, N + 1)])
group = np.array([i % 3 for i in range(1, N + 1)])
place = [(20 + (13 * i) % 29, 100 + (17 * i) % 31) for i in range(1, N + 1)]


def show(name, x):
    print(name, " ".join(f"{v:.12f}" for v in np.ravel(x)))


def sigma():
    for t in (0, T - 1):
        x = Y[:, t]
        d = np.abs(x[:, None] - x[None, :]).mean()
        theil = np.mean(x / x.mean() * np.log(x / x.mean()))
        show(f"sigma {t}", [np.log(x).std(ddof=1), x.mean(), x.std(ddof=1), stats.variation(x, ddof=1), d / 2 / x.mean(), theil])
    sd = np.log(Y).std(axis=0, ddof=1)
    r = stats.linregress(np.arange(1, T + 1), sd)
    show("trend", [r.slope, r.slope / r.stderr, r.pvalue])
    a, b = np.log(Y[:, 0]), np.log(Y[:, -1])
    # Pitman and Morgan: equal variances are no correlation of sum and difference.
    r, p = stats.pearsonr(a + b, a - b)
    show("pitman_morgan", [a.var(ddof=1) / b.var(ddof=1), r * np.sqrt((N - 2) / (1 - r * r)), p])


def dagum(w=None):
    x = Y[:, 2]
    w = np.ones(N) if w is None else w
    w = w / w.sum()
    mu = (w * x).sum()
    D = np.abs(x[:, None] - x[None, :])
    total = (w[:, None] * w[None, :] * D).sum() / 2 / mu
    within = between = trans = 0.0
    for j in range(3):
        for h in range(j + 1):
            a, b = group == j, group == h
            pj, ph = w[a].sum(), w[b].sum()
            mj, mh = (w[a] * x[a]).sum() / pj, (w[b] * x[b]).sum() / ph
            sj, sh = pj * mj / mu, ph * mh / mu
            ww = w[a][:, None] * w[b][None, :] / pj / ph
            d = x[a][:, None] - x[b][None, :]
            delta = (ww * np.abs(d)).sum()
            G = delta / (mj + mh)
            if j == h:
                within += G * pj * sj
                continue
            s = 1 if mj >= mh else -1
            gross, moment = (ww * np.maximum(s * d, 0)).sum(), (ww * np.maximum(-s * d, 0)).sum()
            A = (gross - moment) / (gross + moment)
            between += G * (pj * sh + ph * sj) * A
            trans += G * (pj * sh + ph * sj) * (1 - A)
    show("dagum", [total, within, between, trans, within + between + trans - total])


def theil():
    from inequality.theil import TheilD

    x = Y[:, 2]
    t = TheilD(x.reshape(-1, 1), group)
    show("theil_t", [t.T[0], t.wg[0], t.bg[0]])
    mu = x.mean()
    L = np.mean(np.log(mu / x))
    B = sum((group == g).mean() * np.log(mu / x[group == g].mean()) for g in range(3))
    show("theil_l", [L, L - B, B])


def weights(k):
    import libpysal

    R = 6376.0

    def km(a, b):
        p, q = np.radians(a), np.radians(b)
        h = np.sin((p[0] - q[0]) / 2) ** 2 + np.cos(p[0]) * np.cos(q[0]) * np.sin((p[1] - q[1]) / 2) ** 2
        return 2 * R * np.arcsin(np.sqrt(h))

    D = np.array([[km(a, b) for b in place] for a in place])
    near = {i: [int(j) for j in np.argsort(D[i] + (np.arange(N) == i) * 1e9, kind="stable")[:k]] for i in range(N)}
    w = libpysal.weights.W(near)
    inverse = libpysal.weights.W(
        {i: [j for j in range(N) if j != i] for i in range(N)},
        {i: [1 / D[i, j] for j in range(N) if j != i] for i in range(N)},
    )
    near = np.where((D > 0) & (D <= 1500), 1 / np.where(D > 0, D, 1), 0)
    return w, inverse, near


def moran():
    from esda.moran import Moran, Moran_Local

    w, inverse, near = weights(4)
    for name, w, transform in (("knn", w, "r"), ("inverse", inverse, "o")):
        m = Moran(Y[:, 2], w, transformation=transform, permutations=0)
        show("moran_" + name, [m.I, m.EI, np.sqrt(m.VI_norm), m.p_norm, np.sqrt(m.VI_rand), m.p_rand])
    # A unit without neighbors, by the definition.
    z = Y[:, 2] - Y[:, 2].mean()
    show("moran_island", [N / near.sum() * (z @ near @ z) / (z @ z), (near.sum(axis=1) == 0).sum()])
    w, _, _ = weights(4)
    w.transform = "r"
    local = Moran_Local(Y[:, 2], w, permutations=0)
    # PySAL divides by Sum z^2 / (n - 1), Anselin by Sum z^2 / n.
    show("local", np.asarray(local.Is) * N / (N - 1))
    print("quadrants", list(local.q))


def markov():
    from giddy.markov import Markov, Spatial_Markov

    cuts = [1.9, 2.4, 3.0]
    classes = np.searchsorted(cuts, Y, side="left")
    m = Markov(classes)
    print("counts", m.transitions.astype(int).tolist())
    show("p", m.p)
    show("steady", m.steady_state)
    lam = np.sort(np.abs(np.linalg.eigvals(m.p)))[::-1]
    show("mobility", [(4 - np.trace(m.p)) / 3, -np.log(2) / np.log(lam[1])])
    w, _, _ = weights(4)
    w.transform = "r"
    s = Spatial_Markov(Y, w, discrete=False, fixed=True, k=4, m=4, cutoffs=cuts, lag_cutoffs=cuts)
    print("spatial", s.T.astype(int).tolist())
    show("tests", [s.LR, s.Q, s.dof_hom, stats.chi2.sf(s.LR, s.dof_hom), stats.chi2.sf(s.Q, s.dof_hom)])


def beta():
    g, x = (np.log(Y[:, -1]) - np.log(Y[:, 0])) / 5, np.log(Y[:, 0])
    r = stats.linregress(x, g)
    b, se = r.slope, r.stderr
    lam = -np.log(1 + 5 * b) / 5
    show("beta", [b, se, lam, se / (1 + 5 * b), np.log(2) / lam, np.log(2) / lam**2 * se / (1 + 5 * b)])


sigma()
dagum()
dagum(np.array([1 + i % 4 for i in range(1, N + 1)], float))
theil()
moran()
markov()
beta()
