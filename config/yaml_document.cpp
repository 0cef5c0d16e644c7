#include "config/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <unordered_map>

namespace tocsin {

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, node] : entries) {
    if (name.value == key) return &node;
  }
  return nullptr;
}

namespace {

// Where lines begin, to turn yaml-cpp's marks (bytes, from 0) into places (code points, from 1).
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  [[nodiscard]] std::string_view line(std::uint32_t number) const {
    if (number == 0 || number > starts_.size()) return {};
    return line_of(text_.substr(starts_[number - 1]), 1);
  }

  [[nodiscard]] YamlPlace place(const YAML::Mark& mark) const {
    const auto number = static_cast<std::uint32_t>(std::max(mark.line, 0)) + 1;
    const std::string_view bytes = line(number);
    const auto end = std::min(static_cast<std::size_t>(std::max(mark.column, 0)), bytes.size());
    std::uint32_t column = 1;
    for (std::size_t i = 0; i < end; ++i) {
      if ((static_cast<unsigned char>(bytes[i]) & 0xC0U) != 0x80U) ++column;
    }
    return {number, column};
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
};

// Ends the parse: what follows would only cost time.
struct TooMuch : std::runtime_error {
  TooMuch(YamlPlace where, const std::string& message)
      : std::runtime_error(message), place(where) {}
  YamlPlace place;
};

std::size_t node_count(const YamlNode& node) {
  std::size_t count = 1;
  for (const YamlNode& item : node.items) count += node_count(item);
  for (const auto& [key, value] : node.entries) count += 1 + node_count(value);
  return count;
}

// Builds the tree from the events of one document.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view file, const Lines& lines, std::vector<Fault>& faults)
      : file_(file), lines_(lines), faults_(faults) {}

  [[nodiscard]] YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(leaf(YamlNode::Kind::null, mark), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = leaf(YamlNode::Kind::scalar, mark);
    node.is_quoted = tag == "!";
    node.value = value;
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw TooMuch(lines_.place(mark), "this alias stands inside what it names");
    }
    YamlNode copy = found->second;
    copy.place = lines_.place(mark);
    count(node_count(copy), copy.place);
    add(std::move(copy), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(leaf(YamlNode::Kind::sequence, mark), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(leaf(YamlNode::Kind::mapping, mark), anchor);
  }
  void OnMapEnd() override {
    check_doubled(open_.back().node);
    close();
  }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;  // a mapping that waits for the value of its last key
  };

  void fault(YamlPlace place, std::string message) {
    faults_.push_back({std::string(file_), place.line, place.column, std::move(message), false,
                       std::string(lines_.line(place.line))});
  }

  void count(std::size_t nodes, YamlPlace place) {
    nodes_ += nodes;
    if (nodes_ > kYamlNodesMax) {
      throw TooMuch(place,
                    "more than " + std::to_string(kYamlNodesMax) + " values, aliases included");
    }
  }

  YamlNode leaf(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode node;
    node.kind = kind;
    node.place = lines_.place(mark);
    count(1, node.place);
    return node;
  }

  void open(YamlNode node, YAML::anchor_t anchor) {
    if (open_.size() >= kYamlDepthMax) {
      throw TooMuch(node.place, "nested deeper than " + std::to_string(kYamlDepthMax));
    }
    open_.push_back({std::move(node), anchor, false});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  void add(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      if (node.kind != YamlNode::Kind::scalar) fault(node.place, "a key must be a word");
      parent.node.entries.push_back({std::move(node), YamlNode{}});
      parent.has_key = true;
    } else {
      auto& [key, value] = parent.node.entries.back();
      value = std::move(node);
      // yaml-cpp places an empty value at whatever token comes next: the key says more.
      if (value.kind == YamlNode::Kind::null) value.place = key.place;
      parent.has_key = false;
    }
  }

  // yaml-cpp takes the first of two and says nothing.
  void check_doubled(const YamlNode& mapping) {
    std::unordered_map<std::string_view, YamlPlace> seen;
    for (const auto& [key, value] : mapping.entries) {
      if (key.kind != YamlNode::Kind::scalar) continue;
      const auto [first, is_new] = seen.emplace(key.value, key.place);
      if (is_new) continue;
      fault(key.place, "doubled key '" + key.value + "' (first in line " +
                           std::to_string(first->second.line) + ")");
    }
  }

  std::string_view file_;
  const Lines& lines_;
  std::vector<Fault>& faults_;
  YamlNode root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t nodes_ = 0;
};

}  // namespace

YamlNode parse_yaml(std::string_view file, std::string_view text, std::vector<Fault>& faults) {
  const auto refuse = [&](std::string_view source_line, YamlPlace place, std::string message) {
    faults.push_back({std::string(file), place.line, place.column, std::move(message), false,
                      std::string(source_line)});
    return YamlNode{};
  };
  if (text.size() > kYamlBytesMax) {
    return refuse({}, {}, "longer than " + std::to_string(kYamlBytesMax) + " bytes");
  }
  const Lines lines(text);
  TreeBuilder builder(file, lines, faults);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return {};
    YamlNode root = builder.take();
    TreeBuilder second(file, lines, faults);
    if (parser.HandleNextDocument(second)) {
      const YamlPlace place = second.take().place;
      return refuse(lines.line(place.line), place, "a second document; one file holds one");
    }
    return root;
  } catch (const TooMuch& fault) {
    return refuse(lines.line(fault.place.line), fault.place, fault.what());
  } catch (const YAML::Exception& exception) {
    const YamlPlace place = exception.mark.is_null() ? YamlPlace{} : lines.place(exception.mark);
    return refuse(lines.line(place.line), place, "not YAML: " + exception.msg);
  }
}

}  // namespace tocsin
