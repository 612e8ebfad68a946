// Cuts PTX text into tokens and knows on which line each stands.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vgpu::ptx {

struct Token {
  enum class Kind : std::uint8_t {
    end,
    word,       // opcode with its modifiers, register, label, symbol: may hold dots, unless it is a directive
    directive,  // begins with a dot and holds no other
    number,
    string,  // without its quotes
    mark,    // one punctuation character, or << >> <= >= == != && ||
  };
  Kind kind = Kind::end;
  std::string_view text;
  std::uint32_t line = 0;

  bool is(std::string_view what) const { return (kind == Kind::mark || kind == Kind::directive) && text == what; }
};

class Lexer {
 public:
  explicit Lexer(std::string_view text);

  const Token& peek() const { return token_; }
  Token next();
  bool accept(std::string_view mark_or_directive);
  Token expect(std::string_view mark);
  Token expect(Token::Kind kind, std::string_view description);
  [[noreturn]] void fail(const std::string& what) const;

  // The text from a token to the last one read, for messages.
  std::string_view text_from(const Token& first) const;

 private:
  void scan();
  void skip_blanks();

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t previous_end_ = 0;
  std::uint32_t line_ = 1;
  Token token_;
};

}  // namespace vgpu::ptx
