// SPDX-License-Identifier: MIT
#include "query/table_source.hpp"

#include <algorithm>
#include <optional>

#include "query/keep.hpp"
#include "query/key_range.hpp"
#include "query/key_row.hpp"
#include "query/operators.hpp"
#include "relation/entry_images.hpp"
#include "relation/row_images.hpp"
#include "relation/table_reader.hpp"
#include "relation/version_reader.hpp"

namespace freshet::query {
namespace {

// Texts of a batch, copied: in a transaction what they were read from may change.
class Texts {
public:
    // False: they do not fit into this batch, but will into the next.
    Result<bool> keep(std::span<Value> row, Arena& memory) noexcept {
        std::size_t size = 0;
        for (const Value& value : row) size += value.has_bytes() ? value.bytes().size() : 0;
        if (size > block_.size() - used_) {
            if (used_ > 0) return false;
            const Result<MutableBytes> larger =
                memory.bytes(std::max(size, std::max(2 * block_.size(), first_size)), 1);
            if (!larger) return larger.error();
            block_ = *larger;
        }
        for (Value& value : row) copy(value);
        return true;
    }
    void clear() noexcept { used_ = 0; }

private:
    static constexpr std::size_t first_size = 1024;

    void copy(Value& value) noexcept {
        if (!value.has_bytes() || value.bytes().empty()) return;
        const std::string_view bytes = value.bytes();
        std::memcpy(block_.data() + used_, bytes.data(), bytes.size());
        const std::string_view kept{reinterpret_cast<const char*>(block_.data()) + used_,
                                    bytes.size()};
        value = value.type() == Type::text ? Value::text(kept) : Value::blob(as_bytes(kept));
        used_ += bytes.size();
    }

    MutableBytes block_{};
    std::size_t used_ = 0;
};

class TableRows final : public Rows {
public:
    TableRows(const TableScan& scan, Context& context) noexcept : scan_{scan}, context_{context} {}

    Status open() noexcept {
        Arena& memory = context_.memory;
        const Status opened = reader_.open(scan_.moment->rows, *scan_.table, memory);
        if (!opened) return opened;
        const Result<std::span<Value>> row =
            memory.array<Value>(scan_.live_count + scan_.columns.size());
        if (!row) return row.error();
        has_images_alone_ = needs_images_alone();
        row_ = row->first(scan_.live_count);
        given_ = row->subspan(scan_.live_count);
        return Done{};
    }

    // When the first row is asked for: a list may be filled by what is read before.
    Status start() noexcept {
        has_begun_ = true;
        if (scan_.access.list == nullptr) return begin(nullptr);
        const Result<Points> points = find_points(scan_.access, *scan_.table, context_.memory);
        if (!points) return points.error();
        if (!points->are_known) {
            is_exact_ = false;
            return begin(nullptr);
        }
        points_ = points->values;
        search_.is_empty = points_.empty();
        return points_.empty() ? Status{Done{}} : begin(points_.data());
    }

    Result<bool> next(Batch& batch) noexcept override {
        if (!has_begun_) {
            const Status begun = start();
            if (!begun) return begun.error();
        }
        if (search_.is_one_row && points_.empty() && !scan_.has_versions) return next_alone(batch);
        for (;;) {
            const Status going = context_.check();
            if (!going) return going.error();
            const Result<std::size_t> count = fill();
            if (!count) return count.error();
            if (*count == 0) return false;
            batch = {output_.columns(), first_rows(*count)};
            if (scan_.access.check == nullptr || is_exact_) return true;
            const Status checked = scratch_.run(context_.memory, [&](Arena& arena) -> Status {
                const Result<Selection> selection = select(*scan_.access.check, batch, arena);
                if (!selection) return selection.error();
                batch.selection = *selection;
                return Done{};
            });
            if (!checked) return checked.error();
            if (!batch.selection.empty()) return true;
        }
    }

private:
    Status begin(const Value* point) noexcept {
        const Result<KeySearch> search =
            make_search(scan_.access, *scan_.table, point, context_.memory);
        if (!search) return search.error();
        search_ = *search;
        is_exact_ = is_exact_ && search_.is_exact;
        is_looked_up_ = false;
        if (search_.is_empty) return Done{};
        if (scan_.has_versions) return begin_versions();
        if (search_.is_one_row) return Done{};
        if (can_read_images())
            return open_images(scan_images_, scan_.moment->rows, scan_.table->id, search_.range);
        if (scan_.access.index == nullptr) {
            reader_.scan(search_.range, scan_.direction);
            return Done{};
        }
        reader_.scan(*scan_.access.index, search_.range, scan_.direction);
        if (!has_images_alone_ || entry_images_ != nullptr) return Done{};
        return open_images(entry_images_, scan_.moment->rows, scan_.table->id);
    }
    template <class Images, class... Arguments>
    Status open_images(Images*& images, Arguments&&... arguments) noexcept {
        const Result<Images*> made = make<Images>(context_.memory, arguments...);
        if (!made) return made.error();
        images = *made;
        return images->open(context_.memory);
    }

