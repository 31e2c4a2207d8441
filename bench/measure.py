"""Runs every case, engine beside engine in turn, and appends raw rows to results/.

    measure.py PLIM PYTHON WORK [CASE ...]

PLIM is the binary, PYTHON the interpreter with the peers, WORK a folder with the designs in WORK/designs. CPU seconds
and peak memory are the kernel's own counts for the whole process with its threads (wait4, the counters behind
`time -v` in microseconds). This script imports nothing large, because Linux counts the starter's memory as a floor
of the started process's peak.
"""
import csv
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLIM, PYTHON, WORK = sys.argv[1:4]
WANTED = sys.argv[4:]
DESIGNS = f"{WORK}/designs"


def peer(script, *args):
    return [PYTHON, str(HERE / "peers" / script), *args]


def feols(data, formula, cluster, *more):
    return [PLIM, "fit", "feols", data, "--formula", formula, "--vcov", f"cluster:{cluster}", *more, "--json"]


def dea(units):
    data = f"{DESIGNS}/producers_{units}.csv"
    plim = [PLIM, "measure", "dea", data, "--inputs", "x1,x2", "--outputs", "y1,y2", "--unit", "unit", "--json"]
    return {"plim": plim, "scipy HiGHS": peer("dea_highs.py", data)}


def firms(method, data, *more):
    columns = ["--inputs", "x1,x2,x3", "--outputs", "y1,y2", "--unit", "unit"]
    return [PLIM, "measure", method, f"{DESIGNS}/firms_{data}.csv", *columns, *more, "--json"]


def envelopment(units):
    """Rivals only where they are quick (Pyfrontier takes 15 s for 289) with the right numbers: dealib calls two of the
    289 firms efficient whose optimum, which HiGHS finds too, is 0.947 and 0.983."""
    data = f"{DESIGNS}/firms_{units}.csv"
    engines = {"plim": firms("dea", units), "HiGHS warm": peer("dea_highspy.py", data, "dea")}
    if units == 1000:
        engines["dealib"] = peer("dea_packages.py", data, "dealib")
    if units == 289:
        engines["Pyfrontier"] = peer("dea_packages.py", data, "Pyfrontier")
    return engines


def frontier(method, data, *more):
    return {"plim": firms(method, data, *more), "HiGHS warm": peer("dea_highspy.py", f"{DESIGNS}/firms_{data}.csv", method)}


CITIES = f"{DESIGNS}/cities.csv"
CITY = "y ~ x1 + x2 + x3 + x4 + x5 | city + year"
SETS = "y ~ x1 + mvsw(x2, x3, x4, x5, x6, x7, x8, x9, x10) | city + year"
TWO, THREE = "y ~ x1 + x2 | worker + year", "y ~ x1 + x2 | worker + year + firm"
SIZES = ("1e6", "1e7") if os.environ.get("LARGE") else ("1e6",)
# Designs of workers and firms: name -> (file, formula).
GRAPHS = {"simple_2": ("simple", TWO), **{kind: (kind, THREE) for kind in ("simple", "difficult", "chain", "mobility")}}


def graph(kind, size):
    """The engines on one design. What takes minutes or more memory than there is at 1e7 rows is left out there."""
    file, formula = GRAPHS[kind]
    data = f"{DESIGNS}/{file}_{size}.parquet"
    engines = {"plim": feols(data, formula, "worker"), "fereg": peer("feols_fereg.py", data, formula, "worker")}
    if size != "1e7":
        engines["pyfixest lsmr"] = peer("feols_pyfixest.py", data, formula, "worker", "lsmr")
        if file == "simple":  # on the others it takes 20 to 30 s and stops 1e-8 to 2e-6 from the answer
            engines["polars-reg"] = peer("feols_polars_reg.py", data, formula, "worker")
    return engines


def reference(kind, size):
    """The same in extended precision."""
    file, formula = GRAPHS[kind]
    data = f"{DESIGNS}/{file}_{size}.parquet"
    return "long double", feols(data, formula, "worker"), [PYTHON, str(HERE / "reference.py"), data, formula, "worker"]


def complexity(name):
    data = f"{DESIGNS}/{name}.parquet"
    keys = ["--unit", "unit", "--time", "year", "--product", "product", "--value", "value"]
    return {"plim": [PLIM, "measure", "complexity", data, *keys, "--json"], "numpy": peer("complexity_numpy.py", data)}


def customs(size, part=""):
    """All measures of a study, or the part that SQL can say, which is DuckDB's in both."""
    plim = [PLIM, "run", f"{DESIGNS}/customs_{size}{part}.toml", "--out", f"{WORK}/customs-RUN"]
    return {"plim": plim, "DuckDB (its part)": peer("trade_duckdb.py", f"{DESIGNS}/customs_{size}.parquet")}


