# tocsin_embed(TARGET TABLE file...): puts the files into the target's read-only data, under the names given
# (relative to the current folder); tocsin::TABLE() lists them (config/embedded.h). The assembler's .incbin
# needs no tool.
function(tocsin_embed target table)
  set(assembly "    .section .rodata\n")
  set(declarations "")
  set(rows "")
  set(index 0)
  foreach(file ${ARGN})
    set(path "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
    if(NOT EXISTS "${path}")
      message(FATAL_ERROR "tocsin_embed: ${file} does not exist")
    endif()
    string(APPEND assembly
      "    .global tocsin_${table}_${index}\n    .global tocsin_${table}_${index}_end\n"
      "tocsin_${table}_${index}:\n    .incbin \"${path}\"\ntocsin_${table}_${index}_end:\n    .byte 0\n")
    string(APPEND declarations
      "extern const char tocsin_${table}_${index}[];\nextern const char tocsin_${table}_${index}_end[];\n")
    string(APPEND rows "    {\"${file}\", text(tocsin_${table}_${index}, tocsin_${table}_${index}_end)},\n")
    list(APPEND paths "${path}")
    math(EXPR index "${index} + 1")
  endforeach()
  string(APPEND assembly "    .section .note.GNU-stack,\"\",%progbits\n")
  set(out "${CMAKE_CURRENT_BINARY_DIR}")
  file(GENERATE OUTPUT "${out}/${table}.S" CONTENT "${assembly}")
  file(GENERATE OUTPUT "${out}/${table}.cpp" CONTENT
"#include <vector>
#include \"config/embedded.h\"
extern \"C\" {
${declarations}}
namespace tocsin {
namespace {
std::string_view text(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}
}  // namespace
std::span<const EmbeddedFile> ${table}();
std::span<const EmbeddedFile> ${table}() {
  static const std::vector<EmbeddedFile> files = {
${rows}  };
  return files;
}
}  // namespace tocsin
")
  target_sources(${target} PRIVATE "${out}/${table}.S" "${out}/${table}.cpp")
  # .incbin is invisible to dependency scanners.
  set_source_files_properties("${out}/${table}.S" PROPERTIES OBJECT_DEPENDS "${paths}")
endfunction()
