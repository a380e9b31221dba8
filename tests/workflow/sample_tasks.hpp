#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "weft/workflow/workflow.hpp"

namespace weft::sample {

using Numbers = std::vector<int>;
using Lists = std::vector<Numbers>;

inline const Function number{"number@1", [](int x) { return x; }};
inline const Function word{"word@1", [](const std::string& text) { return text; }};
inline const Function range{"range@1", [](int count) {
                              Numbers all;
                              for (int i = 0; i < count; ++i) all.push_back(i);
                              return all;
                            }};
inline const Function triangle{"triangle@1", [](int count) {
                                 Lists rows;
                                 for (int i = 0; i < count; ++i) rows.emplace_back(i, i);
                                 return rows;
                               }};
inline const Function twice{"twice@1", [](int x) { return 2 * x; }};
inline const Function add{"add@1", [](int x, int y) { return x + y; }};
inline const Function sum{"sum@1", [](const Numbers& all) {
                            int total = 0;
                            for (const int x : all) total += x;
                            return total;
                          }};
inline const Function both{"both@1", [](const Numbers& a, const Numbers& b) {
                             Numbers all = a;
                             all.insert(all.end(), b.begin(), b.end());
                             return all;
                           }};
inline const Function is_odd{"is_odd@1", [](int x) { return x % 2 != 0; }};
inline const Function is_long{"is_long@1", [](const Numbers& all) { return all.size() > 1; }};

inline Registry registry() {
  Registry all;
  all.add(number).add(word).add(range).add(triangle).add(twice).add(add).add(sum).add(both);
  return all.add(is_odd).add(is_long);
}

inline ArgumentSpec output_of(std::string task) {
  return {ArgumentSpec::Output{std::move(task)}};
}

inline GraphPtr freeze(const Workflow& workflow) {
  return workflow.freeze(registry()).value();
}

/// The map whose elements `each` stands for.
inline TaskId map_of(const Graph& graph, const AnyFuture& each) {
  return graph.scope(graph.task(each.task()).scope).map;
}

}  // namespace weft::sample
