// libFuzzer, without LibTorch's operators: the readers of JSON, zip, guards and structures alone, so that many more
// inputs are tried. The first byte says which.
#include <sstream>
#include <unordered_map>

#include "archive.hpp"
#include "expression.hpp"
#include "scriptkit/errors.hpp"
#include "structure.hpp"

namespace {

void read(int which, const std::string& text) {
  std::size_t next = 0;
  switch (which) {
    case 0: scriptkit::Json::parse(text, "text"); return;
    case 1: {
      scriptkit::Archive archive(std::make_unique<std::istringstream>(text));
      for (const std::string& name : archive.names()) archive.text(name, 1 << 20);
      return;
    }
    case 2: {
      const std::unordered_map<std::string, std::size_t> places = {{"['x']", 0}, {"['d']['k'][0]", 1}};
      const std::vector<c10::IValue> inputs = {std::int64_t{7}, 2.5};
      scriptkit::Expression::parse(text, places).holds(inputs);
      return;
    }
    case 3:
      scriptkit::Expression::from_manifest(scriptkit::Json::parse(text, "text"), 2).holds({std::int64_t{7}, 2.5});
      return;
    default: scriptkit::Structure::from_tree_spec(scriptkit::Json::parse(text, "text"), nullptr, next);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  try {
    read(data[0] % 5, std::string(reinterpret_cast<const char*>(data + 1), size - 1));
  } catch (const scriptkit::Error&) {
  }
  return 0;
}
