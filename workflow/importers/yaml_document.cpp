#include "weft/workflow/importers/yaml_document.hpp"

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_set>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace weft {

namespace {

SourcePlace place_of(const YAML::Mark& mark) {
  return {.line = static_cast<std::uint32_t>(mark.line + 1),
          .column = static_cast<std::uint32_t>(mark.column + 1)};
}

/// Lets the parser read text where it lies.
class TextBuffer : public std::streambuf {
public:
  explicit TextBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // Only read: the buffer has no put area.
    setg(begin, begin, begin + text.size());
  }
};

/// Builds the tree and stops at the first thing that is not allowed, before it costs anything.
class TreeBuilder final : public YAML::EventHandler {
public:
  TreeBuilder(std::string_view origin, const YamlLimits& limits)
    : origin_(origin), limits_(limits) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    place(mark, "?", anchor, {.place = place_of(mark)});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(place_of(mark), "aliases (*name) are not allowed", "write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!open_.empty() && open_.back().node.kind == YamlNode::Kind::map && !open_.back().has_key) {
      take_key(mark, tag, value);
      return;
    }
    if (value.find('\0') != std::string::npos) {
      refuse(place_of(mark), "a text holds a zero byte", "take it out");
    }
    YamlNode node{.kind = YamlNode::Kind::scalar, .quoted = tag == "!", .text = value};
    node.place = place_of(mark);
    if (!node.quoted && (value.empty() || value == "~" || value == "null")) {
      node.kind = YamlNode::Kind::null;
    }
    place(mark, tag, anchor, std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    refuse(place_of(mark), "anchors (&" + name + ") are not allowed", "write the value out");
  }

  YamlNode take() { return std::move(root_); }

private:
  /// A list or mapping whose end has not come yet.
  struct Open {
    YamlNode node;
    std::string key;  ///< The one whose value comes next.
    SourcePlace key_place;
    bool has_key = false;
    std::unordered_set<std::string> keys;
  };

  [[noreturn]] void refuse(SourcePlace where, const std::string& what, std::string hint,
                           Errc code = Errc::invalid_file) const {
    throw Exception(Error{.code = code,
                          .message = fmt::format("{}:{}: {}", origin_, to_string(where), what),
                          .hint = std::move(hint)});
  }

  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(place_of(mark), "anchors (&name) are not allowed", "write values out");
    if (!tag.empty() && tag != "?" && tag != "!") {
      refuse(place_of(mark), "tags (" + tag + ") are not allowed", "take the tag out");
    }
    if (++nodes_ > limits_.nodes) {
      refuse(place_of(mark), fmt::format("there are more than {} values", limits_.nodes),
             "split it into smaller workflows", Errc::limit_exceeded);
    }
  }

  void take_key(const YAML::Mark& mark, const std::string& tag, const std::string& key) {
    check(mark, tag, 0);
    Open& map = open_.back();
    if (key == "<<" && tag != "!") {
      refuse(place_of(mark), "merge keys (<<) are not allowed", "write the keys out");
    }
    if (!map.keys.insert(key).second) {
      refuse(place_of(mark), "the key " + in_quotes(key) + " is there twice",
             "take one of the two out");
    }
    map.key = key;
    map.key_place = place_of(mark);
    map.has_key = true;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    check(mark, tag, anchor);
    check_not_key(place_of(mark));
    if (open_.size() >= limits_.depth) {
      refuse(place_of(mark), fmt::format("lists and mappings nest deeper than {}", limits_.depth),
             "a workflow needs far fewer; is this the right file?", Errc::limit_exceeded);
    }
    Open& fresh = open_.emplace_back();
    fresh.node.kind = kind;
    fresh.node.place = place_of(mark);
  }

  void check_not_key(SourcePlace where) const {
    if (!open_.empty() && open_.back().node.kind == YamlNode::Kind::map && !open_.back().has_key) {
      refuse(where, "a key has to be a text", "quote texts that begin with [ or {");
    }
  }

  void place(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode node) {
    check(mark, tag, anchor);
    check_not_key(place_of(mark));
    add(std::move(node));
  }

  void close() {
    YamlNode done = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(done));
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& around = open_.back();
    if (around.node.kind == YamlNode::Kind::list) {
      around.node.items.push_back(std::move(node));
    } else {
      around.node.entries.push_back({std::move(around.key), around.key_place, std::move(node)});
      around.has_key = false;
    }
  }

  std::string_view origin_;
  const YamlLimits& limits_;
  std::vector<Open> open_;
  YamlNode root_;
  std::size_t nodes_ = 0;
};

/// What the parser says, in words that help.
std::string parser_words(const YAML::Exception& failure) {
  std::string what = failure.msg;
  std::ranges::replace(what, '\n', ' ');
  return what;
}

/// The mistake that most often breaks a line.
std::string hint_at(std::string_view text, const YAML::Mark& mark) {
  if (mark.pos >= 0 && static_cast<std::size_t>(mark.pos) <= text.size()) {
    const auto at = static_cast<std::size_t>(mark.pos);
    const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
    const std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
    if (line.find("${") != std::string_view::npos) {
      return "inside of [ ] and { }, put texts with ${...} into quotes";
    }
  }
  return "look at the indentation, and at quotes and brackets, up to that place";
}

/// What the parser need not even begin with.
Result<void> check_text(std::string_view text, std::string_view origin, const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    return Error{.code = Errc::limit_exceeded,
                 .message = fmt::format("{}: {} bytes are too many for a workflow; {} is the most",
                                        origin, text.size(), limits.bytes),
                 .hint = "split it into smaller workflows"};
  }
  if (text.find('\0') != std::string_view::npos) {
    return Error{.code = Errc::invalid_file,
                 .message = fmt::format("{}: this is no text: it holds zero bytes", origin),
                 .hint = "is this the right file?"};
  }
  return {};
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &YamlEntry::key);
  return found == entries.end() ? nullptr : &found->value;
}

Result<YamlNode> parse_yaml(std::string_view text, std::string_view origin,
                            const YamlLimits& limits) {
  if (auto fit = check_text(text, origin, limits); !fit) return fit.error();
  TextBuffer buffer{text};
  std::istream stream{&buffer};
  TreeBuilder builder{origin, limits};
  try {
    YAML::Parser parser{stream};
    if (!parser.HandleNextDocument(builder)) return YamlNode{.place = {1, 1}};
    YamlNode root = builder.take();
    TreeBuilder second{origin, limits};
    if (parser.HandleNextDocument(second)) {
      return Error{.code = Errc::invalid_file,
                   .message = fmt::format("{}: there is more than one document", origin),
                   .hint = "put each workflow into a file of its own"};
    }
    return root;
  } catch (const YAML::Exception& failure) {
    return Error{.code = Errc::invalid_file,
                 .message = fmt::format("{}:{}: this is not YAML: {}", origin,
                                        to_string(place_of(failure.mark)), parser_words(failure)),
                 .hint = hint_at(text, failure.mark)};
  } catch (const Exception& refused) {
    return refused.error();
  }
}

}  // namespace weft
