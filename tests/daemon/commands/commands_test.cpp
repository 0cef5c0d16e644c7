// The verbs as a user has them: the binary, its arguments, what it prints and its exit code.
#include "tests/daemon/commands/fixture.h"

namespace tocsin::commands_test {
namespace {

// Forty different words a seed, so that two seeds are not near-duplicates.
std::string article(int seed, const std::string& extra = "") {
  std::string body;
  for (int i = 0; i < 40; ++i)
    body += "word" + std::to_string(seed) + "x" + std::to_string(i) + " ";
  return R"({"title":"Report )" + std::to_string(seed) + R"(","body":")" + body + R"(")" + extra +
         "}";
}

TEST_F(Commands, HelpAndVersionAreEverywhere) {
  for (const char* verb :
       {"", "run ", "check ", "replay ", "explain ", "test ", "config ", "notify ", "audit ",
        "ledger ", "ledger show ", "ledger init ", "ledger verify "}) {
    const Ran help = run(std::string(verb) + "--help");
    EXPECT_EQ(help.exit_code, 0) << verb;
    EXPECT_TRUE(has(help.out, "--help")) << verb;
    const Ran version = run(std::string(verb) + "--version");
    EXPECT_EQ(version.exit_code, 0) << verb << version.err;
    EXPECT_TRUE(has(version.out, "tocsin ") && has(version.out, "librdkafka ") &&
                has(version.out, "boost "))
        << verb;
  }
}

TEST_F(Commands, WrongUseIsExitTwo) {
  for (const char* wrong : {"",
                            "fly",
                            "replay --speed 3",
                            "replay --format xml",
                            "run",
                            "explain",
                            "replay nowhere.jsonl",
                            "explain nowhere.txt",
                            "replay --config nowhere.yaml",
                            "run --config nowhere.yaml",
                            "check --config nowhere.yaml",
                            "test --config nowhere.yaml",
                            "audit",
                            "audit --config nowhere.yaml",
                            "notify",
                            "notify --config nowhere.yaml",
                            "ledger",
                            "ledger show",
                            "ledger init --config nowhere.yaml",
                            "ledger verify --config nowhere.yaml"}) {
    const Ran ran = run(wrong);
    EXPECT_EQ(ran.exit_code, 2) << wrong;
    EXPECT_FALSE(ran.err.empty()) << wrong;
    EXPECT_EQ(ran.out, "") << wrong;
  }
}

TEST_F(Commands, WhatIsNotUnderstoodIsNamed) {
  const auto err = [this](const std::string& arguments) { return run(arguments).err; };
  EXPECT_TRUE(has(err("bogus"), "not understood: 'bogus'")) << err("bogus");
  EXPECT_TRUE(has(err("chek --config a"), "'chek' (did you mean 'check'?)")) << err("chek");
  EXPECT_TRUE(has(err("check tocsin.yaml"), "not understood: 'tocsin.yaml'"));
  EXPECT_TRUE(has(err("check --confg a"), "'--confg' (did you mean '--config'?)"));
  EXPECT_TRUE(has(err("ledger shwo"), "'shwo' (did you mean 'show'?)")) << err("ledger shwo");
  EXPECT_TRUE(has(err("help"), "not understood: 'help'"));
  EXPECT_FALSE(has(err("check"), "not understood"));
  // Before any file is read or broker asked.
  EXPECT_TRUE(has(err("tap --config x --since yesterday"), "'yesterday' is no time (RFC 3339)"));
  EXPECT_TRUE(has(err("deadletter list --config x --until noon"), "--until: 'noon' is no time"));
  for (const char* place :
       {"0-4", "0/", "/4", "0/-4", "0/04", "0/4x", "2147483648/0", "0/9223372036854775808"}) {
    const std::string command = "deadletter show --config x ";
    EXPECT_TRUE(has(err(command + place), "' is no place")) << place;
  }
}

TEST_F(Commands, CheckAgainstTellsWhatARestartAndAReloadWouldDo) {
  write("running.yaml", "version: 1\n");
  write("next.yaml", "version: 1\nworkers: 2\nlog: {level: debug}\nalerts: {silence_max: 1h}\n");
  const Ran fine = run("check --config next.yaml --against running.yaml");
  EXPECT_EQ(fine.exit_code, 0) << fine.err;
  EXPECT_TRUE(has(fine.out, "run: a reload brings into force: log.level\n")) << fine.out;
  EXPECT_TRUE(has(fine.out, "run: needs a restart: workers\n")) << fine.out;
  EXPECT_TRUE(has(fine.out, "notify: a reload brings into force: alerts.silence_max, log.level\n"))
      << fine.out;
  write("bad.yaml", "version: 1\ndedupe: {window: 24h}\n");
  const Ran refused = run("check --config bad.yaml --against running.yaml");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_TRUE(has(refused.err, "set dedupe.revision to 2")) << refused.err;
  EXPECT_EQ(run("check --config next.yaml --against nowhere.yaml").exit_code, 2);
}

TEST_F(Commands, ServicesLogTheirFaultsAsLinesOfTheLog) {
  write("bad.yaml", "version: 1\nworkerz: 2\nlog: {format: json}\n");
  for (const char* verb : {"run", "notify"}) {
    const Ran ran = run(std::string(verb) + " --config bad.yaml");
    EXPECT_EQ(ran.exit_code, 2);
    for (const std::string& line : lines_of(ran.err)) {
      EXPECT_TRUE(line.starts_with(R"({"ts":")") && line.ends_with("}")) << line;
    }
    EXPECT_TRUE(has(ran.err, "bad.yaml:2:1: unknown key 'workerz'")) << ran.err;
  }
}

TEST_F(Commands, CheckSaysOkOrEveryFault) {
  write("good.yaml", "version: 1\nworkers: 2\n");
  const Ran good = run("check --config good.yaml");
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_TRUE(has(good.out, "good.yaml: ok (")) << good.out;

  write("bad.yaml", "version: 1\nworkerz: 2\nlog: {level: loud}\n");
  const Ran bad = run("check --config bad.yaml");
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_EQ(bad.err,
            "bad.yaml:2:1: error: unknown key 'workerz' (did you mean 'workers'?)\n"
            "  workerz: 2\n"
            "  ^\n"
            "bad.yaml:3:14: error: 'log.level' must be trace, debug, info, warn or error, not "
            "'loud'\n"
            "  log: {level: loud}\n"
            "               ^\n"
            "bad.yaml: 2 errors\n");
}

TEST_F(Commands, ReplayGivesOneOutcomeForEveryLine) {
  write("in.jsonl", article(1, R"(,"published_at":"2022-02-01T00:00:00Z")") + "\n" +  // 0
                        "\n" +                                                        // 1: blank
                        article(2) + "\r\n" +                      // 2: the time of the line before
                        "{broken\n" +                              // 3
                        R"({"url":"http://a.example/"})" + "\n" +  // 4: no text
                        "  \t\n" +                                 // 5: blank
                        article(1, R"(,"id":"again")"));  // 6: a copy, without a line break
  const Ran ran = run("replay in.jsonl");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  const std::vector<std::string> lines = lines_of(ran.out);
  ASSERT_EQ(lines.size(), 5U) << ran.out;
  EXPECT_TRUE(lines[0].starts_with(R"({"schema":"tocsin.enriched/1","id":"in.jsonl-0-0",)"
                                   R"("position":{"topic":"in.jsonl","partition":0,"offset":0})"))
      << lines[0];
  EXPECT_TRUE(has(lines[0], R"("published_at_source":"record")"));
  EXPECT_TRUE(has(lines[1], R"("offset":2})")) << lines[1];
  EXPECT_TRUE(
      has(lines[1], R"("published_at":"2022-02-01T00:00:00Z","published_at_source":"none")"))
      << lines[1];
  EXPECT_TRUE(has(lines[2], R"("offset":3},"stage":"decode","code":"invalid_json")")) << lines[2];
  EXPECT_TRUE(has(lines[3], R"("code":"no_text")")) << lines[3];
  EXPECT_TRUE(has(lines[4], R"("schema":"tocsin.duplicate/1","id":"again")")) << lines[4];
  EXPECT_TRUE(has(lines[4], R"("duplicate_of":"in.jsonl-0-0")")) << lines[4];
  EXPECT_TRUE(has(lines[4], R"("method":"exact")")) << lines[4];
}

TEST_F(Commands, FutureTimesAreNotClampedWithoutARecordTime) {
  write("in.jsonl", article(1, R"(,"published_at":"2999-01-01T00:00:00Z")") + "\n");
  const Ran ran = run("replay in.jsonl");
  EXPECT_TRUE(has(ran.out, R"("published_at":"2999-01-01T00:00:00Z")")) << ran.out;
}

TEST_F(Commands, ReplayReadsStandardInput) {
  write("in.jsonl", article(1) + "\n");
  const Ran dash = run("replay - <in.jsonl");
  const Ran none = run("replay <in.jsonl");
  EXPECT_EQ(dash.exit_code, 0) << dash.err;
  EXPECT_EQ(dash.out, none.out);
  EXPECT_TRUE(has(dash.out, R"("position":{"topic":"stdin","partition":0,"offset":0})"));
}

TEST_F(Commands, ReplayReadsTextFiles) {
  write("a.txt", "A title\nThe first line of the body.\n\nAnother paragraph.\n");
  write("b.txt", "Another title\nAnother body.\n");
  const Ran ran = run("replay --format text a.txt b.txt");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  const std::vector<std::string> lines = lines_of(ran.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(has(lines[0], R"("topic":"a.txt")") && has(lines[0], R"("title":"A title")"));
  EXPECT_TRUE(has(lines[1], R"("topic":"b.txt")"));
}

TEST_F(Commands, ReplayDoesNotDependOnThreads) {
  std::string text;
  for (int i = 0; i < 2'500; ++i) {
    // Copies near and far, before and after the border of a batch; some are broken.
    const int seed = i % 7 == 3 ? i - 3 : i % 11 == 5 ? i / 2 : i;
    text += i % 97 == 13 ? "[]\n" : article(seed) + "\n";
  }
  write("many.jsonl", text);
  const Ran one = run("replay --workers 1 many.jsonl");
  const Ran four = run("replay --workers 4 many.jsonl");
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_EQ(lines_of(one.out).size(), 2'500U);
  EXPECT_TRUE(one.out == four.out);
  EXPECT_TRUE(has(one.out, R"("method":"exact")"));
}

TEST_F(Commands, AnUpdateIsNewsOfTheSameStoryAndACopyOfItLeadsThere) {
  const std::string early =
      "A ferry ran aground off Portluma on Tuesday with 140 people on board, the coast guard said. "
      "Two boats from Osgard were taking passengers to the harbour, and nobody was hurt, said its "
      "chief Mira Vold. ";
  const std::string more =
      "By evening all 140 had been brought ashore and 9 of them treated for cold at Osgard "
      "Hospital. "
      "The shipping office in Keldra opened an inquiry and told the owner, Norrline, to keep its 3 "
      "sister ships in port. Captain Jon Asker told investigators that the radar had failed at "
      "5.20. ";
  const auto line = [](const std::string& id, const std::string& body) {
    return R"({"id":")" + id + R"(","title":"Ferry aground","body":")" + body + "\"}\n";
  };
  write("in.jsonl", line("a", early) + line("b", early + more) + line("c", early + more + "Copy."));
  const std::vector<std::string> outcomes = lines_of(run("replay in.jsonl").out);
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_TRUE(has(outcomes[0], "tocsin.enriched") && !has(outcomes[0], "\"relation\""));
  EXPECT_TRUE(has(outcomes[1], "tocsin.enriched") && has(outcomes[1], R"("relation":"update")"));
  EXPECT_TRUE(has(outcomes[2], "tocsin.duplicate") && has(outcomes[2], R"("duplicate_of":"b")"));
  const auto story = [](const std::string& outcome) {
    return outcome.substr(outcome.find("\"story\":{\"id\":"), 31);
  };
  EXPECT_EQ(story(outcomes[0]), story(outcomes[1]));
  EXPECT_EQ(story(outcomes[0]), story(outcomes[2]));
}

TEST_F(Commands, AnOverlongLineIsADeadLetterAndTheNextIsRead) {
  write("small.yaml", "version: 1\nlimits: {article_bytes_max: 1KiB}\n");
  write("in.jsonl", R"({"title":")" + std::string(3 << 20, 'a') + "\"}\n" + article(1) + "\n");
  const Ran ran = run("replay --config small.yaml in.jsonl");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  const std::vector<std::string> lines = lines_of(ran.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(has(lines[0], R"("code":"too_large")")) << lines[0].substr(0, 300);
  EXPECT_TRUE(has(lines[1], R"("schema":"tocsin.enriched/1")"));
}

TEST_F(Commands, AFullDiskIsAFailedRun) {
  write("in.jsonl", article(1) + "\n");
  const std::string command =
      "cd '" + folder_.string() + "' && " TOCSIN_BINARY " replay in.jsonl >/dev/full 2>err";
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 1);
}

TEST_F(Commands, ExplainShowsTextEntitiesEventsAndTheSum) {
  write("a.txt", "Russia warns Poland\nRussia \x1b[31mwarned Poland.\n");
  const Ran text = run("explain a.txt");
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_TRUE(has(text.out, "[Russia]")) << text.out;
  EXPECT_TRUE(has(text.out, "Who and what")) << text.out;
  EXPECT_TRUE(has(text.out, "Events")) << text.out;
  EXPECT_FALSE(has(text.out, "\x1b")) << "neither colours in a file nor what the article brings";

  write("a.json", "{\n \"title\": \"Russia warns Poland\", \"body\": \"In short.\"\n}\n");
  const Ran json = run("explain - <a.json");
  EXPECT_EQ(json.exit_code, 0) << json.err;
  EXPECT_TRUE(has(json.out, "[Russia]")) << json.out;
  EXPECT_FALSE(has(json.out, "\"title\"")) << json.out;

  const Ran record = run("explain --format json a.json");
  EXPECT_EQ(lines_of(record.out).size(), 1U) << record.out;
  EXPECT_TRUE(has(record.out, R"("schema":"tocsin.enriched/1")")) << record.out;

  write("c.txt", "Russia <b>warns</b> Poland\nRussia warned Poland & \"all\" <script> of them.\n");
  const Ran page = run("explain --format html c.txt");
  EXPECT_EQ(page.exit_code, 0) << page.err;
  EXPECT_TRUE(has(page.out, "<!doctype html>")) << page.out;
  EXPECT_TRUE(has(page.out, "a36\">Russia</span>")) << page.out;
  EXPECT_FALSE(has(page.out, "<script>")) << page.out;
  EXPECT_FALSE(has(page.out, "\x1b")) << page.out;

  write("b.json", "{\"title\": 7}");
  const Ran bad = run("explain b.json");
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_TRUE(has(bad.err, "wrong_type")) << bad.err;
}

TEST_F(Commands, ExplainShowsTheTreesOfEvents) {
  write("a.txt", "Norway's army bombed the Swedish port\nIt rained \x1b[31mall day.\n");
  const Ran ran = run("explain --tree a.txt");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  for (const char* part : {"  of 1\n", "─ Norway", " nmod:poss\n", " nsubj\n", "bombed",
                           "VERB  root\n", "└─ port", "NOUN  obj\n"}) {
    EXPECT_TRUE(has(ran.out, part)) << part << ran.out;
  }
  EXPECT_EQ(ran.out.find("VERB"), ran.out.rfind("VERB"))
      << "nothing of the sentence without an event: " << ran.out;
  EXPECT_FALSE(has(run("explain a.txt").out, "nsubj"));

  const Ran page = run("explain --tree --format html a.txt");
  EXPECT_TRUE(has(page.out, "<span class=\"a1\">bombed</span>")) << page.out;
  EXPECT_EQ(run("explain --tree --format json a.txt").exit_code, 2);

  write("none.txt", "It rained all day\nAnd all night.\n");
  EXPECT_TRUE(has(run("explain --tree none.txt").out, "Trees\n  none\n"));
}

TEST_F(Commands, ReplayComparesTwoLexicons) {
  write("in.jsonl",
        "{\"id\": \"w\", \"title\": \"Iran bombed Iraq\", \"body\": \"Before dawn.\"}\n"
        "{\"id\": \"p\", \"title\": \"Jam is dear\", \"body\": \"A spoon a head.\"}\n");
  write("other.yaml", "version: 1\nlexicon: [other]\n");
  std::filesystem::create_directory(folder_ / "other");
  write("other/one.yaml",
        "language: en\n"
        "event: CONSULT\n"
        "rules:\n"
        "  - {id: consult.dawn.01, cameo: \"040\", scale: 4, match: [\"dawn.n\"]}\n");
  const Ran same = run("replay --compare other.yaml in.jsonl");
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_TRUE(has(same.out, "w  critical")) << same.out;
  EXPECT_TRUE(has(same.out, "none 0.0")) << same.out;
  EXPECT_TRUE(has(same.out, "- -0.9")) << same.out;
  EXPECT_FALSE(has(same.out, "Jam is dear")) << same.out;
  EXPECT_TRUE(has(same.out, "2 articles: 0 at a higher level, 1 at a lower")) << same.out;
}

TEST_F(Commands, TestReportsRulesThatNoTextReaches) {
  write("in.jsonl", "{\"title\": \"Iran bombed Iraq\", \"body\": \"Before dawn.\"}\n");
  const Ran ran = run("test --report in.jsonl");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "1 texts, ")) << ran.out;
  EXPECT_TRUE(has(ran.out, "  aid.help.01\n")) << ran.out;
  EXPECT_TRUE(has(ran.out, "Rules that read the same words")) << ran.out;
  EXPECT_EQ(run("test in.jsonl").exit_code, 2);
}

TEST_F(Commands, ConfigPrintsASampleThatIsRight) {
  const Ran sample = run("config sample");
  EXPECT_EQ(sample.exit_code, 0);
  write("sample.yaml", sample.out);
  EXPECT_EQ(run("check --config sample.yaml").exit_code, 0);
  EXPECT_EQ(run("config schema").exit_code, 0);
}

}  // namespace
}  // namespace tocsin::commands_test