def concentration():
    data = f"{DESIGNS}/customs_1e6.parquet"
    keys = ["--unit", "city", "--time", "year", "--product", "product", "--market", "market", "--value", "value"]
    ours = [PLIM, "measure", "concentration", data, *keys, "--json"]
    return "DuckDB", ours, peer("trade_duckdb.py", data, "numbers")


VERSION = """import sys; print('{"version": "%d.%d.%d"}' % sys.version_info[:3])"""

# Case -> (runs, runs before them that do not count, engines).
CASES = {
    "start": (21, 1, {"plim": [PLIM, "--version"], "python": [PYTHON, "-c", VERSION]}),
    "feols_cities": (11, 1, {
        "plim": feols(CITIES, CITY, "city"),
        "pyfixest": peer("feols_pyfixest.py", CITIES, CITY, "city"),
        "linearmodels": peer("feols_linearmodels.py", CITIES),
    }),
    "specs_512": (5, 1, {
        "plim": feols(CITIES, SETS, "city"),
        "pyfixest": peer("specs_pyfixest.py", CITIES),
    }),
    **{f"feols_{kind}_{size}": (5 if size == "1e6" else 3, 1, graph(kind, size)) for size in SIZES for kind in GRAPHS},
    "dea_289": (7, 1, dea(289)),
    "dea_firms_289": (5, 1, envelopment(289)),
    "dea_firms_1000": (5, 1, envelopment(1000)),
    "dea_firms_5000": (3, 0, envelopment(5000)),
    "sbm_firms_1000": (5, 1, frontier("sbm", 1000)),
    "malmquist_firms": (7, 1, frontier("malmquist", "panel", "--orientation", "input", "--time", "year")),
    "bootstrap_firms_289": (3, 0, {"plim": firms("dea_bootstrap", 289)}),
    "complexity": (7, 1, complexity("exports")),
    "complexity_wide": (7, 1, complexity("exports_wide")),
    **{f"customs_{size}": (5 if size == "1e6" else 3, 1, customs(size)) for size in SIZES},
    **{f"customs_part_{size}": (5 if size == "1e6" else 3, 1, customs(size, "_part")) for size in SIZES},
    "demo_simulate": (5, 0, {"plim": [PLIM, "simulate", "cities", "--seed", "1", "--into", f"{WORK}/demo/data"]}),
    "demo_run": (5, 1, {"plim": [PLIM, "run", f"{WORK}/demo/study.toml", "--out", f"{WORK}/demo/out-RUN"]}),
    "dea_3000": (5, 0, dea(3000)),
}

# Ten calls in one Python process, to see those after the first too: (case, engine, command), five processes each.
CALLS = [
    ("feols_cities", "pyfixest", peer("feols_pyfixest.py", CITIES, CITY, "city", "default", "10")),
    ("feols_cities", "linearmodels", peer("feols_linearmodels.py", CITIES, "10")),
]

ENGINES = {case: engines for case, (_, _, engines) in CASES.items()}

# Numbers that are compared: case -> pairs of commands that must mean the same.
PAIRS = {
    "feols_cities": [
        ("pyfixest", ENGINES["feols_cities"]["plim"], ENGINES["feols_cities"]["pyfixest"]),
        ("pyfixest tight", ENGINES["feols_cities"]["plim"], peer("feols_pyfixest.py", CITIES, CITY, "city", "tight")),
        ("linearmodels", feols(CITIES, CITY, "city", "--ssc", "linearmodels"), ENGINES["feols_cities"]["linearmodels"]),
    ],
    "specs_512": [("pyfixest", *ENGINES["specs_512"].values())],
    **{f"feols_{kind}_1e6": [reference(kind, "1e5"), reference(kind, "1e6")]
       + [(peer_name, graph(kind, "1e6")["plim"], command) for peer_name, command in graph(kind, "1e6").items()
          if peer_name != "plim"] for kind in GRAPHS},
    **{f"feols_{kind}_1e7": [("fereg", *graph(kind, "1e7").values())] for kind in GRAPHS},
    "dea_289": [("scipy HiGHS", *dea(289).values())],
    "dea_3000": [("scipy HiGHS", *dea(3000).values())],
    **{case: [(rival, engines["plim"], command) for rival, command in engines.items() if rival != "plim"]
       for case, engines in ENGINES.items() if "_firms" in case},
    "customs_1e6": [concentration()],
    "complexity": [("numpy", *complexity("exports").values())],
    "complexity_wide": [("numpy", *complexity("exports_wide").values())],
}


