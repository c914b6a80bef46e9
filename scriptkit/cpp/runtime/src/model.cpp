#include "scriptkit/model.hpp"

#include <algorithm>
#include <mutex>
#include <sstream>

#include "archive.hpp"
#include "manifest.hpp"
#include "program.hpp"

namespace scriptkit {

struct Model::Parts {
  Parts(Archive& archive, const LoadOptions& options) : manifest_(archive, options.limits), store_(options.limits) {
    for (const ListedMethod& listed : manifest_.methods())
      methods_.emplace_back(listed.name, load(archive, listed, options));
    store_.drop_storages();
    is_training_ = manifest_.is_training();
    if (options.device.type() != c10::kCPU) move(options.device);
  }

  using Programs = std::vector<std::unique_ptr<Program>>;

  Programs load(Archive& archive, const ListedMethod& listed, const LoadOptions& options) {
    Programs programs;
    if (listed.programs.empty())
      throw FileError("the file is damaged: the method `" + listed.name + "` has no program");
    const Signature signature = listed.parameters ? Signature::from_manifest(*listed.parameters) : Signature();
    for (const ListedProgram& entry : listed.programs) {
      const std::string file = "models/" + entry.name + ".json";
      const Json json = Json::parse(archive.text(file, options.limits.text_bytes), "`" + file + "`");
      programs.push_back(std::make_unique<Program>(ProgramSource{entry.name, json, entry.described, &signature,
                                                                 store_.of_program(archive, entry.name),
                                                                 options.namespaces, options.limits}));
    }
    return programs;
  }

  const Programs& programs_of(const std::string& method) const {
    for (const auto& [name, programs] : methods_)
      if (name == method) return programs;
    std::string known;
    for (const auto& [name, programs] : methods_) known += (known.empty() ? "`" : ", `") + name + "`";
    throw InputError("the model has no method `" + method + "`; it has " + known);
  }

  bool is_for_this_mode(const Program& program) const {
    return program.training().value_or(is_training_) == is_training_;
  }

  // The program that these arguments fit, or why there is none.
  const Program* fitting(const std::string& method, const Arguments& given, FlatInputs& inputs,
                         std::string& reason) const {
    std::optional<Refusal> furthest;
    std::size_t tried = 0;
    for (const auto& program : programs_of(method)) {
      if (!is_for_this_mode(*program)) continue;
      auto refusal = program->refusal_of(given, inputs);
      if (!refusal) return program.get();
      ++tried;
      if (!furthest || refusal->progress > furthest->progress) furthest = std::move(refusal);
    }
    reason = "`" + method + "` cannot take this call: ";
    if (!furthest)
      reason += std::string("the file has no program for ") + (is_training_ ? "train()" : "eval()") +
                ": export it in that mode too";
    else
      reason += furthest->reason;
    if (tried == 2) reason += " (nor does the other program take it)";
    if (tried > 2) reason += " (nor does any of the other " + std::to_string(tried - 1) + " programs take it)";
    return nullptr;
  }

  Value call(const std::string& method, const Arguments& given) {
    FlatInputs inputs;
    std::string reason;
    const Program* program = fitting(method, given, inputs, reason);
    if (!program) throw InputError(reason);
    if (!program->writes_state()) return program->run(std::move(inputs));
    const std::lock_guard<std::mutex> lock(writing_);
    return program->run(std::move(inputs));
  }

  void move(c10::Device device) {
    store_.move(device, std::nullopt);
    for (auto& [name, programs] : methods_)
      for (auto& program : programs) program->move_to(device_, device);
    device_ = device;
  }

  // Each tensor once, by the first of its names: two updates of tied weights by an optimizer would be one too many.
  std::map<std::string, at::Tensor> tensors(bool parameters) const {
    std::map<std::string, at::Tensor> found;
    std::set<const StoredTensor*> seen;
    for (const auto& [method, programs] : methods_)
      for (const auto& program : programs)
        for (const auto& [name, stored] : program->tensors())
          if (stored->is_parameter == parameters && seen.insert(stored).second) found.emplace(name, stored->tensor);
    return found;
  }

