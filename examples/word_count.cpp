// Counts the words of files by map and reduce: the files are cut into chunks of bytes, a task for
// each chunk counts its words and sorts them by hash into one table for each reducer, and a reducer
// adds up its table of all chunks. No two reducers have a word in common.
//
//   word_count [--reducers N] [--chunk BYTES] [FILE...]

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "number_argument.hpp"
#include "weft/weft.hpp"

namespace {

using Counts = std::map<std::string, std::uint64_t>;
using Tables = std::vector<Counts>;  ///< One for each reducer.

/// Bytes of one of the texts, from `begin` to before `end`.
struct Chunk {
  std::size_t text = 0;
  std::size_t begin = 0;
  std::size_t end = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Chunk& x) {
    return f.object(x).fields(f.field("text", x.text), f.field("begin", x.begin),
                              f.field("end", x.end));
  }
};

using Texts = std::vector<weft::Shared<std::string>>;

/// Letters are those of ASCII, and all bytes of other characters in UTF-8.
bool is_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalpha(byte) != 0;
}

/// A word is a run of letters; capitals of ASCII make no difference.
void count_into(Counts& counts, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::string word;
    for (; at < text.size() && is_letter(text[at]); ++at) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(text[at])));
    }
    if (!word.empty()) ++counts[word];
    while (at < text.size() && !is_letter(text[at])) ++at;
  }
}

/// FNV-1a: the same in every process, which `std::hash` need not be.
std::uint64_t hash_of(std::string_view word) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// -- the functions --------------------------------------------------------------------------------

constexpr std::uintmax_t largest_file = std::uintmax_t{256} << 20;  // It is held in memory whole.

const weft::Function read_text{"read_text@1", [](const std::string& path)
                                                -> weft::Result<std::string> {
  std::error_code failure;
  if (std::filesystem::file_size(path, failure) > largest_file && !failure) {
    return weft::Error{.code = weft::Errc::limit_exceeded,
                       .message = weft::in_quotes(path) + " is larger than " +
                                  weft::format_bytes({largest_file}),
                       .hint = "split it into several files, for example with split -C 200M"};
  }
  std::ifstream file(path, std::ios::binary);
  if (!failure && file) return std::string{std::istreambuf_iterator<char>(file), {}};
  return weft::Error{.code = weft::Errc::io_failed,
                     .message = weft::in_quotes(path) + " cannot be read",
                     .hint = "name text files that you may read"};
}};

/// Words of two to four syllables, some of them far more often than others.
const weft::Function make_text{"make_text@1", [](std::uint32_t seed, std::size_t words) {
  constexpr std::string_view syllables[] = {"ba", "co", "di", "fu", "ga", "he", "ki", "lo",
                                            "mu", "na", "pe", "ri", "so", "tu", "va", "we"};
  std::mt19937_64 random{seed};  // Without distributions, which differ between standard libraries.
  std::string text;
  for (std::size_t i = 0; i < words; ++i) {
    // The product of three numbers from 0 to 31 is small more often than large.
    std::uint64_t word = (random() % 32) * (random() % 32) * (random() % 32);
    for (std::size_t length = 2 + word % 3; length > 0; --length) {
      text += syllables[word % 16];
      word /= 16;
    }
    text += i % 12 == 11 ? ".\n" : " ";
  }
  return text;
}};

/// Cuts all texts. No chunk begins or ends inside a word.
const weft::Function cut{"cut@1", [](const Texts& texts, std::size_t size) {
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string& text = *texts[i];
    for (std::size_t begin = 0; begin < text.size();) {
      std::size_t end = std::min(begin + size, text.size());
      while (end < text.size() && is_letter(text[end])) ++end;
      chunks.push_back({.text = i, .begin = begin, .end = end});
      begin = end;
    }
  }
  return chunks;
}};

/// Counts the words of a chunk, in a table for each reducer.
const weft::Function count_chunk{"count_chunk@1", [](const Chunk& chunk, const Texts& texts,
                                                     std::size_t reducers) {
  Counts counts;
  const std::string_view text = *texts[chunk.text];
  count_into(counts, text.substr(chunk.begin, chunk.end - chunk.begin));
  Tables tables(reducers);
  for (auto& [word, count] : counts) tables[hash_of(word) % reducers].emplace(word, count);
  return tables;
}};

/// Adds up the tables of one reducer.
const weft::Function reduce{"reduce@1", [](const std::vector<weft::Shared<Tables>>& all,
                                           std::size_t reducer) {
  Counts sum;
  for (const auto& tables : all) {
    for (const auto& [word, count] : (*tables)[reducer]) sum[word] += count;
  }
  return sum;
}};

