// SPDX-License-Identifier: MIT
#include "base/field.hpp"

namespace freshet {

namespace {

// Of 1 to 8 bytes of a record, by one load of 8 where as many lie in it before their end or behind
// their start.
std::uint64_t load_number(Bytes record, std::size_t at, std::size_t size) noexcept {
    const std::size_t unused = 64 - 8 * size;
    const std::size_t end = at + size;
    if (end >= 8) return load<std::uint64_t>(record.data() + end - 8) >> unused;
    if (record.size() >= at + 8) return load<std::uint64_t>(record.data() + at) << unused >> unused;
    std::uint64_t number = 0;
    std::memcpy(&number, record.data() + at, size);
    return number;
}

}  // namespace

Field FieldReader::next() noexcept {
    std::uint64_t code = 0;
    if (!take_code(code)) return fail();
    if (code >= Field::first_bytes) {
        if (code - Field::first_bytes > record_.size() - at_) return fail();
        const Bytes bytes = record_.subspan(at_, code - Field::first_bytes);
        at_ += bytes.size();
        return Field::of(bytes);
    }
    if (code >= Field::first_small) return Field::whole(code - Field::first_small);
    return code == 0 ? Field{} : number(static_cast<std::size_t>(code));
}

// Of one class or the other, with bytes behind a code of 1 to 17.
Field FieldReader::number(std::size_t code) noexcept {
    const bool is_real = code >= Field::first_real;
    const std::size_t size = is_real ? code - Field::first_real : code;
    if (size > record_.size() - at_) return fail();
    if (size == 0) return Field::real(0);
    const std::uint64_t number = load_number(record_, at_, size);
    const bool is_short = is_real ? record_[at_] != std::byte{0}
                                  : number >= Field::small_count && number >> 8 * (size - 1) != 0;
    if (!is_short) return fail();
    at_ += size;
    return is_real ? Field::real(number << (64 - 8 * size)) : Field::whole(number);
}

}  // namespace freshet
