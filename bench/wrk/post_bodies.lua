-- Posting load: every line of a file is sent once. A round ends when all are used.
--
--   wrk -t2 -c64 -d10s --timeout 60s -s post_bodies.lua http://127.0.0.1:8000 -- REQUESTS [ADMIN_KEY]
--
-- REQUESTS is a file of lines "<request id> <access token> <path> <JSON body without blanks>". The request id is the
-- Idempotency-Key as well. With ADMIN_KEY every request also has that key of the back office.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
package.path = folder .. "?.lua;" .. package.path
local latencies = require("latencies")
local links = require("links")

local HEADERS = { ["Content-Type"] = "application/json" }

function setup(thread)
  latencies.register(thread)
  links.register(thread)
end

function init(arguments)
  links.read_posts(assert(arguments[1], "missing argument: the file of requests"), thread_number)
  HEADERS["X-Admin-Key"] = arguments[2]
  latencies.start()
end

function delay()
  return links.delay(#links.all)
end

function request()
  local link = links.next(thread_number)
  HEADERS["X-Request-ID"] = link.id
  HEADERS["Idempotency-Key"] = link.id
  HEADERS["Authorization"] = "Bearer " .. link.token
  latencies.request_sent(link.id)
  return wrk.format("POST", link.path, HEADERS, link.body)
end

function response(status, headers)
  latencies.response_received(status, headers)
  links.response_received(#links.all, thread_number)
end

function done(summary)
  latencies.report(summary, latencies.span())
end
