#include "attention/gradient_run.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "attention/attention_features.h"
#include "attention/attention_layout.h"
#include "attention/attention_sequences.h"
#include "reference/attention_gradients.h"
#include "support/dtype.h"
#include "support/random.h"

namespace ki::test {
namespace {

/// Rows of a tensor that is packed or not, without those behind the last sequence.
TensorData of_sequences(const TensorData& tensor, const std::vector<std::int64_t>& packed) {
  return packed.empty() ? tensor : tensor.narrowed(0, offsets_of(packed).back());
}

/// What is written lies where its case places things, but never on top of itself.
AttentionCase without_broadcast(AttentionCase c) {
  if (c.placement == Placement::broadcast_batch || c.placement == Placement::broadcast_heads ||
      c.placement == Placement::broadcast_query || c.placement == Placement::packed) {
    c.placement = Placement::dense;
  }
  return c;
}

TensorData like(const AttentionCase& c, Role role, const TensorData& tensor) {
  return placed_tensor(without_broadcast(c), role, tensor.dtype(), tensor.shape());
}

/// The gradients of all sequences, each added where its rows are.
struct JoinedGradients {
  Array query, key, value, bias;

  explicit JoinedGradients(const GradientData& data)
      : query(of_sequences(data.grad_query, data.forward.attention_case.packed_q).shape()),
        key(of_sequences(data.grad_key, data.forward.attention_case.packed_k).shape()),
        value(of_sequences(data.grad_value, data.forward.attention_case.packed_k).shape()),
        bias(data.grad_bias ? data.grad_bias->shape() : Shape{0}) {}

  /// `first` is the number of queries before this sequence's. Sums over what the bias is shared along are Float.
  template <class Float>
  void add(const GradientData& data, const AttentionGradients& gradients, std::int64_t b, std::int64_t first) {
    const auto at = [](std::int64_t i) { return static_cast<std::ptrdiff_t>(i); };
    const std::int64_t heads_q = gradients.query.shape[1], dim = gradients.query.shape[2];
    std::ranges::copy(gradients.query.values, query.values.begin() + at(first * heads_q * dim));
    for (std::int64_t j = 0; j < gradients.key.shape[0]; ++j) {
      const std::int64_t row = data.forward.key_row(b, j);
      for (const auto& [from, to] : {std::pair{&gradients.key, &key}, std::pair{&gradients.value, &value}}) {
        const std::int64_t size = from->shape[1] * from->shape[2];
        std::copy_n(from->values.begin() + at(j * size), size, to->values.begin() + at(row * size));
      }
    }
    if (bias.values.empty()) return;
    const auto index = [&](std::size_t d, std::int64_t i) { return bias.shape[d] == 1 ? 0 : i; };
    const Shape& shape = gradients.bias.shape;
    for (std::int64_t h = 0; h < shape[0]; ++h) {
      for (std::int64_t i = 0; i < shape[1]; ++i) {
        if (index(2, i) >= bias.shape[2]) continue;
        for (std::int64_t j = 0; j < std::min(shape[2], bias.shape[3]); ++j) {
          double& sum = bias({index(0, b), index(1, h), index(2, i), j});
          sum = static_cast<Float>(sum) + static_cast<Float>(gradients.bias({h, i, j}));
        }
      }
    }
  }

