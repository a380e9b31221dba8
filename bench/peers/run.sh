#!/usr/bin/env bash
# Runs the same graphs on weft, TBB and Dask, in turn, and prints what a task costs on each.
#
#   bench/peers/run.sh [--tasks N] [--payload BYTES] [--repetitions R] [--shapes A,B] [--systems A,B]
#
# Installs what is missing, builds, runs. --help says more; bench/README.md what is measured.
set -euo pipefail
weft_source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$weft_source/scripts/console.sh"
source "$weft_source/scripts/packages.sh"
source "$weft_source/scripts/caf.sh"
source "$weft_source/scripts/build.sh"
source "$weft_source/bench/peers/packages.sh"

install_packages
provide_caf release
say "configuring and building build/release (peers)"
log=$(mktemp)
(cd "$weft_source" && quietly "$log" cmake --preset release -DWEFT_BUILD_PEERS=ON) ||
  die "CMake could not configure build/release (above); remove that folder and run this again."
(cd "$weft_source" && quietly "$log" cmake --build --preset release --parallel "$(build_jobs)" \
  --target weft_peer tbb_peer ping_pong) ||
  die "the peers could not be built; the first error above says why."
rm -f "$log"
exec /usr/bin/python3 -B "$weft_source/bench/peers/compare.py" \
  --programs "$weft_source/build/release/bin/bench" \
  --json "$weft_source/build/release/peers.json" "$@"
