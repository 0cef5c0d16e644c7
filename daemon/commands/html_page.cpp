#include <algorithm>
#include <string>

#include "daemon/commands/explanation.h"

namespace tocsin {
namespace {

constexpr std::string_view kHead =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>tocsin explain</title>\n"
    "<style>\n"
    "body{margin:2rem auto;max-width:110ch;background:#fff;color:#222}\n"
    "pre{white-space:pre-wrap;font:14px/1.5 ui-monospace,monospace}\n"
    ".a1{font-weight:bold}.a2{color:#777}.a4{text-decoration:underline}\n"
    ".a31{color:#b00020}.a32{color:#1b6e2c}.a36{color:#00618a}\n"
    "@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}\n"
    ".a31{color:#ff8a80}.a32{color:#8fd19e}.a36{color:#7fd3f7}.a2{color:#999}}\n"
    "</style>\n<pre>\n";
constexpr std::string_view kFoot = "</pre>\n</html>\n";

void append_escaped(char c, std::string& out) {
  switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += c;
  }
}

// "1;4;31" as the classes of a span; nothing for a reset.
std::string classes_of(std::string_view codes) {
  std::string classes;
  while (!codes.empty()) {
    const std::size_t end = std::min(codes.find(';'), codes.size());
    if (codes.substr(0, end) != "0")
      classes += (classes.empty() ? "a" : " a") + std::string(codes.substr(0, end));
    codes.remove_prefix(std::min(end + 1, codes.size()));
  }
  return classes;
}

}  // namespace

std::string html_page(std::string_view coloured) {
  std::string out(kHead);
  bool is_open = false;
  for (std::size_t i = 0; i < coloured.size(); ++i) {
    const bool is_code = coloured[i] == '\033' && i + 1 < coloured.size() && coloured[i + 1] == '[';
    const std::size_t end = is_code ? coloured.find('m', i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      append_escaped(coloured[i], out);
      continue;
    }
    const std::string classes = classes_of(coloured.substr(i + 2, end - i - 2));
    if (is_open) out += "</span>";
    is_open = !classes.empty();
    if (is_open) out += "<span class=\"" + classes + "\">";
    i = end;
  }
  if (is_open) out += "</span>";
  return out.append(kFoot);
}

}  // namespace tocsin
