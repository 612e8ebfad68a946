// Transforms of 2 to 16 points in the registers of one thread, in float32.
#pragma once

namespace ki::long_convolution::cuda {

__device__ inline float2 operator+(const float2& a, const float2& b) { return {a.x + b.x, a.y + b.y}; }
__device__ inline float2 operator-(const float2& a, const float2& b) { return {a.x - b.x, a.y - b.y}; }
__device__ inline float2 operator*(const float2& a, const float2& b) {
  return {a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x};
}
__device__ inline float2 conjugate(const float2& a) { return {a.x, -a.y}; }

// exp(-2 pi i numerator / denominator); the denominator is a power of two up to 2^24, so that the quotient is exact.
__device__ inline float2 root_of_unity(int numerator, int denominator) {
  float sine, cosine;
  sincospif(-2.0F * static_cast<float>(numerator & (denominator - 1)) / static_cast<float>(denominator), &sine,
            &cosine);
  return {cosine, sine};
}

// x exp(-2 pi i index / 16), for an index that is known when this is compiled.
__device__ inline float2 turned(const float2& x, int index) {
  constexpr float kCosine[] = {1, 0.923879532511286756F, 0.707106781186547524F, 0.382683432365089772F, 0};
  const auto cosine = [&](int i) {
    i = i % 16;
    if (i > 8) i = 16 - i;
    return i <= 4 ? kCosine[i] : -kCosine[8 - i];
  };
  if (index == 0) return x;
  if (index == 4) return {x.y, -x.x};
  return x * float2{cosine(index), -cosine(index + 12)};
}

// x[k] = sum over n of x[n] exp(-2 pi i n k / kPoints), in decimation in frequency: four or two points first.
template <int kPoints>
__device__ void dft(float2 (&x)[kPoints]) {
  if constexpr (kPoints == 2) {
    const float2 first = x[0];
    x[0] = first + x[1], x[1] = first - x[1];
  } else if constexpr (kPoints == 4) {
    const float2 even = x[0] + x[2], odd = x[0] - x[2], even2 = x[1] + x[3], odd2 = x[1] - x[3];
    x[0] = even + even2, x[2] = even - even2;
    x[1] = {odd.x + odd2.y, odd.y - odd2.x}, x[3] = {odd.x - odd2.y, odd.y + odd2.x};
  } else {
    constexpr int kRest = kPoints / 4;
    float2 rest[4][kRest];
#pragma unroll
    for (int b = 0; b < kRest; ++b) {
      float2 column[4] = {x[b], x[b + kRest], x[b + 2 * kRest], x[b + 3 * kRest]};
      dft<4>(column);
#pragma unroll
      for (int a = 0; a < 4; ++a) rest[a][b] = turned(column[a], a * b * (16 / kPoints));
    }
#pragma unroll
    for (int a = 0; a < 4; ++a) {
      dft<kRest>(rest[a]);
#pragma unroll
      for (int b = 0; b < kRest; ++b) x[a + 4 * b] = rest[a][b];
    }
  }
}

}  // namespace ki::long_convolution::cuda
