# Finds Highway's headers, version 1.2.0 or newer, and defines the target Highway::Headers. Nothing of Highway is linked.
#
# Looks in KI_HIGHWAY_DIR (a folder that holds hwy/highway.h) first, then where build/get-highway.sh puts them, then on the
# system. Older versions are passed over: 1.0 truncates when it converts to bfloat16.

set(KI_HIGHWAY_DIR "" CACHE PATH "Folder that holds hwy/highway.h")
if(DEFINED ENV{XDG_CACHE_HOME})
  set(_cache "$ENV{XDG_CACHE_HOME}/kernels-interop")
else()
  set(_cache "$ENV{HOME}/.cache/kernels-interop")
endif()

find_path(Highway_INCLUDE_DIR hwy/highway.h HINTS "${KI_HIGHWAY_DIR}" "${_cache}/highway-1.2.0/include")
if(Highway_INCLUDE_DIR)
  file(STRINGS "${Highway_INCLUDE_DIR}/hwy/base.h" _lines REGEX "#define HWY_(MAJOR|MINOR|PATCH) [0-9]+")
  string(REGEX REPLACE "[^0-9;]*([0-9]+)" "\\1" _numbers "${_lines}")
  list(JOIN _numbers "." Highway_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Highway REQUIRED_VARS Highway_INCLUDE_DIR VERSION_VAR Highway_VERSION
  REASON_FAILURE_MESSAGE "run build/get-highway.sh, or set KI_HIGHWAY_DIR")

if(Highway_FOUND AND NOT TARGET Highway::Headers)
  add_library(Highway::Headers INTERFACE IMPORTED)
  target_include_directories(Highway::Headers INTERFACE "${Highway_INCLUDE_DIR}")
endif()
