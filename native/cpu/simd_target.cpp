#include "cpu/simd_target.h"

#include "core/error.h"

namespace ki::cpu {

const char* name_of(SimdTarget target) {
  switch (target) {
    case SimdTarget::avx2: return "avx2";
    case SimdTarget::avx3: return "avx3";
    case SimdTarget::neon: return "neon";
  }
  return "unknown target";
}

#if defined(__aarch64__)

std::string missing_features(SimdTarget) { return ""; }  // the architecture includes NEON

#else

std::string missing_features(SimdTarget target) {
  std::string missing;
// __builtin_cpu_supports takes literals only, and asks for the operating system's support of the registers too.
#define KI_REQUIRE_FEATURE(feature) \
  if (!__builtin_cpu_supports(feature)) missing += missing.empty() ? feature : " " feature
  KI_REQUIRE_FEATURE("avx2");
  KI_REQUIRE_FEATURE("fma");
  KI_REQUIRE_FEATURE("f16c");
  KI_REQUIRE_FEATURE("bmi");
  KI_REQUIRE_FEATURE("bmi2");
  if (target == SimdTarget::avx2) return missing;
  KI_REQUIRE_FEATURE("avx512f");
  KI_REQUIRE_FEATURE("avx512bw");
  KI_REQUIRE_FEATURE("avx512dq");
  KI_REQUIRE_FEATURE("avx512vl");
  KI_REQUIRE_FEATURE("avx512cd");
#undef KI_REQUIRE_FEATURE
  return missing;
}

#endif

SimdTarget choose_simd_target(std::string_view name) {
  for (auto target = kSimdTargets.rbegin(); target != kSimdTargets.rend(); ++target) {
    const bool wanted = name == name_of(*target);
    if (!wanted && !name.empty()) continue;
    const std::string missing = missing_features(*target);
    if (missing.empty()) return *target;
    if (wanted) not_supported("options.target", "'", name, "' needs ", missing, ", which this processor lacks");
  }
  if (name.empty()) {
    not_supported("name", "the CPU kernels need at least ", name_of(kSimdTargets.front()),
                  ", and this processor lacks ", missing_features(kSimdTargets.front()));
  }
  std::string known;
  for (const SimdTarget target : kSimdTargets) known += (known.empty() ? "" : " or ") + std::string(name_of(target));
  refuse("options.target", "'", name, "' is unknown; expected ", known);
}

}  // namespace ki::cpu
