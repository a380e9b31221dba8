#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <deque>
#include <exception>
#include <list>
#include <map>
#include <msgpack.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "weft/workflow/error.hpp"

namespace weft {

/// Raw bytes (not text).
using Blob = std::string;

/// The value of a task that returns nothing. It is a value: it can be stored, read and passed on.
struct Nothing {
  friend constexpr bool operator==(Nothing, Nothing) = default;
};

/// Limits on encoded values that come from outside the process.
struct DecodeLimits {
  std::size_t items = 64u << 20;  ///< Elements of one list or entries of one map.
  std::size_t bytes = 4ull << 30; ///< One text or binary; msgpack's own bound.
  std::size_t depth = 64;         ///< Nesting.
};

namespace codec_detail {

/// Stands in for every inspector when asking whether a type has `inspect`.
struct Probe {
  static constexpr bool is_loading = false;

  struct Fields {
    template <class... Fs>
    bool fields(Fs&&...) {
      return true;
    }
  };
  template <class T>
  Fields object(T&) {
    return {};
  }
  template <class T>
  int field(std::string_view, T&) {
    return 0;
  }
};

template <class T>
concept HasInspect = std::is_class_v<T> && requires(Probe& probe, T& x) {
  { inspect(probe, x) } -> std::convertible_to<bool>;
};

template <class T>
concept HasMsgpackDefine = requires(const T& x, msgpack::packer<msgpack::sbuffer>& packer) {
  x.msgpack_pack(packer);
};

/// The numbers that msgpack knows: neither extended precision nor wide characters.
template <class T>
inline constexpr bool is_number =
  std::is_arithmetic_v<T> && !std::is_same_v<T, long double> && !std::is_same_v<T, wchar_t> &&
  !std::is_same_v<T, char8_t> && !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>;

template <class T>
struct Encodable : std::bool_constant<is_number<T> || std::is_enum_v<T> ||
                                      HasInspect<T> || HasMsgpackDefine<T>> {};
template <>
struct Encodable<Nothing> : std::true_type {};
template <>
struct Encodable<std::string> : std::true_type {};
template <class T>
struct Encodable<std::optional<T>> : Encodable<T> {};
template <class T, class A>
struct Encodable<std::vector<T, A>> : Encodable<T> {};
template <class T, class A>
struct Encodable<std::deque<T, A>> : Encodable<T> {};
template <class T, class A>
struct Encodable<std::list<T, A>> : Encodable<T> {};
template <class T, std::size_t N>
struct Encodable<std::array<T, N>> : Encodable<T> {};
template <class T, class C, class A>
struct Encodable<std::set<T, C, A>> : Encodable<T> {};
template <class T, class H, class E, class A>
struct Encodable<std::unordered_set<T, H, E, A>> : Encodable<T> {};
template <class K, class V, class C, class A>
struct Encodable<std::map<K, V, C, A>>
    : std::bool_constant<Encodable<K>::value && Encodable<V>::value> {};
template <class K, class V, class H, class E, class A>
struct Encodable<std::unordered_map<K, V, H, E, A>>
    : std::bool_constant<Encodable<K>::value && Encodable<V>::value> {};
template <class A, class B>
struct Encodable<std::pair<A, B>>
    : std::bool_constant<Encodable<A>::value && Encodable<B>::value> {};
template <class... Ts>
struct Encodable<std::tuple<Ts...>> : std::bool_constant<(Encodable<Ts>::value && ...)> {};
template <class Rep, class Period>
struct Encodable<std::chrono::duration<Rep, Period>> : std::true_type {};

}  // namespace codec_detail

/// A type that can leave the process: arithmetic, text, standard containers, optionals, pairs and
/// tuples of such, structs with `MSGPACK_DEFINE(...)` or with a free `inspect(f, x)`.
template <class T>
concept Encodable = codec_detail::Encodable<std::remove_cvref_t<T>>::value;

/// A struct that is walked by `inspect`. It is encoded as a map from field name to value.
template <class T>
concept Inspectable = codec_detail::HasInspect<T> && !codec_detail::HasMsgpackDefine<T>;

/// Counts and packs the fields of an inspectable struct.
template <class Stream>
class PackInspector {
public:
  static constexpr bool is_loading = false;

  explicit PackInspector(msgpack::packer<Stream>& packer) : packer_(packer) {}

