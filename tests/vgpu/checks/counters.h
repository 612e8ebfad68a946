// Facts about one launch. They are counts, not times.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace vgpu {

struct Counters {
  std::string kernel;
  std::map<std::string, std::uint64_t> instructions;  // by mnemonic, one per warp: `mma.sync`, `ld.global`, `add`
  std::uint64_t tensor_instructions = 0;
  std::uint64_t barriers = 0;                          // one per block and barrier
  struct Shared {                                      // by ptx mnemonic: ld.shared, st.shared, ldmatrix, atom.shared
    std::uint64_t requests = 0, wavefronts = 0, ideal_wavefronts = 0, bytes = 0;
  };
  std::map<std::string, Shared> shared;
  struct Global {                                      // ld.global, st.global, cp.async, atom.global, red.global
    std::uint64_t requests = 0, sectors = 0, ideal_sectors = 0, bytes = 0;
  };
  std::map<std::string, Global> global;
  std::uint64_t local_bytes = 0;
};

}  // namespace vgpu
