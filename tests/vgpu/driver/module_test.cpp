// Modules, functions, libraries: what is found in them, and what is refused.
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "driver/test_support.h"

namespace {

using ModuleTest = DriverTest;

TEST_F(ModuleTest, FindsKernelsAndVariables) {
  ASSERT_OK(cuModuleLoadData(&module, kTestKernels));
  CUfunction function = nullptr, again = nullptr;
  EXPECT_OK(cuModuleGetFunction(&function, module, "vecadd"));
  EXPECT_OK(cuModuleGetFunction(&again, module, "vecadd"));
  EXPECT_EQ(function, again);
  EXPECT_RESULT(CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(&again, module, "vecsub"));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuModuleGetFunction(&again, module, nullptr));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuModuleGetFunction(nullptr, module, "vecadd"));
  const char* name = nullptr;
  CUmodule owner = nullptr;
  EXPECT_OK(cuFuncGetName(&name, function));
  EXPECT_STREQ(name, "vecadd");
  EXPECT_OK(cuFuncGetModule(&owner, function));
  EXPECT_EQ(owner, module);
  CUdeviceptr scale = 0;
  std::size_t bytes = 0;
  ASSERT_OK(cuModuleGetGlobal(&scale, &bytes, module, "scale"));
  EXPECT_EQ(bytes, 16u);
  EXPECT_EQ(download(scale, 4), (std::vector<int>{1, 2, 3, 4}));
  ASSERT_OK(cuMemsetD32(scale, 9, 1));
  EXPECT_EQ(download(scale, 4), (std::vector<int>{9, 2, 3, 4}));
  EXPECT_RESULT(CUDA_ERROR_NOT_FOUND, cuModuleGetGlobal(&scale, &bytes, module, "nothing"));
}

TEST_F(ModuleTest, AreLazyByDefault) {
  CUmoduleLoadingMode mode = CU_MODULE_EAGER_LOADING;
  EXPECT_OK(cuModuleGetLoadingMode(&mode));
  EXPECT_EQ(mode, CU_MODULE_LAZY_LOADING);
  CUfunctionLoadingState state = CU_FUNCTION_LOADING_STATE_UNLOADED;
  EXPECT_OK(cuFuncIsLoaded(&state, function("trap")));
  EXPECT_EQ(state, CU_FUNCTION_LOADING_STATE_LOADED);
}

TEST_F(ModuleTest, AnUnloadedOneIsGone) {
  const CUfunction add = function("add_to");
  EXPECT_OK(cuModuleUnload(module));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuModuleUnload(module));
  int value = 0;
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, add));
  CUdeviceptr p = allocate(4);
  int n = 1;
  void* params[] = {&p, &value, &n};
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuLaunchKernel(add, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
  CUfunction none = nullptr;
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuModuleGetFunction(&none, module, "add_to"));
}

TEST_F(ModuleTest, CompiledCodeIsRefusedAsForeign) {
  const unsigned char cubin[] = {0x7F, 'E', 'L', 'F', 2, 1, 1, 0x33, 7, 0, 0, 0, 0, 0, 0, 0};
  const unsigned fat[] = {0xBA55ED50, 0x00100001, 0, 0};
  const unsigned wrapper[] = {0x466243B1, 1, 0, 0, 0, 0};
  CUmodule refused = reinterpret_cast<CUmodule>(1);
  EXPECT_RESULT(CUDA_ERROR_NO_BINARY_FOR_GPU, cuModuleLoadData(&refused, cubin));
  EXPECT_RESULT(CUDA_ERROR_NO_BINARY_FOR_GPU, cuModuleLoadData(&refused, fat));
  EXPECT_RESULT(CUDA_ERROR_NO_BINARY_FOR_GPU, cuModuleLoadFatBinary(&refused, wrapper));
  char log[200] = {};
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  EXPECT_RESULT(CUDA_ERROR_NO_BINARY_FOR_GPU, cuModuleLoadDataEx(&refused, cubin, 2, options, values));
  EXPECT_NE(std::string(log).find("PTX"), std::string::npos) << log;
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuModuleLoadData(&refused, nullptr));
}

TEST_F(ModuleTest, BadTextIsRefusedWithItsLine) {
  const std::string text =
      ".version 8.4\n.target sm_80\n.address_size 64\n.visible .entry k()\n{\n  mov.u32 %r1 %r2;\n  ret;\n}\n";
  char error[400] = {}, information[100] = "untouched";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, CU_JIT_INFO_LOG_BUFFER,
                            CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES, CU_JIT_MAX_REGISTERS};
  void* values[] = {error, reinterpret_cast<void*>(sizeof error), information,
                    reinterpret_cast<void*>(sizeof information), reinterpret_cast<void*>(64)};
  CUmodule refused = nullptr;
  EXPECT_RESULT(CUDA_ERROR_INVALID_PTX, cuModuleLoadDataEx(&refused, text.c_str(), 5, options, values));
  EXPECT_NE(std::string(error).find("line 6"), std::string::npos) << error;
  EXPECT_EQ(reinterpret_cast<std::size_t>(values[1]), std::string(error).size());
  // A short buffer is filled and ended.
  char small[8];
  void* small_values[] = {small, reinterpret_cast<void*>(sizeof small)};
  EXPECT_RESULT(CUDA_ERROR_INVALID_PTX, cuModuleLoadDataEx(&refused, text.c_str(), 2, options, small_values));
  EXPECT_EQ(std::string(small), std::string(error).substr(0, 7));
  CUjit_option unknown[] = {static_cast<CUjit_option>(4711)};
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuModuleLoadDataEx(&refused, kTestKernels, 1, unknown, values));
  EXPECT_OK(cuModuleLoadDataEx(&module, kTestKernels, 5, options, values));
}

