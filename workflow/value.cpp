#include "weft/workflow/value.hpp"

#include <cxxabi.h>

#include <cstdlib>

namespace weft {

namespace {

struct Sink {
  Blob& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

void encode_list(const void* object, Blob& out) {
  Sink sink{out};
  const auto& items = static_cast<const ValueList*>(object)->items;
  msgpack::packer<Sink>{sink}.pack_array(static_cast<std::uint32_t>(items.size()));
  for (const Value& item : items) {
    auto bytes = item.encoding();
    if (!bytes) throw Exception(std::move(bytes).error());
    out.append(*bytes);
  }
}

/// The elements of an encoded list, each a value known by its encoding.
Result<ValueList> split(const msgpack::object& encoded) {
  ValueList list;
  const auto add = [&list](const auto& item) {
    Blob bytes;
    Sink sink{bytes};
    msgpack::packer<Sink>{sink}.pack(item);
    list.items.push_back(Value::encoded(std::move(bytes)));
  };
  if (encoded.type == msgpack::type::ARRAY) {
    list.items.reserve(encoded.via.array.size);
    for (std::uint32_t i = 0; i < encoded.via.array.size; ++i) add(encoded.via.array.ptr[i]);
    return list;
  }
  if (encoded.type == msgpack::type::BIN) {  // A list of bytes.
    const std::string_view bytes{encoded.via.bin.ptr, encoded.via.bin.size};
    list.items.reserve(bytes.size());
    for (const char byte : bytes) add(static_cast<std::uint8_t>(byte));
    return list;
  }
  return Error{.code = Errc::decode_failed, .message = "the value is not a list"};
}

}  // namespace

std::string readable_name(const std::type_info& type) {
  // Spelled out by the compiler with all that its text type has by default.
  static constexpr std::string_view text_type =
    "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> plain{
    abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free};
  std::string name = status == 0 ? plain.get() : type.name();
  for (auto at = name.find(text_type); at != std::string::npos; at = name.find(text_type)) {
    name.replace(at, text_type.size(), "std::string");
  }
  return name;
}

/// An element of another value's list, or any object that another value keeps alive.
struct Value::Alias final : Box {
  Alias(Value the_owner, const TypeOps& the_ops, const void* the_object)
    : Box(&the_ops), owner(std::move(the_owner)) {
    object = the_object;
  }
  Value owner;
};

template <>
const TypeOps& type_ops<ValueList>() {
  static const TypeOps ops{
    .type = &typeid(ValueList),
    .encode = encode_list,
    .estimated_size =
      [](const void* object) {
        std::size_t size = 5;
        for (const Value& item : static_cast<const ValueList*>(object)->items) {
          size += item.size().count;
        }
        return size;
      },
    .list_size =
      [](const void* object) { return static_cast<const ValueList*>(object)->items.size(); },
    .list_item = [](const Value& list,
                    std::size_t index) { return list.object<ValueList>()->items[index]; },
  };
  return ops;
}

Value::Box::~Box() {
  delete encoding.load(std::memory_order_relaxed);
  delete decoded.load(std::memory_order_relaxed);
}

Value Value::encoded(Blob bytes) {
  auto* box = new Box(nullptr);
  box->encoding.store(new Blob(std::move(bytes)), std::memory_order_relaxed);
  return Value{box};
}

Value Value::item_of(const Value& list, const TypeOps& ops, const void* object) {
  return Value{new Alias(list, ops, object)};
}

Result<std::string_view> Value::encoding() const {
  if (missing()) return Error{.code = Errc::input_missing, .message = "the value is missing"};
  if (const Blob* known = box_->encoding.load(std::memory_order_acquire)) {
    return std::string_view(*known);
  }
  if (!box_->ops->encode) {
    return Error{.code = Errc::encode_failed,
                 .message = "a value of type " + type_name() + " cannot leave the process",
                 .hint = "give the type MSGPACK_DEFINE(...) or a free inspect(f, x)"};
  }
  auto fresh = std::make_unique<Blob>();
  try {
    box_->ops->encode(box_->object, *fresh);
  } catch (const Exception& failure) {
    return failure.error();
  } catch (const std::exception& failure) {
    return Error{
      .code = Errc::encode_failed,
      .message = "a value of type " + type_name() + " cannot be encoded: " + failure.what()};
  }
  const Blob* expected = nullptr;
  if (box_->encoding.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel)) {
    return std::string_view(*fresh.release());
  }
  return std::string_view(*expected);
}

