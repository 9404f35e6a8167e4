// SPDX-License-Identifier: MIT
// Any bytes as the log, beside a head that is valid.
//
// Input: a byte (bit 0 SHA-256; bit 1 the head attests a log, otherwise nothing), and then segment
// 1 in up to 4,096 bytes, segment 2 in the next 4,096, and what is left as segment 3.
#include <algorithm>
#include <cstring>

#include "base/codec.hpp"
#include "fuzz/forge.hpp"
#include "fuzz/machine.hpp"
#include "fuzz/mutate.hpp"
#include "fuzz/repair.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::size_t segment_count_max = 3;
constexpr std::size_t input_size_max = 1 + segment_count_max * segment_size;
constexpr Field frame_fields[] = {{3, 1},  {8, 8},  {16, 8}, {24, 4}, {28, 4}, {32, 8}, {40, 8},
                                  {48, 8}, {56, 4}, {60, 4}, {64, 4}, {68, 2}, {70, 2}, {76, 4}};
constexpr Field segment_fields[] = {{8, 4},  {16, 8}, {24, 4}, {28, 4},
                                    {32, 8}, {40, 4}, {44, 4}, {48, 4}};

const Example& example_of(std::byte flags) {
    return example((flags & std::byte{1}) == std::byte{0} ? Digest::none : Digest::sha256);
}

Contents image_of(const Files& files) {
    Contents image;
    for (std::uint32_t i = 1; i <= segment_count_max; i++) {
        const auto file = files.find(std::string{log::as_view(log::segment_name(i))});
        if (file == files.end()) break;
        image.resize((i - 1) * segment_size);
        image.insert(image.end(), file->second.begin(), file->second.end());
    }
    return image;
}

// A log that is being changed; frames are those of the first segment, or of the one after it.
class LogMutation {
public:
    LogMutation(Contents& image, const Example& from, Random& random)
        : image_{image}, from_{from}, random_{random} {}

    void once() {
        find();
        if (frames_.empty() || random_.chance(10)) return mutate_bytes(image_, input_size_max - 1);
        const FramePlace frame = frames_[random_.below(frames_.size())];
        const MutableBytes bytes{image_.data() + frame.begin, frame.size};
        const std::size_t body = from_.geometry.frame_header_size();
        switch (random_.below(10)) {
            case 0:
                return mutate_field(MutableBytes{image_}.subspan(base_), segment_fields, random_);
            case 1: return static_cast<void>(take(frame));
            case 2: return put(frame.begin, Contents(bytes.begin(), bytes.end()));
            case 3: return swap(frame);
            case 4: return splice(frame.begin);
            case 5: return cut_or_extend();
            case 6:
            case 7:
                if (bytes.size() > body)
                    return mutate_number(&bytes[body + random_.below(bytes.size() - body)], 1,
                                         random_);
                [[fallthrough]];
            default: return mutate_field(bytes, frame_fields, random_);
        }
    }

private:
    void find() {
        base_ = image_.size() > segment_size && random_.chance(50) ? segment_size : 0;
        frames_ = find_frames(Bytes{image_}.subspan(base_), from_.geometry);
        for (FramePlace& frame : frames_) frame.begin += base_;
        while (!frames_.empty() && frames_.back().size == from_.geometry.frame_header_size())
            frames_.pop_back();
    }

    Contents take(FramePlace frame) {
        const auto begin = image_.begin() + static_cast<std::ptrdiff_t>(frame.begin);
        const auto end = begin + static_cast<std::ptrdiff_t>(frame.size);
        Contents taken{begin, end};
        image_.erase(begin, end);
        return taken;
    }

    void put(std::size_t at, const Contents& bytes) {
        at = std::min(at, image_.size());
        image_.insert(image_.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin(), bytes.end());
    }

    void swap(FramePlace frame) {
        const Contents taken = take(frame);
        const std::size_t other = frames_[random_.below(frames_.size())].begin;
        put(other > frame.begin ? other - frame.size : other, taken);
    }

    // A frame that the library wrote.
    void splice(std::size_t at) {
        const Contents source = image_of(from_.stopped);
        const std::vector<FramePlace> there = find_frames(source, from_.geometry);
        if (there.empty()) return;
        const FramePlace frame = there[random_.below(there.size())];
        const auto begin = source.begin() + static_cast<std::ptrdiff_t>(frame.begin);
        put(at, Contents(begin, begin + static_cast<std::ptrdiff_t>(frame.size)));
    }

    void cut_or_extend() {
        const std::size_t size = random_.below(2 * image_.size() + 1);
        image_.resize(std::min(size, input_size_max - 1), static_cast<std::byte>(random_.below(2)));
    }

    Contents& image_;
    const Example& from_;
    Random& random_;
    std::size_t base_ = 0;
    std::vector<FramePlace> frames_;
};

Seed seed_of(std::string name, std::uint8_t flags, const Files& files) {
    Contents bytes = {std::byte{flags}};
    const Contents image = image_of(files);
    bytes.insert(bytes.end(), image.begin(), image.end());
    return {std::move(name), std::move(bytes)};
}

// The frames of segment 1 cut off after `count`.
Seed short_seed(std::string name, std::uint8_t flags, const Example& from, std::size_t count) {
    Seed seed = seed_of(std::move(name), flags, from.closed);
    const FramePlace last = find_frames(Bytes{seed.bytes}.subspan(1), from.geometry).at(count - 1);
    seed.bytes.resize(1 + last.begin + last.size);
    return seed;
}

