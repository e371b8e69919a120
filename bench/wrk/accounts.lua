-- Account load: sign-ins, registrations, refreshes or reads of the signed-in account, by people in turn.
--
--   wrk -t2 -c32 -d4s --timeout 60s -s accounts.lua http://127.0.0.1:8000 -- KIND PEOPLE RUN
--
-- KIND is sign-in, register, refresh or me. PEOPLE is a file of lines "<e-mail> <access token> <refresh token>"; the
-- threads share it out. A refresh uses the newest refresh token of its person, and no other request has it meanwhile.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
package.path = folder .. "?.lua;" .. package.path
local latencies = require("latencies")

local PASSWORD = "correct horse 7"
local THREADS = 2
local JSON = { ["Content-Type"] = "application/json" }
local kind
local run
local people = {}
local refresh_tokens = {}
local requests = 0

function setup(thread)
  latencies.register(thread)
end

function init(arguments)
  kind = assert(arguments[1], "missing argument: the kind of requests")
  run = assert(arguments[3], "missing argument: the name of the run")
  local number = 0
  local file = assert(arguments[2], "missing argument: the file of people")
  for line in io.lines(file) do
    number = number + 1
    if number % THREADS == thread_number % THREADS then
      local email, access_token, refresh_token = line:match("^(%S+) (%S+) (%S+)$")
      table.insert(people, { email = email, access_token = access_token })
      table.insert(refresh_tokens, refresh_token)
    end
  end
  latencies.start()
end

local forms = {}

forms["sign-in"] = function(id)
  local body = ('{"email":"%s","password":"%s"}'):format(people[requests % #people + 1].email, PASSWORD)
  return wrk.format("POST", "/api/auth/login", { ["Content-Type"] = JSON["Content-Type"], ["X-Request-ID"] = id }, body)
end

forms["register"] = function(id)
  local form = '{"name":"Ada Lovelace","email":"%s.%s@example.org","password":"%s"}'
  local headers = { ["Content-Type"] = JSON["Content-Type"], ["X-Request-ID"] = id }
  return wrk.format("POST", "/api/auth/register", headers, form:format(id, run, PASSWORD))
end

forms["refresh"] = function(id)
  local token = table.remove(refresh_tokens, 1)
  return wrk.format("POST", "/api/auth/refresh", { ["Cookie"] = "refreshToken=" .. token, ["X-Request-ID"] = id })
end

forms["me"] = function(id)
  local authorization = "Bearer " .. people[requests % #people + 1].access_token
  return wrk.format("GET", "/api/auth/me", { ["Authorization"] = authorization, ["X-Request-ID"] = id })
end

function request()
  requests = requests + 1
  local id = ("account-%d-%d"):format(thread_number, requests)
  latencies.request_sent(id)
  return forms[kind](id)
end

function response(status, headers)
  latencies.response_received(status, headers)
  if kind == "refresh" and status == 200 then
    table.insert(refresh_tokens, headers["Set-Cookie"]:match("refreshToken=([^;]+)"))
  end
end

function done(summary)
  latencies.report(summary)
end
