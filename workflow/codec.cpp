#include "weft/workflow/codec.hpp"

#include <limits>

namespace weft {

namespace {

/// Walks an encoding without building anything and refuses what exceeds the limits.
///
/// Every element takes at least one byte, so all that is claimed together is at most the input's
/// size: a few bytes that claim millions of elements are refused before memory is reserved for
/// them.
class LimitVisitor : public msgpack::null_visitor {
public:
  LimitVisitor(std::size_t input_size, const DecodeLimits& limits)
    : limits_(limits), unclaimed_(input_size) {}

  bool visit_str(const char*, std::uint32_t size) { return allow_bytes(size); }
  bool visit_bin(const char*, std::uint32_t size) { return allow_bytes(size); }
  bool visit_ext(const char*, std::uint32_t size) { return allow_bytes(size); }
  bool start_array(std::uint32_t items) { return claim(items, 1); }
  bool end_array() { return leave(); }
  bool start_map(std::uint32_t entries) { return claim(entries, 2); }
  bool end_map() { return leave(); }

  void parse_error(std::size_t, std::size_t) {
    refuse(Errc::decode_failed, "the bytes are not msgpack");
  }
  void insufficient_bytes(std::size_t, std::size_t) {
    refuse(Errc::decode_failed, "the encoding is cut short");
  }

  /// The first reason to refuse, if there was one.
  [[nodiscard]] std::optional<Error> take_refusal() { return std::move(refusal_); }

private:
  bool claim(std::uint32_t count, std::size_t bytes_each) {
    if (++depth_ > limits_.depth) {
      return refuse(Errc::limit_exceeded,
                    "the encoding nests deeper than " + std::to_string(limits_.depth) + " levels");
    }
    if (count > limits_.items) {
      return refuse(Errc::limit_exceeded, "a list or map of the encoding has " +
                                            std::to_string(count) + " elements; the limit is " +
                                            std::to_string(limits_.items));
    }
    if (count * bytes_each > unclaimed_) {
      return refuse(Errc::decode_failed, "the encoding claims more elements than it has bytes");
    }
    unclaimed_ -= count * bytes_each;
    return true;
  }

  bool leave() {
    --depth_;
    return true;
  }

  bool allow_bytes(std::uint32_t size) {
    if (size <= limits_.bytes) return true;
    return refuse(Errc::limit_exceeded, "a text of the encoding has " + std::to_string(size) +
                                          " bytes; the limit is " + std::to_string(limits_.bytes));
  }

  bool refuse(Errc code, std::string message) {
    if (!refusal_) refusal_ = Error{.code = code, .message = std::move(message)};
    return false;
  }

  const DecodeLimits& limits_;
  std::size_t unclaimed_;  ///< Bytes of the input that no element has been counted for.
  std::size_t depth_ = 0;
  std::optional<Error> refusal_;
};

/// Texts and binaries of the unpacked object point into the input instead of copying it.
bool refer_to_input(msgpack::type::object_type, std::size_t, void*) {
  return true;
}

}  // namespace

Result<msgpack::object_handle> unpack_limited(std::string_view bytes, const DecodeLimits& limits) {
  try {
    LimitVisitor visitor{bytes.size(), limits};
    std::size_t end = 0;
    msgpack::parse(bytes.data(), bytes.size(), end, visitor);
    if (auto refusal = visitor.take_refusal()) return std::move(*refusal);
    if (end != bytes.size()) {
      return Error{.code = Errc::decode_failed, .message = "bytes follow the encoded value"};
    }
    return msgpack::unpack(bytes.data(), bytes.size(), refer_to_input);
  } catch (const msgpack::unpack_error& failure) {
    return Error{.code = Errc::decode_failed,
                 .message = std::string("the bytes are not msgpack: ") + failure.what()};
  }
}

}  // namespace weft
