-- Links of stored bookings: each is used by one request. A round ends when all of these requests have their responses.
--
-- wrk runs for a fixed time, so the last response interrupts it, as Ctrl-C would; the time is the limit of the round.

local ffi = require("ffi")

ffi.cdef([[
  int getpid(void);
  int kill(int process, int signal);
]])

local SIGINT = 2
local THREADS = 2
-- Milliseconds that a connection without further work waits: longer than any round.
local FOREVER = 3600000

local links = { all = {}, used = 0, reserved = 0, answered = 0 }
local is_first_call = true

-- Call in `setup`: the threads share the memory in which they note that they are done.
function links.register(thread)
  if not links.done then
    links.done = ffi.new("int32_t[?]", THREADS + 1)
  end
  thread:set("done_address", tonumber(ffi.cast("uintptr_t", links.done)))
end

-- Reads the lines of a file; each thread has every second one.
local function read(path, thread_number, parse)
  local number = 0
  for line in io.lines(path) do
    number = number + 1
    if number % THREADS == thread_number - 1 then
      table.insert(links.all, parse(line))
    end
  end
  assert(#links.all > 0, "the file has no lines for this thread")
end

-- Call in `init`: reads lines "<booking id> <token> <slot id>".
function links.read(path, thread_number)
  read(path, thread_number, function(line)
    local id, token, slot = line:match("^(%S+) (%S+) (%S+)$")
    return { id = assert(id, "a line is '<id> <token> <slot>'"), token = token, slot = slot }
  end)
end

-- Call in `init`: reads lines "<request id> <token> <path> <body>".
function links.read_posts(path, thread_number)
  read(path, thread_number, function(line)
    local id, token, target, body = line:match("^(%S+) (%S+) (%S+) (%S+)$")
    return { id = assert(id, "a line is '<id> <token> <path> <body>'"), token = token, path = target, body = body }
  end)
end

-- Call in `delay`: reserves the next request of a connection; without one, the connection waits.
function links.delay(requests)
  if links.reserved >= requests then
    return FOREVER
  end
  links.reserved = links.reserved + 1
  return 0
end

-- Returns the next link. wrk takes one request of the first thread before the round and never sends it.
function links.next(thread_number)
  local link = links.all[links.used % #links.all + 1]
  if is_first_call and thread_number == 1 then
    is_first_call = false
    return link
  end
  is_first_call = false
  links.used = links.used + 1
  return link
end

-- Call in `response`: ends the round with the last response of the last thread.
function links.response_received(requests, thread_number)
  links.answered = links.answered + 1
  if links.answered < requests then
    return
  end
  local done = ffi.cast("int32_t *", done_address)
  done[thread_number] = 1
  local threads_done = 0
  for thread = 1, THREADS do
    threads_done = threads_done + done[thread]
  end
  if threads_done == THREADS then
    ffi.C.kill(ffi.C.getpid(), SIGINT)
  end
end

return links
