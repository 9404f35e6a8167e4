// SPDX-License-Identifier: MIT
// SELECT and VALUES, compounds of them, and what they read from.
#include "relation/name.hpp"
#include "sql/parser.hpp"

namespace freshet::sql {

Select* Parser::select() noexcept {
    auto* const all = make<Select>();
    if (!enter()) return all;
    const std::uint32_t start = token_.place.offset;
    const std::uint16_t tallest_outside = tallest_;
    tallest_ = 1;
    Appender arms{all->arms};
    SetOperator joined_by = SetOperator::none;
    do {
        Arm* const next = arm();
        next->joined_by = joined_by;
        arms.push(next);
        joined_by = set_operator();
    } while (joined_by != SetOperator::none);
    if (accept(Word::order)) {
        expect(Word::by);
        all->order_by = list(&Parser::order_term);
    }
    limit(*all);
    all->place = since(start);
    all->height = tallest_;
    tallest_ = std::max(tallest_outside, tallest_);
    leave();
    return all;
}

SetOperator Parser::set_operator() noexcept {
    if (accept(Word::union_))
        return accept(Word::all) ? SetOperator::union_all : SetOperator::union_distinct;
    if (accept(Word::intersect)) return SetOperator::intersect;
    if (accept(Word::except)) return SetOperator::except;
    return SetOperator::none;
}

Arm* Parser::arm() noexcept {
    auto* const arm = make<Arm>();
    const std::uint32_t start = token_.place.offset;
    if (accept(Word::values)) {
        arm->is_values = true;
        arm->rows = list(&Parser::row);
    } else {
        expect(Word::select);
        select_arm(*arm);
    }
    arm->place = since(start);
    return arm;
}

Row* Parser::row() noexcept {
    auto* const row = make<Row>();
    const std::uint32_t start = token_.place.offset;
    expect(TokenKind::open);
    row->values = list(&Parser::listed_expression);
    expect(TokenKind::close);
    row->place = since(start);
    return row;
}

void Parser::select_arm(Arm& arm) noexcept {
    arm.distinct = accept(Word::distinct);
    if (!arm.distinct) accept(Word::all);
    arm.columns = list(&Parser::result_column);
    if (accept(Word::from)) arm.from = sources();
    if (accept(Word::where)) arm.where = expression();
    if (accept(Word::group)) {
        expect(Word::by);
        arm.group_by = list(&Parser::listed_expression);
    }
    if (accept(Word::having)) arm.having = expression();
}

ResultColumn* Parser::result_column() noexcept {
    auto* const column = make<ResultColumn>();
    const std::uint32_t start = token_.place.offset;
    if (accept(TokenKind::star)) {
        column->kind = ResultColumn::Kind::star;
    } else if (at_name() && peek(1).kind == TokenKind::dot && peek(2).kind == TokenKind::star) {
        column->kind = ResultColumn::Kind::table_star;
        column->name = take_name();
        advance();
        advance();
    } else {
        column->value = expression();
        column->place = since(start);
        column->name = alias();
        return column;
    }
    column->place = since(start);
    return column;
}

List<ResultColumn> Parser::returning() noexcept {
    if (!accept(Word::returning)) return {};
    return list(&Parser::result_column);
}

// [[AS] name], where a text may stand for a name. Words of joins need AS.
Name Parser::alias() noexcept {
    const bool is_said = accept(Word::as);
    const bool is_text = at(TokenKind::text) && token_.place.size > 2;
    const bool is_join = at(TokenKind::word) && use_of(token_.word) == WordUse::join;
    if (is_said && !is_text) return name("a name");
    if (!is_text && (!at_name() || is_join)) return {};
    const Name taken = is_text ? Name{unescaped(token_), token_.place} : take_name();
    if (is_text) advance();
    if (!is_said) slip_ = taken;
    return taken;
}

Name Parser::source_alias() noexcept {
    const bool is_index = at(Word::indexed) && peek(1).word == Word::by;
    const bool is_period = at(Word::for_) && peek(1).word == Word::system_time;
    return is_index || is_period ? Name{} : alias();
}

OrderTerm* Parser::order_term() noexcept {
    auto* const term = make<OrderTerm>();
    term->value = expression();
    term->order = order();
    if (accept(Word::nulls)) {
        term->nulls = at(Word::last) ? NullOrder::last : NullOrder::first;
        if (!accept(Word::last)) expect(Word::first);
    }
    return term;
}

Order Parser::order() noexcept {
    if (accept(Word::asc)) return Order::ascending;
    return accept(Word::desc) ? Order::descending : Order::none;
}

void Parser::limit(Select& select) noexcept {
    if (!accept(Word::limit)) return;
    select.limit = expression();
    if (accept(Word::offset)) {
        select.offset = expression();
    } else if (accept(TokenKind::comma)) {
        select.offset = select.limit;
        select.limit = expression();
    }
}

List<Source> Parser::sources() noexcept {
    List<Source> all;
    Appender appender{all};
    auto* next = make<Source>();
    do {
        source(*next);
        appender.push(next);
        next = make<Source>();
    } while (join_operator(*next));
    return all;
}

// NATURAL stands for USING all names that both sides have.
bool Parser::join_operator(Source& source) noexcept {
    if (accept(TokenKind::comma)) {
        source.join = Join::comma;
        return true;
    }
    source.natural = accept(Word::natural);
    source.join = Join::plain;
    if (accept(Word::join)) return true;
    if (accept(Word::inner)) {
        source.join = Join::inner;
    } else if (accept(Word::cross)) {
        source.join = Join::cross;
    } else if (at(Word::left) || at(Word::right) || at(Word::full)) {
        source.join = at(Word::left) ? Join::left : at(Word::right) ? Join::right : Join::full;
        advance();
        accept(Word::outer);
    } else if (!source.natural) {
        return false;
    }
    expect(Word::join);
    return true;
}

void Parser::source(Source& source) noexcept {
    const std::uint32_t start = token_.place.offset;
    if (accept(TokenKind::open)) {
        source_in_parentheses(source);
    } else {
        source.name = name("a table");
        if (at(TokenKind::dot)) source.name = name_in_schema(source.name);
        if (accept(TokenKind::open)) {
            source.kind = Source::Kind::function;
            if (!at(TokenKind::close)) source.arguments = list(&Parser::listed_expression);
            expect(TokenKind::close);
        }
        source.period = period();
        source.alias = source_alias();
        indexed_by(source.index, source.not_indexed);
    }
    source.place = since(start);
    if (source.join != Join::none) join_constraint(source);
}

// Of what stands in a schema the name has both words; there is one that has any.
Name Parser::name_in_schema(const Name& schema) noexcept {
    if (!relation::is_same_name(schema.text, "information_schema")) return schema;
    advance();
    static_cast<void>(name("tables or columns"));
    const Place place = since(schema.place.offset);
    return {text_at(place), place};
}

void Parser::source_in_parentheses(Source& source) noexcept {
    if (at_select()) {
        source.kind = Source::Kind::select;
        Select* const inner = select();
        source.select = inner;
        if (inner->height >= depth_max) fail_depth(inner->place);
        tallest_ = std::max(tallest_, static_cast<std::uint16_t>(inner->height + 1));
        expect(TokenKind::close);
        source.alias = source_alias();
        return;
    }
    source.kind = Source::Kind::group;
    if (!enter()) return;
    source.sources = sources();
    leave();
    expect(TokenKind::close);
}

void Parser::join_constraint(Source& source) noexcept {
    if (!at_upsert() && accept(Word::on))
        source.on = expression();
    else if (accept(Word::using_))
        source.using_names = names_in_parentheses();
}

// ON CONFLICT of an INSERT ... SELECT, which could be a join's ON as well.
bool Parser::at_upsert() const noexcept {
    if (!at(Word::on) || peek(1).word != Word::conflict) return false;
    const Token next = peek(2);
    return next.word == Word::do_ || next.kind == TokenKind::open;
}

void Parser::indexed_by(Name& index, bool& not_indexed) noexcept {
    if (accept(Word::indexed, Word::by)) index = name("the name of an index");
    if (accept(Word::not_, Word::indexed)) not_indexed = true;
}

Period Parser::period() noexcept {
    using Kind = Period::Kind;
    Period period;
    const std::uint32_t start = token_.place.offset;
    if (!accept(Word::for_, Word::system_time)) return period;
    if (accept(Word::as)) {
        expect(Word::of);
        period = {Kind::as_of, {}, point(), {}};
    } else if (accept(Word::all)) {
        period.kind = Kind::all;
    } else if (accept(Word::from)) {
        period = {Kind::from_to, {}, point(), {}};
        expect(Word::to);
        period.to = point();
    } else if (accept(Word::between)) {
        period = {Kind::between, {}, point(), {}};
        expect(Word::and_);
        period.to = point();
    } else if (accept(Word::contained)) {
        expect(Word::in);
        expect(TokenKind::open);
        period = {Kind::contained_in, {}, point(), {}};
        if (!accept(TokenKind::comma)) unexpected("','");
        period.to = point();
        expect(TokenKind::close);
    } else {
        unexpected("AS OF, FROM, BETWEEN, CONTAINED IN or ALL",
                   std::array{Word::as, Word::from, Word::between, Word::contained, Word::all});
    }
    period.place = since(start);
    return period;
}

// TIMESTAMP stands before any expression here, not only before a text.
Point Parser::point() noexcept {
    Point point;
    point.kind = Point::Kind::value;
    if (accept(Word::commit) || accept(Word::transaction))
        point.kind = Point::Kind::commit;
    else if (accept(Word::timestamp))
        point.kind = Point::Kind::timestamp;
    point.value = expression(Precedence::bits);
    return point;
}

}  // namespace freshet::sql
