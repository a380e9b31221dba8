#pragma once

#include <string>
#include <string_view>

#include "weft/storage/redis/endpoint.hpp"
#include "weft/workflow/error.hpp"

namespace weft::redis {

/// What helps against an error that Redis answered.
enum class Remedy {
  resend,       ///< Wait, and send the command again: Redis cannot now.
  reconnect,    ///< This server is a replica now; connect again, to whoever is the primary.
  load_script,  ///< Redis does not know the script any more.
  none,         ///< The command, or our rights, are at fault.
};

/// What helps against the error with the words `text`, as `OOM command not allowed ...`.
[[nodiscard]] Remedy remedy_of(std::string_view text);

/// The error of a call of `command` that Redis refused with the words `text`, for good.
[[nodiscard]] Error refused(const Endpoint& endpoint, std::string_view command,
                            std::string_view text);

/// Advice against what Redis said; empty if there is none.
[[nodiscard]] std::string hint_of(std::string_view text);

/// Why a connection could not be made or was lost.
struct Failure {
  /// Whether trying again may help, or people have to change something first.
  enum class Cure { wait, people };

  Error error;
  Cure cure = Cure::wait;
  /// The reply to the oldest command was, and would be so again.
  bool reply_too_large = false;
};

/// `store_unavailable`, naming the endpoint.
[[nodiscard]] Error unavailable(const Endpoint& endpoint, std::string problem,
                                std::string hint = {});

/// `decode_failed`: an answer that is not what it should be, as "a grant".
[[nodiscard]] Error unreadable(std::string_view expected);

}  // namespace weft::redis
