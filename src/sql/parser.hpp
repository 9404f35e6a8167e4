// SPDX-License-Identifier: MIT
// Recursive descent with one token ahead. The first failure is remembered and ends the text: every
// later step finds nothing to do, and each rule reads like the grammar that it accepts.
//
// No rule gives null: after a failure make() gives a node that everybody may write and nobody
// reads, one for each type. So rules need not ask whether there was one.
//
// `tallest_` is the height of the highest expression since the select began that is being parsed:
// what its own height will be.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <tuple>

#include "sql/operators.hpp"
#include "sql/parse.hpp"

namespace freshet::sql {

class Parser {
public:
    Parser(std::string_view text, std::uint32_t from, Arena& arena, SqlError& error) noexcept;

    Result<Parsed> parse() noexcept;
    Result<Expression*> parse_expression() noexcept;

private:
    // ---- tokens: parser.cpp ----

    void advance() noexcept;
    [[nodiscard]] Token peek(std::uint32_t ahead) const noexcept;  // 1: the one behind token_.
    [[nodiscard]] bool at(TokenKind kind) const noexcept { return token_.kind == kind; }
    [[nodiscard]] bool at(Word word) const noexcept { return token_.word == word; }
    bool accept(TokenKind kind) noexcept;
    bool accept(Word word) noexcept;
    bool accept(Word first, Word second) noexcept;  // Both or none.
    void expect(TokenKind kind) noexcept;
    void expect(Word word) noexcept;
    [[nodiscard]] static bool is_name(const Token& token) noexcept;
    [[nodiscard]] bool at_name() const noexcept { return is_name(token_); }
    Name name(std::string_view what) noexcept;
    Name take_name() noexcept;
    ListedName* listed_name() noexcept;
    List<ListedName> names_in_parentheses() noexcept;
    [[nodiscard]] std::string_view text_at(Place place) const noexcept;
    [[nodiscard]] Place since(std::uint32_t start) const noexcept { return {start, end_ - start}; }
    std::string_view unescaped(const Token& token) noexcept;
    std::string_view copied(std::string_view text, char doubled) noexcept;

    template <class T>
    T* make() noexcept {
        if (!has_failed()) {
            const Result<std::span<T>> memory = arena_.array<T>(1);
            if (memory) return memory->data();
            fail_memory();
        }
        T& spare = std::get<T>(spares_);
        spare = T{};
        return &spare;
    }
    template <class T>
    List<T> list(T* (Parser::*rule)() noexcept) noexcept {
        List<T> all;
        Appender<T> appender{all};
        do appender.push((this->*rule)());
        while (accept(TokenKind::comma));
        return all;
    }
    bool enter() noexcept;
    void leave() noexcept { depth_--; }

    // ---- failures: parser_error.cpp ----

    [[nodiscard]] bool has_failed() const noexcept { return error_.error.code != Code::none; }
    void fail(Code code, Place place, std::initializer_list<std::string_view> message,
              std::initializer_list<std::string_view> hint) noexcept;
    void fail_memory() noexcept;
    void fail_depth(Place place) noexcept;
    void fail_defect(const Token& token) noexcept;
    enum class Wanted : std::uint8_t { words, name };  // What could have stood there.
    void unexpected(std::string_view wanted, std::span<const Word> words = {},
                    Wanted kind = Wanted::words) noexcept;
    void hint_at_unexpected(std::span<const Word> words, Wanted kind) noexcept;
    bool hint_at_slip(std::span<const Word> words) noexcept;
    bool hint_at_missing_feature() noexcept;

    // ---- expressions: parser_expression.cpp, parser_primary.cpp ----

    struct Chain {
        Expression* node = nullptr;
        Expression** end = nullptr;
    };
    Chain begin(ExpressionKind kind, std::uint32_t start) noexcept;
    void add(Chain& chain, Expression* operand) noexcept;
    void raise(Expression& parent, std::uint32_t height) noexcept;
    Expression* leaf(ExpressionKind kind) noexcept;

    Expression* expression() noexcept { return expression(Precedence::lowest); }
    Expression* expression(Precedence minimum) noexcept;
    [[nodiscard]] ExpressionKind infix_kind() const noexcept;
    Chain infix(ExpressionKind kind, Expression* left, std::uint32_t start) noexcept;
    void is_operator(Chain& chain) noexcept;
    void like_operator(Chain& chain) noexcept;
    void between_operator(Chain& chain) noexcept;
    void in_operator(Chain& chain) noexcept;
    const Select* whole_table() noexcept;

    Expression* prefix() noexcept;
    Expression* unary(ExpressionKind kind) noexcept;
    Expression* negation() noexcept;
    Expression* parenthesized() noexcept;
    Expression* of_select(ExpressionKind kind, std::uint32_t start) noexcept;
    Expression* word() noexcept;
    Expression* constant(ExpressionKind kind) noexcept;
    Expression* typed_literal(ExpressionKind kind) noexcept;
    Expression* integer() noexcept;
    Expression* text_literal() noexcept;
    Expression* blob() noexcept;
    Expression* parameter() noexcept;
    std::uint32_t number_of(std::string_view parameter) noexcept;
    Expression* case_expression() noexcept;
    Expression* cast() noexcept;
    Expression* column_or_function() noexcept;
    Expression* function(const Name& name) noexcept;
    TypeName type_name() noexcept;
    std::string_view type_words() noexcept;
    std::int64_t type_size() noexcept;

