// Floats of trained networks -> the integers of a model.
#pragma once

#include "config/language/train/parser_network.h"
#include "config/language/train/tagger_network.h"
#include "pipeline/syntax/model.h"

namespace tocsin {

void quantise_tagger(const TaggerNetwork& network, SyntaxModel& model);
void quantise_parser(const ParserNetwork& network, SyntaxModel& model);

}  // namespace tocsin
