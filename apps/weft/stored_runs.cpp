#include "weft/apps/weft/stored_runs.hpp"

#include <algorithm>
#include <future>

#include <fmt/format.h>

#include "weft/apps/weft/configuration_files.hpp"
#include "weft/apps/weft/run_reference.hpp"
#include "weft/apps/weft/text_style.hpp"
#include "weft/storage/redis/keys.hpp"

namespace weft::cli {

namespace {

/// Waits for the answer to one request.
template <class T, class Ask>
Result<T> answer_to(Ask&& ask) {
  std::promise<Result<T>> answer;
  ask([&answer](Result<T> result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

Error unknown(std::string message, std::string hint) {
  return {.code = Errc::run_unknown, .message = std::move(message), .hint = std::move(hint)};
}

}  // namespace

std::size_t StoredRun::workers_alive() const {
  return count_alive(workers);
}

std::size_t count_alive(const std::vector<WorkerLease>& workers) {
  return static_cast<std::size_t>(
    std::ranges::count_if(workers, [](const WorkerLease& lease) { return lease.left > Nanos{}; }));
}

StoreOptions named_store(const Configuration& configuration) {
  StoreOptions options = checked_engine_options(configuration).store;
  if (!options.url.empty()) return options;
  throw Exception({.code = Errc::invalid_config,
                   .message = "no store is named: runs in memory end with their process",
                   .hint = "give --store unix:///path or redis://host, or set store.url"});
}

StoredRuns::StoredRuns(const Configuration& configuration)
  : options_(named_store(configuration)),
    client_(connect_store(options_).value()),
    store_(
      RedisRunStore::open(client_, std::make_shared<const Registry>(), {.prefix = options_.prefix})
        .value()) {}

std::vector<RunId> StoredRuns::ids() {
  return answer_to<std::vector<RunId>>([this](auto done) { store().runs(std::move(done)); })
    .value();
}

RunId StoredRuns::find(const std::string& reference) {
  const std::vector<RunId> all = ids();
  if (all.empty() && reference == "last") {
    throw Exception(unknown("there is no run in the store " + options_.url,
                            "weft run FILE --store URL makes one"));
  }
  if (reference == "last") return all.back();
  std::vector<RunId> found;
  std::ranges::copy_if(all, std::back_inserter(found),
                       [&reference](RunId run) { return run.text().starts_with(reference); });
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    throw Exception(unknown(
      fmt::format("no run in the store {} is called {}", options_.url, in_quotes(reference)),
      fmt::format(
        "weft ps lists them, and last is the newest; weft show {} if it has ended and was "
        "removed",
        printable(reference))));
  }
  throw Exception(unknown(fmt::format("{} runs begin with {}", found.size(), in_quotes(reference)),
                          "give more of the id: " + listed_ids(found)));
}

StoredRun StoredRuns::read(RunId run) {
  StoredRun read{
    .id = run, .workflow = {}, .description = describe(run), .status = {}, .workers = {}};
  read.workflow = read.description.graph->name();
  read.status = status(run);
  read.workers = workers(run);
  return read;
}

RunStatus StoredRuns::status(RunId run) {
  return answer_to<RunStatus>([&](auto done) { store().status(run, std::move(done)); }).value();
}

std::vector<WorkerLease> StoredRuns::workers(RunId run) {
  return answer_to<std::vector<WorkerLease>>(
           [&](auto done) { store().workers(run, std::move(done)); })
    .value();
}

void StoredRuns::ask_workers(RunId run,
                             std::function<void(Result<std::vector<WorkerLease>>)> done) {
  store().workers(run, std::move(done));
}

std::vector<StoredRun> StoredRuns::read_all() {
  std::vector<StoredRun> runs;
  for (const RunId run : ids()) {
    try {
      runs.push_back(read(run));
    } catch (const Exception& failure) {
      if (failure.error().code != Errc::run_unknown) throw;
    }
  }
  return runs;
}

RunDescription StoredRuns::describe(RunId run) {
  return answer_to<RunDescription>([&](auto done) { store().describe(run, std::move(done)); })
    .value();
}

std::vector<RunEvent> StoredRuns::last_events(RunId run, std::size_t limit) {
  const std::string key = redis::RunKeys{options_.prefix, run}.events();
  const auto length = answer_to<redis::Reply>([&](auto done) {
    client().call(redis::Command{"LLEN", key}, std::move(done));
  });
  const auto count =
    static_cast<std::uint64_t>(std::max<std::int64_t>(0, length ? length->integer() : 0));
  const std::uint64_t first = count > limit ? count - limit : 0;
  return answer_to<std::vector<RunEvent>>(
           [&](auto done) { store().events(run, first, limit, std::move(done)); })
    .value();
}

bool StoredRuns::cancel(RunId run, const std::string& reason) {
  return answer_to<bool>([&](auto done) { store().cancel(run, reason, std::move(done)); }).value();
}

RunRecord record_of(const StoredRun& run) {
  RunRecord record{.id = run.id,
                   .workflow = run.workflow,
                   .planner = run.description.plan->planner,
                   .submitted = run.description.submitted,
                   .makespan = std::nullopt,
                   .state = run.status.state,
                   .tasks = run.status.tasks,
                   .workers = static_cast<std::uint32_t>(run.description.plan->workers.size()),
                   .errors = run.status.errors};
  if (record.state != RunState::running) record.makespan = run.status.at;
  return record;
}

}  // namespace weft::cli
