#include "weft/apps/weft/chaos_work.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "weft/apps/weft/bench_values.hpp"

namespace weft::cli {

namespace {

using std::chrono::milliseconds;

// -- what the tasks do ----------------------------------------------------------------------------

std::uint64_t count_of(Nanos duration) {
  return static_cast<std::uint64_t>(duration.count());
}

/// One write a line, so that processes do not mix theirs, and that a kill cuts none.
void note_call(std::uint64_t task, char what) {
  static const int journal = [] {
    const char* path = std::getenv(chaos_journal_variable);
    return path ? ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
  }();
  if (journal < 0) return;
  const std::string line =
    fmt::format("{} {} {} {}\n", what, task, ::getpid(),
                std::chrono::steady_clock::now().time_since_epoch() / Nanos{1});
  static_cast<void>(::write(journal, line.data(), line.size()) < 0);  // Counts for statistics only.
}

/// What all functions do between reading their inputs and writing their value.
void pass_time(TaskContext& context, std::uint64_t task, std::uint64_t sleep) {
  note_call(task, 'b');
  if (!context.sleep_for(Nanos{static_cast<Nanos::rep>(sleep)})) {
    throw std::runtime_error{"stopped while it slept"};
  }
  note_call(task, 'e');
}

/// The number of an element's call in a step of a map.
std::uint64_t element_number(std::uint64_t element, std::uint64_t step) {
  return first_word(element + step);
}

const Function step{"chaos.step",
                    [](TaskContext& context, std::uint64_t number, std::uint64_t sleep,
                       std::uint64_t bytes, const std::vector<Shared<Blob>>& inputs) {
                      pass_time(context, number, sleep);
                      std::uint64_t sum = number;
                      for (const Shared<Blob>& input : inputs) sum += sum_of_words(*input);
                      return make_value(sum, bytes);
                    }};
const Function source{"chaos.source", [](TaskContext& context, std::uint64_t number,
                                         std::uint64_t sleep, std::uint64_t bytes) {
                        pass_time(context, number, sleep);
                        return make_value(number, bytes);
                      }};
const Function list{"chaos.list", [](const Blob& input, std::uint64_t count) {
                      const std::uint64_t sum = sum_of_words(input);
                      std::vector<std::uint64_t> elements(count);
                      for (std::uint64_t i = 0; i < count; ++i) elements[i] = first_word(sum + i);
                      return elements;
                    }};
const Function element{"chaos.element", [](TaskContext& context, std::uint64_t value,
                                           std::uint64_t sleep, std::uint64_t bytes) {
                         pass_time(context, element_number(value, 0), sleep);
                         return make_value(value, bytes);
                       }};
const Function further{"chaos.further",
                       [](TaskContext& context, const Blob& value, std::uint64_t sleep) {
                         const std::uint64_t sum = sum_of_words(value);
                         pass_time(context, element_number(sum, 1), sleep);
                         return make_value(sum, value.size());
                       }};

/// What a map makes of the sum of the words of what it is made from.
std::uint64_t sum_of_map(std::uint64_t sum, std::uint64_t count, std::uint64_t bytes) {
  std::uint64_t all = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    all += sum_of_value(sum_of_value(first_word(sum + i), bytes), bytes);
  }
  return all;
}

// -- shapes ---------------------------------------------------------------------------------------

using Inputs = std::vector<std::uint32_t>;
constexpr std::uint32_t most_tasks = 200;

std::uint32_t add(ChaosWork& work, Inputs inputs) {
  work.tasks.push_back({.inputs = std::move(inputs)});
  return static_cast<std::uint32_t>(work.tasks.size() - 1);
}

void chain(ChaosWork& work, ChaosDice& dice) {
  const std::uint64_t count = dice.between(10, 60);  // Each waits for the one before.
  add(work, {});
  for (std::uint32_t i = 1; i < count; ++i) add(work, {i - 1});
}

void fan(ChaosWork& work, ChaosDice& dice) {
  const std::uint32_t root = add(work, {});
  Inputs all;
  for (std::uint64_t left = dice.between(8, most_tasks - 2); left > 0; --left) {
    all.push_back(add(work, {root}));
  }
  add(work, all);
}

void tree(ChaosWork& work, ChaosDice& dice) {
  Inputs level;
  for (std::uint64_t left = dice.between(6, most_tasks / 2); left > 0; --left) {
    level.push_back(add(work, {}));
  }
  while (level.size() > 1) {
    Inputs next;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
      next.push_back(add(work, {level[i], level[i + 1]}));
    }
    if (level.size() % 2 == 1) next.push_back(level.back());
    level = std::move(next);
  }
}

void layered(ChaosWork& work, ChaosDice& dice) {
  const std::uint64_t width = dice.between(2, 14);
  const std::uint64_t depth = dice.between(4, 13);
  Inputs layer;
  for (std::uint64_t i = 0; i < width; ++i) layer.push_back(add(work, {}));
  for (std::uint64_t level = 1; level < depth; ++level) {
    Inputs next;
    for (std::uint64_t i = 0; i < width; ++i) {
      Inputs inputs{layer[i]};
      for (std::uint64_t more = dice.between(0, 2); more > 0; --more) {
        inputs.push_back(layer[dice.between(0, width - 1)]);
      }
      next.push_back(add(work, std::move(inputs)));
    }
    layer = std::move(next);
  }
  add(work, layer);
}

