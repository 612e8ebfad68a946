// The statements of a function body: declarations, labels, source locations and instructions.
#include "ptx/function_parser.h"

#include <cstdlib>

#include "ptx/constant_expression.h"
#include "ptx/declarations.h"

namespace vgpu::ptx {
namespace {

std::uint32_t expect_index(Lexer& lexer) { return static_cast<std::uint32_t>(parse_constant_expression(lexer).bits); }

}  // namespace

FunctionParser::FunctionParser(Lexer& lexer, Module& module, const ModuleNames& names, Function& function)
    : lexer_(lexer), module_(module), names_(names), function_(function) {
  scopes_.open();
  for (std::uint32_t i = 0; i < function_.variables.size(); ++i) {
    scopes_.declare(function_.variables[i].name, {Name::Kind::variable, i, 0});
  }
}

void FunctionParser::parse() {
  lexer_.expect("{");
  scopes_.open();
  while (scopes_.depth() > 1) {
    if (lexer_.accept("{")) {
      scopes_.open();
    } else if (lexer_.peek().is("}")) {
      scopes_.close();
      if (scopes_.depth() > 1) {
        lexer_.next();
      } else {
        const std::uint32_t line = lexer_.peek().line;
        if (const auto missing = scopes_.finish(function_.labels)) {
          throw ParseError(
              line, "the label '" + std::string(*missing) + "' is used in '" + function_.name + "' and stands nowhere");
        }
        lexer_.next();
      }
    } else if (lexer_.peek().kind == Token::Kind::end) {
      lexer_.fail("the function '" + function_.name + "' has no end");
    } else {
      parse_statement();
    }
  }
}

void FunctionParser::parse_statement() {
  if (lexer_.peek().kind == Token::Kind::directive) {
    if (lexer_.accept(".loc")) return parse_location();
    if (lexer_.accept(".reg")) return parse_registers();
    if (lexer_.accept(".pragma")) {
      lexer_.expect(Token::Kind::string, "a string");
      lexer_.expect(";");
      return;
    }
    if (const auto space = accept_space(lexer_)) return parse_variables(*space);
    if (lexer_.peek().is(".extern")) {
      lexer_.next();
      if (lexer_.accept(".shared")) {
        parse_variables(Space::shared);
        function_.variables.back().is_extern = true;
        return;
      }
    }
    lexer_.fail("unknown directive '" + std::string(lexer_.peek().text) + "'");
  }
  if (lexer_.accept(";")) return;
  const Token first = lexer_.next();
  if (first.kind == Token::Kind::word && lexer_.accept(":")) return parse_label(first);
  parse_instruction(first);
}

void FunctionParser::parse_label(const Token& name) {
  if (lexer_.accept(".branchtargets")) return parse_branch_targets(name);
  if (lexer_.accept(".callprototype")) return parse_prototype(name);
  if (lexer_.peek().is(".calltargets")) {
    // Which functions an indirect call may reach: the value of its register says it exactly.
    while (!lexer_.peek().is(";")) lexer_.next();
    lexer_.next();
    scopes_.declare(name.text, {Name::Kind::prototype, static_cast<std::uint32_t>(function_.prototypes.size()), 0});
    function_.prototypes.emplace_back();
    return;
  }
  if (!scopes_.place(name.text, static_cast<std::uint32_t>(function_.body.size()))) {
    throw ParseError(name.line, "the label '" + std::string(name.text) + "' stands twice");
  }
}

// .loc file line column [, function_name symbol[+n]] [, inlined_at file line column]
void FunctionParser::parse_location() {
  Location location;
  location.file = expect_index(lexer_);
  location.line = expect_index(lexer_);
  (void)expect_index(lexer_);
  while (lexer_.accept(",")) {
    const Token what = lexer_.expect(Token::Kind::word, "function_name or inlined_at");
    if (what.text == "function_name") {
      lexer_.expect(Token::Kind::word, "a label");
      if (lexer_.accept("+")) (void)expect_index(lexer_);
    } else if (what.text == "inlined_at") {
      const std::uint32_t file = expect_index(lexer_);
      const std::uint32_t line = expect_index(lexer_);
      (void)expect_index(lexer_);
      // The place of inlining has a `.loc` of its own before; the last such one says where it was inlined in turn.
      for (std::size_t i = module_.locations.size(); i-- > 0 && location.inlined_at < 0;) {
        const Location& candidate = module_.locations[i];
        if (candidate.file == file && candidate.line == line) location.inlined_at = static_cast<std::int32_t>(i);
      }
      if (location.inlined_at < 0) {
        location.inlined_at = static_cast<std::int32_t>(module_.locations.size());
        module_.locations.push_back({file, line, -1});
      }
    } else {
      lexer_.fail("unknown attribute '" + std::string(what.text) + "' of .loc");
    }
  }
  // Line 0 is code that the compiler made; what it belongs to is the line before.
  if (location.line == 0 && location_ >= 0) return;
  location_ = static_cast<std::int32_t>(module_.locations.size());
  module_.locations.push_back(location);
}

void FunctionParser::parse_registers() {
  if (lexer_.peek().is(".v2") || lexer_.peek().is(".v4")) lexer_.fail("vector registers are not supported");
  const Type type = expect_type(lexer_);
  do {
    const Token name = lexer_.expect(Token::Kind::word, "the name of a register");
    Name entry{Name::Kind::registers, static_cast<std::uint32_t>(function_.registers.size()), 0};
    std::uint32_t count = 1;
    if (lexer_.accept("<")) {
      // No expression: the closing bracket would be taken for a comparison.
      const std::string digits(lexer_.expect(Token::Kind::number, "a number of registers").text);
      count = static_cast<std::uint32_t>(std::strtoul(digits.c_str(), nullptr, 10));
      if (count == 0 || count > 1'000'000) lexer_.fail("a number of registers beyond reason");
      entry.count = count;
      lexer_.expect(">");
    }
    if (!scopes_.declare(name.text, entry)) {
      throw ParseError(name.line, "the register '" + std::string(name.text) + "' is declared twice");
    }
    function_.registers.insert(function_.registers.end(), count, type);
  } while (lexer_.accept(","));
  lexer_.expect(";");
}

void FunctionParser::parse_variables(Space space) {
  Variable variable = parse_variable(lexer_, space);
  const std::uint32_t line = lexer_.peek().line;
  lexer_.expect(";");
  if (space == Space::shared && variable.size_bytes == 0) variable.is_extern = true;
  function_.variables.push_back(std::move(variable));
  const std::string_view name = function_.variables.back().name;
  const auto index = static_cast<std::uint32_t>(function_.variables.size() - 1);
  if (!scopes_.declare(name, {Name::Kind::variable, index, 0})) {
    throw ParseError(line, "the variable '" + std::string(name) + "' is declared twice");
  }
}

void FunctionParser::parse_branch_targets(const Token& name) {
  std::vector<std::uint32_t> targets;
  do {
    targets.push_back(scopes_.label(lexer_.expect(Token::Kind::word, "a label").text));
  } while (lexer_.accept(","));
  lexer_.expect(";");
  scopes_.declare(name.text,
                  {Name::Kind::branch_targets, static_cast<std::uint32_t>(function_.branch_targets.size()), 0});
  function_.branch_targets.push_back(std::move(targets));
}

// (.param .b32 _) _ (.param .b64 _, .param .b32 _) [.noreturn];
void FunctionParser::parse_prototype(const Token& name) {
  const auto parse_list = [&](std::vector<std::uint64_t>& sizes) {
    lexer_.expect("(");
    while (!lexer_.accept(")")) {
      const auto space = accept_space(lexer_);
      if (space != Space::param) lexer_.fail("a parameter expected");
      sizes.push_back(parse_variable(lexer_, Space::param).size_bytes);
      (void)lexer_.accept(",");
    }
  };
  Prototype prototype;
  if (lexer_.peek().is("(")) parse_list(prototype.result_bytes);
  lexer_.expect(Token::Kind::word, "_");
  if (lexer_.peek().is("(")) parse_list(prototype.parameter_bytes);
  (void)lexer_.accept(".noreturn");
  lexer_.expect(";");
  scopes_.declare(name.text, {Name::Kind::prototype, static_cast<std::uint32_t>(function_.prototypes.size()), 0});
  function_.prototypes.push_back(std::move(prototype));
}

void FunctionParser::parse_instruction(const Token& first) {
  Instruction instruction;
  instruction.line = first.line;
  instruction.location = location_;
  Token opcode = first;
  if (first.is("@")) {
    instruction.predicate_negated = lexer_.accept("!");
    const Operand predicate = parse_operand();
    if (predicate.kind != Operand::Kind::reg ||
        function_.registers[static_cast<std::size_t>(predicate.index)] != Type::pred) {
      lexer_.fail("a predicate register expected after '@'");
    }
    instruction.predicate = predicate.index;
    opcode = lexer_.expect(Token::Kind::word, "an opcode");
  }
  if (opcode.kind != Token::Kind::word) {
    throw ParseError(opcode.line, "an instruction expected, found '" + std::string(opcode.text) + "'");
  }
  instruction.opcode = opcode.text;
  is_branch_ = opcode.text.starts_with("bra") || opcode.text.starts_with("brx");
  is_call_ = opcode.text.starts_with("call");
  while (!lexer_.peek().is(";")) {
    instruction.operands.push_back(parse_operand());
    if (!lexer_.accept(",") && !lexer_.peek().is(";")) {
      lexer_.fail("',' or ';' expected, found '" + std::string(lexer_.peek().text) + "'");
    }
  }
  lexer_.next();
  instruction.text = lexer_.text_from(first);
  function_.body.push_back(std::move(instruction));
}

void FunctionParser::parse_elements(Operand& operand, std::string_view end) {
  while (!lexer_.accept(end)) {
    operand.elements.push_back(parse_operand());
    if (!lexer_.accept(",") && !lexer_.peek().is(end)) lexer_.fail("',' or '" + std::string(end) + "' expected");
  }
}

Operand FunctionParser::parse_operand() {
  Operand operand;
  const Token& token = lexer_.peek();
  operand.text = token.text;
  if (token.is("[")) return parse_address();
  if (lexer_.accept("{")) {
    operand.kind = Operand::Kind::vector;
    parse_elements(operand, "}");
    return operand;
  }
  if (token.is("(") && is_call_) {
    lexer_.next();
    operand.kind = Operand::Kind::list;
    parse_elements(operand, ")");
    return operand;
  }
  if (token.is("!")) {
    lexer_.next();
    operand = parse_operand();
    operand.negated = !operand.negated;
    return operand;
  }
  if (token.kind != Token::Kind::word) {
    const Constant constant = parse_constant_expression(lexer_);
    operand.bits = constant.bits;
    operand.kind = constant.is_integer()                      ? Operand::Kind::integer
                   : constant.kind == Constant::Kind::float32 ? Operand::Kind::float32
                                                              : Operand::Kind::float64;
    return operand;
  }
  operand = parse_name();
  if (lexer_.accept("|")) {
    Operand pair;
    pair.kind = Operand::Kind::pair;
    pair.text = operand.text;
    pair.elements.push_back(std::move(operand));
    pair.elements.push_back(parse_operand());
    return pair;
  }
  const bool is_variable = operand.kind == Operand::Kind::variable || operand.kind == Operand::Kind::module_variable;
  if (is_variable && (lexer_.peek().is("+") || lexer_.peek().is("-"))) {
    operand.offset = static_cast<std::int64_t>(parse_constant_expression(lexer_).bits);
  }
  return operand;
}

Operand FunctionParser::parse_address() {
  Operand operand;
  operand.kind = Operand::Kind::address;
  operand.text = lexer_.next().text;
  if (lexer_.peek().kind == Token::Kind::word) {
    const Operand base = parse_name();
    operand.base = base.kind;
    operand.index = base.index;
    operand.text = base.text;
    const bool is_place = base.kind == Operand::Kind::reg || base.kind == Operand::Kind::variable ||
                          base.kind == Operand::Kind::module_variable;
    if (!is_place) lexer_.fail("'" + std::string(base.text) + "' is no place in memory");
    if (lexer_.peek().is("+") || lexer_.peek().is("-")) {
      operand.offset = static_cast<std::int64_t>(parse_constant_expression(lexer_).bits);
    }
  } else {
    operand.base = Operand::Kind::integer;
    operand.bits = parse_constant_expression(lexer_).bits;
  }
  if (!lexer_.accept("]")) lexer_.fail("an address of this form is not supported");
  return operand;
}

Operand FunctionParser::parse_name() {
  Operand operand;
  const Token token = lexer_.next();
  operand.text = token.text;
  if (token.text == "_") return operand;
  if (const auto name = scopes_.find(token.text)) {
    operand.index = static_cast<std::int32_t>(name->index);
    switch (name->kind) {
      case Name::Kind::registers: operand.kind = Operand::Kind::reg; break;
      case Name::Kind::variable: operand.kind = Operand::Kind::variable; break;
      case Name::Kind::branch_targets: operand.kind = Operand::Kind::targets; break;
      case Name::Kind::prototype: operand.kind = Operand::Kind::prototype; break;
    }
    return operand;
  }
  if (const auto variable = names_.variables.find(token.text); variable != names_.variables.end()) {
    operand.kind = Operand::Kind::module_variable;
    operand.index = static_cast<std::int32_t>(variable->second);
    return operand;
  }
  if (const auto function = names_.functions.find(token.text); function != names_.functions.end()) {
    operand.kind = Operand::Kind::function;
    operand.index = static_cast<std::int32_t>(function->second);
    return operand;
  }
  if (is_branch_) {
    operand.kind = Operand::Kind::label;
    operand.index = static_cast<std::int32_t>(scopes_.label(token.text));
    return operand;
  }
  if (is_special_register(token.text)) {
    operand.kind = Operand::Kind::special;
    return operand;
  }
  throw ParseError(token.line, "the name '" + std::string(token.text) + "' is not declared");
}

}  // namespace vgpu::ptx
