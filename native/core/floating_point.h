// The floating-point environment of the kernels: round to nearest even, denormals kept, all exceptions masked.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#else
#include <cfenv>
#endif

namespace ki {

// Sets the environment for its lifetime and puts the caller's back, so that results do not depend on what the caller,
// or a library it loaded, has done to the control register (flush-to-zero above all).
class FloatingPointScope {
 public:
#if defined(__x86_64__)
  FloatingPointScope() noexcept : saved_(_mm_getcsr()) {
    if (saved_ != kDefault) _mm_setcsr(kDefault);
  }
  ~FloatingPointScope() { _mm_setcsr(saved_); }  // the sticky exception flags too

 private:
  static constexpr unsigned kDefault = 0x1F80;  // every exception masked, nothing else set
  unsigned saved_;
#else
  FloatingPointScope() noexcept {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~FloatingPointScope() { std::fesetenv(&saved_); }

 private:
  std::fenv_t saved_;
#endif

 public:
  FloatingPointScope(const FloatingPointScope&) = delete;
  FloatingPointScope& operator=(const FloatingPointScope&) = delete;
};

}  // namespace ki
