-- Reservation load: every request reserves a ticket for another person and event, or also cancels one in turn.
--
--   wrk -t2 -c64 -d10s --timeout 60s -s reserve.lua http://127.0.0.1:8000 -- KIND LINKS
--
-- KIND is reserve or reserve-cancel. LINKS is a file of lines "<request id> <access token> <event id>". A round of
-- reservations ends when all are used; with cancellations, a thread cancels the oldest reservation that it has.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
package.path = folder .. "?.lua;" .. package.path
local latencies = require("latencies")
local links = require("links")

local HEADERS = {}
local with_cancellations
local in_flight = {}
local reserved = {}
local oldest = 1
local newest = 0
local turn = 0

function setup(thread)
  latencies.register(thread)
  links.register(thread)
end

function init(arguments)
  local kind = assert(arguments[1], "missing argument: the kind of requests")
  assert(kind == "reserve" or kind == "reserve-cancel", "the kind is reserve or reserve-cancel")
  with_cancellations = kind == "reserve-cancel"
  links.read(assert(arguments[2], "missing argument: the file of links"), thread_number)
  latencies.start()
end

function delay()
  if with_cancellations then
    return 0
  end
  return links.delay(#links.all)
end

local function send(method, link, id)
  HEADERS["X-Request-ID"] = id
  HEADERS["Authorization"] = "Bearer " .. link.token
  latencies.request_sent(id)
  return wrk.format(method, "/api/events/" .. link.slot .. "/reserve", HEADERS)
end

function request()
  turn = turn + 1
  local link = reserved[oldest]
  if with_cancellations and turn % 2 == 0 and link then
    reserved[oldest] = nil
    oldest = oldest + 1
    return send("DELETE", link, link.id .. ".c")
  end
  link = links.next(thread_number)
  in_flight[link.id] = link
  return send("POST", link, link.id)
end

function response(status, headers)
  latencies.response_received(status, headers)
  if with_cancellations then
    local id = headers["X-Request-ID"] or headers["X-Request-Id"] or headers["x-request-id"]
    if status == 201 then
      newest = newest + 1
      reserved[newest] = in_flight[id]
    end
    in_flight[id] = nil
  else
    links.response_received(#links.all, thread_number)
  end
end

function done(summary)
  latencies.report(summary, latencies.span())
end
