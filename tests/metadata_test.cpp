// SPDX-License-Identifier: MIT
// Members of metadata: all texts of up to eight pieces against a parser that does it the long way,
// and the escapes of each character.
#include <optional>

#include "freshet/metadata.hpp"
#include "tests/store_fixture.hpp"

namespace freshet::test {
namespace {

// A strict parser, by the grammar; `member` is what the string member `k` of the outermost object
// says.
class Parser {
public:
    explicit Parser(std::string_view text) : text_{text} {}
    bool object(bool is_outermost) {
        if (!take('{')) return false;
        if (take('}')) return true;
        do {
            std::string name;
            if (!string(name) || !take(':')) return false;
            space();
            const bool is_string = at_ < text_.size() && text_[at_] == '"';
            std::string said;
            if (is_string ? !string(said) : !value()) return false;
            if (is_outermost && name == "k" && !found_) {
                found_ = true;
                if (is_string) member = said;
            }
        } while (take(','));
        return take('}');
    }
    bool ends() {
        space();
        return at_ == text_.size();
    }
    std::optional<std::string> member;

private:
    bool value() {
        space();
        if (at_ == text_.size()) return false;
        std::string ignored;
        if (text_[at_] == '"') return string(ignored);
        if (text_[at_] == '{') return object(false);
        if (text_[at_] == '[') return array();
        return take('1');
    }
    bool array() {
        take('[');
        if (take(']')) return true;
        do {
            if (!value()) return false;
        } while (take(','));
        return take(']');
    }
    bool string(std::string& said) {
        if (!take('"')) return false;
        for (; at_ < text_.size(); at_++) {
            if (text_[at_] == '"') {
                at_++;
                return true;
            }
            if (text_[at_] == '\\' && (++at_ == text_.size() || text_[at_] == 'k')) return false;
            said += text_[at_];
        }
        return false;
    }
    bool take(char letter) {
        space();
        if (at_ == text_.size() || text_[at_] != letter) return false;
        at_++;
        return true;
    }
    void space() {
        while (at_ < text_.size() && text_[at_] == ' ') at_++;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    bool found_ = false;
};

// Each text of pieces; of valid ones all is compared, of all others that nothing outside is
// touched, which a text of its own memory shows.
TEST(Metadata, FindsMembersAsAParserDoes) {
    const std::vector<std::string_view> pieces = {"{", "}", "[",   "]",      ",",  "\"k\"",
                                                  ":", "1", "\"a", "\\\"\"", "\"", " "};
    std::size_t valid = 0;
    std::size_t found = 0;
    const auto check = [&](const std::string& text) {
        const auto own = std::make_unique<char[]>(text.size());
        std::copy(text.begin(), text.end(), own.get());
        const Bytes bytes = as_bytes({own.get(), text.size()});
        const std::string_view member = metadata_member(bytes, "k");
        static_cast<void>(has_tag(bytes, "k"));
        Parser parser{text};
        if (!parser.object(true) || !parser.ends()) return;
        valid++;
        ASSERT_EQ(member.data() != nullptr, parser.member.has_value()) << text;
        if (!parser.member) return;
        found++;
        ASSERT_TRUE(json_says(member, *parser.member)) << text;
        ASSERT_FALSE(json_says(member, *parser.member + "x")) << text;
    };
    std::string text;
    const std::function<void(std::size_t)> extend = [&](std::size_t left) {
        check(text);
        if (left == 0) return;
        for (const std::string_view piece : pieces) {
            const std::size_t size = text.size();
            text += piece;
            extend(left - 1);
            text.resize(size);
        }
    };
    extend(5);
    for (const std::string_view before :
         {"{", "{\"a\":", "{\"a\":[", "{\"a\":{\"k\":", "{\"k\":"}) {
        text = before;
        extend(4);
    }
    EXPECT_GT(valid, 100U);
    EXPECT_GT(found, 20U);
}

TEST(Metadata, SaysWhatEscapesStandFor) {
    const std::vector<std::pair<std::string_view, std::string_view>> same = {
        {"", ""},
        {"abc", "abc"},
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
        {"\\u0041\\u005a", "AZ"},
        {"\\u00e9\\u00E9", "\xc3\xa9\xc3\xa9"},
        {"\\u20ac", "\xe2\x82\xac"},
        {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
        {"\\uDBFF\\uDFFF", "\xf4\x8f\xbf\xbf"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    };
    for (std::size_t i = 0; i < same.size(); i++) {
        for (std::size_t k = 0; k < same.size(); k++)
            EXPECT_EQ(json_says(same[i].first, same[k].second), same[i].second == same[k].second);
        const std::string_view plain = same[i].second;
        if (plain.empty()) continue;
        EXPECT_FALSE(json_says(same[i].first, plain.substr(1)));
        EXPECT_FALSE(json_says(same[i].first, plain.substr(0, plain.size() - 1)));
    }
    for (const std::string_view wrong :
         {"\\", "\\x", "\\u", "\\u12", "\\u12g4", "\\ud800", "\\ud800\\u0041", "\\ud800\\",
          "\\udc00", "\\ud800x", "\\ud800xu", "\\ud800\\x", "\\ud800\\ue000"}) {
        for (const std::string_view plain : {"", "x", "A", "\xed\xa0\x80"})
            EXPECT_FALSE(json_says(wrong, plain)) << wrong;
    }
    // Every character of the basic plane, against an encoder that knows nothing of it.
    for (unsigned code = 0; code < 0x10000; code++) {
        if (code >= 0xd800 && code < 0xe000) continue;
        std::array<char, 8> escape{};
        std::snprintf(escape.data(), escape.size(), "\\u%04x", code);
        std::string plain;
        if (code < 0x80) {
            plain = {static_cast<char>(code)};
        } else if (code < 0x800) {
            plain = {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
        } else {
            plain = {static_cast<char>(0xe0 | code >> 12),
                     static_cast<char>(0x80 | (code >> 6 & 63)),
                     static_cast<char>(0x80 | (code & 63))};
        }
        ASSERT_TRUE(json_says(escape.data(), plain)) << code;
    }
}

TEST(Metadata, HasTheTagsOfItsArray) {
    const auto has = [](std::string_view metadata, std::string_view tag) {
        return has_tag(as_bytes(metadata), tag);
    };
    EXPECT_TRUE(has(R"({"$tags":["a"]})", "a"));
    EXPECT_TRUE(has(R"( { "x":{"$tags":[]}, "$tags" : [ "a" , "b:\"1\"" ] })", "b:\"1\""));
    EXPECT_TRUE(has(R"({"\u0024tags":["\u0061"]})", "a"));
    EXPECT_FALSE(has(R"({"$tags":["ab"]})", "a"));
    EXPECT_FALSE(has(R"({"$tags":[]})", ""));
    EXPECT_FALSE(has(R"({"$tags":"a"})", "a"));
    EXPECT_FALSE(has(R"({"x":{"$tags":["a"]}})", "a"));
    EXPECT_FALSE(has(R"({"$tags":[)", "a"));
    EXPECT_FALSE(has("", "a"));
    EXPECT_EQ(
        metadata_member(as_bytes(R"({"$correlationId":"7","$causationId":"\\8"})"), "$causationId"),
        "\\\\8");
    EXPECT_EQ(metadata_member(as_bytes(R"({"n":7})"), "n").data(), nullptr);
}

}  // namespace
}  // namespace freshet::test
