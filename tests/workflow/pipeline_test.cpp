#include "weft/workflow/importers/pipeline.hpp"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "support/dice.hpp"
#include "weft/workflow/importers/yaml_document.hpp"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Pipeline parsed(const std::string& text) {
  auto pipeline = parse_pipeline(text, "p.yaml");
  if (!pipeline) ADD_FAILURE() << to_string(pipeline.error());
  return pipeline ? std::move(*pipeline) : Pipeline{};
}

/// Every problem of a file, one a line.
std::string problems_of(const std::string& text) {
  const auto pipeline = parse_pipeline(text, "p.yaml");
  if (pipeline) return "";
  std::string out = pipeline.error().causes.empty() ? to_string(pipeline.error()) : "";
  for (const Error& cause : pipeline.error().causes) {
    out += cause.message + (cause.hint.empty() ? "" : " | " + cause.hint) + "\n";
  }
  return out;
}

std::string with_tasks(const std::string& tasks) {
  return "version: 1\nname: trial\nparams: {n: 3, list: [a, b]}\ntasks:\n" + tasks;
}

// -- texts with references ------------------------------------------------------------------------

TEST(TextTemplate, HoldsWordsAndReferencesInOrder) {
  const auto text = parse_template("a ${params.n} ${split.parts}${item.stem} $$ $${x", {});
  ASSERT_TRUE(text);
  ASSERT_EQ(text->parts.size(), 6u);
  EXPECT_EQ(std::get<std::string>(text->parts[0]), "a ");
  EXPECT_EQ(std::get<Reference>(text->parts[1]).kind, Reference::Kind::parameter);
  EXPECT_EQ(std::get<Reference>(text->parts[3]).task, "split");
  EXPECT_EQ(std::get<Reference>(text->parts[4]).name, "stem");
  EXPECT_EQ(std::get<std::string>(text->parts[5]), " $$ ${x");
}

TEST(TextTemplate, IsWrittenAsItWasReadWhateverItHolds) {
  test::Dice dice{7};
  const std::vector<std::string> pieces{"$${",       "$",         "${params.a}", "${t.x}", "${t.*.x}",
                                        "${item}",  "${index}",  "${out.o}",    "text",   "}",
                                        "{",        "\xC3\xA4",  " ",           "${in.i}"};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto count = dice.roll(8); count > 0; --count) text += pieces[dice.roll(pieces.size())];
    const auto first = parse_template(text, {});
    if (!first) continue;  // A lone dollar before a brace.
    const auto again = parse_template(to_string(*first), {});
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(*first, *again) << text;
  }
}

TEST(TextTemplate, RefusesWhatIsNoReference) {
  for (const char* text : {"${", "${}", "${a b}", "${params}", "${in.}", "${a.b.c}", "${*.x}",
                           "${params.*.n}", "${index.x}", "${a..b}"}) {
    EXPECT_FALSE(parse_template(text, {})) << text;
  }
}

TEST(TextTemplate, SaysWhereEachReferenceStands) {
  const auto text = parse_template("ab ${item}", {.line = 4, .column = 10});
  ASSERT_TRUE(text);
  EXPECT_EQ(std::get<Reference>(text->parts[1]).place, (SourcePlace{.line = 4, .column = 13}));
}

// -- YAML -----------------------------------------------------------------------------------------

TEST(YamlDocument, KeepsScalarsAsTheyAreWritten) {
  const auto node = parse_yaml("{a: no, b: 1.10, c: '7', d: ~}", "x");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->find("a")->text, "no");
  EXPECT_EQ(node->find("b")->text, "1.10");
  EXPECT_TRUE(node->find("c")->quoted);
  EXPECT_EQ(node->find("d")->kind, YamlNode::Kind::null);
}

TEST(YamlDocument, RefusesWhatWouldMakeAFileMeanMoreThanItSays) {
  for (const char* text : {"a: &x 1", "{a: 1, b: *x}", "a: !!python/object x", "{a: 1, a: 2}",
                           "<<: {a: 1}", "a: 1\n---\nb: 2", "[a]: 1", "{{a: 1}: 2}"}) {
    EXPECT_FALSE(parse_yaml(text, "x")) << text;
  }
}

TEST(YamlDocument, EndsAtItsLimits) {
  EXPECT_EQ(parse_yaml("[[[1]]]", "x", {.depth = 2}).error().code, Errc::limit_exceeded);
  EXPECT_EQ(parse_yaml("[1, 2, 3]", "x", {.nodes = 3}).error().code, Errc::limit_exceeded);
  EXPECT_EQ(parse_yaml("[1, 2, 3]", "x", {.bytes = 3}).error().code, Errc::limit_exceeded);
  EXPECT_FALSE(parse_yaml(std::string(1'000'000, '['), "x"));
  EXPECT_FALSE(parse_yaml(std::string(1'000'000, '{'), "x"));
  EXPECT_FALSE(parse_yaml(std::string("a: \0b", 5), "x"));
}

