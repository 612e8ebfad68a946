// Which exported name belongs to a name that programs write, and since which version of CUDA.
#pragma once

// cuda.h maps each of these names to the symbol beside it. The name itself is an old function with other types, under
// which the stand-in has a trap.
#define VGPU_VERSIONED_SYMBOLS(X) \
  X(cuArray3DCreate, cuArray3DCreate_v2, 3020) \
  X(cuArray3DGetDescriptor, cuArray3DGetDescriptor_v2, 3020) \
  X(cuArrayCreate, cuArrayCreate_v2, 3020) \
  X(cuArrayGetDescriptor, cuArrayGetDescriptor_v2, 3020) \
  X(cuCtxCreate, cuCtxCreate_v2, 3020) \
  X(cuCtxDestroy, cuCtxDestroy_v2, 4000) \
  X(cuCtxPopCurrent, cuCtxPopCurrent_v2, 4000) \
  X(cuCtxPushCurrent, cuCtxPushCurrent_v2, 4000) \
  X(cuDevicePrimaryCtxRelease, cuDevicePrimaryCtxRelease_v2, 11000) \
  X(cuDevicePrimaryCtxReset, cuDevicePrimaryCtxReset_v2, 11000) \
  X(cuDevicePrimaryCtxSetFlags, cuDevicePrimaryCtxSetFlags_v2, 11000) \
  X(cuDeviceTotalMem, cuDeviceTotalMem_v2, 3020) \
  X(cuEventDestroy, cuEventDestroy_v2, 4000) \
  X(cuGetProcAddress, cuGetProcAddress_v2, 12000) \
  X(cuGraphAddKernelNode, cuGraphAddKernelNode_v2, 12000) \
  X(cuGraphExecKernelNodeSetParams, cuGraphExecKernelNodeSetParams_v2, 12000) \
  X(cuGraphExecUpdate, cuGraphExecUpdate_v2, 12000) \
  X(cuGraphInstantiate, cuGraphInstantiateWithFlags, 12000) \
  X(cuGraphKernelNodeGetParams, cuGraphKernelNodeGetParams_v2, 12000) \
  X(cuGraphKernelNodeSetParams, cuGraphKernelNodeSetParams_v2, 12000) \
  X(cuGraphicsResourceGetMappedPointer, cuGraphicsResourceGetMappedPointer_v2, 3020) \
  X(cuGraphicsResourceSetMapFlags, cuGraphicsResourceSetMapFlags_v2, 6050) \
  X(cuIpcOpenMemHandle, cuIpcOpenMemHandle_v2, 11000) \
  X(cuLinkAddData, cuLinkAddData_v2, 6050) \
  X(cuLinkAddFile, cuLinkAddFile_v2, 6050) \
  X(cuLinkCreate, cuLinkCreate_v2, 6050) \
  X(cuMemAlloc, cuMemAlloc_v2, 3020) \
  X(cuMemAllocHost, cuMemAllocHost_v2, 3020) \
  X(cuMemAllocPitch, cuMemAllocPitch_v2, 3020) \
  X(cuMemFree, cuMemFree_v2, 3020) \
  X(cuMemGetAddressRange, cuMemGetAddressRange_v2, 3020) \
  X(cuMemGetInfo, cuMemGetInfo_v2, 3020) \
  X(cuMemHostGetDevicePointer, cuMemHostGetDevicePointer_v2, 3020) \
  X(cuMemHostRegister, cuMemHostRegister_v2, 6050) \
  X(cuMemcpy2D, cuMemcpy2D_v2, 3020) \
  X(cuMemcpy2DAsync, cuMemcpy2DAsync_v2, 3020) \
  X(cuMemcpy2DUnaligned, cuMemcpy2DUnaligned_v2, 3020) \
  X(cuMemcpy3D, cuMemcpy3D_v2, 3020) \
  X(cuMemcpy3DAsync, cuMemcpy3DAsync_v2, 3020) \
  X(cuMemcpyAtoA, cuMemcpyAtoA_v2, 3020) \
  X(cuMemcpyAtoD, cuMemcpyAtoD_v2, 3020) \
  X(cuMemcpyAtoH, cuMemcpyAtoH_v2, 3020) \
  X(cuMemcpyAtoHAsync, cuMemcpyAtoHAsync_v2, 3020) \
  X(cuMemcpyDtoA, cuMemcpyDtoA_v2, 3020) \
  X(cuMemcpyDtoD, cuMemcpyDtoD_v2, 3020) \
  X(cuMemcpyDtoDAsync, cuMemcpyDtoDAsync_v2, 3020) \
  X(cuMemcpyDtoH, cuMemcpyDtoH_v2, 3020) \
  X(cuMemcpyDtoHAsync, cuMemcpyDtoHAsync_v2, 3020) \
  X(cuMemcpyHtoA, cuMemcpyHtoA_v2, 3020) \
  X(cuMemcpyHtoAAsync, cuMemcpyHtoAAsync_v2, 3020) \
  X(cuMemcpyHtoD, cuMemcpyHtoD_v2, 3020) \
  X(cuMemcpyHtoDAsync, cuMemcpyHtoDAsync_v2, 3020) \
  X(cuMemsetD16, cuMemsetD16_v2, 3020) \
  X(cuMemsetD2D16, cuMemsetD2D16_v2, 3020) \
  X(cuMemsetD2D32, cuMemsetD2D32_v2, 3020) \
  X(cuMemsetD2D8, cuMemsetD2D8_v2, 3020) \
  X(cuMemsetD32, cuMemsetD32_v2, 3020) \
  X(cuMemsetD8, cuMemsetD8_v2, 3020) \
  X(cuModuleGetGlobal, cuModuleGetGlobal_v2, 3020) \
  X(cuStreamBatchMemOp, cuStreamBatchMemOp_v2, 11070) \
  X(cuStreamBeginCapture, cuStreamBeginCapture_v2, 10010) \
  X(cuStreamDestroy, cuStreamDestroy_v2, 4000) \
  X(cuStreamGetCaptureInfo, cuStreamGetCaptureInfo_v2, 11030) \
  X(cuStreamWaitValue32, cuStreamWaitValue32_v2, 11070) \
  X(cuStreamWaitValue64, cuStreamWaitValue64_v2, 11070) \
  X(cuStreamWriteValue32, cuStreamWriteValue32_v2, 11070) \
  X(cuStreamWriteValue64, cuStreamWriteValue64_v2, 11070) \
  X(cuTexRefGetAddress, cuTexRefGetAddress_v2, 3020) \
  X(cuTexRefSetAddress, cuTexRefSetAddress_v2, 3020) \
  X(cuTexRefSetAddress2D, cuTexRefSetAddress2D_v3, 4010)

