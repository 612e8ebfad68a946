// Errors inside the library are exceptions; at the ABI's border they become a status and a message.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

#include "kernels_interop.h"

namespace ki {

class Error : public std::runtime_error {
 public:
  Error(ki_status status, std::string argument, const std::string& message)
      : std::runtime_error(message), status_(status), argument_(std::move(argument)) {}

  ki_status status() const noexcept { return status_; }
  const std::string& argument() const noexcept { return argument_; }

 private:
  ki_status status_;
  std::string argument_;
};

template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return std::move(text).str();
}

// Refuses an argument. The message begins with the argument's name, so that it reads well on its own.
template <typename... Parts>
[[noreturn]] void refuse(const std::string& argument, const Parts&... reason) {
  throw Error(KI_STATUS_INVALID_ARGUMENT, argument, concat(argument, ": ", reason...));
}

template <typename... Parts>
[[noreturn]] void not_supported(const std::string& argument, const Parts&... reason) {
  throw Error(KI_STATUS_NOT_SUPPORTED, argument, concat(argument, ": ", reason...));
}

// Keeps the failure for ki_last_error_message and ki_last_error_argument on this thread; long text is cut.
void remember_failure(const char* argument, const char* message) noexcept;

}  // namespace ki
