// Arithmetic on f16, bf16 and pairs of them. PTX ISA, sections 9.7.4 and 9.7.9 (ex2, tanh).
#include "arithmetic/half_math.h"
#include "machine/instructions/arithmetic.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using arithmetic::HalfModifiers;
using arithmetic::HalfOperation;
using ptx::Type;

struct Computation {
  HalfOperation operation;
  HalfModifiers modifiers;
};

template <class T>
void compute(Warp& warp, const Op& op, std::uint32_t mask) {
  const Computation& computation = *static_cast<const Computation*>(op.extra);
  keep_lanes(warp.lanes<T>(op.at[0]), mask, [&](void* d) {
    arithmetic::half_arithmetic(computation.operation, computation.modifiers, d, warp.lanes<T>(op.at[1]),
                                warp.lanes<T>(op.at[2]), warp.lanes<T>(op.at[3]));
  });
}

}  // namespace

void decode_half_arithmetic(Decoder& d) {
  static const std::unordered_map<std::string_view, std::pair<HalfOperation, std::size_t>> kOperations = {
      {"add", {HalfOperation::add, 2}},        {"sub", {HalfOperation::sub, 2}},
      {"mul", {HalfOperation::mul, 2}},        {"min", {HalfOperation::min, 2}},
      {"max", {HalfOperation::max, 2}},        {"fma", {HalfOperation::fma, 3}},
      {"neg", {HalfOperation::neg, 1}},        {"abs", {HalfOperation::abs, 1}},
      {"ex2", {HalfOperation::ex2_approx, 1}}, {"tanh", {HalfOperation::tanh_approx, 1}},
  };
  const auto found = kOperations.find(d.mnemonic());
  if (found == kOperations.end()) d.fail_unsupported();
  const auto [operation, sources] = found->second;
  const bool is_approximate = operation == HalfOperation::ex2_approx || operation == HalfOperation::tanh_approx;
  if (is_approximate && !d.accept("approx")) d.fail_unsupported();
  Computation computation{operation, {}};
  HalfModifiers& modifiers = computation.modifiers;
  if (!is_approximate) (void)d.accept("rn");
  modifiers.ftz = d.accept("ftz");
  modifiers.nan = d.accept("NaN");
  modifiers.xorsign_abs = d.accept("xorsign") && d.accept("abs");
  modifiers.sat = d.accept("sat");
  modifiers.relu = d.accept("relu");
  modifiers.type = d.next_type();
  d.expect_operands(sources + 1, sources + 1);
  std::vector<Value> operands = {Value{}};
  for (std::size_t i = 1; i <= sources; ++i) operands.push_back(d.read(i, modifiers.type));
  operands[0] = d.write(0, modifiers.type);
  while (operands.size() < 4) operands.push_back(operands[1]);
  const bool is_pair = ptx::size_bytes(modifiers.type) == 4;
  d.emit(is_pair ? compute<std::uint32_t> : compute<std::uint16_t>, std::move(operands), 0, d.keep(computation));
}

}  // namespace vgpu::machine
