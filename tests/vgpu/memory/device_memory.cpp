// Placement: new ranges go where nothing ever was, so that freed ones stay known for long; only when the region is used
// up are gaps filled, and then the ranges freed first are forgotten first. The region is several times the capacity,
// which leaves room for red zones, for freed ranges and for the shadows of pinned memory.
#include "memory/device_memory.h"

#include <algorithm>
#include <cstring>
#include <mutex>

namespace vgpu {
namespace {

constexpr std::uint64_t kSmallestRedZone = 64 << 10, kLargestRedZone = 16 << 20;
// Beyond this much, poisoning an allocation would make it cost what it holds; Checks still knows what was not written.
constexpr std::uint64_t kPoisonedBytes = 16 << 20;
// All bits set are a NaN in every floating-point format.
constexpr int kPoison = 0xFF;

std::uint64_t region_bytes(std::uint64_t capacity_bytes) {
  return std::max<std::uint64_t>(capacity_bytes * 4, std::uint64_t{64} << 30);
}

// Wide enough that an index wrong by a row of a large matrix still lands in it.
std::uint64_t red_zone(std::uint64_t size_bytes) { return std::clamp(size_bytes, kSmallestRedZone, kLargestRedZone); }

// Aligned as asked and no better, so that a kernel which assumes more is found.
std::uint64_t place_after(std::uint64_t offset, std::uint64_t alignment) {
  const std::uint64_t aligned = (offset + 2 * alignment - 1) / (2 * alignment) * (2 * alignment);
  return aligned >= alignment && aligned - alignment >= offset ? aligned - alignment : aligned + alignment;
}

std::string bytes(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " byte" : " bytes"); }

}  // namespace

DeviceMemory::DeviceMemory(std::uint64_t capacity_bytes)
    : capacity_bytes_(capacity_bytes),
      bytes_(region_bytes(capacity_bytes)),
      written_(region_bytes(capacity_bytes)),
      notes_(region_bytes(capacity_bytes) * kNoteBytesPerByte) {}

std::optional<std::uint64_t> DeviceMemory::gap(std::uint64_t size_bytes, std::uint64_t alignment) const {
  std::uint64_t end_of_last = 0;
  const auto fits = [&](std::uint64_t end, std::uint64_t zone_before) -> std::optional<std::uint64_t> {
    const std::uint64_t offset = place_after(end_of_last + zone_before, alignment);
    if (offset + size_bytes + red_zone(size_bytes) <= end) return offset;
    return std::nullopt;
  };
  std::uint64_t zone = red_zone(size_bytes);
  for (const auto& [offset, block] : blocks_) {
    if (const auto found = fits(offset, zone)) return found;
    end_of_last = offset + block.size_bytes;
    zone = std::max(red_zone(size_bytes), red_zone(block.size_bytes));
  }
  return fits(bytes_.size_bytes(), zone);
}

bool DeviceMemory::forget_oldest_freed() {
  auto oldest = blocks_.end();
  for (auto block = blocks_.begin(); block != blocks_.end(); ++block) {
    if (block->second.state == State::freed &&
        (oldest == blocks_.end() || block->second.freed_at < oldest->second.freed_at)) {
      oldest = block;
    }
  }
  if (oldest == blocks_.end()) return false;
  blocks_.erase(oldest);
  return true;
}

std::optional<std::uint64_t> DeviceMemory::place(std::uint64_t size_bytes, std::uint64_t alignment) {
  const std::uint64_t zone = red_zone(size_bytes);
  const std::uint64_t offset = place_after(next_ + zone, alignment);
  if (offset + size_bytes + zone <= bytes_.size_bytes()) {
    next_ = offset + size_bytes + zone;
    return offset;
  }
  do {
    if (const auto found = gap(size_bytes, alignment)) return found;
  } while (forget_oldest_freed());
  return std::nullopt;
}

std::optional<std::uint64_t> DeviceMemory::allocate(std::uint64_t size_bytes, std::uint64_t alignment) {
  const std::unique_lock lock(mutex_);
  if (size_bytes == 0 || size_bytes > capacity_bytes_ - used_bytes_) return std::nullopt;
  if (alignment < 256 || (alignment & (alignment - 1)) != 0 || alignment > capacity_bytes_) return std::nullopt;
  const auto offset = place(size_bytes, alignment);
  if (!offset) return std::nullopt;
  blocks_[*offset] = {.size_bytes = size_bytes};
  used_bytes_ += size_bytes;
  std::memset(bytes_.data() + *offset, kPoison, std::min(size_bytes, kPoisonedBytes));
  return kGlobalBase + *offset;
}

