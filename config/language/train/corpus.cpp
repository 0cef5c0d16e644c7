#include "config/language/train/corpus.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include "config/load_pipeline.h"

namespace tocsin {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::size_t kTokensMax = 128;

struct TreebankWord {
  std::uint32_t begin = 0;  // code points
  std::uint32_t end = 0;
  Upos upos = Upos::x;
  std::string penn;
  std::size_t head = kNone;
  Deprel relation = Deprel::dep;
};

template <class Enum>
Enum by_name(std::string_view wanted, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (name(static_cast<Enum>(i)) == wanted) return static_cast<Enum>(i);
  }
  std::cerr << "unknown name: " << wanted << '\n';
  std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
}

// Maps the words of one sentence onto its tokens.
class Aligner {
 public:
  Aligner(const Text& text, std::vector<TreebankWord> words)
      : text_(text), words_(std::move(words)) {}

  // Empty when no tree comes out.
  std::vector<GoldToken> run(TagNames& tags) {
    find_tokens();
    drop_words_without_token();
    std::vector<GoldToken> gold(text_.tokens.size());
    for (std::size_t t = 0; t < gold.size(); ++t) map_token(t, gold[t], tags);
    return is_tree(gold) ? gold : std::vector<GoldToken>{};
  }

 private:
  void find_tokens() {
    token_of_.assign(words_.size(), kNone);
    for (std::size_t t = 0; t < text_.tokens.size(); ++t) {
      const Token& token = text_.tokens[t];
      const std::uint32_t begin = text_.original_offset(token.begin, false);
      std::uint32_t end = text_.original_offset(token.end, true);
      if ((token.shape & shape::kPossessive) != 0) ++end;  // its apostrophe
      words_of_.emplace_back();
      for (std::size_t w = 0; w < words_.size(); ++w) {
        if (words_[w].begin >= end || words_[w].end <= begin) continue;
        words_of_.back().push_back(w);
        token_of_[w] = t;  // the last token of a word stands for it
      }
    }
  }

  // Signs are no tokens: what hangs on one moves to its number ("$ 5"), else to its first child.
  void drop_words_without_token() {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      if (token_of_[w] != kNone) continue;
      std::size_t heir = kNone;
      for (std::size_t c = 0; c < words_.size(); ++c) {
        if (words_[c].head != w || token_of_[c] == kNone) continue;
        if (heir == kNone || words_[c].relation == Deprel::nummod) heir = c;
        if (words_[heir].relation == Deprel::nummod) break;
      }
      const std::size_t above = words_[w].head;
      if (heir != kNone) {
        words_[heir].head = above;
        words_[heir].relation = words_[w].relation;
      }
      for (TreebankWord& word : words_) {
        if (word.head == w) word.head = heir != kNone ? heir : above;
      }
      words_[w].head = kNone;
    }
  }

  // Of the words in a token the first whose head is outside of it.
  [[nodiscard]] std::size_t main_word(std::size_t token) const {
    const std::vector<std::size_t>& inside = words_of_[token];
    for (const std::size_t w : inside) {
      if (token_of_[w] != token) continue;
      const std::size_t head = words_[w].head;
      if (head == kNone || token_of_[head] != token) return w;
    }
    return kNone;
  }

  void map_token(std::size_t t, GoldToken& gold, TagNames& tags) {
    const std::size_t root = text_.tokens.size();
    const std::size_t w = main_word(t);
    if (w != kNone) {
      const std::size_t head = words_[w].head;
      gold.head = static_cast<std::uint16_t>(head == kNone ? root : token_of_[head]);
      gold.relation = head == kNone ? Deprel::root : words_[w].relation;
    } else if (!words_of_[t].empty()) {  // a part of a word that ends in a later token
      gold.head = static_cast<std::uint16_t>(token_of_[words_of_[t].front()]);
      gold.relation = Deprel::compound;
    } else {
      gold.head = static_cast<std::uint16_t>(t > 0 ? t - 1 : t + 1);
      return;
    }
    gold.known = true;
    const TreebankWord& word = words_[w != kNone ? w : words_of_[t].front()];
    gold.tag = tags.id(word.upos, word.penn);
  }

  static bool is_tree(const std::vector<GoldToken>& gold) {
    std::size_t roots = 0;
    for (std::size_t t = 0; t < gold.size(); ++t) {
      roots += gold[t].head == gold.size();
      std::size_t steps = 0;
      for (std::size_t at = t; at != gold.size(); at = gold[at].head) {
        if (at > gold.size() || ++steps > gold.size()) return false;
      }
    }
    return roots == 1;
  }

  const Text& text_;
  std::vector<TreebankWord> words_;
  std::vector<std::vector<std::size_t>> words_of_;
  std::vector<std::size_t> token_of_;
};

}  // namespace

std::uint16_t TagNames::id(Upos upos, const std::string& penn) {
  const auto [found, fresh] =
      ids_.try_emplace({upos, penn}, static_cast<std::uint16_t>(names_.size()));
  if (fresh) names_.emplace_back(upos, penn);
  return found->second;
}

WordForm form_of(const std::string& penn) {
  static const std::map<std::string, WordForm> kForms = {
      {"VB", WordForm::base},    {"VBZ", WordForm::present},    {"VBP", WordForm::present},
      {"VBD", WordForm::past},   {"VBN", WordForm::participle}, {"VBG", WordForm::gerund},
      {"MD", WordForm::modal},   {"NN", WordForm::singular},    {"NNP", WordForm::singular},
      {"NNS", WordForm::plural}, {"NNPS", WordForm::plural}};
  const auto found = kForms.find(penn);
  return found == kForms.end() ? WordForm::other : found->second;
}

Languages languages_with(WordIds& words) {
  Languages languages = load_languages().languages;
  auto vocabulary = std::make_shared<Vocabulary>(*languages.find("en")->words());
  words.join(*vocabulary);
  languages.look_up_in("en", vocabulary);
  return languages;
}

std::vector<TrainingSentence> read_corpus(const std::string& path, const Languages& languages,
                                          TagNames& tags) {
  std::vector<TrainingSentence> sentences;
  std::ifstream in(path);
  if (!in) {
    std::cerr << path << ": cannot be read\n";
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
  }
  std::string line;
  std::string raw;
  bool is_title = false;
  std::vector<TreebankWord> words;
  while (std::getline(in, line)) {
    if (line.starts_with('#') && words.empty()) {
      is_title = line.starts_with("#t");
      raw = line.substr(line.find('\t') + 1);
    } else if (!line.empty()) {
      std::istringstream fields(line);
      TreebankWord word;
      std::string upos;
      std::string relation;
      std::size_t head = 0;
      fields >> word.begin >> word.end >> upos >> word.penn >> head >> relation;
      word.upos = by_name<Upos>(upos, kUposCount);
      word.relation = by_name<Deprel>(relation, kDeprelCount);
      word.head = head == 0 ? kNone : head - 1;
      words.push_back(std::move(word));
    } else {
      TrainingSentence sentence;
      sentence.text = make_text(is_title ? raw : "", is_title ? "" : raw, "en", languages);
      const std::size_t size = sentence.text.tokens.size();
      if (size > 0 && size <= kTokensMax) {
        sentence.gold = Aligner(sentence.text, std::move(words)).run(tags);
        if (!sentence.gold.empty()) sentences.push_back(std::move(sentence));
      }
      words.clear();
    }
  }
  return sentences;
}

}  // namespace tocsin
