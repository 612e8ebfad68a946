#include "checks/thread_clocks.h"

#include <algorithm>
#include <bit>

namespace vgpu {

void ThreadClocks::begin(std::uint32_t block, std::uint32_t threads) {
  if (threads != threads_) {
    warp_rows_.clear();
    own_rows_.clear();
    own_rows_.resize(threads);
  }
  block_ = block;
  threads_ = threads;
  last_ = epochs_.take_run(block);
  run_end_ = last_ + (1U << Epochs::kRunBits) - 1;
  floor_ = last_;
  now_.assign(threads, next_epoch());
  rows_.assign(threads, nullptr);
  have_rows_ = false;
  elsewhere_.assign(threads, nullptr);
  heard_of_others_ = false;
  joined_elsewhere_ = {};
}

std::uint32_t ThreadClocks::next_epoch() {
  if (last_ == run_end_) {
    last_ = epochs_.take_run(block_);
    run_end_ = last_ + (1U << Epochs::kRunBits) - 1;
    return last_;
  }
  return ++last_;
}

bool ThreadClocks::is_whole_block(std::span<const std::uint32_t> mask) const {
  for (std::uint32_t warp = 0; warp * 32 < threads_; ++warp) {
    if ((mask[warp] & warp_mask(warp)) != warp_mask(warp)) return false;
  }
  return true;
}

void ThreadClocks::full_barrier() {
  if (heard_of_others_) {
    KnowledgeSum all;
    for (const SharedKnowledge& knowledge : elsewhere_) all.add(knowledge);
    std::fill(elsewhere_.begin(), elsewhere_.end(), all.get());
  }
  if (have_rows_) {
    std::fill(rows_.begin(), rows_.end(), nullptr);
    have_rows_ = false;
  }
  floor_ = last_;
  std::fill(now_.begin(), now_.end(), next_epoch());
}

void ThreadClocks::start_join() {
  joined_.assign(threads_, floor_);
  joined_elsewhere_ = {};
}

void ThreadClocks::join_rows(std::uint32_t warp, std::uint32_t lanes) {
  const std::uint32_t* last_row = nullptr;
  for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
    const std::uint32_t thread = warp * 32 + static_cast<std::uint32_t>(std::countr_zero(rest));
    const std::uint32_t* row = rows_[thread];
    if (row != nullptr && row != last_row) {
      for (std::uint32_t i = 0; i < threads_; ++i) joined_[i] = std::max(joined_[i], row[i]);
      last_row = row;
    }
    if (heard_of_others_) joined_elsewhere_.add(elsewhere_[thread]);
  }
  for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
    const std::uint32_t thread = warp * 32 + static_cast<std::uint32_t>(std::countr_zero(rest));
    joined_[thread] = now_[thread];
  }
}

std::uint32_t* ThreadClocks::own_row(std::uint32_t thread) {
  if (own_rows_[thread] == nullptr) own_rows_[thread] = std::make_unique<std::uint32_t[]>(threads_);
  return own_rows_[thread].get();
}

void ThreadClocks::hand_out(std::uint32_t warp, std::uint32_t lanes) {
  have_rows_ = true;
  if (lanes == warp_mask(warp)) {
    if (warp_rows_.empty()) warp_rows_.resize(std::size_t{(threads_ + 31) / 32} * threads_);
    std::uint32_t* row = warp_rows_.data() + std::size_t{warp} * threads_;
    std::copy(joined_.begin(), joined_.end(), row);
    std::fill_n(rows_.begin() + warp * 32, std::popcount(lanes), row);
  } else {
    for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
      const std::uint32_t thread = warp * 32 + static_cast<std::uint32_t>(std::countr_zero(rest));
      std::uint32_t* row = own_row(thread);
      std::copy(joined_.begin(), joined_.end(), row);
      rows_[thread] = row;
    }
  }
  if (!heard_of_others_) return;
  const SharedKnowledge elsewhere = joined_elsewhere_.get();
  for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
    elsewhere_[warp * 32 + static_cast<std::uint32_t>(std::countr_zero(rest))] = elsewhere;
  }
}

