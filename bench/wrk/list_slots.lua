-- Listing load: every request lists the slots of a date, the given dates in turn.
--
--   wrk -t2 -c64 -d10s --timeout 60s -s list_slots.lua http://127.0.0.1:8000 -- 2026-03-01 2026-03-03

local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
package.path = folder .. "?.lua;" .. package.path
local latencies = require("latencies")

local HEADERS = {}
local dates = {}
local requests = 0

function setup(thread)
  latencies.register(thread)
end

function init(arguments)
  for _, date in ipairs(arguments) do
    assert(date:match("^%d%d%d%d%-%d%d%-%d%d$"), "a date is YYYY-MM-DD")
    table.insert(dates, date)
  end
  assert(#dates > 0, "missing arguments: the dates")
  latencies.start()
end

function request()
  requests = requests + 1
  local id = ("list-%d-%d"):format(thread_number, requests)
  HEADERS["X-Request-ID"] = id
  latencies.request_sent(id)
  return wrk.format("GET", "/api/slots?date=" .. dates[requests % #dates + 1], HEADERS)
end

function response(status, headers)
  latencies.response_received(status, headers)
end

function done(summary)
  latencies.report(summary)
end
