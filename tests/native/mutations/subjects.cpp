#include "mutations/subjects.h"

namespace ki::test {

// The cases are those of add_tiles() in the tables of attention.
std::vector<Subject> attention_subjects() {
  std::vector<Subject> all;
  const auto tiles = [](const std::string& dtype, int head_dim, int head_dim_v) {
    return "*AttentionForward.*/" + dtype + "_b1_q*_k*_h2x1_d" + std::to_string(head_dim) + "x" +
           std::to_string(head_dim_v) + "*";
  };
  const auto padded = [&](const std::string& dtype, int size) {
    all.push_back({"attention_forward_" + dtype + "_any" + std::to_string(size),
                   tiles(dtype, size, size) + ":" + tiles(dtype, size - 8, size) + ":" + tiles(dtype, size - 6, size) +
                       ":-" + tiles(dtype, size, size) + "_aligned"});
  };
  for (const char* dtype : {"f16", "bf16"}) {
    for (const int size : {64, 128}) {
      const std::string module = std::string("attention_forward_") + dtype + "_d" + std::to_string(size);
      all.push_back({module, tiles(dtype, size, size) + "_aligned"});
    }
    for (const int size : {32, 64, 96, 128, 192, 256}) padded(dtype, size);
  }
  for (const int size : {64, 128, 256}) padded("f32", size);
  // Of the kernels for what changes scores, which differ in numbers only, one: a case for each thing.
  const std::string scores = "*AttentionForward.*/f16_b1_q150_k270_h3x1_d64x64_";
  std::string general;
  for (const char* what : {"bias_hides", "causal_bias_f32", "mask_nan_value", "causal_tree64", "dropout0p125",
                           "softcap4_bias_h1_alibi", "causal_scale_m1p5_softcap2"}) {
    general += (general.empty() ? "" : ":") + scores + what + "_aligned";
  }
  all.push_back({"attention_forward_f16_d64_general", general});
  // Of the decode kernels, the one for int8.
  const std::string cached = "*AttentionForward.*/f16_*_used*", int8 = "_of_i8*";
  all.push_back({"attention_decode_f16_int8_any64", cached + "_d64x*" + int8 + ":" + cached + "_d33x*" + int8});
  // Of the backward kernels, the one that does most.
  const std::string gradients = "*AttentionBackward.*/f16_", tiles_of_two = gradients + "b1_q150_k200_h2x1_d64x64_";
  all.push_back({"attention_backward_sums_f16_d64", gradients + "b1_q70_k140_h2x1_d64x64_causal_aligned:" + gradients +
                                                        "b1_q5_*_d64x64_causal_aligned:" + gradients +
                                                        "packed_q65_31_*_d64x64_causal_aligned:" + tiles_of_two +
                                                        "causal_nan_key_aligned:" + tiles_of_two +
                                                        "window_*_nan_key_aligned:" + tiles_of_two + "*_nan_gradient"});
  return all;
}

std::vector<Subject> convolution_subjects() {
  const std::string program = KI_CONVOLUTION_TESTS;
  const auto cases = [](const std::string& prefix, const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ":") + prefix + name;
    return all;
  };
  // Of each operator one type: the others differ in the conversions.
  const std::vector<std::string> rows{"b3_c2_l300_k123_*",      "b3_c*_l1500_*",           "b3_c2_l256_k100_*",
                                      "b4_c3_l400_k300_*_row",  "b3_c2_l257_k30_circular", "b3_c1_l1000_k255_fft256",
                                      "b3_c2_l512_k200_aligned"};
  std::vector<Subject> all;
  // Masks that leave half of the columns have a way of their own.
  all.push_back({"long_convolution_fused_f16_folds1",
                 cases("*LongConvolutionForward.*/f16_", rows) + ":" +
                     cases("*MaskedTransform.*/f16_",
                           {"*_fft256_masked_outside0to16*", "*_fft512_masked_*", "*_fft4096_masked_outside0to16*"}),
                 {},
                 program});
  all.push_back({"long_convolution_rows",
                 cases("*LongConvolutionForward.*/f32_", rows) + ":*LongConvolutionForward.*/f32_b3_c2_pieces*",
                 {"long_convolution_multiply", "long_convolution_measure_f32", "long_convolution_load_f32",
                  "long_convolution_store_f32", "long_convolution_state_f32"},
                 program});
  all.push_back({"short_convolution_f16",
                 "Table/ShortConvolution.*/f16_*:Table/ShortConvolutionBackward.*/f16_first_*_aligned",
                 {},
                 program});
  all.push_back({"short_convolution_sums_f16", "Table/ShortConvolutionBackward.*/f16_*", {}, program});
  return all;
}

}  // namespace ki::test
