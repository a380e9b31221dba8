#!/usr/bin/env bash
# Sets this machine up, builds the command line and runs the main job with it: a recorded workflow
# replayed, then a text analysis over a real text. Nothing but this folder and the cache is touched.
set -euo pipefail
weft_source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$weft_source/scripts/console.sh"
source "$weft_source/scripts/build.sh"

run_demo() {
  local weft=$weft_source/build/release/bin/weft
  say "weft version: what was built"
  "$weft" version
}

"$weft_source/scripts/setup.sh" release
weft_build release weft
run_demo
say "done in $((SECONDS / 60)) min $((SECONDS % 60)) s"
