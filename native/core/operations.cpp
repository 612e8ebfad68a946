#include "core/backend.h"

namespace ki {
namespace {

// Filled while the library is loaded, before any call; only read afterwards.
const OperationsEntry* first_entry = nullptr;

}  // namespace

OperationsEntry::OperationsEntry(ki_device_kind kind, const OperatorId& id, const void* table) noexcept
    : kind_(kind), id_(&id), table_(table), next_(first_entry) {
  first_entry = this;
}

const void* find_operations(ki_device_kind kind, const OperatorId& id) noexcept {
  for (const OperationsEntry* entry = first_entry; entry != nullptr; entry = entry->next_) {
    if (entry->kind_ == kind && entry->id_ == &id) return entry->table_;
  }
  return nullptr;
}

}  // namespace ki