bool DeviceMemory::free(std::uint64_t address) {
  const std::unique_lock lock(mutex_);
  const auto found = blocks_.find(address - kGlobalBase);
  if (found == blocks_.end() || found->second.state != State::live) return false;
  const std::uint64_t offset = found->first, size_bytes = found->second.size_bytes;
  generation_.fetch_add(1, std::memory_order_release);
  found->second.state = State::freed;
  found->second.freed_at = ++frees_;
  used_bytes_ -= size_bytes;
  bytes_.zero(offset, size_bytes);
  written_.clear_range(offset, size_bytes);
  notes_.zero(offset * kNoteBytesPerByte, size_bytes * kNoteBytesPerByte);
  return true;
}

bool DeviceMemory::pin(void* host, std::uint64_t size_bytes) {
  const auto address = reinterpret_cast<std::uint64_t>(host);
  const std::unique_lock lock(mutex_);
  if (address == 0 || size_bytes == 0) return false;
  const auto after = pinned_.upper_bound(address);
  if (after != pinned_.end() && after->first - address < size_bytes) return false;
  if (after != pinned_.begin()) {
    const auto before = std::prev(after);
    if (address - before->first < blocks_.at(before->second).size_bytes) return false;
  }
  // Its notes need an index of their own, aligned as the memory itself is to the 16 bytes of the widest access.
  const auto offset = place(size_bytes + 16, 256);
  if (!offset) return false;
  const std::uint64_t index = *offset + address % 16;
  blocks_[index] = {.size_bytes = size_bytes, .state = State::pinned, .host = address};
  pinned_[address] = index;
  return true;
}

bool DeviceMemory::unpin(void* host) {
  const std::unique_lock lock(mutex_);
  const auto found = pinned_.find(reinterpret_cast<std::uint64_t>(host));
  if (found == pinned_.end()) return false;
  generation_.fetch_add(1, std::memory_order_release);
  const std::uint64_t index = found->second;
  notes_.zero(index * kNoteBytesPerByte, blocks_.at(index).size_bytes * kNoteBytesPerByte);
  blocks_.erase(index);
  pinned_.erase(found);
  return true;
}

MemoryRange DeviceMemory::range(Blocks::const_iterator block) const {
  const auto& [offset, facts] = *block;
  if (facts.state == State::pinned) {
    return {facts.host, facts.size_bytes, reinterpret_cast<std::byte*>(facts.host), offset, true};
  }
  return {kGlobalBase + offset, facts.size_bytes, bytes_.data() + offset, offset, false};
}

std::optional<MemoryRange> DeviceMemory::find_locked(std::uint64_t address) const {
  auto block = blocks_.end();
  if (address >= kGlobalBase && address - kGlobalBase < bytes_.size_bytes()) {
    block = blocks_.upper_bound(address - kGlobalBase);
    if (block == blocks_.begin()) return std::nullopt;
    --block;
    if (block->second.state != State::live) return std::nullopt;
  } else {
    const auto after = pinned_.upper_bound(address);
    if (after == pinned_.begin()) return std::nullopt;
    block = blocks_.find(std::prev(after)->second);
  }
  const MemoryRange found = range(block);
  return found.holds(address, 1) ? std::optional(found) : std::nullopt;
}

std::optional<MemoryRange> DeviceMemory::find(std::uint64_t address) const {
  const std::shared_lock lock(mutex_);
  return find_locked(address);
}

std::byte* DeviceMemory::resolve(std::uint64_t address, std::uint64_t size_bytes) const {
  const auto found = find(address);
  return found && found->holds(address, size_bytes) ? found->host + (address - found->base) : nullptr;
}

// Describes an address of the region that no live range holds by the block next to it.
std::string DeviceMemory::nearest(std::uint64_t offset, std::uint64_t size_bytes, AddressFault::Kind& kind) const {
  kind = AddressFault::Kind::out_of_bounds;
  const auto name = [](const Block& block) {
    return "an allocation of " + bytes(block.size_bytes) + (block.state == State::freed ? ", freed since" : "");
  };
  const auto after = std::find_if(blocks_.lower_bound(offset), blocks_.end(),
                                  [](const auto& entry) { return entry.second.state != State::pinned; });
  auto before = blocks_.upper_bound(offset);
  bool have_before = false;
  while (before != blocks_.begin() && !have_before) {
    --before;
    have_before = before->second.state != State::pinned;
  }
  if (have_before && offset - before->first < before->second.size_bytes) {
    const std::uint64_t inside = offset - before->first;
    if (before->second.state == State::freed) {
      kind = AddressFault::Kind::use_after_free;
      return "byte " + std::to_string(inside) + " of an allocation of " + bytes(before->second.size_bytes) +
             " that was freed";
    }
    return "starts at byte " + std::to_string(inside) + " of " + name(before->second) + " and ends " +
           bytes(inside + size_bytes - before->second.size_bytes) + " past its end";
  }
  const std::uint64_t past = have_before ? offset - (before->first + before->second.size_bytes) : ~std::uint64_t{0};
  const std::uint64_t ahead = after != blocks_.end() ? after->first - offset : ~std::uint64_t{0};
  if (!have_before && after == blocks_.end()) return "nothing is allocated";
  if (past <= ahead) {
    return (past == 0 ? "just" : bytes(past)) + " past the end of " + name(before->second);
  }
  return bytes(ahead) + " before the start of " + name(after->second);
}

