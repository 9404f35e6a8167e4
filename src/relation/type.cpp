// SPDX-License-Identifier: MIT
#include "relation/type.hpp"

#include <array>

#include "base/nearest.hpp"
#include "base/utf8.hpp"

namespace freshet {

const char* type_name(Type type) noexcept {
    switch (type) {
        case Type::null: return "NULL";
        case Type::boolean: return "BOOL";
        case Type::integer: return "INT";
        case Type::real: return "FLOAT";
        case Type::text: return "TEXT";
        case Type::blob: return "BLOB";
        case Type::date: return "DATE";
        case Type::timestamp: return "TIMESTAMP";
    }
    return "unknown";
}

namespace relation {
namespace {

struct Name {
    std::string_view name;
    ColumnType type;
};

constexpr std::array<Name, 48> names = {{
    {"BOOL", ColumnType::boolean},
    {"BOOLEAN", ColumnType::boolean},
    {"INT", ColumnType::integer},
    {"INTEGER", ColumnType::integer},
    {"TINYINT", ColumnType::integer},
    {"SMALLINT", ColumnType::integer},
    {"MEDIUMINT", ColumnType::integer},
    {"BIGINT", ColumnType::integer},
    {"INT2", ColumnType::integer},
    {"INT4", ColumnType::integer},
    {"INT8", ColumnType::integer},
    {"INT64", ColumnType::integer},
    {"UNSIGNED BIG INT", ColumnType::integer},
    {"SERIAL", ColumnType::integer},
    {"SMALLSERIAL", ColumnType::integer},
    {"BIGSERIAL", ColumnType::integer},
    {"FLOAT", ColumnType::real},
    {"FLOAT4", ColumnType::real},
    {"FLOAT8", ColumnType::real},
    {"REAL", ColumnType::real},
    {"DOUBLE", ColumnType::real},
    {"DOUBLE PRECISION", ColumnType::real},
    {"NUMERIC", ColumnType::real},
    {"DECIMAL", ColumnType::real},
    {"DEC", ColumnType::real},
    {"TEXT", ColumnType::text},
    {"CHAR", ColumnType::text},
    {"CHARACTER", ColumnType::text},
    {"VARCHAR", ColumnType::text},
    {"CHARACTER VARYING", ColumnType::text},
    {"NCHAR", ColumnType::text},
    {"NVARCHAR", ColumnType::text},
    {"CLOB", ColumnType::text},
    {"STRING", ColumnType::text},
    {"UUID", ColumnType::text},
    {"JSON", ColumnType::text},
    {"BLOB", ColumnType::blob},
    {"BYTEA", ColumnType::blob},
    {"BINARY", ColumnType::blob},
    {"VARBINARY", ColumnType::blob},
    {"DATE", ColumnType::date},
    {"TIMESTAMP", ColumnType::timestamp},
    {"TIMESTAMPTZ", ColumnType::timestamp},
    {"TIME", ColumnType::timestamp},
    {"DATETIME", ColumnType::timestamp},
    {"TIMESTAMP WITH TIME ZONE", ColumnType::timestamp},
    {"TIMESTAMP WITHOUT TIME ZONE", ColumnType::timestamp},
    {"EMAIL", ColumnType::email},
}};

char upper(char letter) noexcept {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

bool is_space(char letter) noexcept {
    return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

// In capitals, one blank between words, without what stands in parentheses; cut where it is longer
// than any name. Empty: a parenthesis is not closed.
class Plain {
public:
    explicit Plain(std::string_view name) noexcept {
        bool in_parentheses = false;
        for (const char letter : name) {
            if (letter == '(') in_parentheses = true;
            if (in_parentheses || is_space(letter)) {
                blank_ = size_ > 0;
            } else {
                add(upper(letter));
            }
            if (letter == ')') in_parentheses = false;
        }
        if (in_parentheses) size_ = 0;
    }
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

private:
    void add(char letter) noexcept {
        if (blank_ && size_ + 1 < text_.size()) text_[size_++] = ' ';
        blank_ = false;
        if (size_ < text_.size()) text_[size_++] = letter;
    }

    std::array<char, 48> text_{};
    std::size_t size_ = 0;
    bool blank_ = false;
};

bool is_digit(char letter) noexcept {
    return letter >= '0' && letter <= '9';
}

bool is_letter_or_digit(char letter) noexcept {
    const char capital = upper(letter);
    return is_digit(letter) || (capital >= 'A' && capital <= 'Z') ||
           static_cast<unsigned char>(letter) >= 0x80;
}

// Words of letters, digits and `others`, with points between them. Returns how many; 0: it is no
// such thing.
std::size_t count_words(std::string_view text, std::string_view others,
                        std::size_t word_size_max) noexcept {
    std::size_t count = 1;
    std::size_t size = 0;
    for (const char letter : text) {
        if (letter == '.') {
            if (size == 0) return 0;
            count++;
            size = 0;
            continue;
        }
        if (!is_letter_or_digit(letter) && others.find(letter) == std::string_view::npos) return 0;
        if (++size > word_size_max) return 0;
    }
    return size == 0 ? 0 : count;
}

bool is_domain(std::string_view text) noexcept {
    if (count_words(text, "-", 63) < 2) return false;
    bool is_number = true;  // The last label.
    for (std::size_t i = 0; i < text.size(); i++) {
        const bool is_first = i == 0 || text[i - 1] == '.';
        const bool is_last = i + 1 == text.size() || text[i + 1] == '.';
        if (text[i] == '-' && (is_first || is_last)) return false;
        if (is_first) is_number = true;
        if (!is_digit(text[i])) is_number = false;
    }
    return !is_number;
}

}  // namespace

Result<Value> whole_value(Type type, std::int64_t number) noexcept {
    const auto is_between = [number](std::int64_t min, std::int64_t max) noexcept {
        return number >= min && number <= max;
    };
    if (type == Type::integer) return Value::integer(number);
    if (type == Type::boolean && is_between(0, 1)) return Value::boolean(number == 1);
    if (type == Type::date && is_between(date_min, date_max)) return Value::date(number);
    if (type == Type::timestamp && is_between(timestamp_min, timestamp_max))
        return Value::timestamp(number);
    return Code::corrupt;
}

const char* type_name(ColumnType type) noexcept {
    return type == ColumnType::email ? "EMAIL" : freshet::type_name(value_type(type));
}

Result<ColumnType> find_type(std::string_view name) noexcept {
    const Plain plain{name};
    for (const Name& known : names) {
        if (known.name == plain.view()) return known.type;
    }
    return Code::invalid_argument;
}

std::string_view nearest_type_name(std::string_view name) noexcept {
    const Plain plain{name};
    Nearest nearest{plain.view()};
    for (const Name& known : names) nearest.consider(known.name);
    for (const Name& known : names) {
        if (known.name == nearest.best()) return known.name;
    }
    return {};
}

bool is_email(std::string_view text) noexcept {
    const std::size_t at = text.find('@');
    if (at > 64 || text.size() > 254) return false;
    const std::string_view name{text.data(), at};
    const std::string_view domain{text.data() + at + 1, text.size() - at - 1};
    return count_words(name, "!#$%&'*+-/=?^_`{|}~", 64) > 0 && is_domain(domain) && is_utf8(text);
}

}  // namespace relation
}  // namespace freshet
