// SPDX-License-Identifier: MIT
// What a query is: a tree of operators on rows. It is read only and has no state, so that a plan
// can be kept and run by several statements at once.
//
//      kind       gives                                        has
//      values     row_count rows                               scalars: row by row
//      source     the rows of a source                         source
//      filter     those of left where it is true               condition
//      project    of each row of left one                      scalars: its columns
//      limit      part of left                                 limit, offset: INT, or none. A limit
//                                                              below 0 is none, an offset 0
//      sort       those of left, in order                      terms
//      distinct   those of left, each once
//      aggregate  one for each group of left                   scalars: what makes a group;
//                                                              aggregates, which are the columns
//                                                              behind those
//      join       pairs of left and right                      left_keys, right_keys, condition,
//                                                              keeps_left, keeps_right
//      union_all  those of left, then those of right
//      except     those of left not in right, each once
//      intersect  those of left that are in right, each once
//
// UNION is distinct over union_all. Rows are equal where relation::order() says so; NULL equals
// NULL, but not among the keys of a join, which are equal pairs of scalars, of a left row and of a
// right one. Its condition, if there is one, sees the columns of left and behind them those of
// right. A join that keeps a side also gives its rows without a partner, with NULLs for the other:
// LEFT, RIGHT and FULL JOIN. Without keys it tries all pairs.
//
// Without scalars, an aggregate has one group even of no rows. Groups come in the order of their
// first rows, and equal rows stay in their order when they are sorted. A join gives for each row of
// left in turn its pairs, in the order of right, or the row alone; those of right alone at the end.
//
// Memory: sort, distinct, aggregate, except and the right side of join and intersect keep what they
// see: 16 bytes a value and the texts, at most twice that where lists double; a hash table at most
// 43 bytes a key more, that of a join 27. Limit over sort keeps only as many rows as it gives, if
// these are at most 4,096, but also the texts of those that were among them for a while. With a
// temporary file (spill.hpp) they keep little, and give the same rows in the same order.
#pragma once

#include "query/aggregate.hpp"
#include "query/rows.hpp"
#include "query/scalar.hpp"

namespace freshet::query {

enum class NodeKind : std::uint8_t {
    values,
    source,
    filter,
    project,
    limit,
    sort,
    distinct,
    aggregate,
    join,
    union_all,
    except,
    intersect,
};

struct SortTerm {
    const Scalar* value = nullptr;
    bool descending = false;
    bool nulls_last = false;  // SQL says: as NULL were the least, unless it is told.
};

struct Node {
    NodeKind kind = NodeKind::values;
    bool keeps_left = false;
    bool keeps_right = false;
    std::uint32_t column_count = 0;  // Of what it gives.
    const Node* left = nullptr;
    const Node* right = nullptr;
    std::size_t row_count = 0;
    const Source* source = nullptr;
    std::span<const Scalar* const> scalars{};
    std::span<const Scalar* const> left_keys{};
    std::span<const Scalar* const> right_keys{};
    // Of a join: takes the values of this right key, before the first row of left is asked for, so
    // that a source on the left reads but the rows that they lead to.
    ValueSet* fills = nullptr;
    std::size_t filled_key = 0;
    const Scalar* condition = nullptr;
    const Scalar* limit = nullptr;
    const Scalar* offset = nullptr;
    std::span<const SortTerm> terms{};
    std::span<const Aggregate> aggregates{};
};

// Rows that live in the memory of the context. Nothing is read before they are asked for; slots are
// read from here on. out_of_memory; type_mismatch: a limit or offset that is no INT; and what a
// source fails with. next(): also what scalars fail with, too_large of an aggregate, and cancelled.
// After out_of_memory the statement may be opened again with more.
Result<Rows*> open(const Node& node, Context& context) noexcept;

}  // namespace freshet::query
