#include "archive.hpp"

#include <algorithm>
#include <fstream>

#include "checksums.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

constexpr std::int64_t kEndSize = 22, kLongestComment = 65535, kLocatorSize = 20, kEnd64Size = 56;
constexpr std::int64_t kLocalHeaderSize = 30, kCentralHeaderSize = 46, kLargestDirectory = std::int64_t{1} << 28;
constexpr std::uint32_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator = 0x07064b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50, kLocalHeader = 0x04034b50;
constexpr std::uint64_t kElsewhere = 0xFFFFFFFF;  // the value stands in the zip64 field

[[noreturn]] void damaged(const std::string& why) { throw FileError("the file is damaged: " + why); }

// Little-endian, and always within the text.
std::uint64_t number_at(const std::string& bytes, std::size_t at, std::size_t width) {
  if (at > bytes.size() || bytes.size() - at < width) damaged("a zip header is cut off");
  std::uint64_t value = 0;
  for (std::size_t i = width; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
  return value;
}

std::int64_t as_offset(std::uint64_t value) {
  if (value > (std::uint64_t{1} << 62)) damaged("a zip header gives an impossible size");
  return static_cast<std::int64_t>(value);
}

// The sizes that did not fit into 32 bits stand in a field of their own, in a fixed order.
void read_zip64(const std::string& extra, std::uint64_t& size, std::uint64_t& stored, std::uint64_t& header) {
  for (std::size_t at = 0; at + 4 <= extra.size();) {
    const std::uint64_t id = number_at(extra, at, 2), length = number_at(extra, at + 2, 2);
    std::size_t field = at + 4;
    if (id == 1) {
      for (std::uint64_t* value : {&size, &stored, &header}) {
        if (*value != kElsewhere) continue;
        *value = number_at(extra, field, 8);
        field += 8;
      }
      return;
    }
    at += 4 + length;
  }
}

std::unique_ptr<std::istream> opened(const std::string& path) {
  auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*file) throw FileError("cannot open `" + path + "`");
  return file;
}

}  // namespace

Archive::Archive(const std::string& path) : Archive(opened(path)) {}

Archive::Archive(std::unique_ptr<std::istream> stream) : stream_(std::move(stream)) {
  stream_->seekg(0, std::ios::end);
  file_size_ = static_cast<std::int64_t>(stream_->tellg());
  if (file_size_ < 0) throw FileError("the file cannot be read: it is no ordinary file");
  read_directory();
  drop_common_folder();
}

std::string Archive::bytes_at(std::int64_t offset, std::int64_t count) {
  if (offset < 0 || count < 0 || offset > file_size_ || count > file_size_ - offset)
    damaged("it points outside itself; it may be cut off");
  std::string bytes(static_cast<std::size_t>(count), '\0');
  stream_->clear();
  stream_->seekg(offset);
  if (count > 0 && !stream_->read(bytes.data(), count)) damaged("it cannot be read to its end");
  return bytes;
}

void Archive::read_directory() {
  const std::int64_t tail_size = std::min(file_size_, kEndSize + kLongestComment);
  const std::string tail = bytes_at(file_size_ - tail_size, tail_size);
  const std::size_t end = tail.rfind(std::string("PK\x05\x06", 4));
  if (end == std::string::npos || tail.size() - end < static_cast<std::size_t>(kEndSize) ||
      number_at(tail, end, 4) != kEnd)
    throw FileError("the file is no .pt2: it is no zip file, or it is cut off");
  std::uint64_t count = number_at(tail, end + 10, 2), size = number_at(tail, end + 12, 4);
  std::uint64_t offset = number_at(tail, end + 16, 4);
  if (end >= static_cast<std::size_t>(kLocatorSize) && number_at(tail, end - kLocatorSize, 4) == kLocator) {
    const std::string end64 = bytes_at(as_offset(number_at(tail, end - kLocatorSize + 8, 8)), kEnd64Size);
    if (number_at(end64, 0, 4) != kEnd64) damaged("its zip64 directory is not where it says; it may be cut off");
    count = number_at(end64, 32, 8), size = number_at(end64, 40, 8), offset = number_at(end64, 48, 8);
  }
  if (size > static_cast<std::uint64_t>(kLargestDirectory)) damaged("its directory is too large");
  const std::string directory = bytes_at(as_offset(offset), as_offset(size));
  std::size_t at = 0;
  for (std::uint64_t k = 0; k < count; ++k) read_entry(directory, at);
}