  void round(ki_dtype dtype, ki_dtype bias_dtype) {
    for (Array* array : {&query, &key, &value}) {
      for (double& x : array->values) x = round_to(dtype, static_cast<float>(x));
    }
    for (double& x : bias.values) x = round_to(bias_dtype, static_cast<float>(x));
  }
};

/// Calls the library with a workspace of exactly the size it asks for, and says if it wrote behind it.
void run_with_workspace(const Device& device, ki_stream* stream, const ki_attention_problem& problem,
                        const ki_attention_gradients& gradients, std::optional<std::string>& stray_write) {
  std::uint64_t size = 0;
  check(ki_attention_backward_workspace(device.get(), &problem, &gradients, &size));
  const GuardedWorkspace workspace(device, stream, size);
  check(ki_attention_backward(stream, &problem, &gradients, workspace.data(), size));
  if (workspace.is_overrun()) stray_write = "the workspace was overrun";
}

}  // namespace

std::string GradientCase::name() const {
  return forward.name() + (forward.bias && !wants_bias ? "_no_bias_gradient" : "") +
         (deterministic ? "_deterministic" : "") + (nan_gradient ? "_nan_gradient" : "");
}

void PrintTo(const GradientCase& gradient_case, std::ostream* stream) { *stream << gradient_case.name(); }

GradientData::GradientData(const GradientCase& c)
    : gradient_case(c),
      forward(c.forward),
      grad_output(like(c.forward, Role::output, forward.output)),
      grad_query(like(c.forward, Role::query, forward.query)),
      grad_key(like(c.forward, Role::key, forward.key)),
      grad_value(like(c.forward, Role::key, forward.value)) {
  if (c.wants_bias && forward.bias) grad_bias = like(c.forward, Role::scores, *forward.bias);
  Random random(seed_of(c.name()) + 1);
  Array values(grad_output.shape(), std::numeric_limits<double>::quiet_NaN());
  const auto count = static_cast<std::ptrdiff_t>(element_count(forward.written_output().shape()));
  std::generate_n(values.values.begin(), count, [&] { return random.normal(); });
  if (c.nan_gradient) values({0, c.forward.seq_q / 2, 0, 1}) = std::numeric_limits<double>::quiet_NaN();
  grad_output.write(values);
  const AttentionExpectation expectation(forward);
  forward.written_output().write(expectation.output.reference);
  forward.written_logsumexp()->write(expectation.logsumexp.reference);
}

std::vector<TensorData*> GradientData::written() {
  std::vector<TensorData*> all{&grad_query, &grad_key, &grad_value};
  if (grad_bias) all.push_back(&*grad_bias);
  return all;
}

std::vector<TensorData*> GradientData::tensors() {
  std::vector<TensorData*> all = forward.tensors();
  all.push_back(&grad_output);
  for (TensorData* tensor : written()) all.push_back(tensor);
  return all;
}

GradientData GradientData::copy() const {
  GradientData result = *this;
  separate(result.tensors());
  return result;
}

GradientCall::GradientCall(GradientData& data, Staging& staging) : forward(data.forward, staging) {
  gradients.struct_size = sizeof(gradients);
  gradients.flags = data.gradient_case.deterministic ? KI_ATTENTION_BACKWARD_DETERMINISTIC : KI_ATTENTION_BACKWARD_NONE;
  gradients.grad_output = staging.place(data.grad_output);
  gradients.grad_query = staging.place(data.grad_query);
  gradients.grad_key = staging.place(data.grad_key);
  gradients.grad_value = staging.place(data.grad_value);
  gradients.grad_bias = staging.place(data.grad_bias);
}

Gradients gradients_in(const GradientData& data) {
  const AttentionCase& c = data.forward.attention_case;
  std::vector<TensorData> parts{of_sequences(data.grad_query, c.packed_q), of_sequences(data.grad_key, c.packed_k),
                                of_sequences(data.grad_value, c.packed_k)};
  if (data.grad_bias) parts.push_back(*data.grad_bias);
  Gradients result;
  result.query = parts[0].read();
  result.key = parts[1].read();
  result.value = parts[2].read();
  if (data.grad_bias) result.bias = parts[3].read();
  result.bits = bits_of(parts);
  return result;
}

Gradients run_backward(const GradientData& original, const Device& device, ki_stream* stream, Workspace workspace) {
  GradientData data = original.copy();
  const std::vector<TensorData*> written = data.written();
  for (TensorData* tensor : written) tensor->write_sentinel();

  Staging staging(device, stream);
  const GradientCall call(data, staging);
  std::optional<std::string> stray_write;
  if (workspace == Workspace::of_caller) {
    run_with_workspace(device, stream, call.forward.problem, call.gradients, stray_write);
  } else {
    check(ki_attention_backward(stream, &call.forward.problem, &call.gradients, nullptr, 0));
  }
  staging.download();
  if (!stray_write) {
    stray_write = staging.changed_outside(std::vector<const TensorData*>(written.begin(), written.end()));
  }
  Gradients result = gradients_in(data);
  result.stray_write = stray_write;
  return result;
}

Gradients run_backward(const GradientData& data, const Device& device, Workspace workspace) {
  const Stream stream = create_stream(device);
  return run_backward(data, device, stream.get(), workspace);
}

GradientExpectation::GradientExpectation(const GradientData& data) {
  JoinedGradients reference(data), naive(data), magnitude(data);
  const ki_dtype dtype = data.forward.attention_case.dtype;
  const Array grad_output = data.grad_output.read();
  std::int64_t first = 0;
  for (const AttentionArguments& a : sequences_of(data.forward)) {
    Array grad({a.seq_q(), a.heads_q(), a.value.shape[2]});
    std::copy_n(grad_output.values.begin() + first * a.heads_q() * a.value.shape[2], grad.values.size(),
                grad.values.begin());
    reference.add<double>(data, gradients_reference(a, grad), a.batch, first);
    naive.add<float>(data, gradients_naive(a, grad, dtype), a.batch, first);
    magnitude.add<double>(data, gradients_magnitude(a, grad), a.batch, first);
    first += a.seq_q();
  }
  naive.round(dtype, data.grad_bias ? data.grad_bias->dtype() : dtype);
  query = {std::move(reference.query), std::move(naive.query), std::move(magnitude.query)};
  key = {std::move(reference.key), std::move(naive.key), std::move(magnitude.key)};
  value = {std::move(reference.value), std::move(naive.value), std::move(magnitude.value)};
  bias = {std::move(reference.bias), std::move(naive.bias), std::move(magnitude.bias)};
}

testing::AssertionResult is_right(const GradientData& data, const Gradients& got, const GradientExpectation& want) {
  if (got.stray_write) return testing::AssertionFailure() << *got.stray_write;
  struct Compared {
    const char* name;
    ki_dtype dtype;
    const Array& got;
    const Expected& want;
  };
  const ki_dtype dtype = data.forward.attention_case.dtype;
  std::vector<Compared> all{
      {"dq", dtype, got.query, want.query}, {"dk", dtype, got.key, want.key}, {"dv", dtype, got.value, want.value}};
  if (got.bias) all.push_back({"dbias", data.grad_bias->dtype(), *got.bias, want.bias});
  for (const Compared& compared : all) {
    if (auto result = matches(compared.dtype, compared.got, compared.want); !result) {
      return testing::AssertionFailure() << compared.name << ": " << result.message();
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace ki::test
