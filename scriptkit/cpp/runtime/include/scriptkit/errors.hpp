// What the runtime throws. Every text says what, where, why and, where there is one, the way out.
#ifndef SCRIPTKIT_ERRORS_HPP
#define SCRIPTKIT_ERRORS_HPP

#include <stdexcept>

namespace scriptkit {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The file is damaged, of an unknown version, or asks for what this program does not do.
struct FileError : Error {
  using Error::Error;
};

// The inputs are not those that the program was exported for.
struct InputError : Error {
  using Error::Error;
};

// An operator failed while the program ran; the text shows the Python line it came from.
struct RunError : Error {
  using Error::Error;
};

}  // namespace scriptkit

#endif
