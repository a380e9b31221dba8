#pragma once

#include <utility>

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

namespace weft {

/// Sends a message that nobody answers and whose sender nobody asks for: what the path of a task is
/// made of. `send` names the sender, which costs two changes of its reference count, and a reply
/// that the receiver prepares and then drops. The receiver runs where `self` runs, as after `send`.
template <class Self, class Handle, class Message>
void tell(Self* self, const Handle& receiver, Message message) {
  using Answer =
    caf::response_type_unbox<caf::signatures_of_t<Handle>, caf::detail::type_list<Message>>;
  static_assert(Answer::valid, "the receiver takes such a message");
  static_assert(caf::is_void_response<typename Answer::type>::value, "and does not answer it");
  caf::actor_cast<caf::abstract_actor*>(receiver)->eq_impl(caf::make_message_id(), nullptr,
                                                           self->context(), std::move(message));
}

}  // namespace weft