TEST(YamlDocument, SurvivesAnyChangeOfAWholeFile) {
  const std::string whole = with_tasks(
    "  a: {foreach: [x, y], run: [echo, \"${item}\"], out: {t: text}, retries: {attempts: 2}}\n"
    "  b: {shell: \"echo ${a.*.t} > ${out.f}\", out: {f: 'file:x'}, env: {K: v}, timeout: 5s}\n");
  ASSERT_EQ(problems_of(whole), "");
  test::Dice dice{11};
  const std::string odd = "{}[]:,&*!#|>'\"%@`-?\n\t $~<\x01\xff";
  for (int round = 0; round < 3000; ++round) {
    std::string text = whole;
    for (auto count = 1 + dice.roll(4); count > 0; --count) {
      const std::size_t at = dice.roll(text.size());
      switch (dice.roll(3)) {
        case 0: text[at] = odd[dice.roll(odd.size())]; break;
        case 1: text.erase(at, 1 + dice.roll(10)); break;
        default: text.insert(at, 1, odd[dice.roll(odd.size())]); break;
      }
      if (text.empty()) text = " ";
    }
    const auto pipeline = parse_pipeline(text, "p.yaml");
    if (!pipeline) {
      EXPECT_FALSE(to_string(pipeline.error()).empty());
    }
  }
}

// -- pipelines ------------------------------------------------------------------------------------

TEST(Pipeline, HoldsWhatTheFileSays) {
  const Pipeline pipeline = parsed(R"(
version: 1
name: whole
sla: {deadline: 30s, percentile: 99}
params: {n: 8, who: {type: text, description: someone}, many: [1, 2]}
defaults: {retries: 2, timeout: 5m, env: {A: a, B: b}, resources: {cpus: 2, memory: 1GiB}}
requires: {modules: [blur@2], files: [model.bin]}
tasks:
  one:
    run: [prog, "${params.n}", "${out.img}"]
    out: {img: {type: file, path: x/y.png}, log: files:*.log}
    env: {B: c}
    after: two
    exit_codes: [0, 4]
  two: {function: square@3, arguments: [1, 2.5, true, "7", [a, {k: v}], null], timeout: 1s}
)");
  EXPECT_EQ(pipeline.name, "whole");
  EXPECT_EQ(pipeline.sla->percentile, 99);
  EXPECT_EQ(pipeline.parameter("n")->type, PipelineParameter::Type::integer);
  EXPECT_FALSE(pipeline.parameter("who")->fallback);
  EXPECT_TRUE(pipeline.parameter("many")->list);
  EXPECT_THAT(pipeline.requirements.modules, ElementsAre("blur@2"));
  const PipelineTask& one = *pipeline.task("one");
  EXPECT_EQ(one.options.retries->attempts, 3u);
  EXPECT_EQ(one.options.timeout, std::chrono::minutes{5});
  EXPECT_EQ(one.options.worker_class->memory.count, 1024u);
  EXPECT_EQ(to_string(one.environment.at("B")), "c");
  EXPECT_EQ(to_string(one.environment.at("A")), "a");
  EXPECT_THAT(one.after, ElementsAre("two"));
  EXPECT_THAT(one.exit_codes, ElementsAre(0, 4));
  EXPECT_EQ(one.output("log")->kind, PipelineOutput::Kind::files);
  const PipelineTask& two = *pipeline.task("two");
  EXPECT_EQ(two.options.timeout, std::chrono::seconds{1});
  ASSERT_EQ(two.arguments.size(), 6u);
  EXPECT_EQ(std::get<std::int64_t>(two.arguments[0].node), 1);
  EXPECT_EQ(std::get<double>(two.arguments[1].node), 2.5);
  EXPECT_EQ(std::get<bool>(two.arguments[2].node), true);
  EXPECT_EQ(to_string(std::get<TextTemplate>(two.arguments[3].node)), "7");
}

