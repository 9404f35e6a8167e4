// SPDX-License-Identifier: MIT
// What is said of a text that is not SQL: where it is, what was expected and what was found there,
// and one hint.
#include "base/nearest.hpp"
#include "base/sql_error.hpp"
#include "base/text.hpp"
#include "sql/parser.hpp"

namespace freshet::sql {
namespace {

constexpr std::size_t shown_size_max = 48;

// Words that may stand behind an alias, or where a statement could be at its end.
constexpr std::array clause_words = {
    Word::from,   Word::where,     Word::group,  Word::having, Word::order,  Word::limit,
    Word::union_, Word::intersect, Word::except, Word::join,   Word::left,   Word::inner,
    Word::cross,  Word::on,        Word::using_, Word::set,    Word::values, Word::returning,
    Word::offset, Word::expect,    Word::and_,   Word::or_,    Word::as};

// What other databases have.
constexpr std::array<std::string_view, 20> missing_words = {
    "ANALYZE",  "ATTACH",  "COLLATE",  "DEFERRABLE", "DETACH",    "FILTER", "GENERATED",
    "GRANT",    "MATCH",   "MERGE",    "OVER",       "RECURSIVE", "REGEXP", "REVOKE",
    "SEQUENCE", "TRIGGER", "TRUNCATE", "VACUUM",     "WINDOW",    "WITH"};

// A part of a text, cut within no letter.
class Shown {
public:
    explicit Shown(std::string_view text) noexcept {
        TextWriter writer{letters_};
        writer.text(text);
        size_ = writer.written().size();
        is_cut_ = writer.is_full();
    }
    [[nodiscard]] std::string_view text() const noexcept { return {letters_.data(), size_}; }
    [[nodiscard]] std::string_view rest() const noexcept { return is_cut_ ? "..." : ""; }

private:
    std::array<char, shown_size_max> letters_{};
    std::size_t size_ = 0;
    bool is_cut_ = false;
};

Word nearest_word(std::string_view typed, std::span<const Word> words) noexcept {
    std::array<char, Nearest::word_size_max> capitals{};
    if (typed.size() > capitals.size()) return Word::none;
    for (std::size_t i = 0; i < typed.size(); i++) capitals[i] = capital(typed[i]);
    Nearest nearest{{capitals.data(), typed.size()}};
    for (const Word word : words) nearest.consider(text_of(word));
    return find_word(nearest.best());
}

struct DefectWords {
    std::string_view message;
    std::string_view hint;
};

DefectWords words_of(Defect defect) noexcept {
    switch (defect) {
        case Defect::open_text:
            return {"the text that begins here does not end", "close it with '"};
        case Defect::open_name:
            return {"the quoted name that begins here does not end",
                    "close it with the quote that opens it"};
        case Defect::open_comment:
            return {"the comment that begins here does not end", "close it with */"};
        case Defect::open_blob:
            return {"the blob that begins here does not end", "close it with '"};
        case Defect::empty_name: return {"a quoted name is empty", "texts stand between ' and '"};
        case Defect::bad_blob:
            return {"a blob is pairs of hexadecimal digits", "write it as x'0aff'"};
        case Defect::bad_number:
            return {"a number runs into a word", "put a blank between them, or quote the name"};
        case Defect::bad_parameter:
            return {"a parameter needs a name", "write it as ?, ?1, :name, @name or $name"};
        default: return {"", ""};
    }
}

}  // namespace

void Parser::fail(Code code, Place place, std::initializer_list<std::string_view> message,
                  std::initializer_list<std::string_view> hint) noexcept {
    if (has_failed()) return;
    error_.error = code;
    error_.offset = place.offset;
    error_.size = place.size;
    set_message(error_, message);
    set_hint(error_, hint);
    token_ = Token{};
    token_.place.offset = static_cast<std::uint32_t>(text_.size());
}

void Parser::fail_memory() noexcept {
    fail(Code::out_of_memory, token_.place, {"the memory lent for this statement is full"},
         {"lend more, or make several statements of it"});
}

void Parser::fail_depth(Place place) noexcept {
    fail(Code::too_large, {place.offset, 0}, {"nested too deeply from here on"},
         {"write it with fewer levels, or in several statements"});
}

void Parser::fail_defect(const Token& token) noexcept {
    Place place = token.place;
    std::array<char, 40> room{};
    TextWriter byte{room};
    if (token.defect == Defect::bad_utf8) {
        place = {token.fault, 1};
        byte.text("the byte 0x").hex(static_cast<unsigned char>(text_[token.fault]), 2);
        return fail(Code::syntax, place, {byte.written(), " here is not UTF-8"},
                    {"texts and names are UTF-8; write other bytes as x'..'"});
    }
    if (token.defect == Defect::bad_character) {
        const char letter = text_[place.offset];
        const bool is_shown = letter > ' ' && letter < '\x7f';
        byte.text(is_shown ? "the character " : "the byte 0x");
        if (is_shown)
            byte.character(letter);
        else
            byte.hex(static_cast<unsigned char>(letter), 2);
        return fail(Code::syntax, place, {byte.written(), " means nothing here"},
                    {letter == '!' ? "unequal is <>, and not is NOT" : "take it away"});
    }
    const DefectWords words = words_of(token.defect);
    place.size = token.defect == Defect::open_comment ? 2 : place.size;
    if (token.defect == Defect::open_text || token.defect == Defect::open_name) place.size = 1;
    fail(Code::syntax, place, {words.message}, {words.hint});
}

void Parser::unexpected(std::string_view wanted, std::span<const Word> words,
                        Wanted kind) noexcept {
    if (has_failed()) return;
    const Token found = token_;
    const Shown shown{text_at(found.place)};
    const bool is_end = found.kind == TokenKind::end;
    error_.error = Code::syntax;
    error_.offset = found.place.offset;
    error_.size = found.place.size;
    set_message(error_, {"expected ", wanted, ", found ",
                         is_end ? "the end of the text" : shown.text(), shown.rest()});
    hint_at_unexpected(words, kind);
    token_ = Token{};
    token_.place.offset = static_cast<std::uint32_t>(text_.size());
}

void Parser::hint_at_unexpected(std::span<const Word> words, Wanted kind) noexcept {
    if (hint_at_slip(words) || hint_at_missing_feature()) return;
    if (previous_ == TokenKind::comma)
        return set_hint(error_, {"is there a comma too many before it?"});
    if (previous_ == TokenKind::bit_and && at(TokenKind::bit_and))
        return set_hint(error_, {"did you mean AND?"});
    if (previous_ == TokenKind::equal && at(TokenKind::greater))
        return set_hint(error_, {"did you mean >=?"});
    if (at_select() && peek(1).kind != TokenKind::end)
        return set_hint(error_, {"a SELECT within a statement stands in parentheses"});
    if (kind == Wanted::name && use_of(token_.word) == WordUse::reserved)
        return set_hint(error_, {"as a name it must be quoted: \"", text_at(token_.place), "\""});
    if (at(TokenKind::close))
        return set_hint(error_, {"is something missing before it, or is it one ) too many?"});
    if (at(TokenKind::end) || at(TokenKind::semicolon))
        return set_hint(error_, {"the statement is not complete"});
    set_hint(error_, {"look at what stands before it"});
}

// A keyword that was mistyped here, or before, where it was taken for an alias.
bool Parser::hint_at_slip(std::span<const Word> words) noexcept {
    const bool has_slip = slip_.text.size() > 2 && slip_.place.end() == end_;
    const Word slipped = has_slip ? nearest_word(slip_.text, clause_words) : Word::none;
    if (slipped != Word::none) {
        const Shown slip{slip_.text};
        set_hint(error_, {"did you mean ", text_of(slipped), " where it says ", slip.text(),
                          slip.rest(), "?"});
        return true;
    }
    if (!at(TokenKind::word) || token_.place.size < 2) return false;
    const Word meant = nearest_word(text_at(token_.place), words.empty() ? clause_words : words);
    if (meant == Word::none || meant == token_.word) return false;
    set_hint(error_, {"did you mean ", text_of(meant), "?"});
    return true;
}

bool Parser::hint_at_missing_feature() noexcept {
    if (!at(TokenKind::word)) return false;
    const std::string_view found = text_at(token_.place);
    for (const std::string_view word : missing_words) {
        const auto is_same = [](char a, char b) noexcept { return capital(a) == b; };
        if (!std::equal(found.begin(), found.end(), word.begin(), word.end(), is_same)) continue;
        set_hint(error_, {"there is no ", word, " in this SQL"});
        return true;
    }
    return false;
}

}  // namespace freshet::sql
