------------------------------ MODULE exactly_once ------------------------------
(* The delivery protocol of tocsin, small enough that TLC looks at every order of events there is.

   How to read it. A state is a value for each VARIABLE. `Next`, at the end, lists every step that may
   happen; a step is a condition on the state and, with a prime (x'), the values after it. TLC starts
   from `Init`, takes every step that is possible, again and again, until no new state appears, and
   checks the properties (`Check...`) in every state. << >> is a sequence, [x EXCEPT ![i] = v] a table
   with one entry changed, \E "there is", /\ "and", \/ "or", # "is not equal".

   What is modelled. Instances read positions of raw partitions, append sightings to the one ledger,
   fold it, and publish each position in a transaction with its offset. Any instance may crash between
   any two steps, be taken for dead and go on as a zombie, have its requests to end a transaction
   delayed, repeated or lost, and have a record refused by the broker, at most FaultsMax such faults a
   run. The broker fences by producer epoch and by generation, as Kafka does.
   What is not: time. Windows never close here; tests/pipeline/ledger covers expiry. *)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS
  Instances,
  Raw,         \* partition -> its records, each only a text; equal texts are copies of one another
  Refusable,   \* positions whose record the broker may refuse
  FaultsMax,
  InHandMax,   \* records an instance has in flight: the next is sighted while one is published
  Bug,         \* "none", or a mistake to plant: the properties must then fail
  None         \* nothing; unlike every other value

Partitions == DOMAIN Raw
Positions == UNION {{<<p, o>> : o \in 1..Len(Raw[p])} : p \in Partitions}
Text(position) == Raw[position[1]][position[2]]

VARIABLES
  ledger,      \* sequence of sightings [kind, position, copy_of] and retractions
  committed,   \* partition -> offset up to which the group has committed
  published,   \* position -> outcomes that readers see (read committed)
  generation,  \* of the consumer group
  owner,       \* partition -> instance, as the group coordinator sees it
  epoch,       \* instance -> epoch of its transactional id, as the broker sees it
  open,        \* instance -> its open transaction at the broker: [outcome, offset_of]
  requests,    \* requests to commit that are on their way: {[instance, epoch, number]}
  mind,        \* instance -> all it knows; a crash wipes it
  faults       \* left
vars == <<ledger, committed, published, generation, owner, epoch, open, requests, mind, faults>>

Closed == [outcome |-> None, offset_of |-> None]
EmptyState == [verdict |-> [q \in Positions |-> None], live |-> {}]
Down == [up |-> FALSE, epoch |-> 0, generation |-> 0,
         mine |-> {}, next |-> [p \in Partitions |-> 0], hand |-> <<>>, step |-> "idle",
         repeated |-> FALSE]

-------------------------------------------------------------------------------
(* The fold (pipeline/ledger). A dedup state is the verdict on every sighted position and the ledger offsets
   of the sightings that a later one may match. *)

Root(dedup, position) ==
  IF dedup.verdict[position].kind = "news" THEN position ELSE dedup.verdict[position].of

CopyOf(dedup, offset) == [kind |-> "copy", of |-> Root(dedup, ledger[offset].position)]
Alike(dedup, text) == {m \in dedup.live : Text(ledger[m].position) = text}
Oldest(set) == CHOOSE m \in set : \A n \in set : m <= n

Judge(dedup, sighting) ==
  IF sighting.copy_of # 0
  THEN IF sighting.copy_of \in dedup.live THEN CopyOf(dedup, sighting.copy_of) ELSE [kind |-> "news"]
  ELSE LET matches == Alike(dedup, Text(sighting.position))
       IN IF matches = {} THEN [kind |-> "news"] ELSE CopyOf(dedup, Oldest(matches))

Sighted(dedup, offset) ==
  LET s == ledger[offset]
      again == dedup.verdict[s.position] # None  \* a redelivery: it keeps its first verdict
  IN IF again /\ Bug # "redelivery judged anew" THEN dedup
     ELSE [verdict |-> [dedup.verdict EXCEPT ![s.position] = Judge(dedup, s)],
           live |-> dedup.live \union {offset}]

(* A retracted article is not matched any more, and neither are the copies that lead to it. *)
Retracted(dedup, offset) ==
  LET gone(m) == LET q == ledger[m].position IN
        \/ q = ledger[offset].position
        \/ Bug # "copies of a retracted article stay" /\ Root(dedup, q) = ledger[offset].position
  IN [dedup EXCEPT !.live = {m \in dedup.live : ~gone(m)}]

(* The dedup state of the first n records: a function of the ledger and of nothing else, so it is no variable. *)
RECURSIVE Dedup(_)
Dedup(n) ==
  IF n = 0 THEN EmptyState
  ELSE IF ledger[n].kind = "sighting" THEN Sighted(Dedup(n - 1), n) ELSE Retracted(Dedup(n - 1), n)

-------------------------------------------------------------------------------
(* What an instance does (daemon/service.cpp, daemon/publisher.cpp, daemon/intake.cpp). *)

First(i) == mind[i].hand[1]
HasWork(i) == mind[i].up /\ Len(mind[i].hand) > 0
Set(i, value) == mind' = [mind EXCEPT ![i] = value]
Fault == faults > 0 /\ faults' = faults - 1
Pending(p) == \E i \in Instances : open[i].offset_of # None /\ open[i].offset_of[1] = p

(* Start: a new producer fences the instance's past (init_transactions). *)
Start(i) ==
  /\ ~mind[i].up
  /\ epoch' = [epoch EXCEPT ![i] = @ + 1]
  /\ open' = [open EXCEPT ![i] = Closed]
  /\ Set(i, [Down EXCEPT !.up = TRUE, !.epoch = epoch[i] + 1])
  /\ UNCHANGED <<ledger, committed, published, generation, owner, requests, faults>>

(* Where a partition goes on; one without a commit (0) at its beginning. *)
NextOf(p) == IF Bug = "a new partition is read from its end" /\ committed[p] = 0
             THEN Len(Raw[p]) + 1 ELSE committed[p] + 1

(* Join the group's present generation: what is in hand is dropped, but for the record that is being
   published; committed offsets are looked up, which waits for pending ones (KIP-447). *)
Join(i) ==
  LET m == mind[i]
      mine == {p \in Partitions : owner[p] = i}
  IN /\ m.up /\ m.generation # generation
     /\ \A p \in mine : ~Pending(p)
     /\ Set(i, [m EXCEPT !.generation = generation, !.mine = mine,
                         !.next = [p \in Partitions |-> IF p \in mine THEN NextOf(p) ELSE 0],
                         !.hand = IF m.step = "idle" THEN <<>> ELSE <<First(i)>>])
     /\ UNCHANGED <<ledger, committed, published, generation, owner, epoch, open, requests, faults>>

(* Read the next record; look whether it is a copy of something on the dedup state (early skip), but only a
   position that nobody has sighted; append its sighting. The dedup state that is asked may lag behind by any
   number of records. *)
Sight(i) == \E p \in mind[i].mine, n \in 0..Len(ledger) :
  LET m == mind[i]
      dedup == Dedup(n)
      position == <<p, m.next[p]>>
      may_skip == dedup.verdict[position] = None \/ Bug = "early skip of a sighted position"
      matches == Alike(dedup, Text(position))
      copy_of == IF may_skip /\ matches # {} THEN Oldest(matches) ELSE 0
  IN /\ m.up /\ Len(m.hand) < InHandMax /\ m.next[p] <= Len(Raw[p])
     /\ ledger' = Append(ledger, [kind |-> "sighting", position |-> position, copy_of |-> copy_of])
     /\ Set(i, [m EXCEPT !.next[p] = @ + 1,
                         !.hand = Append(@, [position |-> position, copy_of |-> copy_of,
                                             sighted |-> Len(ledger) + 1,
                                             condemned |-> FALSE, generation |-> m.generation])])
     /\ UNCHANGED <<committed, published, generation, owner, epoch, open, requests, faults>>

(* The reply to an append was lost: it is appended again. *)
SightAgain(i) ==
  /\ HasWork(i) /\ ~First(i).condemned /\ mind[i].step = "idle" /\ Fault
  /\ ledger' = Append(ledger, [kind |-> "sighting", position |-> First(i).position,
                               copy_of |-> First(i).copy_of])
  /\ Set(i, [mind[i] EXCEPT !.hand[1].sighted = Len(ledger) + 1])
  /\ UNCHANGED <<committed, published, generation, owner, epoch, open, requests>>

