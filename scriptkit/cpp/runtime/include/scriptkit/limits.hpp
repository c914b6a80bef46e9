// How much a file may ask for. The defaults are far above any real model; lower them for files of strangers.
#ifndef SCRIPTKIT_LIMITS_HPP
#define SCRIPTKIT_LIMITS_HPP

#include <cstdint>

namespace scriptkit {

struct Limits {
  std::int64_t text_bytes = std::int64_t{1} << 30;     // one JSON text of the file
  std::int64_t weight_bytes = std::int64_t{1} << 40;   // all tensors of the file together
  std::int64_t elements_made = std::int64_t{1} << 36;  // one tensor made from sizes that the program gives
  std::int64_t loop_rounds = 1'000'000'000;            // rounds of one `while_loop` in one call
};

}  // namespace scriptkit

#endif
