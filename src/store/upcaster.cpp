// SPDX-License-Identifier: MIT
// Upcasters are few, some dozens: they are looked through from the first on, and their check asks
// of each whatever there is to ask, so that there is nothing to build and no memory to lend.
#include "freshet/upcaster.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace freshet {

namespace {

using Kind = UpcasterProblem::Kind;
using List = std::span<const Upcaster>;

// A version of a type.
struct Schema {
    std::string_view type;
    std::uint32_t version;  // One more than there can be, where an upcaster goes beyond.
    friend bool operator==(const Schema&, const Schema&) noexcept = default;
};

Schema from(const Upcaster& upcaster) noexcept {
    return {upcaster.type, upcaster.version};
}

Schema to(const Upcaster& upcaster) noexcept {
    const std::uint32_t version = upcaster.to_version;
    return {upcaster.to_type.empty() ? upcaster.type : upcaster.to_type,
            version == 0 ? upcaster.version + 1U : version};
}

const Upcaster* find(List list, const Schema& schema) noexcept {
    for (const Upcaster& upcaster : list) {
        if (from(upcaster) == schema) return &upcaster;
    }
    return nullptr;
}

bool is_nameless(const Upcaster& upcaster) noexcept {
    return upcaster.type.empty() || upcaster.version == 0 || to(upcaster).version > 65535;
}

bool is_in_cycle(List list, const Upcaster& first) noexcept {
    const Upcaster* upcaster = &first;
    for (std::size_t i = 0; upcaster != nullptr && i < list.size(); i++) {
        upcaster = find(list, to(*upcaster));
        if (upcaster == &first) return true;
    }
    return false;
}

// Whether the version before this one leads on, or events come to this one by another name.
bool is_reached(List list, const Schema& schema) noexcept {
    if (schema.version == 1 || find(list, {schema.type, schema.version - 1}) != nullptr)
        return true;
    return std::ranges::any_of(list, [&](const Upcaster& upcaster) noexcept {
        return upcaster.type != schema.type && to(upcaster) == schema;
    });
}

UpcasterProblem check(List list, std::size_t number) noexcept {
    const Upcaster& upcaster = list[number];
    const Schema own = from(upcaster);
    const auto problem = [&](Kind kind, const Schema& of) noexcept {
        return UpcasterProblem{kind, number, of.type, static_cast<std::uint16_t>(of.version)};
    };
    if (is_nameless(upcaster)) return problem(Kind::nameless, own);
    if (find(list.first(number), own) != nullptr) return problem(Kind::duplicate, own);
    if (is_in_cycle(list, upcaster)) return problem(Kind::cycle, own);
    for (const Schema& schema : {own, to(upcaster)}) {
        if (!is_reached(list, schema)) return problem(Kind::gap, {schema.type, schema.version - 1});
    }
    return {};
}

}  // namespace

std::string_view describe(const UpcasterProblem& problem, std::span<char> into) noexcept {
    TextWriter text{into};
    if (problem.kind == Kind::none) return text.text("nothing is the matter").written();
    text.text("upcaster ").number(problem.upcaster + 1);
    switch (problem.kind) {
        case Kind::nameless: text.text(" has no type, or a version not from 1 to 65535: "); break;
        case Kind::duplicate: text.text(" is the second that takes "); break;
        case Kind::cycle: text.text(" leads back to "); break;
        default: text.text(" goes on from what nothing takes: "); break;
    }
    return text.text(problem.type).text(" version ").number(problem.version).written();
}

Status UpcasterChain::open(std::span<const Upcaster> upcasters, UpcasterProblem& problem) noexcept {
    upcasters_ = {};
    for (std::size_t i = 0; i < upcasters.size(); i++) {
        problem = check(upcasters, i);
        if (problem.kind != Kind::none) return Code::invalid_argument;
    }
    problem = {};
    upcasters_ = upcasters;
    return Done{};
}

Result<std::uint32_t> UpcasterChain::apply(Recorded& event, MutableBytes scratch) const noexcept {
    Recorded made = event;
    std::uint32_t count = 0;
    for (;;) {
        const Upcaster* const upcaster = find(upcasters_, {made.type, made.schema_version});
        if (upcaster == nullptr) break;
        if (upcaster->upcast != nullptr) {
            const Status status = upcaster->upcast(upcaster->context, made, scratch);
            if (!status) return status.error();
        }
        const Schema next = to(*upcaster);
        made.type = next.type;
        made.schema_version = static_cast<std::uint16_t>(next.version);
        count++;
    }
    event = made;
    return count;
}

}  // namespace freshet
