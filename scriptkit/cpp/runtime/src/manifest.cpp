#include "manifest.hpp"

#include <map>

#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

constexpr const char* kManifest = "extra/scriptkit.json";
constexpr const char* kFormat = "scriptkit-pt2";
constexpr const char* kKnownMajor = "1.";
constexpr std::size_t kMostPrograms = 10'000;

void check_format(const Archive& archive) {
  if (archive.has("archive_format")) return;
  if (archive.has("data.pkl") || archive.has("constants.pkl"))
    throw FileError(
        "the file is a TorchScript or pickle file (.pt), not a .pt2: export the model with scriptkit.export_program");
  throw FileError("the file is no .pt2: it has no `archive_format`");
}

}  // namespace

Manifest::Manifest(Archive& archive, const Limits& limits) {
  check_format(archive);
  if (archive.text("archive_format", 64) != "pt2")
    throw FileError("the file is no .pt2: its `archive_format` is another");
  if (archive.has(kManifest)) {
    json_ = Json::parse(archive.text(kManifest, limits.text_bytes), "the manifest");
    read(archive, limits);
  } else {
    find_programs(archive);
  }
  std::size_t programs = 0;
  for (const ListedMethod& method : methods_) programs += method.programs.size();
  if (programs == 0) throw FileError("the file holds no program");
  if (programs > kMostPrograms) throw FileError("the file holds too many programs");
}

void Manifest::read(Archive& archive, const Limits& limits) {
  if (json_.at("format").text() != kFormat)
    throw FileError("the manifest of the file has another format than `" + std::string(kFormat) + "`");
  const std::string& version = json_.at("manifest_version").text();
  if (version.compare(0, 2, kKnownMajor) != 0)
    throw FileError("the manifest of the file has version " + version +
                    ", which this program does not know: take a newer runtime of scriptkit");
  std::map<std::string, std::string> checksums;
  for (const auto& [name, checksum] : json_.at("checksums").members()) checksums.emplace(name, checksum.text());
  archive.expect(std::move(checksums), kManifest);
  for (const std::string& name : archive.names())  // machine code is read by torch, which asks for no checksum
    if (name.compare(0, 17, "data/aotinductor/") == 0) archive.text(name, limits.weight_bytes);
  for (const Json& method : json_.at("methods").items()) {
    ListedMethod listed{method.at("name").text(), {}, &method.at("parameters")};
    for (const Json& program : method.at("programs").items())
      listed.programs.push_back({program.at("name").text(), &program});
    methods_.push_back(std::move(listed));
  }
}

// Without a manifest: `model` is `forward`, any other program a method of its own.
void Manifest::find_programs(const Archive& archive) {
  const std::string folder = "models/", ending = ".json";
  for (const std::string& entry : archive.names()) {
    if (entry.compare(0, folder.size(), folder) != 0 || entry.size() <= folder.size() + ending.size()) continue;
    if (entry.compare(entry.size() - ending.size(), ending.size(), ending) != 0) continue;
    const std::string name = entry.substr(folder.size(), entry.size() - folder.size() - ending.size());
    methods_.push_back({name == "model" ? "forward" : name, {{name, nullptr}}, nullptr});
  }
}

}  // namespace scriptkit
