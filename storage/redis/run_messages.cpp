#include "weft/storage/redis/run_messages.hpp"

#include <bit>
#include <cstring>

#include "weft/storage/redis/errors.hpp"

namespace weft::redis {

namespace {

constexpr std::uint32_t missing = 0xffff'ffff;
constexpr std::uint32_t elsewhere = 0xffff'fffe;
constexpr std::uint8_t problem_code = 255;

template <class Number>
Number read_number(std::string_view bytes) {
  Number number;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

}  // namespace

static_assert(std::endian::native == std::endian::little, "numbers are packed as they lie");

Packer& Packer::u32(std::uint32_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  text_.append(bytes, sizeof number);
  return *this;
}

std::string_view Unpacker::bytes(std::size_t count) {
  if (count > bytes_.size()) {
    complete_ = false;
    bytes_ = {};
    return {};
  }
  const std::string_view taken = bytes_.substr(0, count);
  bytes_.remove_prefix(count);
  return taken;
}

std::uint8_t Unpacker::u8() {
  const auto taken = bytes(1);
  return taken.empty() ? 0 : static_cast<std::uint8_t>(taken.front());
}

std::uint32_t Unpacker::u32() {
  const auto taken = bytes(sizeof(std::uint32_t));
  return taken.empty() ? 0 : read_number<std::uint32_t>(taken);
}

std::uint32_t Unpacker::u32_big() {
  return __builtin_bswap32(u32());
}

double Unpacker::f64() {
  const auto taken = bytes(sizeof(double));
  return taken.empty() ? 0 : read_number<double>(taken);
}

double Unpacker::f64_big() {
  const auto taken = bytes(sizeof(double));
  return taken.empty()
           ? 0
           : std::bit_cast<double>(__builtin_bswap64(read_number<std::uint64_t>(taken)));
}

std::uint32_t ordered_rank(float rank) {
  constexpr std::uint32_t sign = 0x8000'0000;
  const auto bits = std::bit_cast<std::uint32_t>(rank == 0 ? 0.0F : rank);  // -0 equals 0.
  return (bits & sign) != 0 ? ~bits : bits | sign;
}

float rank_of(std::uint32_t ordered) {
  constexpr std::uint32_t sign = 0x8000'0000;
  return std::bit_cast<float>((ordered & sign) != 0 ? ordered & ~sign : ~ordered);
}

std::string packed_commit(const CommitRequest& request, bool inline_output) {
  return Packer{}
    .u32(request.task.number())
    .u32(request.fence.number())
    .u32(request.worker.number())
    .u32(request.chunks)
    .u32(request.claim_limit)
    .u8(static_cast<std::uint8_t>(request.claim))
    .u8(inline_output ? 1 : 0)
    .u8(1)
    .take();
}

std::string packed_tasks(std::span<const TaskId> tasks) {
  Packer packer;
  for (const TaskId task : tasks) packer.u32(task.number());
  return packer.take();
}

Result<Grant> read_grant(std::string_view bytes, const KnownOutputs& known) {
  Unpacker in{bytes};
  Grant grant;
  grant.task = TaskId{in.u32()};
  grant.template_task = TaskId{in.u32()};
  grant.fence = Fence{in.u32()};
  grant.attempt = in.u32();
  const bool inside_map = in.u32() != 0;
  for (std::uint32_t rows = in.u32(); rows > 0 && in.complete(); --rows) {
    grant.path.push_back(in.u32());
  }
  for (std::uint32_t slots = in.u32(); slots > 0 && in.complete(); --slots) {
    const std::uint8_t kind = in.u8();
    const TaskId task{in.u32()};
    const std::uint32_t count = in.u32();
    if (inside_map) grant.dependencies.push_back(task);
    constexpr std::uint8_t output = 0;
    constexpr std::uint8_t gather = 2;
    const Value at_hand = kind == output && known ? known(task) : Value{};
    std::vector<Value> values;
    for (std::uint32_t i = 0; i < count && in.complete(); ++i) {
      const std::uint32_t size = in.u32();
      if (size == elsewhere) {
        const TaskId producer{in.u32()};
        values.push_back(at_hand);
        if (!at_hand.missing()) continue;
        grant.absent.push_back(
          {.place = static_cast<std::uint32_t>(grant.inputs.values().size() + i),
           .task = producer});
      } else {
        const std::string_view encoded = size == missing ? std::string_view{} : in.bytes(size);
        values.push_back(!at_hand.missing() ? at_hand
                         : size == missing  ? Value{}
                                            : Value::encoded(Blob(encoded)));
      }
    }
    if (kind == gather) {
      grant.inputs.add_gathered(std::move(values));
    } else {
      grant.inputs.add(values.empty() ? Value{} : std::move(values.front()));
    }
  }
  if (!in.complete() || in.left() > 0) return unreadable("a grant");
  return grant;
}

Result<FetchedOutput> read_fetched(std::string_view bytes) {
  Unpacker in{bytes};
  FetchedOutput output;
  const std::uint32_t kind = in.u32();
  if (kind == 0) {
    output.kind = FetchedOutput::Kind::whole;
    output.whole = in.rest();
  } else if (kind == elsewhere) {
    output.kind = FetchedOutput::Kind::parts;
    output.fence = Fence{in.u32()};
    output.checksums = in.rest();
  } else if (kind != missing) {
    return unreadable("an output");
  }
  if (!in.complete()) return unreadable("an output");
  return output;
}

Result<std::vector<ReadyTask>> read_ready(std::string_view bytes) {
  Unpacker in{bytes};
  std::vector<ReadyTask> ready;
  ready.reserve(bytes.size() / 12);
  while (in.left() > 0) {
    const TaskId task{in.u32()};
    const WorkerId worker{in.u32()};
    ready.push_back({.task = task, .worker = worker, .rank = rank_of(in.u32())});
  }
  if (!in.complete()) return unreadable("a list of tasks");
  return ready;
}

Result<std::vector<ClaimAnswer::Refused>> read_refused(std::string_view bytes) {
  Unpacker in{bytes};
  std::vector<ClaimAnswer::Refused> refused;
  while (in.left() > 0) {
    const TaskId task{in.u32()};
    const std::uint8_t reason = in.u8();
    if (reason > static_cast<std::uint8_t>(ClaimRefusal::ended)) return unreadable("a refusal");
    refused.push_back({task, static_cast<ClaimRefusal>(reason)});
  }
  if (!in.complete()) return unreadable("a list of refusals");
  return refused;
}

Result<StepAnswer> read_step(const Reply& reply, const KnownOutputs& known) {
  if (!reply.is_array() || reply.size() == 0) return unreadable("the answer of a step");
  Unpacker head{reply[0].text()};
  StepAnswer answer;
  const std::uint8_t code = head.u8();
  answer.run_ended = head.u8() != 0;
  if (!head.complete()) return unreadable("the answer of a step");
  answer.second = reply[1].text();
  if (code == problem_code) {
    answer.kind = StepAnswer::Kind::problem;
    answer.problem = answer.second;
    return answer;
  }
  if (code > static_cast<std::uint8_t>(CommitOutcome::ended)) return unreadable("an outcome");
  answer.outcome = static_cast<CommitOutcome>(code);
  for (std::size_t i = 2; i < reply.size(); ++i) {
    auto grant = read_grant(reply[i].text(), known);
    if (!grant) return std::move(grant).error();
    answer.grants.push_back(std::move(*grant));
  }
  return answer;
}

Result<Told> read_told(std::string_view message, const KnownOutputs& known) {
  Unpacker in{message};
  Told told{.number = in.u32(), .grants = {}};
  for (std::uint32_t count = in.u32(); count > 0 && in.complete(); --count) {
    auto grant = read_grant(in.bytes(in.u32()), known);
    if (!grant) return std::move(grant).error();
    told.grants.push_back(std::move(*grant));
  }
  if (!in.complete() || in.left() > 0) return unreadable("a message to a worker");
  return told;
}

}  // namespace weft::redis
