// The scratch memory of an operator's call.
#pragma once

#include <cstdint>

#include "core/backend.h"

namespace ki {

// The workspace to use: the caller's, if it is good enough, or the stream's own.
inline void* choose_workspace(Stream& stream, std::uint64_t needed, void* workspace, std::uint64_t workspace_bytes) {
  if (workspace == nullptr) {
    if (workspace_bytes != 0) refuse("workspace", "is NULL, and workspace_bytes is ", workspace_bytes);
    return stream.workspace(needed);
  }
  if (reinterpret_cast<std::uintptr_t>(workspace) % kWorkspaceAlignment != 0) {
    refuse("workspace", "is misaligned: it needs a multiple of ", kWorkspaceAlignment, " bytes");
  }
  if (workspace_bytes < needed) refuse("workspace", "has ", workspace_bytes, " bytes, and ", needed, " are needed");
  return workspace;
}

}  // namespace ki
