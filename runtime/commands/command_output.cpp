#include "weft/runtime/commands/command_output.hpp"

#include <charconv>

#include <fmt/format.h>

namespace weft {

namespace {

/// A scalar as a text.
CommandItem scalar(const msgpack::object& object) {
  switch (object.type) {
    case msgpack::type::BOOLEAN:
      return {.text = object.via.boolean ? "true" : "false"};
    case msgpack::type::POSITIVE_INTEGER:
      return {.number = true, .text = std::to_string(object.via.u64)};
    case msgpack::type::NEGATIVE_INTEGER:
      return {.number = true, .text = std::to_string(object.via.i64)};
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return {.number = true, .text = fmt::format("{}", object.via.f64)};
    case msgpack::type::STR:
      return {.text = object.as<std::string>()};
    default:
      throw msgpack::type_error();
  }
}

}  // namespace

void CommandOutput::msgpack_unpack(const msgpack::object& object) {
  outputs.clear();
  if (object.type == msgpack::type::MAP) {
    if (object.via.map.size != 1) throw msgpack::type_error();
    const msgpack::object_kv& entry = object.via.map.ptr[0];
    if (entry.key.as<std::string>() != key) throw msgpack::type_error();
    entry.val.convert(outputs);
    return;
  }
  CommandItems& items = outputs[""];
  items.list = object.type == msgpack::type::ARRAY;
  if (!items.list) {
    items.items.push_back(scalar(object));
    return;
  }
  for (std::uint32_t i = 0; i < object.via.array.size; ++i) {
    items.items.push_back(scalar(object.via.array.ptr[i]));
  }
}

std::optional<std::int64_t> PlainOutput::whole_of(const std::string& text) {
  std::int64_t whole = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return whole;
}

}  // namespace weft
