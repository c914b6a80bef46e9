// The portable runtime against TorchScript, in turn, in one process: `compare MODEL.pt2 MODEL.pt RECORDING ROUNDS`.
// Prints a line `call OURS THEIRS` for each round, then `load OURS THEIRS` for each of a few loads, and the peaks of
// memory in use during a call, `memory OURS THEIRS`; seconds of the thread, and bytes.
#include <ATen/Parallel.h>
#include <c10/core/CPUAllocator.h>
#include <time.h>
#include <torch/script.h>

#include <algorithm>
#include <functional>
#include <iostream>

#include "scriptkit/recording.hpp"

namespace {

constexpr double kRoundSeconds = 0.004;
constexpr int kWarmRounds = 30, kLoads = 15;

double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double seconds(const std::function<void()>& work, int number) {
  const double start = now();
  for (int k = 0; k < number; ++k) work();
  return (now() - start) / number;
}

// Counts what is allocated for tensors, and remembers the most.
class CountingReporter : public c10::MemoryReportingInfoBase {
 public:
  std::int64_t used = 0, most = 0;
  void reportMemoryUsage(void*, std::int64_t size, std::size_t, std::size_t, c10::Device) override {
    used += size;
    most = std::max(most, used);
  }
  bool memoryProfilingEnabled() const override { return true; }
};

std::int64_t peak(const std::function<void()>& work) {
  const auto reporter = std::make_shared<CountingReporter>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, reporter);
  work();
  return reporter->most;
}

}  // namespace

int main(int, char** argv) {
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  const scriptkit::Model ours(argv[1]);
  torch::jit::Module theirs = torch::jit::load(argv[2]);
  const scriptkit::RecordedCall call = scriptkit::read_recording(argv[3]).at(0);
  std::vector<c10::IValue> given;
  for (const scriptkit::Value& value : call.arguments) given.emplace_back(value.tensor());
  const auto call_ours = [&] { ours(call.arguments); };
  const auto call_theirs = [&] { theirs.forward(given); };
  if (scriptkit::difference(ours(call.arguments), call.result) != 0) return std::cerr << "the results differ\n", 1;
  for (int k = 0; k < kWarmRounds; ++k) call_ours(), call_theirs();
  const int number = std::max(1, static_cast<int>(kRoundSeconds / seconds(call_theirs, 3)));
  for (int round = 0; round < std::stoi(argv[4]); ++round) {
    double first = 0, second = 0;
    if (round % 2)
      second = seconds(call_theirs, number), first = seconds(call_ours, number);
    else
      first = seconds(call_ours, number), second = seconds(call_theirs, number);
    std::cout << "call " << first << " " << second << "\n";
  }
  for (int k = 0; k < kLoads; ++k) {
    const double first = seconds([&] { scriptkit::Model model(argv[1]); }, 1);
    std::cout << "load " << first << " " << seconds([&] { torch::jit::load(argv[2]); }, 1) << "\n";
  }
  std::cout << "memory " << peak(call_ours) << " " << peak(call_theirs) << "\n";
}
