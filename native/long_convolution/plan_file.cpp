#include "long_convolution/plan_file.h"

#include <array>
#include <bit>
#include <cstring>

#include "core/error.h"

namespace ki::long_convolution {
namespace {

static_assert(std::endian::native == std::endian::little, "the file's numbers are little-endian");

constexpr char kMagic[8] = {'K', 'I', '-', 'L', 'C', 'O', 'N', 'V'};

struct Header {
  char magic[8];
  std::uint32_t version, flags;
  std::int64_t channels, length, filter_length, fft_size, frequency_block;
  std::uint64_t mask_blocks;
  float squash;
  std::uint32_t zero;
};
static_assert(sizeof(Header) == 72);

constexpr std::uint64_t kChecksumBytes = sizeof(std::uint64_t);

std::uint64_t padded(std::uint64_t bytes) { return (bytes + 7) / 8 * 8; }

constexpr std::array<std::uint64_t, 256> make_crc_table() {
  std::array<std::uint64_t, 256> table{};
  for (std::uint64_t i = 0; i < table.size(); ++i) {
    std::uint64_t remainder = i;
    for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ (remainder & 1 ? 0xC96C5795D7870F42 : 0);
    table[i] = remainder;
  }
  return table;
}

}  // namespace

std::uint64_t crc64(std::span<const std::byte> bytes) {
  static constexpr std::array<std::uint64_t, 256> kTable = make_crc_table();
  std::uint64_t crc = ~std::uint64_t{0};
  for (const std::byte byte : bytes) crc = crc >> 8 ^ kTable[(crc ^ std::to_integer<std::uint64_t>(byte)) & 0xFF];
  return ~crc;
}

std::uint64_t spectrum_bytes(const PlanOptions& o) {
  return static_cast<std::uint64_t>(o.channels) * static_cast<std::uint64_t>(o.fft_size / 2 + 1) * 2 * sizeof(float);
}

std::uint64_t plan_file_bytes(const PlanOptions& o) {
  return sizeof(Header) + padded(o.frequency_mask.size()) + spectrum_bytes(o) + kChecksumBytes;
}

std::byte* begin_plan_file(const PlanOptions& o, std::span<std::byte> file) {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kPlanFileVersion;
  header.flags = (o.circular ? KI_LONG_CONVOLUTION_CIRCULAR : 0) | (o.streaming ? KI_LONG_CONVOLUTION_STREAMING : 0);
  header.channels = o.channels;
  header.length = o.length;
  header.filter_length = o.filter_length;
  header.fft_size = o.fft_size;
  header.frequency_block = o.frequency_block;
  header.mask_blocks = o.frequency_mask.size();
  header.squash = o.squash;
  std::memcpy(file.data(), &header, sizeof header);
  std::byte* mask = file.data() + sizeof header;
  std::memset(mask, 0, padded(o.frequency_mask.size()));
  if (!o.frequency_mask.empty()) std::memcpy(mask, o.frequency_mask.data(), o.frequency_mask.size());
  return mask + padded(o.frequency_mask.size());
}

void seal_plan_file(std::span<std::byte> file) {
  const std::uint64_t checksum = crc64(file.first(file.size() - kChecksumBytes));
  std::memcpy(file.data() + file.size() - kChecksumBytes, &checksum, kChecksumBytes);
}

PlanFile read_plan_file(std::span<const std::byte> file, const char* argument) {
  Header header;
  if (file.size() < sizeof header + kChecksumBytes) {
    refuse(argument, "has ", file.size(), " bytes, too few for a saved plan");
  }
  std::memcpy(&header, file.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) refuse(argument, "is no saved plan");
  if (header.version != kPlanFileVersion) {
    not_supported(argument, "has version ", header.version, ", and this library reads version ", kPlanFileVersion);
  }
  std::uint64_t checksum;
  std::memcpy(&checksum, file.data() + file.size() - kChecksumBytes, kChecksumBytes);
  if (checksum != crc64(file.first(file.size() - kChecksumBytes)))
    refuse(argument, "is damaged: its checksum is wrong");

  // From here on the bytes are as they were written, though perhaps not by this library.
  constexpr std::uint32_t kKnownFlags = KI_LONG_CONVOLUTION_CIRCULAR | KI_LONG_CONVOLUTION_STREAMING;
  if (header.flags & ~kKnownFlags || header.zero != 0) refuse(argument, "has fields this version does not know");
  const std::uint64_t room = file.size() - sizeof header - kChecksumBytes;
  if (header.mask_blocks > room) refuse(argument, "is shorter than its frequency mask");

  PlanFile read{};
  PlanOptions& o = read.options;
  o.circular = (header.flags & KI_LONG_CONVOLUTION_CIRCULAR) != 0;
  o.streaming = (header.flags & KI_LONG_CONVOLUTION_STREAMING) != 0;
  o.channels = header.channels;
  o.length = header.length;
  o.filter_length = header.filter_length;
  o.fft_size = header.fft_size;
  o.frequency_block = header.frequency_block;
  o.squash = header.squash;
  const std::byte* mask = file.data() + sizeof header;
  o.frequency_mask.resize(header.mask_blocks);
  for (std::size_t i = 0; i < o.frequency_mask.size(); ++i) {
    o.frequency_mask[i] = std::to_integer<std::uint8_t>(mask[i]);
    if (o.frequency_mask[i] > 1) refuse(argument, "has a frequency mask of other values than 0 and 1");
  }
  const std::uint64_t padding_end = padded(header.mask_blocks);
  for (std::uint64_t i = header.mask_blocks; i < padding_end && i < room; ++i) {
    if (mask[i] != std::byte{0}) refuse(argument, "has fields this version does not know");
  }
  if (o.fft_size == 0) refuse(argument, "has an fft_size of 0");
  try {
    check_options(o);
  } catch (const Error& error) {
    throw Error(error.status(), argument, concat(argument, ": ", error.what()));
  }
  if (plan_file_bytes(o) != file.size()) {
    refuse(argument, "has ", file.size(), " bytes, and a plan of its kind has ", plan_file_bytes(o));
  }
  read.spectrum = mask + padded(header.mask_blocks);
  return read;
}

}  // namespace ki::long_convolution
