#include "weft/storage/redis/errors.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace weft::redis {

namespace {

struct Word {
  std::string_view word;
  Remedy remedy;
  std::string_view hint;
};

constexpr std::array words{
  Word{"LOADING", Remedy::resend, "Redis is reading its data from disk; wait until it has"},
  Word{"BUSY", Remedy::resend, "a script of somebody runs for long; SCRIPT KILL ends it"},
  Word{"TRYAGAIN", Remedy::resend, "the cluster is moving keys; wait until it has"},
  Word{"CLUSTERDOWN", Remedy::resend, "see CLUSTER INFO for what the cluster lacks"},
  Word{"MASTERDOWN", Remedy::resend, "the replica has lost its primary"},
  Word{"OOM", Remedy::resend, "Redis is full: raise its maxmemory, or let runs be cleaned up"},
  Word{"MISCONF", Remedy::resend,
       "Redis cannot write to its disk: see its log, and the free space of its dir"},
  Word{"NOREPLICAS", Remedy::resend, "too few replicas are connected for min-replicas-to-write"},
  Word{"READONLY", Remedy::reconnect, "this Redis is a replica; name the primary"},
  Word{"NOSCRIPT", Remedy::load_script, ""},
  Word{"NOAUTH", Remedy::none,
       "Redis wants a password: set WEFT_STORE_PASSWORD, or name a password file"},
  Word{"WRONGPASS", Remedy::none,
       "check the user in the store's URL, and WEFT_STORE_PASSWORD or the password file"},
  Word{"NOPERM", Remedy::none, "give this user the right, as with ACL SETUSER <user> +@all ~* &*"},
  Word{"DENIED", Remedy::none,
       "Redis is in protected mode: set a password, or bind it to loopback"},
  Word{"MOVED", Remedy::none, "this is a node of a cluster, and the key is on another one"},
  Word{"CROSSSLOT", Remedy::none, ""},
};

/// Redis 6.2 wraps what a command inside of a script was refused with: `ERR Error running script
/// (call to f_...): @user_script:1: @user_script: 1: -OOM command not allowed ...`.
std::string_view unwrapped(std::string_view text) {
  if (!text.starts_with("ERR Error running script")) return text;
  constexpr std::string_view mark = ": -";
  const auto at = text.rfind(mark);
  return at == std::string_view::npos ? text : text.substr(at + mark.size());
}

const Word* word_of(std::string_view text) {
  text = unwrapped(text);
  const auto first = text.substr(0, text.find(' '));
  const auto found =
    std::find_if(words.begin(), words.end(), [&](const Word& word) { return word.word == first; });
  return found == words.end() ? nullptr : &*found;
}

/// Whole in nearly all cases, since what a script says stands at the end; without control
/// characters.
std::string printable(std::string_view text) {
  constexpr std::size_t shown_max = 1000;
  std::string shown{text.substr(0, shown_max)};
  std::replace_if(
    shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text.size() > shown_max ? shown + "..." : shown;
}

bool refuses_us(std::string_view text) {
  text = unwrapped(text);
  return text.starts_with("NOAUTH") || text.starts_with("WRONGPASS") ||
         text.starts_with("NOPERM") || text.starts_with("DENIED");
}

}  // namespace

Remedy remedy_of(std::string_view text) {
  const Word* word = word_of(text);
  return word == nullptr ? Remedy::none : word->remedy;
}

std::string hint_of(std::string_view text) {
  const Word* word = word_of(text);
  return word == nullptr ? std::string{} : std::string{word->hint};
}

Error refused(const Endpoint& endpoint, std::string_view command, std::string_view text) {
  return {
    .code = refuses_us(text) ? Errc::store_unavailable : Errc::internal,
    .message = to_string(endpoint) + " refused " + std::string{command} + ": " + printable(text),
    .hint = hint_of(text)};
}

Error unavailable(const Endpoint& endpoint, std::string problem, std::string hint) {
  return {.code = Errc::store_unavailable,
          .message = to_string(endpoint) + " " + std::move(problem),
          .hint = std::move(hint)};
}

Error unreadable(std::string_view expected) {
  return {.code = Errc::decode_failed,
          .message = "the store's answer is not " + std::string{expected},
          .hint = "another program, or another version of weft, may have written to this store"};
}

}  // namespace weft::redis
