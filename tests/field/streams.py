"""Cases of tests/field/check that a line of text cannot hold: dates, bytes, copies."""

import re

REPORT = {
    "id": "o", "source": "one.example", "published_at": "2026-03-05T06:00:00Z",
    "title": "Thai warplanes bomb Cambodian fuel store, eleven dead",
    "body": "HANOI (Star News) - Thai warplanes bombed a fuel store near Siem Reap before dawn on "
            "Friday, killing eleven people, a provincial governor and two doctors said. "
            "Cambodia's news agency said gunners had fired back and that six of the dead were "
            "lorry drivers. The Thai air force would not comment on the raid. It has flown dozens "
            "of sorties over the border since July against what it calls rocket crews. Villagers "
            "heard four blasts shortly after 5 a.m. and saw black smoke above the rice mills. "
            "\"The roof came down on my cattle and my sons ran,\" said a farmer who gave his name "
            "as Sok. Vietnam's foreign ministry called the raid a grave breach and said Hanoi "
            "would send a note. China, which is building a port at Kampot some 150 km away, asked "
            "both neighbours to hold back. The Red Cross said it was sending a team.",
}
BODY = REPORT["body"]
TITLE = REPORT["title"]
HEADLINE = "Chile bombs Peru with rockets"

DATES = {
    "Sat, 07 Mar 2026 12:00:00 PST": "2026-03-07T20:00:00Z",
    "Sat, 07 Mar 2026 12:00:00 AEST": "2026-03-07T02:00:00Z",
    "Sat, 07 Mar 2026 12:00:00 XYZT": "2026-03-07T12:00:00Z",
    "Saturday 7 March 2026 12.30 GMT": "2026-03-07T12:30:00Z",
    "March 7, 2026, 9:05 a.m. EST": "2026-03-07T14:05:00Z",
    "Mar 7 2026 21:05:09": "2026-03-07T21:05:09Z",
    "2026-03-07T12:00:00.123456789+09:00": "2026-03-07T03:00:00Z",
    "2026-03-07 12:00:00 +0100": "2026-03-07T11:00:00Z",
    "20260307T120000Z": "2026-03-07T12:00:00Z",
    "20260307T1200+0100": "2026-03-07T11:00:00Z",
    "Sat,07 Mar 2026 12:00:00 -0000": "2026-03-07T12:00:00Z",
    "Saturday, 07-Mar-26 12:00:00 UTC": "2026-03-07T12:00:00Z",
    "Sat, 7 Mar 2026 12:00 PM GMT": "2026-03-07T12:00:00Z",
    "30 Feb 2026 10:00 GMT": None, "yesterday": None, "7 brumaire 2026 10:00": None, "": None,
    "N/A": None, 1772884800: "2026-03-07T12:00:00Z", 1772884800000: "2026-03-07T12:00:00Z",
    "1772884800.25": "2026-03-07T12:00:00Z", "2026-03-07T25:00:00Z": None, "2026-13-07": None,
    "Sat, 07 Mar 2026 12:00:00 GMT+05:30": "2026-03-07T06:30:00Z",
    "Published: 7 March 2026 12:00 GMT": "2026-03-07T12:00:00Z",
    "07.03.2026, 12:00 Uhr": "2026-03-07T12:00:00Z", "2026-W10-6": None, "03/07/2026": None,
    "Sat Mar 07 12:00:00 UTC 2026": "2026-03-07T12:00:00Z",
    "Sat Mar 07 2026 12:00:00 GMT+0100 (CET)": "2026-03-07T11:00:00Z", "noon": None,
    "07/Mar/2026:12:00:00 +0100": "2026-03-07T11:00:00Z", "202603071200": "2026-03-07T12:00:00Z",
    "Last updated on 7 March 2026 12:00 GMT": "2026-03-07T12:00:00Z", "2 hours ago": None,
    "2026-03-07T12:00:00\u221205:00": "2026-03-07T17:00:00Z", "March 2026": None,
    "Sat, 7 Mar 2026 9:05:0 GMT": "2026-03-07T09:05:00Z", "tomorrow at 8": None,
    "Sat, 07 Mar 2026 12:00:00 IRST": "2026-03-07T08:30:00Z",
    "SATURDAY 07 MARCH 2026 12H30": "2026-03-07T12:30:00Z", "today at 10:00": None,
    "Sat, 07 Mar 2026 12:00:00 NZDT": "2026-03-06T23:00:00Z", "last week": None,
    "7 March 2026 at 12:00 CET": "2026-03-07T11:00:00Z", "2026/03/07 12:00": "2026-03-07T12:00:00Z",
    "Mar. 7, 2026 12:00 PM ET": "2026-03-07T17:00:00Z", "2026-03-07T12:00:00+05": "2026-03-07T07:00:00Z",
    "Saturday, March 7, 2026 - 12:00": "2026-03-07T12:00:00Z", "27-03-2026 12:00": "2026-03-27T12:00:00Z",
    "Sat Mar 07 12:00:00 +0530 2026": "2026-03-07T06:30:00Z", "7th Mar 2026 12:00 UTC": "2026-03-07T12:00:00Z",
    "Sat 7 Mar 2026 12:00 MSK": "2026-03-07T09:00:00Z", "March 7th, 2026 at 12:00pm UTC": "2026-03-07T12:00:00Z",
    "2026-03-07T12:00:00.5-0330": "2026-03-07T15:30:00Z", "7 Mar 2026": "2026-03-07T00:00:00Z",
    "2026-03-07 12.00.05": "2026-03-07T12:00:05Z",
    "Sat, 7 March 2026 20:00 SGT": "2026-03-07T12:00:00Z",
}
NO_JSON = [
    b'\0\0\0\x01\x2a{"title":"x"}', b'\0\0\0\0\x01\x02\0{"title":"x y"}', b'\0{"title":"x"}',
    b'Obj\x01\x04\x14{"title":"x"}', b'{"title":"x","n":Infinity}', b'{"title":"x",}',
    b"{'title':'x'}", b'{"title":"x"} trailing', b'{"title":"x',
]
OPTIONAL = [
    b'"author":{"name":"A"}', b'"url":["http://a.example/1"]', b'"source":7', b'"language":["en"]',
    b'"id":["1"]', b'"section":{}', b'"published_at":{}', b'"source":null,"author":false',
]
NO_TEXT = ["<p>&nbsp;</p>", "<br>", "<!-- x -->", "<script>x()</script>", "   ", "&nbsp;&#160;"]
STUBS = [
    "JavaScript is disabled in your browser. Please enable it to continue.",
    "Your choices regarding cookies: we and our 842 partners store information on a device.",
    "This content is only available to subscribers. Log in or subscribe to continue reading.",
    "Live updates: this page is refreshed automatically. Follow the latest developments here.",
    "Developing story. More to follow shortly. Check back for updates.",
    "Access denied. You do not have permission to view this page on this server.",
    "404 Not Found. The page you requested could not be found.",
    "This story is being updated. Please reload the page for the newest version of the story.",
]
ANSWER = ("Cambodian rockets hit the Thai city of Surin on Friday in answer to an air raid, killing "
          "fifteen people in a market, Thai police said. ")
