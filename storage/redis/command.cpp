#include "weft/storage/redis/command.hpp"

#include <openssl/evp.h>

#include <array>
#include <charconv>

#include "weft/workflow/check.hpp"

namespace weft::redis {

namespace {

std::string sha1_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int done = EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  check(done == 1, "OpenSSL has SHA-1, by which Redis names scripts");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hexadecimal;
  for (unsigned i = 0; i < size; ++i) {
    hexadecimal += digits[digest[i] >> 4];
    hexadecimal += digits[digest[i] & 15];
  }
  return hexadecimal;
}

/// Writes `number` into the end of `room` and returns where it begins.
char* write_backwards(char* end, std::size_t number) {
  do {
    *--end = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  return end;
}

constexpr std::string_view line_end = "\r\n";

}  // namespace

Script::Script(std::string source) {
  auto sha1 = sha1_of(source);
  text_ = std::make_shared<const Text>(Text{std::move(source), std::move(sha1)});
}

Command::Command(const Script& script, std::span<const std::string_view> keys) : Command() {
  script_ = script;
  add_copy("EVALSHA");
  add_copy(script.sha1());
  add(keys.size());
  for (const auto key : keys) add_copy(key);
}

Command& Command::add_shared(std::shared_ptr<const void> owner, std::string_view bytes) {
  if (bytes.size() < large_argument) {
    add_copy(bytes);
  } else {
    keep(std::move(owner), bytes);
  }
  return *this;
}

void Command::add_length(std::size_t size) {
  std::array<char, 24> digits{};
  char* const end = digits.data() + digits.size();
  const char* const begin = write_backwards(end, size);
  text_ += '$';
  text_.append(std::string_view{begin, end}).append(line_end);
  ++count_;
  // Right-aligned before the text, so that it stands there once and for all.
  char* const behind = text_.data() + room - line_end.size();
  char* const number = write_backwards(behind, count_);
  line_end.copy(behind, line_end.size());
  number[-1] = '*';
}

void Command::add_copy(std::string_view text) {
  add_length(text.size());
  text_.append(text).append(line_end);
}

void Command::add_moved(std::string text) {
  if (text.size() < large_argument) return add_copy(text);
  // Too long for the string's own room, so its bytes stay where they are when it is moved.
  const std::string_view bytes = text;
  keep(std::move(text), bytes);
}

void Command::add_value(Value value) {
  const auto encoding = value.encoding();
  check(encoding.has_value(), "a value that goes to the store can be encoded");
  const std::string_view bytes = *encoding;
  if (bytes.size() < large_argument) return add_copy(bytes);
  keep(std::move(value), bytes);
}

template <class Owner>
void Command::keep(Owner owner, std::string_view bytes) {
  add_length(bytes.size());
  kept_.push_back({text_.size(), std::move(owner), bytes});
  text_ += line_end;
}

std::size_t Command::size() const {
  std::size_t size = text_.size() - start();
  for (const Kept& kept : kept_) size += kept.bytes.size();
  return size;
}

std::string_view Command::name() const {
  // "$3\r\nGET\r\n": between the first and the second end of a line behind the number of arguments.
  const auto begin = text_.find('\n', room) + 1;
  return std::string_view{text_}.substr(begin, text_.find('\r', begin) - begin);
}

}  // namespace weft::redis
