// Cuts PTX text into tokens. PTX ISA, section 4.
#include "ptx/lexer.h"

#include "ptx/module.h"

namespace vgpu::ptx {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '%'; }
bool is_follow(char c) { return is_letter(c) || is_digit(c); }

}  // namespace

Lexer::Lexer(std::string_view text) : text_(text) { scan(); }

void Lexer::skip_blanks() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c == '\n') {
      ++line_;
      ++position_;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' || c == '\0') {
      ++position_;
    } else if (text_.substr(position_, 2) == "//") {
      const std::size_t end = text_.find('\n', position_);
      position_ = end == std::string_view::npos ? text_.size() : end;
    } else if (text_.substr(position_, 2) == "/*") {
      const std::size_t end = text_.find("*/", position_ + 2);
      if (end == std::string_view::npos) throw ParseError(line_, "a comment without end");
      for (std::size_t i = position_; i < end; ++i) line_ += text_[i] == '\n';
      position_ = end + 2;
    } else {
      return;
    }
  }
}

void Lexer::scan() {
  previous_end_ = position_;
  skip_blanks();
  token_.line = line_;
  const std::size_t begin = position_;
  const auto take = [&](Token::Kind kind, std::size_t end) {
    token_.kind = kind;
    token_.text = text_.substr(begin, end - begin);
    position_ = end;
  };
  if (begin >= text_.size()) return take(Token::Kind::end, begin);

  std::size_t end = begin + 1;
  const char first = text_[begin];
  const auto at = [&](std::size_t i) { return i < text_.size() ? text_[i] : '\0'; };
  if (is_letter(first)) {
    while (true) {
      if (is_follow(at(end))) {
        ++end;
      } else if (at(end) == '.' && is_follow(at(end + 1))) {
        ++end;
      } else if (at(end) == ':' && at(end + 1) == ':') {
        end += 2;  // a qualifier such as `.L2::128B`
      } else {
        break;
      }
    }
    return take(Token::Kind::word, end);
  }
  if (first == '.' && is_letter(at(end))) {
    while (is_follow(at(end))) ++end;
    return take(Token::Kind::directive, end);
  }
  if (is_digit(first)) {
    while (is_follow(at(end)) || at(end) == '.' ||
           ((at(end) == '-' || at(end) == '+') && (at(end - 1) == 'e' || at(end - 1) == 'E') && at(begin + 1) != 'x' &&
            at(begin + 1) != 'X' && at(begin + 1) != 'f' && at(begin + 1) != 'd' && at(begin + 1) != 'F' &&
            at(begin + 1) != 'D')) {
      ++end;
    }
    return take(Token::Kind::number, end);
  }
  if (first == '"') {
    end = text_.find('"', begin + 1);
    if (end == std::string_view::npos) throw ParseError(line_, "a string without end");
    token_.kind = Token::Kind::string;
    token_.text = text_.substr(begin + 1, end - begin - 1);
    position_ = end + 1;
    return;
  }
  const std::string_view two = text_.substr(begin, 2);
  for (const std::string_view mark : {"<<", ">>", "<=", ">=", "==", "!=", "&&", "||"}) {
    if (two == mark) return take(Token::Kind::mark, begin + 2);
  }
  take(Token::Kind::mark, end);
}

Token Lexer::next() {
  const Token token = token_;
  scan();
  return token;
}

bool Lexer::accept(std::string_view mark_or_directive) {
  if (!token_.is(mark_or_directive)) return false;
  scan();
  return true;
}

Token Lexer::expect(std::string_view mark) {
  if (!token_.is(mark)) {
    fail("'" + std::string(mark) + "' expected, found '" + std::string(token_.text) + "'");
  }
  return next();
}

Token Lexer::expect(Token::Kind kind, std::string_view description) {
  if (token_.kind != kind) fail(std::string(description) + " expected, found '" + std::string(token_.text) + "'");
  return next();
}

void Lexer::fail(const std::string& what) const {
  std::size_t begin = token_.text.empty() ? text_.size() : static_cast<std::size_t>(token_.text.data() - text_.data());
  std::size_t end = text_.find('\n', begin);
  if (end == std::string_view::npos) end = text_.size();
  while (begin > 0 && text_[begin - 1] != '\n') --begin;
  while (begin < end && (text_[begin] == ' ' || text_[begin] == '\t')) ++begin;
  throw ParseError(token_.line, what + ": `" + std::string(text_.substr(begin, end - begin)) + "`");
}

std::string_view Lexer::text_from(const Token& first) const {
  const std::size_t begin = static_cast<std::size_t>(first.text.data() - text_.data());
  return text_.substr(begin, previous_end_ - begin);
}

}  // namespace vgpu::ptx
