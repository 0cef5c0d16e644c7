// Trains the topic model: labelled paragraphs on standard input (date, topic, text, by tabs), the
// model on standard output, what it reached on standard error. The same input gives the same bytes.
// Multinomial logistic regression by AdaGrad over features divided by the root of their number;
// every paragraph is seen whole, as its first words (a headline) and joined with others of its
// topic (a page), so that all lengths are calibrated alike.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/load_pipeline.h"
#include "pipeline/topics/topics.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kBuckets = 31'800;  // 2 * 11 bytes each: 699,600 in all
constexpr std::uint32_t kFeatureTextsMin = 3;
constexpr double kFeatureTextsShareMax = 0.08;  // a word in more texts says nothing
constexpr int kEpochs = 8;
constexpr double kRate = 0.15;
constexpr double kDecay = 2e-6;
constexpr double kNameDropout = 0.5;  // names are of their day: what they say is halved
constexpr double kFeatureDropout = 0.1;
constexpr std::size_t kHeadlineTokens = 8;
constexpr std::uint32_t kUnit = 16;  // of a weight, to a nat

// Vigna (2015), splitmix64.
struct Random {
  std::uint64_t state = 20'031'231;
  std::uint64_t next() {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  double share() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
};

struct Example {
  std::size_t topic = 0;
  std::vector<Token> tokens;
  std::vector<bool> is_name;  // by token
};

using Weights = std::array<double, kTopics>;

std::size_t topic_of(std::string_view label) {
  for (std::size_t t = 0; t < kTopics; ++t) {
    if (name(static_cast<Topic>(t)) == label) return t;
  }
  return kTopics;
}

Example make_example(std::size_t topic, const std::string& line) {
  static const Languages kLanguages = load_languages().languages;
  Text text = make_text("", line, "en", kLanguages);
  Example example{topic, std::move(text.tokens), {}};
  for (std::size_t i = 0; i < example.tokens.size(); ++i) {
    const Token& token = example.tokens[i];
    const bool starts = i == 0 || (token.before & before::kStop) != 0;
    example.is_name.push_back(!starts && (token.shape & (shape::kLower | shape::kNumber)) == 0);
  }
  return example;
}

void read_examples(const std::string& held_out, std::vector<Example>& train,
                   std::vector<Example>& test) {
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first + 1);
    if (second == std::string::npos || line.substr(0, 4) > "2015") continue;
    const std::size_t topic = topic_of(line.substr(first + 1, second - first - 1));
    if (topic == kTopics) continue;
    const bool is_test = line.substr(0, 4) == held_out;
    (is_test ? test : train).push_back(make_example(topic, line.substr(second + 1)));
  }
}

// The model while it is trained: features that were chosen, by their own hash.
struct Model {
  std::unordered_map<std::uint64_t, std::size_t> index;
  std::vector<std::uint64_t> features;
  std::vector<Weights> weights;
  std::vector<Weights> squares;
  Weights bias{};
  Weights bias_squares{};
};

// Dunning (1993): twice the log-likelihood ratio of the feature against the topics.
double surprise(const std::array<std::uint32_t, kTopics>& seen,
                const std::array<double, kTopics>& of_topic, double texts) {
  double df = 0;
  for (const std::uint32_t count : seen) df += count;
  double sum = 0;
  for (std::size_t t = 0; t < kTopics; ++t) {
    const double expected = df * of_topic[t] / texts;
    if (seen[t] > 0) sum += 2 * seen[t] * std::log(seen[t] / expected);
  }
  return sum;
}

