#include "checksums.hpp"

#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#define SCRIPTKIT_SHA_INSTRUCTIONS 1
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace scriptkit {
namespace {

using Table = std::array<std::array<std::uint32_t, 256>, 8>;

Table crc_table() {
  Table table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0xEDB88320U : 0U);
    table[0][byte] = value;
  }
  for (std::uint32_t byte = 0; byte < 256; ++byte)
    for (std::size_t slice = 1; slice < 8; ++slice)
      table[slice][byte] = (table[slice - 1][byte] >> 8) ^ table[0][table[slice - 1][byte] & 0xFF];
  return table;
}

constexpr std::uint32_t kRounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

using State = std::array<std::uint32_t, 8>;

std::uint32_t rotated(std::uint32_t value, int bits) { return (value >> bits) | (value << (32 - bits)); }

void add_blocks_portably(State& state, const unsigned char* block, std::size_t blocks) {
  for (; blocks > 0; --blocks, block += 64) {
    std::uint32_t words[64];
    for (int i = 0; i < 16; ++i)
      words[i] = std::uint32_t{block[4 * i]} << 24 | std::uint32_t{block[4 * i + 1]} << 16 |
                 std::uint32_t{block[4 * i + 2]} << 8 | std::uint32_t{block[4 * i + 3]};
    for (int i = 16; i < 64; ++i) {
      const std::uint32_t a = words[i - 15], b = words[i - 2];
      words[i] = words[i - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ (a >> 3)) + words[i - 7] +
                 (rotated(b, 17) ^ rotated(b, 19) ^ (b >> 10));
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (int i = 0; i < 64; ++i) {
      const std::uint32_t first =
          h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g)) + kRounds[i] + words[i];
      const std::uint32_t second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
    }
    const std::uint32_t added[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; ++i) state[static_cast<std::size_t>(i)] += added[i];
  }
}

#ifdef SCRIPTKIT_SHA_INSTRUCTIONS
bool has_sha_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1U << 29)) && __get_cpuid(1, &a, &b, &c, &d) &&
         (c & (1U << 19));
}

// The same with the instructions that processors since about 2017 have for it: five times as fast.
__attribute__((target("sha,sse4.1,ssse3"))) void add_blocks_with_instructions(State& state, const unsigned char* block,
                                                                              std::size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  const auto load = [](const void* from) __attribute__((target("sha,sse4.1,ssse3"))) {
    return _mm_loadu_si128(static_cast<const __m128i*>(from));
  };
  // the instructions want the words as (a b e f) and (c d g h)
  __m128i low = _mm_shuffle_epi32(load(state.data()), 0xB1), high = _mm_shuffle_epi32(load(state.data() + 4), 0x1B);
  __m128i first = _mm_alignr_epi8(low, high, 8), second = _mm_blend_epi16(high, low, 0xF0);
  for (; blocks > 0; --blocks, block += 64) {
    const __m128i first_before = first, second_before = second;
    __m128i words[4];
    for (int i = 0; i < 4; ++i) words[i] = _mm_shuffle_epi8(load(block + 16 * i), swap);
    for (int group = 0; group < 16; ++group) {
      const __m128i now = words[group % 4];
      __m128i sum = _mm_add_epi32(now, load(kRounds + 4 * group));
      second = _mm_sha256rnds2_epu32(second, first, sum);
      first = _mm_sha256rnds2_epu32(first, second, _mm_shuffle_epi32(sum, 0x0E));
      if (group >= 12) continue;
      const __m128i next = words[(group + 1) % 4], later = words[(group + 2) % 4], last = words[(group + 3) % 4];
      const __m128i mixed = _mm_add_epi32(_mm_sha256msg1_epu32(now, next), _mm_alignr_epi8(last, later, 4));
      words[group % 4] = _mm_sha256msg2_epu32(mixed, last);
    }
    first = _mm_add_epi32(first, first_before), second = _mm_add_epi32(second, second_before);
  }
  low = _mm_shuffle_epi32(first, 0x1B), high = _mm_shuffle_epi32(second, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state.data()), _mm_blend_epi16(low, high, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state.data() + 4), _mm_alignr_epi8(high, low, 8));
}
#endif

void add_blocks(State& state, const unsigned char* block, std::size_t blocks) {
#ifdef SCRIPTKIT_SHA_INSTRUCTIONS
  static const bool has_instructions = has_sha_instructions();
  if (has_instructions) return add_blocks_with_instructions(state, block, blocks);
#endif
  add_blocks_portably(state, block, blocks);
}

}  // namespace

std::uint32_t crc32(const void* data, std::size_t size) {
  static const Table table = crc_table();
  const auto* byte = static_cast<const unsigned char*>(data);
  std::uint32_t value = 0xFFFFFFFFU;
  for (; size >= 8; size -= 8, byte += 8) {
    const std::uint32_t low = value ^ (std::uint32_t{byte[0]} | std::uint32_t{byte[1]} << 8 |
                                       std::uint32_t{byte[2]} << 16 | std::uint32_t{byte[3]} << 24);
    value = table[7][low & 0xFF] ^ table[6][(low >> 8) & 0xFF] ^ table[5][(low >> 16) & 0xFF] ^ table[4][low >> 24] ^
            table[3][byte[4]] ^ table[2][byte[5]] ^ table[1][byte[6]] ^ table[0][byte[7]];
  }
  for (; size > 0; --size, ++byte) value = (value >> 8) ^ table[0][(value ^ *byte) & 0xFF];
  return ~value;
}

std::string sha256(const void* data, std::size_t size) {
  State state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const auto* bytes = static_cast<const unsigned char*>(data);
  const std::size_t whole = size / 64;
  add_blocks(state, bytes, whole);
  unsigned char tail[128] = {};
  const std::size_t rest = size - whole * 64;
  if (rest > 0) std::memcpy(tail, bytes + whole * 64, rest);
  tail[rest] = 0x80;
  const std::size_t tail_size = rest < 56 ? 64 : 128;
  const std::uint64_t bits = std::uint64_t{size} * 8;
  for (std::size_t i = 0; i < 8; ++i) tail[tail_size - 1 - i] = static_cast<unsigned char>(bits >> (8 * i));
  add_blocks(state, tail, tail_size / 64);
  std::string digits;
  for (const std::uint32_t word : state)
    for (int shift = 28; shift >= 0; shift -= 4) digits += "0123456789abcdef"[(word >> shift) & 15];
  return digits;
}

}  // namespace scriptkit
