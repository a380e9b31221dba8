#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weft/workflow/codec.hpp"
#include "weft/workflow/registry.hpp"
#include "weft/workflow/workflow.hpp"

// What the tasks of these tests do. They run in processes of their own, so all that they share with
// their test is a folder, which they are given by its path.

namespace weft::test {

/// What goes wrong in a call of `mishap`.
enum class Mishap : std::uint8_t {
  none,
  exception,  ///< It throws.
  kill,       ///< SIGKILL to its process.
  abort,      ///< As a failed assertion ends a program.
  exit,       ///< The process leaves as if all were well.
  memory,     ///< It asks for more than its worker may have.
  freeze,     ///< SIGSTOP to its process; it goes on where it was when somebody says so.
  hang,       ///< It does not return, whoever wants it to.
};

[[nodiscard]] const char* to_string(Mishap mishap);

using Words = std::map<std::string, std::vector<std::optional<int>>>;
using Nested = std::vector<std::map<std::string, std::vector<std::tuple<int, std::optional<int>>>>>;

inline const Function pass{"pass@1", [](int x) { return x; }};
inline const Function next{"next@1", [](int x) { return x + 1; }};
inline const Function add{"add@1", [](int x, int y) { return x + y; }};
inline const Function minus{"minus@1", [](int x, int y) { return x - y; }};
inline const Function sum{"sum@1", [](const std::vector<int>& all) {
                            int total = 0;
                            for (const int one : all) total += one;
                            return total;
                          }};
/// From 0 on.
inline const Function numbers{"numbers@1", [](int count) {
                                std::vector<int> all;
                                for (int i = 0; i < count; ++i) all.push_back(i);
                                return all;
                              }};
inline const Function nothing{"nothing@1", [] {}};
inline const Function none{"none@1", [](int) { return std::optional<int>{}; }};
inline const Function or_minus_one{"or_minus_one@1",
                                   [](std::optional<int> x) { return x.value_or(-1); }};
inline const Function words{"words@1", [](int x) {
                              return Words{{"", {}}, {"one", {x}}, {"two", {x, std::nullopt}}};
                            }};
inline const Function count_words{"count_words@1", [](const Words& all) {
                                    int total = 0;
                                    for (const auto& [word, list] : all) {
                                      for (const auto& one : list) {
                                        total += static_cast<int>(word.size()) * one.value_or(100);
                                      }
                                    }
                                    return total;
                                  }};
/// The sum of all that is nested, a second of a pair ten times.
inline const Function sum_nested{"sum_nested@1", [](const Nested& deep) {
                                   int total = 0;
                                   for (const auto& words : deep) {
                                     for (const auto& [word, pairs] : words) {
                                       for (const auto& [a, b] : pairs) {
                                         total += a + 10 * b.value_or(0);
                                       }
                                     }
                                   }
                                   return total;
                                 }};

/// Notes its call under `label`, is met by the mishap in the first `times` calls of that label, and
/// otherwise answers `x + 1`.
extern const Function<int (*)(TaskContext&, const std::string& folder, int mishap, int times,
                              const std::string& label, int x)>
  mishap;
/// Notes its call under `label`, waits until the folder has a file called `gate` or the attempt is
/// stopped, and answers `x`.
extern const Function<int (*)(TaskContext&, const std::string& folder, const std::string& gate,
                              const std::string& label, int x)>
  wait_for_gate;
/// Notes its call under `label`, and, once it has been stopped and the folder has a file called
/// `gate`, that it tidied up; answers `x`.
extern const Function<int (*)(TaskContext&, const std::string& folder, const std::string& gate,
                              const std::string& label, int x)>
  tidy_up;
/// So many bytes that follow from `seed`.
extern const Function<Blob (*)(std::uint64_t size, std::uint64_t seed)> make_blob;
extern const Function<std::uint64_t (*)(const Shared<Blob>&)> checksum;
/// The checksum of several, in their order.
extern const Function<std::uint64_t (*)(const std::vector<Shared<Blob>>&)> checksum_all;
/// So many bytes that follow from the checksums of all inputs.
extern const Function<Blob (*)(const std::vector<Shared<Blob>>&, std::uint64_t size)> mix;
extern const Function<std::uint64_t (*)(const std::vector<std::uint64_t>&)> fold;

[[nodiscard]] Blob blob_of(std::uint64_t size, std::uint64_t seed);
[[nodiscard]] std::uint64_t checksum_of(const Blob& blob);
[[nodiscard]] std::uint64_t fold_of(const std::vector<std::uint64_t>& sums);

/// Answers the source that it is from.
extern const Function<std::string (*)()> origin;
/// Answers the source that its process has looked at last, as the folder that it is in would.
extern const Function<std::string (*)()> latest_source;

[[nodiscard]] Registry durable_functions();

/// The same, and those that answer a source. None are made of an `unusable` one.
[[nodiscard]] Result<Registry> functions_of(const std::string& source);

/// A call that a function has noted.
struct NotedCall {
  std::string label;
  int process = 0;
};

/// Those noted in a folder so far.
[[nodiscard]] std::vector<NotedCall> noted_calls(const std::filesystem::path& folder);

}  // namespace weft::test
