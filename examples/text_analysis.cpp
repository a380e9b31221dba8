// Counts the words of a text. How many tasks that takes is known only when the text has been read:
// it is cut into sections of several pieces; each piece is counted, the counts of a section are
// merged as soon as its own pieces are done, and in the end those of all sections.
//
//   text_analysis FILE

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "weft/weft.hpp"

namespace {

using Counts = std::map<std::string, std::uint64_t>;
using Section = std::vector<std::string>;

constexpr std::size_t piece_size = 64 * 1024;
constexpr std::size_t pieces_in_section = 8;

/// A word is a run of letters; capitals make no difference.
void count_into(Counts& counts, const std::string& text) {
  std::string word;
  for (const char c : text) {
    if (std::isalpha(static_cast<unsigned char>(c))) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      ++counts[word];
      word.clear();
    }
  }
  if (!word.empty()) ++counts[word];
}

const weft::Function read_text{"read_text@1", [](const std::string& path)
                                                -> weft::Result<std::string> {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file) return text;
  return weft::Error{.code = weft::Errc::io_failed,
                     .message = weft::in_quotes(path) + " cannot be read",
                     .hint = "name a text file that you may read"};
}};

/// Pieces end at the end of a line, so that no word is cut.
const weft::Function cut{"cut@1", [](const std::string& text) {
  std::vector<Section> sections;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', std::min(begin + piece_size, text.size()));
    const std::string piece = text.substr(begin, end == std::string::npos ? end : end + 1 - begin);
    if (sections.empty() || sections.back().size() == pieces_in_section) sections.emplace_back();
    sections.back().push_back(piece);
    begin += piece.size();
  }
  return sections;
}};

const weft::Function count_words{"count_words@1", [](const std::string& piece) {
  Counts counts;
  count_into(counts, piece);
  return counts;
}};

const weft::Function merge{"merge@1", [](const std::vector<weft::Shared<Counts>>& parts) {
  Counts all;
  for (const auto& part : parts) {
    for (const auto& [word, count] : *part) all[word] += count;
  }
  return all;
}};

void print_top(const Counts& counts) {
  std::vector<std::pair<std::uint64_t, std::string>> top;
  std::uint64_t words = 0;
  for (const auto& [word, count] : counts) {
    top.emplace_back(count, word);
    words += count;
  }
  std::ranges::sort(top, std::greater{});
  std::cout << words << " words, " << counts.size() << " different ones; most of all:";
  for (std::size_t i = 0; i < std::min<std::size_t>(top.size(), 8); ++i) {
    std::cout << (i == 0 ? " " : ", ") << top[i].second << " (" << top[i].first << ")";
  }
  std::cout << "\n";
}

Counts counted_at_once(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Counts counts;
  count_into(counts, {std::istreambuf_iterator<char>(file), {}});
  return counts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') {
    std::cerr << "usage: text_analysis FILE\n";
    return 2;
  }
  const std::string path = argv[1];

  weft::Workflow workflow{"text_analysis"};
  const auto text = workflow.task(read_text, path);
  const auto sections = workflow.task(cut, text);
  const auto of_sections = workflow.for_each(sections, [&](const weft::Future<Section>& section) {
    return workflow.task(merge, workflow.map(section, count_words));
  });
  const auto result = workflow.task(merge, of_sections);

  weft::Registry registry;
  registry.add(read_text).add(cut).add(count_words).add(merge);
  weft::Engine engine{registry};
  const auto counts = engine.submit(std::move(workflow), result).result();
  if (!counts) {
    std::cerr << "error: " << weft::to_string(counts.error()) << "\n";
    return 1;
  }
  print_top(*counts);
  const bool ok = *counts == counted_at_once(path);
  std::cout << "checked: " << (ok ? "ok" : "wrong") << "\n";
  return ok ? 0 : 1;
}