void random(ChaosWork& work, ChaosDice& dice) {
  const std::uint64_t count = dice.between(10, most_tasks - 1);
  std::vector<bool> read(count, false);
  for (std::uint32_t i = 0; i < count; ++i) {
    Inputs inputs;
    for (std::uint64_t more = i == 0 ? 0 : dice.between(0, 3); more > 0; --more) {
      inputs.push_back(static_cast<std::uint32_t>(dice.between(i > 20 ? i - 20 : 0, i - 1)));
      read[inputs.back()] = true;
    }
    add(work, std::move(inputs));
  }
  Inputs unread;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!read[i]) unread.push_back(i);
  }
  add(work, std::move(unread));
}

void maps(ChaosWork& work, ChaosDice& dice) {
  const std::uint64_t rounds = dice.between(1, 3);
  work.elements = static_cast<std::uint32_t>(dice.between(3, 80 / rounds));
  add(work, {});
  for (std::uint32_t i = 0; i < rounds; ++i) add(work, {i});
}

struct Shape {
  const char* name;
  void (*make)(ChaosWork&, ChaosDice&);
};
constexpr std::array shapes{Shape{"chain", chain},   Shape{"fan", fan},
                            Shape{"tree", tree},     Shape{"layered", layered},
                            Shape{"random", random}, Shape{"maps", maps}};

void draw_tasks(ChaosWork& work, ChaosDice& dice) {
  const Nanos longest = dice.between(milliseconds{2}, milliseconds{30});
  constexpr std::uint32_t large_percent = 5;  // Beyond 32 KiB an output goes to the store in parts.
  for (ChaosTask& task : work.tasks) {
    task.sleep = dice.between(Nanos{}, longest);
    task.bytes = value_bytes(dice.chance(large_percent)
                               ? dice.between(std::uint64_t{33} << 10, std::uint64_t{300} << 10)
                               : dice.between(8, 2000));
  }
}

}  // namespace

std::uint64_t ChaosWork::calls() const {
  const std::uint64_t own = tasks.size();
  return elements == 0 ? own : own + (own - 1) * 2 * elements;
}

Nanos ChaosWork::sleep() const {
  Nanos all{};
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    all += tasks[i].sleep;
    if (i + 1 < tasks.size()) all += tasks[i].sleep * 2 * elements;
  }
  return all;
}

ChaosWork draw_chaos_work(ChaosDice& dice) {
  const Shape& shape = shapes[dice.between(0, shapes.size() - 1)];
  ChaosWork work{.shape = shape.name};
  shape.make(work, dice);
  draw_tasks(work, dice);
  return work;
}

std::uint64_t expected_sum(const ChaosWork& work) {
  std::vector<std::uint64_t> sums;
  for (std::uint64_t number = 0; number < work.tasks.size(); ++number) {
    const ChaosTask& task = work.tasks[number];
    std::uint64_t sum = number;
    for (const std::uint32_t input : task.inputs) {
      const ChaosTask& before = work.tasks[input];
      sum +=
        work.elements == 0 ? sums[input] : sum_of_map(sums[input], work.elements, before.bytes);
    }
    sums.push_back(sum_of_value(sum, task.bytes));
  }
  return sums.back();
}

ChaosWorkflow make_chaos_workflow(const ChaosWork& work) {
  Workflow workflow{"chaos." + work.shape};
  std::vector<Future<Blob>> made;
  for (std::uint64_t number = 0; number < work.tasks.size(); ++number) {
    const ChaosTask& task = work.tasks[number];
    const std::uint64_t sleep = count_of(task.sleep);
    if (task.inputs.empty()) {
      made.push_back(workflow.task(source, number, sleep, task.bytes));
    } else if (work.elements > 0) {
      const ChaosTask& before = work.tasks[number - 1];
      const auto elements = workflow.task(list, made.back(), std::uint64_t{work.elements});
      const auto first = workflow.map(elements, element, count_of(before.sleep), before.bytes);
      const auto second = workflow.map(first, further, count_of(before.sleep));
      made.push_back(workflow.task(step, number, sleep, task.bytes, second));
    } else {
      std::vector<Future<Blob>> inputs;
      for (const std::uint32_t input : task.inputs) inputs.push_back(made[input]);
      made.push_back(workflow.task(step, number, sleep, task.bytes, inputs));
    }
  }
  return {.workflow = std::move(workflow), .result = made.back()};
}

void add_chaos_functions(Registry& registry) {
  registry.add(source).add(step).add(list).add(element).add(further);
}

std::vector<ChaosCall> parse_chaos_journal(std::string_view text) {
  std::vector<ChaosCall> calls;
  std::istringstream lines{std::string{text}};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    char what = 0;
    std::int64_t at = 0;
    ChaosCall call;
    if (!(words >> what >> call.task >> call.process >> at)) continue;
    call.at = TimePoint{Nanos{at}};
    call.ended = what == 'e';
    calls.push_back(call);
  }
  return calls;
}

}  // namespace weft::cli
