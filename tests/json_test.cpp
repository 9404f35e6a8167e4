// SPDX-License-Identifier: MIT
// Goal: exactly the texts of RFC 8259 pass, and what passes comes back as it was.
// Method: examples of every rule and its breach with the place of the error; all short texts over
// an alphabet of the letters that matter, held against a second parser written the other way round;
// all texts cut short.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/nearest.hpp"
#include "shell/base64.hpp"
#include "shell/json.hpp"

namespace freshet::shell {
namespace {

using namespace std::string_literals;

struct Outcome {
    std::string error;  // Empty: it is JSON.
    std::size_t offset = 0;
};

Outcome read(const std::string& text) {
    JsonReader reader{text};
    reader.value();
    reader.expect_end();
    return {reader.error() == nullptr ? "" : reader.error(), reader.offset()};
}

bool is_json(const std::string& text) {
    return read(text).error.empty();
}

TEST(Json, TakesEveryKindOfValue) {
    for (const std::string text : {"{}",
                                   "[]",
                                   "\"\"",
                                   "0",
                                   "-0",
                                   "10",
                                   "1.5",
                                   "-1.25e10",
                                   "1E+2",
                                   "1e-2",
                                   "0e0",
                                   "true",
                                   "false",
                                   "null",
                                   " 1 ",
                                   "\t[\n1\r, 2 ]",
                                   R"({"a":1,"b":[true,{"c":null}]})",
                                   R"("\"\\\/\b\f\n\r\t\u00eF")",
                                   R"("\ud800")",
                                   "\"\x7f\"",
                                   "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
                                   R"({"a":1,"a":2})",
                                   R"({"":0})",
                                   "123456789012345678901234567890",
                                   "1e999"}) {
        EXPECT_TRUE(is_json(text)) << text << ": " << read(text).error;
    }
}

TEST(Json, NamesThePlaceOfEachError) {
    const struct {
        std::string text;
        std::size_t offset;
    } cases[] = {
        {"", 0},
        {" ", 1},
        {"tru", 0},
        {"nul", 0},
        {"True", 0},
        {"+1", 0},
        {"01", 0},
        {"-", 1},
        {"1.", 2},
        {".5", 0},
        {"1e", 2},
        {"1e+", 3},
        {"0x1", 1},
        {"NaN", 0},
        {"1 2", 2},
        {"{", 1},
        {"{]", 1},
        {"{\"a\"}", 4},
        {"{\"a\":}", 5},
        {"{\"a\":1,}", 7},
        {"{a:1}", 1},
        {"{'a':1}", 1},
        {"{\"a\":1", 6},
        {"[", 1},
        {"[1,]", 3},
        {"[1 2]", 3},
        {"[1", 2},
        {"]", 0},
        {"\"", 0},
        {"\"a", 0},
        {"\"\\x\"", 1},
        {"\"\\u12g4\"", 1},
        {"\"\\u12", 1},
        {"\"\\", 1},
        {"\"\x01\"", 1},
        {"\"\n\"", 1},
        {"\"\xff\"", 1},
        {"\"\xc3\"", 1},
        {"\"\xc0\x80\"", 1},
        {"\"\xed\xa0\x80\"", 1},
        {"\"\xf4\x90\x80\x80\"", 1},
        {"\"\xe2\x82", 1},
        {"\xef\xbb\xbf{}", 0},
        {"{}x", 2},
        {"/**/1", 0},
        {"[,1]", 1},
        {"\0"s, 0},
        {"1\0"s, 1},
        {"\"\0\""s, 1},
    };
    for (const auto& [text, offset] : cases) {
        EXPECT_FALSE(is_json(text)) << text;
        EXPECT_EQ(read(text).offset, offset) << text << ": " << read(text).error;
    }
}

TEST(Json, NestsSixtyFourLevelsAndNoMore) {
    const auto nested = [](std::size_t depth, const std::string& open, const std::string& close) {
        std::string text;
        for (std::size_t i = 0; i < depth; i++) text += open;
        text += "0";
        for (std::size_t i = 0; i < depth; i++) text += close;
        return text;
    };
    EXPECT_TRUE(is_json(nested(64, "[", "]")));
    EXPECT_FALSE(is_json(nested(65, "[", "]")));
    EXPECT_EQ(read(nested(65, "[", "]")).offset, 64U);
    EXPECT_TRUE(is_json(nested(64, "{\"a\":", "}")));
    EXPECT_FALSE(is_json(nested(65, "{\"a\":", "}")));
    EXPECT_FALSE(is_json(nested(1'000'000, "[", "]")));
}

TEST(Json, TakesNoTextThatIsCutShort) {
    const std::string text = R"({"a":[1.5e+3,"\u00e9\n",{"b":true}],"c":null})";
    ASSERT_TRUE(is_json(text));
    for (std::size_t size = 0; size < text.size(); size++) {
        EXPECT_FALSE(is_json(text.substr(0, size))) << text.substr(0, size);
    }
}

// A second opinion: each rule gives the set of places where a text that starts here may end.
class Grammar {
public:
    explicit Grammar(const std::string& text) : text_{text} {}
    [[nodiscard]] bool matches() const {
        for (const std::size_t end : value(0)) {
            if (end == text_.size()) return true;
        }
        return false;
    }

private:
    using Ends = std::vector<std::size_t>;
    [[nodiscard]] bool at(std::size_t i, char letter) const {
        return i < text_.size() && text_[i] == letter;
    }
    [[nodiscard]] Ends number(std::size_t i) const {
        Ends ends;
        if (at(i, '-')) i++;
        if (at(i, '0')) ends.push_back(i + 1);
        for (std::size_t k = i; at(i, '1') && (at(k, '0') || at(k, '1')); k++)
            ends.push_back(k + 1);
        const Ends whole = ends;
        for (const std::size_t end : whole) {
            if (!at(end, 'e')) continue;
            const std::size_t first = at(end + 1, '-') ? end + 2 : end + 1;
            for (std::size_t k = first; at(k, '0') || at(k, '1'); k++) ends.push_back(k + 1);
        }
        return ends;
    }
    [[nodiscard]] Ends string(std::size_t i) const {
        if (!at(i, '"')) return {};
        for (i++; i < text_.size(); i++) {
            if (at(i, '"')) return {i + 1};
        }
        return {};
    }
    [[nodiscard]] Ends list(std::size_t i, bool is_object) const {
        Ends ends;
        if (!at(i, is_object ? '{' : '[')) return ends;
        const char close = is_object ? '}' : ']';
        if (at(i + 1, close)) ends.push_back(i + 2);
        Ends starts{i + 1};
        while (!starts.empty()) {
            Ends next;
            for (const std::size_t start : starts) {
                for (const std::size_t end : is_object ? member(start) : value(start)) {
                    if (at(end, close)) ends.push_back(end + 1);
                    if (at(end, ',')) next.push_back(end + 1);
                }
            }
            starts = next;
        }
        return ends;
    }
    [[nodiscard]] Ends member(std::size_t i) const {
        Ends ends;
        for (const std::size_t end : string(i)) {
            if (!at(end, ':')) continue;
            for (const std::size_t value_end : value(end + 1)) ends.push_back(value_end);
        }
        return ends;
    }
    [[nodiscard]] Ends value(std::size_t i) const {
        Ends ends = number(i);
        for (const Ends& more : {string(i), list(i, true), list(i, false)}) {
            ends.insert(ends.end(), more.begin(), more.end());
        }
        return ends;
    }
    const std::string& text_;
};

TEST(Json, AgreesWithTheGrammarOnAllShortTexts) {
    const std::string alphabet = "{}[]\":,-01e";
    std::uint64_t good_count = 0;
    std::vector<std::string> texts{""};
    for (int size = 0; size <= 5; size++) {
        std::vector<std::string> longer;
        for (const std::string& text : texts) {
            const bool expected = Grammar{text}.matches();
            good_count += expected ? 1U : 0U;
            ASSERT_EQ(is_json(text), expected) << text;
            for (const char letter : alphabet) longer.push_back(text + letter);
        }
        if (size < 5) texts = std::move(longer);
    }
    EXPECT_GT(good_count, 1000U);
}

TEST(Json, KnowsWhatFitsIntoALine) {
    for (const std::string text : {"1", "{\"a\": 1}", "\"x\"", "[1, 2]"}) {
        EXPECT_TRUE(is_json_line(text)) << text;
    }
    for (const std::string text : {"", " 1", "1 ", "{\n}", "[1,\r2]", "1 2", "x", "\"", "\xff"}) {
        EXPECT_FALSE(is_json_line(text)) << text;
    }
}

TEST(Json, UnescapesInPlace) {
    const auto text_of = [](std::string inside) {
        const Unescaped unescaped = unescape(inside);
        return unescaped.is_text ? std::string{unescaped.text} : "not text"s;
    };
    EXPECT_EQ(text_of(""), "");
    EXPECT_EQ(text_of("plain"), "plain");
    EXPECT_EQ(text_of(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(text_of(R"(a\u0041\u00e9\u20ac\u0000z)"), "aA\xc3\xa9\xe2\x82\xac\0z"s);
    EXPECT_EQ(text_of(R"(\ud83d\ude00!)"), "\xf0\x9f\x98\x80!");
    EXPECT_EQ(text_of(R"(\uDBFF\uDFFF)"), "\xf4\x8f\xbf\xbf");
    for (const std::string half : {R"(\ud83d)", R"(\ude00)", R"(\ud83dx)", R"(\ud83d\u0041)",
                                   R"(\ud83d\n....)", R"(\ud83d\ud83d)"}) {
        EXPECT_EQ(text_of(half), "not text") << half;
    }
}

TEST(Base64, GivesBackAllBytes) {
    for (std::size_t size = 0; size <= 64; size++) {
        std::string bytes;
        for (std::size_t i = 0; i < size; i++) bytes += static_cast<char>(i * 37 + size * 11);
        std::string text;
        for (std::size_t i = 0; i < size; i += 3) {
            char four[4];
            encode_base64(as_bytes(std::string_view{bytes}.substr(i, 3)), four);
            text.append(four, 4);
        }
        const Decoded decoded = decode_base64(text);
        EXPECT_TRUE(decoded.is_base64);
        EXPECT_EQ(as_text(decoded.bytes), bytes);
    }
}

TEST(Base64, IsStrict) {
    const auto text_of = [](std::string text) {
        const Decoded decoded = decode_base64(text);
        return decoded.is_base64 ? std::string{as_text(decoded.bytes)} : "no"s;
    };
    EXPECT_EQ(text_of("aGVsbG8="), "hello");
    EXPECT_EQ(text_of("+/+/"), "\xfb\xff\xbf");
    EXPECT_EQ(text_of(""), "");
    for (const std::string bad : {"a", "aG", "aGV", "aGVsbG8", "a===", "====", "aG=V", "aGV\n",
                                  "aG V", "-_-_", "aGVsbG9=", "aH==", "aG==aG==", "=aGV"}) {
        EXPECT_EQ(text_of(bad), "no") << bad;
    }
}

TEST(Nearest, FindsWhatWasMeant) {
    const std::vector<std::string_view> words{"append", "read", "log", "verify", "help", "version"};
    EXPECT_EQ(nearest("apend", words), "append");
    EXPECT_EQ(nearest("raed", words), "read");
    EXPECT_EQ(nearest("verfy", words), "verify");
    EXPECT_EQ(nearest("lgo", words), "log");
    EXPECT_EQ(nearest("appendd", words), "append");
    EXPECT_EQ(nearest("vresoin", words), "version");
    EXPECT_EQ(nearest("destroy", words), "");
    EXPECT_EQ(nearest("", words), "");
    EXPECT_EQ(nearest(std::string(100, 'a'), words), "");
}

}  // namespace
}  // namespace freshet::shell
