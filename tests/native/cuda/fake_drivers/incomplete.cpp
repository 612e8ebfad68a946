// A library that tells the version of a new CUDA driver and has nothing else of one.
extern "C" int cuDriverGetVersion(int* version) {
  *version = 12040;
  return 0;
}
extern "C" int cuInit(unsigned) { return 0; }
