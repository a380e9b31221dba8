#include "weft/apps/weft/verb_flags.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/workflow/registry.hpp"

namespace weft::cli {

void add_workflow(CLI::App& verb, WorkflowSource& source) {
  verb
    .add_option("FILE", source.file,
                "The workflow: a pipeline in YAML, or a WfFormat trace in JSON (1.4 or 1.5).")
    ->required();
  verb
    .add_option("--param", source.parameters,
                "A parameter of the pipeline: NAME=VALUE; again for others.")
    ->type_name("NAME=VALUE")
    ->allow_extra_args(false);
  verb.add_option("--module", source.modules, "Load a module and its functions first; repeatable.")
    ->type_name("FILE")
    ->allow_extra_args(false);  // Else it would take the workflow for a second module.
}

void add_output_file(CLI::App& verb, std::string& file) {
  verb.add_option("-O,--output-file", file, "Write to FILE instead of the standard output.")
    ->type_name("FILE");
}

void add_run_reference(CLI::App& verb, std::string& reference) {
  verb.add_option("RUN", reference, "A run's id, the beginning of one, or last.")
    ->required()
    ->check(named_run());
}

CLI::Validator named_run() {
  return {[](const std::string& reference) {
            return reference.empty() ? "the run's id is empty" : std::string();
          },
          ""};
}

void add_choice(CLI::App& verb, const std::string& flags, std::string& value,
                const std::vector<std::string>& choices, const std::string& meaning) {
  const auto one_of = [choices](const std::string& text) {
    if (std::ranges::find(choices, text) != choices.end()) return std::string();
    const auto nearest = nearest_names(text, choices);
    const std::string all =
      fmt::format("{} is none of {}", in_quotes(text), fmt::join(choices, ", "));
    return nearest.empty() ? all : fmt::format("{}; did you mean {}?", all, nearest.front());
  };
  verb.add_option(flags, value, meaning)
    ->type_name(fmt::format("{}", fmt::join(choices, "|")))
    ->check(CLI::Validator(one_of, ""))
    ->take_last();
}

std::string refused_count(std::string_view text, CountRange range) {
  std::uint64_t count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = failure == std::errc{} && end == text.data() + text.size();
  if (whole && count >= range.least && count <= range.most) return {};
  return fmt::format("{} is not a whole number from {} to {}", in_quotes(text), range.least,
                     range.most);
}

void add_replay_flags(CommandLine& line, CLI::App& verb) {
  line.bind(verb, "--time-scale", "replay.time_scale", "FACTOR", "Factor on recorded times.");
  line.bind(verb, "--data-scale", "replay.data_scale", "FACTOR", "Factor on recorded bytes.");
  line.bind(verb, "--work", "replay.work", "sleep|burn", "How tasks of a trace spend their time.");
}

void add_pool_flags(CommandLine& line, CLI::App& verb) {
  line.bind(verb, "--planner", "plan.planner", "NAME", "The planner that places tasks.");
  line.bind(verb, "--workers", "plan.workers", "N", "Workers to plan for; 0: one for each slot.");
  line.bind(verb, "--slots", "pool.slots", "N", "Slots that run tasks; 0: one for each CPU.");
  line.bind(verb, "--pool", "pool.kind", "KIND[:N]",
            "What runs tasks: threads, or process for worker processes; with N slots.");
  line.bind(verb, "--store", "store.url", "URL",
            "Keep the run in Redis, where it outlives this process: redis://..., unix:///path.");
}

void add_work_flag(CommandLine& line, CLI::App& verb) {
  line.bind(verb, "--work-dir", "commands.folder", "DIR",
            "Where commands work and leave their logs.");
}

void add_store_flag(CommandLine& line, CLI::App& verb) {
  line.bind(verb, "--store", "store.url", "URL",
            "The Redis that the runs lie in: redis://..., unix:///path.");
}

void add_history_flag(CommandLine& line, CLI::App& verb) {
  line.bind(verb, "--history", "history.file", "FILE|URL",
            "The history to look in: a file, redis://..., unix:///path.");
}

}  // namespace weft::cli