LONG_ANSWER = ANSWER + (
    "Prime Minister Paetongtarn Shinawatra ordered the navy to sea, and the United States told its "
    "citizens to leave Phnom Penh. ")
IN_FIGURES = {"eleven": "11", "two": "2", "six": "6", "four": "4"}


def reworded(text, words):
    for word, other in words.items():
        text = re.sub(rf"\b{word}\b", other, text)
    return text


def pair(kind, want, **changed):
    return kind, want, [REPORT, {**REPORT, "id": "c", "source": "two.example", **changed}]


def copies():
    kind = "copies"
    for body in (
            BODY[:400] + "…", BODY[:380] + " (more)", BODY[:450] + " Read more",
            "<p>" + BODY.replace(". ", ".</p>\n<p>") + "</p>", BODY.replace("'", "â€™"),
            BODY.replace(" ", "&amp;nbsp;"), "CORRECTED: fixes spelling of Kampot. " + BODY,
            BODY + " Copyright 2026 Star News. All rights reserved.", BODY.upper(),
            BODY.replace("HANOI (Star News) - ", ""),
            "By Ann Tran\nStar News\n" + BODY + "\n(Reporting by Ann Tran; editing by Bo Lee)",
            "Sign up to our morning letter.\n\n" + BODY + "\n\nMore on this\nRice prices up",
            "Good morning. Here is what we read with our first coffee.\n\n" + BODY,
            BODY + "\n\nOslo 4° rain | Bergen 7° showers | Gavle -2° snow\nSunrise 04:12 Sunset 22:31",
            BODY + "\n\nLottery: 4, 11, 19, 27, bonus 8. Jackpot 3.2 million.\nTides: 03:40 and 16:02.",
            BODY + "\n\nHoroscope: Aries should rest today. Gemini wins money.",
            "HOME | WORLD | PUZZLES | JOBS\n\n" + BODY + "\n\nMost read\n1. Ferry strike ends",
            BODY + "\n\nListen to the audio version (4 min 12 sec).",
            BODY + "\n\nThis translation was made by machine. Report a mistake."):
        yield pair(kind, "dup", body=body)
    yield pair(kind, "dup", title="Eleven die as Thai planes hit Cambodia")
    yield pair(kind, "dup", published_at="2026-03-05T09:00:00Z")
    kind = "numbers written otherwise"
    figures = reworded(BODY, IN_FIGURES)
    yield pair(kind, "dup", title=reworded(TITLE, IN_FIGURES), body=figures)
    yield pair(kind, "dup", body=figures.replace("150 km", "150 kilometres"))
    yield pair(kind, "dup", body=BODY.replace("150 km", "150km"))
    yield kind, "dup", [{**REPORT, "body": BODY.replace("eleven people", "1,100 people")},
                        {**REPORT, "id": "c", "body": BODY.replace("eleven people", "1100 people")}]


