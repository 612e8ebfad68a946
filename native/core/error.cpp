#include "core/error.h"

#include <algorithm>
#include <cstring>

namespace ki {
namespace {

// Plain arrays: recording a failure must not fail, and must work while a thread is being torn down.
struct LastFailure {
  char message[1024];
  char argument[128];
};

thread_local LastFailure last_failure{};

template <std::size_t Size>
void copy_cut(char (&destination)[Size], const char* source) noexcept {
  const std::size_t length = std::min(std::strlen(source), Size - 1);
  std::memcpy(destination, source, length);
  destination[length] = '\0';
}

}  // namespace

void remember_failure(const char* argument, const char* message) noexcept {
  copy_cut(last_failure.argument, argument);
  copy_cut(last_failure.message, message);
}

}  // namespace ki

const char* ki_last_error_message(void) noexcept { return ki::last_failure.message; }

const char* ki_last_error_argument(void) noexcept { return ki::last_failure.argument; }

const char* ki_status_name(ki_status status) noexcept {
  switch (status) {
    case KI_STATUS_OK: return "KI_STATUS_OK";
    case KI_STATUS_INVALID_ARGUMENT: return "KI_STATUS_INVALID_ARGUMENT";
    case KI_STATUS_NOT_SUPPORTED: return "KI_STATUS_NOT_SUPPORTED";
    case KI_STATUS_OUT_OF_MEMORY: return "KI_STATUS_OUT_OF_MEMORY";
    case KI_STATUS_DEVICE_NOT_FOUND: return "KI_STATUS_DEVICE_NOT_FOUND";
    case KI_STATUS_DEVICE_ERROR: return "KI_STATUS_DEVICE_ERROR";
    case KI_STATUS_INTERNAL: return "KI_STATUS_INTERNAL";
  }
  return "unknown status";
}