Outcome(i) ==
  LET item == First(i)
      dedup == Dedup(item.sighted)
      verdict == IF Bug = "early skip of a sighted position" /\ item.copy_of # 0
                 THEN CopyOf(dedup, item.copy_of) ELSE dedup.verdict[item.position]
  IN CASE item.condemned -> [kind |-> "deadletter", position |-> item.position]
       [] verdict.kind = "news" -> [kind |-> "enriched", position |-> item.position]
       [] OTHER -> [kind |-> "duplicate", position |-> item.position, of |-> verdict.of]

(* The dedup state holds everything up to our own sighting. Begin, and produce the output. *)
Produce(i) ==
  /\ HasWork(i) /\ mind[i].step = "idle" /\ open[i].outcome = None
  /\ mind[i].epoch = epoch[i] /\ First(i).generation = mind[i].generation
  /\ open' = [open EXCEPT ![i].outcome = Outcome(i)]
  /\ Set(i, [mind[i] EXCEPT !.step = "produced"])
  /\ UNCHANGED <<ledger, committed, published, generation, owner, epoch, requests, faults>>

(* The broker refuses the record: abort, retract its sighting, publish a dead letter instead. *)
Refuse(i) ==
  /\ HasWork(i) /\ mind[i].step = "produced" /\ First(i).position \in Refusable /\ ~First(i).condemned
  /\ mind[i].epoch = epoch[i] /\ Fault
  /\ open' = IF Bug = "a refused transaction stays open" THEN open ELSE [open EXCEPT ![i] = Closed]
  /\ ledger' = Append(ledger, [kind |-> "retract", position |-> First(i).position, copy_of |-> 0])
  /\ Set(i, [mind[i] EXCEPT !.step = "idle", !.hand[1].condemned = TRUE, !.hand[1].sighted = Len(ledger) + 1])
  /\ UNCHANGED <<committed, published, generation, owner, epoch, requests>>

