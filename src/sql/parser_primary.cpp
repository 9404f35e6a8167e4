// SPDX-License-Identifier: MIT
// What an expression begins with: literals, names, functions, and what stands before an operand.
#include <limits>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "sql/parser.hpp"

namespace freshet::sql {
namespace {

using Kind = ExpressionKind;

constexpr std::uint64_t integer_max = std::numeric_limits<std::int64_t>::max();

std::uint8_t hex_value(char letter) noexcept {
    const char big = capital(letter);
    return static_cast<std::uint8_t>(big <= '9' ? big - '0' : big - 'A' + 10);
}

// Of 0x and hexadecimal digits: the bits of the number.
Result<std::uint64_t> hex_number(std::string_view text) noexcept {
    std::uint64_t value = 0;
    for (const char digit : text) {
        if (value >> 60 != 0) return Code::too_large;
        value = value << 4 | hex_value(digit);
    }
    return value;
}

bool is_hex(std::string_view text) noexcept {
    return text.size() > 2 && capital(text[1]) == 'X';
}

}  // namespace

Expression* Parser::prefix() noexcept {
    switch (token_.kind) {
        case TokenKind::word: return word();
        case TokenKind::quoted: return column_or_function();
        case TokenKind::integer: return integer();
        case TokenKind::real: {
            const std::string_view digits = text_at(token_.place);
            Expression* const real = leaf(Kind::real);
            real->text = digits;
            return real;
        }
        case TokenKind::text: return text_literal();
        case TokenKind::blob: return blob();
        case TokenKind::parameter: return parameter();
        case TokenKind::open: return parenthesized();
        case TokenKind::minus: return negation();
        case TokenKind::plus: return unary(Kind::plus);
        case TokenKind::bit_not: return unary(Kind::bit_not);
        default: unexpected("an expression"); return make<Expression>();
    }
}

// Takes the token.
Expression* Parser::leaf(ExpressionKind kind) noexcept {
    auto* const node = make<Expression>();
    node->kind = kind;
    node->place = token_.place;
    advance();
    return node;
}

Expression* Parser::unary(ExpressionKind kind) noexcept {
    Chain chain = begin(kind, token_.place.offset);
    advance();
    const bool is_not = kind == Kind::logical_not;
    add(chain, expression(is_not ? Precedence::equality : Precedence::unary));
    return chain.node;
}

// -9223372036854775808 is a number, though 9223372036854775808 is none.
Expression* Parser::negation() noexcept {
    const Token next = peek(1);
    if (next.kind != TokenKind::integer) return unary(Kind::negate);
    const std::string_view digits = text_at(next.place);
    const Result<std::uint64_t> value = parse_number(digits);
    if (!value || *value != integer_max + 1) return unary(Kind::negate);
    const std::uint32_t start = token_.place.offset;
    advance();
    Expression* const lowest = leaf(Kind::integer);
    lowest->integer = std::numeric_limits<std::int64_t>::min();
    lowest->place = since(start);
    return lowest;
}

Expression* Parser::parenthesized() noexcept {
    const std::uint32_t start = token_.place.offset;
    advance();
    if (at_select()) return of_select(Kind::subquery, start);
    Expression* const within = expression();
    expect(TokenKind::close);
    return within;
}

Expression* Parser::of_select(ExpressionKind kind, std::uint32_t start) noexcept {
    const Select* const inner = select();
    expect(TokenKind::close);
    auto* const node = make<Expression>();
    node->kind = kind;
    node->select = inner;
    node->place = since(start);
    raise(*node, inner->height);
    return node;
}

Expression* Parser::word() noexcept {
    switch (token_.word) {
        case Word::null: return constant(Kind::null);
        case Word::true_:
        case Word::false_: return constant(Kind::boolean);
        case Word::current_date: return constant(Kind::current_date);
        case Word::current_time: return constant(Kind::current_time);
        case Word::current_timestamp: return constant(Kind::current_timestamp);
        case Word::date: return typed_literal(Kind::date);
        case Word::time: return typed_literal(Kind::time);
        case Word::timestamp: return typed_literal(Kind::timestamp);
        case Word::not_: return unary(Kind::logical_not);
        case Word::case_: return case_expression();
        case Word::cast: return cast();
        case Word::exists: {
            const std::uint32_t start = token_.place.offset;
            advance();
            expect(TokenKind::open);
            if (!at_select()) unexpected("SELECT", std::array{Word::select});
            return of_select(Kind::exists, start);
        }
        default: return column_or_function();
    }
}

Expression* Parser::constant(ExpressionKind kind) noexcept {
    const bool is_true = at(Word::true_);
    Expression* const node = leaf(kind);
    node->integer = is_true ? 1 : 0;
    return node;
}

// DATE '2026-11-21'; without a text it is a name.
Expression* Parser::typed_literal(ExpressionKind kind) noexcept {
    if (peek(1).kind != TokenKind::text) return column_or_function();
    const std::uint32_t start = token_.place.offset;
    advance();
    Expression* const literal = text_literal();
    literal->kind = kind;
    literal->place = since(start);
    return literal;
}

Expression* Parser::integer() noexcept {
    const Place place = token_.place;
    const std::string_view digits = text_at(place);
    const Result<std::uint64_t> value =
        is_hex(digits) ? hex_number({digits.data() + 2, digits.size() - 2}) : parse_number(digits);
    if (!value || (*value > integer_max && !is_hex(digits))) {
        fail(Code::syntax, place,
             {"the integer ", digits, " is not between -9223372036854775808 and ",
              "9223372036854775807"},
             {"with a point it is a FLOAT, between quotes a text"});
    }
    Expression* const node = leaf(Kind::integer);
    node->integer = static_cast<std::int64_t>(*value);
    return node;
}

Expression* Parser::text_literal() noexcept {
    const std::string_view text = at(TokenKind::text) ? unescaped(token_) : std::string_view{};
    Expression* const node = leaf(Kind::text);
    node->text = text;
    return node;
}

Expression* Parser::blob() noexcept {
    const std::string_view digits = inside(text_, token_);
    Expression* const node = leaf(Kind::blob);
    if (digits.empty()) return node;
    const Result<MutableBytes> memory = arena_.bytes(digits.size() / 2, 1);
    if (!memory) {
        fail_memory();
        return node;
    }
    for (std::size_t i = 0; i < memory->size(); i++) {
        const int high = hex_value(digits[2 * i]) << 4;
        (*memory)[i] = static_cast<std::byte>(high | hex_value(digits[2 * i + 1]));
    }
    node->text = as_text(*memory);
    return node;
}

Expression* Parser::parameter() noexcept {
    const Place place = token_.place;
    const std::string_view text = text_at(place);
    Expression* const node = leaf(Kind::parameter);
    node->text = text;
    node->number = text == "?" ? parameter_count_ + 1 : number_of(text);
    parameter_count_ = std::max(parameter_count_, node->number);
    if (node->number > 0 && node->number <= parameter_number_max) return node;
    fail(Code::too_large, place, {"the number of a parameter is not between 1 and 32766"},
         {"give a longer list of values in several statements"});
    return node;
}

// The same name has the same number; a new one, the next. Names are found by a hash.
std::uint32_t Parser::number_of(std::string_view parameter) noexcept {
    std::uint32_t number = parameter_count_ + 1;
    if (parameter[0] == '?') {
        const Result<std::uint64_t> given =
            parse_number({parameter.data() + 1, parameter.size() - 1});
        number = given && *given <= parameter_number_max ? static_cast<std::uint32_t>(*given) : 0;
    }
    if (buckets_.empty()) {
        const auto buckets = arena_.array<Bucket>(bucket_count);
        if (!buckets) {
            fail_memory();
            return number;
        }
        buckets_ = *buckets;
    }
    Parameter*& bucket = buckets_[hash(0, as_bytes(parameter)) % bucket_count].first;
    for (const Parameter* known = bucket; known != nullptr; known = known->next_in_bucket) {
        if (known->name == parameter) return known->number;
    }
    auto* const added = make<Parameter>();
    if (has_failed()) return number;
    added->name = parameter;
    added->number = number;
    added->next_in_bucket = bucket;
    bucket = added;
    *parameters_end_ = added;
    parameters_end_ = &added->next;
    parameters_.count++;
    return number;
}

Expression* Parser::case_expression() noexcept {
    Chain chain = begin(Kind::case_when, token_.place.offset);
    advance();
    if (!at(Word::when)) {
        chain.node->kind = Kind::case_of;
        add(chain, expression());
    }
    do {
        expect(Word::when);
        add(chain, expression());
        expect(Word::then);
        add(chain, expression());
    } while (at(Word::when));
    if (accept(Word::else_)) add(chain, expression());
    expect(Word::end);
    chain.node->place = since(chain.node->place.offset);
    return chain.node;
}

Expression* Parser::cast() noexcept {
    if (peek(1).kind != TokenKind::open) return column_or_function();
    Chain chain = begin(Kind::cast, token_.place.offset);
    advance();
    advance();
    add(chain, expression());
    expect(Word::as);
    auto* const type = make<TypeName>();
    *type = type_name();
    if (type->text.empty()) unexpected("a type");
    chain.node->type = type;
    expect(TokenKind::close);
    chain.node->place = since(chain.node->place.offset);
    return chain.node;
}

Expression* Parser::column_or_function() noexcept {
    const Name first = name("an expression");
    if (at(TokenKind::open)) return function(first);
    auto* const node = make<Expression>();
    node->kind = Kind::column;
    node->text = first.text;
    if (accept(TokenKind::dot)) {
        auto* const table = make<Name>();
        *table = first;
        node->table = table;
        node->text = name("the name of a column").text;
    }
    node->place = since(first.place.offset);
    return node;
}

Expression* Parser::function(const Name& name) noexcept {
    Chain chain = begin(Kind::function, name.place.offset);
    chain.node->text = name.text;
    advance();
    if (accept(TokenKind::star)) {
        chain.node->star = true;
    } else if (!at(TokenKind::close)) {
        chain.node->distinct = accept(Word::distinct);
        if (!chain.node->distinct) accept(Word::all);
        do add(chain, expression());
        while (accept(TokenKind::comma));
    }
    expect(TokenKind::close);
    chain.node->place = since(name.place.offset);
    return chain.node;
}

TypeName Parser::type_name() noexcept {
    TypeName type;
    const std::uint32_t start = token_.place.offset;
    type.text = type_words();
    if (type.text.empty()) return type;
    if (accept(TokenKind::open)) {
        type.sizes[type.size_count++] = type_size();
        if (accept(TokenKind::comma)) type.sizes[type.size_count++] = type_size();
        expect(TokenKind::close);
    }
    type.place = since(start);
    return type;
}

// With one blank between each two of them, the text is what is written; else a copy has one.
std::string_view Parser::type_words() noexcept {
    const std::uint32_t start = token_.place.offset;
    std::size_t size = 0;
    bool is_plain = true;
    while (at(TokenKind::word) && at_name() && !at(Word::auto_increment)) {
        if (size > 0) {
            is_plain = is_plain && token_.place.offset == end_ + 1 && text_[end_] == ' ';
            size++;
        }
        size += token_.place.size;
        advance();
    }
    if (size == 0 || has_failed()) return {};
    if (is_plain) return text_at(since(start));
    const Result<MutableBytes> memory = arena_.bytes(size, 1);
    if (!memory) {
        fail_memory();
        return {};
    }
    TextWriter writer{{reinterpret_cast<char*>(memory->data()), size}};
    Lexer lexer{text_, start};
    for (Token token = lexer.next(); token.place.end() <= end_; token = lexer.next()) {
        if (token.place.offset > start) writer.character(' ');
        writer.text(text_at(token.place));
        if (token.place.end() == end_) break;
    }
    return writer.written();
}

std::int64_t Parser::type_size() noexcept {
    const bool is_negative = accept(TokenKind::minus);
    if (!is_negative) accept(TokenKind::plus);
    if (!at(TokenKind::integer) || is_hex(text_at(token_.place))) unexpected("a size");
    if (has_failed()) return 0;
    const std::int64_t size = integer()->integer;
    return is_negative ? -size : size;
}

}  // namespace freshet::sql
