// The .approx instructions on f32 over the 32 lanes of a warp. Results are those of double precision rounded once to
// f32, with the special values of the PTX manual: closer to the truth than hardware, whose last bits nobody documents.
// Lanes are std::uint32_t[32]; a result may be written over an operand. ftz: subnormal inputs and results are zero of
// the same sign.
#pragma once

namespace vgpu::arithmetic {

using Approximation = void (*)(void* d, const void* a, bool ftz);

void ex2_approx(void* d, const void* a, bool ftz);
void lg2_approx(void* d, const void* a, bool ftz);
void rcp_approx(void* d, const void* a, bool ftz);
void rsqrt_approx(void* d, const void* a, bool ftz);
void sqrt_approx(void* d, const void* a, bool ftz);
void sin_approx(void* d, const void* a, bool ftz);
void cos_approx(void* d, const void* a, bool ftz);
void tanh_approx(void* d, const void* a, bool ftz);

// div.approx and div.full: the range in which hardware answers zero or NaN for huge divisors is kept for .approx.
void div_approx(void* d, const void* a, const void* b, bool ftz);
void div_full(void* d, const void* a, const void* b, bool ftz);

// rcp.approx.ftz.f64 and rsqrt.approx.ftz.f64: the upper 32 bits only, as the manual says; lanes are 64 bits wide.
void rcp_approx_f64(void* d, const void* a);
void rsqrt_approx_f64(void* d, const void* a);

}  // namespace vgpu::arithmetic
