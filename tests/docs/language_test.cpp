// What docs/workflows.md shows of the language, as tests.

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "weft/weft.hpp"

namespace weft {
namespace {

// -- functions ----------------------------------------------------------------------------------

// Functions read as in the examples.
// clang-format off

const weft::Function square{"square@1", [](int x) { return x * x; }};

const weft::Function shout{"shout@1", [](const std::string& text) { return text + "!"; }};

// Returns nothing: a value like any other, which orders tasks.
const weft::Function note{"note@1", [](const std::string&) {}};

// Fails with an exception.
const weft::Function root{"root@1", [](double x) {
  if (x < 0) throw std::domain_error("the number is negative");
  return std::sqrt(x);
}};

// Fails with an error: the output is an int.
const weft::Function parse{"parse@1", [](const std::string& text) -> weft::Result<int> {
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos) {
    return std::stoi(text);
  }
  return weft::Error{.code = weft::Errc::task_failed,
                     .message = weft::in_quotes(text) + " is not a number",
                     .hint = "give digits only"};
}};

const weft::Function sum{"sum@1", [](const std::vector<int>& terms) {
  int total = 0;
  for (const int term : terms) total += term;
  return total;
}};

const weft::Function label{"label@1", [](const std::string& text, int number) {
  return text + " " + std::to_string(number);
}};

const weft::Function numbers_up_to{"numbers_up_to@1", [](int last) {
  std::vector<int> numbers;
  for (int i = 1; i <= last; ++i) numbers.push_back(i);
  return numbers;
}};

const weft::Function over{"over@1", [](int x, double divisor) { return x / divisor; }};

const weft::Function is_odd{"is_odd@1", [](int x) { return x % 2 == 1; }};

// clang-format on

Registry functions() {
  Registry all;
  all.add(square).add(shout).add(note).add(root).add(parse).add(sum).add(label);
  all.add(numbers_up_to).add(over).add(is_odd);
  return all;
}

// -- structs ------------------------------------------------------------------------------------

struct Point {
  double x = 0;
  double y = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Point& p) {
    return f.object(p).fields(f.field("x", p.x), f.field("y", p.y));
  }
};

struct Size {
  int width = 0;
  int height = 0;
  MSGPACK_DEFINE(width, height)
};

struct Scene {
  int number;
  std::optional<int> limit;
  std::string title;
  std::vector<int> sizes;
};

// Functions read as in the examples.
// clang-format off

const weft::Function describe{"describe@1", [](const Scene& scene) {
  return scene.title + " " + std::to_string(scene.number) + "/" +
         std::to_string(scene.limit.value_or(0)) + "/" + std::to_string(scene.sizes.size());
}};

const weft::Function total_of{
  "total_of@1", [](const std::map<std::string, std::vector<int>>& lists) {
    int total = 0;
    for (const auto& [name, list] : lists) {
      for (const int x : list) total += x;
    }
    return total;
  }};

const weft::Function area{"area@1", [](const std::pair<Point, Size>& box) {
  return box.second.width * box.second.height;
}};

// clang-format on

TEST(Documentation, ShowsTasksAndFutures) {
  weft::Workflow workflow{"first_steps"};
  const weft::Future<int> nine = workflow.task(square, 3);
  const auto sixteen = workflow.task(square, 4);
  const auto total = workflow.task(sum, std::vector{nine, sixteen, nine});
  const auto text = workflow.task(label, "total", total);

  weft::Engine engine{functions()};
  EXPECT_EQ(engine.submit(std::move(workflow), text).get(), "total 34");
}

TEST(Documentation, ShowsArgumentsThatNest) {
  Registry registry = functions();
  registry.add(describe).add(total_of).add(area);
  weft::Workflow workflow{"nesting"};
  const auto one = workflow.task(square, 1);
  const auto four = workflow.task(square, 2);

  // A map of lists, some of whose elements are outputs.
  const auto total = workflow.task(total_of, std::map<std::string, std::vector<weft::Future<int>>>{
                                               {"a", {one}}, {"b", {one, four}}});

  // A struct, field by field; constants and outputs mixed.
  const auto scene = workflow.task(
    describe, weft::object<Scene>(four, std::optional{one}, "scene", std::vector{one, four}));

  // A struct as a constant; it is kept as it is.
  const auto box = workflow.task(area, std::pair{Point{.x = 1}, Size{.width = 2, .height = 3}});

  weft::Engine engine{registry};
  const auto run = engine.submit(std::move(workflow));
  EXPECT_EQ(run.result_of(total).value(), 6);
  EXPECT_EQ(run.result_of(scene).value(), "scene 4/1/2");
  EXPECT_EQ(run.result_of(box).value(), 6);
}

