-- Cancellation load: every request cancels another booking by its link, until all are cancelled.
--
--   wrk -t2 -c64 -d60s --timeout 60s -s cancel_bookings.lua http://127.0.0.1:8000 -- LINKS
--
-- LINKS is a file of lines "<booking id> <token> <slot id>".

local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
package.path = folder .. "?.lua;" .. package.path
local latencies = require("latencies")
local links = require("links")

local HEADERS = {}

function setup(thread)
  latencies.register(thread)
  links.register(thread)
end

function init(arguments)
  links.read(assert(arguments[1], "missing argument: the file of links"), thread_number)
  latencies.start()
end

function delay()
  return links.delay(#links.all)
end

function request()
  local link = links.next(thread_number)
  HEADERS["X-Request-ID"] = link.id
  HEADERS["Authorization"] = "Bearer " .. link.token
  latencies.request_sent(link.id)
  return wrk.format("DELETE", "/api/bookings/" .. link.id, HEADERS)
end

function response(status, headers)
  latencies.response_received(status, headers)
  links.response_received(#links.all, thread_number)
end

function done(summary)
  latencies.report(summary, latencies.span())
end
