// What the files that may not see cuda.h's declarations need: plain types only.
#pragma once

namespace vgpu::driver {

// Records the finding `legacy_symbol` and answers CUDA_ERROR_NOT_SUPPORTED. `mapped` is null if there is no such
// symbol.
int legacy_symbol_called(const char* name, const char* mapped) noexcept;

// Says on standard error, once for each name, that it is not supported; answers CUDA_ERROR_NOT_SUPPORTED.
int not_supported(const char* name) noexcept;

}  // namespace vgpu::driver
