// What is under which key; `base` is `<prefix>:{history}:`.
//
//   runs       sorted set: all runs, each as its place in their order (see history_rows.hpp)
//   w:<name>   the same of one workflow
//   records    hash: by run, the row of its record
//   total      the tasks of all runs together
//   g:<run>    the row of its graph
//   t:<run>    stream: a row of task metrics for each batch      l:<run>  the same of slots
//   f:<name>   hash: by worker class, the state of the function's series of samples: its ordinal,
//              the number of its next sample and of its first, the second of its last write, and
//              the latest submission in it
//   s:<class>:<name>  stream: a series, a row of samples for each batch. The id is the number
//   behind
//              its last sample; `m` is the latest submission before it, so that whoever reads
//              backwards knows when nothing later can follow
//   a:<writer> the last batch that a client has added
//
// Streams of batches are cut about where the bound is; series too, since `f` says where the first
// sample is that counts. All keys expire when nobody has written to them for long.

#include "weft/storage/redis/history_scripts.hpp"

namespace weft::redis {

namespace {

constexpr auto both = R"lua(
local base = KEYS[1]
local call = redis.call

-- Before anything is written: a step that stops halfway would leave half of itself.
local function refused(key, kind)
  local found = call('TYPE', key).ok
  if found == kind or found == 'none' then return nil end
  return redis.error_reply('WEFTKEY ' .. key .. ' holds a ' .. found .. ', not a ' .. kind)
end
)lua";

constexpr auto put_run = R"lua(
local runs, records, total = base .. 'runs', base .. 'records', base .. 'total'
local id, place, workflow, tasks = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local record, graph = ARGV[5], ARGV[6]
local runs_max, of_workflow_max, tasks_max = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local life = ARGV[10]
local own = base .. 'w:' .. workflow

local no = refused(runs, 'zset') or refused(records, 'hash') or refused(total, 'string')
  or refused(own, 'zset') or refused(base .. 'g:' .. id, 'string')
if no then return no end
if not tonumber(call('GET', total) or '0') then call('SET', total, '0') end

-- How a row begins is the same in every layout.
local function forget(other)
  local row = call('HGET', records, other)
  if not row then return end
  call('HDEL', records, other)
  if #row < 36 then return end
  local _, count, place_of, length = struct.unpack('>BI4c29I2', row)
  call('DECRBY', total, count)
  call('ZREM', runs, place_of)
  local index = base .. 'w:' .. string.sub(row, 37, 36 + length)
  if not refused(index, 'zset') then call('ZREM', index, place_of) end
end

local function drop(index, oldest)
  for _, member in ipairs(oldest) do
    local other = string.sub(member, 17)
    forget(other)
    call('ZREM', index, member)
    call('ZREM', runs, member)
    call('UNLINK', base .. 'g:' .. other, base .. 't:' .. other, base .. 'l:' .. other)
  end
end

local function drop_beyond(index, most)
  local surplus = call('ZCARD', index) - most
  if surplus > 0 then drop(index, call('ZRANGE', index, 0, surplus - 1)) end
end

forget(id)
call('HSET', records, id, record)
call('ZADD', runs, 0, place)
call('ZADD', own, 0, place)
call('INCRBY', total, tasks)
if graph ~= '' then call('SET', base .. 'g:' .. id, graph, 'PX', life) end

drop_beyond(own, of_workflow_max)
drop_beyond(runs, runs_max)
while tonumber(call('GET', total)) > tasks_max and call('ZCARD', runs) > 1 do
  drop(runs, call('ZRANGE', runs, 0, 0))
end
-- Counts anew, in case that somebody has taken records away.
if call('ZCARD', runs) == 1 and call('HEXISTS', records, id) == 1 then
  call('SET', total, ARGV[4])
end
for _, key in ipairs({runs, records, total, own}) do call('PEXPIRE', key, life) end
return 1
)lua";

constexpr auto add_batch = R"lua(
local id, writer, number, tasks, slots = ARGV[1], base .. 'a:' .. ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local batches_max, samples_max = ARGV[6], tonumber(ARGV[7])
local classes_max, life = tonumber(ARGV[8]), ARGV[9]
local again_within = 600000  -- A batch is sent again for much shorter than that, in milliseconds.
local all_tasks, all_slots = base .. 't:' .. id, base .. 'l:' .. id

local no = refused(base .. 'records', 'hash') or refused(all_tasks, 'stream')
  or refused(all_slots, 'stream') or refused(writer, 'string')
for i = 10, #ARGV, 5 do
  no = no or refused(base .. 'f:' .. ARGV[i], 'hash')
    or refused(base .. 's:' .. ARGV[i + 1] .. ':' .. ARGV[i], 'stream')
end
if no then return no end
if call('HEXISTS', base .. 'records', id) == 0 then return 0 end
if (tonumber(call('GET', writer) or '0') or 0) >= tonumber(number) then return 2 end
call('SET', writer, number, 'PX', again_within)

local function add_row(key, row)
  if row == '' then return end
  call('XADD', key, 'MAXLEN', '~', batches_max, '*', 'v', row)
  call('PEXPIRE', key, life)
end

local function as_text(count) return string.format('%.0f', count) end

-- Takes the class that nobody has written to for longest out of a function that has too many.
local function make_room(key, name)
  local fields = call('HGETALL', key)
  if #fields / 2 < classes_max then return end
  local oldest, since
  for i = 1, #fields, 2 do
    local written = tonumber(string.match(fields[i + 1], '^%d+ %d+ %d+ (%d+) %x+$')) or 0
    if not since or written < since then oldest, since = fields[i], written end
  end
  call('HDEL', key, oldest)
  call('UNLINK', base .. 's:' .. oldest .. ':' .. name)
end

-- A series whose state is lost begins anew: its numbers would collide.
local function state_of(key, name, class, series)
  local state = call('HGET', key, class)
  if state then
    local ordinal, after, _, _, latest = string.match(state, '^(%d+) (%d+) (%d+) (%d+) (%x+)$')
    if ordinal and call('EXISTS', series) == 1 then return ordinal, tonumber(after), latest end
  else
    make_room(key, name)
  end
  call('UNLINK', series)
  return as_text(call('HLEN', key)), 0, '0000000000000000'
end

add_row(all_tasks, tasks)
add_row(all_slots, slots)
local second = call('TIME')[1]
for i = 10, #ARGV, 5 do
  local name, class, count, at, row = unpack(ARGV, i, i + 4)
  local key, series = base .. 'f:' .. name, base .. 's:' .. class .. ':' .. name
  local ordinal, after, latest = state_of(key, name, class, series)
  after = after + tonumber(count)
  local first = math.max(0, after - samples_max)
  local add = {'XADD', series, 'MINID', '~', as_text(first + 1), as_text(after), 'm', latest, 'v', row}
  local added = redis.pcall(unpack(add))
  if type(added) == 'table' and added.err then  -- Somebody else has added something.
    call('UNLINK', series)
    call(unpack(add))
  end
  if at > latest then latest = at end
  call('HSET', key, class, table.concat({ordinal, as_text(after), as_text(first), second, latest}, ' '))
  call('PEXPIRE', key, life)
  call('PEXPIRE', series, life)
end
return 1
)lua";

}  // namespace

const Script& put_run_script() {
  static const Script script{std::string{both} + put_run};
  return script;
}

const Script& add_batch_script() {
  static const Script script{std::string{both} + add_batch};
  return script;
}

}  // namespace weft::redis
