#pragma once

#include "weft/apps/weft/command_line.hpp"

namespace weft::cli {

// One function for each verb, each in a file of its own, that adds the verb to the command line.

void add_run(CommandLine& line);
void add_plan(CommandLine& line);
void add_validate(CommandLine& line);
void add_graph(CommandLine& line);
void add_generate(CommandLine& line);
void add_runs(CommandLine& line);
void add_show(CommandLine& line);
void add_ps(CommandLine& line);
void add_status(CommandLine& line);
void add_watch(CommandLine& line);
void add_result(CommandLine& line);
void add_cancel(CommandLine& line);
void add_resume(CommandLine& line);
void add_worker(CommandLine& line);
void add_doctor(CommandLine& line);
void add_trace(CommandLine& line);
void add_logs(CommandLine& line);
void add_bench(CommandLine& line);
void add_chaos(CommandLine& line);
void add_schema(CommandLine& line);
void add_module(CommandLine& line);
void add_new(CommandLine& line);
void add_config(CommandLine& line);
void add_version(CommandLine& line);
void add_completion(CommandLine& line);

/// All of them, in the order in which help lists them.
void add_all_verbs(CommandLine& line);

}  // namespace weft::cli
