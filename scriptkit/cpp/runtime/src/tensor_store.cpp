#include "tensor_store.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cstring>
#include <unordered_map>

#include "codes.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

struct Layout {
  at::ScalarType dtype = at::kFloat;
  std::vector<std::int64_t> sizes, strides;
  std::int64_t offset = 0;
};

std::int64_t constant_of(const Json& size) {
  const Json* value = size.find("as_int");
  if (!value) throw FileError("the file is damaged: a stored tensor has a size that is not known");
  if (value->integer() < 0) throw FileError("the file is damaged: a stored tensor has a negative size");
  return value->integer();
}

Layout layout_from(const Json& meta) {
  Layout layout;
  layout.dtype = scalar_type_of(meta.at("dtype").integer());
  layout_of(meta.at("layout").integer());
  for (const Json& size : meta.at("sizes").items()) layout.sizes.push_back(constant_of(size));
  for (const Json& stride : meta.at("strides").items()) layout.strides.push_back(constant_of(stride));
  layout.offset = constant_of(meta.at("storage_offset"));
  if (layout.sizes.size() != layout.strides.size())
    throw FileError("the file is damaged: a tensor has other strides than sizes");
  return layout;
}

// The number of elements up to the last one that the tensor reaches. Doubles cannot overflow, and are exact as far as
// any file is long.
double reach_of(const Layout& layout) {
  double reach = static_cast<double>(layout.offset) + 1;
  for (std::size_t k = 0; k < layout.sizes.size(); ++k) {
    if (layout.sizes[k] == 0) return 0;
    reach += static_cast<double>(layout.sizes[k] - 1) * static_cast<double>(layout.strides[k]);
  }
  return reach;
}

// A truth value that is neither 0 nor 1 is undefined behaviour in whatever reads it.
void require_truths(const at::Tensor& bytes) {
  const auto* begin = bytes.const_data_ptr<std::uint8_t>();
  for (std::int64_t k = 0; k < bytes.numel(); ++k)
    if (begin[k] > 1) throw FileError("the file is damaged: a tensor of truth values holds other values");
}

std::string key_of(const std::string& entry, const Layout& layout) {
  std::string key = entry + "|" + name_of(layout.dtype) + "|" + std::to_string(layout.offset);
  for (const std::int64_t size : layout.sizes) key += "," + std::to_string(size);
  key += "|";
  for (const std::int64_t stride : layout.strides) key += "," + std::to_string(stride);
  return key;
}

}  // namespace

TensorStore::Names TensorStore::of_program(Archive& archive, const std::string& program) {
  if (archive.has("byteorder") && archive.text("byteorder", 16) != "little")
    throw FileError("the weights of the file are not in little-endian order");
  Names names;
  read_config(archive, "data/weights/", "data/weights/" + program + "_weights_config.json", names);
  read_config(archive, "data/constants/", "data/constants/" + program + "_constants_config.json", names);
  return names;
}

void TensorStore::read_config(Archive& archive, const std::string& folder, const std::string& file, Names& names) {
  if (!archive.has(file)) return;
  const Json config = Json::parse(archive.text(file, limits_.text_bytes), "`" + file + "`");
  for (const auto& [name, payload] : config.at("config").members()) {
    if (payload.at("use_pickle").boolean())
      throw FileError("`" + name + "` is stored as a pickle, which is code: this program reads plain tensors only");
    names[name] = tensor_of(archive, name, folder, payload);
  }
}

StoredTensor* TensorStore::tensor_of(Archive& archive, const std::string& name, const std::string& folder,
                                     const Json& payload) {
  const std::string& path = payload.at("path_name").text();
  if (path.find('/') != std::string::npos)
    throw FileError("the file is damaged: `" + path + "` names no stored tensor");
  const Layout layout = layout_from(payload.at("tensor_meta"));
  const std::string entry = folder + path, key = key_of(entry, layout);
  const auto known = tensors_.find(key);
  if (known != tensors_.end()) return &known->second;
  const at::Tensor& bytes = storage(archive, entry);
  const auto width = static_cast<std::int64_t>(c10::elementSize(layout.dtype));
  if (reach_of(layout) * static_cast<double>(width) > static_cast<double>(bytes.numel()))
    throw FileError("the file is damaged: `" + name + "` reaches beyond what is stored for it");
  if (layout.dtype == at::kBool) require_truths(bytes);
  StoredTensor& made = tensors_[key];
  made.tensor = at::empty({0}, at::TensorOptions().dtype(layout.dtype));
  if (bytes.numel() > 0)
    made.tensor.set_(bytes.storage(), layout.offset, layout.sizes, layout.strides);
  else
    made.tensor = at::empty(layout.sizes, at::TensorOptions().dtype(layout.dtype));
  made.is_parameter = payload.at("is_param").boolean();
  const bool can_require = at::isFloatingType(layout.dtype) || at::isComplexType(layout.dtype);
  if (made.is_parameter && can_require && payload.at("tensor_meta").at("requires_grad").boolean())
    made.tensor.requires_grad_();
  return &made;
}

const at::Tensor& TensorStore::storage(Archive& archive, const std::string& entry) {
  at::Tensor& bytes = storages_[entry];
  if (bytes.defined()) return bytes;
  const std::int64_t size = archive.size(entry);
  bytes_ += size;
  if (bytes_ > limits_.weight_bytes)
    throw FileError("the tensors of the file have more bytes than Limits::weight_bytes allows");
  bytes = at::empty({size}, at::TensorOptions().dtype(at::kByte));
  archive.read_into(entry, bytes.mutable_data_ptr());
  return bytes;
}

void TensorStore::move(std::optional<c10::Device> device, std::optional<at::ScalarType> dtype) {
  const at::NoGradGuard no_grad;
  for (auto& [key, stored] : tensors_) {
    const at::Tensor before = stored.tensor;
    const bool is_real = at::isFloatingType(before.scalar_type());
    at::Tensor moved = before.detach().to(before.options()
                                              .device(device.value_or(before.device()))
                                              .dtype(dtype && is_real ? *dtype : before.scalar_type()));
    if (moved.is_alias_of(before)) continue;
    stored.tensor = moved.requires_grad_(before.requires_grad());
  }
}

}  // namespace scriptkit
