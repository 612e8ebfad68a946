// The steps of a butterfly convolution in their order.
#include "long_convolution/butterfly_schedule.h"

#include <algorithm>

namespace ki::long_convolution {
namespace {

// Fields of n points that a group needs, and those of its filters.
constexpr int kForwardFields = 5, kForwardFilterFields = 2;
constexpr int kBackwardFields = 10, kBackwardFilterFields = 7;

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

ButterflyPlan plan(const ButterflyProblem& p, int fields, int filter_fields, std::int64_t padding,
                   std::int64_t budget) {
  const std::int64_t points = p.size.points();
  const std::int64_t columns = std::max(budget / (points * fields * std::int64_t{sizeof(float)}), padding);
  ButterflyPlan plan{};
  plan.padding = padding;
  plan.channels = std::min(p.channels, columns / padding * padding);
  const std::int64_t padded = round_up(plan.channels, padding);
  plan.batch = padded == 0 ? 0 : std::clamp<std::int64_t>(columns / padded, 1, std::max<std::int64_t>(p.batch, 1));
  plan.fields = points * fields * padded * plan.batch;
  plan.filter_field = points * filter_fields * padded;
  return plan;
}

// Hands out fields of scratch memory.
class Fields {
 public:
  Fields(float* memory, std::int64_t columns) : next_(memory), columns_(columns) {}
  ButterflyField take(std::int64_t points) {
    float* data = next_;
    next_ += points * columns_;
    return {data, points};
  }
  float* next() const { return next_; }

 private:
  float* next_;
  std::int64_t columns_;
};

// The stages of both transforms, and their adjoints, which gradients take the other way round. There are four places
// for numbers:
//   time     [t2, t1] real, where rows are loaded
//   spectrum [k1, part, t2 or k2], what the second stages compute on
//   mirror   [t2, part, k1], what the second stages leave for the first ones
//   rows     [t1, t2] real, whence rows are stored
class Stages {
 public:
  Stages(ButterflySteps& steps, const ButterflyProblem& p) : steps_(steps), c_(p.coefficients), size_(p.size) {}

  void forward_first(const ButterflyGroup& g, ButterflyField time, ButterflyField spectrum) {
    first(g, c_.forward_first, false, time_of(time), spectrum_of_t2(spectrum));
  }
  void forward_second(const ButterflyGroup& g, ButterflyField from, ButterflyField to) {
    second(g, c_.forward_second, false, spectrum_of(from), spectrum_of(to));
  }
  void inverse_second(const ButterflyGroup& g, ButterflyField spectrum, ButterflyField mirror) {
    second(g, c_.inverse_second, false, spectrum_of(spectrum), mirror_of_k1(mirror));
  }
  void inverse_first(const ButterflyGroup& g, ButterflyField mirror, ButterflyField rows) {
    first(g, c_.inverse_first, false, mirror_of(mirror), rows_of(rows));
  }

  void inverse_first_adjoint(const ButterflyGroup& g, ButterflyField time, ButterflyField spectrum) {
    first(g, c_.inverse_first, true, time_of(time), spectrum_of_t2(spectrum));
  }
  void inverse_second_adjoint(const ButterflyGroup& g, ButterflyField from, ButterflyField to) {
    second(g, c_.inverse_second, true, spectrum_of(from), spectrum_of(to));
  }
  void forward_second_adjoint(const ButterflyGroup& g, ButterflyField spectrum, ButterflyField mirror) {
    second(g, c_.forward_second, true, spectrum_of(spectrum), mirror_of_k1(mirror));
  }
  void forward_first_adjoint(const ButterflyGroup& g, ButterflyField mirror, ButterflyField rows) {
    first(g, c_.forward_first, true, mirror_of(mirror), rows_of(rows));
  }

  // Gradients of the stages' blocks: of what came out, times the conjugate of what went in. Those that are absent are
  // not wanted.
  void first_gradient(const ButterflyGroup& g, const Tensor& gradient, bool add, ButterflyView left,
                      ButterflyView right) {
    if (gradient.rank == 0) return;
    steps_.sum_gradient(g, {floats(gradient), size_.n2, size_.n1, add, left, right});
  }
  void second_gradient(const ButterflyGroup& g, const Tensor& gradient, bool add, ButterflyField left,
                       ButterflyField right) {
    if (gradient.rank == 0) return;
    steps_.sum_gradient(g, {floats(gradient), size_.n1, size_.n2, add, spectrum_of(left), spectrum_of(right)});
  }