// Old functions that have no such mapping either.
#define VGPU_OLD_SYMBOLS(X) \
  X(cuGraphInstantiate_v2) \
  X(cuTexRefSetAddress2D_v2) \
  X(cuStreamBatchMemOp_ptsz) \
  X(cuStreamBeginCapture_ptsz) \
  X(cuStreamGetCaptureInfo_ptsz) \
  X(cuStreamWaitValue32_ptsz) \
  X(cuStreamWaitValue64_ptsz) \
  X(cuStreamWriteValue32_ptsz) \
  X(cuStreamWriteValue64_ptsz)

// What cuGetProcAddress gives for a version of CUDA that is new enough, though cuda.h maps the name to an older one.
#define VGPU_NEWER_SYMBOLS(X) \
  X(cuCtxCreate, cuCtxCreate_v3, 11040) \
  X(cuDeviceGetUuid, cuDeviceGetUuid_v2, 11040) \
  X(cuGraphAddDependencies, cuGraphAddDependencies_v2, 12030) \
  X(cuGraphAddNode, cuGraphAddNode_v2, 12030) \
  X(cuGraphGetEdges, cuGraphGetEdges_v2, 12030) \
  X(cuGraphNodeGetDependencies, cuGraphNodeGetDependencies_v2, 12030) \
  X(cuGraphNodeGetDependentNodes, cuGraphNodeGetDependentNodes_v2, 12030) \
  X(cuGraphRemoveDependencies, cuGraphRemoveDependencies_v2, 12030) \
  X(cuMemAdvise, cuMemAdvise_v2, 12020) \
  X(cuMemPrefetchAsync, cuMemPrefetchAsync_v2, 12020) \
  X(cuStreamGetCaptureInfo, cuStreamGetCaptureInfo_v3, 12030) \
  X(cuStreamUpdateCaptureDependencies, cuStreamUpdateCaptureDependencies_v2, 12030)
