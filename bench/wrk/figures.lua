-- What a round measured: the latency of every answer, by status, and one line of JSON at the end.
--
-- wrk corrects its own latency figures for co-ordinated omission by inventing samples, and drops what took longer than
-- its time-out. The figures here are of the answers as they came: a request is named by its X-Request-ID, which the
-- service sends back, and timed from the moment it is made to the moment its answer is complete.
--
-- Every thread of wrk has a Lua state of its own, and only numbers pass safely between them. So a thread writes its
-- samples to plain memory, and `report` reads them by address after the threads have ended.

local ffi = require("ffi")

ffi.cdef([[
  typedef struct { int64_t seconds; int64_t nanoseconds; } moment;
  int clock_gettime(int clock, moment *now);
  typedef struct { uint32_t microseconds; uint32_t status; } sample;
]])

local MONOTONIC = 1
local MOST_SAMPLES = 1000000

local figures = { threads = {} }
local moment = ffi.new("moment")
local pending = {}

local function now()
  ffi.C.clock_gettime(MONOTONIC, moment)
  return tonumber(moment.seconds) * 1e6 + tonumber(moment.nanoseconds) / 1e3
end

-- Call in `setup`: gives the thread its number, counted from 1.
function figures.enlist(thread)
  table.insert(figures.threads, thread)
  thread:set("thread_number", #figures.threads)
end

-- Call in `init`: makes room for the thread's samples. wrk asks the first thread for one request before the round, to
-- see whether it is well formed, and never sends it.
function figures.start()
  samples = ffi.new("sample[?]", MOST_SAMPLES)
  samples_address = tonumber(ffi.cast("uintptr_t", samples))
  samples_count, requests_made = 0, 0
  if thread_number == 1 then
    requests_made = -1
  end
end

-- Call when a request is made.
function figures.sent(id)
  requests_made = requests_made + 1
  pending[id] = now()
end

-- Call in `response`.
function figures.received(status, headers)
  local id = headers["X-Request-ID"] or headers["X-Request-Id"] or headers["x-request-id"]
  local began = id and pending[id]
  if not began then
    error("the service does not send X-Request-ID back")
  end
  pending[id] = nil
  if samples_count < MOST_SAMPLES then
    local sample = samples[samples_count]
    sample.microseconds, sample.status = now() - began, status
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

local function gather()
  local all, by_status, made = {}, {}, 0
  for _, thread in ipairs(figures.threads) do
    local address = ffi.cast("uintptr_t", thread:get("samples_address"))
    local taken = ffi.cast("sample *", address)
    made = made + thread:get("requests_made")
    for index = 0, thread:get("samples_count") - 1 do
      local microseconds, status = taken[index].microseconds, taken[index].status
      by_status[status] = by_status[status] or {}
      table.insert(all, microseconds)
      table.insert(by_status[status], microseconds)
    end
  end
  return all, by_status, made
end

-- Call in `done`: prints the round as the last line, milliseconds throughout. `unanswered` requests were under way when
-- the round ended, or lost with their connection; the service may still have done what they asked.
function figures.report(summary)
  local all, by_status, made = gather()
  local statuses = {}
  for status, taken in pairs(by_status) do
    table.sort(taken)
    table.insert(statuses, ('"%d":{%s}'):format(status, latencies_json(taken)))
  end
  table.sort(all)
  table.sort(statuses)
  local seconds = summary.duration / 1e6
  local failed = summary.errors
  print(
    ('{"requests":%d,"seconds":%.3f,"perSecond":%.1f,"unanswered":%d,"latency":{%s},"statuses":{%s},'
      .. '"errors":{"connect":%d,"read":%d,"write":%d}}'):format(
      #all, seconds, #all / seconds, made - #all, latencies_json(all), table.concat(statuses, ","),
      failed.connect, failed.read, failed.write
    )
  )
end

return figures
