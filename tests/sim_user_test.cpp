// SPDX-License-Identifier: MIT
// How a user crashes code of their own. A notebook keeps lines in a file: each has its size and a
// sum, and what add() returned true for must be there after any crash. One version of it forgets
// something; every crash at every call, with every state the disk can then be in, finds that, and
// finds nothing in the right one.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "freshet/sim.hpp"

namespace freshet {
namespace {

enum class Flaw : std::uint8_t { none, name_not_synced, answered_too_early, sum_not_checked };

class Notebook {
public:
    Notebook(Disk& disk, Flaw flaw) : disk_{disk}, flaw_{flaw} {}

    // Reads the lines that are whole, cuts off what is not.
    bool open() {
        Result<File> file = disk_.open("notes", OpenMode::write);
        if (!file && file.error().code == Code::not_found) {
            file = disk_.open("notes", OpenMode::create);
            if (file && flaw_ != Flaw::name_not_synced && !disk_.sync_directory()) return false;
        }
        if (!file) return false;
        file_ = *file;
        std::array<std::byte, 2048> bytes{};
        const Result<std::size_t> size = disk_.read(file_, 0, bytes);
        if (!size) return false;
        while (read_line(Bytes{bytes}.subspan(end_, *size - end_))) {
        }
        // What looks whole may be in the cache only.
        return disk_.truncate(file_, end_) && disk_.sync(file_);
    }

    bool add(std::string_view line) {
        const std::array<std::uint32_t, 2> head = {static_cast<std::uint32_t>(line.size()),
                                                   sum(line)};
        const Result<std::size_t> moved =
            disk_.write(file_, end_, std::as_bytes(std::span{head}), as_bytes(line));
        if (!moved || *moved != sizeof head + line.size()) return false;
        if (flaw_ == Flaw::answered_too_early) lines_.emplace_back(line);
        if (flaw_ != Flaw::answered_too_early && !disk_.sync(file_)) return false;
        if (flaw_ != Flaw::answered_too_early) lines_.emplace_back(line);
        end_ += sizeof head + line.size();
        return true;
    }

    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

private:
    static std::uint32_t sum(std::string_view line) {
        std::uint32_t out = 17;
        for (const char letter : line) out = out * 31 + static_cast<unsigned char>(letter);
        return out;
    }

    bool read_line(Bytes bytes) {
        std::array<std::uint32_t, 2> head{};
        if (bytes.size() < sizeof head) return false;
        std::memcpy(head.data(), bytes.data(), sizeof head);
        if (head[0] == 0 || head[0] > bytes.size() - sizeof head) return false;
        const std::string_view line = as_text(bytes.subspan(sizeof head, head[0]));
        if (flaw_ != Flaw::sum_not_checked && sum(line) != head[1]) return false;
        lines_.emplace_back(line);
        end_ += sizeof head + head[0];
        return true;
    }

    Disk& disk_;
    Flaw flaw_;
    File file_;
    std::uint64_t end_ = 0;
    std::vector<std::string> lines_;
};

const std::array<std::string, 3> lines = {"milk", std::string(700, 'x'), "a call to make"};

// How many lines add() promised to keep.
std::size_t write_lines(SimDisk& disk, Flaw flaw) {
    Notebook notebook{disk, flaw};
    std::size_t kept = 0;
    if (!notebook.open()) return 0;
    for (const std::string& line : lines) {
        if (!notebook.add(line)) break;
        kept++;
    }
    return kept;
}

bool is_right(const Notebook& notebook, std::size_t kept) {
    if (notebook.lines().size() < kept || notebook.lines().size() > lines.size()) return false;
    return std::equal(notebook.lines().begin(), notebook.lines().end(), lines.begin());
}

// Counts the states looked at; stops at the first in which something is lost or made up.
struct Search {
    std::uint64_t state_count = 0;
    bool found_a_flaw = false;
};

Search search(Flaw flaw) {
    Search result;
    const SimDiskSize small{.file_count_max = 4, .file_size_max = 4096, .version_count_max = 64};
    SimDisk fresh{small};
    SimDisk crashed{small};
    SimDisk found{small};
    fresh.profile.tears = false;
    for (std::uint64_t call = 0;; call++) {
        fresh.copy_to(crashed);
        crashed.crash_at(call);
        const std::size_t kept = write_lines(crashed, flaw);
        EveryChoice choice;
        do {
            crashed.copy_to(found);
            found.power_loss(choice);
            Notebook notebook{found, flaw};
            result.state_count++;
            if (!notebook.open() || !is_right(notebook, kept)) result.found_a_flaw = true;
        } while (choice.next() && !result.found_a_flaw);
        if (!crashed.is_crashed() || result.found_a_flaw) return result;
    }
}

TEST(SimUser, TheRightNotebookSurvivesEveryCrash) {
    const Search result = search(Flaw::none);
    EXPECT_FALSE(result.found_a_flaw);
    EXPECT_GE(result.state_count, 20U);
}

TEST(SimUser, ANameThatWasNotSyncedIsMissed) {
    EXPECT_TRUE(search(Flaw::name_not_synced).found_a_flaw);
}

TEST(SimUser, AnAnswerGivenTooEarlyIsFound) {
    EXPECT_TRUE(search(Flaw::answered_too_early).found_a_flaw);
}

TEST(SimUser, ALineThatIsHalfThereIsFound) {
    EXPECT_TRUE(search(Flaw::sum_not_checked).found_a_flaw);
}

}  // namespace
}  // namespace freshet
