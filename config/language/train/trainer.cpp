// trainer train CORPUS MODEL    from what convert.py made to a model file
// trainer measure CORPUS MODEL  how right it is on the test parts
// trainer plain LIST MODEL      who does what to whom in plain short sentences
// One thread, a fixed seed, no library's arithmetic: the same corpus gives the same bytes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>

#include "config/language/train/corpus.h"
#include "config/language/train/measure.h"
#include "config/language/train/parser_network.h"
#include "config/language/train/quantise.h"
#include "config/language/train/tagger_network.h"
#include "config/load_pipeline.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kWordCountMin = 5;
constexpr std::size_t kTagCountMin = 40;
constexpr std::size_t kWordsWanted = 16'000;
constexpr std::size_t kBatchTokens = 500;
constexpr std::size_t kGoldTimes = 2;
constexpr std::uint64_t kSeed = 16;

std::size_t setting(const char* name, std::size_t otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  return value != nullptr ? std::strtoul(value, nullptr, 10) : otherwise;
}

struct Corpus {
  TagNames tags;
  std::vector<TrainingSentence> sentences;
  std::vector<std::uint32_t> order;  // sentence numbers, with repetition: one epoch
  WordIds words;
  std::vector<std::uint32_t> word_counts;
  std::size_t tokens = 0;  // of an epoch
};

void report(const std::string& what) {
  static const auto kStart = std::chrono::steady_clock::now();
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - kStart);
  std::printf("%5lld s  %s\n", static_cast<long long>(seconds.count()), what.c_str());
  std::fflush(stdout);
}

void read_part(const std::string& path, std::size_t times, Corpus& corpus) {
  static const Languages kLanguages = load_languages().languages;
  for (TrainingSentence& sentence : read_corpus(path, kLanguages, corpus.tags)) {
    const auto number = static_cast<std::uint32_t>(corpus.sentences.size());
    corpus.order.insert(corpus.order.end(), times, number);
    corpus.tokens += times * sentence.text.tokens.size();
    corpus.sentences.push_back(std::move(sentence));
  }
  report(path + ": " + std::to_string(corpus.sentences.size()) + " sentences in all");
}

// Pairs of tags that hardly occur become the commonest of the same part of speech.
void fold_rare_tags(Corpus& corpus) {
  std::vector<std::size_t> counts(corpus.tags.size());
  for (const TrainingSentence& sentence : corpus.sentences) {
    for (const GoldToken& gold : sentence.gold) counts[gold.tag] += gold.known;
  }
  TagNames kept;
  std::vector<std::uint16_t> renamed;
  for (std::size_t tag = 0; tag < counts.size(); ++tag) {
    std::size_t stands = tag;
    for (std::size_t other = 0; other < counts.size() && counts[tag] < kTagCountMin; ++other) {
      const bool same = corpus.tags.upos(other) == corpus.tags.upos(tag);
      if (same && counts[other] > counts[stands]) stands = other;
    }
    renamed.push_back(kept.id(corpus.tags.upos(stands), corpus.tags.penn(stands)));
  }
  for (TrainingSentence& sentence : corpus.sentences) {
    for (GoldToken& gold : sentence.gold) gold.tag = renamed[gold.tag];
  }
  corpus.tags = kept;
}

void count_words(Corpus& corpus) {
  std::map<std::uint64_t, std::uint32_t> counts;
  for (const TrainingSentence& sentence : corpus.sentences) {
    for (const Token& token : sentence.text.tokens) {
      if ((token.shape & shape::kNumber) == 0) ++counts[token.hash];
    }
  }
  std::vector<std::pair<std::uint32_t, std::uint64_t>> common;
  for (const auto& [hash, count] : counts) {
    if (count >= kWordCountMin) common.emplace_back(count, hash);
  }
  std::sort(common.begin(), common.end(), std::greater<>());
  common.resize(std::min(common.size(), kWordsWanted));
  std::vector<std::uint64_t> hashes;
  for (const auto& [count, hash] : common) hashes.push_back(hash);
  std::sort(hashes.begin(), hashes.end());
  for (const std::uint64_t hash : hashes) corpus.word_counts.push_back(counts[hash]);
  corpus.words = WordIds(std::move(hashes));
  Vocabulary vocabulary;
  corpus.words.join(vocabulary);
  for (TrainingSentence& sentence : corpus.sentences) {
    for (Token& token : sentence.text.tokens) token.word = vocabulary.find(token.hash);
    const auto size = static_cast<std::uint32_t>(sentence.text.tokens.size());
    rows_of_tokens(corpus.words, sentence.text, {0, size}, sentence.text.field_of(0),
                   sentence.rows);
  }
}

void shuffle(std::vector<std::uint32_t>& order, Random& random) {
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
}

// `epochs` times over the sentences that `wanted` names, a step of Adam every kBatchTokens.
template <class Network, class Learn>
void train(Network& network, const Corpus& corpus, std::size_t epochs, float rate, Random& random,
           const std::function<bool(std::uint32_t)>& wanted, Learn learn) {
  std::vector<std::uint32_t> order;
  std::size_t tokens = 0;
  for (const std::uint32_t number : corpus.order) {
    if (!wanted(number)) continue;
    order.push_back(number);
    tokens += corpus.sentences[number].rows.size();
  }
  Schedule schedule(rate, epochs * tokens / kBatchTokens + 1);
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    shuffle(order, random);
    std::size_t batch = 0;
    for (const std::uint32_t number : order) {
      learn(corpus.sentences[number], schedule.progress());
      batch += corpus.sentences[number].rows.size();
      if (batch < kBatchTokens) continue;
      batch -= kBatchTokens;
      schedule.step(network);
    }
    report("epoch " + std::to_string(epoch + 1));
  }
}

