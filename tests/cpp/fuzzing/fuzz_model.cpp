// libFuzzer: whatever the bytes, loading and calling end in a result or in an error of scriptkit, and nothing else.
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/util/Logging.h>

#include "scriptkit/model.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  at::set_num_threads(1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const c10::NoGradGuard no_grad;
  scriptkit::LoadOptions options;
  options.limits.text_bytes = 1 << 20;
  options.limits.weight_bytes = 1 << 20;
  options.limits.elements_made = 1 << 16;
  options.limits.loop_rounds = 20;
  try {
    const auto model = scriptkit::Model::from_bytes(std::string(reinterpret_cast<const char*>(data), size), options);
    for (const std::string& method : model.methods()) model.call(method, model.example(method));
  } catch (const scriptkit::Error&) {
  }
  return 0;
}