def updates():
    kind = "update with a new lead"
    title = "Cambodian rockets kill fifteen in Thai city"
    for changed in (
            {"title": title, "body": ANSWER + BODY}, {"title": title, "body": LONG_ANSWER + BODY},
            {"title": title, "body": BODY + " " + LONG_ANSWER}, {"body": ANSWER + BODY},
            {"title": TITLE.replace("eleven", "90"), "body": BODY.replace("eleven", "90")},
            {"title": "Thailand and Cambodia agree to cease fire",
             "body": "Thailand and Cambodia agreed on a ceasefire from midnight on Friday, Malaysia "
                     "said after talks in Kuala Lumpur. " + BODY}):
        yield pair(kind, "news", **changed)
    yield kind, "news", [RAID, raid_again("23 farmers", "61 farmers")]
    yield kind, "news", [RAID, raid_again("23 farmers", "40 farmers")]
    yield "copies", "dup", [RAID, raid_again("1,200", "1200")]


RAID = {
    "id": "o", "source": "one.example", "published_at": "2026-04-05T06:00:00Z",
    "title": "Gunmen kill 23 farmers in north-west Nigeria",
    "body": "LAGOS, Nigeria (Delta Press) - Gunmen on motorbikes raided three villages in Zamfara "
            "state late on Saturday, killing at least 23 farmers and burning dozens of huts, the "
            "governor's spokesman said on Sunday. Survivors told a local radio station that the "
            "attackers had demanded cattle and grain before they opened fire. Police confirmed the "
            "raid but gave no toll. Soldiers were sent to the area and a curfew was imposed in "
            "Gusau. President Bola Tinubu condemned what he called a wicked act and ordered the "
            "air force to hunt down the gangs. Two suspects were held at a checkpoint near Kaura "
            "Namoda, an officer said. More than 1,200 people have been killed in the north-west "
            "since January, according to the aid group Haven.",
}


def raid_again(old, new):
    return {**RAID, "id": "c", "source": "two.example", "title": RAID["title"].replace(old, new),
            "body": RAID["body"].replace(old, new)}


