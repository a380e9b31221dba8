#include "weft/workflow/argument.hpp"

namespace weft {

void Inputs::add_gathered(std::vector<Value> values) {
  if (ends_.empty()) {
    ends_.resize(values_.size());
    for (std::size_t i = 0; i < ends_.size(); ++i) ends_[i] = static_cast<std::uint32_t>(i + 1);
  }
  for (Value& value : values) values_.push_back(std::move(value));
  ends_.push_back(static_cast<std::uint32_t>(values_.size()));
}

Bytes Inputs::size() const {
  Bytes total;
  for (const Value& value : values_) total += value.size();
  return total;
}

const ArgNode& ArgumentReader::peek() const {
  if (position_ == nodes_.size()) {
    throw Exception(Error{.code = Errc::invalid_argument,
                          .message = "the function takes more arguments than the task passes"});
  }
  return nodes_[position_];
}

const ArgNode& ArgumentReader::take() {
  const ArgNode& node = peek();
  ++position_;
  return node;
}

const Value* ArgumentReader::whole_value(const ArgNode& node) const {
  if (node.kind == ArgKind::constant) return &constants_[node.value];
  if (node.kind == ArgKind::input) return &inputs_.at(node.value);
  return nullptr;
}

Value ArgumentReader::next_value() {
  const ArgNode& node = take();
  if (const Value* value = whole_value(node)) return *value;
  switch (node.kind) {
    case ArgKind::gather: {
      const auto items = inputs_.gathered(node.value);
      return Value::of(ValueList{{items.begin(), items.end()}});
    }
    case ArgKind::list:
    case ArgKind::tuple: {
      ValueList list;
      list.items.reserve(node.value);
      for (std::uint32_t i = 0; i < node.value; ++i) list.items.push_back(next_value());
      return Value::of(std::move(list));
    }
    case ArgKind::some:
      return next_value();
    case ArgKind::none:
      return Value::nothing();
    default:
      mismatch("a value");
  }
}

void ArgumentReader::mismatch(std::string_view wanted) {
  throw Exception(Error{.code = Errc::invalid_argument,
                        .message = "an argument cannot be read as " + std::string(wanted)});
}

}  // namespace weft
