-- Latencies of a round: a sample of every response, by status, and one line of JSON at the end.
--
-- wrk corrects its own latencies for coordinated omission by adding samples, and drops responses after its time-out.
-- The latencies here are those of the actual responses. The X-Request-ID, which the service sends back, identifies a
-- request; its time is measured from its creation to the end of its response.
--
-- Every thread of wrk has a Lua state of its own, and only numbers can be passed between them safely. So a thread
-- writes its samples to plain memory, and `report` reads them by address after the threads have ended.

local ffi = require("ffi")

ffi.cdef([[
  typedef struct { int64_t seconds; int64_t nanoseconds; } moment;
  int clock_gettime(int clock, moment *now);
  typedef struct { uint32_t microseconds; uint32_t status; } sample;
]])

local MONOTONIC = 1
local MAX_SAMPLES = 1000000

local latencies = { threads = {} }
local moment = ffi.new("moment")
local pending = {}

local function now()
  ffi.C.clock_gettime(MONOTONIC, moment)
  return tonumber(moment.seconds) * 1e6 + tonumber(moment.nanoseconds) / 1e3
end

-- Call in `setup`: gives the thread its number, counted from 1.
function latencies.register(thread)
  table.insert(latencies.threads, thread)
  thread:set("thread_number", #latencies.threads)
end

-- Call in `init`: allocates memory for the thread's samples. wrk takes one request of the first thread before the
-- round, to test its form, and never sends it.
function latencies.start()
  samples = ffi.new("sample[?]", MAX_SAMPLES)
  samples_address = tonumber(ffi.cast("uintptr_t", samples))
  samples_count = 0
  first_request_at = 0
  last_response_at = 0
  requests_made = 0
  if thread_number == 1 then
    requests_made = -1
  end
end

-- Call in `request`.
function latencies.request_sent(id)
  requests_made = requests_made + 1
  pending[id] = now()
  -- The first thread's first request is never sent.
  if requests_made == 1 then
    first_request_at = pending[id]
  end
end

-- Call in `response`.
function latencies.response_received(status, headers)
  local id = headers["X-Request-ID"] or headers["X-Request-Id"] or headers["x-request-id"]
  local start = id and pending[id]
  if not start then
    error("the service does not send X-Request-ID back")
  end
  pending[id] = nil
  last_response_at = now()
  if samples_count < MAX_SAMPLES then
    local sample = samples[samples_count]
    sample.microseconds = now() - start
    sample.status = status
    samples_count = samples_count + 1
  end
end

local function quantile(sorted, share)
  return sorted[math.max(1, math.ceil(share * #sorted))] / 1000
end

local function latencies_json(sorted)
  local form = '"count":%d,"p50":%.3f,"p90":%.3f,"p99":%.3f,"max":%.3f'
  if #sorted == 0 then
    return '"count":0,"p50":null,"p90":null,"p99":null,"max":null'
  end
  return form:format(#sorted, quantile(sorted, 0.5), quantile(sorted, 0.9), quantile(sorted, 0.99), sorted[#sorted] / 1000)
end

local function collect_samples()
  local all = {}
  local by_status = {}
  local made = 0
  for _, thread in ipairs(latencies.threads) do
    local address = ffi.cast("uintptr_t", thread:get("samples_address"))
    local thread_samples = ffi.cast("sample *", address)
    made = made + thread:get("requests_made")
    for index = 0, thread:get("samples_count") - 1 do
      local microseconds = thread_samples[index].microseconds
      local status = thread_samples[index].status
      by_status[status] = by_status[status] or {}
      table.insert(all, microseconds)
      table.insert(by_status[status], microseconds)
    end
  end
  return all, by_status, made
end

-- Call in `done`: returns the seconds from the first request to the last response, for a round that ends by itself.
function latencies.span()
  local first = math.huge
  local last = 0
  for _, thread in ipairs(latencies.threads) do
    if thread:get("samples_count") > 0 then
      first = math.min(first, thread:get("first_request_at"))
      last = math.max(last, thread:get("last_response_at"))
    end
  end
  return math.max(last - first, 1) / 1e6
end

-- Call in `done`: prints the round as the last line; all latencies are milliseconds. `unanswered` requests were in
-- flight at the end of the round, or lost with their connection; the service may still have executed them.
-- `span` is the length of the round in seconds, by default that of wrk.
function latencies.report(summary, span)
  local all, by_status, made = collect_samples()
  local statuses = {}
  for status, times in pairs(by_status) do
    table.sort(times)
    table.insert(statuses, ('"%d":{%s}'):format(status, latencies_json(times)))
  end
  table.sort(all)
  table.sort(statuses)
  local seconds = span or summary.duration / 1e6
  local failed = summary.errors
  print(
    ('{"requests":%d,"seconds":%.3f,"perSecond":%.1f,"unanswered":%d,"latency":{%s},"statuses":{%s},'
      .. '"errors":{"connect":%d,"read":%d,"write":%d}}'):format(
      #all, seconds, #all / seconds, made - #all, latencies_json(all), table.concat(statuses, ","),
      failed.connect, failed.read, failed.write
    )
  )
end

return latencies
