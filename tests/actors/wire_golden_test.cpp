// What messages look like on the wire: nodes of different versions talk to one another.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/byte_buffer.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <caf/type_id.hpp>
#include <string>
#include <type_traits>

#include "support/dice.hpp"
#include "support/golden.hpp"
#include "weft/actors/type_ids.hpp"

namespace weft {

// Enough to compare what was read back.
static bool operator==(const TasksReady& a, const TasksReady& b) {
  return a.tasks == b.tasks;
}
static bool operator==(const StopWorker& a, const StopWorker& b) {
  return a.reason == b.reason;
}

}  // namespace weft

namespace weft::test {

namespace {

using namespace std::chrono_literals;

template <class T>
caf::byte_buffer written(const T& message) {
  caf::byte_buffer bytes;
  caf::binary_serializer sink{nullptr, bytes};
  EXPECT_TRUE(sink.apply(message)) << to_string(sink.get_error());
  return bytes;
}

/// Answers whether the bytes were those of a `T`, whatever else they may do.
template <class T>
bool read(const caf::byte_buffer& bytes, T& message) {
  caf::binary_deserializer source{nullptr, bytes};
  return source.apply(message) && source.remaining() == 0;
}

/// Sixteen bytes a line.
std::string hex(const caf::byte_buffer& bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text += fmt::format("{:02x}{}", static_cast<unsigned>(bytes[i]),
                        i % 16 == 15 || i + 1 == bytes.size() ? "\n" : " ");
  }
  return text;
}

Error sample_error() {
  return {.code = Errc::task_failed,
          .message = "three is too many",
          .task = "square-0",
          .attempt = 2,
          .node = "node-a",
          .hint = "take two",
          .causes = {{.code = Errc::io_failed, .message = "the disk is full"}}};
}

MetricsBatch sample_metrics() {
  return {.run = RunId{0x0123456789abcdef},
          .tasks = {{.task = TaskId{9},
                     .template_task = TaskId{3},
                     .attempt = 2,
                     .worker = WorkerId{1},
                     .outcome = AttemptOutcome::timed_out,
                     .claimed = 1ns,
                     .inputs_ready = 2us,
                     .started = 3ms,
                     .finished = 4s,
                     .committed = 5min,
                     .input_size = {100},
                     .fetched_size = {60},
                     .output_size = {200},
                     .path = {3, 4}}},
          .slots = {{.worker = WorkerId{1},
                     .worker_class = {.cpus = 1.5, .memory = {512}},
                     .cold = true,
                     .requested = 1ms,
                     .granted = 2ms}}};
}

RunEvent sample_event() {
  return {.kind = RunEventKind::attempt_failed,
          .at = 7s,
          .task = TaskId{9},
          .name = "square-0[3]",
          .attempt = 2,
          .worker = WorkerId{1},
          .count = 500,
          .message = "three is too many"};
}

struct Sample {
  template <class T>
  static T of();
};
template <>
TasksReady Sample::of() {
  return {{{TaskId{9}, WorkerId{1}, 1.5f}, {TaskId{10}, flexible_worker, 0.25f}}};
}
template <>
StopWorker Sample::of() {
  return {"the run was cancelled"};
}
template <>
MetricsBatch Sample::of() {
  return sample_metrics();
}
template <>
RunEvent Sample::of() {
  return sample_event();
}
template <>
Error Sample::of() {
  return sample_error();
}

template <class T>
std::string name_of() {
  if constexpr (std::is_same_v<T, TasksReady>) return "tasks_ready";
  if constexpr (std::is_same_v<T, StopWorker>) return "stop_worker";
  if constexpr (std::is_same_v<T, MetricsBatch>) return "metrics_batch";
  if constexpr (std::is_same_v<T, RunEvent>) return "run_event";
  return "error";
}

}  // namespace

template <class T>
class OnTheWire : public testing::Test {};

using Messages = testing::Types<TasksReady, StopWorker, MetricsBatch, RunEvent, Error>;
TYPED_TEST_SUITE(OnTheWire, Messages);

TYPED_TEST(OnTheWire, TheBytesOfAMessageAreWhatTheyWere) {
  expect_golden("wire_" + name_of<TypeParam>() + ".txt", hex(written(Sample::of<TypeParam>())));
}

TYPED_TEST(OnTheWire, AMessageIsReadBackAsItWasWritten) {
  TypeParam message{};
  ASSERT_TRUE(read(written(Sample::of<TypeParam>()), message));
  EXPECT_TRUE(message == Sample::of<TypeParam>());
}

TYPED_TEST(OnTheWire, AnEmptyMessageIsReadBackAsItWasWritten) {
  TypeParam message = Sample::of<TypeParam>();
  ASSERT_TRUE(read(written(TypeParam{}), message));
  EXPECT_TRUE(message == TypeParam{});
}

TYPED_TEST(OnTheWire, AMessageThatIsCutOffIsAnError) {
  const caf::byte_buffer whole = written(Sample::of<TypeParam>());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    TypeParam message{};
    EXPECT_FALSE(read({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, message))
      << size << " bytes of " << whole.size();
  }
}

TYPED_TEST(OnTheWire, ADamagedMessageIsAnErrorOrAnotherMessage) {
  const caf::byte_buffer whole = written(Sample::of<TypeParam>());
  Dice dice{1};
  for (int i = 0; i < 2000; ++i) {
    caf::byte_buffer damaged = whole;
    for (std::uint32_t hits = 1 + dice.roll(4); hits > 0; --hits) {
      damaged[dice.roll(damaged.size())] = static_cast<caf::byte>(dice.roll(256));
    }
    TypeParam message{};
    if (!read(damaged, message)) continue;
    TypeParam again{};
    ASSERT_TRUE(read(written(message), again)) << "it was read, hence it can be written";
  }
}

TEST(TypeIds, OfMessagesAreWhatTheyWere) {
  caf::core::init_global_meta_objects();
  caf::init_global_meta_objects<caf::id_block::weft>();
  std::string ids;
  for (caf::type_id_t id = caf::id_block::weft::begin; id < caf::id_block::weft::end; ++id) {
    const caf::string_view name = caf::query_type_name(id);
    ids += fmt::format("{} {}\n", id, std::string{name.begin(), name.end()});
  }
  expect_golden("wire_type_ids.txt", ids);
}

}  // namespace weft::test
