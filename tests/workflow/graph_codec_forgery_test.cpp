// Encoded graphs that were changed in one thing: what is wrong with them is said by name.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weft/workflow/graph_header.hpp"
#include "weft/workflow/little_endian.hpp"
#include "weft/workflow/scope_tree.hpp"
#include "workflow/planned_graph.hpp"

namespace weft {
namespace {

using testing::HasSubstr;

constexpr GraphLimits forgery_limits{.tasks = 2000, .constants = 2000, .header_bytes = 1u << 20};

/// A graph with maps in a map, whose encoding tests change in one thing.
class ForgedGraphs : public testing::Test {
protected:
  ForgedGraphs() {
    const auto lists = workflow.task(sample::triangle, 3);                            // 0
    const auto rows = workflow.for_each(lists, [this](Future<sample::Numbers> row) {  // 1
      const auto length = workflow.task(sample::sum, row);                            // 2
      return workflow.task(sample::sum, workflow.map(row, sample::add, length));      // 3, 4, 5
    });
    const auto total = workflow.task(sample::sum, rows);  // 6
    workflow.task(sample::add, total, 5);                 // 7
    graph = workflow.freeze(registry).value();
    plan.workers.push_back({});
    plan.placements.resize(graph->task_count());
    encoded = encode_graph(*graph, plan).value();
    header = decode<GraphHeader>(encoded.header).value();
  }

  /// The message of the error, without what all of them begin with.
  [[nodiscard]] std::string message(const GraphLimits& limits = forgery_limits) {
    encoded.header.clear();
    encode(header, encoded.header);
    return message_of(parts_of(encoded), limits);
  }
  [[nodiscard]] std::string message_of(const GraphParts& parts,
                                       const GraphLimits& limits = forgery_limits) {
    const auto read = decode_graph(parts, registry, limits);
    if (read) return "none";
    static constexpr std::string_view start = "the encoding of a graph: ";
    EXPECT_TRUE(read.error().message.starts_with(start));
    EXPECT_FALSE(read.error().hint.empty());
    return read.error().message.substr(start.size());
  }
  /// The message when a number of a task's record is another.
  [[nodiscard]] std::string with(std::uint32_t task, std::size_t offset, std::uint32_t number) {
    const Blob before = encoded.tasks[task];
    put_u32(encoded.tasks[task].data() + offset, number);
    const std::string found = message();
    encoded.tasks[task] = before;
    return found;
  }

