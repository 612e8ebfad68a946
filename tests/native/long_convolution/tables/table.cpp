#include "long_convolution/tables/table.h"

#include <set>
#include <stdexcept>
#include <string>

namespace ki::test {
namespace {

LongConvolutionTable build_table() {
  LongConvolutionTable table;
  add_length_cases(table);
  add_feature_cases(table);
  add_mask_cases(table);
  std::set<std::string> names;
  for (const LongConvolutionCase& c : table) {
    if (!names.insert(c.name()).second) throw std::logic_error("the case " + c.name() + " stands twice in the table");
  }
  return table;
}

}  // namespace

const std::vector<LongConvolutionCase>& long_convolution_cases() {
  static const LongConvolutionTable table = build_table();
  return table;
}

}  // namespace ki::test
