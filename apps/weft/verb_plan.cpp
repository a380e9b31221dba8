#include <nlohmann/json.hpp>

#include "weft/apps/weft/configuration_files.hpp"
#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/plan_report.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"
#include "weft/planning/plan_json.hpp"
#include "weft/runtime/engine.hpp"

namespace weft::cli {

namespace {

struct PlanFlags {
  WorkflowSource workflow;
  bool tasks = false;
};

ExitCode plan(Session& session, const PlanFlags& flags) {
  auto loaded =
    load_workflow(flags.workflow, session.configuration, ReplayOptions::Purpose::look).value();
  EngineOptions options = checked_engine_options(session.configuration);
  options.recorder.history.clear();  // Nothing is recorded.
  const Engine engine{std::move(loaded.registry), std::move(options)};
  const PlanPtr planned = engine.plan(loaded.graph).value();
  if (session.console.format() != OutputFormat::table) {
    const std::string text = to_json(*loaded.graph, *planned);
    const bool line = session.console.format() == OutputFormat::jsonl;
    session.console.print(line ? text_of_record(Json::parse(text), OutputFormat::jsonl) : text);
    return ExitCode::success;
  }
  session.console.print(plan_text(*loaded.graph, *planned, session.console.out_style()));
  if (flags.tasks) session.console.print("\n" + to_text(*loaded.graph, *planned));
  return ExitCode::success;
}

}  // namespace

void add_plan(CommandLine& line) {
  auto flags = std::make_shared<PlanFlags>();
  CLI::App& verb = line.add(
    {.name = "plan",
     .summary = "say how a workflow would be run; run and record nothing",
     .details =
       "Shows the workers that the planner would use, how much it would place on each, and "
       "the critical path as far as the hints of the workflow tell. With -o json, the "
       "whole plan.",
     .examples = "  weft plan mosaic.json --workers 4\n"
                 "      what four workers would do\n"
                 "  weft plan mosaic.json -o json | jq '.tasks[] | {name, worker}'\n"
                 "      where each task would run\n"},
    [flags](Session& session) { return plan(session, *flags); });
  add_workflow(verb, flags->workflow);
  verb.add_flag("--tasks", flags->tasks, "List the tasks and their places, too.");
  add_replay_flags(line, verb);
  add_pool_flags(line, verb);
}

}  // namespace weft::cli
