#!/usr/bin/env bash
# Sets this machine up, builds weft and runs three workflows: a recorded one, replayed by the command
# line, a text analysis by a program that embeds weft, and a pipeline of commands. Results are written to build/demo/; the
# run is recorded in the user's history, as any other, for `weft runs`, `weft show` and `weft trace`.
set -euo pipefail
weft_source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$weft_source/scripts/console.sh"
source "$weft_source/scripts/build.sh"

run_demo() {
  local bin=build/release/bin results=build/demo
  mkdir -p "$results"

  say "1. a recorded workflow: 88 tasks that make a mosaic of images, at a tenth of their time"
  "$bin/weft" run examples/traces/mosaic.json --time-scale 0.1 --slots 8 \
    --trace "$results/mosaic.trace.json"
  "$bin/weft" graph examples/traces/mosaic.json -O "$results/mosaic.svg"

  say "2. the words of the King James Bible, counted by as many tasks as its length needs"
  "$bin/examples/text_analysis" build/release/examples/bible.txt | tee "$results/words.txt"

  say "3. a pipeline of ordinary commands, in YAML, over the same text"
  cp examples/pipelines/word_frequencies.yaml "$results/"
  "$bin/weft" run "$results/word_frequencies.yaml" --work-dir "$results/.weft" \
    --param text="$PWD/build/release/examples/bible.txt"

  say "what there is now"
  printf '  %-36s%s\n' \
    "$results/mosaic.trace.json" "the run as a timeline; open it in Perfetto or chrome://tracing" \
    "$results/mosaic.svg" "the workflow as a picture" \
    "$results/words.txt" "the result of the text analysis" \
    "$results/word_frequencies.txt" "the same count, by the pipeline" \
    "$bin/weft show last" "the summary above, again" \
    "$bin/weft --help" "what else there is"
}

"$weft_source/scripts/setup.sh" release
weft_build release weft text_analysis
cd "$weft_source"
run_demo
say "done in $((SECONDS / 60)) min $((SECONDS % 60)) s"
