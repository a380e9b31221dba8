#include "weft/apps/weft/function_source.hpp"

#include <array>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_shapes.hpp"
#include "weft/apps/weft/chaos_work.hpp"
#include "weft/apps/weft/json_text.hpp"

namespace weft::cli {

namespace {

/// What the tasks of a file do depends on these.
constexpr std::array settings_of_tasks{"replay.time_scale", "replay.data_scale",   "replay.work",
                                       "commands.folder",   "commands.keep_runs", "commands.grace"};

std::string absolute(const std::string& path) {
  std::error_code failure;
  const auto whole = std::filesystem::absolute(path, failure);
  return failure ? path : whole.string();
}

Error not_ours(const std::string& why) {
  return {.code = Errc::invalid_argument,
          .message = "the functions of the run cannot be found: " + why,
          .hint = "run it with the program that submitted it"};
}

Result<Registry> functions_of_file(const nlohmann::json& source) {
  WorkflowSource workflow{.file = source.at("file"),
                          .modules = source.at("modules"),
                          .parameters = source.at("parameters"),
                          .from_run = source.at("from_run")};
  if (!workflow.from_run.empty()) workflow.on_decision = [](const CommandDecision&) {};
  Configuration configuration;
  for (const auto& [key, text] : source.at("settings").items()) {
    auto set = configuration.set(
      key, {.text = text, .source = SettingSource::flag, .where = "the submitter of the run"});
    if (!set) return set.error();
  }
  std::error_code failure;
  std::filesystem::current_path(std::string(source.at("folder")), failure);
  if (failure) return not_ours("there is no folder " + in_quotes(std::string(source.at("folder"))));
  auto loaded = load_workflow(workflow, configuration, ReplayOptions::Purpose::look);
  if (!loaded) return std::move(loaded).error();
  return std::move(loaded->registry);
}

}  // namespace

std::string function_source(const WorkflowSource& source, const Configuration& configuration) {
  nlohmann::json json;
  json["kind"] = "file";
  json["file"] = absolute(source.file);
  json["folder"] = std::filesystem::current_path().string();
  json["modules"] = nlohmann::json::array();
  for (const std::string& module : source.modules) json["modules"].push_back(absolute(module));
  json["parameters"] = source.parameters;
  json["from_run"] = source.from_run;
  for (const std::string_view key : settings_of_tasks) {
    json["settings"][std::string(key)] = configuration.text(key);
  }
  return json.dump();
}

std::string bench_function_source() {
  return R"({"kind":"bench"})";
}

std::string chaos_function_source() {
  return R"({"kind":"chaos"})";
}

Result<Registry> functions_from(const std::string& source) {
  if (source.empty()) return Registry{};
  try {
    const nlohmann::json json = nlohmann::json::parse(source);
    const std::string kind = json.at("kind");
    if (kind == "file") return functions_of_file(json);
    Registry registry;
    if (kind == "bench") {
      add_bench_functions(registry);
    } else if (kind == "chaos") {
      add_chaos_functions(registry);
    } else {
      return not_ours("they are of the kind " + in_quotes(kind));
    }
    return registry;
  } catch (const nlohmann::json::exception& failure) {
    return not_ours(failure.what());
  }
}

}  // namespace weft::cli
