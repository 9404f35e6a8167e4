// SPDX-License-Identifier: MIT
// Goal: whatever the tree says, the log decides. Method: entries of the tree of an open store are
// changed, one at a time, behind its back: then every way to read and to write says `corrupt`, or
// answers as if nothing had been changed, and verify() finds it.
#include "store/directory.hpp"
#include "store/state.hpp"
#include "tests/files.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

struct Entry {
    Contents key;
    Contents value;
};

// The state behind a store that is open.
store::State& state_of(const Store& store) {
    static_assert(sizeof(Store) == sizeof(void*));
    store::State* state = nullptr;
    std::memcpy(static_cast<void*>(&state), &store, sizeof state);
    return *state;
}

class DamagedTree : public ::testing::Test {
protected:
    // Streams with full blocks, without events, and with ids; a few segments, so a few marks.
    void SetUp() override {
        options.pool_size = std::size_t{128} << 10;
        OpenStore open{machine.door(), options};
        for (std::uint64_t i = 0; i < 70; i++) {
            const std::string payload = "payload " + std::to_string(i);
            const std::string stream = i % 10 == 9 ? "b" : "a";
            ASSERT_EQ(open.append_events(stream, {event_of(payload, i % 7 == 0 ? i + 1 : 0)}),
                      Code::none);
        }
        ASSERT_EQ(open.create("made"), Code::none);
        lines = open.read_log();
        ASSERT_TRUE(open.store.close());
        files = files_of(machine.disk);
    }

    static std::vector<Entry> entries_of(const store::State& state) {
        std::vector<Entry> entries;
        tree::Cursor cursor{state.view()};
        for (cursor.first(); cursor.valid(); cursor.next()) {
            const Bytes key = cursor.key();
            const Bytes value = cursor.value();
            entries.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
        }
        return entries;
    }

    // A value that is longer or shorter, or says something else.
    static std::vector<Contents> changes_of(const Contents& value) {
        std::vector<Contents> changes;
        if (value.empty()) return changes;
        changes.emplace_back(value.begin(), value.end() - 1);
        changes.emplace_back();
        changes.push_back(value);
        changes.back().push_back(std::byte{0});
        for (std::size_t i = 0; i < value.size(); i++) {
            for (const unsigned bit : {1U, 0x20U, 0x80U}) {
                changes.push_back(value);
                changes.back()[i] ^= static_cast<std::byte>(bit);
            }
        }
        return changes;
    }

    // Opens the store, and commits a change of its tree with an event of a stream of its own.
    template <class Change>
    std::unique_ptr<OpenStore> open_with(Change change) {
        put_files(machine.disk, files);
        auto open = std::make_unique<OpenStore>(machine.door(), options);
        EXPECT_EQ(open->error, Code::none);
        Transaction transaction;
        EXPECT_TRUE(transaction.begin(open->store, open->diagnostic));
        const std::vector<Event> events = {event_of("more")};
        EXPECT_TRUE(transaction.append({"zz", Expected::any(), events}, open->diagnostic));
        EXPECT_TRUE(change(state_of(open->store).delta));
        EXPECT_TRUE(transaction.commit(Durability::durable, open->diagnostic));
        return open;
    }

    static bool is_fine_or(Code code, std::initializer_list<Code> codes) {
        return code == Code::none || code == Code::corrupt ||
               std::find(codes.begin(), codes.end(), code) != codes.end();
    }

