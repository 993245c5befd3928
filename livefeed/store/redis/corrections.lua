-- Corrections of a coverage at one moment, newest first.
-- ARGV: slug, the time (microseconds) and id that they come before ('+inf' for the newest), how many.
-- Answers {epoch, number, state, number, state, ...}: which correction of which update.

local slug, before, before_id, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

-- A stored time, such as 2020-11-22T14:15:00.25Z, in microseconds since 1970.
local function microseconds(text)
  local year, month, day, hour, minute, second =
    string.match(text, '^(%d+)-(%d+)-(%d+)T(%d+):(%d+):([%d.]+)Z$')
  -- Years begin in March, so that a leap day is the last of its year.
  local months = tonumber(year) * 12 + tonumber(month) - 3
  local years = math.floor(months / 12)
  local days = years * 365 + math.floor(years / 4) - math.floor(years / 100) + math.floor(years / 400)
  days = days + math.floor((months % 12 * 153 + 2) / 5) + tonumber(day) - 1 - 719468
  local seconds = ((days * 24 + hour) * 60 + minute) * 60
  return string.format('%.0f', seconds * 1000000 + math.floor(second * 1000 + 0.5) * 1000)
end

-- A coverage that an older version opened is listed once, on the first request.
if redis.call('SADD', key('corrections_listed'), slug) == 1 then
  local ids = redis.call('ZRANGE', key('published', slug), 0, -1)
  for place, entry in ipairs(fields(key('updates'), ids)) do
    -- Quotes inside of texts are escaped, so this is found in no text; decoding all would take long.
    if entry and not string.find(entry, '"corrections":[]', 1, true) then
      local times = {}
      for number, correction in ipairs(cjson.decode(string.match(entry, '{.*$')).corrections or {}) do
        times[number] = microseconds(correction.at)
      end
      list_corrections(slug, ids[place], times)
    end
  end
end

local members = {}
if before ~= '+inf' then
  for _, member in ipairs(redis.call('ZREVRANGEBYSCORE', key('corrections', slug), before, before)) do
    if string.match(member, '^[^\n]*') < before_id then
      members[#members + 1] = member
    end
  end
  before = '(' .. before
end
local older = redis.call('ZREVRANGEBYSCORE', key('corrections', slug), before, '-inf', 'LIMIT', 0, limit)
for _, member in ipairs(older) do
  members[#members + 1] = member
end

local ids = {}
for place = 1, math.min(limit, #members) do
  ids[place] = string.match(members[place], '^[^\n]*')
end
local found = { current_epoch() }
for place, state in ipairs(fields(key('updates'), ids)) do
  found[#found + 1] = string.match(members[place], '%d+$')
  found[#found + 1] = state
end
return found