  // As the blocks of the first stages, one for each t2, see them.
  ButterflyView time_of(ButterflyField f) const { return {f, size_.n1, 1, 0}; }
  ButterflyView mirror_of(ButterflyField f) const { return {f, 2 * size_.n1, 1, size_.n1}; }

 private:
  ButterflyView spectrum_of_t2(ButterflyField f) const { return {f, 1, 2 * size_.n2, size_.n2}; }
  ButterflyView rows_of(ButterflyField f) const { return {f, 1, size_.n2, 0}; }

  // As the blocks of the second stages, one for each k1, see them.
  ButterflyView spectrum_of(ButterflyField f) const { return {f, 2 * size_.n2, 1, size_.n2}; }
  ButterflyView mirror_of_k1(ButterflyField f) const { return {f, 1, 2 * size_.n1, size_.n1}; }

  static float* floats(const Tensor& tensor) { return reinterpret_cast<float*>(tensor.data); }

  void first(const ButterflyGroup& g, const Tensor& blocks, bool adjoint, ButterflyView in, ButterflyView out) {
    steps_.multiply_blocks(g, {floats(blocks), size_.n2, size_.n1, adjoint, in, out});
  }
  void second(const ButterflyGroup& g, const Tensor& blocks, bool adjoint, ButterflyView in, ButterflyView out) {
    steps_.multiply_blocks(g, {floats(blocks), size_.n1, size_.n2, adjoint, in, out});
  }

