// CRC-32 (of zip) and SHA-256 (of the manifest).
#ifndef SCRIPTKIT_CHECKSUMS_HPP
#define SCRIPTKIT_CHECKSUMS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace scriptkit {

std::uint32_t crc32(const void* data, std::size_t size);

std::string sha256(const void* data, std::size_t size);  // 64 hexadecimal digits

}  // namespace scriptkit

#endif
