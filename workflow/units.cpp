#include "weft/workflow/units.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace weft {

namespace {

/// Holds every product of a 64-bit number and a unit.
__extension__ typedef unsigned __int128 Wide;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 6> duration_units{{
  {"ns", 1},
  {"us", 1'000},
  {"ms", 1'000'000},
  {"s", 1'000'000'000},
  {"m", 60ull * 1'000'000'000},
  {"h", 3600ull * 1'000'000'000},
}};

constexpr std::array<Unit, 10> byte_units{{
  {"B", 1},
  {"kB", 1'000},
  {"KB", 1'000},
  {"MB", 1'000'000},
  {"GB", 1'000'000'000},
  {"TB", 1'000'000'000'000},
  {"KiB", 1ull << 10},
  {"MiB", 1ull << 20},
  {"GiB", 1ull << 30},
  {"TiB", 1ull << 40},
}};

/// What is being read, for its messages.
struct Quantity {
  std::string_view noun;
  std::span<const Unit> units;
  std::uint64_t max;
  std::string_view no_unit_hint;
  std::string_view units_hint;
};

constexpr Quantity duration_quantity{
  .noun = "duration",
  .units = duration_units,
  .max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()),
  .no_unit_hint = "durations need a unit, for example 30s",
  .units_hint = "write one number and one of ns, us, ms, s, m, h, for example 250ms or 1.5h",
};

constexpr Quantity byte_quantity{
  .noun = "size",
  .units = byte_units,
  .max = std::numeric_limits<std::uint64_t>::max(),
  .no_unit_hint = "sizes need a unit, for example 512MiB",
  .units_hint =
    "write one number and one of B, KiB, MiB, GiB, TiB (powers of 1024) or KB, MB, GB, TB (powers "
    "of 1000), for example 512MiB",
};

Error refusal(std::string_view text, const Quantity& quantity, std::string_view hint) {
  return Error{.code = Errc::invalid_argument,
               .message = fmt::format("{} is not a {}", in_quotes(text), quantity.noun),
               .hint = std::string(hint)};
}

Error out_of_range(std::string_view text, const Quantity& quantity, std::string_view what) {
  return Error{.code = Errc::limit_exceeded,
               .message = fmt::format("{} is {}", in_quotes(text), what),
               .hint = fmt::format("choose a {} within range", quantity.noun)};
}

std::string_view leading_digits(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && text[size] >= '0' && text[size] <= '9') ++size;
  return text.substr(0, size);
}

/// A decimal number taken apart: `1.25` is whole 1, fraction 25, scale 100.
struct Decimal {
  Wide whole = 0;
  std::uint64_t fraction = 0;
  std::uint64_t scale = 1;
};

/// The number that `digits` spell; 2^64, which is too large in every unit, when it is larger.
Wide whole_of(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return failure == std::errc{} ? Wide{number} : Wide{1} << 64;
}

/// Reads the number in front of the unit and removes it from `rest`. Nothing when there is none.
std::optional<Decimal> take_decimal(std::string_view& rest) {
  const auto whole_digits = leading_digits(rest);
  if (whole_digits.empty()) return std::nullopt;
  rest.remove_prefix(whole_digits.size());
  std::string_view fraction_digits;
  if (rest.starts_with('.')) {
    fraction_digits = leading_digits(rest.substr(1));
    if (fraction_digits.empty()) return std::nullopt;
    rest.remove_prefix(1 + fraction_digits.size());
  }
  // Digits beyond the 18th are below the resolution of every unit.
  fraction_digits = fraction_digits.substr(0, 18);
  Decimal number{.whole = whole_of(whole_digits)};
  for (const char c : fraction_digits) {
    number.fraction = number.fraction * 10 + static_cast<std::uint64_t>(c - '0');
    number.scale *= 10;
  }
  return number;
}

/// Rounds to the nearest whole base unit.
Wide scaled(const Decimal& number, std::uint64_t factor) {
  const Wide fraction = (Wide{number.fraction} * factor + number.scale / 2) / number.scale;
  return number.whole * factor + fraction;
}

Result<std::uint64_t> parse_quantity(std::string_view text, const Quantity& quantity) {
  std::string_view rest = text;
  const auto number = take_decimal(rest);
  if (!number) return refusal(text, quantity, quantity.units_hint);
  if (rest.empty()) return refusal(text, quantity, quantity.no_unit_hint);
  for (const Unit& unit : quantity.units) {
    if (unit.name != rest) continue;
    const Wide total = scaled(*number, unit.factor);
    if (total > quantity.max) return out_of_range(text, quantity, "too large");
    if (total == 0 && number->fraction != 0) return out_of_range(text, quantity, "too small");
    return static_cast<std::uint64_t>(total);
  }
  return refusal(text, quantity, quantity.units_hint);
}

/// Three significant figures; whole from 100 on.
std::string three_figures(double number) {
  if (number < 9.995) return fmt::format("{:.2f}", number);
  if (number < 99.95) return fmt::format("{:.1f}", number);
  return fmt::format("{:.0f}", number);
}

}  // namespace

Result<Nanos> parse_duration(std::string_view text) {
  const auto count = parse_quantity(text, duration_quantity);
  if (!count) return count.error();
  return Nanos{static_cast<std::int64_t>(*count)};
}

Result<Bytes> parse_bytes(std::string_view text) {
  const auto count = parse_quantity(text, byte_quantity);
  if (!count) return count.error();
  return Bytes{*count};
}

std::string format_duration(Nanos duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  // Negated as unsigned: the smallest count has no positive counterpart.
  const std::uint64_t size =
    count < 0 ? ~static_cast<std::uint64_t>(count) + 1 : static_cast<std::uint64_t>(count);
  const std::string sign = count < 0 ? "-" : "";
  if (size < 1000) return fmt::format("{}{}ns", sign, size);
  // The largest number that three figures show in each unit without showing the next one.
  constexpr std::array<double, 5> bounds{999.5, 999.5, 59.95, 59.95, 1e300};
  for (std::size_t i = 0;; ++i) {
    const Unit& unit = duration_units[i + 1];
    const double number = static_cast<double>(size) / static_cast<double>(unit.factor);
    if (number < bounds[i]) return fmt::format("{}{}{}", sign, three_figures(number), unit.name);
  }
}

std::string format_bytes(Bytes size) {
  constexpr std::array<std::string_view, 6> names{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (size.count < 1024) return fmt::format("{}B", size.count);
  double number = static_cast<double>(size.count) / 1024;
  std::size_t unit = 0;
  // From 1023.5 on, the number would be shown as 1024 of its unit.
  while (number >= 1023.5) {
    number /= 1024;
    ++unit;
  }
  return three_figures(number) + std::string(names[unit]);
}

std::string format_time(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::milliseconds>(time - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace weft
