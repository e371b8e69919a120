-- Reading load: every request reads a path of a file, the paths in turn.
--
--   wrk -t2 -c64 -d10s --timeout 60s -s read_paths.lua http://127.0.0.1:8000 -- PATHS

local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
package.path = folder .. "?.lua;" .. package.path
local latencies = require("latencies")

local HEADERS = {}
local paths = {}
local requests = 0

function setup(thread)
  latencies.register(thread)
end

function init(arguments)
  local file = assert(arguments[1], "missing argument: the file of paths")
  for line in io.lines(file) do
    table.insert(paths, line)
  end
  assert(#paths > 0, "the file has no paths")
  latencies.start()
end

function request()
  requests = requests + 1
  local id = ("read-%d-%d"):format(thread_number, requests)
  HEADERS["X-Request-ID"] = id
  latencies.request_sent(id)
  return wrk.format("GET", paths[requests % #paths + 1], HEADERS)
end

function response(status, headers)
  latencies.response_received(status, headers)
end

function done(summary)
  latencies.report(summary)
end
