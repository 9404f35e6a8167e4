// SPDX-License-Identifier: MIT
// Makes lines of events for `freshet append`: as many bytes as are asked for, at the speed of a
// pipe.
//
//     ingest BYTES PAYLOAD_SIZE STREAM_COUNT
#include <cstdio>
#include <cstdlib>
#include <string>

int main(int count, char** words) {
    if (count != 4) return 2;
    const auto size_max = std::strtoull(words[1], nullptr, 10);
    const auto payload_size = std::strtoull(words[2], nullptr, 10);
    const auto stream_count = std::strtoull(words[3], nullptr, 10);
    const std::string payload(payload_size, 'x');
    std::string line;
    unsigned long long size = 0;
    for (unsigned long long i = 0; size < size_max; i++) {
        line = "{\"stream\":\"meter-" + std::to_string(i % stream_count) +
               "\",\"type\":\"Measured\",\"data\":\"" + payload + "\"}\n";
        size += line.size();
        if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) return 1;
    }
    return std::fflush(stdout) == 0 ? 0 : 1;
}
