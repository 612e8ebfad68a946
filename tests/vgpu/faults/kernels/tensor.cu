// A product of tiles by mma.sync, and its classic mistakes. They leave no trace but wrong numbers.
#include "ptx.cuh"

enum Fault { none, wrong_address, no_transpose, swapped_conversion };

// d[16][8] = a[16][16] b[16][8] by one warp, all as f16 bits.
template <Fault fault>
__device__ void multiply(const unsigned short* a, const unsigned short* b, unsigned* d) {
  __shared__ alignas(16) unsigned short tile_a[16][16], tile_b[16][8];
  const int lane = threadIdx.x;
  for (int i = lane; i < 256; i += 32) tile_a[i / 16][i % 16] = a[i];
  for (int i = lane; i < 128; i += 32) tile_b[i / 8][i % 8] = b[i];
  __syncwarp();

  unsigned fa[4], fb[2];
  const int row = fault == wrong_address ? lane % 8 : lane % 16;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(fa[0]), "=r"(fa[1]), "=r"(fa[2]), "=r"(fa[3])
               : "r"(shared_address(&tile_a[row][lane / 16 * 8])));
  if (fault == no_transpose) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                 : "=r"(fb[0]), "=r"(fb[1])
                 : "r"(shared_address(&tile_b[lane % 16][0])));
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                 : "=r"(fb[0]), "=r"(fb[1])
                 : "r"(shared_address(&tile_b[lane % 16][0])));
  }
  float c[4] = {};
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(fa[0]), "r"(fa[1]), "r"(fa[2]), "r"(fa[3]), "r"(fb[0]), "r"(fb[1]));
  for (int half = 0; half < 2; ++half) {
    // cvt puts its first operand into the upper half.
    const float low = c[2 * half], high = c[2 * half + 1];
    unsigned packed;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;"
        : "=r"(packed)
        : "f"(fault == swapped_conversion ? low : high), "f"(fault == swapped_conversion ? high : low));
    d[(lane / 4 + 8 * half) * 4 + lane % 4] = packed;
  }
}

#define KERNEL(name)                                                                                          \
  extern "C" __global__ void multiply_##name(const unsigned short* a, const unsigned short* b, unsigned* d) { \
    multiply<name>(a, b, d);                                                                                  \
  }
KERNEL(none)
KERNEL(wrong_address)
KERNEL(no_transpose)
KERNEL(swapped_conversion)