    // Nothing but columns is asked for, of rows that nobody changes.
    [[nodiscard]] bool needs_images_alone() const noexcept {
        const auto is_live = [&](std::uint32_t column) noexcept {
            return column < scan_.live_count;
        };
        return !scan_.has_versions && !scan_.moment->rows.is_in_transaction() &&
               std::all_of(scan_.columns.begin(), scan_.columns.end(), is_live);
    }
    [[nodiscard]] bool can_read_images() const noexcept {
        return has_images_alone_ && scan_.access.index == nullptr && scan_.access.list == nullptr &&
               scan_.direction == Direction::forwards &&
               relation::RowImages::can_read(scan_.moment->rows, scan_.table->id, search_.range);
    }
    Status want_images() noexcept {
        if (is_wanting_) return Done{};
        is_wanting_ = true;
        const Result<std::span<Value*>> into = context_.memory.array<Value*>(scan_.columns.size());
        if (!into) return into.error();
        into_ = *into;
        return reader_.images().want(scan_.columns);
    }

    Status begin_versions() noexcept {
        if (search_.is_one_row) {
            const Bytes key = search_.range.from;
            const Result<MutableBytes> end = context_.memory.bytes(key.size(), 1);
            if (!end) return end.error();
            std::copy(key.begin(), key.end(), end->begin());
            search_.range.end = end->first(relation::end_of_prefix(*end));
        }
        versions_.emplace(scan_.moment->rows, scan_.table->id, search_.range);
        return Done{};
    }

    // Of the whole search: first a few rows, since a LIMIT may want no more.
    Result<std::size_t> fill() noexcept {
        if (has_ended_) return std::size_t{0};
        const Status room = output_.prepare(scan_.columns.size(), size_, context_.memory);
        if (!room) return room.error();
        if (has_images_alone_) return fill_with_images();
        texts_.clear();
        std::size_t count = 0;
        while (count < size_ && !has_ended_) {
            const Result<bool> there = has_pending_ ? true : advance();
            if (!there) return there.error();
            has_ended_ = !*there;
            if (has_ended_) break;
            const Result<bool> given = give();
            if (!given) return given.error();
            has_pending_ = !*given;
            if (has_pending_) break;
            for (std::size_t i = 0; i < given_.size(); i++) output_.column(i)[count] = given_[i];
            count++;
        }
        size_ = std::min(size_ * 4, context_.batch_size());
        return count;
    }

    // The same where images are all that is needed.
    Result<std::size_t> fill_with_images() noexcept {
        const Status wanted = want_images();
        if (!wanted) return wanted.error();
        for (std::size_t i = 0; i < into_.size(); i++) into_[i] = output_.column(i);
        std::size_t count = 0;
        while (count < size_ && !has_ended_) {
            const auto images = next_images(size_ - count);
            if (!images) return images.error();
            has_ended_ = images->empty();
            const Status read = reader_.images().read(*images, into_, count);
            if (!read) return read.error();
            for (const relation::ImageRun& run : *images) count += run.count;
        }
        size_ = std::min(size_ * 4, context_.batch_size());
        return count;
    }