    // ---- selects: parser_select.cpp ----

    [[nodiscard]] bool at_select() const noexcept { return at(Word::select) || at(Word::values); }
    Select* select() noexcept;
    Arm* arm() noexcept;
    void values_arm(Arm& arm) noexcept;
    void select_arm(Arm& arm) noexcept;
    SetOperator set_operator() noexcept;
    Row* row() noexcept;
    ResultColumn* result_column() noexcept;
    List<ResultColumn> returning() noexcept;
    Name alias() noexcept;
    Name source_alias() noexcept;
    OrderTerm* order_term() noexcept;
    Order order() noexcept;
    void limit(Select& select) noexcept;
    List<Source> sources() noexcept;
    bool join_operator(Source& source) noexcept;
    void source(Source& source) noexcept;
    Name name_in_schema(const Name& schema) noexcept;
    void source_in_parentheses(Source& source) noexcept;
    void join_constraint(Source& source) noexcept;
    bool at_upsert() const noexcept;
    void indexed_by(Name& index, bool& not_indexed) noexcept;
    Period period() noexcept;
    Point point() noexcept;
    Expression* listed_expression() noexcept { return expression(); }

    // ---- tables: parser_schema.cpp ----

    void create(Statement& statement) noexcept;
    void create_table(Statement& statement) noexcept;
    void table_item(Appender<ColumnDefinition>& columns,
                    Appender<Constraint>& constraints) noexcept;
    void table_options() noexcept;
    ColumnDefinition* column_definition() noexcept;
    [[nodiscard]] bool at_column_constraint() const noexcept;
    // With a name or without, by one of the rules below.
    Constraint* constraint(void (Parser::*rule)(Constraint&) noexcept) noexcept;
    void column_constraint(Constraint& constraint) noexcept;
    void default_value(Constraint& constraint) noexcept;
    void check(Constraint& constraint) noexcept;
    void table_constraint(Constraint& constraint) noexcept;
    ForeignKey* foreign_key() noexcept;
    ReferenceAction reference_action() noexcept;
    KeyColumn* key_column() noexcept;
    List<KeyColumn> key_columns() noexcept;
    void create_index(Statement& statement, bool unique) noexcept;
    void index_method(CreateIndex& index) noexcept;
    void create_view(Statement& statement, bool temporary) noexcept;
    void create_stream(Statement& statement) noexcept;
    void drop(Statement& statement) noexcept;
    void alter_table(Statement& statement) noexcept;
    bool if_not_exists() noexcept;

    // ---- changes: parser_change.cpp ----

    void insert(Statement& statement) noexcept;
    void update(Statement& statement) noexcept;
    void delete_rows(Statement& statement) noexcept;
    Conflict conflict() noexcept;
    Upsert* upsert() noexcept;
    Assignment* assignment() noexcept;
    Expression* expected_version() noexcept;
    void append(Statement& statement) noexcept;
    void expectation(Append& append) noexcept;
    NewEvent* new_event() noexcept;

    // ---- the rest: parser_statement.cpp ----

    Statement* statement() noexcept;
    void begin_statement(Statement& statement) noexcept;
    Option* option() noexcept;
    void rollback(Statement& statement) noexcept;
    void savepoint(Statement& statement, StatementKind kind) noexcept;
    void assertion(Statement& statement) noexcept;
    void save(Statement& statement) noexcept;
    void pragma(Statement& statement) noexcept;
    Expression* pragma_argument() noexcept;
    void set_system_time(Statement& statement) noexcept;
    void reindex(Statement& statement) noexcept;

    static constexpr std::size_t bucket_count = 64;
    struct Bucket {
        Parameter* first = nullptr;
    };

    std::string_view text_;
    Lexer lexer_;
    Arena& arena_;
    SqlError& error_;
    Token token_{};
    TokenKind previous_ = TokenKind::end;
    std::uint32_t end_ = 0;  // Of the token before token_.
    std::uint32_t depth_ = 0;
    std::uint16_t tallest_ = 1;
    Name slip_{};  // The last alias without AS: a mistyped keyword, perhaps.
    std::uint32_t parameter_count_ = 0;
    List<Parameter> parameters_{};
    Parameter** parameters_end_ = &parameters_.first;
    std::span<Bucket> buckets_{};  // Empty until there is a parameter with a name.
    std::tuple<Expression, Select, Arm, Row, ResultColumn, Source, OrderTerm, Name, ListedName,
               TypeName, ColumnDefinition, Constraint, ForeignKey, KeyColumn, CreateTable,
               CreateIndex, CreateView, CreateStream, Drop, AlterTable, Insert, Update, Delete,
               Assignment, Upsert, Append, NewEvent, Assert, Option, Begin, Pragma, SetSystemTime,
               Parameter, Statement>
        spares_{};
};

}  // namespace freshet::sql
