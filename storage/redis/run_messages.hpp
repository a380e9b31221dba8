#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weft/storage/redis/reply.hpp"
#include "weft/storage/run_store.hpp"

namespace weft::redis {

// What goes to the functions of run_protocol/ and what they answer, as bytes. Pure.

/// Appends numbers as `struct.pack('<...')` does.
class Packer {
public:
  Packer& u8(std::uint8_t number) {
    text_ += static_cast<char>(number);
    return *this;
  }
  Packer& u32(std::uint32_t number);
  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  std::string text_;
};

/// Reads such bytes. Once they have ended too early, everything reads as 0 and `complete` is false.
class Unpacker {
public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint8_t u8();
  [[nodiscard]] std::uint32_t u32();
  [[nodiscard]] double f64();
  /// As the store's states have them.
  [[nodiscard]] std::uint32_t u32_big();
  [[nodiscard]] double f64_big();
  [[nodiscard]] std::string_view bytes(std::size_t count);
  void skip(std::size_t count) { static_cast<void>(bytes(count)); }
  [[nodiscard]] std::string_view rest() { return bytes(bytes_.size()); }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }
  [[nodiscard]] bool complete() const { return complete_; }

private:
  std::string_view bytes_;
  bool complete_ = true;
};

/// A rank as an integer in the same order, and back.
[[nodiscard]] std::uint32_t ordered_rank(float rank);
[[nodiscard]] float rank_of(std::uint32_t ordered);

/// The fixed part of a commit or an expansion.
/// @param inline_output whether the output follows as a value of its own
[[nodiscard]] std::string packed_commit(const CommitRequest& request, bool inline_output);

/// Their numbers, one behind the other.
[[nodiscard]] std::string packed_tasks(std::span<const TaskId> tasks);

/// An output as `fetch` of the run protocol answers it.
struct FetchedOutput {
  enum class Kind : std::uint8_t { missing, whole, parts };
  Kind kind = Kind::missing;
  std::string_view whole;
  Fence fence;                 ///< Of the attempt that wrote the parts.
  std::string_view checksums;  ///< One behind the other.
};
[[nodiscard]] Result<FetchedOutput> read_fetched(std::string_view bytes);

/// Outputs that are at hand: they are used in place of what was sent. Missing where none is.
using KnownOutputs = std::function<Value(TaskId)>;

/// What a step answered that ends an attempt or begins some.
struct StepAnswer {
  enum class Kind : std::uint8_t { done, problem };
  Kind kind = Kind::done;
  std::string problem;  ///< As run_protocol/ words it.
  CommitOutcome outcome = CommitOutcome::committed;
  bool run_ended = false;
  std::string_view second;  ///< Packed ready tasks, or packed refusals.
  std::vector<Grant> grants;
};

/// Fails with `decode_failed` when the store answers something else. Views live as long as `reply`.
[[nodiscard]] Result<StepAnswer> read_step(const Reply& reply, const KnownOutputs& known);
[[nodiscard]] Result<Grant> read_grant(std::string_view bytes, const KnownOutputs& known);
[[nodiscard]] Result<Told> read_told(std::string_view message, const KnownOutputs& known);
[[nodiscard]] Result<std::vector<ReadyTask>> read_ready(std::string_view bytes);
[[nodiscard]] Result<std::vector<ClaimAnswer::Refused>> read_refused(std::string_view bytes);

}  // namespace weft::redis
