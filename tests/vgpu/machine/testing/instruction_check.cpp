// Writes a kernel around an instruction, runs it, and compares lane by lane.
#include "machine/testing/instruction_check.h"

#include <array>
#include <bit>
#include <limits>

namespace vgpu::testing {
namespace {

constexpr std::size_t kBatches = 24;  // one warp each
constexpr std::size_t kValues = kBatches * 32;
constexpr std::size_t kOperandBytes = kValues * 8;
constexpr std::uint32_t kGuard = 0xA5F0'3C81;  // the lanes that execute the guarded instruction

std::string load(const Kind& kind, const std::string& name, const std::string& place) {
  if (kind.is_predicate) return "ld.global.u32 %load, " + place + "; setp.ne.u32 " + name + ", %load, 0;\n";
  return "ld.global.b" + std::to_string(kind.bytes * 8) + " " + name + ", " + place + ";\n";
}

std::string store(const Kind& kind, const std::string& name, const std::string& place) {
  if (kind.is_predicate) return "selp.u32 %load, 1, 0, " + name + "; st.global.u32 " + place + ", %load;\n";
  return "st.global.b" + std::to_string(kind.bytes * 8) + " " + place + ", " + name + ";\n";
}

std::string slot(const char* base, std::size_t operand) {
  return "[" + std::string(base) + "+" + std::to_string(operand * kOperandBytes) + "]";
}

// Puts the predicate, or nothing, before each instruction.
std::string guarded(const std::string& line, const std::string& guard) {
  if (line.find('?') == std::string::npos) return guard + line + "\n";
  std::string text;
  for (const char c : line) text += c == '?' ? guard : std::string(1, c);
  return text + "\n";
}

constexpr const char* kNames[] = {"%a", "%b", "%c", "%d"};

// Operands come from `in`, one array for each, the old value of the result behind them. What the instruction makes goes to
// the first array of `out`, and under the predicate to the second; `%out` is in a third.
std::string kernel_around(const std::string& line, const Kind& result, const std::vector<const Kind*>& sources) {
  std::string text = std::string(kHeader) +
                     ".visible .entry k(.param .u64 in, .param .u64 to)\n{\n"
                     ".reg .b64 %in, %to, %out, %at; .reg .b32 %t, %lane, %load; .reg .pred %guard;\n.reg " +
                     result.type + " %o;\n";
  for (std::size_t i = 0; i < sources.size(); ++i) {
    text += ".reg " + sources[i]->type + " " + std::string(kNames[i]) + ";\n";
  }
  text +=
      "ld.param.u64 %in, [in]; ld.param.u64 %to, [to];\nmov.u32 %t, %ctaid.x; mov.u32 %lane, %laneid;\n"
      "mad.lo.u32 %t, %t, 32, %lane; mul.wide.u32 %at, %t, 8; add.s64 %in, %in, %at; add.s64 %to, %to, %at;\n"
      "add.s64 %out, %to, " +
      std::to_string(2 * kOperandBytes) + ";\n";
  for (std::size_t i = 0; i < sources.size(); ++i) text += load(*sources[i], kNames[i], slot("%in", i));
  const std::string old = load(result, "%o", slot("%in", sources.size()));
  text += old + guarded(line, "") + store(result, "%o", slot("%to", 0)) + old;
  text += "mov.u32 %load, " + std::to_string(kGuard) +
          "; shr.u32 %load, %load, %lane; and.b32 %load, %load, 1; setp.ne.u32 %guard, %load, 0;\n";
  return text + guarded(line, "@%guard ") + store(result, "%o", slot("%to", 1)) + "ret;\n}\n";
}

}  // namespace

Awkward::Awkward(std::uint64_t seed) : state_(seed * 0x9E37'79B9'7F4A'7C15 + 1) {}

std::uint64_t Awkward::bits() {
  state_ ^= state_ << 13;
  state_ ^= state_ >> 7;
  state_ ^= state_ << 17;
  return state_;
}

template <class T>
T Awkward::integer() {
  using U = std::make_unsigned_t<T>;
  const U top = static_cast<U>(U{1} << (8 * sizeof(T) - 1));
  const std::array<U, 22> special = {0,
                                     1,
                                     2,
                                     3,
                                     7,
                                     8,
                                     15,
                                     16,
                                     31,
                                     32,
                                     33,
                                     63,
                                     64,
                                     65,
                                     255,
                                     top,
                                     static_cast<U>(top - 1),
                                     static_cast<U>(top + 1),
                                     static_cast<U>(~U{0}),
                                     static_cast<U>(~U{0} - 1),
                                     static_cast<U>(0x5555'5555'5555'5555),
                                     static_cast<U>(0x0123'4567'89AB'CDEF)};
  const std::uint64_t pick = bits() >> 40;
  return static_cast<T>(pick % 2 == 0 ? special[pick / 2 % special.size()] : static_cast<U>(bits() >> 8));
}

template <class T>
T Awkward::floating() {
  using Limits = std::numeric_limits<T>;
  const std::array<T, 17> special = {T(0),
                                     -T(0),
                                     T(1),
                                     T(-1),
                                     T(0.5),
                                     T(2.5),
                                     T(-3.5),
                                     Limits::infinity(),
                                     -Limits::infinity(),
                                     Limits::quiet_NaN(),
                                     Limits::denorm_min(),
                                     -Limits::denorm_min(),
                                     Limits::min(),
                                     -Limits::min(),
                                     Limits::max(),
                                     -Limits::max(),
                                     T(1) + Limits::epsilon()};
  const std::uint64_t pick = bits() >> 40;
  if (pick % 4 < 2) return special[pick / 4 % special.size()];
  if (pick % 4 == 2) return static_cast<T>(static_cast<double>(static_cast<std::int64_t>(bits())) * 0x1p-50);
  using U = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<T>(static_cast<U>(bits()));
}

template <class T>
T Awkward::value() {
  if constexpr (std::is_same_v<T, Predicate>) {
    return {(bits() >> 40 & 1) != 0};
  } else if constexpr (std::is_floating_point_v<T>) {
    return floating<T>();
  } else {
    return integer<T>();
  }
}

template <class T>
const Kind& kind_of() {
  constexpr bool kIsPredicate = std::is_same_v<T, Predicate>;
  static const Kind kKind = {
      kIsPredicate                  ? ".pred"
      : std::is_floating_point_v<T> ? ".f" + std::to_string(8 * sizeof(T))
                                    : ".b" + std::to_string(8 * sizeof(T)),
      kIsPredicate ? 4 : sizeof(T),
      kIsPredicate,
      [](Awkward& awkward, std::byte* slot) {
        const T value = awkward.value<T>();
        std::memcpy(slot, &value, sizeof value);
      },
      [](const std::byte* a, const std::byte* b) { return same(read_slot<T>(a), read_slot<T>(b)); },
      [](const std::byte* slot) -> std::string {
        const T value = read_slot<T>(slot);
        if constexpr (kIsPredicate) return value ? "true" : "false";
        if constexpr (std::is_floating_point_v<T>) {
          char text[64];
          std::snprintf(text, sizeof text, "%a", static_cast<double>(value));
          return text;
        }
        if constexpr (std::is_integral_v<T>) return std::to_string(value);
      }};
  return kKind;
}

template const Kind& kind_of<std::uint16_t>();
template const Kind& kind_of<std::int16_t>();
template const Kind& kind_of<std::uint32_t>();
template const Kind& kind_of<std::int32_t>();
template const Kind& kind_of<std::uint64_t>();
template const Kind& kind_of<std::int64_t>();
template const Kind& kind_of<float>();
template const Kind& kind_of<double>();
template const Kind& kind_of<Predicate>();

void check_instruction(const std::string& line, const Kind& result, const std::vector<const Kind*>& sources,
                       const Reference& reference) {
  SCOPED_TRACE(line);
  Awkward awkward(std::hash<std::string>{}(line));
  std::vector<std::byte> input((sources.size() + 1) * kOperandBytes);
  for (std::size_t v = 0; v < kValues; ++v) {
    for (std::size_t i = 0; i < sources.size(); ++i) sources[i]->make(awkward, &input[i * kOperandBytes + v * 8]);
    result.make(awkward, &input[sources.size() * kOperandBytes + v * 8]);
  }
  KernelRun run;
  ASSERT_NO_THROW(run.load(kernel_around(line, result, sources)));
  const std::uint64_t out = run.upload(std::vector<std::byte>(3 * kOperandBytes));
  ASSERT_EQ(run.launch("k", {kBatches}, {32}, 0, run.upload(input), out), Outcome::done) << run.report();
  ASSERT_EQ(run.report(), "");
  const auto results = run.download<std::byte>(out, 2 * kOperandBytes);

  for (std::size_t v = 0; v < kValues; ++v) {
    const std::byte* values[4] = {};
    std::string arguments;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      values[i] = &input[i * kOperandBytes + v * 8];
      arguments += sources[i]->show(values[i]) + " ";
    }
    std::byte wanted[8] = {};
    reference(values, wanted);
    const std::byte* got = &results[v * 8];
    ASSERT_TRUE(result.same(got, wanted))
        << "of " << arguments << "is " << result.show(got) << ", not " << result.show(wanted);
    const bool takes_part = (kGuard >> (v % 32) & 1) != 0;
    const std::byte* kept = &input[sources.size() * kOperandBytes + v * 8];
    ASSERT_TRUE(result.same(got + kOperandBytes, takes_part ? wanted : kept))
        << "under a predicate, in lane " << v % 32 << ", of " << arguments << "is " << result.show(got + kOperandBytes);
  }
}

}  // namespace vgpu::testing