void Archive::read_entry(const std::string& directory, std::size_t& at) {
  if (number_at(directory, at, 4) != kCentralHeader) damaged("its directory has another length than it says");
  const std::uint64_t flags = number_at(directory, at + 8, 2), method = number_at(directory, at + 10, 2);
  Entry entry;
  entry.checksum = static_cast<std::uint32_t>(number_at(directory, at + 16, 4));
  std::uint64_t stored = number_at(directory, at + 20, 4), size = number_at(directory, at + 24, 4);
  const std::uint64_t name_size = number_at(directory, at + 28, 2), extra_size = number_at(directory, at + 30, 2);
  const std::uint64_t comment_size = number_at(directory, at + 32, 2);
  std::uint64_t header = number_at(directory, at + 42, 4);
  const std::size_t name_at = at + kCentralHeaderSize;
  if (directory.size() - name_at < name_size + extra_size + comment_size) damaged("a zip header is cut off");
  const std::string name = directory.substr(name_at, name_size);
  read_zip64(directory.substr(name_at + name_size, extra_size), size, stored, header);
  at = name_at + name_size + extra_size + comment_size;
  if (method != 0 || (flags & 1) != 0 || size != stored)
    throw FileError("`" + name +
                    "` in the file is compressed or encrypted; torch.export stores its entries as they are");
  entry.size = as_offset(size), entry.header = as_offset(header);
  if (entry.size > file_size_ || entry.header > file_size_) damaged("`" + name + "` is larger than the file");
  if (!entries_.emplace(name, entry).second) damaged("`" + name + "` stands in it twice");
}

void Archive::drop_common_folder() {
  if (entries_.empty()) damaged("it is empty");
  const std::string& first = entries_.begin()->first;
  const std::string folder = first.substr(0, first.find('/') + 1);
  std::map<std::string, Entry> renamed;
  for (auto& [name, entry] : entries_) {
    if (folder.empty() || name.compare(0, folder.size(), folder) != 0) damaged("its entries are not in one folder");
    renamed.emplace(name.substr(folder.size()), entry);
  }
  entries_ = std::move(renamed);
}

std::vector<std::string> Archive::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

const Archive::Entry& Archive::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) damaged("`" + name + "` is missing");
  return found->second;
}

std::int64_t Archive::size(const std::string& name) const { return entry(name).size; }

void Archive::read_into(const std::string& name, void* memory) {
  const Entry& wanted = entry(name);
  const std::string header = bytes_at(wanted.header, kLocalHeaderSize);
  if (number_at(header, 0, 4) != kLocalHeader) damaged("`" + name + "` is not where its directory says");
  const auto skipped = static_cast<std::int64_t>(number_at(header, 26, 2) + number_at(header, 28, 2));
  const std::int64_t start = wanted.header + kLocalHeaderSize + skipped;
  if (start > file_size_ || wanted.size > file_size_ - start) damaged("`" + name + "` is cut off");
  stream_->clear();
  stream_->seekg(start);
  if (wanted.size > 0 && !stream_->read(static_cast<char*>(memory), wanted.size)) damaged("`" + name + "` is cut off");
  const auto size = static_cast<std::size_t>(wanted.size);
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return;  // a fuzzer does not guess checksums, and what lies behind them has to be tested
#endif
  const auto expected = expected_.find(name);
  const bool is_right =
      expected != expected_.end() ? sha256(memory, size) == expected->second : crc32(memory, size) == wanted.checksum;
  if (!is_right) throw FileError("`" + name + "` is not what was saved: its checksum is another");
}

std::string Archive::text(const std::string& name, std::int64_t most) {
  if (size(name) > most)
    throw FileError("`" + name + "` has " + std::to_string(size(name)) + " bytes, more than the limit");
  std::string made(static_cast<std::size_t>(size(name)), '\0');
  read_into(name, made.data());
  return made;
}

void Archive::expect(std::map<std::string, std::string> sha256_by_name, const std::string& except) {
  for (const auto& [name, checksum] : sha256_by_name) entry(name);
  for (const auto& [name, entry] : entries_) {
    const bool is_of_the_zip = name == except || name.compare(0, 6, ".data/") == 0;
    if (!is_of_the_zip && !sha256_by_name.count(name))
      throw FileError("`" + name + "` was added to the file after it was saved");
  }
  expected_ = std::move(sha256_by_name);
}

}  // namespace scriptkit
