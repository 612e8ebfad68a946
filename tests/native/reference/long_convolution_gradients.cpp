#include "reference/long_convolution_gradients.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "reference/cyclic_convolution.h"

namespace ki::test {
namespace {

double at(const std::optional<Array>& factor, std::int64_t b, std::int64_t h, std::int64_t t) {
  return factor ? (*factor)({b, h, t}) : 1;
}

/// dc of one row.
std::vector<double> sum_gradients(const LongConvolutionArguments& a, const Array& grad_output, std::int64_t b,
                                  std::int64_t h) {
  std::vector<double> dc(static_cast<std::size_t>(a.length()));
  for (std::int64_t t = 0; t < a.length(); ++t) {
    dc[static_cast<std::size_t>(t)] = grad_output({b, h, t}) * at(a.output_gate, b, h, t);
  }
  return dc;
}

}  // namespace

LongConvolutionGradients gradients_reference(const LongConvolutionArguments& a, const Array& grad_output) {
  const Shape shape = a.input.shape;
  const Array sums = long_convolution_reference(a).sums;
  LongConvolutionGradients g{Array(shape),
                             Array(shape),
                             Array(shape),
                             Array(a.filter.shape),
                             Array({a.channels()}),
                             Array(shape),
                             Array({a.batch(), a.channels()}),
                             Array({a.channels()})};
  for (std::int64_t h = 0; h < a.channels(); ++h) {
    const std::vector<double> filter = used_filter(a, h);
    // Without a period, dx and dk have values at negative indices too, which nobody wants; the norms leave them out.
    const std::int64_t all_inputs = a.period() != 0 ? a.period() : a.length();
    const std::int64_t all_taps = a.period() != 0 ? a.period() : std::ssize(filter);
    std::vector<double> dk(static_cast<std::size_t>(all_taps));
    for (std::int64_t b = 0; b < a.batch(); ++b) {
      const std::vector<double> dc = sum_gradients(a, grad_output, b, h);
      const std::vector<double> dx = correlate(dc, filter, a.period(), all_inputs);
      g.input_norms({b, h}) = norm(dx);
      for (std::int64_t t = 0; t < a.length(); ++t) {
        const double dy = grad_output({b, h, t}), sum = dx[static_cast<std::size_t>(t)];
        g.input_sums({b, h, t}) = sum;
        g.input({b, h, t}) = sum * at(a.input_gate, b, h, t) + (a.skip ? (*a.skip)({h}) * dy : 0);
        g.input_gate({b, h, t}) = sum * a.input({b, h, t});
        g.output_gate({b, h, t}) = dy * sums({b, h, t});
        g.skip({h}) += dy * a.input({b, h, t});
      }
      const std::vector<double> more = correlate(dc, gated_row(a, b, h, false), a.period(), all_taps);
      g.filter_norms({h}) += norm(more);
      for (std::size_t j = 0; j < dk.size(); ++j) dk[j] += more[j];
    }
    if (a.mask) dk = masked(dk, *a.mask);
    for (std::int64_t j = 0; j < a.filter_length(); ++j) {
      const bool counts = j < a.taps() || (a.circular && a.length() > 0);
      if (!counts || (a.squash > 0 && std::fabs(a.filter({h, j})) <= a.squash)) continue;
      g.filter({h, j}) = dk[static_cast<std::size_t>(a.circular ? j % a.length() : j)];
    }
  }
  return g;
}

}  // namespace ki::test