  Workflow workflow{"forged"};
  Registry registry = sample::registry();
  GraphPtr graph;
  Plan plan;
  EncodedGraph encoded;
  GraphHeader header;
};

TEST_F(ForgedGraphs, AreReadWhenNothingIsForged) {
  EXPECT_EQ(message(), "none");
  EXPECT_TRUE(header.ascending);
}

TEST_F(ForgedGraphs, HaveRecordsWhoseNumbersAreChecked) {
  EXPECT_EQ(with(7, 0, 1), "the record of task 7: it is placed on worker 1 of 1");
  EXPECT_EQ(with(7, 4, 0x7fc00000), "the record of task 7: its rank is not a number");
  EXPECT_EQ(with(7, 8, 2), "the record of task 7: kind 2 is not known");
  EXPECT_EQ(with(7, 8, 0x0200), "the record of task 7: origin 2 is not known");
  EXPECT_EQ(with(7, 8, 0x10000), "the record of task 7: flag 1 is not known");
  EXPECT_EQ(with(7, 8, 1), "the record of task 7: it is a map only here");
  EXPECT_EQ(with(3, 8, 0), "the record of task 3: it is a map, but not here");
  EXPECT_EQ(with(7, 12, 1),
            "the record of task 7: it stands at 7 of scope 1; its scope has it at 7 of 0");
  EXPECT_EQ(with(4, 16, 1),
            "the record of task 4: it stands at 1 of scope 2; its scope has it at 0 of 2");
  EXPECT_EQ(with(3, 20, 1), "the record of task 3: it is a map, but not here");
  EXPECT_EQ(with(7, 24, 0), "the record of task 7: it says that it waits for 0 commits, not 1");
  EXPECT_EQ(with(4, 24, 1), "the record of task 4: it says that it waits for 1 commits, not 0");
}

TEST_F(ForgedGraphs, HaveRecordsWhoseListsAreChecked) {
  // Task 7: no children; depends on 6; two arguments.
  EXPECT_EQ(with(7, 32, 0xffffffff),
            "the record of task 7: 67 bytes are fewer than it claims to have");
  EXPECT_EQ(with(7, 36, 0xffffffff),
            "the record of task 7: 67 bytes are fewer than it claims to have");
  EXPECT_EQ(with(7, 40, 8), "the record of task 7: dependency 8 is beyond the 8 tasks");
  EXPECT_EQ(with(7, 40, 7), "the record of task 7: it depends on task 7, which should follow it");
  EXPECT_EQ(with(7, 40, 5), "the record of task 7: it is not where it sees task 5");
  EXPECT_EQ(with(6, 40, 8), "the record of task 6: child 8 is beyond the 8 tasks");
  EXPECT_EQ(with(6, 40, 2), "the record of task 6: child 2 is inside of a map");
  const std::size_t tail = 40 + 5;
  EXPECT_THAT(with(7, tail, 99), HasSubstr("unknown function 99"));
  EXPECT_THAT(with(7, tail, graph->task(TaskId{1}).function), HasSubstr("unknown function"));
  EXPECT_THAT(with(7, tail + 4, 99), HasSubstr("unknown options 99"));
  EXPECT_THAT(with(7, tail + 8, 1), HasSubstr("5 bytes follow it"));
  EXPECT_THAT(with(7, tail + 13, 1), HasSubstr("argument node 0 reads one output of dependency 1"));
  EXPECT_THAT(with(7, tail + 18, 9), HasSubstr("argument node 1 takes the unknown constant 9"));
}

TEST_F(ForgedGraphs, HaveArgumentsThatEndWhereTheyShould) {
  Blob& record = encoded.tasks[7];
  const std::size_t nodes = 40 + 5 + 12;
  const auto set = [&](ArgKind kind, std::uint32_t value) {
    record[nodes] = static_cast<char>(kind);
    put_u32(record.data() + nodes + 1, value);
    return message();
  };
  EXPECT_EQ(set(ArgKind::list, 1), "none");
  EXPECT_EQ(set(ArgKind::some, 77), "none");
  EXPECT_THAT(set(ArgKind::list, 2), HasSubstr("has too few nodes behind it for 2"));
  EXPECT_THAT(set(ArgKind::map, 0x80000000), HasSubstr("has too few nodes behind it for"));
  EXPECT_THAT(set(ArgKind::gather, 0), HasSubstr("gathers dependency 0"));
  EXPECT_THAT(set(static_cast<ArgKind>(9), 0), HasSubstr("argument kind 9 is not known"));
  set(ArgKind::none, 0);
  record[nodes + 5] = static_cast<char>(ArgKind::tuple);
  EXPECT_THAT(message(), HasSubstr("argument node 1 has too few nodes behind it"));
}

TEST_F(ForgedGraphs, HaveMapsThatReadAList) {
  Blob& record = encoded.tasks[1];
  record[record.size() - 5] = static_cast<char>(ArgKind::none);
  EXPECT_THAT(message(), HasSubstr("it is a map, but reads no list"));
}

TEST_F(ForgedGraphs, HaveScopesThatFitTogether) {
  const auto scopes = header.scopes;
  const auto with_scope = [&](std::size_t index, const auto& change) {
    header.scopes = scopes;
    change(header.scopes[index]);
    return message();
  };
  EXPECT_THAT(with_scope(0, [](auto& s) { std::get<0>(s) = 1; }), HasSubstr("before the scope 1"));
  EXPECT_THAT(with_scope(1, [](auto& s) { std::get<0>(s) = 0; }), HasSubstr("is not in scope 0"));
  EXPECT_THAT(with_scope(1, [](auto& s) { std::get<1>(s) = 1; }),
              HasSubstr("map 1 is there twice"));
  EXPECT_THAT(with_scope(1, [](auto& s) { std::get<1>(s) = 8; }), HasSubstr("map 8 is beyond"));
  EXPECT_THAT(with_scope(1, [](auto& s) { std::get<2>(s) = {}; }), HasSubstr("it has no tasks"));
  EXPECT_THAT(with_scope(1, [](auto& s) { std::get<2>(s) = {2}; }),
              HasSubstr("task 2 is there twice"));
  EXPECT_THAT(with_scope(1, [](auto& s) { std::get<2>(s) = {8}; }), HasSubstr("task 8 is beyond"));
  EXPECT_THAT(with_scope(0,
                         [](auto& s) {
                           std::get<3>(s) = {{8, 1}};
                         }),
              HasSubstr("outer input 8"));
  EXPECT_THAT(with_scope(0,
                         [](auto& s) {
                           std::get<3>(s) = {{2, 1}};
                         }),
              HasSubstr("not around it"));
  header.scopes.assign(8, scopes[0]);
  EXPECT_THAT(message(), HasSubstr("more scopes than tasks"));
}

TEST_F(ForgedGraphs, HaveNamesThatAreChecked) {
  const auto with_names = [&](const std::vector<NamedTask>& names) {
    header.names.clear();
    for (const auto& [task, name] : names) append_piece(header.names, name_piece(task, name));
    return message();
  };
  EXPECT_EQ(with_names({{1, "a"}, {7, "b"}}), "none");
  EXPECT_THAT(with_names({{8, "a"}}), HasSubstr("names task 8 of 8"));
  EXPECT_THAT(with_names({{1, "a"}, {1, "b"}}), HasSubstr("out of order"));
  EXPECT_THAT(with_names({{1, "a"}, {3, "b"}, {7, "a"}}), HasSubstr("two tasks are called 'a'"));
  EXPECT_THAT(with_names({{1, "a b"}}), HasSubstr("is called 'a b'"));
  EXPECT_THAT(with_names({{1, ""}}), HasSubstr("is called ''"));
  for (std::size_t size = 1; size < 9; ++size) {
    header.names.assign(size, '\0');
    header.names[0] = '\1';
    EXPECT_THAT(message(), HasSubstr("the names of its tasks are cut short"));
  }
}

TEST_F(ForgedGraphs, HaveOptionsThatAreChecked) {
  const auto row = [](const TaskOptions& options) {
    Blob bytes;
    encode(OptionsRow{options}, bytes);
    return bytes;
  };
  const auto with_options = [&](const std::vector<Blob>& rows) {
    header.options.clear();
    for (const Blob& bytes : rows) append_piece(header.options, bytes);
    return message();
  };
  const Blob none = row({});
  const Blob odd = row({.timeout = Nanos{-1}});
  EXPECT_EQ(with_options({none}), "none");
  EXPECT_EQ(with_options({}), "the options of tasks that have none are not there");
  EXPECT_EQ(with_options({row({.max_items = 2})}),
            "the options of tasks that have none say something");
  EXPECT_EQ(with_options({odd}), "options 0 are out of range");
  EXPECT_THAT(with_options({"x"}), HasSubstr("options 0: the encoding is of another type"));
  EXPECT_EQ(with_options({none, odd}), "none") << "no task has them";
  put_u32(encoded.tasks[7].data() + 40 + 5 + 4, 1);
  EXPECT_EQ(message(), "the record of task 7: options 1 are out of range");
  EXPECT_EQ(with_options(std::vector(10, none)), "there are more options than tasks");
  EXPECT_EQ(with_options({none, none}), "none");
  header.options.pop_back();
  EXPECT_EQ(message(), "the options are cut short");
}

TEST_F(ForgedGraphs, HaveHeadersThatAreChecked) {
  const GraphHeader before = header;
  const auto with_header = [&](const auto& change) {
    header = before;
    change(header);
    return message();
  };
  EXPECT_EQ(with_header([](auto& h) { h.format = 2; }), "the header: its format is 2; 1 is known");
  EXPECT_THAT(with_header([](auto& h) { h.name = "a b"; }), HasSubstr("name of a workflow"));
  EXPECT_THAT(with_header([](auto& h) { h.tasks = 0; }), HasSubstr("it has no tasks"));
  EXPECT_THAT(with_header([](auto& h) { h.tasks = 2001; }), HasSubstr("the limit is 2000"));
  EXPECT_THAT(with_header([](auto& h) { h.constants = 2001; }), HasSubstr("the limit is 2000"));
  EXPECT_THAT(with_header([](auto& h) { h.functions[0] = "@"; }), HasSubstr("names a function"));
  EXPECT_THAT(with_header([](auto& h) { h.read_inside_maps = {8}; }), HasSubstr("out of order"));
  EXPECT_THAT(with_header([](auto& h) { h.workers[0].id = WorkerId{1}; }), HasSubstr("at place 0"));
  EXPECT_THAT(with_header([](auto& h) { h.workers[0].worker_class.cpus = -1; }),
              HasSubstr("worker 0"));
  EXPECT_THAT(with_header([](auto& h) {
                h.optimizations = {{1, 0}};
              }),
              HasSubstr("unknown optimization 0"));
  EXPECT_THAT(with_header([](auto& h) { h.choices.resize(1); }), HasSubstr("of no task"));
  EXPECT_THAT(with_header([](auto& h) {
                h.choices.resize(1);
                h.optimizations = {{1, 0}};
              }),
              HasSubstr("an optimization"));
  EXPECT_THAT(with_header([](auto& h) { h.functions.resize(9); }), HasSubstr("more functions"));
}

TEST_F(ForgedGraphs, MakeNoGreatPlanOfAFewBytes) {
  header.choices = {{.kind = std::string(1000, 'x')}};
  for (std::uint32_t i = 0; i < 2000; ++i) header.optimizations.emplace_back(7, 0);
  EXPECT_THAT(message(), HasSubstr("bytes of optimizations; the limit is"));
}

TEST_F(ForgedGraphs, HaveEachPartOnce) {
  const GraphParts whole = parts_of(encoded);
  GraphParts parts = whole;
  std::ranges::reverse(parts.tasks);
  EXPECT_EQ(message_of(parts), "none") << "in any order";
  parts.tasks[0] = parts.tasks[1];
  EXPECT_EQ(message_of(parts), "the record of task 6 is there twice");
  parts = whole;
  parts.tasks[7].first = TaskId{8};
  EXPECT_EQ(message_of(parts), "the record of task 8 is beyond the 8 of the graph");
  parts = whole;
  parts.tasks.erase(parts.tasks.begin() + 4);
  EXPECT_EQ(message_of(parts), "task 4, which is part of a map, is not there");
  parts = whole;
  parts.constants.push_back(parts.constants[0]);
  EXPECT_EQ(message_of(parts), "constant 0 is there twice");
  parts = whole;
  parts.constants[0].second = {};
  EXPECT_EQ(message_of(parts), "constant 0 is empty");
}

TEST_F(ForgedGraphs, HaveNoTasksThatWaitForThemselves) {
  header.ascending = false;
  EXPECT_EQ(message(), "none");
  EXPECT_EQ(with(7, 40, 7), "task 7 waits for itself");
}

TEST_F(ForgedGraphs, AreOfAFormatThatIsKnown) {
  Blob other;
  encode(std::map<std::string, int>{{"format", 3}}, other);
  GraphParts parts = parts_of(encoded);
  parts.header = other;
  EXPECT_EQ(message_of(parts), "the header: its format is 3; 1 is known");
}

// -- scopes ---------------------------------------------------------------------------------------

TEST(ScopeTrees, TellWhichScopesEncloseWhich) {
  test::Dice dice{5};
  for (int round = 0; round < 50; ++round) {
    std::vector<std::uint32_t> parents{0};
    for (std::uint32_t i = 1; i < 30; ++i) parents.push_back(dice.roll(i));
    const ScopeTree tree{parents};
    for (std::uint32_t inner = 0; inner < parents.size(); ++inner) {
      std::vector<bool> around(parents.size());
      for (std::uint32_t at = inner; at != 0; at = parents[at]) around[at] = true;
      around[0] = true;
      for (std::uint32_t outer = 0; outer < parents.size(); ++outer) {
        EXPECT_EQ(tree.encloses(outer, inner), around[outer]) << outer << " around " << inner;
      }
    }
  }
}

}  // namespace
}  // namespace weft
