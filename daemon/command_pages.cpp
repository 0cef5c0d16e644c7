#include "daemon/command_pages.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iterator>
#include <vector>

namespace tocsin {
namespace {

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option*) { return true; });
}

// "--format" of an option; empty for a positional.
std::string flag_of(const CLI::Option& option) {
  return option.get_lnames().empty() ? "" : "--" + option.get_lnames().front();
}

// json, text of "TEXT:{json,text}"; none where anything goes.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open);
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos) return choices;
  for (std::string& choice : CLI::detail::split(type.substr(open + 1, close - open - 1), ',')) {
    choices.push_back(std::move(choice));
  }
  return choices;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

// Descriptions on one line.
std::string line_of(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

std::string troff(std::string text) {
  std::string out;
  for (const char c : line_of(std::move(text))) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

void append_options(const CLI::App& app, std::string& out) {
  for (const CLI::Option* option : options_of(app)) {
    const std::string flag = flag_of(*option);
    if (flag == "--help") continue;
    std::string value;
    if (takes_value(*option) && !flag.empty()) {
      const auto choices = choices_of(*option);
      value = choices.empty() ? " VALUE" : " " + CLI::detail::join(choices, "|");
    }
    fmt::format_to(std::back_inserter(out), ".TP\n.B {}\n{}\n",
                   troff((flag.empty() ? option->get_name() : flag) + value),
                   troff(option->get_description()));
  }
}

void append_verb(const CLI::App& verb, const std::string& path, std::string& out) {
  const auto below = verbs_of(verb);
  if (below.empty()) {
    fmt::format_to(std::back_inserter(out), ".SS {}\n{}\n", troff(path),
                   troff(verb.get_description()));
    append_options(verb, out);
  }
  for (const CLI::App* next : below) append_verb(*next, path + " " + next->get_name(), out);
}

std::string names_of(const std::vector<const CLI::App*>& verbs) {
  std::string out;
  for (const CLI::App* verb : verbs) out += (out.empty() ? "" : " ") + verb->get_name();
  return out;
}

std::string flags_of(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : options_of(app)) {
    const std::string flag = flag_of(*option);
    if (!flag.empty()) out += (out.empty() ? "" : " ") + flag;
  }
  return out;
}

// Every verb with its path: "ledger show".
void collect(const CLI::App& app, const std::string& path,
             std::vector<std::pair<std::string, const CLI::App*>>& found) {
  found.emplace_back(path, &app);
  for (const CLI::App* verb : verbs_of(app)) {
    collect(*verb, path.empty() ? verb->get_name() : path + " " + verb->get_name(), found);
  }
}

std::vector<std::pair<std::string, const CLI::App*>> paths_of(const CLI::App& app) {
  std::vector<std::pair<std::string, const CLI::App*>> found;
  collect(app, "", found);
  return found;
}

// In a shell's single quotes.
std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : line_of(text)) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

std::string manual_page(const CLI::App& app) {
  std::string out =
      ".TH TOCSIN 1 \"\" \"tocsin " TOCSIN_VERSION
      "\" \"User Commands\"\n.SH NAME\ntocsin \\- "
      "deduplicates, tags and scores news from Kafka\n.SH SYNOPSIS\n.B tocsin\n.I COMMAND\n"
      "[\\fIOPTION\\fR ...]\n.SH DESCRIPTION\n";
  out += troff(app.get_description()) + "\n.SH COMMANDS\n";
  for (const CLI::App* verb : verbs_of(app)) append_verb(*verb, verb->get_name(), out);
  out +=
      ".SH EXIT STATUS\n.TP\n.B 0\nFine.\n.TP\n.B 1\nThe run failed; a restart may help.\n.TP\n"
      ".B 2\nFlags, configuration or files are wrong.\n.TP\n.B 3\nThe state is refused: a foreign "
      "or damaged ledger, a newer format, a twin with the same instance name.\n.PP\nA service "
      "manager should not restart after 2 and 3.\n.SH SIGNALS\nSIGTERM and SIGINT drain and exit "
      "0; a second one stops at once. SIGHUP reloads the configuration.\n.SH FILES\n.TP\n"
      ".I /etc/tocsin/tocsin.yaml\nThe configuration that the systemd unit starts with.\n";
  return out;
}