TaggerNetwork train_tagger(const Corpus& corpus, std::size_t epochs, std::uint64_t seed,
                           const std::function<bool(std::uint32_t)>& wanted) {
  Random random(seed);
  WordDropout dropout(corpus.word_counts, seed + 1);
  TaggerNetwork network(token_row::kWord + WordIds::kFirstWord + corpus.words.hashes().size(),
                        corpus.tags.size(), random);
  train(network, corpus, epochs, 0.004F, random, wanted,
        [&](const TrainingSentence& sentence, float) { network.learn(sentence, dropout); });
  return network;
}

// Each half is tagged by a tagger that saw the other: the parser must learn from tags as wrong as
// those it will get.
void tag_by_halves(Corpus& corpus, std::size_t epochs) {
  for (std::uint32_t half = 0; half < 2; ++half) {
    TaggerNetwork tagger =
        train_tagger(corpus, epochs, kSeed + half, [&](std::uint32_t n) { return n % 2 == half; });
    std::size_t right = 0;
    std::size_t all = 0;
    for (std::size_t n = 1 - half; n < corpus.sentences.size(); n += 2) {
      TrainingSentence& sentence = corpus.sentences[n];
      sentence.tags = tagger.tag(sentence);
      for (std::size_t i = 0; i < sentence.tags.size(); ++i) {
        right += sentence.tags[i] == sentence.gold[i].tag;
      }
      all += sentence.tags.size();
    }
    report("tags right on the other half: " +
           std::to_string(100.0 * static_cast<double>(right) / static_cast<double>(all)));
  }
}

std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return std::move(bytes).str();
}

int run_train(const std::string& folder, const std::string& path) {
  Corpus corpus;
  read_part(folder + "/gold-train", setting("GOLD_TIMES", kGoldTimes), corpus);
  read_part(folder + "/headlines-train", 1, corpus);
  read_part(folder + "/news-train", 1, corpus);
  read_part(folder + "/plain-train", 1, corpus);
  fold_rare_tags(corpus);
  count_words(corpus);
  report(std::to_string(corpus.tokens) + " tokens an epoch, " +
         std::to_string(corpus.words.hashes().size()) + " words, " +
         std::to_string(corpus.tags.size()) + " tags");
  if (corpus.tags.size() > kTagsMax) {
    std::cerr << "more than " << kTagsMax << " tags\n";
    return 1;
  }
  SyntaxModel model;
  model.words = corpus.words;
  for (std::size_t i = 0; i < corpus.tags.size(); ++i) {
    model.tags.push_back({corpus.tags.upos(i), form_of(corpus.tags.penn(i))});
  }
  quantise_tagger(train_tagger(corpus, setting("TAGGER_EPOCHS", 5), kSeed + 2,
                               [](std::uint32_t) { return true; }),
                  model);
  tag_by_halves(corpus, setting("HALF_EPOCHS", 2));
  Random random(kSeed + 3);
  WordDropout dropout(corpus.word_counts, kSeed + 4);
  ParserNetwork parser(model.token_rows(), corpus.tags.size(), random);
  train(
      parser, corpus, setting("PARSER_EPOCHS", 8), static_cast<float>(setting("RATE", 4)) * 0.001F,
      random, [](std::uint32_t) { return true; },
      [&](const TrainingSentence& sentence, float progress) {
        parser.learn(sentence, dropout, progress > 0.1F, random);
      });
  quantise_parser(parser, model);
  const std::string bytes = write_model(model);
  std::ofstream(path, std::ios::binary) << bytes;
  report(path + ": " + std::to_string(bytes.size()) + " bytes");
  return 0;
}

int run_measure(const std::string& verb, const std::string& folder, const std::string& path) {
  LoadedSyntaxModel loaded = read_model(read_bytes(path));
  if (!loaded.fault.empty()) {
    std::cerr << path << ": " << loaded.fault << '\n';
    return 1;
  }
  const Languages languages = languages_with(loaded.model.words);
  if (verb == "plain") {
    measure_plain(loaded.model, languages, folder);
    return 0;
  }
  for (const char* part : {"news", "pud", "ewt", "gum"}) {
    measure(loaded.model, languages, folder + "/" + part + "-test");
    measure(loaded.model, languages, folder + "/" + part + "-headlines-test");
  }
  return 0;
}

}  // namespace
}  // namespace tocsin

int main(int count, char** arguments) {
  const std::string verb = count == 4 ? arguments[1] : "";
  if (verb == "train") return tocsin::run_train(arguments[2], arguments[3]);
  if (verb == "measure" || verb == "plain") {
    return tocsin::run_measure(verb, arguments[2], arguments[3]);
  }
  std::cerr << "usage: trainer train|measure|plain CORPUS|LIST MODEL\n";
  return 1;
}