def drone(town):
    return {"title": f"Drone attack on {town}",
            "body": f"Drones attacked {town} during the night, the regional head said. Air defence "
                    "was at work. Debris fell on a house and on a garage, and windows were broken. "
                    "According to first information nobody was hurt. Emergency services are on "
                    "site and the extent of the damage is being clarified."}


def siren(town):
    return {"title": f"Air raid alert in {town}",
            "body": f"An air raid alert was declared in {town} a few minutes ago, the regional "
                    "administration said. People were asked to go to the nearest shelter and to "
                    "wait there for the all-clear. Nothing was known about damage or casualties at "
                    "first. Details are being checked. The administration said that it would "
                    "inform residents through its channel as soon as more was known."}


def flood(town):
    return {"title": f"Flood warning for {town}",
            "body": f"A flood warning is in force for {town} until Sunday evening. Residents near "
                    "the river should move cars and valuables to higher ground. The water level is "
                    "expected to peak during the night. Emergency services are on standby and "
                    "sandbags can be collected at the fire station."}


def quake(place, size):
    return {"title": f"Magnitude {size} quake hits {place}",
            "body": f"An earthquake of magnitude {size} hit {place} on Sunday, the USGS said. It "
                    "was 12 km deep."}


def templates():
    kind = "template: one place differs"
    for pair_of in (
            [siren("Kharkiv"), siren("Odesa")], [siren("Sumy region"), siren("Poltava region")],
            [flood("Upper Wexley"), flood("Dunmoor")],
            [drone("Belgorod"), drone("Voronezh")], [drone("Sumy"), drone("Nikopol")],
            [quake("Fiji", "6.1"), quake("Tonga", "6.1")],
            [quake("Fiji", "6.1"), quake("Fiji", "5.2")]):
        yield kind, "news", pair_of
    # the place of "Gloucester" in the set is another name's as well
    yield kind, "news", [flood("Gloucester"), flood("Hereford")]
    for first, second in (
            ("India bombs Pakistan", "Pakistan bombs India"),
            ("Turkey says it will invade Syria", "Turkey says it will not invade Syria"),
            ("俄罗斯袭击乌克兰，造成五人死亡", "乌克兰袭击俄罗斯，造成五人死亡"),
            ("Drones hit Kursk, two killed", "Drones hit Bryansk, two killed")):
        yield kind, "news", [{"title": first}, {"title": second}]


def stubs():
    for stub in STUBS:
        first = {"title": "Bakers win prize in Leeds", "body": stub,
                 "published_at": "2026-03-05T00:00:00Z"}
        second = {"title": "Iran fires missiles at Israel, killing 14", "body": stub,
                  "source": "two.example", "published_at": "2026-03-05T01:00:00Z"}
        tea = {"title": "Tea is served at noon", "published_at": "2026-03-05T02:00:00Z"}
        yield "body is a stub of the site", "news", [first, second]
        yield "body is a stub of the site: alarm", "alarm", [first, second, tea]


def cases():
    for date, time in DATES.items():
        yield ("date", f"at={time}" if time else "undated",
               [{"title": "Harbour master retires", "published_at": date}])
    for record in NO_JSON:
        yield "json", "dead:invalid_json", [record]
    for record in (b'{"title":"Chile \\udc00 bombs"}', b'{"title":"Chile \xff bombs"}'):
        yield "json", "dead:invalid_utf8", [record]
    for record in (b'{"title":"%s \\ud83d\\udca5"}', b'\xef\xbb\xbf{"title":"%s"}',
                   b'{"title":"%s","id":-99999999999999999999}'):
        yield "json", "CHL>PER", [record % HEADLINE.encode()]
    for field in OPTIONAL:
        yield "json: optional field", "CHL>PER", [b'{"title":"%s",%s}' % (HEADLINE.encode(), field)]
    for body in NO_TEXT:
        yield "json: no text", "dead:no_text", [{"title": "", "body": body}]
    yield from copies()
    yield from updates()
    yield from templates()
    yield from stubs()