def run(command, number=0):
    """Runs a command to its end: wall, user, system seconds, peak MB, and what it printed."""
    command = [part.replace("RUN", str(number)) for part in command]
    out, errors = f"{WORK}/stdout", f"{WORK}/stderr"
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [(os.POSIX_SPAWN_OPEN, 1, out, write, 0o644), (os.POSIX_SPAWN_OPEN, 2, errors, write, 0o644)]
    start = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=files)
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - start
    if status != 0:
        code, said = os.waitstatus_to_exitcode(status), Path(errors).read_text()[-500:]
        raise SystemExit(f"{' '.join(command)}\nexit {code}: {said}")
    return wall, used.ru_utime, used.ru_stime, used.ru_maxrss / 1024, Path(out).read_text()


def append(name, header, rows):
    path = HERE / "results" / f"{name}.csv"
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows(([header] if new else []) + rows)


def values(printed):
    """Numbers by name, from plim's own JSON or from a peer's answer; rows of units and products in order."""
    found = json.loads(printed)
    if "values" in found:
        return found["values"]
    if "models" in found:
        firsts = [model["coefficients"][0] for model in found["models"]]
        return {k: [c[k] for c in firsts] for k in ("estimate", "std_error")}
    if found["method"] == "feols":
        return {k: [c[k] for c in found["coefficients"]] for k in ("estimate", "std_error")}
    if found["method"] == "malmquist":
        names = ("index", "efficiency_change", "technical_change", "pure_efficiency_change")
        return {k: [r[k] for r in found["rows"] if r["status"]] for k in names}
    if found["method"] in ("dea", "sbm"):
        return {"efficiency": [r["efficiency"] for r in found["rows"]]}
    if found["method"] == "concentration":
        rows = sorted(found["rows"], key=lambda r: (r["year"], r["city"]))
        names = ("hhi", "shannon", "products", "hhi_markets", "markets", "top1_share")
        return {k: [r[k] for r in rows] for k in names}
    rows = sorted(found["rows"], key=lambda r: (r["year"], r["unit"]))
    products = sorted(found["products"], key=lambda r: (r["year"], r["product"]))
    columns = {k: [r[k] for r in rows] for k in ("eci", "diversity", "coi")}
    return {**columns, **{k: [r[k] for r in products] for k in ("pci", "ubiquity")}}


def difference(name, ours, theirs):
    """Largest relative difference; of indices with mean 0 and deviation 1, in standard deviations; of efficiency, which
    lies between 0 and 1, absolute."""
    assert len(ours) == len(theirs), f"{name}: {len(ours)} against {len(theirs)}"
    scale = (lambda a, b: 1.0) if name in ("eci", "coi", "pci", "efficiency") else (lambda a, b: max(abs(a), abs(b)) or 1.0)
    return max(abs(a - b) / scale(a, b) for a, b in zip(ours, theirs))


def agree(case, began, version):
    """The numbers first: a fast wrong answer is not worth timing."""
    rows = []
    for engine, ours, theirs in PAIRS.get(case, []):
        a, b = values(run(ours)[4]), values(run(theirs)[4])
        for name in a:
            worst = difference(name, a[name], b[name])
            rows.append([began, case, version, engine, name, len(a[name]), f"{worst:.2e}"])
            print(f"{case:22} {engine:16} {name:12} largest difference of {len(a[name])}: {worst:.1e}", flush=True)
            if worst > 1e-6:
                raise SystemExit(f"{case}: plim and {engine} do not agree on {name}; nothing was timed")
    append("agreement", ["date", "case", "plim", "peer", "number", "count", "largest_difference"], rows)


def timed_calls(began, case, engine, process, found):
    """Rows for the calls that a peer timed inside its process."""
    return [[began, case, engine, found["version"], process, n, f"{wall:.5f}", f"{cpu:.5f}"]
            for n, (wall, cpu) in enumerate(found.get("calls", []))]


def main():
    began, version = datetime.now(UTC).isoformat(timespec="minutes"), run([PLIM, "--version"])[4].split()[-1]
    processes = ["date", "case", "engine", "version", "run", "wall_s", "user_s", "sys_s", "peak_mb", "load"]
    calls = ["date", "case", "engine", "version", "process", "call", "wall_s", "cpu_s"]
    for case, (runs, before, engines) in CASES.items():
        if WANTED and case not in WANTED:
            continue
        agree(case, began, version)
        for number in range(-before, runs):
            for engine, command in engines.items():
                load = os.getloadavg()[0]
                wall, user, system, peak, printed = run(command, number)
                if number < 0:
                    continue
                found = {"version": version} if engine == "plim" else json.loads(printed)
                seconds = [f"{wall:.4f}", f"{user:.4f}", f"{system:.4f}"]
                row = [began, case, engine, found["version"], number, *seconds, f"{peak:.1f}", f"{load:.1f}"]
                append("processes", processes, [row])
                append("calls", calls, timed_calls(began, case, engine, number, found))
        for _, engine, command in (c for c in CALLS if c[0] == case):
            for process in range(5):
                found = json.loads(run(command)[4])
                append("calls", calls, timed_calls(began, case, engine, runs + process, found))
        print(f"{case}: done", flush=True)


main()
