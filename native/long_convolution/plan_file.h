// The bytes of a saved plan, whose numbers are little-endian:
//
//   0  8 bytes  "KI-LCONV"
//   8  uint32   version, 1
//  12  uint32   ki_long_convolution_flags
//  16  int64    channels
//  24  int64    length
//  32  int64    filter_length
//  40  int64    fft_size
//  48  int64    frequency_block
//  56  uint64   blocks of the frequency mask
//  64  float32  squash
//  68  uint32   zero
//  72  bytes    the mask, 0 or 1 each, then zeros up to a multiple of 8
//   ?  float32  spectrum [channels, fft_size / 2 + 1, 2]
//   ?  uint64   CRC-64/XZ of all that comes before
#pragma once

#include <cstdint>
#include <span>

#include "long_convolution/problem.h"

namespace ki::long_convolution {

inline constexpr std::uint32_t kPlanFileVersion = 1;

// Bytes of the spectrum of a plan of options.fft_size points.
std::uint64_t spectrum_bytes(const PlanOptions& options);

std::uint64_t plan_file_bytes(const PlanOptions& options);

// Writes everything but the spectrum's place, and returns that place; seal_plan_file then ends the file.
std::byte* begin_plan_file(const PlanOptions& options, std::span<std::byte> file);
void seal_plan_file(std::span<std::byte> file);

struct PlanFile {
  PlanOptions options;
  const std::byte* spectrum;  // of any alignment
};

// Checks bytes that may come from anywhere; `argument` is their name in error messages.
PlanFile read_plan_file(std::span<const std::byte> file, const char* argument);

// CRC-64/XZ: polynomial 0x42F0E1EBA9EA3693, reflected, with initial value and final exclusive or of all ones.
std::uint64_t crc64(std::span<const std::byte> bytes);

}  // namespace ki::long_convolution
