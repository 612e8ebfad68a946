// Mutations that change nothing a test could see, each with the reason. A survivor that is not listed here is a hole in
// the suite; one that is listed and turns the suite red does not belong here.
#pragma once

#include <string_view>

namespace ki::test {

struct Survivor {
  std::string_view module;       ///< the beginning of its name
  std::string_view mutation;     ///< the beginning of the mutation
  std::string_view instruction;  ///< something the instruction contains
  std::string_view reason;
};

inline constexpr Survivor kSurvivors[] = {
    {"attention_decode_f16_int8_", "unzero", "",
     "what lies behind the last key or the head's last column is an integer: its weight or the query's column is 0"},
    {"attention_decode_f16_int8_", "drop shfl", "shfl.sync.idx",
     "the upper half of a row's offset, which is 0 in tensors below 4 GiB"},
    {"attention_forward_", "unzero", "",
     "the loop fetches the keys of a tile before the last, where no row is missing, and a column beyond the head meets a "
     "zero of the other factor"},
    {"short_convolution_f16", "unzero 0 in short_", "",
     "what lies behind a row's last element or the last channel reaches outputs only that are not written"},
    {"short_convolution_sums_f16", "unzero", "",
     "what lies behind a row's last element meets a zero of the other factor, and behind the last channel sums that are "
     "not written"},
};

}  // namespace ki::test