Bytes Value::size() const {
  if (missing()) return {0};
  if (const Blob* known = box_->encoding.load(std::memory_order_acquire)) return {known->size()};
  std::uint64_t estimate = box_->estimate.load(std::memory_order_relaxed);
  if (estimate == unknown_size) {
    estimate = box_->ops->estimated_size(box_->object);
    box_->estimate.store(estimate, std::memory_order_relaxed);
  }
  return {estimate};
}

Result<std::size_t> Value::list_size() const {
  if (missing()) return Error{.code = Errc::input_missing, .message = "the value is missing"};
  if (box_->ops && box_->ops->list_size) return box_->ops->list_size(box_->object);
  auto list = as<ValueList>();
  if (!list) return std::move(list).error();
  return (*list)->items.size();
}

Result<Value> Value::list_item(std::size_t index) const {
  auto size = list_size();
  if (!size) return std::move(size).error();
  if (index >= *size) {
    return Error{
      .code = Errc::invalid_argument,
      .message = "element " + std::to_string(index) + " of a list of " + std::to_string(*size)};
  }
  if (box_->ops && box_->ops->list_item) return box_->ops->list_item(*this, index);
  auto list = as<ValueList>();
  if (!list) return std::move(list).error();
  return (*list)->items[index];
}

Result<Shared<ValueList>> Value::listed() const {
  // Its items share this value, so remembering it here would keep both alive for ever.
  ValueList list;
  const std::size_t size = box_->ops->list_size(box_->object);
  list.items.reserve(size);
  for (std::size_t i = 0; i < size; ++i) list.items.push_back(box_->ops->list_item(*this, i));
  return of(std::move(list)).as<ValueList>();
}

template <>
Result<Shared<ValueList>> Value::as<ValueList>() const {
  if (const auto* found = object<ValueList>()) return Shared<ValueList>{*this, found};
  if (missing()) return Error{.code = Errc::input_missing, .message = "the value is missing"};
  if (const auto* known = static_cast<const ValueList*>(decoded(typeid(ValueList)))) {
    return Shared<ValueList>{*this, known};
  }
  if (box_->ops && box_->ops->list_size) return listed();
  auto bytes = encoding();
  if (!bytes) return std::move(bytes).error();
  auto handle = unpack_limited(*bytes, {});
  if (!handle) return std::move(handle).error();
  auto list = split((*handle).get());
  if (!list) return std::move(list).error();
  return remember<ValueList>(std::make_unique<Boxed<ValueList>>(std::move(*list)));
}

const void* Value::decoded(const std::type_info& type) const {
  const Box* box = box_->decoded.load(std::memory_order_acquire);
  while (box && *box->ops->type != type) box = box->decoded.load(std::memory_order_acquire);
  return box ? box->object : nullptr;
}

const void* Value::remember(std::unique_ptr<Box> fresh) const {
  std::atomic<Box*>* place = &box_->decoded;
  Box* known = nullptr;
  while (!place->compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel)) {
    if (*known->ops->type == *fresh->ops->type) return known->object;
    place = &std::exchange(known, nullptr)->decoded;
  }
  return fresh.release()->object;
}

std::string Value::type_name() const {
  if (missing()) return "missing";
  return box_->ops ? readable_name(*box_->ops->type) : "encoded";
}

bool operator==(const Value& a, const Value& b) {
  if (a.box_ == b.box_) return true;
  if (a.missing() || b.missing()) return false;
  auto left = a.encoding();
  auto right = b.encoding();
  return left && right && *left == *right;
}

}  // namespace weft
