#include "scriptkit/recording.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "archive.hpp"
#include "codes.hpp"
#include "structure.hpp"

namespace scriptkit {
namespace {

constexpr double kOther = std::numeric_limits<double>::infinity();
constexpr std::int64_t kLargestText = std::int64_t{1} << 28;

at::Tensor tensor_from(Archive& archive, const Json& json) {
  std::vector<std::int64_t> sizes;
  for (const Json& size : json.at("sizes").items()) sizes.push_back(size.integer());
  at::Tensor tensor = at::empty(sizes, at::TensorOptions().dtype(scalar_type_named(json.at("dtype").text())));
  const std::string& entry = json.at("entry").text();
  if (archive.size(entry) != static_cast<std::int64_t>(tensor.nbytes()))
    throw FileError("the recording is damaged: a tensor has another size");
  archive.read_into(entry, tensor.mutable_data_ptr());
  return tensor;
}

Value value_from(Archive& archive, const Json& json) {
  const std::string& kind = json.at("kind").text();
  if (kind == "tensor") return tensor_from(archive, json);
  if (kind == "value") return json.find("value") ? literal_of(json.at("value")) : Value();
  std::vector<Value> items;
  std::vector<std::string> keys;
  for (const Json& item : json.at("items").items()) items.push_back(value_from(archive, item));
  if (const Json* names = json.find("keys"))
    for (const Json& key : names->items()) keys.push_back(key.text());
  const Value::Kind container = kind == "list"    ? Value::Kind::List
                                : kind == "tuple" ? Value::Kind::Tuple
                                : kind == "dict"  ? Value::Kind::Dict
                                                  : Value::Kind::Record;
  return Value::container(container, std::move(items), std::move(keys));
}

double difference_of(const at::Tensor& found, const at::Tensor& expected) {
  if (found.sizes() != expected.sizes() || found.scalar_type() != expected.scalar_type()) return kOther;
  const at::Tensor here = found.detach().cpu().contiguous();
  if (here.nbytes() == 0 || std::memcmp(here.const_data_ptr(), expected.const_data_ptr(), here.nbytes()) == 0) return 0;
  const at::Tensor a = here.to(at::kDouble), b = expected.to(at::kDouble);
  const at::Tensor same = a.eq(b).logical_or(a.isnan().logical_and(b.isnan()));
  const double largest = a.sub(b).abs().masked_fill(same, 0).nan_to_num(kOther).max().item<double>();
  return std::max(largest, std::numeric_limits<double>::denorm_min());  // -0.0 is not 0.0
}

bool has_names(const Value& value) {
  return value.kind() == Value::Kind::Dict || value.kind() == Value::Kind::Record;
}

}  // namespace

std::vector<RecordedCall> read_recording(const std::string& path) {
  Archive archive(path);
  const Json recording = Json::parse(archive.text("calls.json", kLargestText), "the recording");
  std::vector<RecordedCall> calls;
  for (const Json& json : recording.items()) {
    RecordedCall call;
    call.method = json.at("method").text();
    for (const Json& argument : json.at("arguments").items()) call.arguments.push_back(value_from(archive, argument));
    for (const auto& [name, argument] : json.at("named").members())
      call.named.emplace_back(name, value_from(archive, argument));
    call.is_refused = json.at("refused").boolean();
    if (!call.is_refused) call.result = value_from(archive, json.at("result"));
    calls.push_back(std::move(call));
  }
  return calls;
}

double difference(const Value& found, const Value& expected) {
  // an object of somebody's class is a record here, and a dictionary in a Python that has not the class
  if (found.kind() != expected.kind() && !(has_names(found) && has_names(expected))) return kOther;
  if (found.kind() == Value::Kind::Tensor) return difference_of(found.tensor(), expected.tensor());
  if (!found.is_container()) return same_literal(found, expected) ? 0 : kOther;
  if (found.size() != expected.size()) return kOther;
  double largest = 0;
  const bool is_keyed = !expected.keys().empty();
  for (std::size_t k = 0; k < expected.size(); ++k) {
    if (is_keyed && std::find(found.keys().begin(), found.keys().end(), expected.keys()[k]) == found.keys().end())
      return kOther;
    largest = std::max(largest, difference(is_keyed ? found[expected.keys()[k]] : found[k], expected[k]));
  }
  return largest;
}

}  // namespace scriptkit