    using Images = std::span<const relation::ImageRun>;
    Result<Images> next_images(std::size_t limit) noexcept {
        if (scan_images_ != nullptr) return scan_images_->next(limit);
        for (;;) {
            const Result<Images> images = step_images(limit);
            if (!images || !images->empty()) return images;
            const Result<bool> goes_on = next_point();
            if (!goes_on) return goes_on.error();
            if (!*goes_on) return Images{};
        }
    }
    Result<Images> step_images(std::size_t limit) noexcept {
        if (entry_images_ != nullptr && !search_.is_empty)
            return entry_images_->next(reader_, limit);
        const Result<bool> there = step();
        if (!there) return there.error();
        return Images{&image_, *there ? std::size_t{1} : 0};
    }

    // To the next version, of this point or of those behind it.
    Result<bool> advance() noexcept {
        for (;;) {
            const Result<bool> there = step();
            if (!there || *there) return there;
            const Result<bool> goes_on = next_point();
            if (!goes_on || !*goes_on) return goes_on;
        }
    }

    Result<bool> next_point() noexcept {
        if (point_ + 1 >= points_.size()) return false;
        const Status begun = begin(&points_[++point_]);
        if (!begun) return begun.error();
        return true;
    }

    Result<bool> step() noexcept {
        if (search_.is_empty) return false;
        if (scan_.has_versions) {
            const Result<bool> there = versions_->next(held_);
            version_ = held_.row;
            return there;
        }
        if (!search_.is_one_row)
            return has_images_alone_ ? reader_.next(image_.image) : reader_.next(version_);
        if (is_looked_up_) return false;
        is_looked_up_ = true;
        const Bytes key = search_.range.from;
        return has_images_alone_ ? reader_.find(key, image_.image) : reader_.find(key, version_);
    }

    // One row by its key: what is asked most often.
    Result<bool> next_alone(Batch& batch) noexcept {
        const Result<bool> there = step();
        if (!there || !*there) return there;
        const Result<bool> given = give();
        if (!given) return given.error();
        const Result<std::span<Vector>> columns = context_.memory.array<Vector>(given_.size());
        if (!columns) return columns.error();
        for (std::size_t i = 0; i < given_.size(); i++) (*columns)[i] = Vector::of(&given_[i]);
        batch = {*columns, first_rows(1)};
        return true;
    }

    // False: its texts do not fit.
    Result<bool> give() noexcept {
        const Status read =
            has_images_alone_ ? reader_.read(image_.image, row_) : reader_.read(version_, row_);
        if (!read) return read.error();
        for (std::size_t i = 0; i < given_.size(); i++) {
            const std::uint32_t column = scan_.columns[i];
            const Result<Value> value =
                column < row_.size() ? row_[column] : extra(column - scan_.live_count);
            if (!value) return value.error();
            given_[i] = *value;
        }
        return given_.empty() ? Result<bool>{true} : keep_texts();
    }

    // The key is the name's, which goes with the next row; all else only in a transaction.
    Result<bool> keep_texts() noexcept {
        if (scan_.moment->rows.is_in_transaction()) return texts_.keep(given_, context_.memory);
        constexpr auto key = static_cast<std::uint32_t>(ExtraColumn::key);
        for (std::size_t i = 0; i < given_.size(); i++)
            if (scan_.columns[i] == scan_.live_count + key)
                return texts_.keep(given_.subspan(i, 1), context_.memory);
        return true;
    }

    Result<Value> extra(std::uint32_t column) noexcept {
        const auto key = relation::key_of_row(version_.stream);
        switch (static_cast<ExtraColumn>(column)) {
            case ExtraColumn::row_start:
                return Value::timestamp(static_cast<std::int64_t>(version_.time_us));
            case ExtraColumn::commit_start:
                return Value::integer(static_cast<std::int64_t>(version_.commit));
            case ExtraColumn::row_end:
            case ExtraColumn::commit_end:
                return end(static_cast<ExtraColumn>(column) == ExtraColumn::commit_end);
            case ExtraColumn::row_id:
                return relation::KeyReader{key, context_.memory}.value(
                    relation::ColumnType::integer);
            case ExtraColumn::key: break;
        }
        return Value::blob(key);
    }

