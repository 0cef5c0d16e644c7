#include "pipeline/topics/topics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "config/embedded.h"
#include "pipeline/tension/gate.h"

namespace tocsin {
namespace {

std::string_view shipped_bytes() {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name == "topics/topics.bin") return file.content;
  }
  return {};
}

TopicShares shares_of(const std::string& text) {
  static const TopicModel kModel = TopicModel::parse(shipped_bytes()).value_or(TopicModel());
  return kModel.shares(tokenize(text));
}

Topic first_of(const TopicShares& shares) {
  const auto best = std::max_element(shares.per_mille.begin(), shares.per_mille.end());
  return static_cast<Topic>(best - shares.per_mille.begin());
}

struct Sample {
  Topic topic;
  std::string text;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> kSamples = {
      {Topic::conflict, "Rebels shelled an army base and troops killed at least twenty militants."},
      {Topic::conflict, "Air strikes on the besieged city killed dozens of fighters."},
      {Topic::diplomacy,
       "The two foreign ministers met for talks on a treaty between their states."},
      {Topic::politics, "The prime minister lost the election and his party its majority."},
      {Topic::crime, "A court sentenced the former banker to nine years in prison for fraud."},
      {Topic::disaster, "An earthquake of magnitude 6.8 destroyed hundreds of houses."},
      {Topic::business, "The carmaker will cut jobs after its shares fell and profits dropped."},
      {Topic::sport, "The striker scored twice as the team won the cup final on penalties."},
      {Topic::arts, "The film won the award for best director at the festival."},
      {Topic::scitech, "The spacecraft entered the orbit of the planet, scientists said."},
  };
  return kSamples;
}

