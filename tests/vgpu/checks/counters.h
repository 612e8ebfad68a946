// Facts about one launch. They are counts, not times.
//
// Shared memory has 32 banks of four bytes. An access is served in wavefronts, each of which takes from every bank one
// word: all lanes together for accesses of up to four bytes, half a warp at a time for eight, a quarter for sixteen (a
// row of eight of `ldmatrix` likewise). Lanes that want the same word share it, except in atomics, which follow one
// another. Global memory is moved in sectors of 32 bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "checks/access.h"

namespace vgpu {

struct Counters {
  std::string kernel;
  std::map<std::string, std::uint64_t> instructions;  // by mnemonic, one per warp: `mma.sync`, `ld.global`, `add`
  std::uint64_t tensor_instructions = 0;
  std::uint64_t barriers = 0;  // one per block and barrier
  struct Shared {              // by ptx mnemonic: ld.shared, st.shared, ldmatrix, atom.shared
    std::uint64_t requests = 0, wavefronts = 0, ideal_wavefronts = 0, bytes = 0;
    // With addresses aligned to `bytes`; ideal is one wavefront for each group of lanes that is served together.
    void add(const Access& access);
  };
  std::map<std::string, Shared> shared;
  struct Global {  // ld.global, st.global, cp.async, atom.global, red.global
    std::uint64_t requests = 0, sectors = 0, ideal_sectors = 0, bytes = 0;
    // Ideal is the sectors that the same different bytes would fill if they lay side by side.
    void add(const Access& access);
  };
  std::map<std::string, Global> global;
  std::uint64_t local_bytes = 0;
};

// One object; the ratios are given too, as `wavefronts_over_ideal` and `sectors_over_ideal`.
std::string to_json(const Counters& counters);
std::string to_json(const std::vector<Counters>& launches);

}  // namespace vgpu
