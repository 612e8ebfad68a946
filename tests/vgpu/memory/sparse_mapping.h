// A large region of zero bytes that costs only the pages that are touched.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace vgpu {

class SparseMapping {
 public:
  explicit SparseMapping(std::uint64_t size_bytes) : size_bytes_(size_bytes) {
    void* mapped =
        mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "cannot reserve address space");
    // A huge page would make one touched byte cost two megabytes.
    madvise(mapped, size_bytes, MADV_NOHUGEPAGE);
    data_ = static_cast<std::byte*>(mapped);
  }
  ~SparseMapping() { munmap(data_, size_bytes_); }
  SparseMapping(const SparseMapping&) = delete;
  SparseMapping& operator=(const SparseMapping&) = delete;

  std::byte* data() const { return data_; }
  std::uint64_t size_bytes() const { return size_bytes_; }

  // Makes a range read as zeros, and gives its whole pages back to the system.
  void zero(std::uint64_t offset, std::uint64_t size_bytes) {
    const std::uint64_t page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const std::uint64_t end = offset + size_bytes;
    const std::uint64_t first_page = (offset + page - 1) / page * page, last_page = end / page * page;
    if (first_page >= last_page) {
      std::memset(data_ + offset, 0, size_bytes);
      return;
    }
    std::memset(data_ + offset, 0, first_page - offset);
    madvise(data_ + first_page, last_page - first_page, MADV_DONTNEED);
    std::memset(data_ + last_page, 0, end - last_page);
  }

 private:
  std::byte* data_ = nullptr;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace vgpu
