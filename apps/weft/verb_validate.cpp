#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"
#include "weft/runtime/requirement_check.hpp"

namespace weft::cli {

namespace {

std::uint64_t edges_of(const Graph& graph) {
  std::uint64_t edges = 0;
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    edges += graph.dependencies(TaskId{i}).size();
  }
  return edges;
}

void print_json(Console& console, const std::string& file, const Result<LoadedWorkflow>& loaded) {
  Json report;
  report["file"] = file;
  report["valid"] = loaded.has_value();
  report["problems"] = Json::array();
  if (loaded) {
    report["workflow"] = loaded->graph->name();
    report["tasks"] = loaded->graph->task_count();
    report["edges"] = edges_of(*loaded->graph);
  } else if (loaded.error().causes.empty()) {
    report["problems"].push_back(json_of(loaded.error()));
  } else {
    for (const Error& cause : loaded.error().causes) report["problems"].push_back(json_of(cause));
  }
  console.print(text_of_record(report, console.format()));
}

/// Every problem, however many: whoever corrects a file wants to see them all.
void print_problems(Console& console, const Error& error) {
  std::string out = printable(error.message) + "\n";
  for (const Error& cause : error.causes) {
    std::string text = printable(to_string(cause));
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
      text.insert(at + 1, "    ");
    }
    out += "  - " + text + "\n";
  }
  if (!error.hint.empty()) out += "hint: " + printable(error.hint) + "\n";
  console.print(out);
}

/// The workflow, if it is sound and all that it needs is here.
Result<LoadedWorkflow> load_equipped(const WorkflowSource& source,
                                     const Configuration& configuration) {
  auto loaded = load_workflow(source, configuration, ReplayOptions::Purpose::look);
  if (!loaded) return loaded;
  auto met = check_requirements(loaded->graph->requirements(), loaded->registry);
  if (!met) return met.error();
  return loaded;
}

ExitCode validate(Session& session, const WorkflowSource& source) {
  const std::string& file = source.file;
  Console& console = session.console;
  const auto loaded = load_equipped(source, session.configuration);
  const ExitCode code = loaded ? ExitCode::success : exit_code_of(loaded.error());
  // A file that is not there is no statement about a workflow.
  if (code == ExitCode::usage) throw Exception(loaded.error());
  if (console.format() != OutputFormat::table) {
    print_json(console, file, loaded);
  } else if (loaded) {
    console.print(fmt::format("{}: {}, {} tasks, {} edges: {}\n", printable(file),
                              printable(loaded->graph->name()), loaded->graph->task_count(),
                              edges_of(*loaded->graph), console.out_style().green("valid")));
  } else {
    print_problems(console, loaded.error());
  }
  return code;
}

}  // namespace

void add_validate(CommandLine& line) {
  auto source = std::make_shared<WorkflowSource>();
  CLI::App& verb = line.add(
    {.name = "validate",
     .summary = "check a workflow file and name everything that is wrong with it",
     .details = "Ends with 3 when the file holds no valid workflow, with 5 when something that it "
                "needs is missing here. With -o json the problems are "
                "records, for editors and for continuous integration.",
     .examples = "  weft validate mosaic.json\n"
                 "  weft validate mosaic.json -o json | jq '.problems[].message'\n"},
    [source](Session& session) { return validate(session, *source); });
  add_workflow(verb, *source);
}

}  // namespace weft::cli
