// The numbers and names by which the schema of torch.export and the manifest mean dtypes, layouts and devices.
#ifndef SCRIPTKIT_CODES_HPP
#define SCRIPTKIT_CODES_HPP

#include <ATen/core/Tensor.h>

#include <string>

#include "json.hpp"

namespace scriptkit {

at::ScalarType scalar_type_of(std::int64_t code);
at::Layout layout_of(std::int64_t code);
at::MemoryFormat memory_format_of(std::int64_t code);
std::string device_of(const Json& device);
c10::Device checked_device(const std::string& text);

const char* name_of(at::ScalarType type);  // torch's name without `torch.`
at::ScalarType scalar_type_named(const std::string& name);

}  // namespace scriptkit

#endif
