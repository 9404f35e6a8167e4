// SPDX-License-Identifier: MIT
// Goal: the runner of sqllogictest counts what is right and shows what is wrong. Method: a script
// with each kind of record, before an engine that knows the answers by heart; then the same with
// one answer spoiled at a time.
#include "slt.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "md5.hpp"

namespace freshet::slt {
namespace {

class Parrot final : public Engine {
public:
    std::string execute(const std::string& sql) override {
        executed.push_back(sql);
        return sql.find("nothing") == std::string::npos ? "" : "there is no table nothing";
    }
    std::string query(const std::string& sql, const std::string&, Rows& rows) override {
        const auto answer = answers.find(sql);
        if (answer == answers.end()) return "this is not understood";
        rows = answer->second;
        return {};
    }

    const std::string pets = "SELECT name, legs\nFROM pets";
    const std::string nine = "SELECT 1, 2, 3, 4, 5, 6, 7, 8, 9";
    std::map<std::string, Rows> answers = {
        {pets, {2, {"spider", "8", "cat", "4", "bird", "2"}}},
        {"SELECT name, legs FROM pets", {2, {"spider", "8", "cat", "4", "bird", "2"}}},
        {"SELECT avg(legs) FROM pets", {1, {show_real(14.0 / 3)}}},
        {"SELECT no_value", {1, {"NULL"}}},
        {"SELECT legs FROM pets WHERE 0", {1, {}}},
        {nine, {9, {"1", "2", "3", "4", "5", "6", "7", "8", "9"}}},
    };
    std::vector<std::string> executed;
};

std::string small_script() {
    const std::string here = __FILE__;
    std::ifstream file{here.substr(0, here.rfind('/') + 1) + "data/small.test"};
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

Report run(Parrot& parrot, const std::string& script) {
    return Runner{parrot, "small.test"}.run(script, "sqlite");
}

TEST(SqlLogicTest, PassesWhatIsRightAndSkipsWhatIsForOthers) {
    Parrot parrot;
    const Report report = run(parrot, small_script());
    EXPECT_EQ(report.line(), "12 records, 9 passed, 0 failed, 3 skipped");
    EXPECT_TRUE(report.failures.empty());
    EXPECT_EQ(parrot.executed.size(), 3U);
}

TEST(SqlLogicTest, FailsEachAnswerThatIsSpoiled) {
    const auto count = Parrot{}.answers.size();
    for (std::size_t i = 0; i < count; i++) {
        for (const char* how : {"value", "more", "less", "columns", "error"}) {
            Parrot parrot;
            const auto answer = std::next(parrot.answers.begin(), static_cast<std::ptrdiff_t>(i));
            std::vector<std::string>& values = answer->second.values;
            SCOPED_TRACE(answer->first + ": " + how);
            const std::string_view what = how;
            if (what != "columns" && what != "more" && what != "error" && values.empty()) continue;
            if (what == "value") values.back() += "x";
            if (what == "more") values.insert(values.end(), answer->second.column_count, "1");
            if (what == "less") values.resize(values.size() - answer->second.column_count);
            if (what == "columns") answer->second.column_count += 1;
            if (what == "error") parrot.answers.erase(answer);
            const Report report = run(parrot, small_script());
            EXPECT_EQ(report.failed_count, 1U);
            EXPECT_EQ(report.passed_count, 8U);
            ASSERT_EQ(report.failures.size(), 1U);
        }
    }
}

TEST(SqlLogicTest, ShowsWhereWhatAndWhy) {
    Parrot parrot;
    parrot.answers[parrot.pets].values[3] = "5";
    const Report report = run(parrot, small_script());
    ASSERT_EQ(report.failures.size(), 1U);
    EXPECT_EQ(report.failures[0],
              "small.test:22\n    SELECT name, legs\nFROM pets\n"
              "  expected: bird | 2 | cat | 4 | spider | 8\n"
              "  got:      bird | 2 | cat | 5 | spider | 8");
}

TEST(SqlLogicTest, HoldsQueriesOfOneLabelTogether) {
    Parrot parrot;
    parrot.answers["a"] = {1, {"1"}};
    parrot.answers["b"] = {1, {"2"}};
    const std::string script =
        "query I nosort same\na\n----\n1\n\nquery I nosort same\nb\n----\n2\n";
    EXPECT_EQ(run(parrot, script).line(), "2 records, 1 passed, 1 failed, 0 skipped");
    EXPECT_EQ(run(parrot, "skipif sqlite\n" + script).line(),
              "2 records, 0 passed, 1 failed, 1 skipped");
}

TEST(SqlLogicTest, FailsStatementsThatDoNotDoWhatTheyShould) {
    Parrot parrot;
    EXPECT_EQ(run(parrot, "statement error\nINSERT\n\nstatement ok\nDELETE FROM nothing\n").line(),
              "2 records, 0 passed, 2 failed, 0 skipped");
}

TEST(SqlLogicTest, FailsAScriptThatIsNone) {
    for (const char* script :
         {"hello\n", "statement perhaps\nSELECT 1\n", "query X nosort\nSELECT 1\n",
          "query I upside\nSELECT 1\n", "query\nSELECT 1\n"}) {
        Parrot parrot;
        EXPECT_EQ(run(parrot, script).failed_count, 1U) << script;
    }
}

TEST(SqlLogicTest, ShowsTextsAndNumbersAsScriptsDo) {
    EXPECT_EQ(show_text(""), "(empty)");
    EXPECT_EQ(show_text("a\tb\x7f\xc3\xa4 "), "a@b@@@ ");
    EXPECT_EQ(show_real(-0.0625), "-0.062");
    EXPECT_EQ(show_real(1e300).size(), 305U);
    EXPECT_EQ(show_real(12345678901234.5), "12345678901234.500");
    EXPECT_EQ(show_real(-9223372036854775808.0), "-9223372036854776000.000");
    EXPECT_EQ(show_real(99999999999999.99), "99999999999999.980");
}

// The vectors of RFC 1321, and sizes around a block's.
TEST(Md5, IsThatOfTheStandard) {
    const auto md5 = [](const std::string& text) {
        test::Md5 hash;
        for (const char letter : text) hash.update({&letter, 1});
        return hash.finish();
    };
    EXPECT_EQ(md5(""), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(md5("abc"), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(md5("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    EXPECT_EQ(
        md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
        "57edf4a22be3c955ac49da2e2107b67a");
    EXPECT_EQ(md5(std::string(55, 'a')), "ef1772b6dff9a122358552954ad0df65");
    EXPECT_EQ(md5(std::string(56, 'a')), "3b0c8ac703f828b04c6c197006d17218");
    EXPECT_EQ(md5(std::string(64, 'a')), "014842d480b571495a4a0363793f7367");
}

}  // namespace
}  // namespace freshet::slt
