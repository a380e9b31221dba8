#pragma once

#include <atomic>
#include <limits>
#include <memory>
#include <optional>
#include <typeinfo>
#include <utility>

#include "weft/workflow/codec.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

class Value;
struct ValueList;

/// The name of a C++ type as people write it, for messages.
[[nodiscard]] std::string readable_name(const std::type_info& type);

/// What can be done with the object in a value without knowing its type. One per type.
struct TypeOps {
  const std::type_info* type;
  /// Nothing when the type has no encoding.
  void (*encode)(const void* object, Blob& out);
  std::size_t (*estimated_size)(const void* object);
  /// Nothing unless the type is a list (a contiguous sequence).
  std::size_t (*list_size)(const void* object);
  Value (*list_item)(const Value& list, std::size_t index);
};

template <class T>
const TypeOps& type_ops();

template <class T>
class Shared;

/// An immutable, counted value: what tasks take and return.
///
/// Holds the C++ object, its msgpack encoding, or both; each is made from the other on demand,
/// once. Copies share the object, so handing a value from task to task costs one counter. A value
/// that was never set is *missing*; a task that returns nothing yields *nothing*, which is a value.
///
/// Thread-safe: any number of threads may read and copy values that share an object.
class Value {
public:
  /// Missing.
  Value() = default;
  Value(const Value& other) noexcept : box_(other.box_) { retain(); }
  Value(Value&& other) noexcept : box_(std::exchange(other.box_, nullptr)) {}
  Value& operator=(Value other) noexcept {
    std::swap(box_, other.box_);
    return *this;
  }
  ~Value() { release(); }

  /// A value that holds `object`.
  template <class T>
  static Value of(T object);

  static Value nothing() { return of(Nothing{}); }

  /// A value known only by its msgpack encoding. The bytes are checked when they are decoded.
  static Value encoded(Blob bytes);

  [[nodiscard]] bool missing() const { return box_ == nullptr; }

  /// The object if this value holds exactly a `T`, without decoding. Lives as long as the value.
  template <class T>
  [[nodiscard]] const T* object() const;

  /// The value as a `T`: the object itself, or decoded from the encoding (once per type).
  /// Fails with `input_missing`, `decode_failed` or `encode_failed`.
  template <class T>
  [[nodiscard]] Result<Shared<T>> as() const;

  /// The msgpack encoding, made on first use. Lives as long as the value.
  /// Fails with `input_missing` or `encode_failed`.
  [[nodiscard]] Result<std::string_view> encoding() const;

  /// Bytes of the encoding: exact when it exists, else an estimate that does not encode.
  [[nodiscard]] Bytes size() const;

  /// Number of elements if this is a list, whether it is held as object or encoded.
  [[nodiscard]] Result<std::size_t> list_size() const;

  /// Element `index` of a list. Shares the list's memory when the list is held as an object.
  [[nodiscard]] Result<Value> list_item(std::size_t index) const;

  /// Name of the C++ type, `encoded` or `missing`, for messages.
  [[nodiscard]] std::string type_name() const;

  /// True when both share one object or their encodings are equal.
  friend bool operator==(const Value& a, const Value& b);

private:
  template <class T>
  friend const TypeOps& type_ops();
  template <class T>
  friend class Shared;

  static constexpr auto unknown_size = std::numeric_limits<std::uint64_t>::max();

  /// Counted head of a value. The object lies behind it (`Boxed<T>`) or belongs to another value
  /// (`Alias`).
  struct Box {
    explicit Box(const TypeOps* the_ops) : ops(the_ops) {}
    Box(const Box&) = delete;
    Box& operator=(const Box&) = delete;
    virtual ~Box();

    std::atomic<std::uint32_t> references{1};
    const TypeOps* ops;                          ///< Nothing when only the encoding is known.
    const void* object = nullptr;                ///< Nothing when only the encoding is known.
    std::atomic<const Blob*> encoding{nullptr};  ///< Owned; set at most once.
    /// Owned; set at most once. The first of a chain: one box for each type that was decoded.
    std::atomic<Box*> decoded{nullptr};
    /// The object's estimated size, once somebody asked for it: it may take long to tell.
    std::atomic<std::uint64_t> estimate{unknown_size};
  };

  template <class T>
  struct Boxed final : Box {
    explicit Boxed(T the_item) : Box(&type_ops<T>()), item(std::move(the_item)) { object = &item; }
    T item;
  };

  struct Alias;

  explicit Value(Box* box) : box_(box) {}
  template <class T>
  Result<Shared<T>> from_items(const ValueList& list) const;
  /// The elements of a list object, as values that share it.
  [[nodiscard]] Result<Shared<ValueList>> listed() const;
  /// What was decoded as `type` before, if anything.
  [[nodiscard]] const void* decoded(const std::type_info& type) const;
  /// Keeps a decoded object for later readers and returns the one to use: that of the first thread
  /// to decode this type.
  const void* remember(std::unique_ptr<Box> fresh) const;
  template <class T>
  Shared<T> remember(std::unique_ptr<Boxed<T>> fresh) const {
    return {*this, static_cast<const T*>(remember(std::unique_ptr<Box>(std::move(fresh))))};
  }
  static Value item_of(const Value& list, const TypeOps& ops, const void* object);

