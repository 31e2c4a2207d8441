"""Recomputes every certified value of certified.json from the data, in exact rational arithmetic.

python3 golden/nist/verify.py      # prints the digits that agree; the certificates have 15
"""
import csv, json, math, pathlib
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60
here = pathlib.Path(__file__).parent


def solve(A, B):
    """A X = B by elimination, exactly."""
    k = len(A)
    M = [a + b for a, b in zip(A, B)]
    for j in range(k):
        p = next(i for i in range(j, k) if M[i][j])
        M[j], M[p] = M[p], M[j]
        M[j] = [v / M[j][j] for v in M[j]]
        for i in range(k):
            if i != j and M[i][j]:
                M[i] = [a - M[i][j] * b for a, b in zip(M[i], M[j])]
    return [row[k:] for row in M]


def root(q):
    return (Decimal(q.numerator) / Decimal(q.denominator)).sqrt()


def digits(got, want):
    got, want = Decimal(got), Decimal(repr(want))
    if want == 0:
        return 99 if got == 0 else -got.copy_abs().log10()
    gap = abs(got / want - 1)
    return 99.0 if gap == 0 else float(-gap.log10())


worst = 99
for name, case in json.loads((here / "certified.json").read_text())["cases"].items():
    rows = list(csv.DictReader((here / f"{name}.csv").open()))
    y = [Fraction(r["y"]) for r in rows]
    terms = [t.strip() for t in case["formula"].split("~")[1].split("+")]
    constant = not terms[-1].endswith("- 1")
    terms = [t.removesuffix("- 1").strip() for t in terms]
    power = lambda t: ("x", int(t[4:-1])) if t.startswith("I(") else (t, 1)
    X = [[Fraction(1)] * constant + [Fraction(r[c]) ** p for c, p in map(power, terms)] for r in rows]
    n, k = len(X), len(X[0])
    G = [[sum(X[i][a] * X[i][b] for i in range(n)) for b in range(k)] for a in range(k)]
    c = [sum(X[i][a] * y[i] for i in range(n)) for a in range(k)]
    S = solve(G, [[c[a]] + [Fraction(int(a == b)) for b in range(k)] for a in range(k)])
    b = [s[0] for s in S]
    u = [y[i] - sum(X[i][a] * b[a] for a in range(k)) for i in range(n)]
    ssr = sum(v * v for v in u)
    mean = sum(y) / n if constant else 0
    sst = sum((v - mean) ** 2 for v in y)
    s2 = ssr / (n - k)
    got = [Decimal(v.numerator) / Decimal(v.denominator) for v in b + [1 - ssr / sst]]
    got += [root(s2 * S[a][1 + a]) for a in range(k)] + [root(s2)]
    want = case["estimate"] + [case["r2"]] + case["std_error"] + [case["residual_sd"]]
    agree = min(digits(g, w) for g, w in zip(got, want))
    print(f"{name:9} n = {n:2}  k = {k:2}  {agree:5.1f} digits")
    worst = min(worst, agree)
assert worst > 13.9, worst
