// SPDX-License-Identifier: MIT
// Goal: whatever the tree says, the log decides. Method: entries of the tree of an open store are
// changed, one at a time, behind its back: then every way to read and to write says `corrupt`, or
// answers as if nothing had been changed, and verify() finds it. What settings say stands in the
// tree alone, so that it is believed until then.
#include "store/directory.hpp"
#include "tests/faulty_disk.hpp"
#include "tests/store_state.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

struct Entry {
    Contents key;
    Contents value;
};

class DamagedTree : public ::testing::Test {
protected:
    // Streams with full blocks, without events, with ids, and with settings; a checkpoint; a few
    // segments, so a few marks. All kinds are there before `early`, and come again behind it.
    void SetUp() override {
        options.pool_size = std::size_t{128} << 10;
        OpenStore open{machine.door(), options};
        for (std::uint64_t i = 0; i < 70; i++) {
            if (i == 36) {
                ASSERT_TRUE(open.append("quiet", {"quiet"}));
                write_own(open, 1);
                early = files_of(machine.disk);
                head = open.store.head();
            }
            const std::string payload = "payload " + std::to_string(i);
            const std::string stream = i % 10 == 9 ? "b" : "a";
            ASSERT_EQ(open.append_events(stream, {event_of(payload, i % 7 == 0 ? i + 1 : 0)}),
                      Code::none);
        }
        ASSERT_EQ(open.create("made"), Code::none);
        write_own(open, 2);
        ASSERT_TRUE(
            open.store.settings("quiet", {.max_count = 5}, Expected::any(), open.diagnostic));
        lines = open.read_log();
        ASSERT_TRUE(open.store.close());
        files = files_of(machine.disk);
    }

    // An event, settings by which it is too old to be seen, and a checkpoint.
    static void write_own(OpenStore& open, std::uint64_t number) {
        ASSERT_TRUE(open.append("t", {"aged"}));
        ASSERT_TRUE(open.store.settings("t", {.max_count = number, .max_age_us = 1},
                                        Expected::any(), open.diagnostic));
        EXPECT_EQ(track(open, number), Code::none);
    }
    static Code track(OpenStore& open, std::uint64_t ordinal,
                      std::span<const AppendCondition> conditions = {}) {
        const Tracking tracking{.consumer = "c", .ordinal = ordinal};
        const Batch batch{{}, {}, conditions, {&tracking, 1}};
        return open.store.append(batch, Durability::durable, open.diagnostic).error().code;
    }

    static std::vector<Entry> entries_of(const store::State& state) {
        std::vector<Entry> entries;
        tree::Cursor cursor{state.view()};
        cursor.seek(as_bytes(std::string(1, '\0')));
        for (; cursor.valid(); cursor.next()) {
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
        changes.emplace_back(1, value[0]);
        changes.emplace_back(300, std::byte{0});
        changes.back()[0] = value[0];
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
                        {Code::stream_not_found, Code::stream_deleted, Code::stream_tombstoned}))
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
            const std::string line = std::to_string(event.commit) + " " +
                                     std::to_string(event.ordinal) + " " +
                                     std::string{event.stream} + "@" + std::to_string(event.index) +
                                     " " + std::string{as_text(event.payload)};
            if (event.stream != "zz") {
                EXPECT_EQ(line, lines[event.ordinal]);
            }
        }
    }

    void use(OpenStore& open) {
        {
            Snapshot snapshot;
            ASSERT_TRUE(open.store.snapshot(snapshot));
            for (const char* const stream : {"a", "b", "made", "t"}) {
                read_stream(snapshot, stream, Direction::forwards);
                read_stream(snapshot, stream, Direction::backwards);
                EXPECT_TRUE(is_fine_or(snapshot.stream(stream).error().code,
                                       {Code::stream_not_found, Code::stream_tombstoned}));
            }
            for (std::uint64_t i = 0; i < 72; i += 5) {
                read_log(snapshot, LogStart::ordinal(i));
                read_log(snapshot, LogStart::commit(i));
            }
            const Result<std::uint64_t> checkpoint = snapshot.checkpoint("c");
            EXPECT_TRUE(is_fine_or(checkpoint.error().code, {}));
            if (checkpoint) {
                EXPECT_TRUE(*checkpoint == 2 || *checkpoint == 0) << *checkpoint;
            }
        }
        EXPECT_TRUE(is_fine_or(open.store.contains(head).error().code, {}));
        write(open);
    }

    // Checkpoints first, which rest on the newest event; then those that another commit made.
    void write(OpenStore& open) {
        EXPECT_TRUE(is_fine_or(track(open, 1), {Code::checkpoint_behind}));
        const AppendCondition condition{{}, 60};
        EXPECT_TRUE(is_fine_or(track(open, 3, {&condition, 1}), {}));
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        const Tracking tracking{.consumer = "c", .ordinal = 9};
        EXPECT_TRUE(is_fine_or(transaction.track(tracking, open.diagnostic).error().code, {}));
        transaction.rollback();
        for (const char* const stream : {"t", "a"}) {
            const Status set =
                open.store.settings(stream, {.max_count = 77}, Expected::any(), open.diagnostic);
            EXPECT_TRUE(is_fine_or(
                set.error().code,
                {Code::stream_not_found, Code::stream_tombstoned, Code::invalid_argument}));
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
    Files early;
    Head head;
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
            const tree::View view{&delta, &delta.root()};
            store::Stream a;
            EXPECT_TRUE(*store::find_stream(view, "a", a));
            std::vector<std::uint64_t> addresses;  // What is put moves what the tree lends.
            for (std::uint64_t i = a.count - a.tail_count(); i < a.count; i++)
                addresses.push_back(*find_event(view, "a", a, i));
            Status put = Done{};
            for (const std::uint64_t address : addresses)
                if (put) put = store::put_id(delta, "made", id_of(id), address);
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
        EXPECT_EQ(open->verify(), Code::none);
    }
}

