// A CUDA driver of an age that the library does not support: it tells its version, and nothing else may be called.
extern "C" int cuDriverGetVersion(int* version) {
  *version = 11040;
  return 0;
}
