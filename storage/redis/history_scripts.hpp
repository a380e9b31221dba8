#pragma once

#include "weft/storage/redis/command.hpp"

namespace weft::redis {

// The two steps that write the history, each of which happens as a whole or not at all. Both take
// `HistoryKeys::base` as their only key, and refuse with `WEFTKEY <key> ...` where another program
// keeps something under a key of the history. A step that is carried out twice changes nothing the
// second time.

/// Puts the record of a run in place of an older one, and drops what is beyond the bounds.
///
/// Arguments: the run's id, its place in the order of runs, its workflow, its tasks, the record;
/// the graph, empty to leave what is there; the most runs, runs of one workflow, and tasks; how
/// long what is written lives, in milliseconds.
[[nodiscard]] const Script& put_run_script();

/// Adds a batch to a run that is known, and samples to their series. Answers 0 when there is no
/// such run, 2 when it was done before, else 1.
///
/// Arguments: the run's id; who writes, and which of its batches this is, counting up; the tasks
/// and the slots, empty for none; the most batches, samples of a series, and classes of a function;
/// how long what is written lives, in milliseconds; then for each series the function, the class,
/// how many samples, when their run was submitted, and their row.
[[nodiscard]] const Script& add_batch_script();

}  // namespace weft::redis
