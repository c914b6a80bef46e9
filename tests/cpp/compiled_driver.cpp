// What the tests of machine code call: `compiled_driver MODEL.aoti.pt2 RECORDING portable|refuse`. Says which programs
// stay portable, then what came of each recorded call, compared to within 1e-4.
#include <ATen/Parallel.h>

#include <iostream>

#include "scriptkit/compiled.hpp"
#include "scriptkit/recording.hpp"

int main(int, char** argv) {
  at::set_num_threads(1);
  try {
    const bool may_be_portable = std::string(argv[3]) == "portable";
    const scriptkit::CompiledModel model(
        argv[1], may_be_portable ? scriptkit::Otherwise::Portable : scriptkit::Otherwise::Refuse);
    for (const std::string& program : model.portable())
      std::cout << "portable " << program.substr(0, program.find(':')) << "\n";
    for (const scriptkit::RecordedCall& call : scriptkit::read_recording(argv[2])) {
      try {
        const double found = scriptkit::difference(model.call(call.method, call.arguments, call.named), call.result);
        std::cout << (call.is_refused ? "taken" : found <= 1e-4 ? "equal" : "different") << "\n";
      } catch (const scriptkit::InputError& error) {
        std::cout << "refused " << error.what() << "\n";
      }
    }
    return 0;
  } catch (const scriptkit::Error& error) {
    std::cout << "error " << error.what() << "\n";
    return 2;
  }
}
