// scriptkit.h: every function is a `guarded` piece of C++, whose exceptions become a status and a text.
#include "scriptkit/scriptkit.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cstring>

#include "codes.hpp"
#include "scriptkit/model.hpp"

using scriptkit::InputError;
using scriptkit::Value;

struct scriptkit_model {
  scriptkit::Model model;
};

struct scriptkit_values {
  std::vector<std::pair<std::string, Value>> items;
};

namespace {

thread_local std::string last_error;

template <class Result, class Work>
Result guarded(Result failed, const Work& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    last_error = error.what_without_backtrace();
  } catch (const std::exception& error) {
    last_error = error.what();
  } catch (...) {
    last_error = "an unknown error";
  }
  return failed;
}

template <class Work>
int status_of(const Work& work) {
  return guarded(1, [&] { return work(), 0; });
}

const Value& value_at(const scriptkit_values* values, std::int64_t place) {
  if (!values || place < 0 || place >= static_cast<std::int64_t>(values->items.size()))
    throw InputError("there is no value " + std::to_string(place));
  return values->items[static_cast<std::size_t>(place)].second;
}

int add(scriptkit_values* values, const char* name, Value value) {
  return status_of([&] {
    if (!values) throw InputError("values are NULL");
    values->items.emplace_back(name ? name : "", std::move(value));
  });
}

at::Tensor tensor_of(const void* data, int dtype, const std::int64_t* sizes, std::int64_t dimensions) {
  if (dimensions < 0 || (dimensions > 0 && !sizes)) throw InputError("a tensor needs its sizes");
  const at::ScalarType type = scriptkit::scalar_type_of(dtype);
  at::Tensor made =
      at::empty(at::IntArrayRef(sizes, static_cast<std::size_t>(dimensions)), at::TensorOptions().dtype(type));
  if (made.nbytes() > 0 && !data) throw InputError("a tensor needs its data");
  if (made.nbytes() > 0) std::memcpy(made.mutable_data_ptr(), data, made.nbytes());
  return made;
}

scriptkit_values* listed(const Value& value) {
  auto made = std::make_unique<scriptkit_values>();
  if (!value.is_container()) {
    made->items.emplace_back("", value);
    return made.release();
  }
  const bool has_keys = !value.keys().empty();
  for (std::size_t k = 0; k < value.size(); ++k)
    made->items.emplace_back(has_keys ? value.keys()[k] : "", value.items()[k]);
  return made.release();
}

}  // namespace

const char* scriptkit_error(void) { return last_error.c_str(); }

scriptkit_model* scriptkit_load(const char* path, const char* device) {
  return guarded<scriptkit_model*>(nullptr, [&] {
    scriptkit::LoadOptions options;
    options.device = scriptkit::checked_device(device ? device : "cpu");
    return new scriptkit_model{scriptkit::Model(path ? path : "", options)};
  });
}

void scriptkit_model_free(scriptkit_model* model) { delete model; }

int scriptkit_train(scriptkit_model* model, int on) {
  return status_of([&] {
    if (!model) throw InputError("the model is NULL");
    model->model.train(on != 0);
  });
}

int scriptkit_set_threads(int threads) {
  return status_of([&] { at::set_num_threads(threads); });
}

scriptkit_values* scriptkit_values_new(void) {
  return guarded<scriptkit_values*>(nullptr, [] { return new scriptkit_values(); });
}

void scriptkit_values_free(scriptkit_values* values) { delete values; }

int scriptkit_add_tensor(scriptkit_values* values, const char* name, const void* data, int dtype, const int64_t* sizes,
                         int64_t dimensions) {
  at::Tensor tensor;
  const int failed = status_of([&] { tensor = tensor_of(data, dtype, sizes, dimensions); });
  return failed ? failed : add(values, name, tensor);
}

int scriptkit_add_integer(scriptkit_values* values, const char* name, int64_t value) {
  return add(values, name, static_cast<std::int64_t>(value));
}
int scriptkit_add_number(scriptkit_values* values, const char* name, double value) { return add(values, name, value); }
int scriptkit_add_truth(scriptkit_values* values, const char* name, int value) { return add(values, name, value != 0); }
int scriptkit_add_text(scriptkit_values* values, const char* name, const char* value) {
  return add(values, name, std::string(value ? value : ""));
}
int scriptkit_add_none(scriptkit_values* values, const char* name) { return add(values, name, Value()); }