// A mark leads to a commit that is later than it says.
TEST_F(DamagedTree, LeadsToNoPlaceBehindALaterCommit) {
    Head start;
    start.store = head.store;
    const auto sound = open_with([](tree::Delta&) { return true; });
    const Code wanted = sound->store.contains(start).error().code;
    ASSERT_TRUE(sound->store.close());
    const auto open = open_with([](tree::Delta& delta) {
        const tree::Root root = delta.root();
        store::Mark mark;
        const Result<bool> found = store::find_mark({&delta, &root}, 0, mark);
        EXPECT_TRUE(found && *found && mark.commit == 1);
        mark.commit = 0;
        return store::put_mark(delta, 0, mark);
    });
    EXPECT_EQ(open->store.contains(start).error().code, wanted);
    EXPECT_EQ(open->verify(), Code::corrupt);
}

// Method: the tail of a stream at each shorter size, and nothing of it is as old as what is asked.
TEST_F(DamagedTree, TellsNoEventsOfATailThatIsCut) {
    const auto open = open_with([](tree::Delta&) { return Status{Done{}}; });
    const tree::View view = state_of(open->store).view();
    store::Stream a;
    ASSERT_TRUE(*store::find_stream(view, "a", a));
    ASSERT_GT(a.tail_count(), 1U);
    const Bytes tail = a.tail;
    for (std::size_t size = 0; size < tail.size(); size++) {
        a.tail = tail.first(size);
        const auto before = store::find_before(view, "a", a, 1);
        ASSERT_FALSE(before) << size;
        EXPECT_EQ(before.error(), Code::corrupt);
    }
    a.tail = tail;
    EXPECT_EQ(store::find_before(view, "a", a, 1)->count, 0U);
}

// An entry too much, a stream that is said to be shorter, and counts that are not those of the log.
TEST_F(DamagedTree, IsFoundByVerifyInWhatTheLogDoesNotLeadTo) {
    const auto code_with = [&](std::string_view key, const Contents& value) {
        const Bytes bytes = as_bytes(key);
        return open_with([&](tree::Delta& delta) { return delta.put(bytes, value); })->verify();
    };
    EXPECT_EQ(code_with("\1new", {}), Code::corrupt);
    EXPECT_EQ(code_with("\1new", {std::byte{0}, std::byte{96}}), Code::corrupt);
    EXPECT_EQ(code_with("\1a", {std::byte{64}}), Code::corrupt);
    // Settings that nobody has made.
    Contents settings;
    auto with_settings = open_with([&](tree::Delta& delta) {
        const Bytes value = tree::find({&delta, &delta.root()}, as_bytes("\1b"));
        settings = {value[0] | std::byte{1}};
        settings.resize(1 + store::settings_size);
        settings.insert(settings.end(), value.begin() + 1, value.end());
        return delta.put(as_bytes("\1b"), settings);
    });
    EXPECT_EQ(with_settings->read("b").size(), 7U);
    EXPECT_EQ(with_settings->verify(), Code::corrupt);
    with_settings.reset();
    const auto open = open_with([](tree::Delta&) { return Status{Done{}}; });
    EXPECT_EQ(open->verify(), Code::none);
    store::State& state = state_of(open->store);
    store::Published& published = state.published[state.log.published()];
    for (std::uint64_t* const count :
         {&published.mark_count, &published.stream_count, &published.position.commit}) {
        ++*count;
        EXPECT_EQ(open->verify(), Code::corrupt);
        --*count;
    }
    published.position.chain.crc++;
    EXPECT_EQ(open->verify(), Code::corrupt);
    published.position.chain.crc--;
    EXPECT_EQ(open->verify(), Code::none);
}