Model choose_features(const std::vector<Example>& examples) {
  std::unordered_map<std::uint64_t, std::array<std::uint32_t, kTopics>> counts;
  std::array<double, kTopics> of_topic{};
  for (const Example& example : examples) {
    std::vector<std::uint64_t> found;
    each_topic_feature(example.tokens, [&](std::uint64_t feature) { found.push_back(feature); });
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    for (const std::uint64_t feature : found) ++counts[feature][example.topic];
    ++of_topic[example.topic];
  }
  const auto texts = static_cast<double>(examples.size());
  std::vector<std::pair<double, std::uint64_t>> ranked;
  for (const auto& [feature, seen] : counts) {
    std::uint32_t df = 0;
    for (const std::uint32_t count : seen) df += count;
    if (df < kFeatureTextsMin || df > kFeatureTextsShareMax * texts) continue;
    ranked.emplace_back(-surprise(seen, of_topic, texts), feature);
  }
  std::sort(ranked.begin(), ranked.end());
  Model model;
  std::vector<std::array<std::uint8_t, TopicModel::kPlaces>> table(kBuckets);
  for (const auto& [score, feature] : ranked) {
    const TopicSlot slot = slot_of(feature, kBuckets);
    auto& places = table[slot.bucket];
    if (std::find(places.begin(), places.end(), slot.check) != places.end()) continue;
    const auto free = std::find(places.begin(), places.end(), 0);
    if (free == places.end()) continue;
    *free = slot.check;
    model.index.emplace(feature, model.features.size());
    model.features.push_back(feature);
  }
  model.weights.resize(model.features.size());
  model.squares.resize(model.features.size());
  std::fprintf(stderr, "%zu features of %zu candidates\n", model.features.size(), ranked.size());
  return model;
}

// How a text is shown to the model.
enum class View : std::uint8_t { whole, headline, page };

std::vector<std::size_t> features_of(const Model& model, const Example& example, View view,
                                     Random* dropout) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < example.tokens.size(); ++i) {
    if (view == View::headline && i == kHeadlineTokens) break;
    if (dropout != nullptr && example.is_name[i] && dropout->share() < kNameDropout) continue;
    tokens.push_back(example.tokens[i]);
  }
  std::vector<std::size_t> found;
  each_topic_feature(tokens, [&](std::uint64_t feature) {
    const auto known = model.index.find(feature);
    if (known == model.index.end()) return;
    if (dropout != nullptr && dropout->share() < kFeatureDropout) return;
    found.push_back(known->second);
  });
  return found;
}

Weights probabilities(const Model& model, const std::vector<std::size_t>& features) {
  Weights scores{};
  for (const std::size_t feature : features) {
    for (std::size_t t = 0; t < kTopics; ++t) scores[t] += model.weights[feature][t];
  }
  const double scale =
      1 / std::sqrt(static_cast<double>(std::max<std::size_t>(1, features.size())));
  double sum = 0;
  for (std::size_t t = 0; t < kTopics; ++t) {
    scores[t] = std::exp(scores[t] * scale + model.bias[t]);
    sum += scores[t];
  }
  for (double& score : scores) score /= sum;
  return scores;
}

void learn(Model& model, const std::vector<std::size_t>& features, std::size_t topic) {
  if (features.empty()) return;
  const double scale = 1 / std::sqrt(static_cast<double>(features.size()));
  const Weights said = probabilities(model, features);
  for (std::size_t t = 0; t < kTopics; ++t) {
    const double gradient = said[t] - (t == topic ? 1 : 0);
    model.bias_squares[t] += gradient * gradient;
    model.bias[t] -= kRate / 4 * gradient / std::sqrt(1 + model.bias_squares[t]);
    for (const std::size_t feature : features) {
      double& weight = model.weights[feature][t];
      double& square = model.squares[feature][t];
      const double slope = gradient * scale + kDecay * weight;
      square += slope * slope;
      weight -= kRate * slope / std::sqrt(1e-4 + square);
    }
  }
}

void train(Model& model, const std::vector<Example>& examples) {
  Random random;
  std::array<std::vector<std::size_t>, kTopics> by_topic;
  for (std::size_t i = 0; i < examples.size(); ++i) by_topic[examples[i].topic].push_back(i);
  std::vector<std::size_t> order(examples.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    for (std::size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[random.next() % i]);
    }
    for (const std::size_t i : order) {
      const Example& example = examples[i];
      learn(model, features_of(model, example, View::whole, &random), example.topic);
      learn(model, features_of(model, example, View::headline, &random), example.topic);
      if (random.next() % 4 != 0) continue;
      const auto& others = by_topic[example.topic];
      std::vector<std::size_t> page = features_of(model, example, View::whole, &random);
      for (std::uint64_t left = 2 + random.next() % 5; left > 0; --left) {
        const Example& other = examples[others[random.next() % others.size()]];
        const std::vector<std::size_t> more = features_of(model, other, View::whole, &random);
        page.insert(page.end(), more.begin(), more.end());
      }
      learn(model, page, example.topic);
    }
  }
}

