// What the tests of the runtime call: one command, one line of JSON or words for each thing done.
//   driver replay MODEL RECORDING            every recorded call again
//   driver train MODEL RECORDING STEPS       SGD on the mean square of the first result; the losses
//   driver threads MODEL RECORDING N CALLS   the recorded calls from N threads; how many differ
//   driver methods MODEL                     the methods
//   driver to MODEL RECORDING DTYPE          convert, call, the dtype of the first result
//   driver modes MODEL RECORDING             the first call in eval() and in train()
#include <ATen/Parallel.h>
#include <torch/optim/sgd.h>

#include <cmath>
#include <iostream>
#include <thread>

#include "scriptkit/recording.hpp"

namespace {

using scriptkit::Model;
using scriptkit::RecordedCall;
using scriptkit::Value;

std::string one_line(std::string text) {
  for (char& letter : text)
    if (letter == '\n') letter = '|';
  return text;
}

void replay(const Model& model, const std::vector<RecordedCall>& calls) {
  const at::NoGradGuard no_grad;
  for (const RecordedCall& call : calls) {
    try {
      const double found = scriptkit::difference(model.call(call.method, call.arguments, call.named), call.result);
      if (call.is_refused)
        std::cout << "taken\n";
      else if (found == 0)
        std::cout << "equal\n";
      else
        std::cout << "different " << found << "\n";
    } catch (const scriptkit::InputError& error) {
      std::cout << "refused " << one_line(error.what()) << "\n";
    } catch (const scriptkit::RunError& error) {
      std::cout << "failed " << one_line(error.what()) << "\n";
    }
  }
}

const at::Tensor& first_tensor(const Value& value) {
  return value.kind() == Value::Kind::Tensor ? value.tensor() : first_tensor(value[0]);
}

void train(Model& model, const RecordedCall& call, int steps) {
  std::vector<at::Tensor> parameters;
  for (auto& [name, tensor] : model.parameters()) parameters.push_back(tensor);
  torch::optim::SGD optimizer(parameters, 0.1);
  for (int step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    const at::Tensor loss = first_tensor(model.call(call.method, call.arguments, call.named)).pow(2).mean();
    loss.backward();
    optimizer.step();
    std::printf("%.9g\n", loss.item<double>());
  }
}

void call_from_threads(const Model& model, const std::vector<RecordedCall>& calls, int threads, int each) {
  std::atomic<int> different{0};
  std::vector<std::thread> running;
  for (int number = 0; number < threads; ++number) {
    running.emplace_back([&] {
      const at::NoGradGuard no_grad;
      for (int k = 0; k < each; ++k) {
        const RecordedCall& call = calls[static_cast<std::size_t>(k) % calls.size()];
        different += scriptkit::difference(model.call(call.method, call.arguments, call.named), call.result) != 0;
      }
    });
  }
  for (std::thread& one : running) one.join();
  std::cout << different << " different\n";
}

int run(const std::vector<std::string>& given) {
  const std::string& command = given.at(1);
  Model model(given.at(2));
  if (command == "methods") {
    for (const std::string& name : model.methods()) std::cout << name << "\n";
    return 0;
  }
  const std::vector<RecordedCall> calls = scriptkit::read_recording(given.at(3));
  if (command == "replay") replay(model, calls);
  if (command == "train") train(model, calls.at(0), std::stoi(given.at(4)));
  if (command == "threads") call_from_threads(model, calls, std::stoi(given.at(4)), std::stoi(given.at(5)));
  if (command == "to") {
    model.to(given.at(4) == "float64" ? at::kDouble : at::kBFloat16);
    std::vector<Value> moved;
    for (const Value& value : calls.at(0).arguments)
      moved.emplace_back(value.tensor().to(given.at(4) == "float64" ? at::kDouble : at::kBFloat16));
    std::cout << c10::toString(first_tensor(model.call(calls[0].method, moved)).scalar_type()) << "\n";
  }
  if (command == "modes") {
    for (const bool training : {false, true}) {
      model.train(training);
      replay(model, {calls.at(training ? 1 : 0)});
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  at::set_num_threads(1);
  try {
    return run({argv, argv + argc});
  } catch (const scriptkit::FileError& error) {
    std::cout << "file " << one_line(error.what()) << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cout << "error " << one_line(error.what()) << "\n";
    return 3;
  }
}