// One number made up, and every checksum right. `at` is in the image.
Seed made_up(std::string name, Seed seed, std::size_t at, std::uint64_t value, std::size_t size) {
    std::memcpy(seed.bytes.data() + 1 + at, &value, size);
    repair_log(MutableBytes{seed.bytes}.subspan(1), example_of(seed.bytes[0]).geometry,
               Repair::checksums);
    return {std::move(name), std::move(seed.bytes)};
}

// The settings in the log made up: `at` from their beginning.
Seed made_up_settings(std::string name, const Example& from, std::size_t at, std::uint64_t value) {
    const Contents image = image_of(from.closed);
    std::array<std::byte, 8> mark;
    std::memcpy(mark.data(), &marked_max_count, mark.size());
    const auto found = std::search(image.begin(), image.end(), mark.begin(), mark.end());
    const auto begin = static_cast<std::size_t>(found - image.begin()) - 9;
    return made_up(std::move(name), seed_of("", 2, from.closed), begin + at, value,
                   at == 0 ? 1 : 8);
}

// Frames that no writer makes; `to` in the place of `from`.
Seed forged(std::string name, const std::vector<ForgedFrame>& frames, std::string_view from = {},
            std::string_view to = {}) {
    const Example& plain = example(Digest::none);
    Contents log = forge_log(image_of(plain.fresh), plain.geometry, frames);
    if (!from.empty()) change_log(log, plain.geometry, from, to);
    log.insert(log.begin(), std::byte{0});
    return {std::move(name), std::move(log)};
}

}  // namespace

std::vector<Seed> make_seeds() {
    using namespace std::string_view_literals;
    const Example& plain = example(Digest::none);
    const Example& proven = example(Digest::sha256);
    constexpr std::uint64_t most = ~std::uint64_t{0};
    constexpr std::size_t frame = log::segment_header_size;
    const std::size_t table = frame +
                              load<std::uint32_t>(image_of(plain.closed).data() + frame + 60) +
                              plain.geometry.frame_header_size();
    const Seed two = short_seed("two-frames", 0, plain, 2);
    return {made_up("last-time", two, frame + 40, most, 8),
            made_up("last-epoch", seed_of("new", 0, plain.fresh), 40, most, 4),
            made_up("control-in-type", two, table + 1, 10, 1),
            made_up("control-in-stream", two, table + 9, 10, 1),
            made_up_settings("settings-of-no-kind", plain, 0, 8),
            made_up_settings("settings-tombstone", plain, 0, 4),
            made_up_settings("settings-closed-deleted", plain, 0, 3),
            made_up_settings("settings-truncate-all", plain, 1, most),
            made_up_settings("settings-of-an-age", plain, 17, 30),
            forged("stream-begun-twice",
                   {{.events = {{"s", 0, "T"}}}, {.events = {{"s", 0, ""}}, .commit = 2}}),
            forged("stream-named-twice", {{.events = {{"same", 0, "T"}, {"some", 0, "T"}}}},
                   "\1\3ome", "\1\3ame"),
            forged("stream-named-behind-its-beginning", {{.events = {{"made", 0, ""}}}},
                   "\0\4made\0"sv, "\0\4made\1"sv),
            forged("claim-in-a-transaction",
                   {{.events = {{"s", 0, "T"}}, .last = false},
                    {.events = {{"s", 1, "T"}}},
                    {.events = {{"s", 2, "T"}}, .commit = 2, .synced_to = 200}}),
            two,
            {"empty", {std::byte{0}}},
            seed_of("new", 0, plain.fresh),
            seed_of("stopped", 0, plain.stopped),
            seed_of("closed", 2, plain.closed),
            seed_of("new-sha256", 1, proven.fresh),
            seed_of("closed-sha256", 3, proven.closed),
            short_seed("two-frames-sha256", 1, proven, 2),
            short_seed("half-a-transaction", 0, plain, 6)};
}

}  // namespace freshet::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
    using namespace freshet::fuzz;
    Random random{seed};
    Contents changed = to_change(data, size, random, 3, 4);
    const Example& from = example_of(changed[0]);
    Contents image(changed.begin() + 1, changed.end());
    for (std::size_t i = 1 + random.below(4); i > 0; i--) LogMutation{image, from, random}.once();
    image.resize(std::min(image.size(), size_max - 1));
    if (random.chance(80)) {
        repair_log(image, from.geometry, random.chance(70) ? Repair::sequence : Repair::checksums);
    }
    changed.resize(1);
    changed.insert(changed.end(), image.begin(), image.end());
    return give_back(changed, data, size_max);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace freshet::fuzz;
    if (size == 0 || size > input_size_max) return 0;
    const auto bytes = input(data, size);
    const Example& from = example_of(bytes[0]);
    const bool attests = (bytes[0] & std::byte{2}) != std::byte{0};
    Files files = {{"head", (attests ? from.closed : from.fresh).at("head")}};
    auto rest = bytes.subspan(1);
    for (std::uint32_t i = 1; i == 1 || !rest.empty(); i++) {
        const std::size_t count = std::min(rest.size(), segment_size);
        const std::string name{freshet::log::as_view(freshet::log::segment_name(i))};
        files[name] = Contents(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
        rest = rest.subspan(count);
    }
    check_files(files);
    return 0;
}
