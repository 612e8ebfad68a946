// The instruction sets the CPU kernels are compiled for, and the choice among them at run time.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace ki::cpu {

// Named as Highway names them. `avx2` includes FMA and F16C; `avx3` is AVX-512 F, BW, DQ, VL and CD.
enum class SimdTarget { avx2, avx3, neon };

// Those of this architecture, slowest first.
#if defined(__aarch64__)
inline constexpr std::array kSimdTargets{SimdTarget::neon};
#else
inline constexpr std::array kSimdTargets{SimdTarget::avx2, SimdTarget::avx3};
#endif

const char* name_of(SimdTarget target);

// The processor features the target needs and this processor lacks, such as `avx512f avx512bw`; empty if it has them
// all.
std::string missing_features(SimdTarget target);

// The target of that name, or the best this processor has if the name is empty. Throws if there is none.
SimdTarget choose_simd_target(std::string_view name);

}  // namespace ki::cpu
