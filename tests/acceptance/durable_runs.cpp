#include "acceptance/durable_runs.hpp"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>

#include "weft/storage/redis/keys.hpp"

namespace weft::test {

namespace fs = std::filesystem;

namespace {

fs::path new_folder(const char* name) {
  std::string path = fs::temp_directory_path() / (std::string{name} + "-XXXXXX");
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error{"no folder for a test"};
  return path;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

/// What is left in a folder, by name.
std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{folder}) {
    names.push_back(entry.path().filename());
  }
  return names;
}

std::string name_of(int process) {
  std::string name;
  std::getline(std::ifstream{"/proc/" + std::to_string(process) + "/comm"}, name);
  return name;
}

/// Collects events until the end of a run is among them.
class Listening {
public:
  void take(const RunEvent& event) {
    const std::lock_guard lock{mutex_};
    events_.push_back(event);
    if (event.kind == RunEventKind::ended) ended_.notify_all();
  }
  std::vector<RunEvent> all() {
    std::unique_lock lock{mutex_};
    const bool over = ended_.wait_for(lock, bound, [this] {
      return !events_.empty() && events_.back().kind == RunEventKind::ended;
    });
    EXPECT_TRUE(over) << "nobody was told of the end of the run";
    return events_;
  }

private:
  std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<RunEvent> events_;
};

}  // namespace

DurableRuns::DurableRuns() {
  if (!RedisServer::installed()) return;
  redis.emplace();
  folder_ = new_folder("weft-acceptance");
  temporary_ = new_folder("weft-temporary");
  const char* usual = std::getenv("TMPDIR");
  usual_temporary_ = usual == nullptr ? "" : usual;
  ::setenv("TMPDIR", temporary_.c_str(), 1);
}

DurableRuns::~DurableRuns() {
  if (folder_.empty()) return;
  if (usual_temporary_.empty()) {
    ::unsetenv("TMPDIR");
  } else {
    ::setenv("TMPDIR", usual_temporary_.c_str(), 1);
  }
  fs::remove_all(folder_);
  fs::remove_all(temporary_);
}

void DurableRuns::SetUp() {
  if (!redis) GTEST_SKIP() << RedisServer::missing;
}

EngineOptions DurableRuns::in_store(std::uint32_t slots, std::uint32_t workers) const {
  EngineOptions options;
  options.pool.slots = slots;
  options.workers = workers;
  options.store.url = "unix://" + (redis->directory() / "redis.sock").string();
  options.store.durability = DurabilityLevel::memory;
  options.store.lease = 1s;
  options.recorder.history = "";
  return options;
}

EngineOptions DurableRuns::processes(std::uint32_t slots, std::uint32_t workers) const {
  EngineOptions options = in_store(slots, workers);
  options.pool.kind = PoolKind::processes;
  return options;
}

EngineOptions DurableRuns::threads(std::uint32_t slots, std::uint32_t workers) const {
  return in_store(slots, workers);
}

EngineOptions DurableRuns::client() const {
  EngineOptions options = in_store(1, 0);
  options.role = NodeRole::client;
  return options;
}

// -- runs -----------------------------------------------------------------------------------------

std::shared_ptr<RunHandle> DurableRuns::attached(Engine& engine, RunId run) {
  std::shared_ptr<RunHandle> handle;
  const bool known = eventually([&] {
    auto found = engine.attach(run);
    if (found) handle = std::move(*found);
    return handle != nullptr;
  });
  EXPECT_TRUE(known) << "the store never has the run";
  return handle;
}

std::vector<RunEvent> DurableRuns::events_of(RunHandle& run) {
  Listening listening;
  const auto subscription =
    run.subscribe([&listening](const RunEvent& event) { listening.take(event); });
  auto events = listening.all();
  run.unsubscribe(subscription);
  return events;
}

std::map<std::string, int> DurableRuns::commits_of(RunHandle& run) {
  std::map<std::string, int> commits;
  for (const RunEvent& event : events_of(run)) {
    if (event.kind == RunEventKind::task_committed) ++commits[event.name];
  }
  return commits;
}

void DurableRuns::expect_each_committed_once(RunHandle& run) {
  const auto commits = commits_of(run);
  for (const auto& [task, count] : commits) EXPECT_EQ(count, 1) << task;
  const RunRecord record = run.record();
  EXPECT_EQ(record.state, RunState::succeeded);
  EXPECT_EQ(record.tasks.committed, record.tasks.total);
}

// -- what functions do in the folder --------------------------------------------------------------

int DurableRuns::calls(const std::string& label) const {
  const auto all = noted_calls(folder_);
  return static_cast<int>(std::ranges::count(all, label, &NotedCall::label));
}

int DurableRuns::process_of(const std::string& label) const {
  int process = 0;
  for (const NotedCall& call : noted_calls(folder_)) {
    if (call.label == label) process = call.process;
  }
  return process;
}

bool DurableRuns::wait_for_calls(const std::string& label, int count) const {
  return eventually([&] { return calls(label) >= count; });
}

void DurableRuns::open_gate(const std::string& gate) const {
  std::ofstream{folder_ / gate};
}

// -- what is left ---------------------------------------------------------------------------------

std::vector<std::string> DurableRuns::keys_of_runs() const {
  const std::string prefix = StoreOptions{}.prefix;
  std::vector<std::string> keys;
  for (const std::string& line : lines_of(redis->run({"KEYS", "*"}))) {
    if (line.starts_with('$') || line.starts_with('*')) continue;
    if (line != redis::index_key(prefix) && line != redis::sweeper_key(prefix)) {
      keys.push_back(line);
    }
  }
  return keys;
}

void DurableRuns::expect_no_key_of_runs() const {
  eventually([&] { return keys_of_runs().empty(); });
  EXPECT_THAT(keys_of_runs(), IsEmpty());
}

std::vector<int> DurableRuns::child_processes() const {
  std::vector<int> found;
  for (const auto& thread : fs::directory_iterator{"/proc/self/task"}) {
    std::ifstream children{thread.path() / "children"};
    for (int child = 0; children >> child;) {
      if (child != redis->process() && name_of(child) != "weft-keeper") found.push_back(child);
    }
  }
  return found;
}

void DurableRuns::expect_nothing_left() const {
  expect_no_key_of_runs();
  EXPECT_THAT(child_processes(), IsEmpty());
  EXPECT_THAT(files_in(temporary_), IsEmpty());
}

std::uint64_t DurableRuns::server_figure(const std::string& section,
                                         const std::string& name) const {
  for (const std::string& line : lines_of(redis->run({"INFO", section}))) {
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1));
  }
  ADD_FAILURE() << "Redis does not tell " << name;
  return 0;
}

std::map<std::string, std::uint64_t> DurableRuns::command_counts() const {
  constexpr std::string_view prefix = "cmdstat_", calls = ":calls=";
  std::map<std::string, std::uint64_t> counts;
  for (const std::string& line : lines_of(redis->run({"INFO", "commandstats"}))) {
    const std::size_t end = line.find(calls);
    if (!line.starts_with(prefix) || end == std::string::npos) continue;
    counts[line.substr(prefix.size(), end - prefix.size())] =
      std::stoull(line.substr(end + calls.size()));
  }
  return counts;
}

}  // namespace weft::test
