// Deliberate faults in PTX text: see mutation.h.
#include "driver/mutation.h"

#include <array>
#include <charconv>
#include <sstream>
#include <utility>

#include "driver/ptx_statements.h"

namespace vgpu::driver {

namespace {

using Verb = Mutation::Verb;

constexpr std::pair<Verb, std::string_view> kVerbs[] = {{Verb::drop, "drop"},
                                                        {Verb::swap, "swap"},
                                                        {Verb::unpredicate, "unpredicate"},
                                                        {Verb::untranspose, "untranspose"},
                                                        {Verb::unzero, "unzero"}};

bool names_a_family(Verb verb) { return verb != Verb::untranspose && verb != Verb::unzero; }

std::size_t fragment(const Mutation& mutation) { return mutation.family == "mma.b" ? 2 : 1; }  // mma d, a, b, c

// The registers of a vector operand `{%r1, %r2}`; empty for anything else.
std::vector<std::string_view> registers(std::string_view operand) {
  if (operand.size() < 2 || operand.front() != '{') return {};
  return split_operands(operand.substr(1, operand.size() - 2));
}

bool applies(const Statement& statement, const Mutation& mutation) {
  switch (mutation.verb) {
    case Verb::drop: return is_of(statement.opcode, mutation.family);
    case Verb::unpredicate: return !statement.guard.empty() && is_of(statement.opcode, mutation.family);
    case Verb::untranspose:
      return is_of(statement.opcode, "ldmatrix") && statement.opcode.find(".trans") != std::string_view::npos;
    case Verb::unzero: return is_of(statement.opcode, "cp.async") && split_operands(statement.operands).size() == 4;
    case Verb::swap: {
      const auto operands = split_operands(statement.operands);
      if (!is_of(statement.opcode, "mma") || operands.size() < 4) return false;
      const auto parts = registers(operands[fragment(mutation)]);
      return parts.size() >= 2 && parts[0] != parts[1];
    }
  }
  return false;
}

// A shuffle that does not shuffle: each lane keeps its own value, and the predicate says that the source was in range.
std::string unshuffled(const Statement& statement) {
  const auto operands = split_operands(statement.operands);
  const std::string guard = statement.guard.empty() ? "" : std::string(statement.guard) + " ";
  const std::size_t bar = operands[0].find('|');
  std::string text =
      guard + "mov.b32 " + std::string(operands[0].substr(0, bar)) + ", " + std::string(operands[1]) + ";";
  if (bar != std::string_view::npos)
    text += " " + guard + "setp.eq.u32 " + std::string(operands[0].substr(bar + 1)) + ", 0, 0;";
  return text;
}

// A barrier that votes: each thread's vote alone decides. `bar.red.popc.u32 d, a, {b,} p` counts, the others say and,
// or.
std::string unvoted(const Statement& statement) {
  const auto operands = split_operands(statement.operands);
  const std::string guard = statement.guard.empty() ? "" : std::string(statement.guard) + " ";
  const std::string result(operands.front());
  std::string vote(operands.back());
  const bool negated = vote.front() == '!';
  if (negated) vote.erase(0, 1);
  if (statement.opcode.find(".popc") != std::string_view::npos)
    return guard + "selp.u32 " + result + (negated ? ", 0, 1, " : ", 1, 0, ") + vote + ";";
  return guard + (negated ? "not.pred " : "mov.pred ") + result + ", " + vote + ";";
}

std::string without(const Statement& statement) {
  if (is_of(statement.opcode, "shfl")) return unshuffled(statement);
  if (is_of(statement.opcode, "bar.red") || is_of(statement.opcode, "barrier.red") ||
      is_of(statement.opcode, "barrier.cta.red"))
    return unvoted(statement);
  return "";
}

std::string changed(const Statement& statement, const Mutation& mutation) {
  std::string guard(statement.guard), opcode(statement.opcode), operands(statement.operands);
  switch (mutation.verb) {
    case Verb::drop: return without(statement);
    case Verb::unpredicate: guard.clear(); break;
    case Verb::untranspose: opcode.erase(opcode.find(".trans"), 6); break;
    case Verb::unzero: operands.erase(operands.rfind(',')); break;
    case Verb::swap: {
      const std::string_view operand = split_operands(statement.operands)[fragment(mutation)];
      const auto parts = registers(operand);
      std::string vector = "{" + std::string(parts[1]) + ", " + std::string(parts[0]);
      for (std::size_t i = 2; i < parts.size(); ++i) vector += ", " + std::string(parts[i]);
      operands.replace(static_cast<std::size_t>(operand.data() - statement.operands.data()), operand.size(),
                       vector + "}");
      break;
    }
  }
  return (guard.empty() ? "" : guard + " ") + opcode + " " + operands + ";";
}

// The instructions of a kernel, or of all if it has no name.
std::vector<Statement> instructions_of(std::string_view ptx, std::string_view kernel) {
  std::vector<Statement> statements = instructions(ptx);
  if (kernel.empty()) return statements;
  const std::size_t begin = ptx.find(".entry " + std::string(kernel) + "(");
  const std::size_t end = begin == std::string_view::npos ? begin : ptx.find(".entry ", begin + 1);
  std::erase_if(statements, [&](const Statement& s) { return s.begin < begin || s.begin >= end; });
  return statements;
}

}  // namespace

std::optional<Mutation> parse_mutation(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string verb, number, in, extra;
  Mutation mutation;
  words >> verb;
  bool known = false;
  for (const auto& [value, name] : kVerbs) {
    if (verb != name) continue;
    mutation.verb = value;
    known = true;
  }
  if (!known) return std::nullopt;
  if (names_a_family(mutation.verb)) words >> mutation.family;
  words >> number;
  if (number.empty()) return std::nullopt;
  if (words >> in && (in != "in" || !(words >> mutation.kernel) || words >> extra)) return std::nullopt;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), mutation.index);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  if (mutation.verb == Verb::swap && mutation.family != "mma" && mutation.family != "mma.b") return std::nullopt;
  return mutation;
}

