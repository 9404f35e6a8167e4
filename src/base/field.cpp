// SPDX-License-Identifier: MIT
#include "base/field.hpp"

namespace freshet {

Field FieldReader::next() noexcept {
    return next_inlined();
}

}  // namespace freshet
