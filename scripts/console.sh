# What the scripts say, and how they fail. Sourced, never run.

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

# Ends the script with one sentence that says what went wrong and what to do next.
die() {
  printf '\033[31merror:\033[0m %s\n' "$*" >&2
  exit 1
}

# Runs a command whose output only matters when it fails: `quietly <log> <command...>`.
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 || {
    tail -n 25 "$log" >&2
    return 1
  }
}

# Colours only on a terminal.
if [[ ! -t 2 || -n ${NO_COLOR:-} ]]; then
  say() { printf '==> %s\n' "$*" >&2; }
  die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
  }
fi

# Where things that outlive a build live: CAF built once, per sanitizer.
weft_cache_dir() {
  if [[ -n ${WEFT_CACHE_DIR:-} ]]; then
    printf '%s\n' "$WEFT_CACHE_DIR"
  else
    printf '%s\n' "${XDG_CACHE_HOME:-${HOME:?set HOME or WEFT_CACHE_DIR}/.cache}/weft"
  fi
}
