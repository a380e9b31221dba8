#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

void add_all_verbs(CommandLine& line) {
  add_run(line);
  add_plan(line);
  add_validate(line);
  add_graph(line);
  add_generate(line);
  add_runs(line);
  add_show(line);
  add_trace(line);
  add_logs(line);
  add_ps(line);
  add_status(line);
  add_watch(line);
  add_result(line);
  add_cancel(line);
  add_resume(line);
  add_worker(line);
  add_doctor(line);
  add_bench(line);
  add_chaos(line);
  add_schema(line);
  add_module(line);
  add_new(line);
  add_config(line);
  add_version(line);
  add_completion(line);
}

}  // namespace weft::cli