    // What a stream is read as, until an error.
    void read_stream(Snapshot& snapshot, std::string_view stream, Direction direction) {
        StreamCursor cursor;
        const Horizon from =
            direction == Direction::forwards ? Horizon::beginning() : Horizon::newest();
        if (!is_fine_or(cursor.open(snapshot, stream, from, direction).error().code,
                        {Code::stream_not_found}))
            ADD_FAILURE();
        Recorded event;
        for (Result<bool> there = cursor.next(event); there && *there; there = cursor.next(event)) {
            const std::string line = std::string{event.stream} + "@" + std::to_string(event.index) +
                                     " " + std::string{as_text(event.payload)};
            EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [&](const std::string& known) {
                return known.ends_with(" " + line);
            })) << line;
        }
    }

    void read_log(Snapshot& snapshot, LogStart start) {
        LogCursor cursor;
        Recorded event;
        if (!cursor.open(snapshot, start)) return;
        for (Result<bool> there = cursor.next(event); there && *there; there = cursor.next(event)) {
            if (event.stream == "zz") continue;
            EXPECT_EQ("payload " + std::to_string(event.ordinal), as_text(event.payload));
        }
    }

    void use(OpenStore& open) {
        {
            Snapshot snapshot;
            ASSERT_TRUE(open.store.snapshot(snapshot));
            for (const char* const stream : {"a", "b", "made"}) {
                read_stream(snapshot, stream, Direction::forwards);
                read_stream(snapshot, stream, Direction::backwards);
                EXPECT_TRUE(
                    is_fine_or(snapshot.stream(stream).error().code, {Code::stream_not_found}));
            }
            for (std::uint64_t i = 0; i < 72; i += 5) {
                read_log(snapshot, LogStart::ordinal(i));
                read_log(snapshot, LogStart::commit(i));
            }
        }
        for (const char* const stream : {"a", "b", "made"}) {
            const std::vector<Event> same = {event_of("payload 7", 8)};
            const std::vector<Event> other = {event_of("payload 63", 64), event_of("other", 1000)};
            EXPECT_TRUE(is_fine_or(open.append_events(stream, same, Expected::version(500)),
                                   {Code::wrong_version, Code::idempotency_conflict}));
            EXPECT_TRUE(
                is_fine_or(open.append_events(stream, other), {Code::idempotency_conflict}));
            EXPECT_TRUE(is_fine_or(open.create(stream), {Code::already_exists}));
            EXPECT_TRUE(is_fine_or(open.append_events(stream, {event_of("x")}), {}));
        }
    }

    Machine machine{8192};
    Options options = tiny_options();
    Files files;
    Lines lines;
};

TEST_F(DamagedTree, IsFoundByVerifyAndNeverBelieved) {
    put_files(machine.disk, files);
    std::vector<Entry> entries;
    {
        OpenStore open{machine.door(), options};
        entries = entries_of(state_of(open.store));
    }
    ASSERT_GT(entries.size(), 15U);
    for (const Entry& entry : entries) {
        const auto whose = std::to_integer<int>(entry.key[0]);
        for (const Contents& change : changes_of(entry.value)) {
            const auto open =
                open_with([&](tree::Delta& delta) { return delta.put(entry.key, change); });
            // A byte too many is looked at by nobody.
            if (change.size() <= entry.value.size()) {
                EXPECT_EQ(open->verify(), Code::corrupt) << "an entry of kind " << whose;
            }
            use(*open);
            ASSERT_FALSE(HasFailure());
        }
        const auto open = open_with([&](tree::Delta& delta) { return delta.erase(entry.key); });
        EXPECT_EQ(open->verify(), Code::corrupt) << "an entry of kind " << whose;
        use(*open);
        ASSERT_FALSE(HasFailure());
    }
}

// The tree leads to an event by a hash of stream and id: what it leads to need not be that event.
TEST_F(DamagedTree, LeadsToEventsOfAnotherStreamOrId) {
    // Event 63 of the log has id 64, in stream a; there are such without id, too.
    for (const std::uint64_t id : {64U, 500U}) {
        const auto open = open_with([&](tree::Delta& delta) {
            const tree::View view{&delta, delta.root()};
            store::Stream a;
            EXPECT_TRUE(*store::find_stream(view, "a", a));
            Status put = Done{};
            for (std::uint64_t i = a.count - a.tail_count(); i < a.count && put; i++)
                put = store::put_id(delta, "made", id_of(id), *find_event(view, "a", a, i));
            return put;
        });
        EXPECT_EQ(open->append_events("made", {event_of("new", id)}), Code::none);
        EXPECT_EQ(open->appended.outcome, Outcome::appended);
        // In one transaction, before the frame is closed.
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open->store, open->diagnostic));
        const std::vector<Event> events = {event_of("x", id + 1)};
        ASSERT_TRUE(transaction.append({"a", Expected::any(), events}, open->diagnostic));
        store::State& state = state_of(open->store);
        store::Stream a;
        ASSERT_TRUE(*store::find_stream(state.view(), "a", a));
        const std::uint64_t address = *find_event(state.view(), "a", a, a.count - 1);
        ASSERT_TRUE(store::put_id(state.delta, "b", id_of(id + 1), address));
        ASSERT_TRUE(store::put_id(state.delta, "b", id_of(id + 2), address));
        const std::vector<Event> more = {event_of("x", id + 1), event_of("y", id + 2)};
        ASSERT_TRUE(transaction.append({"b", Expected::any(), more}, open->diagnostic));
        ASSERT_TRUE(transaction.commit(Durability::durable, open->diagnostic));
    }
}

}  // namespace
}  // namespace freshet::test