TEST(Topics, TheModelIsSmallAndWhole) {
  EXPECT_LE(shipped_bytes().size(), 700'000U);
  ASSERT_TRUE(TopicModel::parse(shipped_bytes()));
  EXPECT_FALSE(TopicModel::parse(shipped_bytes().substr(1)));
  EXPECT_FALSE(TopicModel::parse(shipped_bytes().substr(0, shipped_bytes().size() - 1)));
  EXPECT_FALSE(TopicModel::parse(""));
}

TEST(Topics, EachIsTold) {
  for (const Sample& sample : samples()) {
    EXPECT_EQ(name(first_of(shares_of(sample.text))), name(sample.topic)) << sample.text;
  }
}

TEST(Topics, SharesAddUp) {
  for (const Sample& sample : samples()) {
    const TopicShares shares = shares_of(sample.text);
    const int sum = std::accumulate(shares.per_mille.begin(), shares.per_mille.end(), 0);
    EXPECT_NEAR(sum, 1000, 5);
  }
}

TEST(Topics, NothingIsKnownOfNothing) {
  EXPECT_FALSE(shares_of("").is_known());
  EXPECT_FALSE(TopicModel().shares(tokenize("The striker scored twice.")).is_known());
}

// A headline is less sure than a sentence, a page surer, and neither turns round.
TEST(Topics, APageIsSurerThanItsSentence) {
  for (const Sample& sample : samples()) {
    const std::string page = sample.text + "\n\n" + sample.text + "\n\n" + sample.text;
    EXPECT_GE(shares_of(page).of(sample.topic) + 1, shares_of(sample.text).of(sample.topic));
  }
}

// The same model read slowly, with the exponentials of the library.
TEST(Topics, IntegersReachWhatRealNumbersDo) {
  const std::string_view bytes = shipped_bytes();
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const auto buckets = static_cast<std::uint32_t>(byte(8) | byte(9) << 8 | byte(10) << 16);
  const double unit = byte(12);
  for (const Sample& sample : samples()) {
    std::array<double, kTopics> scores{};
    double known = 0;
    const std::vector<Token> tokens = tokenize(sample.text);
    each_topic_feature(tokens, [&](std::uint64_t feature) {
      const TopicSlot slot = slot_of(feature, buckets);
      for (std::size_t place = 0; place < 2; ++place) {
        const std::size_t at = TopicModel::kHeaderBytes + (slot.bucket * 2 + place) * 11;
        if (byte(at) != slot.check) continue;
        for (std::size_t t = 0; t < kTopics; ++t) {
          scores[t] += static_cast<std::int8_t>(bytes[at + 1 + t]);
        }
        ++known;
        break;
      }
    });
    double sum = 0;
    for (std::size_t t = 0; t < kTopics; ++t) {
      const auto bias = static_cast<std::int16_t>(byte(16 + 2 * t) | byte(17 + 2 * t) << 8);
      scores[t] = std::exp((scores[t] / std::sqrt(known) + bias) / unit);
      sum += scores[t];
    }
    const TopicShares shares = shares_of(sample.text);
    for (std::size_t t = 0; t < kTopics; ++t) {
      EXPECT_NEAR(shares.per_mille[t], 1000 * scores[t] / sum, 15) << sample.text;
    }
  }
}

// All spans of a text, in an order that asks for late ones first, and of a text too long for the
// reader's memory.
TEST(Topics, PartsOfAnArticleAreAsThoughAlone) {
  const TopicModel model = TopicModel::parse(shipped_bytes()).value_or(TopicModel());
  std::string text;
  for (const Sample& sample : samples()) text += sample.text + " ";
  std::vector<TokenTopics> memory;
  const std::vector<Token> tokens = tokenize(text);
  TopicLookup reader(model, tokens, memory);
  const auto size = static_cast<std::uint32_t>(tokens.size());
  for (std::uint32_t begin = size; begin-- > 0;) {
    for (std::uint32_t end = begin; end <= std::min(size, begin + 70); ++end) {
      ASSERT_EQ(reader.shares({begin, end}),
                model.shares(std::span(tokens).subspan(begin, end - begin)));
    }
  }
  std::string page;
  while (tokenize(page).size() <= TopicModel::kTokensMax + 100) page += text;
  const std::vector<Token> many = tokenize(page);
  TopicLookup of_page(model, many, memory);
  for (const TokenSpan span : {TokenSpan{0, static_cast<std::uint32_t>(many.size())},
                               TokenSpan{1990, 2010}, TokenSpan{2050, 2070}, TokenSpan{3, 2003}}) {
    EXPECT_EQ(of_page.shares(span), model.shares(std::span(many).subspan(span.begin, span.size())));
  }
}

constexpr const char* kSport =
    "The striker scored twice as the team won the cup final on penalties. Fans sang at the "
    "stadium after the league title.";
constexpr const char* kBusiness =
    "The company raised its profit forecast and shares rose on the stock exchange as investors "
    "bought bank stocks; the market index gained.";

TEST(TopicGate, CalmTopicsSilenceAllButWarBetweenPowers) {
  const TopicShares sport = shares_of(kSport);
  const double nobody = topic_gate(sport, sport, EventType::assault, {});
  const double power = topic_gate(sport, sport, EventType::assault, {.has_power = true});
  const GateParties powers{.has_power = true, .are_powers = true};
  EXPECT_LT(nobody, 0.1);
  EXPECT_LT(power, 0.2);
  const TopicShares shares = shares_of(kBusiness);
  EXPECT_GE(topic_gate(shares, shares, EventType::assault, powers), 0.7);
  EXPECT_LT(topic_gate(shares, shares, EventType::reject, powers), 0.5);
}

// Teams bear the names of countries; a war that is told on a page of sport is no match.
TEST(TopicGate, SportIsNoWarBetweenPowers) {
  const TopicShares sport = shares_of(kSport);
  const TopicShares war = shares_of(samples().front().text);
  const GateParties powers{.has_power = true, .are_powers = true};
  EXPECT_LT(topic_gate(sport, sport, EventType::assault, powers), 0.3);
  EXPECT_GE(topic_gate(sport, war, EventType::assault, powers), 0.7);
}

// A company's page may tell of an attack on its plant; a page of sport tells of none.
TEST(TopicGate, BusinessDoesNotSilenceWhatArmedPeopleDo) {
  const TopicShares shares = shares_of(kBusiness);
  const TopicShares sport = shares_of(kSport);
  const GateParties armed{.has_power = true, .is_armed = true};
  EXPECT_GE(topic_gate(shares, shares, EventType::assault, armed), 0.5);
  EXPECT_LT(topic_gate(shares, shares, EventType::coerce, armed), 0.2);
  EXPECT_LT(topic_gate(sport, sport, EventType::assault, armed), 0.2);
}

// What a person does to another is a crime unless the text is about conflict.
TEST(TopicGate, PrivatePeopleActInConflictOnly) {
  const TopicShares crime = shares_of(
      "Police arrested the suspect and a judge charged him with fraud; the court sentenced the "
      "former banker to prison for money laundering.");
  const TopicShares war = shares_of(samples().front().text);
  const GateParties power{.has_power = true};
  const GateParties person{.has_power = true, .is_private = true};
  EXPECT_LT(topic_gate(crime, crime, EventType::coerce, person), 0.3);
  EXPECT_GT(topic_gate(crime, crime, EventType::coerce, power), 0.3);
  EXPECT_EQ(topic_gate(war, war, EventType::assault, person), 1);
}

// Crime and home politics leave little of a lone act; of what armed people do politics take
// nothing.
TEST(HomeGate, PoliticsDoNotSilenceWhatArmedPeopleDo) {
  const TopicShares politics = shares_of(
      "The parliament elected a new speaker after the prime minister lost a vote of confidence; "
      "the opposition party won the election and its leader formed a coalition.");
  ASSERT_GE(politics.of(Topic::politics), 600);
  const GateParties power{.has_power = true};
  const GateParties armed{.has_power = true, .is_armed = true};
  EXPECT_LT(home_gate(politics, politics, power, 0.5), 0.7);
  EXPECT_EQ(home_gate(politics, politics, armed, 0.5), 1);
  EXPECT_EQ(home_gate(politics, politics, power, 0.05), 1);
}

TEST(TopicGate, WarPasses) {
  const TopicShares war = shares_of(samples().front().text);
  EXPECT_EQ(topic_gate(war, war, EventType::assault, {}), 1);
  EXPECT_EQ(topic_gate({}, {}, EventType::assault, {}), 1);
}

}  // namespace
}  // namespace tocsin
