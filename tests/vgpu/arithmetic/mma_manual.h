// Where the PTX manual's figures and formulas put the elements of each shape of mma, one shape after the other and
// without looking for what they share: with `group` = lane / 4 and `thread` = lane % 4, element i of a lane is at (row,
// column).
#pragma once

#include <vector>

#include "arithmetic/mma_fragments.h"

namespace vgpu::arithmetic::manual {

struct Shape {
  const char* name;
  int m, k, packed;            // packed: elements in one register
  int a_elements, b_elements;  // of one lane
  Cell (*a)(int group, int thread, int i);
  Cell (*b)(int group, int thread, int i);
};

inline Cell c(int group, int thread, int i) { return {i < 2 ? group : group + 8, thread * 2 + (i & 1)}; }

// clang-format off
inline const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = {
      {"m16n8k8 16-bit", 16, 8, 2, 4, 2,
       [](int g, int t, int i) { return Cell{i < 2 ? g : g + 8, t * 2 + (i & 1)}; },
       [](int g, int t, int i) { return Cell{t * 2 + i, g}; }},
      {"m16n8k16 16-bit", 16, 16, 2, 8, 4,
       [](int g, int t, int i) {
         const bool upper = (0 <= i && i < 2) || (4 <= i && i < 6);
         return Cell{upper ? g : g + 8, i < 4 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8};
       },
       [](int g, int t, int i) { return Cell{i < 2 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8, g}; }},
      {"m16n8k4 tf32", 16, 4, 1, 2, 1,
       [](int g, int t, int i) { return Cell{i == 0 ? g : g + 8, t}; },
       [](int g, int t, int) { return Cell{t, g}; }},
      {"m16n8k8 tf32", 16, 8, 1, 4, 2,
       [](int g, int t, int i) { return Cell{i == 0 || i == 2 ? g : g + 8, i < 2 ? t : t + 4}; },
       [](int g, int t, int i) { return Cell{i == 0 ? t : t + 4, g}; }},
      {"m8n8k4 f64", 8, 4, 1, 1, 1,
       [](int g, int t, int) { return Cell{g, t}; },
       [](int g, int t, int) { return Cell{t, g}; }},
      {"m8n8k16 8-bit", 8, 16, 4, 4, 4,
       [](int g, int t, int i) { return Cell{g, t * 4 + i}; },
       [](int g, int t, int i) { return Cell{t * 4 + i, g}; }},
      {"m16n8k16 8-bit", 16, 16, 4, 8, 4,
       [](int g, int t, int i) { return Cell{i < 4 ? g : g + 8, t * 4 + (i & 3)}; },
       [](int g, int t, int i) { return Cell{t * 4 + i, g}; }},
      {"m16n8k32 8-bit", 16, 32, 4, 16, 8,
       [](int g, int t, int i) {
         const bool upper = (0 <= i && i < 4) || (8 <= i && i < 12);
         return Cell{upper ? g : g + 8, i < 8 ? t * 4 + (i & 3) : t * 4 + (i & 3) + 16};
       },
       [](int g, int t, int i) { return Cell{i < 4 ? t * 4 + (i & 3) : t * 4 + (i & 3) + 16, g}; }},
      {"m8n8k32 4-bit", 8, 32, 8, 8, 8,
       [](int g, int t, int i) { return Cell{g, t * 8 + i}; },
       [](int g, int t, int i) { return Cell{t * 8 + i, g}; }},
      {"m16n8k32 4-bit", 16, 32, 8, 16, 8,
       [](int g, int t, int i) { return Cell{i < 8 ? g : g + 8, t * 8 + (i & 7)}; },
       [](int g, int t, int i) { return Cell{t * 8 + i, g}; }},
      {"m16n8k64 4-bit", 16, 64, 8, 32, 16,
       [](int g, int t, int i) {
         const bool upper = (0 <= i && i < 8) || (16 <= i && i < 24);
         return Cell{upper ? g : g + 8, i < 16 ? t * 8 + (i & 7) : t * 8 + (i & 7) + 32};
       },
       [](int g, int t, int i) { return Cell{i < 8 ? t * 8 + (i & 7) : t * 8 + (i & 7) + 32, g}; }},
      {"m8n8k128 1-bit", 8, 128, 32, 32, 32,
       [](int g, int t, int i) { return Cell{g, t * 32 + i}; },
       [](int g, int t, int i) { return Cell{t * 32 + i, g}; }},
      {"m16n8k128 1-bit", 16, 128, 32, 64, 32,
       [](int g, int t, int i) { return Cell{i < 32 ? g : g + 8, t * 32 + (i & 31)}; },
       [](int g, int t, int i) { return Cell{t * 32 + i, g}; }},
      {"m16n8k256 1-bit", 16, 256, 32, 128, 64,
       [](int g, int t, int i) {
         const bool upper = (0 <= i && i < 32) || (64 <= i && i < 96);
         return Cell{upper ? g : g + 8, i < 64 ? t * 32 + (i & 31) : t * 32 + (i & 31) + 128};
       },
       [](int g, int t, int i) { return Cell{i < 32 ? t * 32 + (i & 31) : t * 32 + (i & 31) + 128, g}; }},
  };
  return all;
}
// clang-format on

inline const Shape& shape(int m, int k, int packed) {
  for (const Shape& shape : shapes()) {
    if (shape.m == m && shape.k == k && shape.packed == packed) return shape;
  }
  __builtin_unreachable();
}

}  // namespace vgpu::arithmetic::manual