    // What is there in the newest rows has no end; of the past it is not known here.
    Result<Value> end(bool as_commit) const noexcept {
        if (!scan_.has_versions && !scan_.moment->rows.is_newest()) return Code::invalid_argument;
        if (held_.end_commit == 0) return Value{};
        return as_commit ? Value::integer(static_cast<std::int64_t>(held_.end_commit))
                         : Value::timestamp(static_cast<std::int64_t>(held_.end_time_us));
    }

    const TableScan& scan_;
    Context& context_;
    relation::TableReader reader_;
    relation::RowImages* scan_images_ = nullptr;
    relation::EntryImages* entry_images_ = nullptr;
    std::span<Value*> into_{};
    std::optional<relation::VersionReader> versions_{};
    relation::RowVersion held_{};  // Of versions.
    KeySearch search_{};
    std::span<Value> row_{};
    std::span<Value> given_{};
    Recorded version_{};
    relation::ImageRun image_{};  // Of it, where nothing else is needed.
    std::span<const Value> points_{};
    std::size_t point_ = 0;
    bool has_begun_ = false;
    bool has_images_alone_ = false;
    bool is_wanting_ = false;
    bool is_exact_ = true;
    bool is_looked_up_ = false;
    bool has_pending_ = false;
    bool has_ended_ = false;
    std::size_t size_ = 4;
    Output output_;
    Texts texts_;
    Scratch scratch_;
};

Result<Rows*> open_rows(const TableScan& scan, Context& context) noexcept {
    const Result<TableRows*> rows = make<TableRows>(context.memory, scan, context);
    if (!rows) return rows.error();
    const Status opened = (*rows)->open();
    if (!opened) return opened.error();
    return static_cast<Rows*>(*rows);
}

class TableSource final : public Source {
public:
    explicit TableSource(const TableScan& scan) noexcept
        : scan_{scan}, is_key_row_{query::is_key_row(scan)} {}

    Result<Rows*> open(Context& context) const noexcept override {
        return is_key_row_ && is_one_row_then() ? open_key_row(scan_, context, open_rows)
                                                : open_rows(scan_, context);
    }

    [[nodiscard]] const TableScan* scan() const noexcept override { return &scan_; }

    void describe(TextWriter& text) const noexcept override {
        const Access& access = scan_.access;
        const bool is_search = access.check != nullptr;
        text.text(is_search ? "SEARCH " : "SCAN ").text(scan_.name);
        if (access.index != nullptr) text.text(" USING INDEX ").text(access.index->name);
        if (is_search) describe_search(text);
        if (scan_.direction == Direction::backwards) text.text(" BACKWARDS");
    }

private:
    // In the past, a unique index that was made later may lead to several.
    [[nodiscard]] bool is_one_row_then() const noexcept {
        const relation::RowsAsOf& rows = scan_.moment->rows;
        if (rows.is_in_transaction()) return false;
        return scan_.access.index == nullptr || rows.is_newest();
    }
    void describe_search(TextWriter& text) const noexcept {
        const Access& access = scan_.access;
        text.text(access.index == nullptr ? " USING PRIMARY KEY (" : " (");
        std::string_view separator;
        const auto term = [&](std::size_t place, std::string_view comparison) {
            const relation::ColumnNumber column = access.columns[place].column;
            text.text(separator);
            text.text(column == row_id_column ? "rowid" : scan_.table->columns[column].name);
            text.text(comparison);
            separator = " AND ";
        };
        for (std::size_t i = 0; i < access.equal.size(); i++) term(i, "=?");
        if (access.list != nullptr) term(access.equal.size(), " IN ?");
        if (access.low != nullptr) term(access.equal.size(), access.low_is_in ? ">=?" : ">?");
        if (access.high != nullptr) term(access.equal.size(), access.high_is_in ? "<=?" : "<?");
        text.text(")");
    }

    TableScan scan_;
    bool is_key_row_;
};

}  // namespace

Result<const Source*> make_table_source(const TableScan& scan, Arena& memory) noexcept {
    const Result<TableSource*> made = make<TableSource>(memory, scan);
    if (!made) return made.error();
    return static_cast<const Source*>(*made);
}

}  // namespace freshet::query
