#pragma once

#include "weft/apps/weft/run_timeline.hpp"
#include "weft/workflow/exporters/wfformat_writer.hpp"

namespace weft::cli {

/// A past run as a trace that can be replayed, and how weft executed it.
struct ExportedRun {
  Trace trace;
  WfFormatOptions document;
  std::size_t never_tried = 0;  ///< Tasks of the run that are left out: they have no runtime.
};

/// Turns what is kept of a run into a trace. Pure.
///
/// - Every task that was tried is a task of the trace, under its name; so is every row of a map, as
///   `name.row`, and the map itself. Characters that ids must not have are replaced by `_`.
/// - Its runtime is that of its function in the attempt that committed, or else in the last.
/// - A committed task has one file, `name.out`, of the bytes of its output as encoded; all its
///   children read it. A task that failed has none. A map writes a file `row.in` for each of its
///   rows, of the bytes that the row read beside the outputs of other tasks: its element.
/// - Its category is its function, without the version, and without the `replay.` of replays.
/// - A worker is written as a machine.
///
/// Fails with `invalid_argument` for a run that has not ended or tried no task, and with
/// `limit_exceeded` where the workflow was too large to be kept: nobody knows its edges.
[[nodiscard]] Result<ExportedRun> exported_run(const RunHistory& history);

}  // namespace weft::cli
