#include "daemon/commands/line_reader.h"

#include <algorithm>
#include <cstring>

namespace tocsin {

bool LineReader::next(std::string& line) {
  line.clear();
  bool found_any = false;
  while (true) {
    if (begin_ == end_) {
      begin_ = 0;
      end_ = input_.read(block_.data(), block_.size());
      if (beginning_.empty()) beginning_.assign(block_.data(), std::min(end_, kBeginningBytes));
      if (end_ == 0) return found_any;
    }
    found_any = true;
    const char* from = block_.data() + begin_;
    const auto* line_break = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
    const std::size_t length =
        line_break == nullptr ? end_ - begin_ : static_cast<std::size_t>(line_break - from);
    const std::size_t room = line_bytes_max_ + 1 - line.size();
    line.append(from, std::min(length, room));
    begin_ += length;
    if (line_break != nullptr) {
      ++begin_;
      if (line.ends_with('\r')) line.pop_back();
      return true;
    }
  }
}

}  // namespace tocsin
