// The module level of PTX: headers, variables, functions, files and sections.
#include "ptx/constant_expression.h"
#include "ptx/declarations.h"
#include "ptx/function_parser.h"
#include "ptx/lexer.h"
#include "ptx/module.h"

namespace vgpu::ptx {
namespace {

class ModuleParser {
 public:
  explicit ModuleParser(std::string_view text) : lexer_(text) { module_.text = nullptr; }

  Module parse() {
    while (lexer_.peek().kind != Token::Kind::end) parse_directive();
    if (module_.version.empty()) lexer_.fail("no .version: this is no PTX");
    return std::move(module_);
  }

 private:
  void parse_directive() {
    if (lexer_.accept(";")) return;
    if (lexer_.accept(".version")) {
      module_.version = lexer_.expect(Token::Kind::number, "a version").text;
    } else if (lexer_.accept(".target")) {
      module_.target = lexer_.expect(Token::Kind::word, "a target").text;
      while (lexer_.accept(",")) lexer_.expect(Token::Kind::word, "a target option");
    } else if (lexer_.accept(".address_size")) {
      if (lexer_.expect(Token::Kind::number, "an address size").text != "64")
        lexer_.fail("addresses must have 64 bits");
    } else if (lexer_.accept(".file")) {
      parse_file();
    } else if (lexer_.accept(".section")) {
      skip_section();
    } else if (lexer_.accept(".pragma")) {
      lexer_.expect(Token::Kind::string, "a string");
      lexer_.expect(";");
    } else {
      parse_declaration();
    }
  }

  // .file 1 "name" [, time, size]
  void parse_file() {
    const auto index = static_cast<std::size_t>(parse_constant_expression(lexer_).bits);
    if (index > 1'000'000) lexer_.fail("a file number beyond reason");
    if (module_.files.size() <= index) module_.files.resize(index + 1);
    module_.files[index] = lexer_.expect(Token::Kind::string, "the name of a file").text;
    while (lexer_.accept(",")) (void)parse_constant_expression(lexer_);
  }

  // Debug information: nothing that runs.
  void skip_section() {
    while (!lexer_.peek().is("{") && lexer_.peek().kind != Token::Kind::end) lexer_.next();
    int depth = 0;
    do {
      const Token token = lexer_.next();
      if (token.kind == Token::Kind::end) lexer_.fail("a section without end");
      depth += token.is("{") ? 1 : token.is("}") ? -1 : 0;
    } while (depth > 0);
  }

  void parse_declaration() {
    bool is_extern = false;
    while (true) {
      if (lexer_.accept(".extern")) {
        is_extern = true;
      } else if (!lexer_.accept(".visible") && !lexer_.accept(".weak") && !lexer_.accept(".common")) {
        break;
      }
    }
    if (lexer_.accept(".entry")) return parse_function(true);
    if (lexer_.accept(".func")) return parse_function(false);
    const auto space = accept_space(lexer_);
    if (!space || *space == Space::param) lexer_.fail("unknown directive '" + std::string(lexer_.peek().text) + "'");
    const std::uint32_t line = lexer_.peek().line;
    Variable variable = parse_variable(lexer_, *space);
    lexer_.expect(";");
    variable.is_extern = is_extern;
    const auto [entry, is_new] =
        names_.variables.emplace(variable.name, static_cast<std::uint32_t>(module_.variables.size()));
    if (is_new) {
      module_.variables.push_back(std::move(variable));
    } else if (module_.variables[entry->second].is_extern) {
      module_.variables[entry->second] = std::move(variable);
    } else if (!is_extern) {
      throw ParseError(line, "the variable '" + std::string(variable.name) + "' is defined twice");
    }
  }

  void parse_parameters(Function& function, std::vector<std::uint32_t>& list) {
    lexer_.expect("(");
    while (!lexer_.accept(")")) {
      if (lexer_.peek().is(".reg")) lexer_.fail("parameters in registers are not supported");
      if (!lexer_.accept(".param")) lexer_.fail("a parameter expected");
      list.push_back(static_cast<std::uint32_t>(function.variables.size()));
      function.variables.push_back(parse_variable(lexer_, Space::param));
      if (!lexer_.accept(",") && !lexer_.peek().is(")")) lexer_.fail("',' or ')' expected");
    }
  }

  // The product of up to three numbers.
  std::uint32_t parse_extent() {
    std::uint64_t extent = 1;
    do {
      extent *= parse_constant_expression(lexer_).bits;
    } while (lexer_.accept(","));
    return static_cast<std::uint32_t>(extent);
  }

  void parse_function(bool is_entry) {
    Function function;
    function.is_entry = is_entry;
    const std::uint32_t line = lexer_.peek().line;
    (void)lexer_.accept(".noreturn");
    if (lexer_.peek().is("(")) parse_parameters(function, function.results);
    const std::string_view name = lexer_.expect(Token::Kind::word, "the name of a function").text;
    function.name = name;
    if (lexer_.peek().is("(")) parse_parameters(function, function.parameters);
    while (lexer_.peek().kind == Token::Kind::directive) {
      if (lexer_.accept(".maxntid")) {
        function.max_threads = parse_extent();
      } else if (lexer_.accept(".reqntid")) {
        function.required_threads = parse_extent();
      } else if (lexer_.accept(".minnctapersm") || lexer_.accept(".maxnctapersm") || lexer_.accept(".maxnreg")) {
        (void)parse_constant_expression(lexer_);
      } else if (lexer_.accept(".pragma")) {
        lexer_.expect(Token::Kind::string, "a string");
        lexer_.expect(";");
      } else if (!lexer_.accept(".noreturn")) {
        lexer_.fail("unknown directive '" + std::string(lexer_.peek().text) + "' of a function");
      }
    }
    const auto [entry, is_new] = names_.functions.emplace(name, static_cast<std::uint32_t>(module_.functions.size()));
    if (is_new) module_.functions.emplace_back();
    Function& place = module_.functions[entry->second];
    if (place.is_defined && !lexer_.peek().is(";")) {
      throw ParseError(line, "the function '" + function.name + "' is defined twice");
    }
    if (!place.is_defined) place = std::move(function);
    if (lexer_.accept(";")) return;
    place.is_defined = true;
    // The body may refer to the function itself; the module's list does not grow while a body is parsed.
    FunctionParser(lexer_, module_, names_, place).parse();
  }

  Lexer lexer_;
  Module module_;
  ModuleNames names_;
};

}  // namespace

Module parse(std::string_view text) {
  // A driver is given a C string; the end of the text is where that ends.
  auto copy = std::make_unique<const std::string>(text.substr(0, text.find('\0')));
  Module module = ModuleParser(*copy).parse();
  module.text = std::move(copy);
  return module;
}

}  // namespace vgpu::ptx
