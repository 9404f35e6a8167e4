// SPDX-License-Identifier: MIT
// Readers in threads of their own, without locks on the tree. For ThreadSanitizer above all.
#include <array>
#include <atomic>
#include <mutex>
#include <thread>

#include "tree_fixture.hpp"

namespace freshet::tree {
namespace {

constexpr std::size_t reader_count = 3;
constexpr std::uint64_t key_count = 200;
constexpr std::uint64_t commit_count = 1500;

// Which versions are read. The lock orders the end of a reading before the reuse of its pages.
class Board {
public:
    Root enter(std::size_t reader) {
        const std::lock_guard lock{mutex_};
        reading_[reader] = published_.version;
        return published_;
    }
    void leave(std::size_t reader) {
        const std::lock_guard lock{mutex_};
        reading_[reader] = published_.version;
    }
    // The published version can still be read, until the next is published.
    std::array<std::uint64_t, reader_count + 1> live() {
        const std::lock_guard lock{mutex_};
        std::array<std::uint64_t, reader_count + 1> live{};
        for (std::size_t i = 0; i < reader_count; i++) live[i] = reading_[i];
        live[reader_count] = published_.version;
        return live;
    }
    void publish(Root root) {
        const std::lock_guard lock{mutex_};
        published_ = root;
    }

private:
    std::mutex mutex_;
    Root published_;
    std::array<std::uint64_t, reader_count> reading_{};
};

std::string key_of(std::uint64_t number) {
    return "key " + std::to_string(number * 7919 % 10007);
}

// Every commit gives all keys that are there the same value, so a reader sees one value or a torn
// tree.
void read_once(const Delta& delta, Root root) {
    std::string expected;
    std::size_t count = 0;
    Cursor cursor{delta, root};
    for (go_to_first(cursor); cursor.valid(); cursor.next()) {
        const std::string value = text(cursor.value());
        if (count == 0) expected = value;
        ASSERT_EQ(value, expected);
        count++;
    }
    ASSERT_EQ(expected, root.version > 0 ? std::to_string(root.version) : "");
    for (std::uint64_t i = 0; i < key_count; i++) {
        const Bytes found = delta.find(root, as_bytes(key_of(i)));
        if (found.data() == nullptr) continue;
        ASSERT_EQ(text(found), expected);
        count--;
    }
    ASSERT_EQ(count, 0U);
}

// Changes the length of the values now and then, and lets keys come and go, so that pages split and
// merge.
void commit(Delta& delta, Board& board, std::uint64_t number) {
    delta.begin();
    const std::string value = std::to_string(delta.root().version);
    const std::uint64_t present = 1 + number * 37 % key_count;
    for (std::uint64_t i = 0; i < key_count; i++) {
        if (i < present) {
            ASSERT_TRUE(delta.put(as_bytes(key_of(i)), as_bytes(value)));
        } else {
            ASSERT_TRUE(delta.erase(as_bytes(key_of(i))));
        }
    }
    if (number % 5 == 4) return delta.rollback();
    const auto live = board.live();
    board.publish(delta.seal(live));
}

TEST(TreeThreads, ReadWhatTheyEnteredWith) {
    constexpr std::size_t pool_size = 300 * page_size;
    std::vector<std::byte> memory(Delta::required_memory(pool_size, reader_count + 1));
    Arena arena{MutableBytes{memory}};
    Delta delta;
    ASSERT_TRUE(delta.open(arena, pool_size, reader_count + 1));
    Board board;
    std::atomic<bool> is_done{false};
    std::vector<std::thread> readers;
    for (std::size_t reader = 0; reader < reader_count; reader++) {
        readers.emplace_back([&, reader] {
            while (!is_done.load() && !::testing::Test::HasFailure()) {
                read_once(delta, board.enter(reader));
                board.leave(reader);
            }
        });
    }
    for (std::uint64_t i = 0; i < commit_count && !::testing::Test::HasFailure(); i++) {
        commit(delta, board, i);
    }
    is_done.store(true);
    for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace freshet::tree
