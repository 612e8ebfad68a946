// Liveness of registers, and places for them. Each lane goes its own way through a kernel, but what a lane finds in a
// register is what that same lane wrote there, for writes touch only the lanes that take part. The liveness of a single
// thread is therefore that of all of them.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "machine/draft.h"

namespace vgpu::machine {
namespace {

class BitSet {
 public:
  explicit BitSet(std::size_t size) : words_((size + 63) / 64) {}
  void set(std::size_t i) { words_[i / 64] |= std::uint64_t{1} << (i % 64); }
  bool test(std::size_t i) const { return (words_[i / 64] >> (i % 64) & 1) != 0; }
  // this = use | (out & ~def); true if that changed anything.
  bool flow(const BitSet& use, const BitSet& out, const BitSet& def) {
    bool is_changed = false;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::uint64_t word = use.words_[i] | (out.words_[i] & ~def.words_[i]);
      is_changed |= word != words_[i];
      words_[i] = word;
    }
    return is_changed;
  }
  void unite(const BitSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  }
  template <class F>
  void for_each(const F& f) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t rest = words_[i]; rest != 0; rest &= rest - 1) {
        f(i * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
      }
    }
  }

 private:
  std::vector<std::uint64_t> words_;
};

struct BasicBlock {
  std::uint32_t begin, end;
  std::vector<std::uint32_t> next;
  BitSet use, def, in, out;
};

template <class F>
void for_each_read(const Draft& draft, const F& f) {
  const bool is_guarded = draft.guard.kind == Value::Kind::reg;
  if (is_guarded) f(draft.guard.index);
  for (const Value& value : draft.operands) {
    // What a guarded instruction writes keeps its old value where the guard is false.
    if (value.kind == Value::Kind::reg && (!value.is_written || is_guarded)) f(value.index);
  }
}

template <class F>
void for_each_write(const Draft& draft, const F& f) {
  for (const Value& value : draft.operands) {
    if (value.kind == Value::Kind::reg && value.is_written) f(value.index);
  }
}

std::vector<BasicBlock> find_blocks(const std::vector<Draft>& drafts, const std::vector<std::uint32_t>& first_draft,
                                    std::size_t register_count) {
  const std::size_t count = drafts.size();
  std::vector<bool> begins(count + 1);
  begins[0] = true;
  for (std::size_t i = 0; i < count; ++i) {
    if (drafts[i].flow != Flow::next) begins[i + 1] = true;
    for (const std::uint32_t target : drafts[i].targets) begins[first_draft[target]] = true;
  }
  std::vector<std::uint32_t> block_at(count + 1, 0);
  std::vector<BasicBlock> blocks;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (begins[i]) {
      const BitSet none(register_count);
      blocks.push_back({i, i, {}, none, none, none, none});
    }
    block_at[i] = static_cast<std::uint32_t>(blocks.size() - 1);
    blocks.back().end = i + 1;
  }
  for (std::uint32_t b = 0; b < blocks.size(); ++b) {
    BasicBlock& block = blocks[b];
    const Draft& last = drafts[block.end - 1];
    const bool falls_through = last.flow == Flow::next || last.guard.kind != Value::Kind::always;
    if (falls_through && block.end < count) block.next.push_back(b + 1);
    for (const std::uint32_t target : last.targets) {
      if (first_draft[target] < count) block.next.push_back(block_at[first_draft[target]]);
    }
    for (std::uint32_t i = block.begin; i < block.end; ++i) {
      for_each_read(drafts[i], [&](std::uint32_t reg) {
        if (!block.def.test(reg)) block.use.set(reg);
      });
      for_each_write(drafts[i], [&](std::uint32_t reg) {
        if (!block.use.test(reg)) block.def.set(reg);
      });
    }
  }
  return blocks;
}

struct Interval {
  std::uint32_t reg;
  std::uint32_t begin = ~0u;
  std::uint32_t end = 0;
};

}  // namespace

std::vector<std::uint32_t> place_registers(const std::vector<Draft>& drafts,
                                           const std::vector<std::uint32_t>& first_draft,
                                           const std::vector<Width>& widths, std::uint32_t& arena_bytes) {
  std::vector<BasicBlock> blocks = find_blocks(drafts, first_draft, widths.size());
  for (bool is_changed = true; is_changed;) {
    is_changed = false;
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
      for (const std::uint32_t next : block->next) block->out.unite(blocks[next].in);
      is_changed |= block->in.flow(block->use, block->out, block->def);
    }
  }

  std::vector<Interval> intervals(widths.size());
  for (std::uint32_t reg = 0; reg < widths.size(); ++reg) intervals[reg].reg = reg;
  const auto cover = [&](std::size_t reg, std::uint32_t at) {
    intervals[reg].begin = std::min(intervals[reg].begin, at);
    intervals[reg].end = std::max(intervals[reg].end, at);
  };
  for (const BasicBlock& block : blocks) {
    block.in.for_each([&](std::size_t reg) { cover(reg, block.begin); });
    block.out.for_each([&](std::size_t reg) { cover(reg, block.end); });
    for (std::uint32_t i = block.begin; i < block.end; ++i) {
      for_each_read(drafts[i], [&](std::uint32_t reg) { cover(reg, i); });
      for_each_write(drafts[i], [&](std::uint32_t reg) { cover(reg, i); });
    }
  }
  std::erase_if(intervals, [](const Interval& interval) { return interval.begin == ~0u; });
  std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.begin < b.begin; });

  // A place becomes free only behind the instruction that reads it last, so that what an instruction writes never lies
  // where one of its operands is, unless it is the same register.
  std::vector<std::uint32_t> offsets(widths.size());
  std::array<std::vector<std::uint32_t>, 5> free_places;
  const auto by_end = [](const Interval& a, const Interval& b) { return a.end > b.end; };
  std::vector<Interval> alive;
  for (const Interval& interval : intervals) {
    while (!alive.empty() && alive.front().end < interval.begin) {
      const std::uint32_t reg = alive.front().reg;
      free_places[static_cast<std::size_t>(widths[reg])].push_back(offsets[reg]);
      std::pop_heap(alive.begin(), alive.end(), by_end);
      alive.pop_back();
    }
    const Width width = widths[interval.reg];
    auto& places = free_places[static_cast<std::size_t>(width)];
    if (places.empty()) {
      const std::uint32_t alignment = std::min(lanes_bytes(width), 64u);
      arena_bytes = (arena_bytes + alignment - 1) / alignment * alignment;
      places.push_back(arena_bytes);
      arena_bytes += lanes_bytes(width);
    }
    offsets[interval.reg] = places.back();
    places.pop_back();
    alive.push_back(interval);
    std::push_heap(alive.begin(), alive.end(), by_end);
  }
  return offsets;
}

}  // namespace vgpu::machine
