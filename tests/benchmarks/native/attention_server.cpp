// Runs attention at another program's word, so that it can alternate with a rival that lives in that program. Reads
// commands from standard input, one a line, and answers each with one line:
//
//   case HEADS GROUP HEAD_DIM QUERIES KEYS CAUSAL(0|1) WINDOW THREADS DTYPE(f32|f16|bf16)
//                prepares tensors; `ready TARGET`. GROUP query heads share a key head; WINDOW 0: none
//   save PATH    writes query, key, value and output behind each other; `saved`
//   run COUNT    runs that often; the seconds it took in all
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

#include "attention_run.h"

namespace ki::bench {
namespace {

ki_dtype parse_dtype(const std::string& name) {
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    if (name == test::dtype_name(dtype)) return dtype;
  }
  throw std::invalid_argument("unknown dtype " + name);
}

class Server {
 public:
  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "case") return prepare(words);
    if (run_ == nullptr) throw std::invalid_argument("expected `case` first, got: " + line);
    if (command == "save") return save(words);
    if (command == "run") return run(words);
    throw std::invalid_argument("unknown command: " + line);
  }

 private:
  std::string prepare(std::istream& words) {
    AttentionCase attention_case;
    Setting setting;
    std::string dtype;
    if (!(words >> attention_case.heads >> attention_case.group >> attention_case.head_dim >> attention_case.queries >>
          attention_case.length >> attention_case.causal >> attention_case.window >> setting.threads >> dtype)) {
      throw std::invalid_argument(
          "`case` needs heads, group, head_dim, queries, keys, causal, window, threads and dtype");
    }
    if (attention_case.queries == attention_case.length) attention_case.queries = 0;
    attention_case.dtype = parse_dtype(dtype);
    run_.reset();  // the largest cases fill much memory
    run_ = std::make_unique<AttentionRun>(attention_case, setting);
    return "ready " + run_->target();
  }

  std::string save(std::istream& words) const {
    std::string path;
    words >> path;
    std::ofstream file(path, std::ios::binary);
    for (const auto bytes : {run_->query(), run_->key(), run_->value(), run_->output()}) {
      file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    file.close();
    if (!file) throw std::runtime_error("cannot write " + path);
    return "saved";
  }

  std::string run(std::istream& words) {
    int count = 0;
    if (!(words >> count) || count < 1) throw std::invalid_argument("`run` needs a count of at least 1");
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) run_->forward();
    return std::to_string(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }

  std::unique_ptr<AttentionRun> run_;
};

}  // namespace
}  // namespace ki::bench

int main() {
  try {
    ki::bench::Server server;
    for (std::string line; std::getline(std::cin, line);) std::cout << server.answer(line) << std::endl;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "attention_server: %s\n", error.what());
    return 1;
  }
}
