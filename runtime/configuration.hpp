#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/runtime/engine_options.hpp"
#include "weft/runtime/settings.hpp"

namespace weft {

/// The most that a configuration file may hold: every setting there is takes a few KiB.
inline constexpr std::size_t max_configuration_size = 1 << 20;

/// Where a value was written, the weakest first: a later source wins over an earlier one.
enum class SettingSource : std::uint8_t {
  fallback,
  system_file,
  user_file,
  project_file,
  environment,
  flag,
};

/// A value as it was written, and where.
struct SettingValue {
  std::string text;
  SettingSource source = SettingSource::fallback;
  std::string where = "default";  ///< `./weft.toml:3`, `WEFT_POOL_SLOTS`, `--slots`

  friend bool operator==(const SettingValue&, const SettingValue&) = default;
};

/// What is set, by whom, and who wins. Pure: it is handed the text of files and of the environment.
///
/// Every value is checked when it is set, so that reading cannot fail. All that is wrong with one
/// source is reported at once, as causes of one `invalid_config`; nothing of it is kept then.
/// A plain value; not thread-safe.
class Configuration {
public:
  Configuration();

  /// Sets one key. A value of the same source is replaced.
  Result<void> set(std::string_view key, SettingValue value);

  /// Reads a TOML text of tables with values. @param path what messages and origins call it
  Result<void> read_toml(std::string_view text, SettingSource source, const std::string& path);

  using Variables = std::vector<std::pair<std::string, std::string>>;

  /// Reads the variables `WEFT_<SECTION>_<NAME>`. Others are none of its business, also if they
  /// begin with `WEFT_`, as long as no section is called so.
  Result<void> read_environment(const Variables& variables);

  /// All that was said about a key, the winner first. @pre the key exists
  [[nodiscard]] std::vector<SettingValue> values(std::string_view key) const;

  // -- the winner, as what it means ---------------------------------------------------------------
  // @pre the key exists and is of that type

  [[nodiscard]] const std::string& text(std::string_view key) const;
  [[nodiscard]] std::uint64_t count(std::string_view key) const;
  [[nodiscard]] double number(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] Nanos duration(std::string_view key) const;
  [[nodiscard]] std::optional<Nanos> optional_duration(std::string_view key) const;
  [[nodiscard]] Bytes bytes(std::string_view key) const;

private:
  void keep(std::size_t index, SettingValue value);

  /// By place in `settings()`, the weakest first.
  std::vector<std::vector<SettingValue>> values_;
};

/// The options of an engine that the configuration asks for.
[[nodiscard]] EngineOptions engine_options(const Configuration& configuration);

}  // namespace weft