  template <class T>
  struct Field {
    std::string_view name;
    T& value;
  };

  template <class T>
  Field<T> field(std::string_view name, T& value) {
    return {name, value};
  }

  struct Object {
    msgpack::packer<Stream>& packer;

    template <class... Fields>
    bool fields(Fields&&... fields) {
      packer.pack_map(static_cast<std::uint32_t>(sizeof...(fields)));
      (pack_field(fields), ...);
      return true;
    }
    Object& pretty_name(std::string_view) { return *this; }

  private:
    template <class F>
    void pack_field(F& field) {
      packer.pack(field.name);
      packer.pack(field.value);
    }
  };

  template <class T>
  Object object(T&) {
    return {packer_};
  }

private:
  msgpack::packer<Stream>& packer_;
};

/// Fills the fields of an inspectable struct from a msgpack map. Unknown entries are ignored; a
/// missing one is an error unless the field is an optional.
class UnpackInspector {
public:
  static constexpr bool is_loading = true;

  explicit UnpackInspector(const msgpack::object& map) : map_(map) {
    if (map.type != msgpack::type::MAP) throw msgpack::type_error();
  }

  template <class T>
  struct Field {
    std::string_view name;
    T& value;
  };

  template <class T>
  Field<T> field(std::string_view name, T& value) {
    return {name, value};
  }

  struct Object {
    const msgpack::object& map;

    template <class... Fields>
    bool fields(Fields&&... fields) {
      (unpack_field(fields), ...);
      return true;
    }
    Object& pretty_name(std::string_view) { return *this; }

  private:
    template <class T>
    void unpack_field(Field<T>& field) {
      for (std::uint32_t i = 0; i < map.via.map.size; ++i) {
        const auto& entry = map.via.map.ptr[i];
        if (entry.key.type == msgpack::type::STR &&
            std::string_view(entry.key.via.str.ptr, entry.key.via.str.size) == field.name) {
          entry.val.convert(field.value);
          return;
        }
      }
      if constexpr (requires { field.value.reset(); }) {
        field.value.reset();
      } else {
        throw msgpack::type_error();
      }
    }
  };

  template <class T>
  Object object(T&) {
    return {map_};
  }

private:
  const msgpack::object& map_;
};

}  // namespace weft

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
namespace adaptor {

template <weft::Inspectable T>
struct pack<T> {
  template <class Stream>
  packer<Stream>& operator()(packer<Stream>& out, const T& x) const {
    weft::PackInspector<Stream> inspector{out};
    if (!inspect(inspector, const_cast<T&>(x))) throw msgpack::type_error();
    return out;
  }
};

template <weft::Inspectable T>
struct convert<T> {
  const msgpack::object& operator()(const msgpack::object& in, T& x) const {
    weft::UnpackInspector inspector{in};
    if (!inspect(inspector, x)) throw msgpack::type_error();
    return in;
  }
};

/// An enumeration is encoded as its underlying integer.
template <class T>
  requires std::is_enum_v<T>
struct pack<T> {
  template <class Stream>
  packer<Stream>& operator()(packer<Stream>& out, const T& x) const {
    return out.pack(static_cast<std::underlying_type_t<T>>(x));
  }
};

template <class T>
  requires std::is_enum_v<T>
struct convert<T> {
  const msgpack::object& operator()(const msgpack::object& in, T& x) const {
    x = static_cast<T>(in.as<std::underlying_type_t<T>>());
    return in;
  }
};

/// A duration is encoded as its count.
template <class Rep, class Period>
struct pack<std::chrono::duration<Rep, Period>> {
  template <class Stream>
  packer<Stream>& operator()(packer<Stream>& out,
                             const std::chrono::duration<Rep, Period>& x) const {
    return out.pack(x.count());
  }
};

template <class Rep, class Period>
struct convert<std::chrono::duration<Rep, Period>> {
  const msgpack::object& operator()(const msgpack::object& in,
                                    std::chrono::duration<Rep, Period>& x) const {
    x = std::chrono::duration<Rep, Period>{in.as<Rep>()};
    return in;
  }
};

template <>
struct pack<weft::Nothing> {
  template <class Stream>
  packer<Stream>& operator()(packer<Stream>& out, const weft::Nothing&) const {
    return out.pack_nil();
  }
};

template <>
struct convert<weft::Nothing> {
  const msgpack::object& operator()(const msgpack::object& in, weft::Nothing&) const {
    if (!in.is_nil()) throw msgpack::type_error();
    return in;
  }
};

}  // namespace adaptor
}  // MSGPACK_API_VERSION_NAMESPACE
}  // namespace msgpack

