// SPDX-License-Identifier: MIT
#include "query/subplan.hpp"

namespace freshet::query {
namespace {

using relation::Truth;

Result<Value> first_value(Rows& rows, Arena& memory) noexcept {
    Batch batch;
    const Result<bool> there = rows.next(batch);
    if (!there) return there.error();
    return *there ? keep(batch.columns[0][batch.selection[0]], memory) : Value{};
}

Result<Value> exists(Rows& rows) noexcept {
    Batch batch;
    const Result<bool> there = rows.next(batch);
    if (!there) return there.error();
    return Value::integer(*there ? 1 : 0);
}

Result<Value> has(Rows& rows, const Value& wanted) noexcept {
    Truth found = Truth::no;
    for (;;) {
        Batch batch;
        const Result<bool> there = rows.next(batch);
        if (!there) return there.error();
        if (!*there) return relation::value_of(found);
        for (const Position position : batch.selection) {
            const Value& value = batch.columns[0][position];
            found = either(found, compare(relation::Comparison::equal, wanted, value));
            if (found == Truth::yes) return relation::value_of(found);
        }
    }
}

}  // namespace

Result<Value> run(const Subplan& subplan, const Value& wanted, Scratch& scratch,
                  Arena& memory) noexcept {
    Value answer;
    const Status done = scratch.run(memory, [&](Arena& arena) -> Status {
        Context context{arena, subplan.interrupt};
        const Result<Rows*> rows = open(*subplan.node, context);
        if (!rows) return rows.error();
        const Result<Value> found = subplan.kind == Subplan::Kind::value
                                        ? first_value(**rows, memory)
                                    : subplan.kind == Subplan::Kind::exists ? exists(**rows)
                                                                            : has(**rows, wanted);
        if (!found) return found.error();
        answer = *found;
        return Done{};
    });
    if (!done) return done.error();
    return answer;
}

}  // namespace freshet::query
