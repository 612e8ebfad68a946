// A light scanner: see ptx_statements.h.
#include "driver/ptx_statements.h"

#include <algorithm>
#include <cctype>

namespace vgpu::driver {

namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '%'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<Statement> scan() {
    std::vector<Statement> found;
    while (skip_blank()) {
      const char c = text_[at_];
      if (c == '{' || c == '}') {
        ++at_;
      } else if (c == '.') {
        skip_directive();
      } else if (!skip_label()) {
        Statement statement = read_statement();
        if (statement.end == 0) break;
        found.push_back(statement);
      }
    }
    return found;
  }

 private:
  // Spaces and comments. False at the end.
  bool skip_blank() {
    while (at_ < text_.size()) {
      if (text_.compare(at_, 2, "//") == 0) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.compare(at_, 2, "/*") == 0) {
        const std::size_t end = text_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? text_.size() : end + 2;
      } else if (is_space(text_[at_])) {
        ++at_;
      } else {
        return true;
      }
    }
    return false;
  }

  // `.loc`, `.file`, `.version`, `.target` end with the line, all others with a semicolon or where a scope begins.
  void skip_directive() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    const bool one_line = word == ".loc" || word == ".file" || word == ".version" || word == ".target" ||
                          word == ".address_size" || word == ".section";
    at_ = std::min(text_.find_first_of(one_line ? "\n" : ";{", at_), text_.size());
    if (at_ < text_.size() && text_[at_] != '{') ++at_;
  }

  bool skip_label() {
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    if (end == at_ || end >= text_.size() || text_[end] != ':') return false;
    at_ = end + 1;
    return true;
  }

  Statement read_statement() {
    Statement statement;
    while (counted_ < at_) line_ += text_[counted_++] == '\n';
    statement.line = line_;
    statement.begin = at_;
    const std::size_t semicolon = text_.find(';', at_);
    if (semicolon == std::string_view::npos) return statement;
    statement.end = at_ = semicolon + 1;
    std::string_view rest = text_.substr(statement.begin, semicolon - statement.begin);
    const auto word = [&] {
      std::size_t end = 0;
      while (end < rest.size() && !is_space(rest[end])) ++end;
      const std::string_view taken = rest.substr(0, end);
      rest = trim(rest.substr(end));
      return taken;
    };
    if (rest.front() == '@') statement.guard = word();
    statement.opcode = word();
    statement.operands = rest;
    return statement;
  }

  std::string_view text_;
  std::size_t at_ = 0, counted_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace

std::vector<Statement> instructions(std::string_view ptx) { return Scanner(ptx).scan(); }

bool is_of(std::string_view opcode, std::string_view family) {
  return opcode.starts_with(family) && (opcode.size() == family.size() || opcode[family.size()] == '.');
}

std::vector<std::string_view> split_operands(std::string_view operands) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= operands.size(); ++i) {
    const char c = i < operands.size() ? operands[i] : ',';
    if (c == '{' || c == '[' || c == '(') ++depth;
    if (c == '}' || c == ']' || c == ')') --depth;
    if (c != ',' || (depth != 0 && i < operands.size())) continue;
    parts.push_back(trim(operands.substr(begin, i - begin)));
    begin = i + 1;
  }
  return parts;
}

}  // namespace vgpu::driver
