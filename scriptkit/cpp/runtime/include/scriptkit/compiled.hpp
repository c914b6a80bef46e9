// A model whose programs were compiled to machine code by AOTInductor (`scriptkit aoti`), made safe: the runtime checks
// shapes, dtypes and guards before each call, which the machine code alone does not.
//
// Such a file is code: it is loaded into the process as a shared library. Load only files of people you trust.
#ifndef SCRIPTKIT_COMPILED_HPP
#define SCRIPTKIT_COMPILED_HPP

#include <c10/core/GradMode.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "scriptkit/model.hpp"

namespace scriptkit {

enum class Otherwise { Refuse, Portable };

class CompiledModel {
 public:
  // Load machine code for every program that has some. A program without, or whose code does not load here (it was
  // made for another kind of processor), is an error, or runs on the portable runtime: `portable` says which and why.
  explicit CompiledModel(const std::string& path, Otherwise otherwise = Otherwise::Refuse) : model_(path) {
    for (const std::string& program : model_.programs()) {
      const std::string reason = compiled(path, program);
      if (reason.empty()) continue;
      if (otherwise == Otherwise::Refuse)
        throw FileError("the program `" + program + "` has no machine code that runs here: " + reason);
      portable_.push_back(program + ": " + reason);
    }
  }

  Model& model() { return model_; }
  const Model& model() const { return model_; }
  const std::vector<std::string>& portable() const { return portable_; }

  Value call(const std::string& method, const std::vector<Value>& arguments, const Model::Named& named = {}) const {
    const c10::NoGradGuard no_grad;  // machine code records no gradients
    return model_.call(method, arguments, named);
  }

 private:
  std::string compiled(const std::string& path, const std::string& program) {
    try {
      auto loader = std::make_shared<torch::inductor::AOTIModelPackageLoader>(path, program);
      auto lock = std::make_shared<std::mutex>();  // one instance of the code is called by one thread at a time
      model_.run_by(program, [loader, lock](const std::vector<at::Tensor>& inputs) {
        const std::lock_guard<std::mutex> guard(*lock);
        return loader->run(inputs);
      });
      return "";
    } catch (const c10::Error& error) {
      return first_line(error.what_without_backtrace());
    } catch (const std::exception& error) {
      return first_line(error.what());
    }
  }

  static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

  Model model_;
  std::vector<std::string> portable_;
};

}  // namespace scriptkit

#endif