namespace weft {

/// Unpacks one object under `limits`; the whole input must be consumed.
[[nodiscard]] Result<msgpack::object_handle> unpack_limited(std::string_view bytes,
                                                            const DecodeLimits& limits);

/// Appends the msgpack encoding of `x` to `out`. A floating-point number without a fraction is
/// encoded as an integer: all survive as they are, except that the sign of a negative zero is lost.
template <Encodable T>
void encode(const T& x, Blob& out) {
  struct Sink {
    Blob& out;
    void write(const char* data, std::size_t size) { out.append(data, size); }
  } sink{out};
  msgpack::packer<Sink>{sink}.pack(x);
}

/// Reads a msgpack encoding into `x`. Fails with `decode_failed` or `limit_exceeded`; `x` may have
/// been changed then.
template <Encodable T>
[[nodiscard]] Result<void> decode_into(T& x, std::string_view bytes,
                                       const DecodeLimits& limits = {}) {
  auto handle = unpack_limited(bytes, limits);
  if (!handle) return std::move(handle).error();
  try {
    (*handle).get().convert(x);
    return {};
  } catch (const msgpack::type_error&) {
    return Error{.code = Errc::decode_failed, .message = "the encoding is of another type"};
  } catch (const std::exception& failure) {  // From a type's own unpacking.
    return Error{.code = Errc::decode_failed, .message = failure.what()};
  }
}

/// Reads the msgpack encoding of a `T`. Fails with `decode_failed` or `limit_exceeded`.
template <Encodable T>
[[nodiscard]] Result<T> decode(std::string_view bytes, const DecodeLimits& limits = {}) {
  T x{};
  if (auto done = decode_into(x, bytes, limits); !done) return done.error();
  return x;
}

// -- sizes ----------------------------------------------------------------------------------------

template <class T>
[[nodiscard]] std::size_t estimated_size(const T& x);

namespace codec_detail {

/// Adds up the estimated sizes of the fields of an inspectable struct.
struct MeasureInspector {
  static constexpr bool is_loading = false;

  struct Object {
    std::size_t& total;

    template <class... Sizes>
    bool fields(Sizes... sizes) {
      total = (std::size_t{1} + ... + sizes);
      return true;
    }
    Object& pretty_name(std::string_view) { return *this; }
  };

  template <class T>
  Object object(T&) {
    return {total};
  }
  template <class T>
  std::size_t field(std::string_view name, const T& value) {
    return name.size() + 1 + estimated_size(value);
  }

  std::size_t total = 0;
};

}  // namespace codec_detail

/// Estimates the encoded size of `x` without encoding it: exact for text and bytes, within a few
/// bytes per element otherwise. Constant time for containers of arithmetic types.
template <class T>
std::size_t estimated_size(const T& x) {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    return sizeof(T);
  } else if constexpr (std::same_as<T, Nothing>) {
    return 1;
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return 5 + std::string_view(x).size();
  } else if constexpr (requires { typename T::mapped_type; }) {
    std::size_t size = 5;
    for (const auto& [key, value] : x) size += estimated_size(key) + estimated_size(value);
    return size;
  } else if constexpr (requires { x.begin(); x.end(); x.size(); typename T::value_type; }) {
    if constexpr (std::is_arithmetic_v<typename T::value_type>) {
      return 5 + x.size() * sizeof(typename T::value_type);
    } else {
      std::size_t size = 5;
      for (const auto& item : x) size += estimated_size(item);
      return size;
    }
  } else if constexpr (requires { x.has_value(); *x; }) {
    return 1 + (x.has_value() ? estimated_size(*x) : 0);
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    return std::apply(
      [](const auto&... items) { return (std::size_t{1} + ... + estimated_size(items)); }, x);
  } else if constexpr (Inspectable<T>) {
    codec_detail::MeasureInspector measure;
    inspect(measure, const_cast<T&>(x));
    return measure.total;
  } else {
    return sizeof(T);
  }
}

}  // namespace weft
