# The target LibTorch::LibTorch: the libraries and headers of LibTorch, named one by one.
#
# find_package(Torch) of a CUDA build insists on a CUDA toolkit (nvcc, headers), which the wheel of PyPI does not bring
# and a program that calls LibTorch does not need. So the libraries are linked directly, those of CUDA where they lie.
# LIBTORCH or CMAKE_PREFIX_PATH may name the folder of LibTorch, or what torch.utils.cmake_prefix_path says.

set(LIBTORCH "$ENV{LIBTORCH}" CACHE PATH "the folder of LibTorch, or of the Python package torch")

set(candidates "")
foreach(folder ${LIBTORCH} ${CMAKE_PREFIX_PATH})
  list(APPEND candidates "${folder}" "${folder}/../.." "${folder}/torch")
endforeach()
find_path(LIBTORCH_INCLUDE ATen/core/Tensor.h PATHS ${candidates} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_path(LIBTORCH_INCLUDE ATen/core/Tensor.h)
if(NOT LIBTORCH_INCLUDE)
  message(FATAL_ERROR "LibTorch was not found: set LIBTORCH to its folder, or to what this prints: "
    "python -c \"import torch; print(torch.utils.cmake_prefix_path)\"")
endif()
get_filename_component(LIBTORCH_ROOT "${LIBTORCH_INCLUDE}" DIRECTORY)

function(find_libtorch_library variable name)
  find_library(${variable} ${name} PATHS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
  if(NOT ${variable})
    message(FATAL_ERROR "LibTorch in ${LIBTORCH_ROOT} has no library `${name}`")
  endif()
endfunction()
find_libtorch_library(LIBTORCH_TORCH torch)
find_libtorch_library(LIBTORCH_CPU torch_cpu)
find_libtorch_library(LIBTORCH_C10 c10)
find_library(LIBTORCH_CUDA torch_cuda PATHS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
find_library(LIBTORCH_C10_CUDA c10_cuda PATHS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)

find_package(Threads REQUIRED)
add_library(LibTorch::LibTorch INTERFACE IMPORTED)
target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
  "${LIBTORCH_INCLUDE}" "${LIBTORCH_INCLUDE}/torch/csrc/api/include")
# the headers of LibTorch 2.14 and later are C++20, those before C++17
set(libtorch_version 0)
file(STRINGS "${LIBTORCH_INCLUDE}/torch/csrc/api/include/torch/version.h" lines REGEX "define TORCH_VERSION_(MAJOR|MINOR)")
if(NOT lines)
  file(STRINGS "${LIBTORCH_INCLUDE}/torch/headeronly/version.h" lines REGEX "define TORCH_VERSION_(MAJOR|MINOR)")
endif()
if("${lines}" MATCHES "MAJOR ([0-9]+).*MINOR ([0-9]+)")
  set(libtorch_version "${CMAKE_MATCH_1}.${CMAKE_MATCH_2}")
endif()
if(libtorch_version VERSION_GREATER_EQUAL 2.14)
  target_compile_features(LibTorch::LibTorch INTERFACE cxx_std_20)
else()
  target_compile_features(LibTorch::LibTorch INTERFACE cxx_std_17)
endif()
target_link_libraries(LibTorch::LibTorch INTERFACE
  "${LIBTORCH_TORCH}" "${LIBTORCH_CPU}" "${LIBTORCH_C10}" Threads::Threads)
if(LIBTORCH_CUDA AND LIBTORCH_C10_CUDA)
  message(STATUS "LibTorch ${libtorch_version}: a build with CUDA in ${LIBTORCH_ROOT}")
  # the operators of CUDA register themselves when their library is loaded: it must stay, though nothing names it.
  # The libraries of NVIDIA that pip installs are found by torch_cuda itself, at run time.
  if(UNIX AND NOT APPLE)
    target_link_libraries(LibTorch::LibTorch INTERFACE
      "-Wl,--no-as-needed" "${LIBTORCH_CUDA}" "${LIBTORCH_C10_CUDA}" "-Wl,--as-needed"
      "-Wl,--allow-shlib-undefined")
  else()
    target_link_libraries(LibTorch::LibTorch INTERFACE "${LIBTORCH_CUDA}" "${LIBTORCH_C10_CUDA}")
  endif()
else()
  message(STATUS "LibTorch ${libtorch_version}: a build for the CPU in ${LIBTORCH_ROOT}")
endif()
if(MSVC)
  target_compile_definitions(LibTorch::LibTorch INTERFACE NOMINMAX)
endif()
