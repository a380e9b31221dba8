#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "weft/workflow/value.hpp"

namespace weft::redis {

/// Arguments of at least this size are never copied: they are gathered from where they lie when the
/// command is written. Below, a copy costs less than an entry of its own in a gathered write.
constexpr std::size_t large_argument = std::size_t{16} << 10;

/// The text of a Lua script and the SHA-1 by which Redis knows it. Cheap to copy.
///
/// Thread-safe: a constant.
class Script {
public:
  explicit Script(std::string source);

  [[nodiscard]] const std::string& source() const { return text_->source; }
  /// Forty lower-case hexadecimal digits.
  [[nodiscard]] const std::string& sha1() const { return text_->sha1; }

private:
  struct Text {
    std::string source;
    std::string sha1;
  };
  std::shared_ptr<const Text> text_;
};

/// One request to Redis: a name and arguments, encoded as they are added. Moved, never copied.
///
/// Belongs to one thread at a time. What it refers to (a `Value`, an owner) is kept alive until the
/// call has ended, since the command may have to be sent again.
class Command {
public:
  /// `Command{"SET", key, value}`; each argument as by `add`.
  template <class... Arguments>
  explicit Command(std::string_view name, Arguments&&... arguments) : Command() {
    add_copy(name);
    (add(std::forward<Arguments>(arguments)), ...);
  }

  /// `EVALSHA` of `script` on `keys`; its other arguments are added. The client gives the script to
  /// a Redis that does not know it.
  Command(const Script& script, std::span<const std::string_view> keys);
  Command(const Script& script, std::initializer_list<std::string_view> keys)
    : Command(script, std::span{keys.begin(), keys.size()}) {}

  Command(Command&&) noexcept = default;
  Command& operator=(Command&&) noexcept = default;

  /// Adds a text (copied; a `std::string` that is moved in is kept when it is large), an integer
  /// (in decimal) or a `Value` (its encoding; kept when it is large).
  /// @pre the encoding of a `Value` can be made
  template <class Argument>
  Command& add(Argument&& argument) {
    using Plain = std::remove_cvref_t<Argument>;
    if constexpr (std::is_same_v<Plain, Value>) {
      add_value(std::forward<Argument>(argument));
    } else if constexpr (std::is_same_v<Argument, std::string>) {
      add_moved(std::move(argument));
    } else if constexpr (std::is_convertible_v<Argument, std::string_view>) {
      add_copy(argument);
    } else {
      static_assert(
        std::integral<Plain> && !std::is_same_v<Plain, bool> && !std::is_same_v<Plain, char>,
        "weft: an argument is a text, an integer or a value");
      add_copy(std::to_string(argument));
    }
    return *this;
  }

  /// Adds `bytes` without copying them if they are large; `owner` keeps them alive and unchanged.
  Command& add_shared(std::shared_ptr<const void> owner, std::string_view bytes);

  /// It means something on the connection alone over which answers came before it was asked for, as
  /// `WAIT` does: it fails, and is not sent over another, when that one is lost.
  Command& stay() {
    stays_ = true;
    return *this;
  }
  [[nodiscard]] bool stays() const { return stays_; }

  /// Bytes on the wire.
  [[nodiscard]] std::size_t size() const;
  /// The name and all arguments.
  [[nodiscard]] std::size_t count() const { return count_; }
  /// The name, for messages.
  [[nodiscard]] std::string_view name() const;
  /// What `EVALSHA` names, if this is a call of a script.
  [[nodiscard]] const std::optional<Script>& script() const { return script_; }

  /// Calls `small(text)` and `large(view)` for the pieces of the encoding, in order. Large pieces
  /// lie where they were; all live as long as the command.
  template <class Small, class Large>
  void for_each_piece(Small small, Large large) const {
    std::size_t begin = start();
    for (const Kept& kept : kept_) {
      small(std::string_view{text_}.substr(begin, kept.offset - begin));
      large(kept.bytes);
      begin = kept.offset;
    }
    small(std::string_view{text_}.substr(begin));
  }

private:
  /// A large argument that stands in the encoding before `offset` of the text.
  struct Kept {
    std::size_t offset;
    std::variant<std::string, Value, std::shared_ptr<const void>> owner;
    std::string_view bytes;
  };

  /// Where the text begins; before it stands the number of arguments, known last:
  /// `*4294967295\r\n`.
  static constexpr std::size_t room = 13;
  /// Of most commands; spares them growing step by step.
  static constexpr std::size_t usual_size = 120;

  Command() {
    text_.reserve(usual_size);
    text_.assign(room, '\0');
  }
  void add_copy(std::string_view text);
  void add_moved(std::string text);
  void add_value(Value value);
  void add_length(std::size_t size);
  template <class Owner>
  void keep(Owner owner, std::string_view bytes);
  /// Where the encoding begins: at the `*` within the room.
  [[nodiscard]] std::size_t start() const { return text_.rfind('*', room - 1); }

  std::string text_;
  std::size_t count_ = 0;
  std::vector<Kept> kept_;
  std::optional<Script> script_;
  bool stays_ = false;
};

}  // namespace weft::redis
