// Widths of lanes, and clocks.
#include "machine/instructions/adapters.h"

#include "machine/execution.h"
#include "machine/lanes.h"

namespace vgpu::machine::adapters {
namespace {

template <class D, class S>
void resized(Warp& warp, const Op& op, std::uint32_t mask) {
  for_lanes(
      warp.lanes<D>(op.at[0]), mask, [](S s) { return static_cast<D>(s); },
      static_cast<const S*>(warp.lanes<S>(op.at[1])));
}

template <class S8, class S16, class S32>
Handler resize_from(Width from, Width to) {
  using Width::bits16, Width::bits32, Width::bits64, Width::bits8;
  if (from == bits8) {
    return to == bits16   ? resized<std::uint16_t, S8>
           : to == bits32 ? resized<std::uint32_t, S8>
                          : resized<std::uint64_t, S8>;
  }
  if (from == bits16) {
    return to == bits8    ? resized<std::uint8_t, S16>
           : to == bits32 ? resized<std::uint32_t, S16>
                          : resized<std::uint64_t, S16>;
  }
  if (from == bits32) {
    return to == bits8    ? resized<std::uint8_t, S32>
           : to == bits16 ? resized<std::uint16_t, S32>
                          : resized<std::uint64_t, S32>;
  }
  return to == bits8    ? resized<std::uint8_t, std::uint64_t>
         : to == bits16 ? resized<std::uint16_t, std::uint64_t>
                        : resized<std::uint32_t, std::uint64_t>;
}

// Time is counted in instructions: the same on every machine and under every load.
template <class D, int Shift, int Scale>
void time(Warp& warp, const Op& op, std::uint32_t mask) {
  const std::uint64_t now = (warp.execution().now() * Scale) >> Shift;
  D* d = warp.lanes<D>(op.at[0]);
  for_each_lane(mask, [&](std::uint32_t lane) { d[lane] = static_cast<D>(now); });
}

template <int Scale>
Handler time_of(Width width, bool upper_half) {
  if (width == Width::bits64) return time<std::uint64_t, 0, Scale>;
  return upper_half ? time<std::uint32_t, 32, Scale> : time<std::uint32_t, 0, Scale>;
}

}  // namespace

Handler resize(Width from, Width to, bool is_signed) {
  return is_signed ? resize_from<std::int8_t, std::int16_t, std::int32_t>(from, to)
                   : resize_from<std::uint8_t, std::uint16_t, std::uint32_t>(from, to);
}

void negate_predicate(Warp& warp, const Op& op, std::uint32_t mask) {
  set_predicate(warp.predicate(op.at[0]), ~warp.predicate(op.at[1]), mask);
}

Handler read_clock(Width width, bool upper_half) { return time_of<4>(width, upper_half); }
Handler read_timer(Width width, bool upper_half) { return time_of<1>(width, upper_half); }

}  // namespace vgpu::machine::adapters
