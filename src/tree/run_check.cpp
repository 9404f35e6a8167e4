// SPDX-License-Identifier: MIT
// The walk through all pages of a run. It comes to an end in any file: each leaf has a key that is
// greater than all before, so that no page is come to twice without being noticed.
#include "tree/leaf_filter.hpp"
#include "tree/run.hpp"

namespace freshet::tree {

class Run::Check {
public:
    explicit Check(const Run& run) noexcept : run_{run} {}

    [[nodiscard]] bool all() noexcept {
        for (family_ = 0; family_ < family_count; family_++) {
            const Branch branch = run_.branches()[family_];
            if (branch.page != 0 && !tree(branch)) return false;
        }
        const RunHeader& header = run_.header();
        return page_count_ == header.page_count && entry_count_ == header.entry_count &&
               erased_count_ == header.erased_count;
    }

private:
    struct Step {
        const Page* page;
        std::uint32_t next;  // Of its children.
    };

    [[nodiscard]] bool tree(Branch branch) noexcept {
        filter_ = {};
        if (!enter(0, branch.page, branch.height)) return false;
        for (std::uint32_t level = 0;;) {
            Step& step = steps_[level];
            const bool is_leaf = level + 1 == branch.height;
            if (is_leaf && !leaf(*step.page, filter_)) return false;
            if (is_leaf || step.next > step.page->count()) {
                if (level == 0) return true;
                level--;
                continue;
            }
            const std::uint32_t index = step.next++;
            filter_ = filter_of(*step.page, index);
            if (index > 0 && order(step.page->key(index - 1)) <= 0) return false;
            level++;
            if (!enter(level, step.page->child(index), branch.height)) return false;
        }
    }

    [[nodiscard]] bool enter(std::uint32_t level, std::uint32_t number,
                             std::uint32_t height) noexcept {
        if (!run_.is_whole(number)) {
            run_.fail();
            return false;
        }
        const Page* const page = run_.at(number);
        if ((page->child(0) != 0) != (level + 1 < height)) return false;
        steps_[level] = {.page = page, .next = 0};
        page_count_++;
        return true;
    }

    // What is sound is in order within the page. Between two leaves there is a separator.
    [[nodiscard]] bool leaf(const Page& page, Bytes filter) noexcept {
        if (order(page.key(0)) < 0 || family_of(last()) != family_) return false;
        take(page.key(page.count() - 1));
        entry_count_ += page.count();
        for (std::uint32_t i = 0; i < page.count(); i++) {
            erased_count_ += page.is_erased(i) ? 1U : 0U;
            if (!LeafFilter::may_have(filter, hash_of(page.key(i)))) return false;
        }
        return family_of(last()) == family_;
    }

    static std::uint64_t hash_of(const Key& key) noexcept {
        std::array<std::byte, key_size_max> bytes;
        key.copy(0, bytes.data());
        return LeafFilter::hash_of(Bytes{bytes}.first(key.size()));
    }
    // Takes a key, and says how it stands to the one before.
    [[nodiscard]] int order(const Key& key) noexcept {
        const int order = last_size_ == 0 ? 1 : compare(key, {.front = {}, .back = last()});
        take(key);
        return order;
    }
    void take(const Key& key) noexcept {
        key.copy(0, last_.data());
        last_size_ = key.size();
    }
    [[nodiscard]] Bytes last() const noexcept { return {last_.data(), last_size_}; }

    const Run& run_;
    std::size_t family_ = 0;
    Bytes filter_;  // Of the page that is entered next, if it is a leaf.
    std::uint64_t page_count_ = 0;
    std::uint64_t entry_count_ = 0;
    std::uint64_t erased_count_ = 0;
    std::size_t last_size_ = 0;
    std::array<std::byte, key_size_max> last_;
    std::array<Step, run_height_max> steps_;
};

bool Run::check_all() const noexcept {
    return Check{*this}.all();
}

}  // namespace freshet::tree
