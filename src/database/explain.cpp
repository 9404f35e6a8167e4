// SPDX-License-Identifier: MIT
// EXPLAIN: the plan as lines of text, what is below a line two columns further in.
#include "base/sql_error.hpp"
#include "base/text.hpp"
#include "database/run.hpp"

namespace freshet::database {
namespace {

using query::Node;
using query::NodeKind;

std::string_view name_of(const Node& node) noexcept {
    switch (node.kind) {
        case NodeKind::values: return "VALUES";
        case NodeKind::source: return {};
        case NodeKind::filter: return "FILTER";
        case NodeKind::project: return "PROJECT";
        case NodeKind::limit: return "LIMIT";
        case NodeKind::sort: return "SORT";
        case NodeKind::distinct: return "DISTINCT";
        case NodeKind::aggregate: return node.scalars.empty() ? "AGGREGATE" : "GROUP";
        case NodeKind::join: break;
        case NodeKind::union_all: return "UNION ALL";
        case NodeKind::except: return "EXCEPT";
        case NodeKind::intersect: return "INTERSECT";
    }
    if (node.left_keys.empty()) return "NESTED";
    return "HASH";
}

std::string_view join_of(const Node& node) noexcept {
    if (node.keeps_left && node.keeps_right) return " FULL JOIN";
    if (node.keeps_left) return " LEFT JOIN";
    return node.keeps_right ? " RIGHT JOIN" : " JOIN";
}

class Explainer {
public:
    Explainer(query::RowList& lines, Arena& memory) noexcept : lines_{lines}, memory_{memory} {}

    Status put(std::size_t depth, std::string_view text, const query::Source* source,
               std::string_view more = {}) noexcept {
        std::array<char, 400> room;
        TextWriter writer{room};
        writer.repeat(' ', 2 * depth).text(text).text(more);
        if (source != nullptr) source->describe(writer);
        const Result<Value*> line = lines_.add();
        if (!line) return line.error();
        const Result<Value> kept = query::keep(Value::text(writer.written()), memory_);
        if (!kept) return kept.error();
        **line = *kept;
        return Done{};
    }

    // As deep as the statement was nested.
    Status put(std::size_t depth, const Node& node) noexcept {
        const std::string_view more = node.kind == NodeKind::join ? join_of(node) : "";
        Status done = put(depth, name_of(node), node.source, more);
        if (done && node.left != nullptr) done = put(depth + 1, *node.left);
        if (done && node.right != nullptr) done = put(depth + 1, *node.right);
        return done;
    }

private:
    query::RowList& lines_;
    Arena& memory_;
};

std::string_view change_of(const sql::Statement& statement) noexcept {
    switch (statement.kind) {
        case sql::StatementKind::insert: return "INSERT INTO ";
        case sql::StatementKind::update: return "UPDATE ";
        case sql::StatementKind::delete_rows: return "DELETE FROM ";
        default: return {};
    }
}

}  // namespace

Status run_explain(Prepared& p, SqlError& error) noexcept {
    Status done = open_present(p, error);
    if (done) done = open_plan(p, error);
    if (!done) return done;
    const Result<query::RowList*> lines =
        query::make<query::RowList>(*p.arena, *p.arena, std::size_t{1});
    if (!lines) return relation::refuse_for_memory(error);
    Explainer explainer{**lines, *p.arena};
    std::size_t depth = 0;
    for (const sql::Subquery& subquery : p.subqueries) {
        done = explainer.put(0, "SUBQUERY", nullptr);
        if (done) done = explainer.put(1, *subquery.node);
        if (!done) return explain(p.session, done.error(), error);
    }
    const Node* node = p.explained;
    if (p.change != nullptr) {
        done = explainer.put(depth++, change_of(*p.statement), nullptr, p.change->table->name);
        node = p.change->source;
    }
    if (done && node != nullptr) done = explainer.put(depth, *node);
    if (!done) return explain(p.session, done.error(), error);
    p.kept = *lines;
    return Done{};
}

}  // namespace freshet::database
