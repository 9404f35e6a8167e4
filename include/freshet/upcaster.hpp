// SPDX-License-Identifier: MIT
// Upcasters: events of older schemas, read as if they had been written today.
//
// What was written stays as it is. An Upcaster makes of an event of one version of a type what it
// would be in the next; a chain of them takes each event from the version it has to the newest,
// 1 to 2 to 3. Whoever reads applies it to what was read: a store and its cursors know nothing of
// it, and events that no upcaster takes pass unchanged. An event stays one event.
#pragma once

#include <span>

#include "freshet/event.hpp"

namespace freshet {

struct Upcaster {
    // It takes events of this type and of this version of its schema, from 1, ...
    std::string_view type;
    std::uint16_t version = 1;
    // ... and gives events of this type (empty: of the same one) and version (0: of the next one).
    std::string_view to_type{};
    std::uint16_t to_version = 0;

    // Changes the event's payload and metadata, and nothing else of it: type and version are seen
    // to. New bytes go to the front of `scratch`, which is shortened by what was taken. Null: they
    // stay as they are, as where a type gets another name. Any error stops the chain;
    // out_of_memory: the scratch is too small; corrupt: this is not what the version should be.
    Status (*upcast)(void* context, Recorded& event, MutableBytes& scratch) noexcept = nullptr;
    void* context = nullptr;
};

// Why upcasters make no chain.
struct UpcasterProblem {
    enum class Kind : std::uint8_t {
        none,
        nameless,   // An upcaster has no type, or begins or ends at version 0 or above 65,535.
        duplicate,  // Two take the same type and version.
        cycle,      // An event of this type and version would come back to them.
        gap,        // Nothing takes this type and version, but there is a next one.
    };
    Kind kind = Kind::none;
    std::size_t upcaster = 0;  // Its number in the list, from 0: of two, the second.
    std::string_view type{};   // A view of the upcaster's.
    std::uint16_t version = 0;
};

// One clear English sentence, into `into`; cut to fit.
std::string_view describe(const UpcasterProblem& problem, std::span<char> into) noexcept;

// May be used by any number of threads at once, if its upcasters may.
class UpcasterChain {
public:
    // Checks the upcasters, which stay lent for the life of the chain. invalid_argument: they make
    // none, and `problem` says why; the chain is empty then. Where one takes or gives a version,
    // the version before it must be taken, too, unless a type of another name leads there. The cost
    // is that of the square of their number; they come in any order.
    Status open(std::span<const Upcaster> upcasters, UpcasterProblem& problem) noexcept;

    // Makes of an event its newest version. Says how many upcasters it took; 0: it is as it was.
    // What they made lies in `scratch`, the rest where it lay. After an error, which is that of an
    // upcaster, the event is as it was. The cost is a look at each upcaster for each step.
    Result<std::uint32_t> apply(Recorded& event, MutableBytes scratch) const noexcept;

private:
    std::span<const Upcaster> upcasters_;
};

}  // namespace freshet
