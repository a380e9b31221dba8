#include "weft/workflow/value.hpp"

namespace weft {

namespace {

/// Texts and binaries of the unpacked object point into the input instead of copying it.
bool refer_to_input(msgpack::type::object_type, std::size_t, void*) { return true; }

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

}  // namespace

Result<msgpack::object_handle> unpack_limited(std::string_view bytes, const DecodeLimits& limits) {
  const msgpack::unpack_limit unpack_limit{limits.items, limits.items, limits.bytes,
                                           limits.bytes, limits.bytes, limits.depth};
  try {
    std::size_t offset = 0;
    auto handle = msgpack::unpack(bytes.data(), bytes.size(), offset, refer_to_input, nullptr,
                                  unpack_limit);
    if (offset != bytes.size()) {
      return Error{.code = Errc::decode_failed, .message = "bytes follow the encoded value"};
    }
    return handle;
  } catch (const msgpack::size_overflow& failure) {
    return Error{.code = Errc::limit_exceeded,
                 .message = std::string("encoded value exceeds a limit: ") + failure.what()};
  } catch (const msgpack::unpack_error& failure) {
    return Error{.code = Errc::decode_failed,
                 .message = std::string("not a msgpack encoding: ") + failure.what()};
  }
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
    .list_size = [](const void* object) { return static_cast<const ValueList*>(object)->items.size(); },
    .list_item = [](const Value& list, std::size_t index) { return list.object<ValueList>()->items[index]; },
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
  return {box_->ops->estimated_size(box_->object)};
}

Result<std::size_t> Value::list_size() const {
  if (missing()) return Error{.code = Errc::input_missing, .message = "the value is missing"};
  if (box_->ops) {
    if (box_->ops->list_size) return box_->ops->list_size(box_->object);
    return Error{.code = Errc::invalid_argument, .message = type_name() + " is not a list"};
  }
  auto list = as<ValueList>();
  if (!list) return std::move(list).error();
  return (*list)->items.size();
}

Result<Value> Value::list_item(std::size_t index) const {
  auto size = list_size();
  if (!size) return std::move(size).error();
  if (index >= *size) {
    return Error{.code = Errc::invalid_argument,
                 .message = "element " + std::to_string(index) + " of a list of " +
                            std::to_string(*size)};
  }
  if (box_->ops) return box_->ops->list_item(*this, index);
  auto list = as<ValueList>();
  if (!list) return std::move(list).error();
  return (*list)->items[index];
}

/// Splits an encoded list into its elements, each a value known by its encoding.
template <>
Result<Shared<ValueList>> Value::as<ValueList>() const {
  if (const auto* found = object<ValueList>()) return Shared<ValueList>{*this, found};
  if (missing()) return Error{.code = Errc::input_missing, .message = "the value is missing"};
  if (Box* decoded = box_->decoded.load(std::memory_order_acquire);
      decoded && *decoded->ops->type == typeid(ValueList)) {
    return Shared<ValueList>{*this, static_cast<const ValueList*>(decoded->object)};
  }
  ValueList list;
  if (box_->ops && box_->ops->list_size) {
    const std::size_t size = box_->ops->list_size(box_->object);
    list.items.reserve(size);
    for (std::size_t i = 0; i < size; ++i) list.items.push_back(box_->ops->list_item(*this, i));
    // Its items share this value, so remembering it here would keep both alive for ever.
    return of(std::move(list)).as<ValueList>();
  }
  auto bytes = encoding();
  if (!bytes) return std::move(bytes).error();
  auto handle = unpack_limited(*bytes, {});
  if (!handle) return std::move(handle).error();
  const msgpack::object& array = (*handle).get();
  if (array.type != msgpack::type::ARRAY) {
    return Error{.code = Errc::decode_failed, .message = "encoded value is not a list"};
  }
  list.items.reserve(array.via.array.size);
  for (std::uint32_t i = 0; i < array.via.array.size; ++i) {
    Blob item;
    Sink sink{item};
    msgpack::packer<Sink>{sink}.pack(array.via.array.ptr[i]);
    list.items.push_back(encoded(std::move(item)));
  }
  return remember(new Boxed<ValueList>(std::move(list)));
}

std::string Value::type_name() const {
  if (missing()) return "missing";
  return box_->ops ? box_->ops->type->name() : "encoded";
}

bool operator==(const Value& a, const Value& b) {
  if (a.box_ == b.box_) return true;
  if (a.missing() || b.missing()) return false;
  auto left = a.encoding();
  auto right = b.encoding();
  return left && right && *left == *right;
}

}  // namespace weft
