// SPDX-License-Identifier: MIT
// Any bytes as `head`, beside a log that is valid.
//
// Input: a byte (bit 0 SHA-256; bit 1 a log that was not closed; bit 2 the file as it is), and then
// with bit 2 the file, otherwise the first bytes of slot 0 and in the second half those of slot 1;
// the rest of each slot is zeros.
#include <algorithm>
#include <cstring>

#include "fuzz/machine.hpp"
#include "fuzz/mutate.hpp"
#include "fuzz/repair.hpp"
#include "log/head.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::size_t input_size_max = 1 + 2 * log::head_slot_size;
constexpr std::size_t record_size = 120;
constexpr Field fields[] = {{8, 4},  {16, 8}, {24, 8}, {32, 4}, {36, 4}, {40, 4}, {44, 4},
                            {48, 4}, {52, 4}, {56, 8}, {64, 8}, {72, 8}, {80, 8}, {88, 4}};

bool has(std::byte flags, std::uint8_t bit) {
    return (flags & std::byte{bit}) != std::byte{0};
}

Contents head_of(Bytes bytes) {
    const Bytes rest = bytes.subspan(1);
    if (has(bytes[0], 4)) return Contents(rest.begin(), rest.end());
    Contents head(2 * log::head_slot_size);
    const std::size_t half = rest.size() / 2;
    for (std::size_t slot = 0; slot < 2; slot++) {
        const Bytes part = rest.subspan(slot * half, std::min(half, log::head_slot_size));
        std::copy(part.begin(), part.end(),
                  head.begin() + static_cast<std::ptrdiff_t>(slot * log::head_slot_size));
    }
    return head;
}

// The input that means this head.
Contents input_of(std::uint8_t flags, const Contents& head) {
    Contents bytes = {std::byte{flags}};
    for (std::size_t slot = 0; slot < 2; slot++) {
        const auto begin = head.begin() + static_cast<std::ptrdiff_t>(slot * log::head_slot_size);
        bytes.insert(bytes.end(), begin, begin + record_size);
    }
    return bytes;
}

// Where the two slots begin in the input, and how much of them is there.
MutableBytes slot_of(Contents& bytes, std::size_t slot) {
    const bool whole = has(bytes[0], 4);
    const std::size_t step = whole ? log::head_slot_size : (bytes.size() - 1) / 2;
    const std::size_t begin = std::min(1 + slot * step, bytes.size());
    return MutableBytes{bytes}.subspan(begin, std::min(step, bytes.size() - begin));
}

void repair(MutableBytes slot) {
    if (slot.size() < record_size || slot.size() > log::head_slot_size) return;
    Contents whole(slot.begin(), slot.end());
    whole.resize(log::head_slot_size);
    repair_head(whole);
    std::copy_n(whole.begin(), 16, slot.begin());
}

// One number of a slot made up, and its checksum right.
Seed made_up(std::string name, Contents bytes, std::size_t slot, std::size_t at,
             std::uint64_t value, std::size_t size) {
    const MutableBytes changed = slot_of(bytes, slot);
    std::memcpy(changed.data() + at, &value, size);
    repair(changed);
    return {std::move(name), std::move(bytes)};
}

}  // namespace

std::vector<Seed> make_seeds() {
    const Example& plain = example(Digest::none);
    const Example& proven = example(Digest::sha256);
    Contents one_slot = input_of(0, plain.closed.at("head"));
    std::fill(one_slot.begin() + 1, one_slot.begin() + 1 + record_size, std::byte{0});
    const Contents closed = input_of(0, plain.closed.at("head"));
    const Contents stopped = input_of(2, plain.stopped.at("head"));
    constexpr std::uint64_t most = ~std::uint64_t{0};
    return {made_up("last-epoch", stopped, 1, 44, most, 4),
            made_up("last-sequence", closed, 0, 16, most - 1, 8),
            made_up("older-epoch", closed, 0, 44, 0, 4),
            made_up("other-nonce", closed, 0, 48, 7, 4),
            made_up("commits-nowhere", made_up({}, stopped, 1, 56, 0, 8).bytes, 1, 64, most, 8),
            {"empty", {std::byte{4}}},
            {"zeros", Contents(1 + 2 * record_size)},
            {"new", input_of(2, plain.fresh.at("head"))},
            {"stopped", stopped},
            {"closed", closed},
            {"one-slot", one_slot},
            {"closed-sha256", input_of(1, proven.closed.at("head"))},
            {"stopped-sha256", input_of(3, proven.stopped.at("head"))}};
}

}  // namespace freshet::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
    using namespace freshet::fuzz;
    Random random{seed};
    Contents changed = to_change(data, size, random, 10, 8);
    if (random.chance(20)) mutate_bytes(changed, size_max);
    if (changed.empty()) changed.resize(1);
    for (std::size_t i = random.below(4); i > 0; i--)
        mutate_field(slot_of(changed, random.below(2)), fields, random);
    if (random.chance(80)) {
        repair(slot_of(changed, 0));
        repair(slot_of(changed, 1));
    }
    return give_back(changed, data, size_max);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace freshet::fuzz;
    if (size == 0 || size > input_size_max) return 0;
    const auto bytes = input(data, size);
    const Example& from =
        example(has(bytes[0], 1) ? freshet::Digest::sha256 : freshet::Digest::none);
    Files files = has(bytes[0], 2) ? from.stopped : from.closed;
    files["head"] = head_of(bytes);
    check_files(files);
    return 0;
}
