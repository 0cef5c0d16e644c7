// Warns about rows that are well-formed and yet likely to tag the wrong thing. Rules: what real
// country and alias lists have got wrong ("us" for São Tomé, "un" for Bulgaria, "and" for Grenada).
#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "pipeline/entities/gazetteer_state.h"

namespace tocsin {
namespace {

constexpr std::size_t kShortAliasBytes = 3;
// Terms are often known by year alone.
constexpr std::int32_t kHandoverDays = 366;

// Offices that one person holds at a time.
constexpr std::array<std::string_view, 12> kSoleOffices = {"president",
                                                           "prime_minister",
                                                           "chancellor",
                                                           "king",
                                                           "queen",
                                                           "supreme_leader",
                                                           "foreign_minister",
                                                           "defence_minister",
                                                           "interior_minister",
                                                           "secretary_of_state",
                                                           "secretary_of_defense",
                                                           "secretary_general"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Folded words of a phrase, one space between.
std::string folded_phrase(std::string_view phrase) {
  std::string result;
  for (const Token& token : tokenize(phrase)) {
    result += result.empty() ? "" : " ";
    result += fold(phrase.substr(token.begin, token.end - token.begin));
  }
  return result;
}

class Linter {
 public:
  Linter(const std::vector<GazetteerRow>& rows, const std::vector<std::string>& files,
         const Language& words, std::vector<DataFault>& faults)
      : rows_(rows), files_(files), words_(words), faults_(faults) {}

  void run() {
    for (const GazetteerRow& row : rows_) {
      // Cities have namesakes by nature; the text decides between them.
      if (row.entity.type != EntityType::city) {
        for (const AliasCell& alias : row.aliases) {
          check(row, alias);
        }
      }
    }
    check_offices();
  }

 private:
  void warn(const GazetteerRow& row, std::string message) {
    faults_.push_back({files_[row.file], row.line, 1, std::move(message), true});
  }

  void check(const GazetteerRow& row, const AliasCell& alias) {
    const std::string folded = folded_phrase(alias.text);
    if (alias.rule != CaseRule::exact) {
      if (folded.size() < kShortAliasBytes) {
        warn(row,
             "short alias \"" + alias.text + "\": write =" + alias.text + " to demand its case");
      } else if (is_plain_word(folded)) {
        warn(row, "alias \"" + alias.text + "\" is a common word");
      }
      if (is_bare_title(folded)) {
        warn(row, "alias \"" + alias.text + "\" is a bare title");
      }
    }
    const auto [first, is_new] = first_with_alias_.try_emplace(folded, &row);
    // A capital is a city and, as a metonym, its country's government: meant so.
    if (!is_new && first->second->entity.id != row.entity.id && alias.via != Via::metonym) {
      warn(row, "alias \"" + alias.text + "\" also names " + first->second->entity.id + " (" +
                    files_[first->second->file] + ":" + std::to_string(first->second->line) + ")");
    }
  }

  [[nodiscard]] bool is_plain_word(std::string_view folded) const {
    const WordId word = words_.find(fold_hash(folded));
    return words_.is(word, WordClass::function_word) ||
           words_.is(word, WordClass::pronoun_or_country);
  }
  [[nodiscard]] bool is_bare_title(std::string_view folded) const {
    const std::span<const Role> roles = words_.roles();
    return words_.is(words_.find(fold_hash(folded)), WordClass::honorific) ||
           std::any_of(roles.begin(), roles.end(),
                       [&](const Role& role) { return role.phrase == folded; });
  }

  void check_offices() {
    struct Holder {
      const GazetteerRow* row;
      const Office* office;
    };
    std::map<std::string, std::vector<Holder>> holders;
    for (const GazetteerRow& row : rows_) {
      for (const Office& office : row.entity.offices) {
        if (holds(kSoleOffices, office.title)) {
          holders[office.title + ':' + office.code].push_back({&row, &office});
        }
      }
    }
    for (auto& [key, terms] : holders) {
      std::stable_sort(terms.begin(), terms.end(), [](const Holder& a, const Holder& b) {
        return a.office->from_day < b.office->from_day;
      });
      for (std::size_t i = 1; i < terms.size(); ++i) {
        const Holder& earlier = terms[i - 1];
        if (earlier.row != terms[i].row &&
            std::int64_t{terms[i].office->from_day} + kHandoverDays < earlier.office->to_day) {
          warn(*terms[i].row, "office " + key + " of " + terms[i].row->entity.name +
                                  " overlaps that of " + earlier.row->entity.name);
        }
      }
    }
  }

  const std::vector<GazetteerRow>& rows_;
  const std::vector<std::string>& files_;
  const Language& words_;
  std::vector<DataFault>& faults_;
  std::map<std::string, const GazetteerRow*> first_with_alias_;
};

}  // namespace

void lint_gazetteer(const std::vector<GazetteerRow>& rows, const std::vector<std::string>& files,
                    const Language& words, std::vector<DataFault>& faults) {
  Linter(rows, files, words, faults).run();
}

}  // namespace tocsin
