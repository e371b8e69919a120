-- Booking load: every request creates a booking for another guest.
--
--   wrk -t2 -c64 -d10s --timeout 60s -s create_bookings.lua http://127.0.0.1:8000 -- SLOTS GUESTS RUN [MODE]
--
-- SLOTS is a file of lines "<slot id> <date>", and GUESTS one of bench.guest_bodies. RUN (letters and digits, ending with
-- a number) makes the e-mail addresses of this round different from those of every other round on the same database. MODE is round-robin (the default), or
-- distinct-clients: round-robin, with another client IP address for each request, as behind a proxy.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
package.path = folder .. "?.lua;" .. package.path
local guests = require("guests")
local latencies = require("latencies")

local HEADERS = { ["Content-Type"] = "application/json" }
local CHOICE = '"date": "%s", "slotId": "%s"'
local MODES = { ["round-robin"] = true, ["distinct-clients"] = true }

local slots = {}
local booking_body
local run
local round = 0
local has_distinct_clients = false
local requests = 0

function setup(thread)
  latencies.register(thread)
end

function init(arguments)
  local path = assert(arguments[1], "missing argument: the file of slots")
  local guests_path = assert(arguments[2], "missing argument: the file of guests")
  run = assert(arguments[3], "missing argument: the name of the run")
  assert(run:match("^%w+$"), "a run's name has letters and digits only")
  round = (tonumber(run:match("%d+$")) or 0) * 2 + thread_number
  local mode = arguments[4] or "round-robin"
  assert(MODES[mode], "unknown mode: " .. mode)
  has_distinct_clients = mode == "distinct-clients"
  for line in io.lines(path) do
    local id, date = line:match("^(%S+)%s+(%S+)$")
    table.insert(slots, { id = assert(id, "a line is '<slot id> <date>'"), date = date })
  end
  assert(#slots > 0, "the file has no slots")
  booking_body = guests.reader(guests_path, run, thread_number)
  latencies.start()
end

local function next_slot()
  -- The threads start half the list apart, so that they do not request the same slots.
  local start = math.floor((thread_number - 1) * #slots / 2)
  return slots[(start + requests) % #slots + 1]
end

-- An address of 10.0.0.0/8. The second byte differs between rounds and threads, so that no address is repeated.
local function client_address()
  return ("10.%d.%d.%d"):format(round % 256, math.floor(requests / 256) % 256, requests % 256)
end

function request()
  requests = requests + 1
  local slot = next_slot()
  local id = ("%s-%d-%d"):format(run, thread_number, requests)
  HEADERS["X-Request-ID"] = id
  HEADERS["Idempotency-Key"] = id
  if has_distinct_clients then
    HEADERS["X-Forwarded-For"] = client_address()
  end
  local body = booking_body(requests, id, CHOICE:format(slot.date, slot.id))
  local text = wrk.format("POST", "/api/bookings", HEADERS, body)
  latencies.request_sent(id)
  return text
end

function response(status, headers)
  latencies.response_received(status, headers)
end

function done(summary)
  latencies.report(summary)
end
