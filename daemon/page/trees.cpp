#include "daemon/page/trees.h"

#include "daemon/tree_drawing.h"
#include "pipeline/encode/json_writer.h"
#include "pipeline/tension/trees.h"

namespace tocsin::page {
namespace {

// The evidence of events within the piece; false: there is none.
bool write_events(const Text& text, const std::vector<Event>& events, TokenSpan piece,
                  JsonWriter& json) {
  bool has_events = false;
  json.key("events").open_array();
  for (const Event& event : events) {
    const TokenSpan evidence = event.evidence;
    if (evidence.size() == 0 || evidence.begin < piece.begin || evidence.begin >= piece.end) {
      continue;
    }
    const std::uint32_t byte = text.bytes_of(evidence).begin;
    json.open_object();
    json.key("field").string(text.field_of(byte) == Field::title ? "title" : "body");
    json.key("start").integer(text.original_offset(byte, false));
    json.close_object();
    has_events = true;
  }
  json.close_array();
  return has_events;
}

void write_rows(const Text& text, const Tree& tree, JsonWriter& json) {
  json.key("rows").open_array();
  for (const TreeRow& row : drawn(tree)) {
    const Node& node = tree.nodes[row.node];
    json.open_array();
    json.string(row.drawing);
    json.string(text.slice(text.tokens[tree.tokens.begin + row.node]));
    json.string(name(node.tag));
    json.string(name(node.relation));
    json.close_array();
  }
  json.close_array();
}

}  // namespace

std::string trees_json(const Pipeline& pipeline, const Reading& reading) {
  const Analysis analysis = analyse(pipeline, reading);
  std::string out;
  JsonWriter all(out);
  all.open_object();
  all.key("trees").open_array();
  std::size_t count = 0;
  for (const TokenSpan piece : analysis.assessment.read) {
    std::string tree;
    JsonWriter json(tree);
    json.open_object();
    if (!write_events(reading.text, analysis.assessment.events, piece, json)) continue;
    write_rows(reading.text,
               tree_of(pipeline.lexicon, pipeline.gazetteer, reading.text, analysis.tagging, piece),
               json);
    json.close_object();
    out += (count == 0 ? "" : ",") + tree;
    if (++count == kTreesMax) break;
  }
  all.close_array();
  all.close_object();
  return out;
}

}  // namespace tocsin::page