void ThreadClocks::barrier(std::span<const std::uint32_t> arriving, std::span<const std::uint32_t> waiting) {
  if (is_whole_block(waiting)) {
    full_barrier();
    return;
  }
  start_join();
  const std::uint32_t warps = (threads_ + 31) / 32;
  for (std::uint32_t warp = 0; warp < warps; ++warp) {
    join_rows(warp, (arriving[warp] | waiting[warp]) & warp_mask(warp));
  }
  for (std::uint32_t warp = 0; warp < warps; ++warp) {
    if (waiting[warp] != 0) hand_out(warp, waiting[warp] & warp_mask(warp));
  }
  const std::uint32_t epoch = next_epoch();
  for (std::uint32_t thread = 0; thread < threads_; ++thread) {
    if (((arriving[thread / 32] | waiting[thread / 32]) >> thread % 32 & 1) != 0) now_[thread] = epoch;
  }
}

void ThreadClocks::warp_sync(std::uint32_t warp, std::uint32_t lanes) {
  lanes &= warp_mask(warp);
  if (threads_ <= 32 && lanes == warp_mask(warp)) {
    full_barrier();
    return;
  }
  const std::uint32_t first = warp * 32;
  const std::uint32_t* row = warp_rows_.empty() ? nullptr : warp_rows_.data() + std::size_t{warp} * threads_;
  const bool in_step = row != nullptr && !heard_of_others_ && lanes == warp_mask(warp) &&
                       std::all_of(rows_.begin() + first, rows_.begin() + first + std::popcount(lanes),
                                   [row](const std::uint32_t* theirs) { return theirs == row; });
  if (in_step) {
    // The usual case, and the reason for rows of whole warps: only the lanes' own entries change.
    std::copy_n(now_.begin() + first, std::popcount(lanes),
                warp_rows_.begin() + std::ptrdiff_t{warp} * threads_ + first);
  } else {
    start_join();
    join_rows(warp, lanes);
    hand_out(warp, lanes);
  }
  const std::uint32_t epoch = next_epoch();
  for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
    now_[first + static_cast<std::uint32_t>(std::countr_zero(rest))] = epoch;
  }
}

SharedKnowledge ThreadClocks::release(std::uint32_t thread) {
  auto knowledge =
      elsewhere_[thread] != nullptr ? std::make_shared<Knowledge>(*elsewhere_[thread]) : std::make_shared<Knowledge>();
  Knowledge::OfBlock& own = knowledge->blocks[block_];
  own.floor = floor_;
  own.beyond.clear();
  for (std::uint32_t other = 0; other < threads_; ++other) {
    const std::uint32_t epoch = other == thread            ? now_[thread]
                                : rows_[thread] != nullptr ? rows_[thread][other]
                                                           : floor_;
    if (epoch > floor_) own.beyond.emplace_back(other, epoch);
  }
  now_[thread] = next_epoch();
  return knowledge;
}

void ThreadClocks::acquire(std::uint32_t thread, const SharedKnowledge& knowledge) {
  if (knowledge == nullptr) return;
  const auto own = knowledge->blocks.find(block_);
  if (own != knowledge->blocks.end() && !own->second.beyond.empty()) {
    std::uint32_t* row = own_row(thread);
    if (rows_[thread] == nullptr) {
      std::fill_n(row, threads_, floor_);
    } else if (rows_[thread] != row) {
      std::copy_n(rows_[thread], threads_, row);
    }
    for (const auto& [other, epoch] : own->second.beyond) row[other] = std::max(row[other], epoch);
    rows_[thread] = row;
    have_rows_ = true;
  }
  if (knowledge->blocks.size() > (own != knowledge->blocks.end() ? 1U : 0U)) {
    heard_of_others_ = true;
    elsewhere_[thread] = join(elsewhere_[thread], knowledge);
  }
}

}  // namespace vgpu
