#!lua name=@library@

-- The run protocol inside of Redis: each function is one step of `RunStore`, and does what
-- storage/memory_run.cpp does to a run in memory. Called with one key, that of the run's states;
-- the others have the same prefix, hash tag included (see keys.hpp). The files of this folder are one
-- program; this is its beginning, and life.lua its end.
--
--   s   states: a header of 64 bytes, then 36 bytes a task; big-endian, as BITFIELD counts
--   m   what is fixed about the run, and its end
--   g   the graph and the plan: h, a record for each task (see graph_codec.hpp), c<n>, s<n>
--   o   outputs, by `field_of` task  c:<task>:<fence>:<n>  parts of large ones
--   ck  checksums of these parts     i, ir  elements of maps, and how many will read each
--   e   events                       x   errors
--   p   expansions of maps           d   edges into them
--   l   leases: <worker> its end, h<worker> its holder, t<worker> messages to it
--   r   tasks that were left ready: since when, and each with its fence
--   k   what tasks have cost: e<task> workers that it ended, v<task> workers that vanished with it
--   q   tasks whose workers' leases ran out, for the next sweep to tell
--
-- A step reads what it needs into tables, changes these, and writes what has changed at its end, all
-- together (`flush`): commands cost more than Lua. The few that write at once say so.
--
-- The first argument of each is the time in microseconds, or nothing for the server's own.

-- Redis lends these only while a function runs.
local call, spread, pack, unpack, floor, byte, sub, concat

local function borrow()
  call, spread, pack, unpack = redis.call, _G.unpack, struct.pack, struct.unpack
  floor, byte, sub, concat = math.floor, string.byte, string.sub, table.concat
end

local HEAD, RECORD = 64, 36
local RUNNING, SUCCEEDED, FAILED_RUN, CANCELLED = 0, 1, 2, 3
local ABSENT, WAITING, READY, CLAIMED, COMMITTED, FAILED, SKIPPED = 0, 1, 2, 3, 4, 5, 6
local KEPT, CHUNKED, EDGES = 1, 2, 4  -- Flags of a task.
local WON, LOST, FENCED, ENDED = 0, 1, 2, 3
local NONE, OWN, ALL, PLACED = 0, 1, 2, 3
local OUTPUT, ORDER, GATHER, ITEM = 0, 1, 2, 3
local FLEXIBLE, NO_EXPANSION = 0xffffffff, 0xffffffff
local MISSING, ELSEWHERE = 0xffffffff, 0xfffffffe
local EVENT_COMMITTED, EVENT_ATTEMPT_FAILED, EVENT_TASK_FAILED, EVENT_SKIPPED = 4, 5, 6, 7
local EVENT_LOST, EVENT_REQUEUED, EVENT_EXPANDED, EVENT_ENDED, EVENT_CREATED = 8, 9, 10, 11, 1
local FENCES = 1048576      -- Of one epoch.
local MAX_ERRORS = 100
local VANISHED_PER_KILL, MAX_KILLS = 4, 3
local CHECKSUM = 8
local BATCH = 500           -- Arguments of one command stay far below Lua's stack.
local INLINE_BUDGET = 262144 -- Bytes of inputs in one grant; what goes beyond is fetched.
local STEP_BUDGET = 4194304  -- The same of all grants of one step.
local FETCH_BUDGET = 67108864 -- Bytes that one `fetch` answers, but for the first output.

local HEADER = '>BBBBI4I4I4I4I4I4I4dddd'
local STATE = '>BBI2I4I4I4I4I4I4I4I4'
local HEADER_WRITTEN = '>BBBBI4I4I4I4I4I4I4'  -- The part of it that changes.
local PAGE = 32  -- Records that are read together.

local UNKNOWN = {err = 'WEFTUNKNOWN there is no such run'}

-- -- a run ----------------------------------------------------------------------------------------

local function now_of(argument)
  if argument ~= '' then return tonumber(argument) end
  local t = call('TIME')
  return t[1] * 1000000 + t[2]
end

-- Reads the header. Answers nothing when there is no such run.
local function open(keys, args)
  local s = keys[1]
  local head = call('GETRANGE', s, 0, HEAD - 1)
  if #head < HEAD then return nil end
  local state, flags, hint, _, epoch, total, committed, failed, skipped, retries, next_task,
    created, lease, retention = unpack(HEADER, head)
  if created == 0 then return nil end  -- It is still being written.
  local r = {s = s, p = sub(s, 1, -2), state = state, flags = flags, fail_fast = flags % 2 == 1,
             maps = flags >= 2, hint = hint == 1, epoch = epoch, base = epoch * FENCES + 1,
             total = total, committed = committed, failed = failed, skipped = skipped,
             retries = retries, next = next_task, lease = lease, retention = retention,
             states = {}, pages = {}, changed = {}, events = {}, outputs = {}, released = {},
             extended = {}, left = {}, stated = {}, launched = {}, inline_left = STEP_BUDGET}
  r.now = floor((now_of(args[1]) - created) * 1000 + 0.5)
  if r.now < 0 then r.now = 0 end
  return r
