-- Guests of a file of bench.guest_bodies: parts of JSON bodies, joined around the unique part of the e-mail address.

local guests = {}
-- Rounds and threads begin with another guest of the file.
local GUESTS_APART = 7919

-- Returns two functions of a guest's number and a unique id: one makes the body of a booking with further members, the
-- other the body of a waiting guest.
function guests.reader(path, run, thread_number)
  local bodies = {}
  local round = (tonumber(run:match("%d+$")) or 0) * 2 + thread_number
  for line in io.lines(path) do
    local start, contact, booking_members = line:match("^([^\t]+)\t([^\t]+)\t([^\t]+)$")
    assert(start, "a line is '<start of a body><tab><contact><tab><booking_members>'")
    table.insert(bodies, { start = start, contact = contact, booking_members = booking_members })
  end
  assert(#bodies > 0, "the file has no guests")
  local function guest_of(number)
    return bodies[(round * GUESTS_APART + number) % #bodies + 1]
  end
  local function booking(number, id, members)
    local guest = guest_of(number)
    return "{" .. guest.start .. id .. guest.contact .. ", " .. guest.booking_members .. ", " .. members .. "}"
  end
  local function waiting(number, id)
    local guest = guest_of(number)
    return "{" .. guest.start .. id .. guest.contact .. "}"
  end
  return booking, waiting
end

return guests
