#include "pipeline/entities/words.h"

#include <bit>

namespace tocsin {

WordSet::WordSet(std::initializer_list<std::string_view> words)
    : slots_(std::bit_ceil(words.size() * 4 + 1), 0) {
  for (const std::string_view word : words) {
    const std::uint64_t hash = fold_hash(word);
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at] != 0 && slots_[at] != hash) {
      at = (at + 1) & (slots_.size() - 1);
    }
    slots_[at] = hash;
  }
}

bool WordSet::has(std::uint64_t hash) const noexcept {
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at] != 0) {
    if (slots_[at] == hash) {
      return true;
    }
    at = (at + 1) & (slots_.size() - 1);
  }
  return false;
}

// clang-format off
Words::Words()
    : function_words({
          "the", "a", "an", "in", "on", "at", "by", "for", "from", "to", "of", "with", "without", "but", "and",
          "or", "nor", "so", "yet", "if", "when", "while", "where", "who", "what", "why", "how", "after",
          "before", "since", "until", "as", "although", "though", "because", "despite", "during", "under",
          "over", "above", "below", "between", "among", "against", "about", "into", "onto", "through",
          "this", "that", "these", "those", "it", "its", "he", "she", "they", "we", "i", "you", "his",
          "her", "their", "our", "my", "your", "there", "here", "is", "are", "was", "were", "be", "been",
          "has", "have", "had", "do", "does", "did", "will", "would", "can", "could", "may", "might",
          "shall", "should", "must", "not", "no", "yes", "all", "some", "any", "many", "most", "more",
          "both", "each", "every", "other", "another", "such", "only", "also", "then", "than", "now",
          "meanwhile", "however", "earlier", "later", "yesterday", "today", "tomorrow", "last", "next",
          "one", "two", "three", "four", "five", "first", "second", "third", "according", "asked",
          "said", "says", "like", "just", "even", "still", "once", "again", "too", "very", "up", "down",
          "out", "off", "let", "new", "old", "former", "late", "ex", "monday", "tuesday", "wednesday",
          "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april", "june",
          "july", "august", "september", "october", "november", "december", "mr", "mrs", "ms", "dr"}),
      honorifics({
          "mr", "mrs", "ms", "miss", "dr", "sir", "dame", "lord", "lady", "gen", "general", "col",
          "colonel", "lt", "lieutenant", "maj", "major", "capt", "captain", "sgt", "sergeant", "cpl",
          "adm", "admiral", "cmdr", "commander", "brig", "brigadier", "marshal", "sen", "senator", "rep",
          "representative", "congressman", "congresswoman", "gov", "governor", "mayor", "president",
          "premier", "chancellor", "minister", "secretary", "king", "queen", "prince", "princess",
          "emir", "sultan", "sheikh", "sheik", "ayatollah", "pope", "archbishop", "cardinal", "bishop",
          "rev", "reverend", "judge", "justice", "professor", "prof", "ambassador", "envoy",
          "spokesman", "spokeswoman", "spokesperson", "speaker", "chairman", "chairwoman", "director",
          "leader", "comrade", "rebel", "warlord", "dictator", "strongman", "detective", "inspector",
          "officer", "agent", "analyst", "lawyer", "attorney", "coach", "captain", "striker",
          "midfielder", "defender", "goalkeeper", "economist", "singer", "actor", "actress", "author"}),
      former({"former", "ex", "late", "then", "deputy", "vice", "next", "future", "previous", "acting",
              "onetime", "ousted", "deposed", "first", "assistant", "under", "incoming", "outgoing"}),
      given_names({
          "aaron", "abdel", "abdul", "abdullah", "abraham", "adam", "adel", "adrian", "ahmad", "ahmed",
          "aisha", "alain", "alan", "albert", "alberto", "alejandro", "aleksandr", "aleksandar",
          "aleksey", "alex", "alexander", "alexandra", "alexei", "alexey", "alfred", "alfredo", "ali",
          "alice", "alison", "allan", "allen", "alvaro", "amanda", "amir", "amy", "ana", "anatoly",
          "anders", "andre", "andrea", "andreas", "andrei", "andrew", "andrey", "andrzej", "andy",
          "angela", "ann", "anna", "anne", "anthony", "antonio", "antony", "arif", "arnold", "arthur",
          "arturo", "asif", "atal", "barack", "barbara", "barry", "bashar", "ben", "benjamin",
          "benazir", "bernard", "bertie", "betty", "bill", "billy", "bob", "boris", "brad", "brendan",
          "brett", "brian", "bruce", "bryan", "carl", "carla", "carlos", "carol", "caroline", "carolyn",
          "catherine", "cecil", "charles", "charlie", "cheryl", "chris", "christian", "christina",
          "christine", "christopher", "claire", "claudia", "colin", "cristina", "craig", "curtis",
          "cynthia", "dan", "daniel", "danny", "dave", "david", "dean", "deborah", "denis", "dennis",
          "derek", "diana", "diane", "dick", "diego", "dimitri", "dmitri", "dmitry", "don", "donald",
          "donna", "doris", "dorothy", "doug", "douglas", "duncan", "ed", "eddie", "edgar", "eduard",
          "eduardo", "edward", "edwin", "ehud", "elena", "elizabeth", "ellen", "emil", "emily", "emma",
          "emmanuel", "enrique", "eric", "erik", "ernesto", "ernest", "eugene", "eva", "evan", "evelyn",
          "fatima", "felipe", "felix", "fernando", "fidel", "francesco", "francis", "francisco",
          "francois", "frank", "franz", "fred", "frederick", "gareth", "gary", "gavin", "gennady",
          "geoff", "geoffrey", "george", "gerald", "gerhard", "gerard", "gianni", "giorgio", "giovanni",
          "giuseppe", "gloria", "gordon", "graham", "greg", "gregory", "guillermo", "gustavo", "guy",
          "habib", "hamid", "hans", "harold", "harry", "hashim", "hassan", "heather", "hector", "heinz",
          "helen", "helmut", "henri", "henry", "herbert", "hillary", "hosni", "howard", "hugh", "hugo",
          "hussein", "hasan", "hafez", "ian", "ibrahim", "igor", "imran", "ingrid", "irina", "isaac",
          "isabel", "ismail", "ivan", "jack", "jackie", "jacob", "jacques", "jaime", "jake", "james",
          "jamal", "jamie", "jan", "jane", "janet", "jason", "javier", "jay", "jean", "jeff", "jeffrey",
          "jennifer", "jeremy", "jerry", "jesse", "jessica", "jill", "jim", "jimmy", "joan", "joe",
          "joel", "johan", "johann", "john", "johnny", "jon", "jonathan", "jorge", "jose", "josef",
          "joseph", "joshua", "joyce", "juan", "judith", "judy", "julia", "julian", "julie", "julio",
          "karen", "karl", "karim", "kate", "kathleen", "kathryn", "kathy", "katie", "keith", "kelly",
          "ken", "kenneth", "kevin", "khaled", "khalid", "kim", "kofi", "konstantin", "kurt", "kyle",
          "larry", "lars", "laura", "lauren", "lawrence", "lee", "leonid", "leon", "leonard", "leslie",
          "linda", "lisa", "lloyd", "louis", "louise", "luc", "lucas", "lucy", "luis", "luiz", "luke",
          "lynn", "madeleine", "mahmoud", "malcolm", "manuel", "marc", "marcel", "marco", "marcos",
          "marcus", "margaret", "maria", "marie", "mario", "mark", "marko", "markus", "martha", "martin",
          "mary", "mathew", "matt", "matthew", "maurice", "max", "megan", "mehmet", "mel", "melissa",
          "michael", "michel", "michelle", "miguel", "mikael", "mike", "mikhail", "milan", "milos",
          "mohamed", "mohammad", "mohammed", "mohammad", "moshe", "muammar", "muhammad", "murray",
          "mustafa", "nadia", "nancy", "naomi", "nasser", "natalia", "natalie", "nathan", "neil",
          "nelson", "nicholas", "nick", "nicola", "nicolas", "nicole", "nigel", "nikita", "nikolai",
          "nikolay", "nina", "noel", "norman", "oleg", "oliver", "olga", "omar", "oscar", "osama",
          "pablo", "pamela", "patricia", "patrick", "paul", "paula", "pavel", "pedro", "peter", "petr",
          "phil", "philip", "philippe", "phillip", "pierre", "piotr", "rachel", "rafael", "rajiv",
          "ralph", "ramon", "ramzi", "randy", "raul", "ray", "raymond", "rebecca", "recep", "ricardo",
          "richard", "rick", "rita", "rob", "robert", "roberto", "robin", "rodrigo", "roger", "roland",
          "ron", "ronald", "rose", "ross", "roy", "rudolf", "rupert", "russell", "ruth", "ryan", "saad",
          "saddam", "salman", "sam", "samantha", "samir", "samuel", "sandra", "sara", "sarah", "sean",
          "sebastian", "serge", "sergei", "sergey", "sergio", "shah", "shannon", "sharon", "shaun",
          "shimon", "shirley", "silvio", "simon", "slobodan", "sonia", "sophie", "stan", "stanislav",
          "stefan", "stephanie", "stephen", "steve", "steven", "stuart", "sue", "susan", "suzanne",
          "sven", "sylvia", "taha", "tamara", "tareq", "tariq", "ted", "teresa", "terry", "theresa",
          "thomas", "tim", "timothy", "tobias", "todd", "tom", "tommy", "tony", "tracy", "umar",
          "ursula", "vaclav", "valentina", "valery", "vanessa", "vicente", "victor", "viktor",
          "vincent", "vitaly", "vladimir", "volodymyr", "walter", "wayne", "wendy", "werner", "will",
          "william", "wolfgang", "yasser", "yasir", "yitzhak", "yoweri", "yuri", "yousef", "yusuf",
          "yulia", "yvonne", "zoran", "veronica", "cameron", "justin", "britney", "tiger", "olin", "rama",
          "abe", "alain", "bernie", "bobby", "brent", "chuck", "clive", "darren", "dwight", "earl",
          "freddy", "gene", "glenn", "harvey", "herman", "irene", "iris", "joy", "kirk", "lance", "len",
          "les", "lou", "monica", "neville", "otto", "percy", "pete", "ralf", "reggie", "rene", "rod",
          "rodney", "scott", "shane", "sidney", "sol", "spencer", "stewart", "tanya", "trevor", "vince",
          "virgil", "wesley", "winston", "xavier", "zach"}),
      place_names_as_given({
          "jordan", "chad", "georgia", "israel", "paris", "sydney", "austin", "chelsea", "brooklyn", "dakota", "carolina", "virginia", "jackson", "lincoln",
          "madison", "florence", "victoria", "sofia", "charlotte", "cuba", "jamaica", "troy",
          "santiago", "lourdes", "salvador", "regina", "adelaide", "alexandria", "kingston", "hamilton",
          "tyler", "houston", "dallas", "denver", "phoenix", "savannah", "francisco", "nelson", "dane",
          "finn", "ireland", "orlando", "holland"}),
      organisation_heads({
          "air", "airlines", "airline", "airways", "bank", "banking", "times", "post", "herald",
          "express", "telegraph", "mirror", "journal", "gazette", "tribune", "chronicle", "observer",
          "today", "radio", "television", "tv", "broadcasting", "news", "magazine", "press", "open",
          "cup", "league", "club", "fc", "sc", "united", "rovers", "wanderers", "ocean", "sea", "river",
          "lake", "island", "islands", "peninsula", "strait", "straits", "gulf", "bay", "desert",
          "mountains", "mountain", "delta", "canal", "valley", "university", "college", "institute",
          "school", "academy", "foundation", "trust", "corp", "corporation", "inc", "ltd", "plc", "co",
          "company", "companies", "holdings", "motors", "motor", "petroleum", "telecom", "telecoms",
          "telecommunications", "steel", "insurance", "securities", "hotel", "hotels", "theatre",
          "theater", "museum", "opera", "orchestra", "symphony", "ballet", "gallery", "church",
          "cathedral", "party", "front", "movement", "association", "federation", "union", "society",
          "organisation", "organization", "committee", "commission", "alliance", "exchange", "street",
          "road", "avenue", "square", "bridge", "airport", "stadium", "park", "hospital", "prix",
          "championship", "championships", "games", "festival", "revolution", "war", "treaty",
          "empire", "railways", "railway", "bancorp", "partners", "capital", "brigade", "brigades",
          "liberation", "masters", "derby", "classic", "marathon", "chamber", "council", "centre",
          "center", "agency", "network", "legion", "order", "industries", "industry", "energy",
          "electric", "chemical", "pharmaceuticals", "brewery", "breweries", "mines", "mining",
          "resources", "aluminium", "aluminum", "shipping", "line", "lines", "ventures", "tobacco",
          "battle", "voice", "house", "tower", "pie", "dream", "idol", "vogue", "hebdo", "pipeline", "workers", "agreement", "agreements", "accord", "accords", "protocol", "convention", "conference",
          "summit", "declaration", "initiative", "programme", "program", "fund", "act", "report", "forum",
          "conventions", "pact", "department", "service", "communications", "board", "newsroom", "newsdesk", "desk", "bureau", "commodities", "stores", "foods", "products", "chemicals", "universities"}),
      headline_heads({
          "airlines", "airways", "times", "herald", "ocean", "sea", "river", "university", "college",
          "institute", "corp", "corporation", "inc", "ltd", "plc", "airport", "prix", "cup", "fc",
          "championship", "championships", "telecom", "petroleum", "motors", "islands", "peninsula"}),
      sport_heads({"open", "masters", "league", "cup", "championship", "championships", "prix", "games",
                   "tour", "universities", "derby", "classic", "division", "association"}),
      government_heads({
          "army", "navy", "force", "forces", "government", "ministry", "ministries", "minister",
          "parliament", "embassy", "consulate", "president", "premier", "police", "senate", "congress",
          "cabinet", "treasury", "department", "marines", "military", "secretary", "ambassador",
          "guard", "court", "authorities", "defence", "defense", "foreign", "interior", "prime",
          "chancellor", "king", "queen", "troops", "soldiers", "house"}),
      acting_verbs({
          "said", "says", "say", "warned", "warns", "accused", "accuses", "denied", "denies", "denounced",
          "denounces", "condemned", "condemns", "rejected", "rejects", "threatened", "threatens",
          "demanded", "demands", "insisted", "insists", "claimed", "claims", "announced", "announces",
          "agreed", "agrees", "vowed", "vows", "urged", "urges", "called", "calls", "blamed", "blames",
          "imposed", "imposes", "expelled", "expels", "recalled", "recalls", "summoned", "summons",
          "signalled", "signaled", "hopes", "wants", "wanted", "refused", "refuses", "sent", "sends",
          "deployed", "deploys", "backed", "backs", "supports", "supported", "opposes", "opposed",
          "fears", "believes", "considers", "regards", "views", "sees", "seeks", "sought", "offered",
          "offers", "responded", "responds", "reacted", "replied", "pledged", "pledges", "promised",
          "promises", "decided", "decides", "ordered", "orders", "ruled", "suspended", "suspends",
          "halted", "resumed", "launched", "launches", "retaliated", "retaliates", "argues", "argued",
          "maintains", "maintained", "welcomed", "welcomes", "criticised", "criticized", "protested",
          "protests", "expressed", "declared", "declares", "acknowledged", "admitted", "confirmed",
          "ignored", "annexed", "invaded", "broke", "severed", "cut", "told", "tells", "hit", "stepped",
          "dismissed", "dismisses", "withdrew", "withdraws", "plans", "planned", "intends", "must"}),
      location_words({
          "in", "near", "from", "at", "outside", "around", "inside", "within", "across", "throughout",
          "toward", "towards", "into", "of", "through", "via", "north", "south", "east", "west",
          "northern", "southern", "eastern", "western", "central", "downtown", "city", "town",
          "village", "port", "capital", "province", "district", "suburb", "neighbourhood", "neighborhood",
          "region", "airport", "university"}),
      movement_words({
          "travel", "travels", "travelled", "traveled", "travelling", "traveling", "visit", "visits",
          "visited", "return", "returns", "returned", "returning", "fly", "flies", "flew", "flown",
          "flying", "trip", "trips", "move", "moved", "moving", "tour", "went", "go", "goes", "going",
          "came", "come", "coming", "sent", "journey", "back", "home", "headed", "emigrated"}),
      common_place_names({
          "nice", "reading", "mobile", "split", "bath", "cork", "orange", "lens", "nancy", "man", "most",
          "bar", "date", "sale", "deal", "police", "male", "many", "of", "or", "same", "big", "best",
          "van", "ho", "wa", "buy", "hit", "hope", "enterprise", "liberty", "independence", "union",
          "central", "concord", "commerce", "normal", "success", "economy", "victory", "progreso",
          "vista", "march", "august", "deal", "bury", "hull", "derby", "sandwich", "battle", "rugby",
          "eagle", "bend", "casual", "sanger", "apt", "tours", "brest", "lure", "angers", "die", "vice",
          "media", "aurora", "phoenix", "corona", "bursa", "batman", "male", "lima", "natal", "santos",
          "palmas", "toledo", "cologne", "china", "turkey", "surprise", "spring", "parole", "buena",
          "rock", "mission", "plant", "crown", "imperial", "bari", "essen", "hamm", "hagen", "green",
          "marl", "ahead", "along", "asks", "bally", "christ", "church", "general", "international",
          "pole", "asia", "america", "opera", "colon", "salt", "pale", "same", "bid", "mary", "carol",
          "mercedes", "bra", "lead", "goes", "mit", "pan", "ham", "kent", "soy", "sur", "una", "bo"}),
      common_surnames({
          "adams", "allen", "anderson", "bailey", "baker", "barnes", "bell", "bennett", "brooks", "brown",
          "butler", "campbell", "carter", "clark", "clarke", "collins", "cook", "cooper", "cox", "davis",
          "day", "edwards", "evans", "fisher", "ford", "foster", "fox", "garcia", "grant", "gray", "green",
          "grey", "hall", "harris", "hill", "howard", "hughes", "hunt", "hunter", "jackson", "james",
          "johnson", "jones", "kelly", "king", "knight", "lee", "lewis", "long", "lopez", "martin",
          "martinez", "mason", "may", "miller", "mills", "mitchell", "moore", "morgan", "morris",
          "murphy", "murray", "nelson", "page", "palmer", "parker", "perry", "phillips", "pope",
          "powell", "price", "reed", "reid", "rice", "richardson", "roberts", "robinson", "rogers",
          "rose", "ross", "russell", "scott", "shaw", "simpson", "smith", "stewart", "stone", "sullivan",
          "taylor", "thomas", "thompson", "turner", "walker", "wallace", "ward", "watson", "west",
          "white", "williams", "wilson", "wood", "wright", "young", "khan", "singh", "ali", "ahmed",
          "hussein", "hassan", "mohamed", "kim", "park", "chen", "wang", "li", "zhang", "santos",
          "silva", "rodriguez", "gonzalez", "hernandez", "perez", "sanchez", "ramirez", "torres",
          "major", "bush", "hope", "prince", "bishop", "justice", "law", "power", "paul", "francis",
          "mohammed", "abdullah", "salman", "new", "will", "ban", "moon", "sanders", "warren", "bolt",
          "castro", "cruz", "diaz", "costa", "dos", "al", "un", "in", "le", "do", "so", "no", "an",
          "he", "hu", "wen", "ma", "ho", "lam", "ng", "sun", "song", "yang", "zhou", "deng", "peng",
          "drew", "meta", "nova", "straw", "store", "jesus", "bird", "case", "church", "cole", "cross", "day",
          "dean", "field", "frost", "gates", "gore", "holder", "house", "jordan", "lake", "lamb", "little",
          "love", "march", "marsh", "meadows", "mills", "ocean", "peace", "pierce", "post", "rich", "rivers",
          "rock", "rush", "sharp", "short", "stern", "strong", "summers", "swift", "temple", "waters",
          "wise", "wolf", "woods", "ghani", "noor", "salem", "sharif", "aziz", "ibrahim", "hamad"}),
      state_abbreviations({
          "ala", "ariz", "ark", "calif", "colo", "conn", "del", "fla", "ga", "ill", "ind", "kan", "ky",
          "la", "md", "mass", "mich", "minn", "miss", "mo", "mont", "neb", "nev", "okla", "ore", "pa",
          "tenn", "tex", "vt", "va", "wash", "wis", "wyo", "nh", "nj", "nm", "ny", "nc", "nd", "ri",
          "sc", "sd", "wv", "dc", "ida", "ca", "tx", "fl", "az", "il", "oh", "mi", "wa", "ma", "mn"}),
      strong_sport({
          "soccer", "football", "cricket", "tennis", "golf", "rugby", "basketball", "baseball",
          "hockey", "striker", "midfielder", "goalkeeper", "quarterfinal", "quarterfinals", "semifinal",
          "semifinals", "innings", "wicket", "wickets", "batsman", "bowler", "playoff", "playoffs",
          "inning", "pitcher", "quarterback", "touchdown", "halftime", "championship", "championships",
          "tournament", "olympics", "olympic", "medal", "medalist", "seeded", "knockout", "scored",
          "goals", "league", "cup", "coach", "qualifier", "qualifying", "referee", "teammate",
          "teammates", "stadium", "nhl", "nba", "nfl", "mlb", "uefa", "fifa", "motorcycling",
          "athletics", "cycling", "snooker", "badminton", "volleyball", "skiing", "slalom", "prix",
          "lap", "laps", "boxing", "heavyweight", "swimming", "freestyle", "relay", "hurdles", "squash",
          "homer", "fairway", "birdie", "bogey", "standings", "fixtures"}),
      weak_sport({
          "match", "matches", "game", "games", "team", "teams", "season", "players", "player", "round",
          "rounds", "final", "finals", "win", "wins", "won", "beat", "defeated", "lost", "draw",
          "points", "champion", "champions", "captain", "squad", "minute", "goal", "score", "club",
          "fans", "overs", "race", "races", "winner", "singles", "doubles", "metres", "meters",
          "event", "events", "results", "title", "victory", "defender", "forward", "penalty"}),
      conflict({
          "killed", "troops", "military", "missile", "missiles", "minister", "government", "soldiers",
          "war", "sanctions", "ceasefire", "rebels", "parliament", "president", "police", "nuclear",
          "attack", "attacks", "bomb", "bombing", "hostages", "embassy", "diplomats", "election",
          "elections", "treaty", "economy", "shares", "refugees"}),
      before_pronoun_us({
          "let", "give", "gives", "gave", "tell", "tells", "told", "join", "help", "helps", "show",
          "shows", "make", "makes", "for", "to", "of", "with", "about", "among", "between", "all",
          "save", "teach", "leave", "bring", "take", "ask", "call", "both", "around", "behind", "like"}),
      particles({"van", "von", "der", "den", "de", "del", "della", "da", "di", "du", "dos", "la", "le",
                 "bin", "ibn", "al", "el", "ul", "abu", "bint", "ter", "ten", "zu"}),
      directions({
          "north", "south", "east", "west", "northern", "southern", "eastern", "western", "central",
          "upper", "lower", "mainland", "nazi", "imperial", "fascist", "soviet", "communist", "occupied",
          "neighbouring", "neighboring", "greater", "oil", "rich", "post", "pro", "anti", "non", "modern",
          "ancient", "muslim", "islamist", "christian", "catholic", "nuclear", "inner", "outer", "wartime",
          "saudi", "baathist", "taliban", "rural", "urban", "mr", "president", "like", "via", "today",
          "says", "warns", "tells", "urges", "asks", "hits", "accuses", "blames", "backs", "helps"}),
      generic_bodies({
          "house", "of", "representatives", "senate", "parliament", "congress", "supreme", "court", "the",
          "democratic", "party", "labour", "labor", "treasury", "federal", "reserve", "national", "guard",
          "assembly", "state", "department", "times", "air", "force", "army", "navy", "ministry",
          "foreign", "defence", "defense", "democrats", "republicans", "conservatives", "liberals",
          "conservative", "liberal", "republican", "socialist", "communist", "central", "bank",
          "constitutional", "security", "council", "republicans", "greens", "commons", "lords"}),
      not_actors({"based", "listed", "registered", "born", "origin", "bound", "quoted", "traded", "style"}),
      speaking({"in", "speak", "speaks", "spoke", "spoken", "speaking", "into", "learn", "fluent"}),
      roles({
          {"president", {"president"}},
          {"prime minister", {"prime_minister"}},
          {"premier", {"prime_minister"}},
          {"chancellor", {"chancellor"}},
          {"king", {"king"}},
          {"queen", {"queen"}},
          {"monarch", {"king", "queen"}},
          {"supreme leader", {"supreme_leader"}},
          {"crown prince", {"crown_prince"}},
          {"foreign minister", {"foreign_minister", "secretary_of_state"}},
          {"foreign secretary", {"foreign_minister"}},
          {"top diplomat", {"secretary_of_state", "foreign_minister"}},
          {"defence minister", {"defence_minister", "secretary_of_defense"}},
          {"defense minister", {"defence_minister", "secretary_of_defense"}},
          {"defence secretary", {"defence_minister", "secretary_of_defense"}},
          {"defense secretary", {"secretary_of_defense", "defence_minister"}},
          {"defence chief", {"defence_minister", "secretary_of_defense"}},
          {"defense chief", {"secretary_of_defense", "defence_minister"}},
          {"interior minister", {"interior_minister"}},
          {"secretary of state", {"secretary_of_state"}},
          {"secretary of defense", {"secretary_of_defense"}},
          {"vice president", {"vice_president"}},
          {"secretary general", {"secretary_general"}},
          {"director general", {"director_general"}},
          {"national security adviser", {"national_security_adviser"}},
          {"national security advisor", {"national_security_adviser"}},
          {"army chief", {"chief_of_staff"}},
          {"chief of staff", {"chief_of_staff"}},
          {"opposition leader", {"opposition_leader"}},
          {"leader", {"supreme_leader", "leader", "chancellor", "president", "prime_minister"}},
      }) {
  PhraseTable::Builder builder;
  for (std::uint32_t i = 0; i < roles.size(); ++i) {
    builder.add(roles[i].phrase, i, CaseRule::any);
  }
  role_phrases = builder.freeze();
}
// clang-format on

const Words& words() {
  static const Words kWords;
  return kWords;
}

}  // namespace tocsin
