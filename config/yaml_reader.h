// What the readers of data files share: one file's tree, its faults with their places, and the few
// shapes that values come in.
// Promises: goes on after a fault; nothing here throws.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "config/fault.h"
#include "config/yaml_document.h"

namespace tocsin {

// A data file by name and content, so that embedded ones and those on disk load the same way.
struct DataFile {
  std::string name;
  std::string text;
};

class YamlReader {
 public:
  // Both must outlive the reader.
  YamlReader(const DataFile& file, std::vector<Fault>& faults);

  [[nodiscard]] const std::string& file() const noexcept { return file_.name; }
  // A mapping, or null where the file is empty or none at all (that is a fault).
  [[nodiscard]] const YamlNode& root() const noexcept { return root_; }

  void fault(const YamlNode& node, std::string message) const;
  // Faults for every key but these; false when the node is no mapping.
  bool known_keys(const YamlNode& node, std::initializer_list<std::string_view> keys) const;

  // "" when absent; a fault when it is no scalar.
  [[nodiscard]] std::string text_of(const YamlNode& node, std::string_view key) const;
  [[nodiscard]] bool flag_of(const YamlNode& node, std::string_view key) const;
  // A fault outside [least, most].
  [[nodiscard]] double number_of(const YamlNode& node, std::string_view key, double otherwise,
                                 double least, double most) const;
  // A scalar or a list of scalars, each whole; empty when absent.
  [[nodiscard]] std::vector<std::string> texts_of(const YamlNode& node, std::string_view key) const;
  // The same, each cut at white space.
  [[nodiscard]] std::vector<std::string> words_of(const YamlNode& node) const;
  [[nodiscard]] std::vector<std::string> words_of(const YamlNode& node, std::string_view key) const;
  // The items of a list; empty when absent, a fault when it is none.
  [[nodiscard]] const std::vector<YamlNode>& items_of(const YamlNode& node,
                                                      std::string_view key) const;
  // The entries of a mapping; empty when absent, a fault when it is none.
  [[nodiscard]] const std::vector<YamlEntry>& entries_of(const YamlNode& node,
                                                         std::string_view key) const;

 private:
  const DataFile& file_;
  std::vector<Fault>& faults_;
  YamlNode root_;
};

}  // namespace tocsin
