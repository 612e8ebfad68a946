// atom and red. The lanes of a warp follow one another, in ascending order; PTX leaves the order open. PTX ISA, sections
// 9.7.13.5 and 9.7.13.6.
#include <bit>
#include <cstring>
#include <functional>

#include "arithmetic/flushed.h"
#include "arithmetic/half_bits.h"
#include "machine/block.h"
#include "machine/execution.h"
#include "machine/instructions/integer_functions.h"
#include "machine/instructions/memory.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using arithmetic::flushed;
using integer_functions::Maximum;
using integer_functions::Minimum;
using ptx::Type;

struct Exchange {
  template <class T>
  T operator()(T, T b) const {
    return b;
  }
};
struct Increment {
  u32 operator()(u32 a, u32 b) const { return a >= b ? 0 : a + 1; }
};
struct Decrement {
  u32 operator()(u32 a, u32 b) const { return a == 0 || a > b ? b : a - 1; }
};

// In global memory hardware takes subnormal numbers for zeros, in shared memory it does not.
template <bool Flush>
struct AddFloat {
  float operator()(float a, float b) const {
    const float sum = Flush ? flushed(flushed(a) + flushed(b)) : a + b;
    return sum != sum ? std::bit_cast<float>(arithmetic::kFloatNan) : sum;
  }
};
struct AddHalf {
  u16 operator()(u16 a, u16 b) const {
    return arithmetic::f16_from_double(double{arithmetic::float_from_f16(a)} + arithmetic::float_from_f16(b));
  }
};
struct AddBfloat {
  u16 operator()(u16 a, u16 b) const {
    return arithmetic::bf16_from_double(double{arithmetic::float_from_bf16(a)} + arithmetic::float_from_bf16(b));
  }
};
template <class F>
struct OnPairs {
  u32 operator()(u32 a, u32 b) const {
    const u16 low = F{}(static_cast<u16>(a), static_cast<u16>(b));
    const u16 high = F{}(static_cast<u16>(a >> 16), static_cast<u16>(b >> 16));
    return u32{high} << 16 | low;
  }
};

struct AtomicAccess {
  MemoryAccess memory;
  bool is_reduction = false;  // nobody sees the old value
};

// at: d, address, b, c
template <class F, class T, bool Compares>
void atomic(Warp& warp, const Op& op, u32 mask) {
  const auto& access = *static_cast<const AtomicAccess*>(op.extra);
  Places places;
  if (!find_places(warp, op, 1, access.memory, mask, places)) return;
  T* d = warp.lanes<T>(op.at[0]);
  alignas(64) T b[kLanes], c[kLanes];
  std::memcpy(b, warp.lanes<T>(op.at[2]), sizeof b);
  std::memcpy(c, warp.lanes<T>(op.at[3]), sizeof c);
  bool has_changed = false;
  for_each_lane(mask, [&](u32 i) {
    T old;
    std::memcpy(&old, places.at[i], sizeof old);
    T now;
    if constexpr (Compares) {
      now = old == b[i] ? c[i] : old;
    } else {
      now = F{}(old, b[i]);
    }
    has_changed |= std::memcmp(&now, &old, sizeof now) != 0;
    std::memcpy(places.at[i], &now, sizeof now);
    d[i] = old;
  });
  // A lock that is taken, a counter that 0 is added to: a look, which others may be about to answer.
  if (!has_changed && !access.is_reduction) warp.block().polled(warp);
}

template <class F, class T>
constexpr Handler simple() {
  return atomic<F, T, false>;
}

Handler handler_of(Decoder& d, std::string_view operation, Type type, ptx::Space space) {
  const auto by_size = [&]<class F>(F) -> Handler {
    return type == Type::b32 ? simple<F, u32>() : type == Type::b64 ? simple<F, u64>() : nullptr;
  };
  Handler run = nullptr;
  if (operation == "and") run = by_size(std::bit_and<>{});
  if (operation == "or") run = by_size(std::bit_or<>{});
  if (operation == "xor") run = by_size(std::bit_xor<>{});
  if (operation == "exch") run = by_size(Exchange{});
  if (operation == "cas") {
    if (type == Type::b16) run = atomic<Exchange, u16, true>;
    if (type == Type::b32) run = atomic<Exchange, u32, true>;
    if (type == Type::b64) run = atomic<Exchange, u64, true>;
  }
  if (operation == "inc" && type == Type::u32) run = simple<Increment, u32>();
  if (operation == "dec" && type == Type::u32) run = simple<Decrement, u32>();
  if (operation == "add") {
    switch (type) {
      case Type::u32:
      case Type::s32: run = simple<std::plus<>, u32>(); break;
      case Type::u64:
      case Type::s64: run = simple<std::plus<>, u64>(); break;
      case Type::f32:
        run = space == ptx::Space::shared ? simple<AddFloat<false>, float>() : simple<AddFloat<true>, float>();
        break;
      case Type::f64: run = simple<std::plus<>, double>(); break;
      case Type::f16: run = simple<AddHalf, u16>(); break;
      case Type::bf16: run = simple<AddBfloat, u16>(); break;
      case Type::f16x2: run = simple<OnPairs<AddHalf>, u32>(); break;
      case Type::bf16x2: run = simple<OnPairs<AddBfloat>, u32>(); break;
      default: break;
    }
  }
  if (operation == "min" || operation == "max") {
    const bool is_min = operation == "min";
    switch (type) {
      case Type::u32: run = is_min ? simple<Minimum, u32>() : simple<Maximum, u32>(); break;
      case Type::s32: run = is_min ? simple<Minimum, s32>() : simple<Maximum, s32>(); break;
      case Type::u64: run = is_min ? simple<Minimum, u64>() : simple<Maximum, u64>(); break;
      case Type::s64: run = is_min ? simple<Minimum, s64>() : simple<Maximum, s64>(); break;
      default: break;
    }
  }
  if (run == nullptr) d.fail_unsupported();
  return run;
}

void decode_atomic(Decoder& d) {
  const bool is_reduction = d.mnemonic() == "red";
  AtomicAccess access;
  access.memory.kind = AccessKind::atomic;
  // The space may stand before or behind the order.
  access.memory.space = accept_space(d);
  accept_order(d, access.memory, MemoryOrder::relaxed);
  if (access.memory.space == ptx::Space::generic) access.memory.space = accept_space(d);
  const std::string_view operation = d.next();
  (void)d.accept("noftz");
  skip_cache_hints(d);
  const Type type = d.next_type();
  const bool compares = operation == "cas";
  if (is_reduction && (compares || operation == "exch")) d.fail_unsupported();
  const Handler run = handler_of(d, operation, type, access.memory.space);
  access.memory.bytes = access.memory.element_bytes = ptx::size_bytes(type);
  access.is_reduction = is_reduction;

  const std::size_t first = is_reduction ? 0 : 1;  // of the operands behind the result
  const std::size_t least = first + (compares ? 3 : 2);
  d.expect_operands(least, least + 1);  // a cache policy may come last
  const Decoder::Address address = d.address(d.operand(first));
  access.memory.is_narrow = address.is_narrow;
  const Value b = d.read(first + 1, type);
  const Value c = compares ? d.read(first + 2, type) : b;
  const Value result = is_reduction ? Decoder::written(d.temporary(width_of(type))) : d.write(0, type);
  d.emit(run, {result, address.base, b, c}, static_cast<u64>(address.offset), d.keep(access));
}

}  // namespace

void add_atomic_instructions(DecodeTable& table) {
  table["atom"] = decode_atomic;
  table["red"] = decode_atomic;
}

}  // namespace vgpu::machine
