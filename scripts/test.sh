#!/usr/bin/env bash
# Sets this machine up, builds weft and runs every test.
#
#   scripts/test.sh [release|asan|tsan ...]      (all three when nothing is named)
#
# release runs every test; asan runs them again under the address and undefined-behaviour
# sanitizers; tsan runs the tests with threads in them (actors and others so labelled).
set -euo pipefail
weft_source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$weft_source/scripts/console.sh"
source "$weft_source/scripts/build.sh"

[[ $# -gt 0 ]] || set -- release asan tsan
for preset in "$@"; do
  case $preset in
    release | asan | tsan) ;;
    *) die "unknown preset '$preset'; choose release, asan or tsan." ;;
  esac
done

# The thread sanitizer of GCC 12 cannot place its shadow memory under the address randomization of
# recent kernels; a container may forbid switching it off.
without_randomization() {
  if setarch -R true 2>/dev/null; then
    setarch -R "$@"
  else
    "$@"
  fi
}

summary=
failed=
run_tests() {
  local preset=$1 log
  log=$weft_source/build/$preset/tests.log
  say "running the tests of build/$preset"
  (cd "$weft_source" && without_randomization ctest --preset "$preset" --parallel "$(nproc)") |
    tee "$log" || failed+=" $preset"
  local result
  result=$(grep -E 'tests passed|No tests were found' "$log") || result="ended early; see $log"
  summary+="$preset: $result"$'\n'
}

"$weft_source/scripts/setup.sh" "$@"
for preset in "$@"; do
  case $preset in
    release) weft_build release all headers_alone ;;
    asan) weft_build asan ;;
    tsan) weft_build tsan threaded_tests ;;
  esac
  run_tests "$preset"
done

say "done in $((SECONDS / 60)) min $((SECONDS % 60)) s"
printf '%s' "$summary"
[[ -z $failed ]] ||
  die "tests failed under:$failed; see them again with ctest --preset <name> --rerun-failed."
