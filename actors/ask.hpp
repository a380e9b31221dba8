#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include "weft/actors/error_mapping.hpp"

namespace weft {

/// Sends a request from a thread that is no actor's and waits for its answer.
/// @param pump  called in between; lets the actors handle their messages where no threads do
template <class Answer, class Handle, class Message, class Pump>
Result<Answer> ask(caf::actor_system& system, const Handle& actor, Message message, Pump&& pump) {
  caf::scoped_actor self{system};
  auto pending = self->request(actor, caf::infinite, std::move(message));
  pump();
  std::optional<Result<Answer>> answer;
  const auto on_error = [&](const caf::error& error) { answer.emplace(from_caf(error)); };
  if constexpr (std::is_void_v<Answer>) {
    pending.receive([&] { answer.emplace(); }, on_error);
  } else {
    pending.receive([&](Answer& given) { answer.emplace(std::move(given)); }, on_error);
  }
  return std::move(*answer);
}

}  // namespace weft
