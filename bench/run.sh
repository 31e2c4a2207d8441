#!/usr/bin/env bash
# Measures plim against its peers.   bash bench/run.sh [CASE ...]
#
# PLIM   the binary to measure (target/release/plim)
# LARGE  if set, ten million rows too: needs 12 GB of memory and 2 GB of disk
# VENV   a Python environment with the peers; without it one is made for this run
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
plim=$(realpath "${PLIM:-$here/../target/release/plim}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

venv=${VENV:-$work/venv}
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --requirement "$here/peers/requirements.txt"
  # Asks for a NumPy that the others have left behind, and runs on the present one.
  "$venv/bin/pip" install --quiet --no-deps dealib==1.0.0
fi
# A kernel forced from outside would slow the peers' linear algebra.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

"$venv/bin/python" "$here/designs/make.py" "$work/designs" ${LARGE:+large}
mkdir "$work/demo"
cp "$here/../examples/digital-economy/study.toml" "$work/demo/"
"$plim" simulate cities --seed 1 --into "$work/demo/data" >/dev/null

mkdir -p "$here/results"
"$venv/bin/python" "$here/measure.py" "$plim" "$venv/bin/python" "$work" "$@"
"$venv/bin/python" "$here/summary.py"
