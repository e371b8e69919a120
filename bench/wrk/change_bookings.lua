-- Storm: of ten requests five book, three cancel, one moves a booking and one joins a waiting list.
--
--   wrk -t2 -c64 -d10s --timeout 60s -s change_bookings.lua http://127.0.0.1:8000 -- SLOTS GUESTS LINKS RUN
--
-- SLOTS is a file of lines "<slot id> <date>": bookings and moves choose them in turn, and guests wait for those of the
-- first half. GUESTS is a file of bench.guest_bodies. LINKS has lines "<booking id> <token> <slot id>": each booking is
-- cancelled or moved once. The storm ends when no link is left, or with the time.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
package.path = folder .. "?.lua;" .. package.path
local guests = require("guests")
local latencies = require("latencies")
local links = require("links")

local CHOICE = '"date": "%s", "slotId": "%s"'
-- A fixed order, so that every round has the same mix.
local MIX = { "book", "cancel", "book", "move", "book", "cancel", "book", "join", "book", "cancel" }
local LINKS_PER_MIX = 4

local slots = {}
local booking_body
local waiting_body
local run
local requests = 0
local most_requests = 0

function setup(thread)
  latencies.register(thread)
  links.register(thread)
end

function init(arguments)
  local slots_path = assert(arguments[1], "missing argument: the file of slots")
  local guests_path = assert(arguments[2], "missing argument: the file of guests")
  links.read(assert(arguments[3], "missing argument: the file of links"), thread_number)
  run = assert(arguments[4], "missing argument: the name of the run")
  assert(run:match("^%w+$"), "a run's name has letters and digits only")
  for line in io.lines(slots_path) do
    local id, date = line:match("^(%S+)%s+(%S+)$")
    table.insert(slots, { id = assert(id, "a line is '<slot id> <date>'"), date = date })
  end
  assert(#slots > 1, "the file has less than two slots")
  booking_body, waiting_body = guests.reader(guests_path, run, thread_number)
  most_requests = math.floor(#links.all / LINKS_PER_MIX) * #MIX
  latencies.start()
end

function delay()
  return links.delay(most_requests)
end

-- The slot of a request; the threads begin half the list apart.
local function slot_number(number)
  return (math.floor((thread_number - 1) * #slots / 2) + number) % #slots + 1
end

local function book(id, headers)
  local slot = slots[slot_number(requests)]
  local body = booking_body(requests, id, CHOICE:format(slot.date, slot.id))
  return wrk.format("POST", "/api/bookings", headers, body)
end

local function cancel(_, headers)
  local link = links.next(thread_number)
  headers["Authorization"] = "Bearer " .. link.token
  return wrk.format("DELETE", "/api/bookings/" .. link.id, headers)
end

local function move(_, headers)
  local link = links.next(thread_number)
  local number = slot_number(requests)
  if slots[number].id == link.slot then
    number = number % #slots + 1
  end
  headers["Authorization"] = "Bearer " .. link.token
  local body = ('{"slotId": "%s"}'):format(slots[number].id)
  return wrk.format("POST", "/api/bookings/" .. link.id .. "/reschedule", headers, body)
end

local function join(id, headers)
  local slot = slots[math.floor(requests / #MIX) % math.floor(#slots / 2) + 1]
  return wrk.format("POST", "/api/slots/" .. slot.id .. "/waitlist", headers, waiting_body(requests, id))
end

local REQUESTS = { book = book, cancel = cancel, move = move, join = join }

function request()
  requests = requests + 1
  local id = ("%s-%d-%d"):format(run, thread_number, requests)
  latencies.request_sent(id)
  local headers = { ["Content-Type"] = "application/json", ["X-Request-ID"] = id }
  return REQUESTS[MIX[requests % #MIX + 1]](id, headers)
end

function response(status, headers)
  latencies.response_received(status, headers)
  links.response_received(most_requests, thread_number)
end

function done(summary)
  latencies.report(summary, latencies.span())
end
