// SPDX-License-Identifier: MIT
#include "query/spill.hpp"

#include <bit>

#include "base/checksum.hpp"
#include "base/codec.hpp"
#include "disk/io.hpp"

namespace freshet::query {
namespace {

constexpr std::uint32_t all_in_use = (1U << spill_count_max) - 1;

std::uint32_t checksum_of(std::uint64_t offset, Bytes rows) noexcept {
    return crc32c(0, offset, rows.size(), rows);
}

}  // namespace

SpillName spill_name(std::uint32_t number) noexcept {
    return {static_cast<char>('1' + number), '.', 't', 'm', 'p'};
}

void remove_spills(Disk& disk) noexcept {
    for (std::uint32_t i = 0; i < spill_count_max; i++) {
        const SpillName name = spill_name(i);
        static_cast<void>(disk.remove({name.data(), name.size()}));
    }
}

Status Spill::open() noexcept {
    std::uint32_t before = in_use_->load(std::memory_order_relaxed);
    do {
        if (before == all_in_use) return failed(Code::out_of_memory);
        number_ = static_cast<std::uint32_t>(std::countr_one(before));
    } while (!in_use_->compare_exchange_weak(before, before | 1U << number_));
    const SpillName name = spill_name(number_);
    const Result<File> file = disk_->open({name.data(), name.size()}, OpenMode::create);
    if (file) file_ = *file;
    if (file) return Done{};
    let_go();
    return failed(file.error());
}

void Spill::let_go() noexcept {
    const SpillName name = spill_name(number_);
    static_cast<void>(disk_->remove({name.data(), name.size()}));
    in_use_->fetch_and(~(1U << number_));
}

void Spill::close() noexcept {
    end_ = 0;
    has_failed_ = false;
    if (!file_.is_open()) return;
    disk_->close(file_);
    file_ = File{};
    let_go();
}

Error Spill::failed(Error error) noexcept {
    has_failed_ = true;
    return error;
}

Status Spill::write(Bytes rows) noexcept {
    if (rows.size() + header_size > size_max_ - end_) return failed(Code::out_of_memory);
    const Status opened = file_.is_open() ? Status{Done{}} : open();
    if (!opened) return opened;
    std::array<std::byte, header_size> header;
    store_at(header.data(), static_cast<std::uint32_t>(rows.size()));
    store_at(header.data() + 4, checksum_of(end_, rows));
    store_at(header.data() + 8, end_);
    const Status written = write_all(*disk_, file_, end_, header, rows);
    if (!written) return failed(written.error());
    end_ += header_size + rows.size();
    return Done{};
}

Result<Bytes> Spill::read(std::uint64_t offset, MutableBytes into) noexcept {
    const Result<std::size_t> read = read_all(*disk_, file_, offset, into);
    if (!read) return failed(read.error());
    if (*read < header_size) return failed(Code::io);
    const Bytes block = into.first(*read);
    const std::size_t size = load<std::uint32_t>(block.data());
    if (size > block.size() - header_size) return failed(Code::io);
    const Bytes rows = block.subspan(header_size, size);
    const bool is_good = load<std::uint32_t>(block.data() + 4) == checksum_of(offset, rows) &&
                         load<std::uint64_t>(block.data() + 8) == offset;
    return is_good ? Result<Bytes>{rows} : Result<Bytes>{failed(Code::io)};
}

}  // namespace freshet::query
