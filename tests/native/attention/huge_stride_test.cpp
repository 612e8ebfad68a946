// Offsets beyond 2^31 elements. One tensor of a case at a time is spread along one of its dimensions, in turn along all.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attention/attention_append.h"
#include "attention/attention_run.h"
#include "attention/gradient_run.h"
#include "attention/spread_tensor.h"
#include "support/backends.h"
#include "support/not_supported.h"

namespace ki::test {
namespace {

/// A tensor of a case, and where the library is told of it.
struct Argument {
  const char* name;
  TensorData* data;
  const ki_tensor** view;
};

using Arguments = std::vector<Argument>;

void add(Arguments& all, const char* name, std::optional<TensorData>& data, const ki_tensor*& view) {
  if (data) all.push_back({name, &*data, &view});
}

Arguments arguments_of(AttentionData& data, AttentionCall& call) {
  ki_attention_problem& p = call.problem;
  Arguments all{{"query", &data.query, &p.query},
                {"key", &data.key, &p.key},
                {"value", &data.value, &p.value},
                {"output", &data.output, &p.output}};
  add(all, "logsumexp", data.logsumexp, p.logsumexp);
  add(all, "bias", data.bias, p.bias);
  add(all, "mask", data.mask, p.mask);
  add(all, "key_scale", data.key_scale, call.cache.key_scale);
  add(all, "value_scale", data.value_scale, call.cache.value_scale);
  add(all, "new_key", data.new_key, call.cache.new_key);
  add(all, "new_value", data.new_value, call.cache.new_value);
  return all;
}

Arguments arguments_of(GradientData& data, GradientCall& call) {
  Arguments all = arguments_of(data.forward, call.forward);
  ki_attention_gradients& g = call.gradients;
  all.push_back({"grad_output", &data.grad_output, &g.grad_output});
  all.push_back({"grad_query", &data.grad_query, &g.grad_query});
  all.push_back({"grad_key", &data.grad_key, &g.grad_key});
  all.push_back({"grad_value", &data.grad_value, &g.grad_value});
  add(all, "grad_bias", data.grad_bias, g.grad_bias);
  return all;
}

/// Calls run(name, dimension) for each tensor of a call and each of its dimensions that has a stride.
template <class Run>
void for_each_stride(const Arguments& arguments, Run run) {
  for (const Argument& argument : arguments) {
    for (int d = 0; d + 1 < static_cast<int>(argument.data->shape().size()); ++d) {
      if (argument.data->shape()[static_cast<std::size_t>(d)] > 1) run(std::string(argument.name), d);
    }
  }
}

/// Makes the call, by run(), with one tensor spread. What is written comes back to the tensors of the case.
template <class Run>
void run_spread(const Device& device, ki_stream* stream, Staging& staging, const Arguments& arguments,
                const std::string& name, int dimension, Run run) {
  for (const Argument& argument : arguments) {
    if (argument.name != name) continue;
    const SpreadTensor spread(device, stream, *argument.data, dimension);
    *argument.view = spread.view();
    run();
    staging.download();
    spread.download(*argument.data);
  }
}

class AttentionHugeStride : public testing::TestWithParam<AttentionCase> {};

TEST_P(AttentionHugeStride, EveryElementIsFoundAndWritten) {
  const AttentionData original(GetParam());
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    if (backend.thread_count > 1) continue;
    AttentionJudge judge(original);
    const Device device = backend.open();
    const Stream stream = create_stream(device);
    const auto run = [&](const std::string& name, int dimension) {
      SCOPED_TRACE(backend.name() + ", " + name + ", dimension " + std::to_string(dimension));
      const auto data = std::make_shared<AttentionData>(original.copy());
      data->output.write_sentinel();
      if (data->logsumexp) data->logsumexp->write_sentinel();
      Staging staging(device, stream.get());
      AttentionCall call(*data, staging);
      run_spread(device, stream.get(), staging, arguments_of(*data, call), name, dimension,
                 [&] { check(ki_attention_forward(stream.get(), &call.problem, nullptr, 0)); });
      AttentionOutcome outcome;
      outcome.output = data->written_output().read();
      if (data->logsumexp) outcome.logsumexp = data->written_logsumexp()->read();
      outcome.appended_bits = bits_of(appended_rows(*data));
      outcome.after = data;
      EXPECT_TRUE(judge.is_right(outcome));
    };
    AttentionData sample = original.copy();
    Staging staging(device, stream.get());
    AttentionCall call(sample, staging);
    not_supported.run(backend, [&] { for_each_stride(arguments_of(sample, call), run); });
  }
  not_supported.report();
}

class AttentionBackwardHugeStride : public testing::TestWithParam<GradientCase> {};

TEST_P(AttentionBackwardHugeStride, EveryElementIsFoundAndWritten) {
  const GradientData original(GetParam());
  const GradientExpectation expectation(original);
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    if (backend.thread_count > 1) continue;
    const Device device = backend.open();
    const Stream stream = create_stream(device);
    const auto run = [&](const std::string& name, int dimension) {
      SCOPED_TRACE(backend.name() + ", " + name + ", dimension " + std::to_string(dimension));
      GradientData data = original.copy();
      for (TensorData* tensor : data.written()) tensor->write_sentinel();
      Staging staging(device, stream.get());
      GradientCall call(data, staging);
      run_spread(device, stream.get(), staging, arguments_of(data, call), name, dimension, [&] {
        check(ki_attention_backward(stream.get(), &call.forward.problem, &call.gradients, nullptr, 0));
      });
      EXPECT_TRUE(is_right(data, gradients_in(data), expectation));
    };
    GradientData sample = original.copy();
    Staging staging(device, stream.get());
    GradientCall call(sample, staging);
    not_supported.run(backend, [&] { for_each_stride(arguments_of(sample, call), run); });
  }
  not_supported.report();
}