RequestCommit(i, number) ==
  requests' = requests \union {[instance |-> i, epoch |-> mind[i].epoch, number |-> number]}

(* Offsets go into the transaction, and the request to commit it is sent. Refused by the broker for a
   member of an older generation, and by the instance itself for a record of an earlier assignment. *)
SendOffsets(i) ==
  LET m == mind[i]
      stale == First(i).generation # m.generation /\ Bug # "record of an earlier assignment"
      fenced == m.generation # generation /\ Bug # "no fencing by generation"
  IN /\ HasWork(i) /\ m.step = "produced" /\ m.epoch = epoch[i]
     /\ CASE stale -> /\ open' = [open EXCEPT ![i] = Closed]
                      /\ Set(i, [m EXCEPT !.step = "idle", !.hand = Tail(@)])
                      /\ UNCHANGED <<committed, requests>>
          [] ~stale /\ fenced -> /\ open' = [open EXCEPT ![i] = Closed]
                                 /\ Set(i, [m EXCEPT !.step = "idle", !.hand = <<>>, !.mine = {},
                                                     !.generation = 0])
                                 /\ UNCHANGED <<committed, requests>>
          [] OTHER -> /\ open' = [open EXCEPT ![i].offset_of = First(i).position]
                      /\ RequestCommit(i, 1)
                      /\ Set(i, [m EXCEPT !.step = "ending"])
                      /\ IF Bug = "offsets before outputs"
                         THEN committed' = [committed EXCEPT ![First(i).position[1]] = First(i).position[2]]
                         ELSE UNCHANGED committed
     /\ UNCHANGED <<ledger, published, generation, owner, epoch, faults>>

