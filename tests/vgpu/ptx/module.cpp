// Facts about PTX's fundamental types, and the error every layer above the text reports with.
#include "ptx/module.h"

#include <algorithm>
#include <array>
#include <utility>

namespace vgpu::ptx {
namespace {

struct Entry {
  std::string_view name;
  Type type;
  std::uint32_t bytes;
};

constexpr std::array kTypes = {
    Entry{"pred", Type::pred, 0},     Entry{"b8", Type::b8, 1},         Entry{"b16", Type::b16, 2},
    Entry{"b32", Type::b32, 4},       Entry{"b64", Type::b64, 8},       Entry{"b128", Type::b128, 16},
    Entry{"u8", Type::u8, 1},         Entry{"u16", Type::u16, 2},       Entry{"u32", Type::u32, 4},
    Entry{"u64", Type::u64, 8},       Entry{"s8", Type::s8, 1},         Entry{"s16", Type::s16, 2},
    Entry{"s32", Type::s32, 4},       Entry{"s64", Type::s64, 8},       Entry{"f16", Type::f16, 2},
    Entry{"f16x2", Type::f16x2, 4},   Entry{"bf16", Type::bf16, 2},     Entry{"bf16x2", Type::bf16x2, 4},
    Entry{"tf32", Type::tf32, 4},     Entry{"e4m3", Type::e4m3, 1},     Entry{"e5m2", Type::e5m2, 1},
    Entry{"e4m3x2", Type::e4m3x2, 2}, Entry{"e5m2x2", Type::e5m2x2, 2}, Entry{"f32", Type::f32, 4},
    Entry{"f64", Type::f64, 8},
};

}  // namespace

std::uint32_t size_bytes(Type type) {
  for (const Entry& entry : kTypes) {
    if (entry.type == type) return entry.bytes;
  }
  return 0;
}

std::optional<Type> type_named(std::string_view name) {
  for (const Entry& entry : kTypes) {
    if (entry.name == name) return entry.type;
  }
  return std::nullopt;
}

bool is_special_register(std::string_view name) {
  static constexpr std::array kNames = std::to_array<std::string_view>({
      "WARP_SZ",
      "%tid.x",
      "%tid.y",
      "%tid.z",
      "%ntid.x",
      "%ntid.y",
      "%ntid.z",
      "%ctaid.x",
      "%ctaid.y",
      "%ctaid.z",
      "%nctaid.x",
      "%nctaid.y",
      "%nctaid.z",
      "%laneid",
      "%warpid",
      "%nwarpid",
      "%smid",
      "%nsmid",
      "%gridid",
      "%lanemask_eq",
      "%lanemask_le",
      "%lanemask_lt",
      "%lanemask_ge",
      "%lanemask_gt",
      "%clock",
      "%clock_hi",
      "%clock64",
      "%globaltimer",
      "%globaltimer_lo",
      "%globaltimer_hi",
      "%dynamic_smem_size",
      "%total_smem_size",
      "%aggr_smem_size",
      "%reserved_smem_offset_begin",
      "%reserved_smem_offset_end",
      "%reserved_smem_offset_cap",
  });
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

ParseError::ParseError(std::uint32_t at, const std::string& what)
    : std::runtime_error("PTX line " + std::to_string(at) + ": " + what), line(at) {}

}  // namespace vgpu::ptx
