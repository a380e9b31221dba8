#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "weft/workflow/error.hpp"

namespace weft {

/// How the value of a setting is written.
enum class SettingType : std::uint8_t {
  text,
  count,              ///< `0`, `4`: a whole number.
  number,             ///< `0.5`: not negative.
  flag,               ///< `true` or `false`.
  duration,           ///< `250ms`: with its unit.
  optional_duration,  ///< As `duration`, or `none`.
  bytes,              ///< `512MiB`: with its unit.
};

[[nodiscard]] std::string_view to_string(SettingType type);

/// One key of the configuration. A plain value out of a fixed table.
struct Setting {
  std::string_view key;  ///< `section.name`, both out of `[a-z_]`; a section has no `_`.
  SettingType type = SettingType::text;
  std::string_view fallback;  ///< What holds when nobody says otherwise, as it would be written.
  std::string_view meaning;   ///< One sentence for people.
  std::string_view choices;   ///< The texts that are allowed, with spaces between; empty: any.
};

/// Every key that there is, in the order in which people read them.
[[nodiscard]] std::span<const Setting> settings();

/// The texts that a setting may have; empty: any.
[[nodiscard]] std::vector<std::string> choices_of(const Setting& setting);

/// The environment variable of a key: `pool.cold_start` is `WEFT_POOL_COLD_START`.
[[nodiscard]] std::string environment_variable(std::string_view key);

/// Place in `settings()`; nothing for a key that does not exist.
[[nodiscard]] std::optional<std::size_t> setting_index(std::string_view key);

/// The key that an environment variable sets. Nothing unless its name begins with `WEFT_` and the
/// name of a section; the rest may be misspelt. Nothing either for the store's password, which is
/// no setting.
[[nodiscard]] std::optional<std::string> key_of_variable(std::string_view variable);

/// `invalid_config` with what may be written, unless `text` can be a value of the setting.
[[nodiscard]] Result<void> check_setting(const Setting& setting, std::string_view text);

/// `invalid_config` that names the keys that someone who typed `key` may have meant.
[[nodiscard]] Error unknown_setting(std::string_view key);

/// What `pool.kind` says: `threads`, `process`, either with `:N`.
struct PoolSetting {
  bool processes = false;
  std::optional<std::uint32_t> slots;
};
[[nodiscard]] std::optional<PoolSetting> parse_pool(std::string_view text);

}  // namespace weft
