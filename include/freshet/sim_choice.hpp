// SPDX-License-Identifier: MIT
// Where a simulation takes its decisions from. Whatever can go one way or another asks a Choice for
// a number; so one and the same test runs at random from a seed, through every possibility in turn,
// from the bytes of a fuzzer, or once more from the tape of an earlier run.
//
// Tape: the numbers a run asked for, in chunks (a test begins one for each operation it does).
// Inside a chunk each domain has numbers of its own, so that taking away an operation, or changing
// what it chooses in one domain, does not shift what the others choose. Past its end a tape says 0:
// let 0 be the plainest choice, and a shorter tape is a simpler test.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace freshet {

enum class Domain : std::uint8_t { workload, disk, schedule, clock, memory, fault };
inline constexpr std::size_t domain_count = 6;

// Mixes two numbers into one that looks like neither: seeds from seeds, hashes from hashes.
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    std::uint64_t x = a * 0x9e3779b97f4a7c15U + b + 0x2545f4914f6cdd1dU;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

struct Tape {
    using Chunk = std::array<std::vector<std::uint64_t>, domain_count>;
    std::vector<Chunk> chunks;

    void add(Domain domain, std::uint64_t value);
    // One line for each chunk: a letter for the domain (w d s c m f) and a number, separated by
    // spaces. Lines that start with '#' are comments.
    [[nodiscard]] std::string text() const;
    // False: the text is not a tape.
    bool parse(std::string_view text);
};

class Choice {
public:
    Choice(const Choice&) = delete;
    Choice& operator=(const Choice&) = delete;

    // A number below n. n is at least 1; with n = 1 nothing is chosen and nothing recorded.
    std::uint64_t below(std::uint64_t n, Domain domain);
    // True `part` times out of `whole`.
    bool chance(std::uint64_t part, std::uint64_t whole, Domain domain) {
        return below(whole, domain) >= whole - part;
    }
    void next_chunk();
    // From now on everything chosen is added to `tape` too; null: no longer.
    void record(Tape* tape) noexcept { tape_ = tape; }

protected:
    Choice() = default;
    ~Choice() = default;
    virtual std::uint64_t pick(std::uint64_t n, Domain domain) = 0;
    virtual void begin_chunk() {}

private:
    Tape* tape_ = nullptr;
};

// At random, the same for the same seed, with a stream of numbers for each domain.
class SeedChoice final : public Choice {
public:
    explicit SeedChoice(std::uint64_t seed) noexcept;

private:
    std::uint64_t pick(std::uint64_t n, Domain domain) override;
    std::array<std::uint64_t, domain_count> states_;
};

// What a tape says. A number that is too large for its question is taken modulo n.
class TapeChoice final : public Choice {
public:
    explicit TapeChoice(const Tape& tape) noexcept : tape_{&tape} {}

private:
    std::uint64_t pick(std::uint64_t n, Domain domain) override;
    void begin_chunk() override;
    const Tape* tape_;
    std::size_t chunk_ = 0;
    std::array<std::size_t, domain_count> next_{};
};

// Everything in turn:
//     EveryChoice choice;
//     do { ... one run that asks `choice` ... } while (choice.next());
// visits every sequence of answers once, if a run depends on nothing but its answers.
class EveryChoice final : public Choice {
public:
    bool next();  // False: that was the last.
    [[nodiscard]] std::uint64_t run_count() const noexcept { return run_count_; }

private:
    struct Digit {
        std::uint64_t value;
        std::uint64_t n;
    };
    std::uint64_t pick(std::uint64_t n, Domain domain) override;
    std::vector<Digit> digits_;
    std::size_t position_ = 0;
    std::uint64_t run_count_ = 1;
};

// The bytes of a fuzzer, or of a file: as few as n needs for each question, and 0 when they are
// used up.
class ByteChoice final : public Choice {
public:
    explicit ByteChoice(std::span<const std::byte> bytes) noexcept : bytes_{bytes} {}
    [[nodiscard]] bool is_used_up() const noexcept { return bytes_.empty(); }

private:
    std::uint64_t pick(std::uint64_t n, Domain domain) override;
    std::span<const std::byte> bytes_;
};

}  // namespace freshet