AddressFault DeviceMemory::explain(std::uint64_t address, std::uint64_t size_bytes) const {
  const std::shared_lock lock(mutex_);
  const auto found = find_locked(address);
  if (found && found->holds(address, size_bytes)) return {};
  using Kind = AddressFault::Kind;
  if (found && found->pinned) {
    const std::uint64_t inside = address - found->base;
    return {Kind::out_of_bounds, "starts at byte " + std::to_string(inside) + " of a pinned host range of " +
                                     bytes(found->size_bytes) + " and ends " +
                                     bytes(inside + size_bytes - found->size_bytes) + " past its end"};
  }
  if (address < 65536) return {Kind::null_pointer, "a null pointer"};
  if (address >= kGlobalBase && address - kGlobalBase < bytes_.size_bytes()) {
    AddressFault fault;
    fault.text = nearest(address - kGlobalBase, size_bytes, fault.kind);
    return fault;
  }
  if (address >> 47 == 0) {
    const auto after = pinned_.upper_bound(address);
    if (after != pinned_.begin()) {
      const auto [base, index] = *std::prev(after);
      const std::uint64_t past = address - (base + blocks_.at(index).size_bytes);
      if (past < 4096) {
        return {Kind::out_of_bounds,
                bytes(past) + " past the end of a pinned host range of " + bytes(blocks_.at(index).size_bytes)};
      }
    }
    return {Kind::host_pointer, "a pointer of the host, to memory that is not pinned"};
  }
  if (address >= kLocalWindow && address < kLocalWindow + (std::uint64_t{1} << 43)) {
    return {Kind::out_of_bounds, "an address of local memory, outside what the thread has of it"};
  }
  if (address >= kSharedWindow && address < kLocalWindow) {
    return {Kind::out_of_bounds, "an address of shared memory, outside what the block has of it"};
  }
  return {Kind::out_of_bounds, "an address of no memory"};
}

std::string DeviceMemory::describe(std::uint64_t address) const {
  const std::shared_lock lock(mutex_);
  const auto found = find_locked(address);
  if (!found) return "unknown memory";
  return "byte " + std::to_string(address - found->base) + " of " +
         (found->pinned ? "a pinned host range of " : "an allocation of ") + bytes(found->size_bytes);
}

void DeviceMemory::set_initialised(std::uint64_t address, std::uint64_t size_bytes) {
  const std::shared_lock lock(mutex_);
  const auto found = find_locked(address);
  if (!found || found->pinned) return;
  const std::uint64_t inside = address - found->base;
  written_.set_range(found->index + inside, std::min(size_bytes, found->size_bytes - inside));
}

void DeviceMemory::copy_initialised(std::uint64_t to, std::uint64_t from, std::uint64_t size_bytes) {
  const std::shared_lock lock(mutex_);
  const auto target = find_locked(to), source = find_locked(from);
  if (!target || target->pinned || !target->holds(to, size_bytes)) return;
  const std::uint64_t target_index = target->index + (to - target->base);
  if (!source || source->pinned || !source->holds(from, size_bytes)) {
    written_.set_range(target_index, size_bytes);
  } else {
    written_.copy_range(target_index, source->index + (from - source->base), size_bytes);
  }
}

bool DeviceMemory::is_initialised(std::uint64_t address, std::uint64_t size_bytes) const {
  const std::shared_lock lock(mutex_);
  const auto found = find_locked(address);
  if (!found || found->pinned || !found->holds(address, size_bytes)) return true;
  return written_.all_in_range(found->index + (address - found->base), size_bytes);
}

std::uint64_t DeviceMemory::used_bytes() const {
  const std::shared_lock lock(mutex_);
  return used_bytes_;
}

}  // namespace vgpu