end

local function state_of(r, task)
  local t = r.states[task]
  if t then return t end
  local number = floor(task / PAGE)
  local page = r.pages[number]
  if not page then
    local first = HEAD + RECORD * PAGE * number
    page = call('GETRANGE', r.s, first, first + RECORD * PAGE - 1)
    r.pages[number] = page
  end
  local at = (task - number * PAGE) * RECORD
  if #page < at + RECORD then return {status = ABSENT, flags = 0} end
  local status, flags, attempt, fence, worker, pending, readers, planned, rank, template,
    expansion = unpack(STATE, page, at + 1)
  t = {task = task, status = status, flags = flags, attempt = attempt, fence = fence,
       worker = worker, pending = pending, readers = readers, planned = planned, rank = rank,
       template = template, expansion = expansion, changed = false}
  r.states[task] = t
  return t
end

-- The record of a task has changed.
local function changed(r, t)
  if t.changed then return end
  t.changed = true
  r.changed[#r.changed + 1] = t.task
end

local function event(r, kind, task, worker, attempt, detail, message)
  local text = pack('>BdI4I4I4I4', kind, r.now, task, worker, attempt, detail)
  r.events[#r.events + 1] = message and text .. message or text
end

-- Wakes watchers if they have read since they were last woken.
local function hint(r, always)
  if not (r.hint or always) then return end
  if r.hint then
    r.hint = false
    r.counted = true
  end
  call('PUBLISH', r.p .. 'n', '')
end

local function each_batch(list, step, visit)
  for first = 1, #list, step do visit(first, math.min(first + step - 1, #list)) end
end

-- -- writing --------------------------------------------------------------------------------------

local function record_of(t)
  return pack(STATE, t.status, t.flags, t.attempt, t.fence, t.worker, t.pending, t.readers,
              t.planned, t.rank, t.template, t.expansion)
end

-- The bytes of the records from `first` to before `last`, if they lie in one page that was read.
local function between(r, first, last)
  local number = floor(first / PAGE)
  local page = r.pages[number]
  if not page or floor(last / PAGE) ~= number then return nil end
  return sub(page, (first - number * PAGE) * RECORD + 1, (last - number * PAGE) * RECORD)
end

-- Records that lie side by side are written together, with what lies between two of a page.
local function write_states(r)
  local list = r.changed
  local count = #list
  if count == 0 then return end
  if count > 1 then table.sort(list) end
  local first, after, parts = list[1], list[1], {}
  local written = {}
  for i = 1, count do
    local task = list[i]
    local gap = task == after and '' or between(r, after, task)
    if not gap then
      call('SETRANGE', r.s, HEAD + RECORD * first, concat(parts))
      first, parts, gap = task, {}, ''
    end
    if gap ~= '' then parts[#parts + 1] = gap end
    local t = r.states[task]
    parts[#parts + 1] = record_of(t)
    t.changed = false
    after = task + 1
    written[floor(task / PAGE)] = true
  end
  call('SETRANGE', r.s, HEAD + RECORD * first, concat(parts))
  r.changed = {}
  for number in pairs(written) do r.pages[number] = nil end
end

-- Numbers are written as bytes where they are many: Redis takes long to make text of one.
local function field_of(task)
  return pack('>I4', task)
end

local function write_outputs(r)
  local puts = {}
  for task, value in pairs(r.outputs) do
    puts[#puts + 1] = field_of(task)
    puts[#puts + 1] = value
  end
  each_batch(puts, BATCH, function(first, last)
    call('HSET', r.p .. 'o', spread(puts, first, last))
  end)
  each_batch(r.released, BATCH, function(first, last)
    call('HDEL', r.p .. 'o', spread(r.released, first, last))
  end)
  r.outputs, r.released = {}, {}
end

local function write_leases(r)
  local fields = {}
  for worker in pairs(r.extended) do
    fields[#fields + 1] = worker
    fields[#fields + 1] = r.now + r.lease
  end
  if #fields > 0 then call('HSET', r.p .. 'l', spread(fields)) end
  r.extended = {}
end

-- Writes all that the step has changed.
local function flush(r)
  write_states(r)
  write_outputs(r)
  write_leases(r)
  if #r.left > 0 then call('RPUSH', r.p .. 'r', pack('>d', r.now) .. concat(r.left)) end
  each_batch(r.events, BATCH, function(first, last)
    call('RPUSH', r.p .. 'e', spread(r.events, first, last))
  end)
  if r.counted then
    call('SETRANGE', r.s, 0, pack(HEADER_WRITTEN, r.state, r.flags, r.hint and 1 or 0, 0, r.epoch,
                                  r.total, r.committed, r.failed, r.skipped, r.retries, r.next))
  end
  r.left, r.events, r.counted = {}, {}, false
end
