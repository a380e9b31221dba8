#include "weft/storage/redis/run_writer.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include "weft/storage/redis/run_messages.hpp"
#include "weft/storage/scope_facts.hpp"
#include "weft/workflow/graph_codec.hpp"

namespace weft::redis {

namespace {

constexpr std::uint32_t no_expansion = 0xffff'ffff;

// -- what scripts read of a scope -----------------------------------------------------------------

using Pair = std::pair<std::uint32_t, std::uint32_t>;

struct ScopeRecord {
  std::uint32_t map = 0;
  std::uint32_t items_max = 0;
  std::vector<std::uint32_t> templates, retained;
  std::vector<Pair> outer_inputs, waits, item_uses;
  std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>> gatherers;
  std::vector<std::vector<std::uint32_t>> items_read;

  template <class Inspector>
  friend bool inspect(Inspector& f, ScopeRecord& x) {
    return f.object(x).fields(f.field("map", x.map), f.field("items_max", x.items_max),
                              f.field("templates", x.templates),
                              f.field("retained", x.retained),
                              f.field("outer_inputs", x.outer_inputs), f.field("waits", x.waits),
                              f.field("item_uses", x.item_uses), f.field("gatherers", x.gatherers),
                              f.field("items_read", x.items_read));
  }
};

std::vector<std::uint32_t> numbers_of(const std::vector<TaskId>& tasks) {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(tasks.size());
  for (const TaskId task : tasks) numbers.push_back(task.number());
  return numbers;
}

ScopeRecord scope_record(const Graph& graph, const Scope& scope, const ScopeFacts& facts) {
  ScopeRecord record{.map = scope.map.number(),
                     .items_max = graph.options(scope.map).max_items.value_or(default_max_items),
                     .templates = numbers_of(scope.templates),
                     .retained = numbers_of(facts.retained)};
  for (const auto& outer : scope.outer_inputs) {
    record.outer_inputs.emplace_back(outer.task.number(), outer.uses);
  }
  for (const auto& wait : facts.waits) {
    record.waits.emplace_back(wait.position, wait.task.number());
  }
  for (const auto& use : facts.item_uses) record.item_uses.emplace_back(use.map.number(), use.uses);
  for (const auto& gatherer : facts.gatherers) {
    record.gatherers.emplace_back(gatherer.task.number(), gatherer.positions);
  }
  for (const auto& maps : facts.items_read) record.items_read.push_back(numbers_of(maps));
  return record;
}

// -- states ---------------------------------------------------------------------------------------

/// Appends numbers in the order in which BITFIELD counts.
class BigPacker {
public:
  explicit BigPacker(std::string& text) : text_(text) {}

  BigPacker& u8(std::uint8_t number) { return bytes(number, 1); }
  BigPacker& u16(std::uint16_t number) { return bytes(number, 2); }
  BigPacker& u32(std::uint32_t number) { return bytes(number, 4); }
  BigPacker& f64(double number) { return bytes(std::bit_cast<std::uint64_t>(number), 8); }

private:
  BigPacker& bytes(std::uint64_t number, int count) {
    for (int i = count - 1; i >= 0; --i) text_ += static_cast<char>(number >> (8 * i));
    return *this;
  }

  std::string& text_;
};

enum StatesFlag : std::uint8_t { fail_fast_flag = 1, maps_flag = 2 };
constexpr std::uint8_t waiting = 1;
constexpr std::uint8_t ready = 2;

void append_header(std::string& states, const CreateRun& request, std::uint32_t total) {
  const Graph& graph = *request.graph;
  const bool maps = graph.scope_count() > 1;
  BigPacker{states}
    .u8(0)
    .u8(
      static_cast<std::uint8_t>((request.fail_fast ? fail_fast_flag : 0) | (maps ? maps_flag : 0)))
    .u8(0)
    .u8(0)
    .u32(0)
    .u32(total)
    .u32(0)
    .u32(0)
    .u32(0)
    .u32(0)
    .u32(graph.task_count())
    .f64(0)
    .f64(static_cast<double>(request.lease.count()))
    .f64(static_cast<double>(request.retention.count()))
    .f64(0);
}

void append_state(std::string& states, const CreateRun& request, TaskId task, bool kept) {
  const Graph& graph = *request.graph;
  const Placement& placement = request.plan->placements[task.number()];
  const bool runs = graph.task(task).scope == 0;
  const std::uint32_t pending = runs ? graph.pending(task) : 0;
  const std::uint8_t status = !runs ? 0 : pending == 0 ? ready : waiting;
  BigPacker{states}
    .u8(status)
    .u8(kept ? 1 : 0)
    .u16(1)
    .u32(1)
    .u32(0)
    .u32(pending)
    .u32(runs ? graph.readers(task) : 0)
    .u32(placement.worker.number())
    .u32(ordered_rank(placement.rank))
    .u32(task.number())
    .u32(no_expansion);
}

void write_states(const CreateRun& request, WrittenRun& run) {
  const Graph& graph = *request.graph;
  std::vector<bool> kept(graph.task_count());
  for (const TaskId task : request.kept) kept[task.number()] = true;
  std::uint32_t total = 0;
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    total += graph.task(TaskId{i}).scope == 0 ? 1 : 0;
  }
  constexpr std::size_t record = 36;
  run.states.reserve(states_header + record * graph.task_count());
  append_header(run.states, request, total);
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    const TaskId task{i};
    append_state(run.states, request, task, kept[i]);
    if (graph.task(task).scope != 0 || graph.pending(task) != 0) continue;
    const Placement& placement = request.plan->placements[i];
    run.ready.push_back({.task = task, .worker = placement.worker, .rank = placement.rank});
  }
  std::ranges::stable_sort(run.ready, [](const ReadyTask& a, const ReadyTask& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.task < b.task;
  });
  for (const ReadyTask& task : run.ready) {
    BigPacker{run.ready_entries}.u32(task.task.number()).u32(1);
  }
}

