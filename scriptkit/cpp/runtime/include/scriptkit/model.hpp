// A model in a `.pt2` file: load it, call its methods, train it. No Python, no compiler.
#ifndef SCRIPTKIT_MODEL_HPP
#define SCRIPTKIT_MODEL_HPP

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scriptkit/errors.hpp"
#include "scriptkit/limits.hpp"
#include "scriptkit/value.hpp"

namespace scriptkit {

struct LoadOptions {
  c10::Device device = c10::kCPU;
  Limits limits;
  // Namespaces of operators that this program registers itself and allows files to call.
  std::set<std::string> namespaces;
};

class Model {
 public:
  // Throws FileError when the file is refused; the text says why.
  explicit Model(const std::string& path, const LoadOptions& options = {});
  // The same from bytes in memory.
  static Model from_bytes(std::string bytes, const LoadOptions& options = {});

  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  // Call a method. InputError when no program of the file was exported for such arguments, RunError when an operator
  // fails. Several threads may call at once; calls that write buffers wait for each other. Gradients are recorded
  // unless a c10::NoGradGuard (or torch::NoGradGuard) is in force.
  using Named = std::vector<std::pair<std::string, Value>>;
  Value call(const std::string& method, const std::vector<Value>& arguments, const Named& named = {}) const;
  Value operator()(const std::vector<Value>& arguments, const Named& named = {}) const {
    return call("forward", arguments, named);
  }

  // Why a call would be refused; nothing where it would not.
  std::optional<std::string> reason_against(const std::string& method, const std::vector<Value>& arguments,
                                            const Named& named = {}) const;

  // Arguments of the sizes and dtypes a method was exported with, all zeros: for a first call, or to warm up.
  std::vector<Value> example(const std::string& method = "forward") const;

  std::vector<std::string> methods() const;
  bool has_manifest() const;

  // Let a program of the file be run by other means, such as machine code made from it (compiled.hpp). It is given the
  // tensors among the inputs, in order, and gives the results, all of them tensors. Inputs are checked before, as ever.
  using Runner = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>&)>;
  void run_by(const std::string& program, Runner runner);
  std::vector<std::string> programs() const;

  // The mode decides which programs are called. FileError when the file has none for it.
  void train(bool on = true);
  void eval() { train(false); }
  bool is_training() const;

  // Move parameters, buffers and constants; floating point tensors get the dtype. Not while other threads call.
  void to(c10::Device device);
  void to(at::ScalarType dtype);
  c10::Device device() const;

  // By their names in Python, tied ones once. They are the tensors themselves: change them in place, or give them to an
  // optimizer.
  std::map<std::string, at::Tensor> parameters() const;
  std::map<std::string, at::Tensor> buffers() const;

 private:
  struct Parts;
  explicit Model(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace scriptkit

#endif
