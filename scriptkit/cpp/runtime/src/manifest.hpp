// The manifest of scriptkit in a file: which programs belong to which method, and the checksums of all entries.
#ifndef SCRIPTKIT_MANIFEST_HPP
#define SCRIPTKIT_MANIFEST_HPP

#include <string>
#include <utility>
#include <vector>

#include "archive.hpp"
#include "json.hpp"
#include "scriptkit/limits.hpp"

namespace scriptkit {

// One program to be loaded: its name, and its entry in the manifest or nullptr.
struct ListedProgram {
  std::string name;
  const Json* described = nullptr;
};

struct ListedMethod {
  std::string name;
  std::vector<ListedProgram> programs;  // in order of trial
  const Json* parameters = nullptr;     // in the manifest, or nullptr
};

class Manifest {
 public:
  // What the archive holds; from now on its entries must have the checksums that the manifest says.
  Manifest(Archive& archive, const Limits& limits);

  bool is_there() const { return !json_.is_null(); }
  const std::vector<ListedMethod>& methods() const { return methods_; }
  // The mode in which the model is loaded.
  bool is_training() const { return is_there() && json_.at("training").boolean(); }

 private:
  void read(Archive& archive, const Limits& limits);
  void find_programs(const Archive& archive);

  Json json_;
  std::vector<ListedMethod> methods_;
};

}  // namespace scriptkit

#endif