// The same where it is found only when what was gathered is put into the tree: in pools of many
// sizes, so that there is no more room for it at each place in the log once.
TEST_F(DamagedTree, IsNamedWhereverAReaderComesToIt) {
    options.create = false;
    options.read_only = true;
    for (options.pool_size = std::size_t{60} << 10; options.pool_size < std::size_t{200} << 10;
         options.pool_size += 2048) {
        put_files(machine.disk, early);
        OpenStore open{machine.door(), options};
        store::State& state = state_of(open.store);
        Contents large(300, std::byte{0});
        large[0] = tree::find(state.view(), as_bytes("\1a"))[0];
        state.delta.begin();
        ASSERT_TRUE(state.delta.put(as_bytes("\1a"), large));
        state.sealed.root = state.delta.seal(store::live_versions(state));
        state.working = state.sealed;
        put_files(machine.disk, files);
        EXPECT_EQ(open.store.refresh(open.diagnostic).error().code, Code::corrupt);
    }
}

// What another process wrote since is added to a tree that is damaged: that is noticed, or what
// shows is what the log says.
TEST_F(DamagedTree, IsNotTrustedByAReaderThatGoesOn) {
    options.create = false;
    options.read_only = true;
    put_files(machine.disk, early);
    std::vector<Entry> entries;
    {
        OpenStore open{machine.door(), options};
        entries = entries_of(state_of(open.store));
    }
    ASSERT_GT(entries.size(), 10U);
    for (const Entry& entry : entries) {
        for (const Contents& change : changes_of(entry.value)) {
            put_files(machine.disk, early);
            OpenStore open{machine.door(), options};
            store::State& state = state_of(open.store);
            state.delta.begin();
            ASSERT_TRUE(state.delta.put(entry.key, change));
            state.sealed.root = state.delta.seal(store::live_versions(state));
            state.working = state.sealed;
            put_files(machine.disk, files);
            const Code code = open.store.refresh(open.diagnostic).error().code;
            EXPECT_TRUE(is_fine_or(code, {})) << code_name(code);
            if (code != Code::none) continue;
            Snapshot snapshot;
            ASSERT_TRUE(open.store.snapshot(snapshot));
            for (const char* const stream : {"a", "b", "made", "t"})
                read_stream(snapshot, stream, Direction::forwards);
            ASSERT_FALSE(HasFailure());
        }
    }
}

// A block of events that lie far from one another, in a segment that cannot be mapped.
TEST(FailingDisk, IsToldWhereABlockOfEventsIsFetched) {
    Machine machine;
    const std::string payload(3000, 'p');
    {
        OpenStore open{machine.door(), small_options()};
        for (int i = 0; i < 40; i++) ASSERT_TRUE(open.append("s", {payload}));
        ASSERT_TRUE(open.store.close());
    }
    FaultyDisk faulty{machine.disk};
    OpenStore open{Door{&faulty, &machine.clock, &machine.gate}, small_options()};
    Snapshot snapshot;
    ASSERT_TRUE(open.store.snapshot(snapshot));
    StreamCursor cursor;
    ASSERT_TRUE(cursor.open(snapshot, "s", Horizon::beginning(), Direction::forwards));
    faulty.maps_fail = true;
    Recorded event;
    EXPECT_EQ(cursor.next(event).error().code, Code::io);
}

}  // namespace
}  // namespace freshet::test