// An instruction that is not known is no error until it is executed: then it is named with its line.
TEST_F(ModuleTest, AnUnknownInstructionIsNamedWhenItIsMet) {
  const std::string text =
      ".version 8.4\n.target sm_80\n.address_size 64\n.visible .entry k()\n{\n  frobnicate.b32 1;\n  ret;\n}\n";
  ASSERT_OK(cuModuleLoadData(&module, text.c_str()));
  ASSERT_OK(cuLaunchKernel(function("k"), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  EXPECT_RESULT(CUDA_ERROR_ILLEGAL_INSTRUCTION, cuCtxSynchronize());
  ASSERT_EQ(vgpu_finding_count(), 1);
  EXPECT_STREQ(vgpu_finding_kind(0), "unknown_instruction");
  EXPECT_NE(std::string(vgpu_finding_text(0)).find("frobnicate"), std::string::npos) << vgpu_finding_text(0);
  vgpu_clear_findings();
}

TEST_F(ModuleTest, FilesAreReadToo) {
  const std::string path = testing::TempDir() + "/vgpu_module_test.ptx";
  std::ofstream(path) << kTestKernels;
  EXPECT_OK(cuModuleLoad(&module, path.c_str()));
  CUfunction found = nullptr;
  EXPECT_OK(cuModuleGetFunction(&found, module, "spin"));
  std::remove(path.c_str());
  EXPECT_RESULT(CUDA_ERROR_FILE_NOT_FOUND, cuModuleLoad(&module, path.c_str()));
}

TEST_F(ModuleTest, FunctionsSayWhatTheyNeed) {
  const CUfunction sum = function("shared_sum"), bounded = function("bounded");
  int value = -1;
  EXPECT_OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, bounded));
  EXPECT_EQ(value, 64);
  EXPECT_OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, sum));
  EXPECT_EQ(value, 1024);
  EXPECT_OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sum));
  EXPECT_EQ(value, 49152);
  EXPECT_OK(cuFuncSetAttribute(sum, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 166912));
  EXPECT_OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sum));
  EXPECT_EQ(value, 166912);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE,
                cuFuncSetAttribute(sum, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 166913));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(sum, CU_FUNC_ATTRIBUTE_NUM_REGS, 1));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX, sum));
  EXPECT_OK(cuFuncSetAttribute(sum, CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 100));
  EXPECT_OK(cuFuncSetCacheConfig(sum, CU_FUNC_CACHE_PREFER_SHARED));
  std::size_t offset = 9, size = 0;
  const CUfunction add = function("add_to");
  EXPECT_OK(cuFuncGetParamInfo(add, 2, &offset, &size));
  EXPECT_EQ(offset, 12u);
  EXPECT_EQ(size, 4u);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuFuncGetParamInfo(add, 3, &offset, &size));
}

TEST_F(ModuleTest, ALibraryBecomesAModuleInEachContext) {
  CUlibrary library = nullptr;
  CUkernel kernel = nullptr;
  ASSERT_OK(cuLibraryLoadData(&library, kTestKernels, nullptr, nullptr, 0, nullptr, nullptr, 0));
  ASSERT_OK(cuLibraryGetKernel(&kernel, library, "add_to"));
  EXPECT_RESULT(CUDA_ERROR_NOT_FOUND, cuLibraryGetKernel(&kernel, library, "nothing"));
  const char* name = nullptr;
  EXPECT_OK(cuKernelGetName(&name, kernel));
  EXPECT_STREQ(name, "add_to");
  CUdeviceptr p = upload({1, 2, 3});
  int value = 10, n = 3;
  void* params[] = {&p, &value, &n};
  // A kernel may stand for its function.
  ASSERT_OK(cuLaunchKernel(reinterpret_cast<CUfunction>(kernel), 1, 1, 1, 32, 1, 1, 0, nullptr, params, nullptr));
  EXPECT_EQ(download(p, 3), (std::vector<int>{11, 12, 13}));
  CUfunction here = nullptr, there = nullptr;
  CUmodule in_library = nullptr, of_function = nullptr;
  ASSERT_OK(cuKernelGetFunction(&here, kernel));
  ASSERT_OK(cuLibraryGetModule(&in_library, library));
  ASSERT_OK(cuFuncGetModule(&of_function, here));
  EXPECT_EQ(in_library, of_function);
  CUdeviceptr scale = 0;
  EXPECT_OK(cuLibraryGetGlobal(&scale, nullptr, library, "scale"));
  EXPECT_EQ(download(scale, 4), (std::vector<int>{1, 2, 3, 4}));
  CUcontext other = nullptr;
  ASSERT_OK(cuCtxCreate(&other, 0, 0));
  ASSERT_OK(cuKernelGetFunction(&there, kernel));
  EXPECT_NE(here, there);
  EXPECT_OK(cuCtxDestroy(other));
  EXPECT_OK(cuLibraryUnload(library));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuLibraryUnload(library));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuKernelGetFunction(&here, kernel));
  EXPECT_RESULT(CUDA_ERROR_INVALID_PTX,
                cuLibraryLoadData(&library, "nonsense", nullptr, nullptr, 0, nullptr, nullptr, 0));
}

}  // namespace