  ButterflySteps& steps_;
  const ButterflyCoefficients& c_;
  const ButterflySize size_;
};

const Tensor kNone{};

template <class Body>
void for_channel_groups(const ButterflyProblem& p, const ButterflyPlan& plan, const Body& body) {
  for (std::int64_t first = 0; first < p.channels; first += plan.channels) {
    const std::int64_t channels = std::min(plan.channels, p.channels - first);
    body(ButterflyGroup{first, channels, round_up(channels, plan.padding), 0, 1});
  }
}

template <class Body>
void for_batch_groups(const ButterflyProblem& p, const ButterflyPlan& plan, ButterflyGroup group, const Body& body) {
  for (group.first_batch = 0; group.first_batch < p.batch; group.first_batch += plan.batch) {
    group.batch = std::min(plan.batch, p.batch - group.first_batch);
    body(group);
  }
}

}  // namespace

ButterflyPlan plan_butterfly_forward(const ButterflyProblem& p, std::int64_t padding, std::int64_t budget) {
  return plan(p, kForwardFields, kForwardFilterFields, padding, budget);
}

ButterflyPlan plan_butterfly_backward(const ButterflyProblem& p, std::int64_t padding, std::int64_t budget) {
  return plan(p, kBackwardFields, kBackwardFilterFields, padding, budget);
}

void run_butterfly_forward(ButterflySteps& steps, const ButterflyProblem& p, const ButterflyPlan& plan, float* memory) {
  const std::int64_t n = p.size.points();
  Stages stages(steps, p);
  for_channel_groups(p, plan, [&](const ButterflyGroup& filters) {
    Fields fields(memory, filters.padded * plan.batch);
    const ButterflyField real = fields.take(n), first = fields.take(2 * n), second = fields.take(2 * n);
    const ButterflyField filter = Fields(fields.next(), filters.padded).take(2 * n);
    steps.load_rows(filters, {p.filter, kNone, p.size, real});
    stages.forward_first(filters, real, first);
    stages.forward_second(filters, first, filter);

    for_batch_groups(p, plan, filters, [&](const ButterflyGroup& g) {
      steps.load_rows(g, {p.input, p.input_gate, p.size, real});
      stages.forward_first(g, real, first);
      stages.forward_second(g, first, second);
      steps.multiply_spectra(g, {p.size, second, {}, filter, {}});
      stages.inverse_second(g, second, first);
      stages.inverse_first(g, first, real);
      steps.store_rows(g, {p.output, p.output_gate, p.skip, p.input, p.size, real});
    });
  });
}

void run_butterfly_backward(ButterflySteps& steps, const ButterflyBackwardProblem& b, const ButterflyPlan& plan,
                            float* memory) {
  const ButterflyProblem& p = b.forward;
  const ButterflyCoefficients& grad = b.grad_coefficients;
  const std::int64_t n = p.size.points();
  Stages stages(steps, p);

  // Sums over no row are written as well.
  const bool has_rows = p.batch > 0 && p.channels > 0;
  for (const Tensor* sum : {&grad.forward_first, &grad.forward_second, &grad.inverse_second, &grad.inverse_first}) {
    if (sum->rank > 0 && !has_rows) steps.clear(reinterpret_cast<float*>(sum->data), sum->elements);
  }
  const bool needs_filter_gradient =
      b.grad_filter.rank > 0 || grad.forward_first.rank > 0 || grad.forward_second.rank > 0;
  const bool needs_input_gradient = b.grad_input.rank > 0 || b.grad_input_gate.rank > 0;

  bool add = !has_rows;
  for_channel_groups(p, plan, [&](const ButterflyGroup& filters) {
    Fields fields(memory, filters.padded * plan.batch);
    const ButterflyField x = fields.take(n), dc = fields.take(n);  // real: x and the gradient of c
    const ButterflyField a = fields.take(2 * n), spectrum = fields.take(2 * n);
    const ButterflyField grad_a = fields.take(2 * n), grad_spectrum = fields.take(2 * n);
    Fields filter_fields(fields.next(), filters.padded);
    const ButterflyField filter = filter_fields.take(n), filter_a = filter_fields.take(2 * n),
                         filter_spectrum = filter_fields.take(2 * n);
    const ButterflyField grad_filter_spectrum = filter_fields.take(2 * n);

    steps.load_rows(filters, {p.filter, kNone, p.size, filter});
    stages.forward_first(filters, filter, filter_a);
    stages.forward_second(filters, filter_a, filter_spectrum);
    steps.clear(grad_filter_spectrum.data, grad_filter_spectrum.points * filters.padded);

    for_batch_groups(p, plan, filters, [&](const ButterflyGroup& g) {
      steps.load_rows(g, {p.input, p.input_gate, p.size, x});
      steps.load_rows(g, {b.grad_output, p.output_gate, p.size, dc});
      stages.forward_first(g, x, a);
      stages.forward_second(g, a, spectrum);
      stages.inverse_first_adjoint(g, dc, grad_a);
      stages.inverse_second_adjoint(g, grad_a, grad_spectrum);
      const ButterflyField product = spectrum;  // from here on
      steps.multiply_spectra_backward(g, {p.size, product, grad_spectrum, filter_spectrum, grad_filter_spectrum});
      stages.second_gradient(g, grad.inverse_second, add, grad_a, product);
      stages.second_gradient(g, grad.forward_second, add, grad_spectrum, a);

      const ButterflyField mirror = grad_a;  // what the inverse makes of the product
      if (b.grad_output_gate.rank > 0 || grad.inverse_first.rank > 0) stages.inverse_second(g, product, mirror);
      stages.first_gradient(g, grad.inverse_first, add, stages.time_of(dc), stages.mirror_of(mirror));
      const ButterflyField rows = dc;
      if (b.grad_output_gate.rank > 0) {
        stages.inverse_first(g, mirror, rows);
        steps.store_rows(g, {b.grad_output_gate, b.grad_output, kNone, kNone, p.size, rows});
      }

      if (needs_input_gradient || grad.forward_first.rank > 0) stages.forward_second_adjoint(g, grad_spectrum, mirror);
      stages.first_gradient(g, grad.forward_first, add, stages.mirror_of(mirror), stages.time_of(x));
      if (needs_input_gradient) stages.forward_first_adjoint(g, mirror, rows);
      if (b.grad_input.rank > 0) {
        steps.store_rows(g, {b.grad_input, p.input_gate, p.skip, b.grad_output, p.size, rows});
      }
      if (b.grad_input_gate.rank > 0) {
        steps.store_rows(g, {b.grad_input_gate, p.input, kNone, kNone, p.size, rows});
      }
      add = true;
    });

    // The filters went through the forward transform as well.
    if (!needs_filter_gradient) return;
    stages.second_gradient(filters, grad.forward_second, true, grad_filter_spectrum, filter_a);
    stages.forward_second_adjoint(filters, grad_filter_spectrum, grad_a);
    stages.first_gradient(filters, grad.forward_first, true, stages.mirror_of(grad_a), stages.time_of(filter));
    if (b.grad_filter.rank > 0) {
      stages.forward_first_adjoint(filters, grad_a, dc);
      steps.store_rows(filters, {b.grad_filter, kNone, kNone, kNone, p.size, dc});
    }
  });
}

}  // namespace ki::long_convolution
