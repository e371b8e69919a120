-- The rush: every request books a place for another guest.
--
--   wrk -t2 -c64 -d10s --timeout 60s -s book.lua http://127.0.0.1:8000 -- SLOTS RUN [round|random|strangers]
--
-- SLOTS is a file of lines "<slot id> <date>". RUN (letters and digits) sets the guests of this round apart from those
-- of every other round against the same database. Slots are taken in turn, or at random. Strangers take them in turn, and
-- each has an address of their own, as a proxy would tell it.

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
package.path = here .. "?.lua;" .. package.path
local figures = require("figures")

local HEADERS = { ["Content-Type"] = "application/json" }
-- Every number +1 415 NXX XXXX with N from 2 to 9 is valid and belongs to the US; each of two threads has half of them.
local FIRST_NUMBER, NUMBERS_A_THREAD = 4152000000, 4000000
local BODY = '{"fullName":"Ada Guest","email":"%s@example.com","phone":"+1%d","country":"US","city":"San Francisco",'
  .. '"date":"%s","slotId":"%s","message":"Looking forward to it."}'

local slots, run, at_random, are_strangers = {}, nil, false, false
local guests = 0

function setup(thread)
  figures.enlist(thread)
end

function init(arguments)
  assert(thread_number <= 2, "book.lua has phone numbers for two threads")
  local path = assert(arguments[1], "which file names the slots?")
  run = assert(arguments[2], "what is this run called?")
  assert(run:match("^%w+$"), "a run is named by letters and digits")
  at_random = arguments[3] == "random"
  are_strangers = arguments[3] == "strangers"
  for line in io.lines(path) do
    local id, date = line:match("^(%S+)%s+(%S+)$")
    table.insert(slots, { id = assert(id, "a line is '<slot id> <date>'"), date = date })
  end
  assert(#slots > 0, "no slots")
  math.randomseed(os.time() + thread_number)
  figures.start()
end

local function next_slot()
  if at_random then
    return slots[math.random(#slots)]
  end
  -- The threads start half the list apart, so that they do not follow each other.
  local start = math.floor((thread_number - 1) * #slots / 2)
  return slots[(start + guests) % #slots + 1]
end

-- Addresses of 10.0.0.0/8: another second byte for each round and thread, so that nobody has been seen before.
local function address()
  local round = (tonumber(run:match("%d+$")) or 0) * 2 + thread_number
  return ("10.%d.%d.%d"):format(round % 256, math.floor(guests / 256) % 256, guests % 256)
end

function request()
  guests = guests + 1
  local slot = next_slot()
  local id = ("%s-%d-%d"):format(run, thread_number, guests)
  local phone = FIRST_NUMBER + (thread_number - 1) * NUMBERS_A_THREAD + guests % NUMBERS_A_THREAD
  HEADERS["X-Request-ID"] = id
  HEADERS["Idempotency-Key"] = id
  if are_strangers then
    HEADERS["X-Forwarded-For"] = address()
  end
  local text = wrk.format("POST", "/api/bookings", HEADERS, BODY:format(id, phone, slot.date, slot.id))
  figures.sent(id)
  return text
end

function response(status, headers)
  figures.received(status, headers)
end

function done(summary)
  figures.report(summary)
end
