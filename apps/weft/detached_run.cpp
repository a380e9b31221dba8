#include "weft/apps/weft/detached_run.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/json_text.hpp"
#include "weft/runtime/store_connection.hpp"
#include "weft/runtime/store_facts.hpp"

namespace weft::cli {

namespace {

/// Between two looks whether the store has the run.
constexpr Nanos look_interval_of_submission = std::chrono::milliseconds{10};

/// Returns when the store has the run. Throws when it has refused it.
void await_creation(Engine& engine, RunHandle& run) {
  while (!engine.attach(run.id())) {
    if (!run.wait_for(look_interval_of_submission)) continue;
    if (const RunRecord record = run.record(); record.state == RunState::failed) {
      throw Exception(error_of(record));
    }
    return;
  }
}

}  // namespace

std::string durability_note(const StoreOptions& options) {
  const auto client = connect_store(options).value();
  const StoreFacts facts = read_store_facts(*client).value();
  check_durability(options, facts).value();
  return fmt::format("store {}, durability {} ({})\n", options.url, to_string(options.durability),
                     durability_text(facts));
}

ExitCode submit_detached(Session& session, EngineOptions options, Registry registry,
                         const GraphPtr& graph, SubmitOptions submission) {
  if (options.store.url.empty()) {
    throw Exception({.code = Errc::invalid_config,
                     .message = "--detach needs a store outside of this process",
                     .hint = "give --store unix:///path or redis://host, or set store.url"});
  }
  options.role = NodeRole::client;
  options.recorder.history.clear();
  submission.detached = true;
  Engine engine{std::move(registry), std::move(options)};
  const auto run = engine.submit_graph(graph, graph->sinks(), submission);
  await_creation(engine, *run);
  const std::string id = run->id().text();
  Console& console = session.console;
  console.print(console.format() == OutputFormat::table
                  ? id + "\n"
                  : text_of_record({{"run", id}}, console.format()));
  if (console.format() == OutputFormat::table) {
    console.note(fmt::format("\nnext     weft worker   (a node that runs it, if none does)\n"
                             "         weft watch {}\n",
                             id));
  }
  return ExitCode::success;
}

}  // namespace weft::cli