TEST(Pipeline, NamesEachProblemWithItsPlaceAndWhatToDo) {
  const std::vector<std::pair<std::string, std::string>> broken{
    {"  a: {runn: [x]}", "p.yaml:5:7: task 'a' has no key 'runn' | did you mean run?"},
    {"  a: {run: ls}", "run of task 'a' is a single value"},
    {"  a: {}", "has to have one of run, shell and function"},
    {"  a: {run: [x], shell: y}", "has to have one of run, shell and function"},
    {"  a: {run: []}", "an empty list"},
    {"  a: {run: [x, [y]]}", "an item of run is a list"},
    {"  -a: {run: [x]}", "cannot be the name of a task"},
    {"  in: {run: [x]}", "a task cannot be called 'in'"},
    {"  a b: {run: [x]}", "cannot be the name of a task"},
    {"  a: {run: [x], timeout: 5}", "durations need a unit"},
    {"  a: {run: [x], timeout: 0s}", "it has to be above 0"},
    {"  a: {run: [x], retries: -1}", "it has to be a whole number from 0"},
    {"  a: {run: [x], retries: {tries: 1}}", "has no key 'tries'"},
    {"  a: {run: [x], resources: {memory: 5}}", "memory"},
    {"  a: {run: [x], out: {o: flie}}", "there is no kind of output 'flie' | did you mean file"},
    {"  a: {run: [x], out: {o: 'text:x'}}", "only outputs of type file and files"},
    {"  a: {run: [x], out: {o: files}}", "needs a pattern"},
    {"  a: {run: [x], exit_codes: [256]}", "from 0 to 255"},
    {"  a: {run: [x], stdout: y}", "stdout has to be an output"},
    {"  a: {run: [x], stdout: '${out.o}'}", "task 'a' has no output 'o'"},
    {"  a: {run: [x], stdout: '${out.o}', out: {o: file, t: text}}", "cannot be output 't', too"},
    {"  a: {run: ['${params.m}']}", "there is no parameter 'm' | did you mean n?"},
    {"  a: {run: ['${in.x}']}", "task 'a' has no input 'x' | add it under in:"},
    {"  a: {run: ['${out.x}']}", "task 'a' has no output 'x' | add it under out:"},
    {"  a: {run: ['${out.x}'], out: {x: text}}", "is not written to a path"},
    {"  a: {run: ['${item}']}", "is for tasks with foreach"},
    {"  a: {run: ['${b.x}']}", "there is no task 'b'"},
    {"  a: {run: ['${a.x}'], out: {x: text}}", "tasks wait for one another: 'a' -> 'a'"},
    {"  a: {run: [x], out: {x: text}}\n  b: {run: ['${a.y}']}", "task 'a' has no output 'y'"},
    {"  a: {run: [x], out: {x: text}}\n  b: {run: ['${a}']}", "which output of task 'a'?"},
    {"  a: {run: [x], out: {x: text}}\n  b: {run: ['${a.*.x}']}", "leave the * out"},
    {"  a: {foreach: [q], run: [x], out: {x: text}}\n  b: {run: ['${a.x}']}",
     "write ${a.*.x} for all of them"},
    {"  a: {run: [x], out: {x: lines}}\n  b: {run: ['l: ${a.x}']}", "cannot be a part of a text"},
    {"  a: {run: [x], out: {x: text}}\n  b: {foreach: '${a.x}', run: [x]}", "which is no list"},
    {"  a: {foreach: 'no', run: [x]}", "foreach has to be a list"},
    {"  a: {foreach: {count: x}, run: [x]}", "is no whole number"},
    {"  a: {foreach: [1], run: [x], out: {f: 'file:same'}}", "would write the same file"},
    {"  a: {run: [x], out: {f: 'file:same'}}\n  b: {run: [x], out: {f: 'file:same'}}",
     "both write 'same'"},
    {"  a: {run: [x], after: [b]}", "which is no task"},
    {"  a: {run: [x], after: [a]}", "is after itself"},
    {"  a: {function: 'f g'}", "f g"},
    {"  a: {function: f, out: {x: text}}", "calls a function, which has no out"},
    {"  a: {run: [x], purity: holy}", "there is no purity 'holy'"},
    {"  a: {run: ['${x']}", "is not closed"},
    {"  a: {run: [x], env: {'A=B': c}}", "cannot be the name of a variable"},
    {"  a: {run: [x], in: {f: 'file:'}}", "file: needs a path"},
  };
  for (const auto& [tasks, words] : broken) {
    EXPECT_THAT(problems_of(with_tasks(tasks)), HasSubstr(words)) << tasks;
  }
}

TEST(Pipeline, NamesWhatIsWrongAroundItsTasks) {
  EXPECT_THAT(problems_of("[]"), HasSubstr("the file is a list; it has to be a mapping"));
  EXPECT_THAT(problems_of(""), HasSubstr("the file is empty"));
  EXPECT_THAT(problems_of("name: x\ntasks: {a: {run: [x]}}"), HasSubstr("the version is missing"));
  EXPECT_THAT(problems_of("version: 1\ntasks: {a: {run: [x]}}"), HasSubstr("the name is missing"));
  EXPECT_THAT(problems_of("version: 1\nname: x"), HasSubstr("there are no tasks"));
  EXPECT_THAT(problems_of("version: 1\nname: x\ntasks: {}"), HasSubstr("one task or more"));
  EXPECT_THAT(problems_of(with_tasks("  a: {run: [x]}\nsla: {percentile: 5}")),
              HasSubstr("sla has no deadline"));
  EXPECT_THAT(problems_of("version: 1\nname: x\nparams: {p: {type: rabbit}}\ntasks: {a: {run: [x]}}"),
              HasSubstr("there is no type 'rabbit'"));
}

