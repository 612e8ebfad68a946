#pragma once

#include <cstdint>

namespace ki::test {

/// Rotary embedding (RoFormer, Su et al. 2021, section 3.2) of one row: each of its first rotary_dim / 2 pairs (x, y), neighbours or
/// halves apart, becomes (x cos - y sin, x sin + y cos).
inline void rotate(double* row, const double* cosines, const double* sines, std::int64_t rotary_dim, bool interleaved) {
  for (std::int64_t c = 0; c < rotary_dim / 2; ++c) {
    double& x = row[interleaved ? 2 * c : c];
    double& y = row[interleaved ? 2 * c + 1 : c + rotary_dim / 2];
    const double turned = x * cosines[c] - y * sines[c];
    y = x * sines[c] + y * cosines[c];
    x = turned;
  }
}

}  // namespace ki::test
