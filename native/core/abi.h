// What every exported function needs: the border between exceptions and statuses, and structs of any version.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

#include "core/error.h"
#include "core/floating_point.h"

namespace ki {

// Runs the body of an exported function. Nothing that is thrown inside leaves it.
template <typename Body>
ki_status guard(Body&& body) noexcept {
  const FloatingPointScope floating_point;
  try {
    body();
    return KI_STATUS_OK;
  } catch (const Error& error) {
    remember_failure(error.argument().c_str(), error.what());
    return error.status();
  } catch (const std::bad_alloc&) {
    remember_failure("", "out of memory");
    return KI_STATUS_OUT_OF_MEMORY;
  } catch (const std::exception& error) {
    remember_failure("", error.what());
    return KI_STATUS_INTERNAL;
  } catch (...) {
    remember_failure("", "an unknown exception inside the library");
    return KI_STATUS_INTERNAL;
  }
}

template <typename T>
T& require(T* pointer, const char* argument) {
  if (pointer == nullptr) refuse(argument, "must not be NULL");
  return *pointer;
}

// No struct of this ABI is anywhere near this size: a larger struct_size is memory that was never set.
inline constexpr std::uint32_t kLargestStruct = 65536;

template <typename Struct>
std::uint32_t checked_struct_size(const Struct* source, const std::string& argument) {
  const std::uint32_t size = require(source, argument.c_str()).struct_size;
  if (size < sizeof(std::uint32_t) || size > kLargestStruct) {
    refuse(argument, "struct_size is ", size, "; set it to the struct's size, which is ", sizeof(Struct), " here");
  }
  return size;
}

// Reads a caller's struct of an older or newer version of the header into ours.
template <typename Struct>
Struct read_struct(const Struct* source, const std::string& argument) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  const std::uint32_t size = checked_struct_size(source, argument);
  const auto* bytes = reinterpret_cast<const unsigned char*>(source);
  if (size > sizeof(Struct) && std::any_of(bytes + sizeof(Struct), bytes + size, [](auto b) { return b != 0; })) {
    refuse(argument, "struct_size is ", size, " and fields beyond the ", sizeof(Struct),
           " bytes this library knows are set: they belong to a newer version");
  }
  Struct copy{};
  std::memcpy(static_cast<void*>(&copy), source, std::min<std::size_t>(size, sizeof(Struct)));
  copy.struct_size = sizeof(Struct);
  return copy;
}

// Writes our struct into a caller's of an older or newer version; struct_size stays the caller's.
template <typename Struct>
void write_struct(Struct value, Struct* destination, const std::string& argument) {
  const std::uint32_t size = checked_struct_size(destination, argument);
  value.struct_size = size;
  std::memcpy(static_cast<void*>(destination), &value, std::min<std::size_t>(size, sizeof(Struct)));
}

}  // namespace ki