(* A record of an earlier assignment that is not being published any more: another's now. *)
Drop(i) ==
  /\ HasWork(i) /\ mind[i].step = "idle" /\ First(i).generation # mind[i].generation
  /\ Set(i, [mind[i] EXCEPT !.hand = Tail(@)])
  /\ UNCHANGED <<ledger, committed, published, generation, owner, epoch, open, requests, faults>>

(* The connection broke: the client library repeats the request; the first may still arrive, any time. *)
CommitAgain(i) ==
  /\ HasWork(i) /\ mind[i].step = "ending" /\ ~mind[i].repeated /\ Fault
  /\ RequestCommit(i, 2) /\ Set(i, [mind[i] EXCEPT !.repeated = TRUE])
  /\ UNCHANGED <<ledger, committed, published, generation, owner, epoch, open>>

(* The broker ends a transaction: outputs and offset become visible together. Its answer may be lost.
   Once the commit is known: if its request was repeated, a copy of it may still be on its way and would
   end the next transaction too early; a new epoch fences it. *)
EndTransaction == \E r \in requests :
  LET i == r.instance
      m == mind[i]
      t == open[i]
      ends == r.epoch = epoch[i] /\ t.outcome # None
      answers == r.epoch = epoch[i] /\ m.up /\ m.step = "ending" /\ m.epoch = r.epoch
      e == IF m.repeated /\ Bug # "same epoch after a repeated commit" THEN epoch[i] + 1 ELSE epoch[i]
  IN /\ requests' = requests \ {r}
     /\ open' = IF ends THEN [open EXCEPT ![i] = Closed] ELSE open
     /\ published' = IF ends THEN [published EXCEPT ![t.outcome.position] = Append(@, t.outcome)]
                     ELSE published
     /\ committed' = IF ends /\ t.offset_of # None
                     THEN [committed EXCEPT ![t.offset_of[1]] = t.offset_of[2]] ELSE committed
     /\ \/ /\ answers
           /\ Set(i, [m EXCEPT !.step = "idle", !.hand = Tail(@), !.repeated = FALSE, !.epoch = e])
           /\ epoch' = [epoch EXCEPT ![i] = e]
           /\ UNCHANGED faults
        \/ answers /\ Fault /\ UNCHANGED <<mind, epoch>>
        \/ ~answers /\ UNCHANGED <<mind, epoch, faults>>
     /\ UNCHANGED <<ledger, generation, owner>>

(* Fenced, or no answer: a new epoch, then the committed offset says whether the record was published. *)
Recover(i) ==
  LET m == mind[i]
      position == First(i).position
      done == committed[position[1]] >= position[2]
      drop == First(i).generation # m.generation
  IN /\ HasWork(i)
     /\ ~\E j \in Instances \ {i} : open[j].offset_of # None /\ open[j].offset_of[1] = position[1]
     /\ epoch' = [epoch EXCEPT ![i] = @ + 1]
     /\ open' = [open EXCEPT ![i] = Closed]
     /\ Set(i, [m EXCEPT !.epoch = epoch[i] + 1, !.step = "idle", !.repeated = FALSE,
                         !.hand = IF done \/ drop THEN Tail(@) ELSE @])
     /\ UNCHANGED <<ledger, committed, published, generation, owner, requests>>

Fenced(i) == mind[i].epoch # epoch[i] /\ Recover(i) /\ UNCHANGED faults
Unknown(i) ==
  /\ mind[i].step = "ending" /\ mind[i].epoch = epoch[i] /\ Recover(i)
  /\ IF \E r \in requests : r.instance = i /\ r.epoch = epoch[i] THEN Fault ELSE UNCHANGED faults

-------------------------------------------------------------------------------
(* What the world does to it. *)

Crash(i) ==
  /\ mind[i].up /\ Fault
  /\ Set(i, Down)
  /\ UNCHANGED <<ledger, committed, published, generation, owner, epoch, open, requests>>

(* Members are taken for dead or come back: partitions move, whoever is at work meanwhile is a zombie. *)
Rebalance ==
  /\ Fault
  /\ generation' = generation + 1
  /\ owner' \in [Partitions -> Instances]
  /\ UNCHANGED <<ledger, committed, published, epoch, open, requests, mind>>

(* The coordinator aborts a transaction that takes too long, and fences its producer. *)
TimeOut(i) ==
  /\ open[i].outcome # None /\ Fault
  /\ open' = [open EXCEPT ![i] = Closed]
  /\ epoch' = [epoch EXCEPT ![i] = @ + 1]
  /\ UNCHANGED <<ledger, committed, published, generation, owner, requests, mind>>

(* The group's offsets expire, and nobody notices. Found out, it stops all instances (exit 3). *)
Expire ==
  /\ Bug = "offsets expire unnoticed" /\ Fault
  /\ committed' = [p \in Partitions |-> 0]
  /\ UNCHANGED <<ledger, published, generation, owner, epoch, open, requests, mind>>

-------------------------------------------------------------------------------
Init ==
  /\ ledger = <<>>
  /\ committed = [p \in Partitions |-> 0]
  /\ published = [q \in Positions |-> <<>>]
  /\ generation = 1
  /\ owner \in [Partitions -> Instances]
  /\ epoch = [i \in Instances |-> 0]
  /\ open = [i \in Instances |-> Closed]
  /\ requests = {}
  /\ mind = [i \in Instances |->
               [Down EXCEPT !.up = TRUE, !.generation = 1, !.mine = {p \in Partitions : owner[p] = i},
                            !.next = [p \in Partitions |-> IF owner[p] = i THEN 1 ELSE 0]]]
  /\ faults = FaultsMax

AllDone == \A p \in Partitions : committed[p] = Len(Raw[p])

(* TLC reports a state from which nothing can happen, unless everything is published: since every step
   but this one moves something forward for good, all runs end with everything published. *)
Rest == AllDone /\ UNCHANGED vars

Step(i) ==
  \/ Start(i) \/ Join(i) \/ Sight(i) \/ SightAgain(i) \/ Produce(i) \/ Refuse(i)
  \/ SendOffsets(i) \/ Drop(i) \/ CommitAgain(i) \/ Fenced(i) \/ Unknown(i)
  \/ Crash(i) \/ TimeOut(i)

Next == (\E i \in Instances : Step(i)) \/ EndTransaction \/ Rebalance \/ Expire \/ Rest

Spec == Init /\ [][Next]_vars

AnyNames == Permutations(Instances)  \* runs that differ in names only are looked at once

-------------------------------------------------------------------------------
(* The properties. *)

(* Published exactly up to the committed offset, each position once. *)
CheckExactlyOnce == \A q \in Positions :
  Len(published[q]) = IF q[2] <= committed[q[1]] THEN 1 ELSE 0

Retracts == {n \in 1..Len(ledger) : ledger[n].kind = "retract"}
Retractions(text) == Cardinality({n \in Retracts : Text(ledger[n].position) = text})
IsEnriched(q) == published[q] # <<>> /\ published[q][1].kind = "enriched"
Enriched(text) == Cardinality({q \in Positions : Text(q) = text /\ IsEnriched(q)})

(* One enriched record for each group of copies. Each retraction may add one: what was sighted after it
   cannot know whether the retracted article is published in the end by another owner. *)
CheckOneEnriched == \A text \in {Text(q) : q \in Positions} :
  /\ Enriched(text) <= 1 + Retractions(text)
  /\ AllDone /\ Retractions(text) = 0 => Enriched(text) = 1

(* A duplicate leads to an enriched record, or to one that was retracted after the duplicate was judged. *)
SightedFirst(q) == Oldest({n \in 1..Len(ledger) : ledger[n].position = q})
CheckDuplicates == \A q \in Positions : published[q] # <<>> /\ published[q][1].kind = "duplicate" =>
  LET original == published[q][1].of
      retracts == {n \in Retracts : ledger[n].position = original}
  IN /\ original # q
     /\ \A n \in retracts : SightedFirst(q) < n
     /\ published[original] # <<>> =>
          \/ published[original][1].kind = "enriched"
          \/ published[original][1].kind = "deadletter" /\ retracts # {}

(* A verdict never changes, however much more of the ledger an instance has read: they agree. *)
CheckStates == Len(ledger) > 0 =>
  LET before == Dedup(Len(ledger) - 1).verdict
      after == Dedup(Len(ledger)).verdict
  IN \A q \in Positions : before[q] # None => after[q] = before[q]
===============================================================================
