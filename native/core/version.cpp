#include "abi_hash.g.h"
#include "core/handles.h"

uint32_t ki_version(void) noexcept { return KI_VERSION_MAJOR << 16 | KI_VERSION_MINOR << 8 | KI_VERSION_PATCH; }

uint64_t ki_abi_hash(void) noexcept { return ki::kAbiHash; }

int64_t ki_live_handle_count(void) noexcept { return ki::LiveHandle::count().load(std::memory_order_relaxed); }
