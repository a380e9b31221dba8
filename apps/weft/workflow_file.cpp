#include "weft/apps/weft/workflow_file.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/runtime/module.hpp"
#include "weft/runtime/requirement_check.hpp"
#include "weft/workflow/importers/wfformat.hpp"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

/// Files beside the one that is not there whose names are nearly the same.
std::vector<std::string> files_like(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::vector<std::string> names;
  std::error_code failure;
  constexpr std::size_t max_files = 1000;  // Of a large folder, a part will do for a hint.
  for (fs::directory_iterator each(folder, failure), end;
       !failure && each != end && names.size() < max_files; each.increment(failure)) {
    names.push_back(each->path().filename().string());
  }
  auto nearest = nearest_names(path.filename().string(), names);
  for (std::string& name : nearest) {
    if (path.has_parent_path()) name = (path.parent_path() / name).string();
  }
  return nearest;
}

Error not_a_file(std::string message, std::string hint) {
  return {.code = Errc::invalid_argument, .message = std::move(message), .hint = std::move(hint)};
}

Result<void> check_path(const std::string& path) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (!fs::exists(status)) {
    const auto nearest = files_like(path);
    return not_a_file("there is no file " + in_quotes(path),
                      nearest.empty() ? "give the path of a workflow file"
                                      : fmt::format("did you mean {}?", fmt::join(nearest, ", ")));
  }
  if (fs::is_directory(status)) {
    return not_a_file(in_quotes(path) + " is a folder", "give the path of a workflow file");
  }
  return {};
}

Result<Trace> load_trace(const std::string& path) {
  auto trace = load_wfformat(path);
  if (trace) return trace;
  Error error = std::move(trace).error();
  if (error.code == Errc::limit_exceeded) error.code = Errc::invalid_file;
  if (error.code == Errc::io_failed) error.code = Errc::invalid_argument;
  if (error.hint.empty() && error.code == Errc::invalid_file) {
    error.hint = "weft reads WfFormat JSON, versions 1.4 and 1.5";
  }
  return error;
}

Result<void> load_modules(Registry& registry, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (auto loaded = load_module(registry, file); !loaded) return loaded.error();
  }
  return {};
}

/// Where the workflow has problems and something that it needs is missing, that comes first: it may
/// explain them.
Result<GraphPtr> frozen(Workflow workflow, const Registry& registry) {
  const Requirements requirements = workflow.requirements();
  auto graph = std::move(workflow).freeze(registry);
  if (graph) return graph;
  if (auto met = check_requirements(requirements, registry); !met) return met.error();
  return graph;
}

ReplayOptions replay_options(const Configuration& configuration, ReplayOptions::Purpose purpose) {
  return {.time_scale = configuration.number("replay.time_scale"),
          .data_scale = configuration.number("replay.data_scale"),
          .work = configuration.text("replay.work") == "burn" ? ReplayOptions::Work::burn
                                                              : ReplayOptions::Work::sleep,
          .purpose = purpose};
}

CommandOptions command_options(const WorkflowSource& source, const Configuration& configuration) {
  return {.work = configuration.text("commands.folder"),
          .keep_runs = static_cast<std::size_t>(configuration.count("commands.keep_runs")),
          .grace = configuration.duration("commands.grace"),
          .from_run = source.from_run,
          .on_decision = source.on_decision};
}

Result<std::vector<std::pair<std::string, std::string>>> split_parameters(
  const std::vector<std::string>& parameters) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& text : parameters) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{.code = Errc::invalid_argument,
                   .message = "--param " + in_quotes(text) + " gives no value",
                   .hint = "write --param NAME=VALUE"};
    }
    pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return pairs;
}

Result<Workflow> load_pipeline_workflow(const WorkflowSource& source,
                                        const Configuration& configuration,
                                        LoadedWorkflow& loaded) {
  auto pipeline = load_pipeline(source.file);
  if (!pipeline) {
    Error error = std::move(pipeline).error();
    if (error.code == Errc::limit_exceeded) error.code = Errc::invalid_file;
    if (error.code == Errc::io_failed) error.code = Errc::invalid_argument;
    return error;
  }
  auto parameters = split_parameters(source.parameters);
  if (!parameters) return std::move(parameters).error();
  loaded.sla = pipeline->sla;
  return make_workflow(*pipeline, *parameters, loaded.registry,
                       command_options(source, configuration));
}

Result<Workflow> load_replay(const WorkflowSource& source, const Configuration& configuration,
                             ReplayOptions::Purpose purpose, LoadedWorkflow& loaded) {
  if (!source.parameters.empty() || !source.from_run.empty()) {
    return not_a_file(in_quotes(source.file) + " is a trace: it has no parameters and no commands",
                      "--param and --from-failure are for pipelines (YAML)");
  }
  auto trace = load_trace(source.file);
  if (!trace) return std::move(trace).error();
  add_replay_functions(loaded.registry, *trace);
  return replay(*trace, replay_options(configuration, purpose));
}

/// A trace is JSON, and JSON begins with a brace. A pipeline that does, too, has the name of one.
bool is_pipeline(const std::string& path) {
  const std::string ending = fs::path(path).extension().string();
  if (ending == ".yaml" || ending == ".yml") return true;
  if (ending == ".json") return false;
  std::error_code failure;
  if (!fs::is_regular_file(path, failure)) return false;  // What is read from a pipe is gone.
  std::ifstream file{path, std::ios::binary};
  char first = 0;
  return file >> first && first != '{';
}

}  // namespace

Result<LoadedWorkflow> load_workflow(const WorkflowSource& source,
                                     const Configuration& configuration,
                                     ReplayOptions::Purpose purpose) {
  const std::string& path = source.file;
  if (auto usable = check_path(path); !usable) return usable.error();
  LoadedWorkflow loaded;
  if (auto modules = load_modules(loaded.registry, source.modules); !modules) {
    return modules.error();
  }
  auto workflow = is_pipeline(path) ? load_pipeline_workflow(source, configuration, loaded)
                                    : load_replay(source, configuration, purpose, loaded);
  if (!workflow) return std::move(workflow).error();
  auto graph = frozen(std::move(*workflow), loaded.registry);
  if (!graph) return with_context(path, std::move(graph).error());
  loaded.graph = std::move(*graph);
  return loaded;
}

}  // namespace weft::cli
