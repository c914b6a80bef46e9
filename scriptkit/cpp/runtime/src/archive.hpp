// A zip file whose entries are stored, as torch writes them. Nothing is believed: every range and checksum is checked.
#ifndef SCRIPTKIT_ARCHIVE_HPP
#define SCRIPTKIT_ARCHIVE_HPP

#include <cstdint>
#include <istream>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace scriptkit {

class Archive {
 public:
  explicit Archive(const std::string& path);
  explicit Archive(std::unique_ptr<std::istream> stream);

  // Names are without the folder that holds everything (`model/models/x.json` is `models/x.json`).
  bool has(const std::string& name) const { return entries_.count(name) != 0; }
  std::vector<std::string> names() const;
  std::int64_t size(const std::string& name) const;

  // The bytes of an entry, which must be what its checksum and, if `expect` was called, its SHA-256 say.
  void read_into(const std::string& name, void* memory);
  std::string text(const std::string& name, std::int64_t most);

  // From now on entries of these names must have these SHA-256; an entry that is missing or not named is an error.
  void expect(std::map<std::string, std::string> sha256_by_name, const std::string& except);

 private:
  struct Entry {
    std::int64_t header = 0, size = 0;
    std::uint32_t checksum = 0;
  };

  void read_directory();
  void read_entry(const std::string& directory, std::size_t& at);
  std::string bytes_at(std::int64_t offset, std::int64_t count);
  const Entry& entry(const std::string& name) const;
  void drop_common_folder();

  std::unique_ptr<std::istream> stream_;
  std::int64_t file_size_ = 0;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> expected_;
};

}  // namespace scriptkit

#endif
