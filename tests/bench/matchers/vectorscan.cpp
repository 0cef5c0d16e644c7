// Vectorscan's pure literals on the same files; built by run.py when its library is installed.
#include <hs/hs.h>

#include <string>
#include <vector>

#include "measure.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::vector<std::string> aliases = measure::lines(argv[1]);
  const std::vector<std::string> articles = measure::lines(argv[2]);
  const long before_kb = measure::resident_kb();
  const double started = measure::cpu_seconds();
  std::vector<const char*> literals;
  std::vector<std::size_t> sizes;
  std::vector<unsigned> flags(aliases.size(), 0);
  std::vector<unsigned> ids;
  for (const std::string& alias : aliases) {
    literals.push_back(alias.data());
    sizes.push_back(alias.size());
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_lit_multi(literals.data(), flags.data(), ids.data(), sizes.data(),
                           static_cast<unsigned>(aliases.size()), HS_MODE_BLOCK, nullptr, &database,
                           &error) != HS_SUCCESS) {
    std::fprintf(stderr, "vectorscan: %s\n", error->message);
    return 1;
  }
  hs_scratch_t* scratch = nullptr;
  if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) return 1;
  const double build_s = measure::cpu_seconds() - started;
  const long resident_kb = measure::resident_kb() - before_kb;
  std::size_t database_bytes = 0;
  hs_database_size(database, &database_bytes);
  std::size_t found = 0;
  const double match_s = measure::best_of(measure::kRounds, [&] {
    found = 0;
    for (const std::string& article : articles) {
      hs_scan(
          database, article.data(), static_cast<unsigned>(article.size()), 0, scratch,
          [](unsigned, unsigned long long, unsigned long long, unsigned, void* count) {
            ++*static_cast<std::size_t*>(count);
            return 0;
          },
          &found);
    }
  });
  measure::print("Vectorscan literals", build_s, match_s, articles, found, resident_kb,
                 static_cast<long>(database_bytes / 1024), 0);
}
