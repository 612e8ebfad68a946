// How the work of a short convolution is cut into tasks. No result depends on it.
#pragma once

#include <algorithm>

#include "long_convolution/cpu/short.h"

namespace ki::long_convolution::cpu {

struct Cut {
  std::int64_t rows, row_tasks;          // of a task, and how many share the rows
  std::int64_t channels, channel_tasks;  // the same
};

// Bytes of inputs that stay in the second-level cache from rows to the next, where channels are contiguous.
inline constexpr std::int64_t kBytesBetweenRows = 256 << 10;

// Elements of a task: some 10 microseconds of work, about what it takes to wake a thread up.
inline constexpr std::int64_t kTaskElements = 1 << 16;

// Channels that a task has where they are contiguous: as many as the second-level cache holds windows of, in whole
// blocks.
inline std::int64_t channels_together(const Shape& shape, std::int64_t element_size) {
  const std::int64_t window = (shape.width - 1 + std::max<std::int64_t>(shape.width, 8)) * element_size;
  return std::max<std::int64_t>(kBytesBetweenRows / window / kBlock, 4) * kBlock;
}

inline Cut cut_pass(const Shape& shape, std::int64_t element_size) {
  Cut cut{};
  if (shape.channels_last) {
    cut.channels = std::min(channels_together(shape, element_size), shape.channels);
    // No fewer than the state has, so that one task alone reads it.
    cut.rows = std::max<std::int64_t>(kTaskElements / cut.channels / kMaxWidth, 1) * kMaxWidth;
  } else {
    cut.rows = 16 * kTile;
    cut.channels = std::clamp<std::int64_t>(kTaskElements / shape.length, 1, shape.channels);
  }
  cut.row_tasks = (shape.length + cut.rows - 1) / cut.rows;
  cut.channel_tasks = (shape.channels + cut.channels - 1) / cut.channels;
  return cut;
}

// Threads that are worth waking up. Eight taps take about as long as the memory of an element.
inline int workers_for(const Shape& shape, int threads) {
  const std::int64_t work = shape.batch * shape.channels * shape.length / 8 * (shape.width + 8);
  return static_cast<int>(std::clamp<std::int64_t>(work / kTaskElements, 1, threads));
}

}  // namespace ki::long_convolution::cpu
