// SPDX-License-Identifier: MIT
// Goal: the words of SQL are told apart as SQLite does it, each at its place, and what is no word
// is named with the place where it went wrong. Method: examples of each kind and its breach; random
// texts, whose tokens must cover all but blanks.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "sql/lexer.hpp"
#include "sql/statement_hash.hpp"

namespace freshet::sql {
namespace {

using namespace std::string_literals;

std::vector<Token> tokens_of(std::string_view text) {
    std::vector<Token> tokens;
    Lexer lexer{text};
    for (Token token = lexer.next(); token.kind != TokenKind::end; token = lexer.next())
        tokens.push_back(token);
    return tokens;
}

// A letter for each token, and its text.
std::string shown(std::string_view text) {
    // In the order of TokenKind.
    constexpr std::string_view letters = "$wqtbirp,;.()+-*/%csn<l>gLR&|~!";
    static_assert(letters.size() == static_cast<std::size_t>(TokenKind::count));
    std::string all;
    for (const Token& token : tokens_of(text)) {
        if (!all.empty()) all += ' ';
        all += letters[static_cast<std::size_t>(token.kind)];
        all += ':';
        all += text.substr(token.place.offset, token.place.size);
    }
    return all;
}

TEST(Lexer, TellsWordsApart) {
    const struct {
        std::string text;
        std::string tokens;
    } cases[] = {
        {"", ""},
        {" \t\r\n\f", ""},
        {"select a1_$", "w:select w:a1_$"},
        {"\xc3\xa9t\xc3\xa9", "w:\xc3\xa9t\xc3\xa9"},
        {R"("a""b" `c``d` [e"f])", R"(q:"a""b" q:`c``d` q:[e"f])"},
        {"'a' 'it''s' ''", "t:'a' t:'it''s' t:''"},
        {"[a]]", "q:[a] !:]"},
        {"'a\nb'", "t:'a\nb'"},
        {"x'0aFF' X'' xy x 'a'", "b:x'0aFF' b:X'' w:xy w:x t:'a'"},
        {"0 12 007 0x1F 0X0", "i:0 i:12 i:007 i:0x1F i:0X0"},
        {"1.5 1. .5 1e5 1E+5 1.e-5 .5e5", "r:1.5 r:1. r:.5 r:1e5 r:1E+5 r:1.e-5 r:.5e5"},
        {"1.2.3", "r:1.2 r:.3"},
        {"a.b", "w:a .:. w:b"},
        {"? ?12 :a @b1 $c", "p:? p:?12 p::a p:@b1 p:$c"},
        {"?a", "p:? w:a"},
        {",;.()+-*/%", ",:, ;:; .:. (:( ):) +:+ -:- *:* /:/ %:%"},
        {"= == <> != < <= > >= << >> & | || ~",
         "s:= s:== n:<> n:!= <:< l:<= >:> g:>= L:<< R:>> &:& |:| c:|| ~:~"},
        {"<<=", "L:<< s:="},
        {"|||", "c:|| |:|"},
        {"a--b\nc--", "w:a w:c"},
        {"a/*b*/c/**/d/* * / */", "w:a w:c w:d"},
        {"a/ *b", "w:a /:/ *:* w:b"},
        {"- -1", "-:- -:- i:1"},
        {"\xef\xbb\xbf"
         "a \xef\xbb\xbf"
         "b",
         "w:a w:b"},
    };
    for (const auto& [text, tokens] : cases) EXPECT_EQ(shown(text), tokens) << text;
}

TEST(Lexer, NamesWhatIsNoWordAndWhere) {
    const struct {
        std::string text;
        Defect defect;
        std::uint32_t offset;
        std::uint32_t size;
        std::uint32_t fault;
    } cases[] = {
        {"a 'b", Defect::open_text, 2, 2, 0},
        {"a 'b''", Defect::open_text, 2, 4, 0},
        {"'", Defect::open_text, 0, 1, 0},
        {"a \"b'", Defect::open_name, 2, 3, 0},
        {"`b", Defect::open_name, 0, 2, 0},
        {"[b\"", Defect::open_name, 0, 3, 0},
        {"a /* b", Defect::open_comment, 2, 4, 0},
        {"/*/", Defect::open_comment, 0, 3, 0},
        {"x'ab", Defect::open_blob, 0, 4, 0},
        {"x'a'", Defect::bad_blob, 0, 4, 0},
        {"x'ag'", Defect::bad_blob, 0, 5, 0},
        {"\"\"", Defect::empty_name, 0, 2, 0},
        {"[]", Defect::empty_name, 0, 2, 0},
        {"12a", Defect::bad_number, 0, 3, 0},
        {"1.5e", Defect::bad_number, 0, 4, 0},
        {"0x", Defect::bad_number, 0, 2, 0},
        {"1e+", Defect::bad_number, 0, 2, 0},
        {"1$", Defect::bad_number, 0, 2, 0},
        {":", Defect::bad_parameter, 0, 1, 0},
        {"@ a", Defect::bad_parameter, 0, 1, 0},
        {"!", Defect::bad_character, 0, 1, 0},
        {"a ^ b", Defect::bad_character, 2, 1, 0},
        {"\0"s, Defect::bad_character, 0, 1, 0},
        {"\\", Defect::bad_character, 0, 1, 0},
        {"'a\xff'", Defect::bad_utf8, 0, 4, 2},
        {"'\xc3\xa9\xe2\x82'", Defect::bad_utf8, 0, 6, 3},
        {"ab\x80", Defect::bad_utf8, 0, 3, 2},
        {"\"\xed\xa0\x80\"", Defect::bad_utf8, 0, 5, 1},
        {":n\xc0", Defect::bad_utf8, 0, 3, 2},
        {"'\xf0\x9f\x98'", Defect::bad_utf8, 0, 5, 1},
    };
    for (const auto& [text, defect, offset, size, fault] : cases) {
        Token bad;
        for (const Token& token : tokens_of(text)) {
            if (token.kind == TokenKind::bad && bad.kind != TokenKind::bad) bad = token;
        }
        EXPECT_EQ(bad.kind, TokenKind::bad) << text;
        EXPECT_EQ(bad.defect, defect) << text;
        EXPECT_EQ(bad.place.offset, offset) << text;
        EXPECT_EQ(bad.place.size, size) << text;
        EXPECT_EQ(bad.fault, fault) << text;
    }
}

TEST(Lexer, CoversAllButBlanks) {
    constexpr std::string_view letters = "ab1.'\"`[]x-/*;,()?:@ \n\xc3\xa9=<>|e+0";
    std::mt19937 random{1};
    for (int i = 0; i < 20000; i++) {
        std::string text(random() % 12, ' ');
        for (char& letter : text) letter = letters[random() % letters.size()];
        std::uint32_t end = 0;
        for (const Token& token : tokens_of(text)) {
            ASSERT_GE(token.place.offset, end) << text;
            ASSERT_GT(token.place.size, 0U) << text;
            ASSERT_EQ(tokens_of(text.substr(end, token.place.offset - end)).size(), 0U) << text;
            end = token.place.end();
            ASSERT_LE(end, text.size()) << text;
        }
        ASSERT_EQ(tokens_of(text.substr(end)).size(), 0U) << text;
    }
}

TEST(Lexer, GivesTheEndForEver) {
    Lexer lexer{"a"};
    lexer.next();
    for (int i = 0; i < 3; i++) EXPECT_EQ(lexer.next().kind, TokenKind::end);
    EXPECT_EQ(Lexer{std::string_view{}}.next().kind, TokenKind::end);
}

TEST(Keywords, AreFoundInAnyCaseAndNothingElseIs) {
    for (std::uint8_t i = 1; i < static_cast<std::uint8_t>(Word::count); i++) {
        const Word word{i};
        std::string text{text_of(word)};
        EXPECT_EQ(find_word(text), word) << text;
        for (char& letter : text) {
            if (letter != '_') letter = static_cast<char>(letter | 0x20);
        }
        EXPECT_EQ(find_word(text), word) << text;
        EXPECT_EQ(find_word(text + "x"), Word::none);
        EXPECT_EQ(find_word(text.substr(1) + "q"), Word::none);
    }
    for (const char* text :
         {"", "a", "selec", "current_timestampx", "a name that is much too long"})
        EXPECT_EQ(find_word(text), Word::none) << text;
    EXPECT_EQ(use_of(Word::none), WordUse::name);
}

TEST(Keywords, AreReservedOnlyWhereTheyAreInSqlite) {
    for (const Word word : {Word::select, Word::table, Word::index, Word::order, Word::values})
        EXPECT_EQ(use_of(word), WordUse::reserved);
    for (const Word word : {Word::key, Word::version, Word::commit, Word::stream, Word::hash,
                            Word::transaction, Word::append, Word::expect, Word::date})
        EXPECT_EQ(use_of(word), WordUse::name);
}

TEST(StatementEnd, IsBehindTheSemicolonThatIsNotQuoted) {
    const struct {
        std::string text;
        std::uint32_t from;
        std::uint32_t offset;
        bool has_semicolon;
        bool is_open;
    } cases[] = {
        {"", 0, 0, false, false},      {"a", 0, 1, false, false},
        {"a;", 0, 2, true, false},     {"a;b;c", 2, 4, true, false},
        {"';';", 0, 4, true, false},   {"/*;*/;", 0, 6, true, false},
        {"--;\n;", 0, 5, true, false}, {"\";\" [;] `;` x';' ;", 0, 18, true, false},
        {"! ;", 0, 3, true, false},    {"a 'b;", 0, 5, false, true},
        {"a \"b;", 0, 5, false, true}, {"a /*b;", 0, 6, false, true},
        {"x'b;", 0, 4, false, true},
    };
    for (const auto& [text, from, offset, has_semicolon, is_open] : cases) {
        const StatementEnd end = find_statement_end(text, from);
        EXPECT_EQ(end.offset, offset) << text;
        EXPECT_EQ(end.has_semicolon, has_semicolon) << text;
        EXPECT_EQ(end.is_open, is_open) << text;
    }
}

bool is_same_but_for(const std::string& one, const std::string& other, std::uint32_t free) {
    const StatementWords words = cut_statement(one);
    const StatementWords other_words = cut_statement(other);
    bool is_exact = false;
    const bool is_same = is_same_statement({one, words}, {other, other_words}, free, is_exact);
    EXPECT_TRUE(!is_same || words.hash == other_words.hash) << one << " and " << other;
    return is_same;
}

bool is_exact_but_for(const std::string& one, const std::string& other, std::uint32_t free) {
    bool is_exact = false;
    is_same_statement({one, cut_statement(one)}, {other, cut_statement(other)}, free, is_exact);
    return is_exact;
}

TEST(StatementHash, IsThatOfTheWords) {
    const struct {
        std::string one;
        std::string other;
        bool is_same;
    } cases[] = {
        {"SELECT a", "select/**/A -- b", true},
        {"SELECT a;", "SELECT a", true},
        {"SELECT a; b", "SELECT a; c", true},
        {" SELECT\n\ta", "SELECT a ", true},
        {"a+b", "a + b", true},
        {"SELECT a", "SELECT b", false},
        {"SELECT a", "SELECT a b", false},
        {"SELECT a b", "SELECT ab", false},
        {"SELECT \"a\"", "SELECT a", false},
        {"SELECT \"a\"", "SELECT \"A\"", false},
        {"SELECT 'a'", "SELECT \"a\"", false},
        {"SELECT 'a'", "SELECT 'A'", false},
        {"SELECT 1", "SELECT 2", false},
        {"SELECT 1", "SELECT 1.0", false},
        {"SELECT ?1", "SELECT ?2", false},
        {"SELECT x'aa'", "SELECT 'aa'", false},
        {"", "a", false},
        {"", " ; ", true},
    };
    for (const auto& [one, other, is_same] : cases)
        EXPECT_EQ(is_same_but_for(one, other, 0), is_same) << one << " and " << other;
    const std::string two = "SELECT a; select A";
    EXPECT_EQ(cut_statement(two).end, 9U);
    EXPECT_EQ(cut_statement(two).hash, cut_statement(two.substr(9)).hash);
    EXPECT_EQ(cut_statement(two.substr(9)).end, two.size() - 9);
    EXPECT_EQ(cut_statement("; a").hash, 0U);
}

// Goal: literals that are free may be others of their kind, however the words around them are
// written, and none but these.
TEST(StatementHash, LeavesOutTheLiteralsThatAreFree) {
    constexpr std::uint32_t first = 1;
    constexpr std::uint32_t second = 2;
    const struct {
        std::string one;
        std::string other;
        std::uint32_t free;
        bool is_same;
        bool is_exact;
    } cases[] = {
        {"a = 1", "a = 1", 0, true, true},
        {"a = 1", "a = 234", first, true, true},
        {"a = 1", "a = 234", second, false, false},
        {"a = 1", "A =  234", first, true, false},
        {"a = 1;", "a = 2", first, true, false},
        {"a = 'x' + 1", "a = 'yz' + 1", first, true, true},
        {"a = 'x' + 1", "a = 'yz' + 2", first, false, false},
        {"a = 'x' + 1", "a = 'yz' + 2", first | second, true, true},
        {"a = 'x' + 1", "a='yz'+2", first | second, true, false},
        {"a = 1", "a = 'x'", first, false, false},
        {"a = 1", "a = 1.0", first, false, false},
        {"a = 1", "a = 0x1", first, false, false},
        {"a = 'x'", "a = 'it''s'", first, false, false},
        {"a = 'x' + 'y' + 'z'", "a = 'it''s' + 'y' + 'x'", first | second | 4, false, false},
        {"a = 'x'", "a = \"x\"", first, false, false},
        {"a = 1 b", "a = 1 c", first, false, false},
    };
    for (const auto& [one, other, free, is_same, is_exact] : cases) {
        EXPECT_EQ(is_same_but_for(one, other, free), is_same) << one << " and " << other;
        EXPECT_EQ(is_same_but_for(other, one, free), is_same) << one << " and " << other;
        EXPECT_TRUE(!is_same || is_exact_but_for(one, other, free) == is_exact) << other;
    }
    std::string many = "a";
    for (std::uint32_t i = 0; i <= literal_count_max; i++) many += " + 1";
    EXPECT_EQ(cut_statement(many).literal_count, literal_count_max);
    EXPECT_FALSE(is_same_but_for(many, many + "2", ~std::uint32_t{0}));
}

}  // namespace
}  // namespace freshet::sql
