#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/text_table.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

Json json_of_value(const SettingValue& value) {
  Json out;
  out["value"] = value.text;
  out["origin"] = value.where;
  return out;
}

void print_json(Session& session) {
  Json all;
  for (const Setting& setting : settings()) {
    const auto values = session.configuration.values(setting.key);
    Json entry = json_of_value(values.front());
    entry["overridden"] = Json::array();
    for (std::size_t i = 1; i < values.size(); ++i) {
      entry["overridden"].push_back(json_of_value(values[i]));
    }
    all[std::string(setting.key)] = std::move(entry);
  }
  session.console.print(text_of_record(all, session.console.format()));
}

ExitCode show(Session& session, bool origin) {
  if (session.console.format() != OutputFormat::table) {
    print_json(session);
    return ExitCode::success;
  }
  const TextStyle& style = session.console.out_style();
  TextTable table =
    origin ? TextTable{{{"setting"}, {"value"}, {"from"}}} : TextTable{{{"setting"}, {"value"}}};
  for (const Setting& setting : settings()) {
    const auto values = session.configuration.values(setting.key);
    for (std::size_t i = 0; i < (origin ? values.size() : 1); ++i) {
      std::vector<std::string> row{i == 0 ? std::string(setting.key) : "  overridden",
                                   printable(values[i].text)};
      if (origin) row.push_back(printable(values[i].where));
      if (i > 0) {
        for (std::string& cell : row) cell = style.dim(cell);
      }
      table.add(std::move(row));
    }
  }
  session.console.print(table.text(style));
  return ExitCode::success;
}

Json json_of_key(const Setting& setting) {
  Json out;
  out["setting"] = setting.key;
  out["type"] = to_string(setting.type);
  out["default"] = setting.fallback;
  out["variable"] = environment_variable(setting.key);
  out["meaning"] = setting.meaning;
  if (const auto choices = choices_of(setting); !choices.empty()) out["choices"] = choices;
  return out;
}

ExitCode keys(Session& session) {
  Console& console = session.console;
  if (console.format() != OutputFormat::table) {
    std::vector<Json> all;
    for (const Setting& setting : settings()) all.push_back(json_of_key(setting));
    console.print(text_of_records(all, console.format()));
    return ExitCode::success;
  }
  TextTable table{{{"setting"}, {"type"}, {"default"}, {"variable"}, {"meaning"}}};
  for (const Setting& setting : settings()) {
    std::string meaning(setting.meaning);
    if (!setting.choices.empty()) meaning += fmt::format(" ({})", setting.choices);
    table.add({std::string(setting.key), std::string(to_string(setting.type)),
               std::string(setting.fallback), environment_variable(setting.key), meaning});
  }
  console.print(table.text(console.out_style()));
  return ExitCode::success;
}

}  // namespace

void add_config(CommandLine& line) {
  CLI::App& group = line.add_group(
    {.name = "config",
     .summary = "show the configuration, and where each value comes from",
     .details =
       "A flag wins over an environment variable, that over ./weft.toml, that over "
       "~/.config/weft/config.toml, that over /etc/weft/config.toml, that over the default.",
     .examples = "  weft config show --origin\n  weft config keys\n"});
  auto origin = std::make_shared<bool>(false);
  CLI::App& shown =
    line.add({.name = "show",
              .summary = "the values that hold",
              .details = "",
              .examples = "  WEFT_POOL_SLOTS=2 weft config show --origin\n"},
             [origin](Session& session) { return show(session, *origin); }, {.parent = &group});
  shown.add_flag("--origin", *origin, "Say who set each value, and who was overridden.");
  line.add({.name = "keys",
            .summary = "every setting that there is",
            .details = "",
            .examples = "  weft config keys\n"},
           [](Session& session) { return keys(session); },
           {.needs = Needs::nothing, .parent = &group});
}

}  // namespace weft::cli
