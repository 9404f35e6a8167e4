// SPDX-License-Identifier: MIT
// Operators between and behind operands, by precedence.
#include "sql/parser.hpp"

namespace freshet::sql {
namespace {

using Kind = ExpressionKind;

Kind kind_of(TokenKind token) noexcept {
    switch (token) {
        case TokenKind::plus: return Kind::add;
        case TokenKind::minus: return Kind::subtract;
        case TokenKind::star: return Kind::multiply;
        case TokenKind::slash: return Kind::divide;
        case TokenKind::percent: return Kind::modulo;
        case TokenKind::concat: return Kind::concat;
        case TokenKind::equal: return Kind::equal;
        case TokenKind::not_equal: return Kind::not_equal;
        case TokenKind::less: return Kind::less;
        case TokenKind::less_equal: return Kind::less_equal;
        case TokenKind::greater: return Kind::greater;
        case TokenKind::greater_equal: return Kind::greater_equal;
        case TokenKind::shift_left: return Kind::shift_left;
        case TokenKind::shift_right: return Kind::shift_right;
        case TokenKind::bit_and: return Kind::bit_and;
        case TokenKind::bit_or: return Kind::bit_or;
        default: return Kind::count;
    }
}

// in_list stands for both kinds of IN.
Kind kind_of(Word word) noexcept {
    switch (word) {
        case Word::or_: return Kind::logical_or;
        case Word::and_: return Kind::logical_and;
        case Word::is: return Kind::is;
        case Word::isnull:
        case Word::notnull: return Kind::is_null;
        case Word::like: return Kind::like;
        case Word::glob: return Kind::glob;
        case Word::between: return Kind::between;
        case Word::in: return Kind::in_list;
        default: return Kind::count;
    }
}

}  // namespace

Parser::Chain Parser::begin(ExpressionKind kind, std::uint32_t start) noexcept {
    auto* const node = make<Expression>();
    node->kind = kind;
    node->place.offset = start;
    return {node, &node->operands.first};
}

void Parser::add(Chain& chain, Expression* operand) noexcept {
    *chain.end = operand;
    chain.end = &operand->next;
    chain.node->operands.count++;
    chain.node->place = since(chain.node->place.offset);
    raise(*chain.node, operand->height);
}

// `height` is that of something below `parent`.
void Parser::raise(Expression& parent, std::uint32_t height) noexcept {
    if (height >= depth_max) return fail_depth(parent.place);
    parent.height = std::max(parent.height, static_cast<std::uint16_t>(height + 1));
    tallest_ = std::max(tallest_, parent.height);
}

Expression* Parser::expression(Precedence minimum) noexcept {
    const std::uint32_t start = token_.place.offset;
    if (!enter()) return make<Expression>();
    Expression* left = prefix();
    Chain chain;
    for (;;) {
        const ExpressionKind kind = infix_kind();
        if (kind == Kind::count || operator_of(kind).precedence < minimum) break;
        const bool goes_on = chain.node != nullptr && chain.node->kind == kind;
        if (goes_on && operator_of(kind).is_chain) {
            advance();
            add(chain, expression(above(operator_of(kind).precedence)));
        } else {
            chain = infix(kind, left, start);
            left = chain.node;
        }
    }
    leave();
    return left;
}

// What token_ does between two operands; count: nothing.
ExpressionKind Parser::infix_kind() const noexcept {
    if (!at(TokenKind::word)) return kind_of(token_.kind);
    if (!at(Word::not_)) return kind_of(token_.word);
    const Word next = peek(1).word;
    if (next == Word::null) return Kind::is_null;
    const ExpressionKind kind = kind_of(next);
    const bool takes_not =
        kind == Kind::like || kind == Kind::glob || kind == Kind::between || kind == Kind::in_list;
    return takes_not ? kind : Kind::count;
}

Parser::Chain Parser::infix(ExpressionKind kind, Expression* left, std::uint32_t start) noexcept {
    Chain chain = begin(kind, start);
    add(chain, left);
    chain.node->negated = accept(Word::not_) || at(Word::notnull);
    advance();
    switch (kind) {
        case Kind::is: is_operator(chain); break;
        case Kind::is_null: break;
        case Kind::like:
        case Kind::glob: like_operator(chain); break;
        case Kind::between: between_operator(chain); break;
        case Kind::in_list: in_operator(chain); break;
        default: add(chain, expression(above(operator_of(kind).precedence)));
    }
    chain.node->place = since(start);
    return chain;
}

// IS [NOT] [DISTINCT FROM] operand, where IS DISTINCT FROM is IS NOT.
void Parser::is_operator(Chain& chain) noexcept {
    bool negated = accept(Word::not_);
    if (accept(Word::distinct, Word::from)) negated = !negated;
    chain.node->negated = negated;
    Expression* const right = expression(Precedence::comparison);
    if (right->kind == Kind::null)
        chain.node->kind = Kind::is_null;
    else
        add(chain, right);
}

void Parser::like_operator(Chain& chain) noexcept {
    add(chain, expression(Precedence::comparison));
    if (chain.node->kind == Kind::like && accept(Word::escape))
        add(chain, expression(Precedence::comparison));
}

void Parser::between_operator(Chain& chain) noexcept {
    add(chain, expression(Precedence::logical_not));
    expect(Word::and_);
    add(chain, expression(Precedence::comparison));
}

void Parser::in_operator(Chain& chain) noexcept {
    Expression& node = *chain.node;
    if (at_name()) {
        node.kind = Kind::in_select;
        node.select = whole_table();
        return raise(node, node.select->height);
    }
    expect(TokenKind::open);
    if (at_select()) {
        node.kind = Kind::in_select;
        const Select* const values = select();
        node.select = values;
        raise(node, values->height);
    } else if (!at(TokenKind::close)) {
        do add(chain, expression());
        while (accept(TokenKind::comma));
    }
    expect(TokenKind::close);
}

// SELECT * FROM name
const Select* Parser::whole_table() noexcept {
    auto* const select = make<Select>();
    auto* const only = make<Arm>();
    auto* const column = make<ResultColumn>();
    auto* const from = make<Source>();
    select->place = only->place = column->place = from->place = token_.place;
    column->kind = ResultColumn::Kind::star;
    from->name = take_name();
    Appender{only->columns}.push(column);
    Appender{only->from}.push(from);
    Appender{select->arms}.push(only);
    return select;
}

}  // namespace freshet::sql