int scriptkit_add_container(scriptkit_values* values, const char* name, int kind, const scriptkit_values* items) {
  Value made;
  const int failed = status_of([&] {
    if (!items) throw InputError("items are NULL");
    if (kind < SCRIPTKIT_LIST || kind > SCRIPTKIT_RECORD) throw InputError("that is no kind of container");
    const bool has_keys = kind == SCRIPTKIT_DICT || kind == SCRIPTKIT_RECORD;
    std::vector<Value> held;
    std::vector<std::string> keys;
    for (const auto& [key, item] : items->items) {
      held.push_back(item);
      if (has_keys) keys.push_back(key);
    }
    made = Value::container(static_cast<Value::Kind>(kind), std::move(held), std::move(keys));
  });
  return failed ? failed : add(values, name, made);
}

scriptkit_values* scriptkit_call(const scriptkit_model* model, const char* method, const scriptkit_values* arguments) {
  return guarded<scriptkit_values*>(nullptr, [&] {
    if (!model || !arguments) throw InputError("the model or the arguments are NULL");
    std::vector<Value> positional;
    scriptkit::Model::Named named;
    for (const auto& [name, value] : arguments->items) {
      if (name.empty())
        positional.push_back(value);
      else
        named.emplace_back(name, value);
    }
    const at::NoGradGuard no_grad;
    return listed(model->model.call(method ? method : "forward", positional, named));
  });
}

int64_t scriptkit_count(const scriptkit_values* values) {
  return values ? static_cast<int64_t>(values->items.size()) : 0;
}

int scriptkit_kind(const scriptkit_values* values, int64_t place) {
  return guarded(-1, [&] { return static_cast<int>(value_at(values, place).kind()); });
}

const char* scriptkit_name(const scriptkit_values* values, int64_t place) {
  return guarded("",
                 [&] { return value_at(values, place), values->items[static_cast<std::size_t>(place)].first.c_str(); });
}

int scriptkit_get_integer(const scriptkit_values* values, int64_t place, int64_t* value) {
  return status_of([&] { *value = value_at(values, place).integer(); });
}

int scriptkit_get_number(const scriptkit_values* values, int64_t place, double* value) {
  return status_of([&] { *value = value_at(values, place).number(); });
}

int scriptkit_get_truth(const scriptkit_values* values, int64_t place, int* value) {
  return status_of([&] { *value = value_at(values, place).boolean(); });
}

const char* scriptkit_get_text(const scriptkit_values* values, int64_t place) {
  return guarded<const char*>(nullptr, [&] { return value_at(values, place).text().c_str(); });
}

scriptkit_values* scriptkit_get_container(const scriptkit_values* values, int64_t place) {
  return guarded<scriptkit_values*>(nullptr, [&] {
    value_at(values, place).items();
    return listed(value_at(values, place));
  });
}

int64_t scriptkit_get_sizes(const scriptkit_values* values, int64_t place, int64_t* sizes, int64_t room) {
  return guarded<int64_t>(-1, [&] {
    const at::Tensor& tensor = value_at(values, place).tensor();
    for (std::int64_t k = 0; k < tensor.dim() && k < room; ++k) sizes[k] = tensor.size(k);
    return static_cast<int64_t>(tensor.dim());
  });
}

int scriptkit_get_dtype(const scriptkit_values* values, int64_t place) {
  return guarded(-1, [&] {
    const at::ScalarType type = value_at(values, place).tensor().scalar_type();
    for (const int code : {1, 2, 3, 4, 5, 6, 7, 8, 12, 13})
      if (scriptkit::scalar_type_of(code) == type) return code;
    throw InputError(std::string("C has no name for the dtype ") + scriptkit::name_of(type));
  });
}

int scriptkit_get_tensor(const scriptkit_values* values, int64_t place, void* data, int dtype, int64_t room) {
  return status_of([&] {
    const at::Tensor tensor =
        value_at(values, place).tensor().detach().cpu().to(scriptkit::scalar_type_of(dtype)).contiguous();
    if (tensor.numel() > room)
      throw InputError("the tensor has " + std::to_string(tensor.numel()) + " elements, and there is room for " +
                       std::to_string(room));
    if (tensor.numel() > 0) std::memcpy(data, tensor.const_data_ptr(), tensor.nbytes());
  });
}
