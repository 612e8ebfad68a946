// Which instruction sets Highway compiles for: AVX2 and AVX-512 on x86, NEON on Arm. A file that is compiled once for each
// target defines HWY_TARGET_INCLUDE and includes this, then the `-inl.h` headers. The product chooses among the results
// itself (cpu/simd_target.h), so no Highway library is linked.
//
// No include guard around the last lines: Highway's header includes the file again for each target.

#ifndef KI_CPU_SIMD_TARGETS_H_
#define KI_CPU_SIMD_TARGETS_H_

#define HWY_DISABLE_PCLMUL_AES  // not used, so not asked of the processor
#if defined(__aarch64__)
#define HWY_BASELINE_TARGETS HWY_NEON_WITHOUT_AES
#define HWY_DISABLED_TARGETS ~HWY_NEON_WITHOUT_AES
#else
#define HWY_BASELINE_TARGETS HWY_AVX2
#define HWY_DISABLED_TARGETS ~(HWY_AVX2 | HWY_AVX3)
#endif

// `name` as compiled for a SimdTarget; used where HWY_ONCE.
#if defined(__aarch64__)
#define KI_FOR_TARGET(target, name) (static_cast<void>(target), N_NEON_WITHOUT_AES::name)
#else
#define KI_FOR_TARGET(target, name) ((target) == ::ki::cpu::SimdTarget::avx3 ? N_AVX3::name : N_AVX2::name)
#endif

#endif  // KI_CPU_SIMD_TARGETS_H_

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
