# The compiled kernels of convolutions.
include("${CMAKE_CURRENT_LIST_DIR}/short_modules.cmake")
