-- Booking load: every request creates a booking for another guest.
--
--   wrk -t2 -c64 -d10s --timeout 60s -s create_bookings.lua http://127.0.0.1:8000 -- SLOTS RUN [MODE]
--
-- SLOTS is a file of lines "<slot id> <date>". RUN (letters and digits, ending with a number) makes the guests of this
-- round different from those of every other round on the same database. MODE is round-robin (the default), or
-- distinct-clients: round-robin, with another client IP address for each request, as behind a proxy.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
package.path = folder .. "?.lua;" .. package.path
local latencies = require("latencies")

local HEADERS = { ["Content-Type"] = "application/json" }
-- Every number +1 415 NXX XXXX with N from 2 to 9 is valid and belongs to the US. Each of two threads has half of them.
local FIRST_NUMBER, NUMBERS_PER_THREAD = 4152000000, 4000000
local BODY = '{"fullName":"Ada Guest","email":"%s@example.com","phone":"+1%d","country":"US","city":"San Francisco",'
  .. '"date":"%s","slotId":"%s","message":"Looking forward to it."}'
local MODES = { ["round-robin"] = true, ["distinct-clients"] = true }

local slots = {}
local run
local has_distinct_clients = false
local guests = 0

function setup(thread)
  latencies.register(thread)
end

function init(arguments)
  assert(thread_number <= 2, "create_bookings.lua has phone numbers for two threads")
  local path = assert(arguments[1], "missing argument: the file of slots")
  run = assert(arguments[2], "missing argument: the name of the run")
  assert(run:match("^%w+$"), "a run's name has letters and digits only")
  local mode = arguments[3] or "round-robin"
  assert(MODES[mode], "unknown mode: " .. mode)
  has_distinct_clients = mode == "distinct-clients"
  for line in io.lines(path) do
    local id, date = line:match("^(%S+)%s+(%S+)$")
    table.insert(slots, { id = assert(id, "a line is '<slot id> <date>'"), date = date })
  end
  assert(#slots > 0, "the file has no slots")
  latencies.start()
end

local function next_slot()
  -- The threads start half the list apart, so that they do not request the same slots.
  local start = math.floor((thread_number - 1) * #slots / 2)
  return slots[(start + guests) % #slots + 1]
end

-- An address of 10.0.0.0/8. The second byte differs between rounds and threads, so that no address is repeated.
local function client_address()
  local round = (tonumber(run:match("%d+$")) or 0) * 2 + thread_number
  return ("10.%d.%d.%d"):format(round % 256, math.floor(guests / 256) % 256, guests % 256)
end

function request()
  guests = guests + 1
  local slot = next_slot()
  local id = ("%s-%d-%d"):format(run, thread_number, guests)
  local phone = FIRST_NUMBER + (thread_number - 1) * NUMBERS_PER_THREAD + guests % NUMBERS_PER_THREAD
  HEADERS["X-Request-ID"] = id
  HEADERS["Idempotency-Key"] = id
  if has_distinct_clients then
    HEADERS["X-Forwarded-For"] = client_address()
  end
  local text = wrk.format("POST", "/api/bookings", HEADERS, BODY:format(id, phone, slot.date, slot.id))
  latencies.request_sent(id)
  return text
end

function response(status, headers)
  latencies.response_received(status, headers)
end

function done(summary)
  latencies.report(summary)
end