void write_little(std::string& bytes, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i & 0xFF);
}

std::int64_t quantised(double value, std::int64_t most) {
  return std::clamp<std::int64_t>(std::llround(value * kUnit), -most, most);
}

std::string to_bytes(const Model& model) {
  std::string bytes(TopicModel::kMagic);
  write_little(bytes, kBuckets, 4);
  write_little(bytes, kUnit, 4);
  for (const double bias : model.bias) {
    write_little(bytes, static_cast<std::uint64_t>(quantised(bias, 32'000)), 2);
  }
  const std::size_t begin = bytes.size();
  bytes.resize(begin + std::size_t{kBuckets} * TopicModel::kPlaces * TopicModel::kPlaceBytes);
  for (std::size_t f = 0; f < model.features.size(); ++f) {
    const TopicSlot slot = slot_of(model.features[f], kBuckets);
    std::size_t at =
        begin + std::size_t{slot.bucket} * TopicModel::kPlaces * TopicModel::kPlaceBytes;
    if (bytes[at] != 0) at += TopicModel::kPlaceBytes;
    bytes[at] = static_cast<char>(slot.check);
    for (std::size_t t = 0; t < kTopics; ++t) {
      bytes[at + 1 + t] = static_cast<char>(quantised(model.weights[f][t], 127));
    }
  }
  return bytes;
}

struct Reached {
  std::size_t right = 0;
  std::size_t calm_as_conflict = 0;  // of calm texts, those with half of the share on conflict
  std::size_t conflict_as_calm = 0;
  double log_loss = 0;
  double said = 0;  // mean share of what it calls the topic: near `right` when calibrated
};

void report(const TopicModel& model, const std::vector<Example>& examples, std::size_t tokens_max,
            const char* what) {
  Reached reached;
  std::array<std::array<std::size_t, kTopics>, kTopics> confusion{};
  for (const Example& example : examples) {
    const std::size_t size = std::min(example.tokens.size(), tokens_max);
    const TopicShares shares = model.shares(std::span(example.tokens).first(size));
    const auto& per_mille = shares.per_mille;
    const auto best = static_cast<std::size_t>(
        std::max_element(per_mille.begin(), per_mille.end()) - per_mille.begin());
    ++confusion[example.topic][best];
    if (best == example.topic) ++reached.right;
    reached.said += per_mille[best] / 1000.0;
    reached.log_loss -= std::log(std::max<int>(1, per_mille[example.topic]) / 1000.0);
    const bool is_calm = example.topic >= static_cast<std::size_t>(Topic::disaster);
    if (is_calm && shares.of(Topic::conflict) >= 500) ++reached.calm_as_conflict;
    if (example.topic == 0 && shares.calm() >= 500) ++reached.conflict_as_calm;
  }
  const auto all = static_cast<double>(examples.size());
  std::fprintf(stderr,
               "%s: %zu texts, right %.4f, mean share of the first %.4f, log loss %.4f, calm as "
               "conflict %zu, conflict as calm %zu\n",
               what, examples.size(), static_cast<double>(reached.right) / all, reached.said / all,
               reached.log_loss / all, reached.calm_as_conflict, reached.conflict_as_calm);
  for (std::size_t t = 0; t < kTopics && tokens_max > kHeadlineTokens; ++t) {
    std::fprintf(stderr, "  %-10s", std::string(name(static_cast<Topic>(t))).c_str());
    for (const std::size_t count : confusion[t]) std::fprintf(stderr, " %5zu", count);
    std::fprintf(stderr, "\n");
  }
}

int run(const std::string& held_out) {
  std::vector<Example> examples;
  std::vector<Example> test;
  read_examples(held_out, examples, test);
  Model model = choose_features(examples);
  train(model, examples);
  const std::string bytes = to_bytes(model);
  const std::optional<TopicModel> parsed = TopicModel::parse(bytes);
  if (!parsed) return 1;
  if (!test.empty()) {
    report(*parsed, test, TopicModel::kTokensMax, "held out");
    report(*parsed, test, kHeadlineTokens, "held out, eight words");
  }
  return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() ? 0 : 1;
}

}  // namespace
}  // namespace tocsin

int main(int argc, char** argv) {
  return tocsin::run(argc > 1 ? argv[1] : "");
}
