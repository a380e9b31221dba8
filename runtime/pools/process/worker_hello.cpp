#include "weft/runtime/pools/process/worker_hello.hpp"

#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "weft/runtime/module.hpp"

namespace weft {

namespace {

/// All that a hello of any version says is shorter.
constexpr DecodeLimits hello_limits{.items = 64, .bytes = 1024, .depth = 4};
constexpr std::size_t hello_size_max = 4096;

/// The next number of a text, without the blank behind it; fails at anything else.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return number;
}

}  // namespace

std::string to_string(const WorkerInvitation& invitation) {
  return fmt::format("{} {} {}", invitation.channel, invitation.asked.time_since_epoch().count(),
                     invitation.forked.time_since_epoch().count());
}

Result<WorkerInvitation> parse_invitation(std::string_view text) {
  std::string_view rest = text;
  const auto channel = take_number(rest);
  const auto asked = take_number(rest);
  const auto forked = take_number(rest);
  constexpr std::int64_t number_max = 1 << 20;  // The most descriptors that a process may have.
  if (!channel || !asked || !forked || !rest.empty() || *channel < 0 || *channel > number_max) {
    return Error{.code = Errc::invalid_argument,
                 .message = fmt::format("{} is no invitation of a node", in_quotes(text))};
  }
  return WorkerInvitation{.channel = static_cast<int>(*channel),
                          .asked = TimePoint{Nanos{*asked}},
                          .forked = TimePoint{Nanos{*forked}}};
}

Result<WorkerHello> checked_hello(std::string_view payload) {
  if (payload.size() > hello_size_max) {
    return Error{.code = Errc::limit_exceeded, .message = "the hello is too long"};
  }
  auto hello = decode<WorkerHello>(payload, hello_limits);
  if (!hello) return with_context("the hello", std::move(hello).error());
  if (hello->build_id != build_id()) {
    return Error{.code = Errc::invalid_argument,
                 .message = fmt::format("it was built as {}, and its node as {}",
                                        in_quotes(hello->build_id), in_quotes(build_id())),
                 .hint = "build both from the same weft"};
  }
  return hello;
}

}  // namespace weft
