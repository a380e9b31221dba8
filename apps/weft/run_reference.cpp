#include "weft/apps/weft/run_reference.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "weft/apps/weft/configuration_files.hpp"
#include "weft/runtime/open_history.hpp"

namespace weft::cli {

namespace {

/// A history holds no more than these unless someone raised `history.max_runs` a good deal.
constexpr std::size_t max_searched = 1'000'000;

Error unknown(std::string message, std::string hint) {
  return {.code = Errc::run_unknown, .message = std::move(message), .hint = std::move(hint)};
}

}  // namespace

RunArchive::RunArchive(const Configuration& configuration)
  : file_(expanded_path(configuration.text("history.file"))) {
  std::error_code ignored;
  if (!is_url(file_) && !std::filesystem::exists(file_, ignored)) return;
  EngineOptions options = engine_options(configuration);
  options.recorder.history = file_;
  store_ = open_history(options.recorder, options.store).value();
}

std::vector<RunRecord> RunArchive::runs(std::size_t limit, const std::string& workflow) const {
  if (!store_) return {};
  return store_->runs(limit, workflow).value();
}

RunRecord RunArchive::find(const std::string& reference) const {
  const auto all = runs(reference == "last" ? 1 : max_searched, "");
  if (all.empty()) {
    throw Exception(unknown("no run has been recorded in " + file_, "weft run FILE makes one"));
  }
  if (reference == "last") return all.front();
  std::vector<RunRecord> found;
  for (const RunRecord& run : all) {
    if (run.id.text().starts_with(reference)) found.push_back(run);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    throw Exception(unknown("no run in " + file_ + " is called " + in_quotes(reference),
                            "weft runs lists them; last is the newest"));
  }
  std::vector<RunId> ids;
  std::ranges::transform(found, std::back_inserter(ids), &RunRecord::id);
  throw Exception(unknown(fmt::format("{} runs begin with {}", found.size(), in_quotes(reference)),
                          "give more of the id: " + listed_ids(ids)));
}

std::string listed_ids(std::span<const RunId> runs) {
  constexpr std::size_t max_listed = 5;
  std::string out;
  for (std::size_t i = 0; i < std::min(runs.size(), max_listed); ++i) {
    out += (i == 0 ? "" : ", ") + runs[i].text();
  }
  return runs.size() > max_listed ? out + ", ..." : out;
}

RunHistory RunArchive::read(const RunRecord& record) const {
  return read_run(*store_, record);
}

RunHistory read_run(const HistoryStore& store, const RunRecord& record) {
  return {.record = record,
          .attempts = store.tasks(record.id).value(),
          .slots = store.slots(record.id).value(),
          .graph = store.graph(record.id).value()};
}

}  // namespace weft::cli
