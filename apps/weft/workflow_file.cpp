#include "weft/apps/weft/workflow_file.hpp"

#include <filesystem>

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
  auto trace = load_trace(path);
  if (!trace) return std::move(trace).error();
  add_replay_functions(loaded.registry, *trace);
  auto workflow = replay(*trace, replay_options(configuration, purpose));
  if (!workflow) return std::move(workflow).error();
  auto graph = frozen(std::move(*workflow), loaded.registry);
  if (!graph) return with_context(path, std::move(graph).error());
  loaded.graph = std::move(*graph);
  return loaded;
}

}  // namespace weft::cli