  Manifest manifest_;
  TensorStore store_;
  std::vector<std::pair<std::string, Programs>> methods_;
  bool is_training_ = false;
  c10::Device device_ = c10::kCPU;
  std::mutex writing_;
};

namespace {

// What torch or the standard library throws while a file is read is a fault of the file.
template <class Load>
auto loaded(const Load& load) {
  try {
    return load();
  } catch (const c10::Error& error) {
    throw FileError(std::string("the file cannot be loaded: ") + error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    throw FileError("the file cannot be loaded: there is not enough memory for it");
  } catch (const std::length_error&) {
    throw FileError("the file is damaged: it has an impossible size");
  }
}

}  // namespace

Model::Model(const std::string& path, const LoadOptions& options)
    : parts_(loaded([&] {
        Archive archive(path);
        return std::make_unique<Parts>(archive, options);
      })) {}

Model Model::from_bytes(std::string bytes, const LoadOptions& options) {
  return Model(loaded([&] {
    Archive archive(std::make_unique<std::istringstream>(std::move(bytes)));
    return std::make_unique<Parts>(archive, options);
  }));
}

Model::Model(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Value Model::call(const std::string& method, const std::vector<Value>& arguments, const Named& named) const {
  return parts_->call(method, {arguments, named});
}

std::optional<std::string> Model::reason_against(const std::string& method, const std::vector<Value>& arguments,
                                                 const Named& named) const {
  FlatInputs inputs;
  std::string reason;
  if (parts_->fitting(method, {arguments, named}, inputs, reason)) return std::nullopt;
  return reason;
}

std::vector<Value> Model::example(const std::string& method) const {
  for (const auto& program : parts_->programs_of(method))
    if (parts_->is_for_this_mode(*program)) return program->example();
  return parts_->programs_of(method).front()->example();
}

std::vector<std::string> Model::methods() const {
  std::vector<std::string> names;
  for (const auto& [name, programs] : parts_->methods_) names.push_back(name);
  return names;
}

void Model::run_by(const std::string& program, Runner runner) {
  for (auto& [method, programs] : parts_->methods_)
    for (auto& one : programs)
      if (one->name() == program) return one->run_by(std::move(runner));
  throw InputError("the file has no program `" + program + "`");
}

std::vector<std::string> Model::programs() const {
  std::vector<std::string> names;
  for (const auto& [method, programs] : parts_->methods_)
    for (const auto& program : programs) names.push_back(program->name());
  return names;
}

bool Model::has_manifest() const { return parts_->manifest_.is_there(); }

bool Model::is_training() const { return parts_->is_training_; }

void Model::train(bool on) {
  const auto has_mode = [&](const auto& method) {
    return std::any_of(method.second.begin(), method.second.end(),
                       [&](const auto& program) { return program->training().value_or(on) == on; });
  };
  const bool says_modes = parts_->manifest_.is_there();
  if (says_modes && !std::any_of(parts_->methods_.begin(), parts_->methods_.end(), has_mode))
    throw FileError(std::string("the file has no program for ") + (on ? "train()" : "eval()") +
                    ": export the model in that mode too");
  if (!says_modes && on != parts_->is_training_)
    throw FileError("the file does not say which modes its programs were made for: save it with scriptkit");
  parts_->is_training_ = on;
}

void Model::to(c10::Device device) { parts_->move(device); }

void Model::to(at::ScalarType dtype) {
  if (!at::isFloatingType(dtype)) throw InputError("a model can be converted to a floating point dtype only");
  parts_->store_.move(std::nullopt, dtype);
  for (auto& [name, programs] : parts_->methods_)
    for (auto& program : programs) program->expect_dtype(dtype);
}

c10::Device Model::device() const { return parts_->device_; }

std::map<std::string, at::Tensor> Model::parameters() const { return parts_->tensors(true); }

std::map<std::string, at::Tensor> Model::buffers() const { return parts_->tensors(false); }

}  // namespace scriptkit
