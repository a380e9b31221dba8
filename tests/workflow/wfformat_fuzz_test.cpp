// Documents that chance has damaged: whatever they say, reading them ends in a trace or an error.

#include <gtest/gtest.h>

#include <random>

#include "weft/workflow/importers/replay.hpp"
#include "weft/workflow/importers/wfformat.hpp"
#include "workflow/wfformat_samples.hpp"

namespace weft {
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t end) {
  return random() % end;
}

/// Damage to the bytes: mostly caught by the JSON parser.
std::string damaged(std::string text, Random& random) {
  static const std::vector<std::string> tokens{"{",  "}",    "[",      "]",  ",",    ":",  "\"",
                                               "\\", "null", "-1e308", "{}", "true", "\n", "\xff"};
  for (std::size_t changes = 1 + below(random, 4); changes > 0; --changes) {
    const std::size_t place = below(random, text.size());
    const std::size_t size = 1 + below(random, 12);
    switch (below(random, 5)) {
      case 0:
        text[place] = static_cast<char>(random() & 0xff);
        break;
      case 1:
        text.erase(place, size);
        break;
      case 2:
        text.insert(place, text.substr(below(random, text.size()), size));
        break;
      case 3:
        text.insert(place, tokens[below(random, tokens.size())]);
        break;
      default:
        text.resize(place);
    }
    if (text.empty()) text = "{";
  }
  return text;
}

/// All places in a document.
void collect(const nlohmann::json& value, const nlohmann::json::json_pointer& place,
             std::vector<nlohmann::json::json_pointer>& places) {
  places.push_back(place);
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) collect(item, place / key, places);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) collect(value[i], place / i, places);
  }
}

/// Damage to the meaning: JSON as before, but values moved, replaced and taken out.
nlohmann::json twisted(nlohmann::json document, Random& random) {
  static const std::vector<nlohmann::json> values{nullptr,
                                                  true,
                                                  -1,
                                                  0,
                                                  1e18,
                                                  1e300,
                                                  "",
                                                  "split_1",
                                                  "part1",
                                                  nlohmann::json::array(),
                                                  nlohmann::json::object(),
                                                  nlohmann::json::array({"count_1", "report"})};
  for (std::size_t changes = 1 + below(random, 3); changes > 0; --changes) {
    std::vector<nlohmann::json::json_pointer> places;
    collect(document, nlohmann::json::json_pointer{}, places);
    const auto place = places[below(random, places.size())];
    const auto other = places[below(random, places.size())];
    if (below(random, 2) == 0) {
      document[place] = values[below(random, values.size())];
    } else {
      const nlohmann::json copy = document[other];
      document[place] = copy;
    }
  }
  return document;
}

/// Answers whether the text is a trace. A trace must be one that can be replayed.
bool survives(const std::string& text) {
  const auto trace = parse_wfformat(text, "damaged.json");
  if (!trace) {
    EXPECT_FALSE(to_string(trace.error()).empty());
    return false;
  }
  Registry registry;
  add_replay_functions(registry, *trace);
  auto workflow = replay(*trace, {.data_scale = 1e-6});
  if (!workflow) {
    EXPECT_EQ(workflow.error().code, Errc::limit_exceeded) << to_string(workflow.error());
    return true;
  }
  const auto graph = std::move(*workflow).freeze(registry);
  EXPECT_TRUE(graph) << to_string(graph.error()) << "\n" << text;
  return true;
}

class WfFormatFuzz : public testing::TestWithParam<std::uint32_t> {};

TEST_P(WfFormatFuzz, EndsInATraceOrAnError) {
  Random random{GetParam()};
  const std::vector<nlohmann::json> samples{test::sample_14(), test::sample_15()};
  std::size_t traces = 0;
  std::size_t errors = 0;
  for (int i = 0; i < 1000; ++i) {
    const nlohmann::json& sample = samples[below(random, samples.size())];
    const std::string text =
      i % 2 == 0 ? damaged(sample.dump(), random) : twisted(sample, random).dump();
    ++(survives(text) ? traces : errors);
  }
  // Both ends must be met, or the damage is too small or too large to find anything.
  EXPECT_GT(traces, 20u);
  EXPECT_GT(errors, 500u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, WfFormatFuzz, testing::Range(1u, 9u));

}  // namespace
}  // namespace weft