std::string bash_completion(const CLI::App& app) {
  std::string out =
      "# bash completion for tocsin; made by `tocsin completion bash`\n"
      "_tocsin() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local path='' word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    [[ $word == -* ]] && break\n"
      "    path+=\"${path:+ }$word\"\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case \"$path|$previous\" in\n";
  const auto paths = paths_of(app);
  for (const auto& [path, verb] : paths) {
    for (const CLI::Option* option : options_of(*verb)) {
      const auto choices = choices_of(*option);
      if (choices.empty() || flag_of(*option).empty()) continue;
      fmt::format_to(std::back_inserter(out),
                     "    '{}|{}') mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$current\"); "
                     "return ;;\n",
                     path, flag_of(*option), CLI::detail::join(choices, " "));
    }
  }
  out += "  esac\n  case $path in\n";
  for (const auto& [path, verb] : paths) {
    const auto below = verbs_of(*verb);
    fmt::format_to(std::back_inserter(out),
                   "    '{}') mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$current\") ;;\n", path,
                   below.empty() ? flags_of(*verb) : names_of(below) + " " + flags_of(*verb));
  }
  return out +
         "  esac\n"
         "  [[ ${#COMPREPLY[@]} -gt 0 || $current == -* ]] || "
         "mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "}\n"
         "complete -o filenames -F _tocsin tocsin\n";
}

std::string zsh_completion(const CLI::App& app) {
  std::string out =
      "#compdef tocsin\n# made by `tocsin completion zsh`\n"
      "local path='' word\n"
      "for word in ${words[2,CURRENT-1]}; do\n  [[ $word == -* ]] && break\n"
      "  path+=\"${path:+ }$word\"\ndone\n"
      "local -a candidates\ncase \"$path|$words[CURRENT-1]\" in\n";
  const auto paths = paths_of(app);
  for (const auto& [path, verb] : paths) {
    for (const CLI::Option* option : options_of(*verb)) {
      const auto choices = choices_of(*option);
      if (choices.empty() || flag_of(*option).empty()) continue;
      fmt::format_to(std::back_inserter(out), "  '{}|{}') compadd {}; return ;;\n", path,
                     flag_of(*option), CLI::detail::join(choices, " "));
    }
  }
  out += "esac\ncase $path in\n";
  for (const auto& [path, verb] : paths) {
    fmt::format_to(std::back_inserter(out), "  '{}') candidates=(", path);
    for (const CLI::App* next : verbs_of(*verb)) {
      fmt::format_to(std::back_inserter(out), " {}",
                     shell_quoted(next->get_name() + ":" + next->get_description()));
    }
    for (const CLI::Option* option : options_of(*verb)) {
      if (flag_of(*option).empty()) continue;
      fmt::format_to(std::back_inserter(out), " {}",
                     shell_quoted(flag_of(*option) + ":" + option->get_description()));
    }
    out += " ) ;;\n";
  }
  return out + "esac\n_describe tocsin candidates || _files\n";
}

std::string fish_completion(const CLI::App& app) {
  std::string out = "# fish completion for tocsin; made by `tocsin completion fish`\n";
  for (const auto& [path, verb] : paths_of(app)) {
    std::string condition = "__fish_use_subcommand";
    if (!path.empty()) {
      condition.clear();
      for (const std::string& word : CLI::detail::split(path, ' ')) {
        condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + word);
      }
    }
    for (const CLI::App* next : verbs_of(*verb)) {
      fmt::format_to(std::back_inserter(out), "complete -c tocsin -f -n {} -a {} -d {}\n",
                     shell_quoted(condition), next->get_name(),
                     shell_quoted(next->get_description()));
    }
    for (const CLI::Option* option : options_of(*verb)) {
      if (flag_of(*option).empty()) continue;
      const auto choices = choices_of(*option);
      const std::string value = !takes_value(*option) ? ""
                                : choices.empty()
                                    ? " -r"
                                    : " -x -a " + shell_quoted(CLI::detail::join(choices, " "));
      fmt::format_to(std::back_inserter(out), "complete -c tocsin -n {} -l {}{} -d {}\n",
                     shell_quoted(condition), option->get_lnames().front(), value,
                     shell_quoted(option->get_description()));
    }
  }
  return out;
}

}  // namespace tocsin
