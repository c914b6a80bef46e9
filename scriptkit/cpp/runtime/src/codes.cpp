#include "codes.hpp"

#include "scriptkit/errors.hpp"

namespace scriptkit {

at::ScalarType scalar_type_of(std::int64_t code) {
  switch (code) {
    case 1: return at::kByte;
    case 2: return at::kChar;
    case 3: return at::kShort;
    case 4: return at::kInt;
    case 5: return at::kLong;
    case 6: return at::kHalf;
    case 7: return at::kFloat;
    case 8: return at::kDouble;
    case 9: return at::kComplexHalf;
    case 10: return at::kComplexFloat;
    case 11: return at::kComplexDouble;
    case 12: return at::kBool;
    case 13: return at::kBFloat16;
    case 28: return at::kUInt16;
    case 29: return at::kFloat8_e4m3fn;
    case 30: return at::kFloat8_e5m2;
    case 31: return at::kFloat8_e4m3fnuz;
    case 32: return at::kFloat8_e5m2fnuz;
    case 34: return at::kUInt32;
    case 35: return at::kUInt64;
    default: throw FileError("the file has a dtype this program does not know (code " + std::to_string(code) + ")");
  }
}

at::Layout layout_of(std::int64_t code) {
  if (code == 7) return at::kStrided;
  throw FileError("the file has a sparse or opaque tensor, which this program does not run (layout " +
                  std::to_string(code) + ")");
}

at::MemoryFormat memory_format_of(std::int64_t code) {
  switch (code) {
    case 1: return at::MemoryFormat::Contiguous;
    case 2: return at::MemoryFormat::ChannelsLast;
    case 3: return at::MemoryFormat::ChannelsLast3d;
    case 4: return at::MemoryFormat::Preserve;
    default: throw FileError("the file has a memory format this program does not know");
  }
}

std::string device_of(const Json& device) {
  const Json* index = device.find("index");
  return device.at("type").text() + (index ? ":" + std::to_string(index->integer()) : "");
}

c10::Device checked_device(const std::string& text) {
  try {
    return c10::Device(text);
  } catch (const c10::Error&) {
    throw FileError("the file names the device `" + text + "`, which this LibTorch does not know");
  }
}

const char* name_of(at::ScalarType type) {
  switch (type) {
    case at::kByte: return "uint8";
    case at::kChar: return "int8";
    case at::kShort: return "int16";
    case at::kInt: return "int32";
    case at::kLong: return "int64";
    case at::kHalf: return "float16";
    case at::kFloat: return "float32";
    case at::kDouble: return "float64";
    case at::kComplexHalf: return "complex32";
    case at::kComplexFloat: return "complex64";
    case at::kComplexDouble: return "complex128";
    case at::kBool: return "bool";
    case at::kBFloat16: return "bfloat16";
    case at::kUInt16: return "uint16";
    case at::kUInt32: return "uint32";
    case at::kUInt64: return "uint64";
    case at::kFloat8_e4m3fn: return "float8_e4m3fn";
    case at::kFloat8_e5m2: return "float8_e5m2";
    case at::kFloat8_e4m3fnuz: return "float8_e4m3fnuz";
    case at::kFloat8_e5m2fnuz: return "float8_e5m2fnuz";
    default: return "an unknown dtype";
  }
}

at::ScalarType scalar_type_named(const std::string& name) {
  for (std::int64_t code : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 34, 35})
    if (name == name_of(scalar_type_of(code))) return scalar_type_of(code);
  throw FileError("the file has a dtype this program does not know: `" + name + "`");
}

}  // namespace scriptkit
