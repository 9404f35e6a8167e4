// SPDX-License-Identifier: MIT
// Choices: by seed, from a tape, all in turn, from bytes; and tapes as text.
#include "freshet/sim_choice.hpp"

#include <algorithm>
#include <charconv>

namespace freshet {

namespace {

constexpr std::string_view domain_letters = "wdscmf";

constexpr std::size_t number(Domain domain) noexcept {
    return static_cast<std::size_t>(domain);
}

}  // namespace

void Tape::add(Domain domain, std::uint64_t value) {
    if (chunks.empty()) chunks.emplace_back();
    chunks.back()[number(domain)].push_back(value);
}

std::string Tape::text() const {
    std::string out;
    for (const Chunk& chunk : chunks) {
        for (std::size_t domain = 0; domain < domain_count; domain++) {
            for (const std::uint64_t value : chunk[domain]) {
                if (!out.empty() && out.back() != '\n') out += ' ';
                out += domain_letters[domain];
                out += std::to_string(value);
            }
        }
        out += '\n';
    }
    return out;
}

bool Tape::parse(std::string_view text) {
    chunks.clear();
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && line.front() == '#') continue;
        chunks.emplace_back();
        while (!line.empty()) {
            const std::size_t domain = domain_letters.find(line.front());
            if (domain == std::string_view::npos) return false;
            std::uint64_t value = 0;
            const auto [rest, error] =
                std::from_chars(line.data() + 1, line.data() + line.size(), value);
            if (error != std::errc{}) return false;
            chunks.back()[domain].push_back(value);
            line.remove_prefix(static_cast<std::size_t>(rest - line.data()));
            while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
        }
    }
    return true;
}

std::uint64_t Choice::below(std::uint64_t n, Domain domain) {
    if (n <= 1) return 0;
    const std::uint64_t value = pick(n, domain);
    if (tape_ != nullptr) tape_->add(domain, value);
    return value;
}

void Choice::next_chunk() {
    begin_chunk();
    if (tape_ == nullptr) return;
    if (tape_->chunks.empty()) tape_->chunks.emplace_back();
    tape_->chunks.emplace_back();
}

SeedChoice::SeedChoice(std::uint64_t seed) noexcept {
    for (std::size_t domain = 0; domain < domain_count; domain++)
        states_[domain] = mix(seed, domain);
}

// SplitMix64, scaled by a multiplication; its bias is below 2^-32 for the small n of simulations.
std::uint64_t SeedChoice::pick(std::uint64_t n, Domain domain) {
    std::uint64_t& state = states_[number(domain)];
    state += 0x9e3779b97f4a7c15U;
    const std::uint64_t x = mix(state, 0);
    if (n > 0xffffffffU) return x % n;
    return ((x >> 32) * n) >> 32;
}

// The first chunk is what is chosen before the first next_chunk().
std::uint64_t TapeChoice::pick(std::uint64_t n, Domain domain) {
    if (chunk_ >= tape_->chunks.size()) return 0;
    const std::vector<std::uint64_t>& values = tape_->chunks[chunk_][number(domain)];
    std::size_t& next = next_[number(domain)];
    return next < values.size() ? values[next++] % n : 0;
}

void TapeChoice::begin_chunk() {
    chunk_++;
    next_ = {};
}

std::uint64_t EveryChoice::pick(std::uint64_t n, Domain) {
    if (position_ == digits_.size()) digits_.push_back({0, n});
    Digit& digit = digits_[position_++];
    return digit.value % n;
}

bool EveryChoice::next() {
    while (!digits_.empty() && digits_.back().value + 1 == digits_.back().n) digits_.pop_back();
    if (digits_.empty()) return false;
    digits_.back().value++;
    position_ = 0;
    run_count_++;
    return true;
}

std::uint64_t ByteChoice::pick(std::uint64_t n, Domain) {
    std::uint64_t value = 0;
    for (std::uint64_t range = 1; range < n && !bytes_.empty(); range <<= 8) {
        value = value << 8 | std::to_integer<std::uint64_t>(bytes_.front());
        bytes_ = bytes_.subspan(1);
        if (range > (~std::uint64_t{0} >> 8)) break;
    }
    return value % n;
}

}  // namespace freshet
