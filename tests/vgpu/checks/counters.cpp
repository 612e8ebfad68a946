#include "checks/counters.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdio>

namespace vgpu {
namespace {

constexpr std::uint32_t kBanks = 32;

// The wavefronts of a group of lanes that is served together, each wanting `words` words from where `first` says.
std::uint32_t wavefronts(const std::uint64_t* first, std::uint32_t count, std::uint32_t words, bool share) {
  // Without two lanes at one bank there is nothing to count.
  std::uint32_t used = 0;
  bool conflict = false;
  const std::uint32_t mask = (1U << words) - 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t banks = mask << first[i] % kBanks;
    conflict |= (used & banks) != 0;
    used |= banks;
  }
  if (!conflict) return 1;
  // Lanes are aligned to what they want, so that two of them want the same words or none in common.
  std::array<std::uint8_t, kBanks> wanted{};
  std::uint32_t most = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    bool is_new = true;
    for (std::uint32_t j = 0; j < i && share && is_new; ++j) is_new = first[j] != first[i];
    if (is_new) most = std::max<std::uint32_t>(most, ++wanted[first[i] % kBanks]);
  }
  return most;
}

void append(std::string& json, const std::string& key, std::uint64_t value) {
  json += (json.back() == '{' ? "\"" : ", \"") + key + "\": " + std::to_string(value);
}

void append_ratio(std::string& json, const std::string& key, std::uint64_t value, std::uint64_t ideal) {
  char text[48];
  std::snprintf(text, sizeof text, "%.4f", ideal == 0 ? 1.0 : static_cast<double>(value) / static_cast<double>(ideal));
  json += ", \"" + key + "\": " + text;
}

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) json += c;
  }
  return json + '"';
}

// What the accesses to one kind of memory cost, in `unit`.
template <class Facts>
void append_memory(std::string& json, const char* space, const std::map<std::string, Facts>& by_mnemonic,
                   const std::string& unit, std::uint64_t Facts::*cost, std::uint64_t Facts::*ideal_cost) {
  json += ", " + quoted(space) + ": {";
  for (const auto& [mnemonic, facts] : by_mnemonic) {
    json += (json.back() == '{' ? "" : ", ") + quoted(mnemonic) + ": {";
    append(json, "requests", facts.requests);
    append(json, unit, facts.*cost);
    append(json, "ideal_" + unit, facts.*ideal_cost);
    append_ratio(json, unit + "_over_ideal", facts.*cost, facts.*ideal_cost);
    append(json, "bytes", facts.bytes);
    json += "}";
  }
  json += "}";
}

}  // namespace

void Counters::Shared::add(const Access& access) {
  const std::uint32_t words = std::max<std::uint32_t>(access.bytes / 4, 1);
  const std::uint32_t group = access.bytes <= 4 ? 32 : access.bytes == 8 ? 16 : 8;
  ++requests;
  bytes += std::uint64_t{access.bytes} * static_cast<std::uint32_t>(std::popcount(access.lanes));
  for (std::uint32_t begin = 0; begin < 32; begin += group) {
    std::array<std::uint64_t, 32> first;
    std::uint32_t count = 0;
    for (std::uint32_t lane = begin; lane < begin + group; ++lane) {
      if ((access.lanes >> lane & 1) != 0) first[count++] = access.addresses[lane] / 4;
    }
    if (count == 0) continue;
    ++ideal_wavefronts;
    wavefronts += vgpu::wavefronts(first.data(), count, words, access.kind != AccessKind::atomic);
  }
}

void Counters::Global::add(const Access& access) {
  std::array<std::uint64_t, 32> addresses;
  std::uint32_t count = 0;
  bool ascending = true;
  for (std::uint32_t lanes = access.lanes; lanes != 0; lanes &= lanes - 1) {
    addresses[count] = access.addresses[std::countr_zero(lanes)];
    ascending &= count == 0 || addresses[count - 1] < addresses[count];
    ++count;
  }
  if (count == 0) return;
  if (!ascending) {
    std::sort(addresses.begin(), addresses.begin() + count);
    count = static_cast<std::uint32_t>(std::unique(addresses.begin(), addresses.begin() + count) - addresses.begin());
  }
  std::uint64_t last = ~std::uint64_t{0};
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t sector = addresses[i] / 32;
    sectors += sector != last ? 1 : 0;
    last = sector;
  }
  ++requests;
  ideal_sectors += (std::uint64_t{count} * access.bytes + 31) / 32;
  bytes += std::uint64_t{access.bytes} * static_cast<std::uint32_t>(std::popcount(access.lanes));
}

std::string to_json(const Counters& counters) {
  std::string json = "{\"kernel\": " + quoted(counters.kernel) + ", \"instructions\": {";
  for (const auto& [mnemonic, count] : counters.instructions) append(json, mnemonic, count);
  json += "}";
  append(json, "tensor_instructions", counters.tensor_instructions);
  append(json, "barriers", counters.barriers);
  append(json, "local_bytes", counters.local_bytes);
  append_memory(json, "shared", counters.shared, "wavefronts", &Counters::Shared::wavefronts,
                &Counters::Shared::ideal_wavefronts);
  append_memory(json, "global", counters.global, "sectors", &Counters::Global::sectors,
                &Counters::Global::ideal_sectors);
  return json + "}";
}

std::string to_json(const std::vector<Counters>& launches) {
  std::string json = "[";
  for (const Counters& counters : launches) json += (json.back() == '[' ? "" : ",\n ") + to_json(counters);
  return json + "]";
}

}  // namespace vgpu
