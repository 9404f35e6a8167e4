// SPDX-License-Identifier: MIT
// A second process at the disk of a simulated life: it has the store open read only and follows
// it. It looks between any two calls of the writer, lives on when the writer is killed, and dies
// with the power. Its own calls are not counted, so that it changes nothing in the life it watches.
#pragma once

#include <array>
#include <list>
#include <string>
#include <vector>

#include "freshet/follower.hpp"
#include "sim/examine.hpp"

namespace freshet::sim {

// Reads a simulated disk as it is now, from outside of it.
class SecondDisk final : public Disk {
public:
    explicit SecondDisk(const SimDisk& disk) : disk_{disk} {}

    Result<File> open(std::string_view name, OpenMode mode) noexcept override;
    void close(File file) noexcept override { names_[file.number].clear(); }
    Result<std::uint64_t> size(File file) noexcept override;
    Result<std::size_t> read(File file, std::uint64_t offset, MutableBytes into) noexcept override;
    Result<std::size_t> write(File, std::uint64_t, Bytes, Bytes) noexcept override;
    Result<std::size_t> write_zeros(File, std::uint64_t, std::size_t) noexcept override;
    Status truncate(File, std::uint64_t) noexcept override;
    Status sync(File) noexcept override;
    Status sync_directory() noexcept override;
    Status rename(std::string_view, std::string_view) noexcept override;
    Status remove(std::string_view) noexcept override;
    Result<const std::byte*> map(File file, std::size_t size) noexcept override;
    void unmap(const std::byte* address, std::size_t) noexcept override;
    Status lock(Holder& holder) noexcept override;
    void unlock() noexcept override {}
    Status note(const Note&) noexcept override;
    Result<bool> look(Note& note, Holder& holder) noexcept override;

private:
    const SimDisk& disk_;
    std::array<std::string, 4> names_;  // Of open files.
    // What was mapped stays, though the writer removes the file. Logs are never removed, and grow.
    std::list<std::vector<std::byte>> runs_;
};

class Beside {
public:
    Beside(const SimDisk& disk, const SimDiskSize& size, const Options& options, bool is_unmapped);
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;
    ~Beside() { close(); }

    // Looks for news, and checks that each event is the model's and comes once. Returns what the
    // store says instead of events, if it does. `seen`: the newest commit it has been shown.
    Code look(const Model& model, std::uint64_t& seen);
    // Whether all that it shows, and what a snapshot shows that it has held for some time, is the
    // model's. Returns what the store says instead of an answer, if it does.
    Code compare(const Model& model, bool holds_on);
    // The process ends, and another one goes on from where it was.
    void close();
    [[nodiscard]] bool was_refused_runs() const { return refused_runs_.count != 0; }
    [[nodiscard]] std::uint64_t next_ordinal() const { return next_; }
    [[nodiscard]] bool has_writer() const { return follower_.has_writer(); }

private:
    SecondDisk disk_;
    Copies copies_;
    bool is_unmapped_;
    SimClock clock_;
    SimGate gate_{clock_};
    Options options_;
    std::vector<std::byte> memory_;
    RefusedRuns refused_runs_;
    Diagnostic diagnostic_;
    Store store_;
    Follower follower_;
    Snapshot held_;
    bool open_ = false;
    std::uint64_t next_ = 0;
};

}  // namespace freshet::sim
