// vprintf and __assertfail, as device code calls them.
#include "machine/instructions/system_calls.h"

#include <bit>
#include <cstdio>
#include <cstring>

#include "machine/address_space.h"
#include "machine/block.h"
#include "machine/execution.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

struct SystemCall {
  std::vector<u64> arguments, results;
};

template <class T>
T argument(Warp& warp, const SystemCall& call, std::size_t i, u32 lane) {
  T value;
  std::memcpy(&value, warp.block().local(warp, lane) + call.arguments[i], sizeof value);
  return value;
}

// Memory of one thread by generic addresses.
class ThreadMemory {
 public:
  ThreadMemory(Warp& warp, u32 lane) : warp_(warp), lane_(lane) {}

  // False if the address is not valid: the launch has ended then.
  template <class T>
  bool read(u64 address, T& value) {
    MemoryAccess access;
    access.bytes = sizeof(T);
    u64 addresses[kLanes] = {};
    addresses[lane_] = address;
    Places places;
    if (!find_places(warp_, access, addresses, 1u << lane_, places)) return false;
    std::memcpy(&value, places.at[lane_], sizeof value);
    return true;
  }

  bool read_text(u64 address, std::string& text) {
    for (char c = 1;; ++address) {
      if (!read(address, c)) return false;
      if (c == '\0') return true;
      text += c;
    }
  }

 private:
  Warp& warp_;
  u32 lane_;
};

// The arguments of printf as the compiler lays them out: each at its natural alignment, integers of at least four bytes.
class Arguments {
 public:
  Arguments(ThreadMemory& memory, u64 address) : memory_(memory), address_(address) {}

  template <class T>
  bool next(T& value) {
    address_ = (address_ + sizeof(T) - 1) / sizeof(T) * sizeof(T);
    const u64 at = address_;
    address_ += sizeof(T);
    return memory_.read(at, value);
  }

 private:
  ThreadMemory& memory_;
  u64 address_;
};

template <class T>
void append(std::string& out, const std::string& format, T value) {
  char text[512];
  const int length = std::snprintf(text, sizeof text, format.c_str(), value);
  if (length > 0) out.append(text, std::min<std::size_t>(static_cast<std::size_t>(length), sizeof text - 1));
}

// One conversion, `%-5.2lld`, with the argument it takes.
bool convert(std::string& out, const std::string& given, ThreadMemory& memory, Arguments& arguments) {
  const char kind = given.back();
  std::string flags;
  bool is_long = false;
  for (std::size_t i = 1; i + 1 < given.size(); ++i) {
    if (given[i] == '*') {
      int width = 0;
      if (!arguments.next(width)) return false;
      flags += std::to_string(width);
    } else if (given[i] == 'l' || given[i] == 'j' || given[i] == 'z' || given[i] == 't') {
      is_long = true;
    } else if (given[i] != 'h') {
      flags += given[i];
    }
  }
  switch (kind) {
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
    case 'c': {
      if (is_long) {
        long long value = 0;
        if (!arguments.next(value)) return false;
        append(out, "%" + flags + "ll" + kind, value);
      } else {
        int value = 0;
        if (!arguments.next(value)) return false;
        append(out, "%" + flags + kind, value);
      }
      return true;
    }
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'a':
    case 'A': {
      double value = 0;
      if (!arguments.next(value)) return false;
      append(out, "%" + flags + kind, value);
      return true;
    }
    case 'p': {
      u64 value = 0;
      if (!arguments.next(value)) return false;
      append(out, "%#llx", static_cast<unsigned long long>(value));
      return true;
    }
    case 's': {
      u64 address = 0;
      std::string text;
      if (!arguments.next(address) || !memory.read_text(address, text)) return false;
      append(out, "%" + flags + "s", text.c_str());
      return true;
    }
    default: out += given; return true;
  }
}

bool format(std::string& out, const std::string& text, ThreadMemory& memory, Arguments arguments) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
    } else if (text.compare(i, 2, "%%") == 0) {
      out += '%';
      ++i;
    } else {
      const std::size_t end = text.find_first_of("diouxXcfFeEgGaAspn", i + 1);
      if (end == std::string::npos) return out.append(text, i), true;
      if (!convert(out, text.substr(i, end - i + 1), memory, arguments)) return false;
      i = end;
    }
  }
  return true;
}

// vprintf(format, arguments)
void print(Warp& warp, const Op& op, u32 mask) {
  const auto& call = *static_cast<const SystemCall*>(op.extra);
  for_each_lane(mask, [&](u32 lane) {
    if (warp.execution().has_ended()) return;
    ThreadMemory memory(warp, lane);
    std::string text, out;
    if (!memory.read_text(argument<u64>(warp, call, 0, lane), text)) return;
    if (!format(out, text, memory, Arguments(memory, argument<u64>(warp, call, 1, lane)))) return;
    std::fwrite(out.data(), 1, out.size(), stdout);
    const int length = static_cast<int>(out.size());
    if (!call.results.empty()) {
      std::memcpy(warp.block().local(warp, lane) + call.results[0], &length, sizeof length);
    }
  });
  if (warp.execution().has_ended()) warp.yield();
}

// __assertfail(message, file, line, function, size of a character)
void fail_assertion(Warp& warp, const Op& op, u32 mask) {
  const auto& call = *static_cast<const SystemCall*>(op.extra);
  const auto lane = static_cast<u32>(std::countr_zero(mask));
  ThreadMemory memory(warp, lane);
  std::string message, file, function;
  const bool is_readable = memory.read_text(argument<u64>(warp, call, 0, lane), message) &&
                           memory.read_text(argument<u64>(warp, call, 1, lane), file) &&
                           memory.read_text(argument<u64>(warp, call, 3, lane), function);
  if (is_readable) {
    const std::string line = std::to_string(argument<u32>(warp, call, 2, lane));
    warp.execution().fault(Outcome::assertion, FindingKind::assertion, warp, mask,
                           "the assertion `" + message + "` of " + function + " failed, " + file + ":" + line);
  }
  warp.yield();
}

}  // namespace

bool emit_system_call(Decoder& d, std::string_view name, const std::vector<u64>& arguments,
                      const std::vector<u64>& results) {
  const auto emit = [&](Handler run, std::size_t count) {
    if (arguments.size() != count) d.fail("the wrong number of arguments");
    d.emit(run, {}, 0, d.keep(SystemCall{arguments, results}));
    return true;
  };
  if (name == "vprintf") return emit(print, 2);
  if (name == "__assertfail") return emit(fail_assertion, 5);
  return false;
}

}  // namespace vgpu::machine