// -- the graph ------------------------------------------------------------------------------------

Result<void> write_graph(const CreateRun& request, WrittenRun& run) {
  const Graph& graph = *request.graph;
  auto encoded = encode_graph(graph, *request.plan);
  if (!encoded) return std::move(encoded).error();
  run.graph.reserve(encoded->tasks.size() + encoded->constants.size() + 1);
  run.graph.emplace_back(graph_header_field, std::move(encoded->header));
  for (std::size_t i = 0; i < encoded->tasks.size(); ++i) {
    run.graph.emplace_back(std::to_string(i), std::move(encoded->tasks[i]));
  }
  for (std::size_t i = 0; i < encoded->constants.size(); ++i) {
    run.graph.emplace_back(constant_field(static_cast<std::uint32_t>(i)),
                           std::move(encoded->constants[i]));
  }
  const auto facts = scope_facts(graph);
  for (std::uint32_t i = 1; i < graph.scope_count(); ++i) {
    Blob scope;
    encode(scope_record(graph, graph.scope(i), facts[i]), scope);
    run.graph.emplace_back("s" + std::to_string(i), std::move(scope));
  }
  for (const PlannedWorker& worker : request.plan->workers) {
    run.graph.emplace_back(part_field(worker.id),
                           packed_tasks(tasks_of_worker(graph, *request.plan, worker.id)));
  }
  return {};
}

void write_fixed(const CreateRun& request, WrittenRun& run) {
  run.fixed = {
    {"workers", std::to_string(request.plan->workers.size())},
    {"kept", packed_tasks(request.kept)},
    {"fail_fast", request.fail_fast ? "1" : "0"},
    {"retention", std::to_string(request.retention.count())},
    {"lease", std::to_string(request.lease.count())},
    {"submitted", std::to_string(request.submitted_wall.time_since_epoch().count())},
    {"source", request.source},
  };
}

Result<std::int64_t> number_in(std::string_view text, std::string_view name) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc{} && end == text.data() + text.size()) return number;
  return Error{.code = Errc::decode_failed,
               .message = "the store's " + std::string(name) + " of a run is " + in_quotes(text)};
}

}  // namespace

Result<WrittenRun> written_run(const CreateRun& request) {
  WrittenRun run;
  write_states(request, run);
  if (auto written = write_graph(request, run); !written) return std::move(written).error();
  write_fixed(request, run);
  return run;
}

Result<RunDescription> read_fixed(const std::vector<std::pair<std::string, std::string>>& fixed) {
  RunDescription run;
  for (const auto& [name, text] : fixed) {
    if (name == "kept") {
      Unpacker in{text};
      while (in.left() > 0) run.kept.emplace_back(in.u32());
      continue;
    }
    if (name == "source") run.source = text;
    const bool known =
      name == "fail_fast" || name == "retention" || name == "lease" || name == "submitted";
    if (!known) continue;
    auto number = number_in(text, name);
    if (!number) return std::move(number).error();
    if (name == "fail_fast") run.fail_fast = *number != 0;
    if (name == "retention") run.retention = Nanos{*number};
    if (name == "lease") run.lease = Nanos{*number};
    if (name == "submitted") run.submitted = WallTime{Nanos{*number}};
  }
  return run;
}

}  // namespace weft::redis
