// A plain program of the driver API, as anybody would write it: it includes the toolkit's cuda.h, links with
// libcuda.so.1 by name and knows nothing of the virtual GPU. It would run unchanged on a real driver. Exits with 0 only
// if all results are right.
//   vecadd_program FILE.ptx
#include <cuda.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

void check(CUresult result, const char* what) {
  if (result == CUDA_SUCCESS) return;
  const char *name = "?", *text = "?";
  cuGetErrorName(result, &name);
  cuGetErrorString(result, &text);
  std::fprintf(stderr, "%s: %s (%s)\n", what, name, text);
  std::exit(1);
}

#define CHECK(call) check(call, #call)

void expect(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "wrong: %s\n", what);
  std::exit(1);
}

constexpr int kCount = 10'000;
constexpr std::size_t kBytes = kCount * sizeof(float);

float a_of(int i) { return static_cast<float>(i) * 0.25f; }
float b_of(int i) { return static_cast<float>(i % 17) - 8.0f; }

// Pinned host memory, three device buffers, and the kernel.
struct Problem {
  float *a = nullptr, *b = nullptr, *c = nullptr;
  CUdeviceptr da = 0, db = 0, dc = 0;
  CUfunction vecadd = nullptr;

  void launch(CUdeviceptr x, CUdeviceptr y, CUdeviceptr z, CUstream stream) {
    int n = kCount;
    void* params[] = {&x, &y, &z, &n};
    CHECK(cuLaunchKernel(vecadd, (kCount + 255) / 256, 1, 1, 256, 1, 1, 0, stream, params, nullptr));
  }

  // c = factor_a * a + factor_b * b
  void expect_result(float factor_a, float factor_b, const char* what) {
    for (int i = 0; i < kCount; ++i) expect(c[i] == factor_a * a_of(i) + factor_b * b_of(i), what);
  }
};

void run_on_the_default_stream(Problem& p) {
  CHECK(cuMemcpyHtoD(p.da, p.a, kBytes));
  CHECK(cuMemcpyHtoD(p.db, p.b, kBytes));
  p.launch(p.da, p.db, p.dc, nullptr);
  CHECK(cuMemcpyDtoH(p.c, p.dc, kBytes));
  p.expect_result(1, 1, "the default stream");
}

void run_on_two_streams(Problem& p) {
  CUstream first = nullptr, second = nullptr;
  CUevent begin = nullptr, ready = nullptr, end = nullptr;
  CHECK(cuStreamCreate(&first, CU_STREAM_NON_BLOCKING));
  CHECK(cuStreamCreate(&second, CU_STREAM_NON_BLOCKING));
  CHECK(cuEventCreate(&begin, CU_EVENT_DEFAULT));
  CHECK(cuEventCreate(&ready, CU_EVENT_DISABLE_TIMING));
  CHECK(cuEventCreate(&end, CU_EVENT_DEFAULT));
  CHECK(cuEventRecord(begin, first));
  CHECK(cuMemcpyHtoDAsync(p.da, p.a, kBytes, first));
  CHECK(cuEventRecord(ready, first));
  CHECK(cuMemcpyHtoDAsync(p.db, p.b, kBytes, second));
  CHECK(cuStreamWaitEvent(second, ready, 0));
  p.launch(p.da, p.db, p.dc, second);
  p.launch(p.dc, p.db, p.dc, second);
  CHECK(cuMemcpyDtoHAsync(p.c, p.dc, kBytes, second));
  CHECK(cuEventRecord(end, second));
  CHECK(cuEventSynchronize(end));
  p.expect_result(1, 2, "two streams");
  float milliseconds = -1;
  CHECK(cuEventElapsedTime(&milliseconds, begin, end));
  expect(milliseconds >= 0, "the time between two events");
  CHECK(cuEventDestroy(begin));
  CHECK(cuEventDestroy(ready));
  CHECK(cuEventDestroy(end));
  CHECK(cuStreamDestroy(first));
  CHECK(cuStreamDestroy(second));
}

void run_a_graph(Problem& p) {
  CUstream stream = nullptr;
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  CHECK(cuStreamCreate(&stream, CU_STREAM_DEFAULT));
  CHECK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  CHECK(cuMemsetD32Async(p.dc, 0, kCount, stream));
  p.launch(p.dc, p.da, p.dc, stream);
  p.launch(p.dc, p.da, p.dc, stream);
  p.launch(p.dc, p.da, p.dc, stream);
  CHECK(cuMemcpyDtoHAsync(p.c, p.dc, kBytes, stream));
  CHECK(cuStreamEndCapture(stream, &graph));
  std::size_t nodes = 0;
  CHECK(cuGraphGetNodes(graph, nullptr, &nodes));
  expect(nodes == 5, "the number of nodes");
  CHECK(cuGraphInstantiate(&exec, graph, 0));
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < kCount; ++j) p.c[j] = -1;
    CHECK(cuGraphLaunch(exec, stream));
    CHECK(cuStreamSynchronize(stream));
    p.expect_result(3, 0, "a graph");
  }
  CHECK(cuGraphExecDestroy(exec));
  CHECK(cuGraphDestroy(graph));
  CHECK(cuStreamDestroy(stream));
}

}  // namespace

int main(int argc, char** argv) {
  expect(argc == 2, "one argument, a PTX file");
  std::ifstream file(argv[1]);
  std::stringstream text;
  text << file.rdbuf();
  expect(file.is_open(), "the PTX file");

  CUdevice device = 0;
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  char name[100];
  CHECK(cuInit(0));
  CHECK(cuDeviceGet(&device, 0));
  CHECK(cuDeviceGetName(name, sizeof name, device));
  CHECK(cuCtxCreate(&context, CU_CTX_SCHED_BLOCKING_SYNC, device));
  CHECK(cuModuleLoadData(&module, text.str().c_str()));
  Problem p;
  CHECK(cuModuleGetFunction(&p.vecadd, module, "vecadd"));
  for (float** host : {&p.a, &p.b, &p.c}) CHECK(cuMemHostAlloc(reinterpret_cast<void**>(host), kBytes, 0));
  for (CUdeviceptr* memory : {&p.da, &p.db, &p.dc}) CHECK(cuMemAlloc(memory, kBytes));
  for (int i = 0; i < kCount; ++i) p.a[i] = a_of(i), p.b[i] = b_of(i);

  run_on_the_default_stream(p);
  run_on_two_streams(p);
  run_a_graph(p);

  for (const CUdeviceptr memory : {p.da, p.db, p.dc}) CHECK(cuMemFree(memory));
  for (float* host : {p.a, p.b, p.c}) CHECK(cuMemFreeHost(host));
  CHECK(cuModuleUnload(module));
  CHECK(cuCtxDestroy(context));
  std::printf("%s: all results are right\n", name);
  return 0;
}
