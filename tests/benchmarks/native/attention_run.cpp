#include "attention_run.h"

#include <algorithm>

#include "random_fill.h"

namespace ki::bench {
AttentionRun::AttentionRun(const AttentionCase& attention_case, const Setting& setting)
    : case_(attention_case),
      query_bytes_(static_cast<std::size_t>(case_.query_elements() * test::element_size(case_.dtype))),
      key_bytes_(static_cast<std::size_t>(case_.key_elements() * test::element_size(case_.dtype_of_keys()))),
      device_(test::open_device("cpu", setting.target.empty() ? nullptr : setting.target.c_str(), setting.threads)),
      stream_(test::create_stream(device_)),
      offsets_(case_.offsets()),
      offsets_view_(test::dense_view(KI_DTYPE_INT32, offsets_.data(), {case_.sequences + 1})) {
  for (test::Buffer* buffer : {&query_, &output_}) *buffer = test::create_buffer(device_, query_bytes_);
  for (test::Buffer* buffer : {&key_, &value_}) *buffer = test::create_buffer(device_, key_bytes_);
  fill_random(test::data_of(query_), query_bytes_, case_.dtype, 1);
  fill_random(test::data_of(key_), key_bytes_, case_.dtype_of_keys(), 2);
  fill_random(test::data_of(value_), key_bytes_, case_.dtype_of_keys(), 3);
  test::check(ki_fill(stream_.get(), test::data_of(output_), 0, query_bytes_));

  problem_ = problem_over(case_.query_length(), case_.length);
  const ki_attention_problem problem = with_options(problem_);
  test::check(ki_attention_forward_workspace(device_.get(), &problem, &workspace_bytes_));
  workspace_ = test::create_buffer(device_, workspace_bytes_);
  test::check(ki_fill(stream_.get(), test::data_of(workspace_), 0, workspace_bytes_));
  const auto few = [](std::int64_t length) { return std::min<std::int64_t>(length, 128); };
  forward(case_.sequences > 1 ? problem_ : problem_over(few(case_.query_length()), few(case_.length)));
}

// The gradients' tensors, and the struct that points to them.
struct AttentionRun::Gradients {
  explicit Gradients(const AttentionRun& run)
      : grad_output(run.view(run.grad_output_, run.case_.length, run.case_.heads)),
        grad_query(run.view(run.grad_query_, run.case_.length, run.case_.heads)),
        grad_key(run.view(run.grad_key_, run.case_.length, run.case_.heads)),
        grad_value(run.view(run.grad_value_, run.case_.length, run.case_.heads)) {
    view.struct_size = sizeof(view);
    view.grad_output = &grad_output;
    view.grad_query = &grad_query;
    view.grad_key = &grad_key;
    view.grad_value = &grad_value;
  }
  Gradients(const Gradients&) = delete;

  ki_tensor grad_output, grad_query, grad_key, grad_value;
  ki_attention_gradients view{};
};

ki_tensor AttentionRun::view(ki_dtype dtype, const test::Buffer& buffer, std::int64_t length, int heads) const {
  std::byte* data = test::data_of(buffer);
  return case_.sequences > 1 ? test::dense_view(dtype, data, {length, heads, case_.head_dim})
                             : test::dense_view(dtype, data, {1, length, heads, case_.head_dim});
}

// The attention over the first tokens only.
test::AttentionProblem AttentionRun::problem_over(std::int64_t queries, std::int64_t keys) const {
  test::AttentionProblem problem;
  problem.query = view(query_, queries, case_.heads);
  problem.key = view(case_.dtype_of_keys(), key_, keys, case_.heads / case_.group);
  problem.value = view(case_.dtype_of_keys(), value_, keys, case_.heads / case_.group);
  problem.output = view(output_, queries, case_.heads);
  problem.flags = (case_.causal ? KI_ATTENTION_CAUSAL : 0) | (case_.window > 0 ? KI_ATTENTION_WINDOW : 0);
  return problem;
}

ki_attention_problem AttentionRun::with_options(const test::AttentionProblem& problem) const {
  ki_attention_problem view = problem.view();
  view.window_left = case_.window - 1;  // the query's own key is one of the window
  if (case_.sequences > 1) view.cu_seqlens_q = view.cu_seqlens_k = &offsets_view_;
  return view;
}

void AttentionRun::forward(const test::AttentionProblem& problem) {
  const ki_attention_problem view = with_options(problem);
  test::check(ki_attention_forward(stream_.get(), &view, test::data_of(workspace_), workspace_bytes_));
}

void AttentionRun::prepare_backward() {
  for (test::Buffer* buffer : {&grad_output_, &grad_query_, &grad_key_, &grad_value_}) {
    *buffer = test::create_buffer(device_, query_bytes_);
    fill_random(test::data_of(*buffer), query_bytes_, case_.dtype, 4);
  }
  const std::size_t logsumexp_bytes = static_cast<std::size_t>(case_.heads * case_.length) * sizeof(float);
  logsumexp_ = test::create_buffer(device_, logsumexp_bytes);
  problem_.logsumexp = test::dense_view(KI_DTYPE_FLOAT32, test::data_of(logsumexp_), {1, case_.heads, case_.length});
  forward();
  const Gradients gradients(*this);
  const ki_attention_problem problem = problem_.view();
  test::check(ki_attention_backward_workspace(device_.get(), &problem, &gradients.view, &backward_workspace_bytes_));
  backward_workspace_ = test::create_buffer(device_, backward_workspace_bytes_);
  test::check(ki_fill(stream_.get(), test::data_of(backward_workspace_), 0, backward_workspace_bytes_));
}

void AttentionRun::backward() {
  const Gradients gradients(*this);
  const ki_attention_problem problem = problem_.view();
  test::check(ki_attention_backward(stream_.get(), &problem, &gradients.view, test::data_of(backward_workspace_),
                                    backward_workspace_bytes_));
}

}  // namespace ki::bench
