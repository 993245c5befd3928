-- Stands before every script: the names of all keys, and what several scripts ask or do.
--
-- Keys are computed here rather than passed in: one primary is the supported shape, and the common tag keeps
-- them in one slot should a proxy care.

local function key(...)
  return '{livefeed}:' .. table.concat({ ... }, ':')
end

local META, TOPS = key('meta'), key('tops')

local function run_id()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
end

-- The epoch, or false while nobody has judged what became of the log: the server is new, was emptied, or was
-- started again since. `sync.lua` judges; until it did, no offset may be given or shown.
local function current_epoch()
  local meta = redis.call('HMGET', META, 'epoch', 'run_id')
  if meta[1] and meta[2] == run_id() then
    return meta[1]
  end
  return false
end

local function top(channel)
  return tonumber(redis.call('HGET', TOPS, channel) or '0')
end

-- The values of many hash fields. A Lua call takes a few thousand arguments at most, therefore in portions.
local function fields(name, wanted)
  local found = {}
  for first = 1, #wanted, 1000 do
    local part = redis.call('HMGET', name, unpack(wanted, first, math.min(first + 999, #wanted)))
    for _, value in ipairs(part) do
      found[#found + 1] = value
    end
  end
  return found
end

-- Add acts to the audit log: a hash from number to time and payload, and the numbers by name and coverage.
-- No script changes or removes one.
local function note(acts, text)
  for _, act in ipairs(acts) do
    local number = redis.call('HINCRBY', META, 'acts', 1)
    local now = redis.call('TIME')
    local at = now[1] .. string.format('%06d', now[2])
    redis.call('HSET', key('acts'), number, at .. '\n' .. text(act.text))
    redis.call('ZADD', key('acts_by', act.by), number, number)
    redis.call('ZADD', key('acts_of', act.coverage), number, number)
  end
end

-- A writing script may be sent again when its reply was lost. ARGV[1] names the attempt: the first run keeps
-- its reply under that name, for longer than anybody retries, and a second run answers the same.
local function remembered()
  local reply = redis.call('GET', key('attempt', ARGV[1]))
  return reply and cjson.decode(reply)
end

local function remember(reply)
  redis.call('SET', key('attempt', ARGV[1]), cjson.encode(reply), 'PX', 60000)
  return reply
end

-- The list of a coverage's corrections: `id` and number of each, by its time in microseconds.
local function list_corrections(slug, id, times)
  local former = tonumber(redis.call('HGET', key('corrected'), id) or '0')
  for number = 1, former do
    redis.call('ZREM', key('corrections', slug), id .. '\n' .. number)
  end
  for number, at in ipairs(times) do
    redis.call('ZADD', key('corrections', slug), at, id .. '\n' .. number)
  end
  if #times > 0 then
    redis.call('HSET', key('corrected'), id, #times)
  elseif former > 0 then
    redis.call('HDEL', key('corrected'), id)
  end
end
