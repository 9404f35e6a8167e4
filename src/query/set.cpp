// SPDX-License-Identifier: MIT
// distinct, except and intersect are one: rows of left go through, or not, by what a table says
// that begins with the rows of right.
//
//      distinct, except    a row that the table does not have yet goes through, and into it
//      intersect           one that it has goes through, and is marked
#include "query/operators.hpp"

namespace freshet::query {
namespace {

class SetRows final : public Rows {
public:
    SetRows(const Node& node, Rows& left, Rows* right, Context& context) noexcept
        : left_{left},
          right_{right},
          context_{context},
          width_{node.column_count},
          is_intersect_{node.kind == NodeKind::intersect},
          table_{context.memory, width_, width_ + 1} {}

    Status prepare() noexcept {
        const Result<std::span<Value>> key = context_.memory.array<Value>(width_);
        if (!key) return key.error();
        key_ = *key;
        return Done{};
    }

    Result<bool> next(Batch& batch) noexcept override {
        const Status read = read_right();
        if (!read) return read.error();
        for (;;) {
            const Result<bool> there = left_.next(batch);
            if (!there || !*there) return there;
            std::size_t count = 0;
            for (const Position position : batch.selection) {
                set_key(batch, position);
                const Result<bool> goes = is_intersect_ ? Result<bool>{mark()} : table_.put(key_);
                if (!goes) return goes.error();
                selection_[count] = position;
                if (*goes) count++;
            }
            batch.selection = Selection{selection_}.first(count);
            if (count > 0) return true;
        }
    }

private:
    Status read_right() noexcept {
        Batch batch;
        while (right_ != nullptr) {
            const Result<bool> there = right_->next(batch);
            if (!there) return there.error();
            if (!*there) right_ = nullptr;
            if (!*there) break;
            for (const Position position : batch.selection) {
                set_key(batch, position);
                const Result<bool> inserted = table_.put(key_);
                if (!inserted) return inserted.error();
            }
        }
        return Done{};
    }
    void set_key(const Batch& batch, Position position) noexcept {
        for (std::size_t i = 0; i < width_; i++) key_[i] = batch.columns[i][position];
    }
    bool mark() noexcept {
        Value* const row = table_.find(key_, hash_of(key_));
        if (row == nullptr || !row[width_].is_null()) return false;
        row[width_] = Value::boolean(true);
        return true;
    }

    Rows& left_;
    Rows* right_;
    Context& context_;
    std::size_t width_;
    bool is_intersect_;
    RowTable table_;
    std::span<Value> key_{};
    std::array<Position, batch_row_count_max> selection_;
};

}  // namespace

Result<Rows*> open_set(const Node& node, Rows& left, Rows* right, Context& context) noexcept {
    const Result<SetRows*> made = make<SetRows>(context.memory, node, left, right, context);
    if (!made) return made.error();
    const Status ready = (*made)->prepare();
    if (!ready) return ready.error();
    return static_cast<Rows*>(*made);
}

}  // namespace freshet::query
