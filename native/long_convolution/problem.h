// A long convolution, checked. Every backend's kernels start from this and assume that it is valid.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/backend.h"
#include "core/tensor.h"

namespace ki::long_convolution {

inline constexpr OperatorId kOperator{"long convolution"};
inline constexpr std::int64_t kMinFftSize = 256;
inline constexpr std::int64_t kMaxFftSize = 4194304;
inline constexpr std::int64_t kMaxLength = std::int64_t{1} << 40;  // keeps sums of lengths far from overflow
inline constexpr std::int64_t kMaxPlanPoints = std::int64_t{1} << 40;  // of all channels: the same for bytes

// What a plan is made for.
struct PlanOptions {
  bool circular, streaming;
  std::int64_t channels, length, filter_length;
  std::int64_t fft_size;         // even; 0: to be chosen by the backend
  std::int64_t frequency_block;  // 0 without a mask
  std::vector<std::uint8_t>
      frequency_mask;  // of block i of the frequencies 0 to fft_size / 2: 1 if it is kept; empty: all are
  float squash;

  // Taps that count, from the first one: what lies behind them meets zeros only. A circular filter folds to so many.
  std::int64_t taps() const { return streaming ? filter_length : std::min(filter_length, length); }

  // Whether the mask keeps frequency 0 <= f <= fft_size / 2.
  bool keeps(std::int64_t frequency) const {
    if (frequency_mask.empty()) return true;
    const auto last = static_cast<std::int64_t>(frequency_mask.size()) - 1;
    return frequency_mask[static_cast<std::size_t>(std::min(frequency / frequency_block, last))] != 0;
  }
};

// A backend's plan: the filters' spectra in an order of its own, and whatever else it computes once.
class Plan {
 public:
  explicit Plan(PlanOptions options) : options_(std::move(options)) {}
  virtual ~Plan() = default;
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  virtual std::int64_t fft_size() const = 0;
  virtual std::uint64_t memory_bytes() const = 0;

  // As they were asked for: fft_size may be 0 here.
  const PlanOptions& options() const { return options_; }

 private:
  PlanOptions options_;
};

// Reads and checks options; throws Error with the name of what is wrong.
PlanOptions read_options(const ki_long_convolution_options* options);

// The checks that options from anywhere have to pass, but for the power of two that callers are asked for.
void check_options(const PlanOptions& options);

// Tensors that are absent have rank 0.
struct Problem {
  Tensor input, output;            // [batch, channels, length]
  Tensor input_gate, output_gate;  // [batch, channels, length]
  Tensor skip;                     // [channels], float32 or the input's dtype
  Tensor state;                    // [batch, channels, filter_length - 1] float32
  std::int64_t batch, channels, length;
};

Problem read_problem(const ki_long_convolution_problem* problem, const PlanOptions& plan, const ki_device_info& device,
                     Addresses addresses = Addresses::required);

// The gradients of a problem, which has no output and no state. Tensors that are absent have rank 0.
struct BackwardProblem {
  Problem forward;
  Tensor grad_output;
  Tensor grad_input, grad_input_gate, grad_output_gate;  // [batch, channels, length]
  Tensor grad_filter;                                    // [channels, filter_length] float32
  Tensor grad_skip;                                      // [channels] float32
  Tensor filter;                                         // [channels, filter_length]
};

BackwardProblem read_backward_problem(const ki_long_convolution_problem* problem,
                                      const ki_long_convolution_gradients* gradients, const PlanOptions& plan,
                                      const ki_device_info& device, Addresses addresses = Addresses::required);

// [channels, filter_length] on the device.
Tensor read_filter(const ki_tensor* filter, const PlanOptions& plan, const ki_device_info& device);

// [channels, fft_size / 2 + 1, 2] float32 on the device.
Tensor read_spectrum(const ki_tensor* spectrum, const Plan& plan, const ki_device_info& device, bool written);

// What a backend offers for long convolutions. Workspaces depend on no address.
struct Operations {
  // Throws not-supported if the backend has no transform of options.fft_size.
  std::unique_ptr<Plan> (*create_plan)(Device& device, const PlanOptions& options);
  void (*set_filter)(Device& device, Stream& stream, Plan& plan, const Tensor& filter);
  void (*set_spectrum)(Device& device, Stream& stream, Plan& plan, const Tensor& spectrum);
  void (*get_spectrum)(Device& device, Stream& stream, const Plan& plan, const Tensor& spectrum);

  // The checks throw not-supported if this device cannot do it.
  void (*check_forward)(const Device& device, const Plan& plan, const Problem& problem);
  std::uint64_t (*forward_workspace)(Device& device, const Plan& plan, const Problem& problem);
  void (*forward)(Device& device, Stream& stream, const Plan& plan, const Problem& problem, void* workspace);

  void (*check_backward)(const Device& device, const Plan& plan, const BackwardProblem& problem);
  std::uint64_t (*backward_workspace)(Device& device, const Plan& plan, const BackwardProblem& problem);
  void (*backward)(Device& device, Stream& stream, const Plan& plan, const BackwardProblem& problem, void* workspace);
};

}  // namespace ki::long_convolution
