// The parameters, buffers and constants of a file. Each storage is read once, whatever the number of programs.
#ifndef SCRIPTKIT_TENSOR_STORE_HPP
#define SCRIPTKIT_TENSOR_STORE_HPP

#include <ATen/core/Tensor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive.hpp"
#include "json.hpp"
#include "scriptkit/limits.hpp"

namespace scriptkit {

struct StoredTensor {
  at::Tensor tensor;
  bool is_parameter = false;
};

class TensorStore {
 public:
  explicit TensorStore(const Limits& limits) : limits_(limits) {}

  // What a program calls by these names; the addresses stay valid, and the tensors there change when they move.
  using Names = std::map<std::string, StoredTensor*>;
  Names of_program(Archive& archive, const std::string& program);

  // When all programs are read, what nobody uses is freed.
  void drop_storages() { storages_.clear(); }

  void move(std::optional<c10::Device> device, std::optional<at::ScalarType> dtype);

 private:
  void read_config(Archive& archive, const std::string& folder, const std::string& file, Names& names);
  StoredTensor* tensor_of(Archive& archive, const std::string& name, const std::string& folder, const Json& payload);
  const at::Tensor& storage(Archive& archive, const std::string& entry);

  Limits limits_;
  std::int64_t bytes_ = 0;
  std::map<std::string, at::Tensor> storages_;   // the bytes, by entry
  std::map<std::string, StoredTensor> tensors_;  // by entry, dtype, sizes, strides and offset
};

}  // namespace scriptkit

#endif
