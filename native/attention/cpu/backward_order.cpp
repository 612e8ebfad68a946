#include "attention/cpu/backward_order.h"

#include <algorithm>
#include <new>

namespace ki::attention::cpu::gradients {

std::int64_t TaskOrder::most_places(const Problem& p) {
  if (p.cu_seqlens_k.rank == 0) return p.batch * ((p.seq_k + kChunkKeys - 1) / kChunkKeys);
  return p.key.shape[1] / kChunkKeys + p.batch;
}

std::uint64_t TaskOrder::size_bytes(const Problem& p) {
  const auto places = static_cast<std::uint64_t>(most_places(p));
  return places * sizeof(Place) + static_cast<std::uint64_t>(p.batch) * sizeof(std::int64_t) +
         places * static_cast<std::uint64_t>(p.heads_kv) * sizeof(Progress);
}

TaskOrder::TaskOrder(const Problem& p, bool shares_bias, std::byte* memory)
    : shares_bias_(shares_bias),
      heads_(p.heads_kv),
      place_(reinterpret_cast<Place*>(memory)),
      first_place_(reinterpret_cast<std::int64_t*>(place_ + most_places(p))),
      progress_(reinterpret_cast<Progress*>(first_place_ + p.batch)) {
  for (std::int64_t b = 0; b < p.batch; ++b) {
    first_place_[b] = places_;
    const std::int64_t chunks = (p.sequence(b).seq_k + kChunkKeys - 1) / kChunkKeys;
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) place_[places_++] = {b, chunk};
  }
  std::sort(place_, place_ + places_,
            [](const Place& a, const Place& b) { return a.chunk != b.chunk ? a.chunk < b.chunk : a.batch < b.batch; });
  for (std::int64_t i = 0; i < tasks(); ++i) new (&progress_[i]) Progress(0);
}

void TaskOrder::wait(std::int64_t task, int block) const {
  const auto wait_for = [&](const Progress& progress) {
    for (std::int32_t passed; (passed = progress.load(std::memory_order_acquire)) <= block;) progress.wait(passed);
  };
  const Place at = place(task);
  if (at.chunk > 0) wait_for(progress_[slot({at.batch, at.chunk - 1}, head_kv(task))]);
  if (shares_bias_ && task > 0 && place(task - 1).chunk == at.chunk) wait_for(progress_of(task - 1));
}

void TaskOrder::say(Progress& progress, std::int32_t passed) {
  progress.store(passed, std::memory_order_release);
  progress.notify_all();
}

}  // namespace ki::attention::cpu::gradients