struct Kernel {
  ki_dtype dtype;
  std::int64_t head_dim;
};

/// Rows of any size, and those that the fast kernels of CUDA take.
constexpr Kernel kKernels[] = {
    {KI_DTYPE_FLOAT32, 20}, {KI_DTYPE_FLOAT16, 20}, {KI_DTYPE_FLOAT16, 64}, {KI_DTYPE_BFLOAT16, 128}};

AttentionCase shaped(const Kernel& kernel) {
  return {.dtype = kernel.dtype,
          .batch = 2,
          .seq_q = 3,
          .seq_k = 4,
          .heads_q = 4,
          .heads_kv = 2,
          .head_dim = kernel.head_dim,
          .head_dim_v = kernel.head_dim,
          .causal = true,
          .placement = Placement::aligned};
}

AttentionCase packed(AttentionCase c) {
  c.packed_q = {2, 0, 3};
  c.packed_k = {3, 1, 1};
  return c;
}

std::vector<AttentionCase> forward_cases() {
  std::vector<AttentionCase> cases;
  for (const Kernel& kernel : kKernels) {
    AttentionCase c = shaped(kernel);
    cases.push_back(c);
    c.split_count = 2;
    cases.push_back(c);
    cases.push_back(packed(shaped(kernel)));
    c = shaped(kernel);
    c.bias = BiasCase{};
    c.mask = MaskCase{};
    cases.push_back(c);
    c = shaped(kernel);
    c.used = {5, 1};
    c.seq_k = 6;
    c.cache = CacheCase{.page_size = 3};
    cases.push_back(c);
    c.used = {3, 0};
    c.cache->appended = {2, 2};
    cases.push_back(c);
    c.cache = CacheCase{.slots = true};
    c.cache->dtype = KI_DTYPE_INT8;
    c.bias = BiasCase{};
    cases.push_back(c);
  }
  return cases;
}

std::vector<GradientCase> backward_cases() {
  std::vector<GradientCase> cases;
  for (const Kernel& kernel : kKernels) {
    cases.push_back({shaped(kernel)});
    cases.push_back({packed(shaped(kernel)), true, true});
    AttentionCase c = shaped(kernel);
    c.bias = BiasCase{};
    cases.push_back({c});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Cases, AttentionHugeStride, testing::ValuesIn(forward_cases()),
                         [](const auto& info) { return info.param.name(); });
INSTANTIATE_TEST_SUITE_P(Cases, AttentionBackwardHugeStride, testing::ValuesIn(backward_cases()),
                         [](const auto& info) { return info.param.name(); });

}  // namespace
}  // namespace ki::test
