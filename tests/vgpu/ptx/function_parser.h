// Parses the body of one function.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "ptx/lexer.h"
#include "ptx/module.h"
#include "ptx/scopes.h"

namespace vgpu::ptx {

// Names of the module that a body may refer to.
struct ModuleNames {
  std::unordered_map<std::string_view, std::uint32_t> variables, functions;
};

class FunctionParser {
 public:
  FunctionParser(Lexer& lexer, Module& module, const ModuleNames& names, Function& function);

  // From `{` to `}`, both included.
  void parse();

 private:
  void parse_statement();
  void parse_label(const Token& name);
  void parse_location();
  void parse_registers();
  void parse_variables(Space space);
  void parse_branch_targets(const Token& name);
  void parse_prototype(const Token& name);
  void parse_instruction(const Token& first);

  Operand parse_operand();
  Operand parse_address();
  Operand parse_name();
  void parse_elements(Operand& operand, std::string_view end);
  std::uint32_t label_of(const Operand& operand);

  Lexer& lexer_;
  Module& module_;
  const ModuleNames& names_;
  Function& function_;
  Scopes scopes_;
  std::int32_t location_ = -1;
  bool is_branch_ = false;  // the names among the operands of the instruction at hand may be labels
  bool is_call_ = false;    // parentheses among them enclose lists
};

}  // namespace vgpu::ptx
