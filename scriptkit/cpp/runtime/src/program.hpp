// One program of a file: its graph, what its inputs must be, and how arguments and results are taken apart.
#ifndef SCRIPTKIT_PROGRAM_HPP
#define SCRIPTKIT_PROGRAM_HPP

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "executor.hpp"
#include "graph_reader.hpp"
#include "input_rules.hpp"
#include "structure.hpp"
#include "tensor_store.hpp"

namespace scriptkit {

struct ArgumentRule {
  std::string name;
  Structure structure;
  std::optional<Value> standard;  // for an argument that may be left out
};

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

// The inputs of a call, taken apart: as values, and as the graph takes them.
struct FlatInputs {
  std::vector<Value> values;
  Values flat;
};

class Program {
 public:
  // `described` is its entry in the manifest, nullptr where the file has none.
  Program(const std::string& name, const Json& json, const Json* described, TensorStore::Names tensors, std::set<std::string> namespaces, const Limits& limits);

  const std::string& name() const { return name_; }
  bool is_for_training() const { return is_for_training_; }
  bool writes_state() const { return writes_state_; }
  const std::vector<ArgumentRule>& arguments() const { return arguments_; }
  const Structure& result() const { return result_; }
  const InputRules& rules() const { return rules_; }
  const TensorStore::Names& tensors() const { return tensors_; }

  // Nothing and the inputs where the arguments fit this program, else why they do not.
  std::optional<std::string> reason_against(const Arguments& given, FlatInputs& inputs) const;

  Value run(FlatInputs inputs) const;

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
  std::optional<std::string> bind(const Arguments& given, std::vector<Value>& bound) const;
  Values all_inputs(FlatInputs& inputs) const;
  StoredTensor* state(const std::string& name) const;

  std::string name_;
  Limits limits_;
  TensorStore::Names tensors_;
  bool is_for_training_ = false, writes_state_ = false;
  std::vector<ArgumentRule> arguments_;
  Structure result_;
  InputRules rules_;
  std::vector<std::size_t> user_places_;                            // of the flat inputs among the inputs of the graph
  std::vector<std::pair<std::size_t, StoredTensor*>> state_places_; // of parameters, buffers and constants
  std::vector<std::string> input_names_;                            // of the flat inputs in the graph
  std::vector<Written> outputs_;
  Graph graph_;
};

}  // namespace scriptkit

#endif
