// One program of a file: its graph, what its inputs must be, and how arguments and results are taken apart.
#ifndef SCRIPTKIT_PROGRAM_HPP
#define SCRIPTKIT_PROGRAM_HPP

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "executor.hpp"
#include "graph_reader.hpp"
#include "input_rules.hpp"
#include "signature.hpp"
#include "structure.hpp"
#include "tensor_store.hpp"

namespace scriptkit {

// One argument that the program takes apart into inputs: that of a parameter, or one of `*args` and `**keywords`.
struct ArgumentRule {
  std::string name;
  std::optional<std::size_t> parameter;
  Structure structure;
};

// The inputs of a call, taken apart: as values, and as the graph takes them.
struct FlatInputs {
  std::vector<Value> values;
  Values flat;
};

// Why arguments do not fit, and how much of them did: of several programs, the one that got furthest is named.
struct Refusal {
  std::string reason;
  std::size_t progress = 0;
};

// What a program needs to know of the file it is in.
struct ProgramSource {
  std::string name;
  const Json& json;
  const Json* described;       // its entry in the manifest, nullptr where the file has none
  const Signature* signature;  // of the method, likewise
  TensorStore::Names tensors;
  std::set<std::string> namespaces;
  Limits limits;
};

class Program {
 public:
  explicit Program(ProgramSource source);

  const std::string& name() const { return name_; }
  // The mode it was made in; none where both modes run the same.
  std::optional<bool> training() const { return training_; }
  bool writes_state() const { return writes_state_; }
  const Signature& signature() const { return signature_; }
  const TensorStore::Names& tensors() const { return tensors_; }

  // Nothing and the inputs where the arguments fit this program, else why they do not.
  std::optional<Refusal> refusal_of(const Arguments& given, FlatInputs& inputs) const;

  Value run(FlatInputs inputs) const;

  // Arguments of the sizes that it was exported with, all zeros.
  std::vector<Value> example() const;

  // From now on the results come from there. InputError for a program that writes state.
  using Runner = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>&)>;
  void run_by(Runner runner);

  // Constants of the graph that name a device name this one from now on.
  void move_to(c10::Device from, c10::Device to);
  void expect_dtype(at::ScalarType dtype);

 private:
  struct Written {
    enum class To { Result, State, Input };
    To to = To::Result;
    StoredTensor* state = nullptr;
    std::size_t input = 0;
  };

  std::vector<bool> read_input_specs(const Json& specs, const Json& graph);
  void read_output_specs(const Json& specs);
  void read_call(const Json& graph_module);
  void read_rules(const Json& json);
  void read_manifest(const Json& described);
  std::optional<std::string> flatten(const Bound& bound, std::vector<Value>& values) const;
  Values all_inputs(FlatInputs& inputs) const;
  Values run_elsewhere(const FlatInputs& inputs) const;
  std::vector<Value> written(Values made, const FlatInputs& inputs) const;
  StoredTensor* state(const std::string& name) const;

  std::string name_;
  Limits limits_;
  TensorStore::Names tensors_;
  std::optional<bool> training_;
  bool writes_state_ = false, has_gradients_ = true;
  Signature signature_;
  std::vector<ArgumentRule> arguments_;
  Structure result_;
  InputRules rules_;
  std::vector<std::size_t> user_places_;                             // of the flat inputs among the inputs of the graph
  std::vector<std::pair<std::size_t, StoredTensor*>> state_places_;  // of parameters, buffers and constants
  std::vector<std::string> input_names_;                             // of the flat inputs in the graph
  std::vector<Written> outputs_;
  Graph graph_;
  Runner runner_;
};

}  // namespace scriptkit

#endif
