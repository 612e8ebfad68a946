// Checks an instruction against a plain function: `check<D, A, B>("add.u32 %o, %a, %b;", [](A a, B b) { return a + b; })`.
// Where there are several, each stands behind a `?`: `"{ ?mov.b32 %o, %a; ?not.b32 %o, %o; }"`.
// The instruction is executed by 32 lanes with different awkward values, many times over; once by all lanes, and once
// under a predicate, where the others must keep what they had. `%out` points to eight bytes of the lane's own.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "machine/testing/kernel_run.h"
#include "machine/testing/ptx_text.h"

namespace vgpu::testing {

// A predicate register.
struct Predicate {
  bool value = false;
  operator bool() const { return value; }
};

// Numbers at which instructions go wrong, and random ones. The same seed gives the same numbers.
class Awkward {
 public:
  explicit Awkward(std::uint64_t seed);
  template <class T>
  T value();  // integers, float, double and Predicate

 private:
  std::uint64_t bits();
  template <class T>
  T integer();
  template <class T>
  T floating();

  std::uint64_t state_;
};

// A kind of register, as the checker handles it: values lie in slots of eight bytes.
struct Kind {
  std::string type;  // `.b32`, `.pred`
  std::size_t bytes;
  bool is_predicate;
  void (*make)(Awkward& awkward, std::byte* slot);
  bool (*same)(const std::byte* a, const std::byte* b);
  std::string (*show)(const std::byte* slot);
};
template <class T>
const Kind& kind_of();  // u16, s16, u32, s32, u64, s64, float, double, Predicate

using Reference = std::function<void(const std::byte* const* sources, std::byte* result)>;
void check_instruction(const std::string& line, const Kind& result, const std::vector<const Kind*>& sources,
                       const Reference& reference);

template <class T>
T read_slot(const std::byte* slot) {
  T value{};
  std::memcpy(&value, slot, sizeof value);
  return value;
}

template <class D, class... S, class F>
void check(const std::string& line, const F& function) {
  check_instruction(line, kind_of<D>(), {&kind_of<S>()...}, [&](const std::byte* const* sources, std::byte* result) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      const D value = static_cast<D>(function(read_slot<S>(sources[I])...));
      std::memcpy(result, &value, sizeof value);
    }
    (std::index_sequence_for<S...>());
  });
}

// NaNs are all alike; zeros are not.
template <class T>
bool same(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0;
  } else {
    return a == b;
  }
}

}  // namespace vgpu::testing
