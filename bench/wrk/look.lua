-- Looking around: every request lists the slots of a date, the given dates in turn.
--
--   wrk -t2 -c64 -d10s --timeout 60s -s look.lua http://127.0.0.1:8000 -- 2026-03-01 2026-03-03

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
package.path = here .. "?.lua;" .. package.path
local figures = require("figures")

local HEADERS = {}
local dates = {}
local looks = 0

function setup(thread)
  figures.enlist(thread)
end

function init(arguments)
  for _, date in ipairs(arguments) do
    assert(date:match("^%d%d%d%d%-%d%d%-%d%d$"), "a date is YYYY-MM-DD")
    table.insert(dates, date)
  end
  assert(#dates > 0, "which dates?")
  figures.start()
end

function request()
  looks = looks + 1
  local id = ("look-%d-%d"):format(thread_number, looks)
  HEADERS["X-Request-ID"] = id
  figures.sent(id)
  return wrk.format("GET", "/api/slots?date=" .. dates[looks % #dates + 1], HEADERS)
end

function response(status, headers)
  figures.received(status, headers)
end

function done(summary)
  figures.report(summary)
end
