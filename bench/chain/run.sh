#!/usr/bin/env bash
# The chain, timed: whole processes, wall and CPU seconds, peak memory. Rows go to bench/results/chain.csv.
#
#   bash bench/chain/run.sh [plim]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
plim="${1:-$here/../../target/release/plim}"
out="$here/../results/chain.csv"
cd "$here"
[ -f data/cities.csv ] || "$plim" simulate cities --seed 1 --into data >/dev/null
echo "task,wall,cpu_user,cpu_system,peak_kb" > "$out"
work="$(mktemp -d ./work-XXXX)"
trap 'rm -rf "$work"' EXIT
timed() { # name, command…
  local name="$1"; shift
  /usr/bin/time -a -o "$out" -f "$name,%e,%U,%S,%M" "$@" > "$work/said" 2>&1 || { cat "$work/said"; exit 1; }
}
study() { cp -r data/cities.csv "$work/cities.csv"; sed 's|data/cities.csv|cities.csv|' study.toml > "$work/$1.toml"; cat "$work/$1.add" >> "$work/$1.toml"; }
cp resample.toml "$work/resample.add"; study resample
cp multiverse.toml "$work/multiverse.add"; study multiverse
sed 's/^\[multiverse\]$/[multiverse]\nsample = 1000\ndraws = 500/' multiverse.toml > "$work/joint.add"; study joint
timed "1000 replications" "$plim" run "$work/resample.toml" --out "$work/out"
timed "10080 universes" "$plim" run "$work/multiverse.toml" --out "$work/out"
timed "1000 universes x 500 draws" "$plim" run "$work/joint.toml" --out "$work/out"
timed "1000 placebo draws" "$plim" fit did data/cities.csv --formula "log(exports) ~ ln_gdp_pc + finance | city + year" --unit city --time year --cohort pilot_year --placebo 1000
if python3 -c "import specification_curve" 2>/dev/null; then
  timed "specification_curve 0.3 peer" python3 peer.py data/cities.csv
  cat "$work/said"
fi
column -s, -t "$out"