std::string to_string(const Mutation& mutation) {
  std::string text;
  for (const auto& [verb, name] : kVerbs)
    if (verb == mutation.verb) text = name;
  if (names_a_family(mutation.verb)) text += " " + mutation.family;
  text += " " + std::to_string(mutation.index);
  return mutation.kernel.empty() ? text : text + " in " + mutation.kernel;
}

std::optional<std::string> mutate(std::string_view ptx, const Mutation& mutation) {
  std::size_t seen = 0;
  for (const Statement& statement : instructions_of(ptx, mutation.kernel)) {
    if (!applies(statement, mutation) || seen++ != mutation.index) continue;
    std::string text(ptx);
    return text.replace(statement.begin, statement.end - statement.begin, changed(statement, mutation));
  }
  return std::nullopt;
}

std::vector<Candidate> list_mutations(std::string_view ptx, std::string_view kernel) {
  static const std::array kinds = [] {
    const auto kind = [](Verb verb, const char* family) { return Mutation{verb, family}; };
    return std::array{
        kind(Verb::drop, "bar.sync"),
        kind(Verb::drop, "barrier.sync"),
        kind(Verb::drop, "barrier.cta.sync"),
        kind(Verb::drop, "bar.red"),
        kind(Verb::drop, "barrier.red"),
        kind(Verb::drop, "barrier.cta.red"),
        kind(Verb::drop, "bar.warp.sync"),
        kind(Verb::drop, "cp.async.wait_group"),
        kind(Verb::drop, "cp.async.wait_all"),
        kind(Verb::drop, "cp.async.commit_group"),
        kind(Verb::drop, "membar"),
        kind(Verb::drop, "fence"),
        kind(Verb::drop, "shfl"),
        kind(Verb::swap, "mma"),
        kind(Verb::swap, "mma.b"),
        kind(Verb::unpredicate, "ld"),
        kind(Verb::unpredicate, "st"),
        kind(Verb::unpredicate, "cp.async"),
        kind(Verb::untranspose, ""),
        kind(Verb::unzero, ""),
    };
  }();
  std::vector<Candidate> candidates;
  const auto statements = instructions_of(ptx, kernel);
  for (Mutation mutation : kinds) {
    mutation.kernel = kernel;
    for (const Statement& statement : statements) {
      if (!applies(statement, mutation)) continue;
      candidates.push_back(
          {mutation, statement.line, std::string(ptx.substr(statement.begin, statement.end - statement.begin))});
      ++mutation.index;
    }
  }
  return candidates;
}

}  // namespace vgpu::driver