TEST(Documentation, ShowsOrderWithoutData) {
  weft::Workflow workflow{"ordered"};
  const auto written = workflow.task(note, "first");
  const auto nine = workflow.task(square, 3);
  workflow.name(nine, "nine");
  workflow.after(nine, written);  // Starts when `note` has committed; reads nothing of it.

  weft::Harness harness{functions()};
  EXPECT_EQ(harness.submit(std::move(workflow), nine).get(), 9);
}

TEST(Documentation, ShowsMaps) {
  weft::Workflow workflow{"maps"};
  const auto three = workflow.task(root, 9.0);
  const auto numbers = workflow.task(numbers_up_to, 4);    // A list made at run time.
  const auto squares = workflow.map(numbers, square);      // One task for each element.
  const auto thirds = workflow.map(squares, over, three);  // Goes on element by element.
  const auto total = workflow.task(sum, squares);          // Reads all: waits for all.
  const auto odd = workflow.filter(numbers, is_odd);       // The elements 1 and 3.
  const auto list = workflow.gather(thirds);               // All elements as one list.

  weft::Harness harness{functions()};
  const auto run = harness.submit(std::move(workflow));
  EXPECT_EQ(run.result_of(total).value(), 30);
  EXPECT_EQ(run.result_of(odd).value(), (std::vector{1, 3}));
  EXPECT_EQ(run.result_of(list).value().at(2), 3.0);
}

TEST(Documentation, ShowsBodiesOfSeveralTasks) {
  weft::Workflow workflow{"sections"};
  const auto numbers = workflow.task(numbers_up_to, 3);
  const auto totals = workflow.for_each(numbers, [&](const weft::Future<int>& number) {
    const auto up_to = workflow.task(numbers_up_to, number);
    return workflow.task(sum, workflow.map(up_to, square));  // A map inside of a map.
  });
  const auto total = workflow.task(sum, totals);

  weft::Harness harness{functions()};
  EXPECT_EQ(harness.submit(std::move(workflow), total).get(), 1 + 5 + 14);
}

TEST(Documentation, ShowsLimitsOfMaps) {
  weft::Workflow workflow{"bounded"};
  const auto numbers = workflow.task(numbers_up_to, 11);
  const auto squares = workflow.map(numbers, square);
  workflow.map_options(squares).max_items = 10;
  const auto total = workflow.task(sum, squares);

  weft::Harness harness{functions()};
  const auto result = harness.submit(std::move(workflow), total).result();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::limit_exceeded);
}

TEST(Documentation, SaysThatEmptyListsAreFine) {
  weft::Workflow workflow{"empty"};
  const auto numbers = workflow.task(numbers_up_to, 0);
  const auto total = workflow.task(sum, workflow.map(numbers, square));
  weft::Harness harness{functions()};
  EXPECT_EQ(harness.submit(std::move(workflow), total).get(), 0);
}

// -- reading in place ---------------------------------------------------------------------------

using Image = std::vector<unsigned char>;

// Functions read as in the examples.
// clang-format off

const weft::Function load{"load@1", [](int size) { return Image(static_cast<std::size_t>(size)); }};

// By reference: the object that the other task returned, not a copy.
const weft::Function brightness{"brightness@1", [](const Image& image) {
  return image.empty() ? 0 : int{image.front()};
}};

// A list of shared objects: none of the images is copied into the list.
const weft::Function total_size{
  "total_size@1", [](const std::vector<weft::Shared<Image>>& images) {
    std::size_t size = 0;
    for (const auto& image : images) size += image->size();
    return size;
  }};

// clang-format on

TEST(Documentation, ShowsReadingInPlace) {
  weft::Workflow workflow{"in_place"};
  const auto small = workflow.task(load, 10);
  const auto large = workflow.task(load, 1000);
  const auto dark = workflow.task(brightness, small);
  const auto size = workflow.task(total_size, std::vector{small, large});
  Registry functions;
  functions.add(load).add(brightness).add(total_size);
  weft::Harness harness{functions};
  const auto run = harness.submit(std::move(workflow));
  EXPECT_EQ(run.result_of(size).value(), 1010u);
  EXPECT_EQ(run.result_of(dark).value(), 0);
}

}  // namespace
}  // namespace weft
