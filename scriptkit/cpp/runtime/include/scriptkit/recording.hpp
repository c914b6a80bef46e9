// Calls that were recorded in Python, to be made again: are the results the same?
#ifndef SCRIPTKIT_RECORDING_HPP
#define SCRIPTKIT_RECORDING_HPP

#include <string>
#include <vector>

#include "scriptkit/model.hpp"

namespace scriptkit {

struct RecordedCall {
  std::string method;
  std::vector<Value> arguments;
  Model::Named named;
  bool is_refused = false;  // Python refused these arguments
  Value result;
};

// A file that `scriptkit.cpp.recording` wrote. FileError when it is damaged.
std::vector<RecordedCall> read_recording(const std::string& path);

// The largest difference of any number in two values: 0 when they are equal to the last bit, infinity when they differ
// in kind, dtype or shape.
double difference(const Value& found, const Value& expected);

}  // namespace scriptkit

#endif
