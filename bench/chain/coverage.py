"""Coverage of conventional and chain intervals on simulated cities with noisy indicators.

    python3 bench/chain/coverage.py plim 200 bench/results/chain-coverage.csv

Each sample is a world of its own seed. The estimate is that of resilience on the standardized entropy index with
controls and effects of city and year. Two truths: the effect per standard deviation of digital development itself
(`total_per_sd`), and what least squares on a plain index of the same noisy indicators aims at (`index_per_sd`), which
is smaller by the reliability of the index. A row for each sample is kept; the summary is printed, whatever comes out.
"""

import csv
import json
import math
import pathlib
import subprocess
import sys
import tempfile

STUDY = """
seed = %d
[data.cities]
file = "cities.csv"
unit = "city"
time = "year"
[resample]
scheme = "units"
replications = 199
[[step]]
method = "entropy"
name = "dig"
indicators = ["broadband", "ict_employment", "telecom_per_head", "mobile", "digital_finance"]
[[step]]
method = "resilience"
name = "res"
value = "exports"
form = "difference"
[[step]]
method = "standardize"
columns = ["dig"]
[[step]]
method = "feols"
name = "m"
formula = "res ~ z_dig + ln_gdp_pc + industry_structure + government + finance + human_capital + urbanization | city + year"
"""


def sample(plim: str, seed: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        where = pathlib.Path(folder)
        world = ["simulate", "cities", "--seed", str(seed), "--cities", "100", "--records", "5", "--scenario", "noisy"]
        subprocess.run([plim, *world, "--into", folder], check=True, capture_output=True)
        (where / "study.toml").write_text(STUDY % seed)
        subprocess.run([plim, "run", "study.toml", "--out", "out"], check=True, capture_output=True, cwd=folder)
        truth = json.loads((where / "truth.json").read_text())["baseline"]
        fit = json.loads((where / "out" / "results.json").read_text())["estimates"]["m"]
    own = next(c for c in fit["coefficients"] if c["name"] == "z_dig")
    chain = next(c for c in fit["chain"] if c["name"] == "coefficients/z_dig")
    row = {"seed": seed, "total": truth["total_per_sd"], "index": truth["index_per_sd"], "estimate": own["estimate"]}
    row |= {"std_error": own["std_error"], "chain_std_error": chain["chain_std_error"]}
    row |= {"frozen_std_error": chain["frozen_std_error"], "naive_low": own["conf_low"], "naive_high": own["conf_high"]}
    for kind in ("percentile", "bca", "studentized"):
        ends = chain[kind] or {"low": math.nan, "high": math.nan}
        row |= {f"{kind}_low": ends["low"], f"{kind}_high": ends["high"]}
    return row


def main() -> None:
    plim, count, out = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
    rows = [sample(plim, seed) for seed in range(1, count + 1)]
    with out.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    mean = lambda key: sum(row[key] for row in rows) / count
    spread = math.sqrt(sum((row["estimate"] - mean("estimate")) ** 2 for row in rows) / (count - 1))
    print(f"{count} samples; estimate {mean('estimate'):.5f}, its standard deviation {spread:.5f}")
    print(f"mean errors: conventional {mean('std_error'):.5f}, chain {mean('chain_std_error'):.5f}, ", end="")
    print(f"measures frozen {mean('frozen_std_error'):.5f}")
    for target in ("total", "index"):
        print(f"truth {target}: {mean(target):.5f}, bias of the naive estimate {mean('estimate') - mean(target):+.5f}")
        for kind in ("naive", "percentile", "bca", "studentized"):
            inside = sum(row[f"{kind}_low"] <= row[target] <= row[f"{kind}_high"] for row in rows) / count
            print(f"  coverage of {kind:12s} {100 * inside:5.1f} %  (Monte Carlo error {100 * math.sqrt(0.05 * 0.95 / count):.1f})")


main()