/// Joins what the reducers found, and fails if two of them found the same word.
const weft::Function merge{"merge@1", [](const std::vector<weft::Shared<Counts>>& parts)
                                        -> weft::Result<Counts> {
  Counts all;
  for (const auto& part : parts) {
    for (const auto& [word, count] : *part) {
      if (all.emplace(word, count).second) continue;
      return weft::Error{.code = weft::Errc::task_failed,
                         .message = weft::in_quotes(word) + " came from two reducers",
                         .hint = "let the table of a word depend on nothing but the word"};
    }
  }
  return all;
}};

// -- the program ----------------------------------------------------------------------------------

struct Arguments {
  std::size_t reducers = 4;
  std::size_t chunk = std::size_t{64} << 10;
  std::vector<std::string> files;
};

std::optional<Arguments> arguments_of(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.empty() || argument.front() != '-') {
      arguments.files.emplace_back(argument);
      continue;
    }
    const bool reducers = argument == "--reducers";
    if ((!reducers && argument != "--chunk") || ++i == argc) return std::nullopt;
    const auto number = reducers ? number_in(argv[i], 1, 256) : number_in(argv[i], 1, 1 << 30);
    if (!number) return std::nullopt;
    (reducers ? arguments.reducers : arguments.chunk) = *number;
  }
  return arguments;
}

void print_top(const Counts& counts) {
  std::vector<std::pair<std::uint64_t, std::string>> top;
  std::uint64_t words = 0;
  for (const auto& [word, count] : counts) {
    top.emplace_back(count, word);
    words += count;
  }
  const auto shown = static_cast<std::ptrdiff_t>(std::min<std::size_t>(top.size(), 20));
  std::ranges::partial_sort(top, top.begin() + shown, std::greater{});
  std::cout << words << " words, " << counts.size() << " different ones; most of all:\n";
  for (std::ptrdiff_t i = 0; i < shown; ++i) {
    const auto& [count, word] = top[static_cast<std::size_t>(i)];
    std::cout << (i % 5 == 0 ? "  " : ", ") << word << " " << count
              << (i % 5 == 4 || i + 1 == shown ? "\n" : "");
  }
}

/// Adds a task for each file, or those that make texts where none is named.
std::vector<weft::Future<std::string>> texts_of(weft::Workflow& workflow,
                                                const std::vector<std::string>& files) {
  std::vector<weft::Future<std::string>> texts;
  for (const std::string& file : files) texts.push_back(workflow.task(read_text, file));
  for (std::uint32_t seed = 1; files.empty() && seed <= 3; ++seed) {
    texts.push_back(workflow.task(make_text, seed, 50'000u * seed));
  }
  return texts;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> arguments = arguments_of(argc, argv);
  if (!arguments) {
    std::cerr << "usage: word_count [--reducers N] [--chunk BYTES] [FILE...]\n"
                 "  1 to 256 reducers (4), chunks from 1 byte to 1 GiB (64 KiB);\n"
                 "  counts texts of its own where no file is named\n";
    return 2;
  }

  weft::Workflow workflow{"word_count"};
  const auto texts = texts_of(workflow, arguments->files);
  for (const auto& text : texts) {
    workflow.options(text).keep_output = weft::KeepOutput::until_erased;  // For the check.
  }
  const auto chunks = workflow.task(cut, texts, arguments->chunk);
  const auto tables = workflow.map(chunks, count_chunk, texts, arguments->reducers);
  std::vector<weft::Future<Counts>> sums;
  for (std::size_t reducer = 0; reducer < arguments->reducers; ++reducer) {
    sums.push_back(workflow.task(reduce, tables, reducer));
  }
  const auto result = workflow.task(merge, sums);

  weft::Registry registry;
  registry.add(read_text).add(make_text).add(cut).add(count_chunk).add(reduce).add(merge);
  weft::Engine engine{registry};
  const auto run = engine.submit(std::move(workflow), result);
  const auto counts = run.result();
  if (!counts) {
    std::cerr << "error: " << weft::to_string(counts.error()) << "\n";
    return 1;
  }
  print_top(*counts);
  Counts at_once;
  for (const auto& text : texts) count_into(at_once, run.result_of(text).value());
  const bool ok = *counts == at_once;
  std::cout << texts.size() << " texts, " << run.record().tasks.committed << " tasks\n"
            << "checked: " << (ok ? "ok" : "wrong") << "\n";
  return ok ? 0 : 1;
}