TEST(Pipeline, AllowsChainsOfForeachToReadTheElementOfBefore) {
  EXPECT_EQ(problems_of(with_tasks(
              "  a: {foreach: [1, 2], run: [x], out: {p: file, q: text}}\n"
              "  b: {foreach: '${a.*.p}', run: [x, '${item}', '${item.q}', '${a.q}', '${a.*.q}']}")),
            "");
}

TEST(Pipeline, OfManyTasksIsReadInOneGo) {
  std::string text = "version: 1\nname: long\ntasks:\n  t0: {run: [x], out: {o: text}}\n";
  for (int i = 1; i < 20'000; ++i) {
    text += "  t" + std::to_string(i) + ": {run: [x, '${t" + std::to_string(i - 1) +
            ".o}'], out: {o: text}}\n";
  }
  EXPECT_EQ(parsed(text).tasks.size(), 20'000u);
}

// -- parameters -----------------------------------------------------------------------------------

std::string parameter_problem(std::vector<std::pair<std::string, std::string>> given) {
  const Pipeline pipeline = parsed(
    "version: 1\nname: x\nparams: {n: 3, f: 0.5, on: true, list: [1, 2],\n"
    "  size: {choices: [s, m], default: s}, needed: {type: text}}\ntasks: {a: {run: [x]}}");
  const auto values = parameter_values(pipeline, given);
  return values ? "" : to_string(values.error());
}

TEST(PipelineParameters, HaveTheTypeOfTheirDefault) {
  const std::pair<std::string, std::string> needed{"needed", "x"};
  EXPECT_EQ(parameter_problem({needed, {"n", "-7"}, {"f", "1e3"}, {"on", "false"}}), "");
  EXPECT_THAT(parameter_problem({needed, {"n", "x"}}), HasSubstr("has to be of type integer"));
  EXPECT_THAT(parameter_problem({needed, {"n", "1.5"}}), HasSubstr("has to be of type integer"));
  EXPECT_THAT(parameter_problem({needed, {"on", "yes"}}), HasSubstr("has to be of type boolean"));
  EXPECT_THAT(parameter_problem({needed, {"size", "xl"}}), HasSubstr("choose one of s, m"));
  EXPECT_THAT(parameter_problem({needed, {"needd", "1"}}), HasSubstr("did you mean needed?"));
  EXPECT_THAT(parameter_problem({}), HasSubstr("--param needed=VALUE"));
}

TEST(PipelineParameters, ThatAreListsAreSplitAtCommas) {
  const Pipeline pipeline =
    parsed("version: 1\nname: x\nparams: {l: [q]}\ntasks: {a: {run: [x]}}");
  EXPECT_THAT(parameter_values(pipeline, {{"l", "a,,b"}})->at("l"), ElementsAre("a", "", "b"));
  EXPECT_THAT(parameter_values(pipeline, {{"l", ""}})->at("l"), IsEmpty());
}

// -- the schema -----------------------------------------------------------------------------------

/// The keys that the schema allows at a place of `pipeline_keys`.
std::vector<std::string> keys_in_schema(const nlohmann::json& schema, const std::string& place) {
  static const std::map<std::string, std::string> pointers{
    {"", "/properties"},
    {"sla", "/properties/sla/properties"},
    {"defaults", "/properties/defaults/properties"},
    {"params.*", "/properties/params/additionalProperties/anyOf/2/properties"},
    {"requires", "/properties/requires/properties"},
    {"tasks.*", "/$defs/task/properties"},
    {"tasks.*.out.*", "/$defs/output/anyOf/1/properties"},
    {"retries", "/$defs/retries/anyOf/1/properties"},
    {"resources", "/$defs/resources/properties"}};
  std::vector<std::string> keys;
  for (const auto& [key, value] : schema.at(nlohmann::json::json_pointer(pointers.at(place))).items()) {
    keys.push_back(key);
  }
  return keys;
}

TEST(PipelineSchema, HasTheKeysThatAreRead) {
  std::ifstream file{WEFT_SOURCE_DIR "/docs/pipeline.schema.json"};
  const auto schema = nlohmann::json::parse(file);
  for (const auto& [place, keys] : pipeline_keys()) {
    EXPECT_THAT(keys_in_schema(schema, place), testing::UnorderedElementsAreArray(keys)) << place;
  }
}

}  // namespace
}  // namespace weft
