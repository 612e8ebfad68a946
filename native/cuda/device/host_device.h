// Marks functions that kernels and host code share: kernels call them, tests check them without a device.
#pragma once

#ifdef __CUDACC__
#define KI_HOST_DEVICE __host__ __device__
#else
#define KI_HOST_DEVICE
#endif