  void retain() const noexcept {
    if (box_) box_->references.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept {
    if (box_ && box_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete box_;
  }

  Box* box_ = nullptr;
};

/// A `T` inside a value, kept alive by it. A task function that takes a `Shared<T>`, or a list of
/// them, reads the object in place where a `T` would be a copy.
template <class T>
class Shared {
public:
  using element_type = T;

  Shared(Value owner, const T* object) : owner_(std::move(owner)), object_(object) {}

  const T& operator*() const { return *object_; }
  const T* operator->() const { return object_; }

private:
  Value owner_;
  const T* object_;
};

// -- implementation of the templates --------------------------------------------------------------

template <class T>
inline constexpr bool is_list = false;
template <class T, class A>
inline constexpr bool is_list<std::vector<T, A>> = !std::is_same_v<T, bool>;  // Packed bits.

/// A list whose elements are values of their own: what collecting the outputs of a map yields.
/// Reads as a `std::vector<T>` of any element type; costs no copy until it is read so.
struct ValueList {
  std::vector<Value> items;
};

template <class T>
const TypeOps& type_ops() {
  static constexpr auto encode_object = []() -> void (*)(const void*, Blob&) {
    if constexpr (Encodable<T>) {
      return +[](const void* object, Blob& out) { encode(*static_cast<const T*>(object), out); };
    } else {
      return nullptr;
    }
  };
  static constexpr auto size_of_list = []() -> std::size_t (*)(const void*) {
    if constexpr (is_list<T>) {
      return +[](const void* object) { return static_cast<const T*>(object)->size(); };
    } else {
      return nullptr;
    }
  };
  static constexpr auto item_of_list = []() -> Value (*)(const Value&, std::size_t) {
    if constexpr (is_list<T>) {
      return +[](const Value& list, std::size_t index) {
        using Item = typename T::value_type;
        return Value::item_of(list, type_ops<Item>(), &(*list.template object<T>())[index]);
      };
    } else {
      return nullptr;
    }
  };
  static const TypeOps ops{
    .type = &typeid(T),
    .encode = encode_object(),
    .estimated_size =
      [](const void* object) { return weft::estimated_size(*static_cast<const T*>(object)); },
    .list_size = size_of_list(),
    .list_item = item_of_list(),
  };
  return ops;
}

template <>
const TypeOps& type_ops<ValueList>();
template <>
Result<Shared<ValueList>> Value::as<ValueList>() const;

template <class T>
Value Value::of(T object) {
  static_assert(std::is_same_v<T, std::decay_t<T>>);
  static_assert(!std::is_same_v<T, Value>, "weft: a value is not wrapped in another");
  return Value{new Boxed<T>(std::move(object))};
}

template <class T>
const T* Value::object() const {
  if (!box_ || !box_->ops) return nullptr;
  if (box_->ops != &type_ops<T>() && *box_->ops->type != typeid(T)) return nullptr;
  return static_cast<const T*>(box_->object);
}

template <class T>
Result<Shared<T>> Value::as() const {
  if (const T* found = object<T>()) return Shared<T>{*this, found};
  if (missing()) return Error{.code = Errc::input_missing, .message = "the value is missing"};
  if (const auto* known = static_cast<const T*>(decoded(typeid(T)))) return Shared<T>{*this, known};
  if constexpr (is_list<T>) {
    if (const auto* list = object<ValueList>()) return from_items<T>(*list);
  }
  if constexpr (!Encodable<T>) {
    return Error{.code = Errc::decode_failed,
                 .message = "a value of type " + type_name() + " cannot be read as " +
                            readable_name(typeid(T)) + ", which has no encoding"};
  } else {
    auto bytes = encoding();
    if (!bytes) return std::move(bytes).error();
    auto fresh = std::make_unique<Boxed<T>>(T{});
    auto done = decode_into(fresh->item, *bytes);
    if (done) return remember<T>(std::move(fresh));
    if constexpr (is_list<T>) {
      // Bytes that were gathered one by one are encoded as a list, not as a binary.
      if (sizeof(typename T::value_type) == 1) {
        if (auto list = as<ValueList>()) return from_items<T>(**list);
      }
    }
    return with_context(
      "a value of type " + type_name() + " cannot be read as " + readable_name(typeid(T)),
      done.error());
  }
}

template <class T>
Result<Shared<T>> Value::from_items(const ValueList& list) const {
  T out;
  out.reserve(list.items.size());
  for (const Value& item : list.items) {
    auto read = item.as<typename T::value_type>();
    if (!read) return with_context("element " + std::to_string(out.size()), read.error());
    out.push_back(**read);
  }
  return remember<T>(std::make_unique<Boxed<T>>(std::move(out)));
}

/// Walked by every inspector as its encoding; an empty text is a missing value.
template <class Inspector>
bool inspect(Inspector& f, Value& x) {
  Blob bytes;
  if constexpr (!Inspector::is_loading) {
    if (!x.missing()) {
      auto encoded = x.encoding();
      if (!encoded) return false;
      bytes.assign(*encoded);
    }
  }
  const bool ok = f.object(x).fields(f.field("encoding", bytes));
  if constexpr (Inspector::is_loading) {
    x = bytes.empty() ? Value{} : Value::encoded(std::move(bytes));
  }
  return ok;
}

}  // namespace weft
