"""Prints the medians of the newest run of each case in results/ as Markdown tables.   summary.py"""
import csv
from collections import defaultdict
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).resolve().parent / "results"


def newest(name):
    """Rows of the newest run of each case, by case."""
    rows = list(csv.DictReader((RESULTS / f"{name}.csv").open()))
    last = {}
    for row in rows:
        last[row["case"]] = max(last.get(row["case"], ""), row["date"])
    kept = [row for row in rows if row["date"] == last[row["case"]]]
    return sorted(kept, key=lambda row: row["case"])


def middle(rows, *columns):
    return median(sum(float(row[c]) for c in columns) for row in rows)


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


groups = defaultdict(list)
for row in newest("processes"):
    groups[row["case"], row["engine"]].append(row)
table(["case", "engine", "CPU s", "wall s", "fastest wall s", "peak MB", "runs"], [
    [case, engine, f"{middle(rows, 'user_s', 'sys_s'):.3f}", f"{middle(rows, 'wall_s'):.3f}",
     f"{min(float(r['wall_s']) for r in rows):.3f}", f"{middle(rows, 'peak_mb'):.0f}", str(len(rows))]
    for (case, engine), rows in groups.items()])

groups = defaultdict(list)
for row in newest("calls"):
    groups[row["case"], row["engine"], "first call" if row["call"] == "0" else "later calls"].append(row)
table(["case", "engine", "inside the process", "CPU ms", "wall ms"], [
    [*key, f"{1000 * middle(rows, 'cpu_s'):.1f}", f"{1000 * middle(rows, 'wall_s'):.1f}"]
    for key, rows in groups.items()])

table(["case", "peer", "number", "count", "largest difference"], [
    [row[k] for k in ("case", "peer", "number", "count", "largest_difference")] for row in newest("agreement")])
