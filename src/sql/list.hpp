// SPDX-License-Identifier: MIT
// Lists in an arena: each node knows the next one.
#pragma once

#include <cstdint>

namespace freshet::sql {

// T has a member `T* next`. A view: copies see the same nodes.
template <class T>
struct List {
    T* first = nullptr;
    std::uint32_t count = 0;

    struct Iterator {
        T* node;
        T& operator*() const noexcept { return *node; }
        T* operator->() const noexcept { return node; }
        Iterator& operator++() noexcept {
            node = node->next;
            return *this;
        }
        friend bool operator==(Iterator, Iterator) noexcept = default;
    };
    [[nodiscard]] Iterator begin() const noexcept { return {first}; }
    [[nodiscard]] Iterator end() const noexcept { return {nullptr}; }
    [[nodiscard]] bool empty() const noexcept { return count == 0; }
};

// Fills a list from its front to its end.
template <class T>
class Appender {
public:
    explicit Appender(List<T>& list) noexcept : list_{list} {}
    void push(T* node) noexcept {
        *end_ = node;
        end_ = &node->next;
        list_.count++;
    }

private:
    List<T>& list_;
    T** end_ = &list_.first;
};

}  // namespace freshet::sql
