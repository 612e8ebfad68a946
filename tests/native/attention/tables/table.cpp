#include "attention/tables/table.h"

#include <set>
#include <stdexcept>
#include <string>

namespace ki::test {
namespace {

Table build_table() {
  Table table;
  for (const auto add : {add_plain_cases, add_score_cases, add_ragged_cases, add_cache_cases}) add(table);
  std::set<std::string> names;
  for (const AttentionCase& c : table) {
    if (!names.insert(c.name()).second) throw std::logic_error("the case " + c.name() + " stands twice in the table");
  }
  return table;
}

}  // namespace

const std::vector<AttentionCase>& attention_cases() {
  static const Table table = build_table();
  return table;
}

}  // namespace ki::test
