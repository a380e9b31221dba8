#!lua name=@library@

-- The run protocol inside of Redis: each function is one step of `RunStore`, and does what
-- storage/memory_run.cpp does to a run in memory. Called with one key, that of the run's states;
-- the others have the same prefix, hash tag included (see keys.hpp).
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
             extended = {}, left = {}, stated = {}, launched = {}}
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

-- -- the graph ------------------------------------------------------------------------------------

local RECORD_HEAD = '<I4fBBI2I4I4I4I4I4I4I4'
local RECORD_HEAD_SIZE = 40

-- The rest of a record is read when a map makes it interesting.
local function parse(bytes)
  local children, dependencies = unpack('<I4I4', bytes, 33)
  return {bytes = bytes, kind = byte(bytes, 9), n_children = children,
          n_dependencies = dependencies}
end

local FORMATS = {}  -- By count.

-- So many numbers of a record, from the byte at `at` on.
local function numbers(bytes, at, count)
  if count == 0 then return {} end
  if count > 64 then
    local list = {}
    for i = 1, count do list[i] = unpack('<I4', bytes, at + 4 * (i - 1)) end
    return list
  end
  local format = FORMATS[count]
  if not format then
    format = '<' .. string.rep('I4', count)
    FORMATS[count] = format
  end
  local list = {unpack(format, bytes, at)}
  list[count + 1] = nil  -- Where it has stopped.
  return list
end

local function stated(r, template)
  local found = r.stated[template]
  if not found then
    found = parse(call('HGET', r.p .. 'g', template))
    r.stated[template] = found
  end
  if r.maps and not found.scope then
    found.worker, found.rank, found.kind, found.origin, found.flags, found.scope, found.position,
      found.body, found.pending, found.readers = unpack(RECORD_HEAD, found.bytes)
  end
  return found
end

-- Reads the records of many at once.
local function read_stated(r, templates)
  local unread = {}
  for i = 1, #templates do
    if not r.stated[templates[i]] then unread[#unread + 1] = templates[i] end
  end
  each_batch(unread, BATCH, function(first, last)
    local records = call('HMGET', r.p .. 'g', spread(unread, first, last))
    for i = 1, #records do r.stated[unread[first + i - 1]] = parse(records[i]) end
  end)
end

local function children_of(g)
  return numbers(g.bytes, RECORD_HEAD_SIZE + 1, g.n_children)
end

local function dependencies_of(g)
  return numbers(g.bytes, RECORD_HEAD_SIZE + 4 * g.n_children + 1, g.n_dependencies)
end

-- How it depends on the dependency `i`, counted from 1.
local function dependency_kind(g, i)
  return byte(g.bytes, RECORD_HEAD_SIZE + 4 * (g.n_children + g.n_dependencies) + i)
end

local function scope_of(r, number)
  local known = r.scopes
  if not known then
    known = {}
    r.scopes = known
  end
  local found = known[number]
  if not found then
    found = cmsgpack.unpack(call('HGET', r.p .. 'g', 's' .. number))
    known[number] = found
  end
  return found
end

-- -- expansions -----------------------------------------------------------------------------------

-- Where a task comes from: {template, expansion or nothing, row}.
local expansion_by_number

local function origin_of(r, t)
  if t.expansion == NO_EXPANSION then return {template = t.template} end
  local x = expansion_by_number(r, t.expansion)
  return {template = t.template, expansion = x, row = floor((t.task - x.first) / x.width)}
end

function expansion_by_number(r, number)
  local known = r.expansions
  if not known then
    known = {}
    r.expansions = known
  end
  local found = known[number]
  if not found then
    found = {number = number}
    found.map, found.scope, found.first, found.items, found.width =
      unpack('>I4I4I4I4I4', call('HGET', r.p .. 'p', number))
    known[number] = found
  end
  return found
end

local function expansion_of(r, map)
  local number = call('HGET', r.p .. 'p', 'm' .. map)
  if not number then return nil end
  return expansion_by_number(r, tonumber(number))
end

-- The run's task that `target` of the graph is when seen from `from`.
local function resolve(r, from, target)
  if not from.expansion then return target end
  local scope = stated(r, target).scope
  local at = from
  while at.expansion and at.expansion.scope ~= scope do
    at = origin_of(r, state_of(r, at.expansion.map))
  end
  if not at.expansion then return target end
  return at.expansion.first + at.row * at.expansion.width + stated(r, target).position
end

-- The row of `map`'s expansion that `from` lies in. `map` is named as in the graph.
local function row_of(r, from, map)
  while scope_of(r, from.expansion.scope).map ~= map do
    from = origin_of(r, state_of(r, from.expansion.map))
  end
  return from
end

local function path_of(r, from)
  local rows = {}
  local at = from
  while at.expansion do
    table.insert(rows, 1, at.row)
    at = origin_of(r, state_of(r, at.expansion.map))
  end
  return rows
end

-- -- inputs and outputs ---------------------------------------------------------------------------

local function chunk_key(r, task, fence, index)
  return r.p .. 'c:' .. task .. ':' .. fence .. ':' .. index
end

-- The checksums of the parts that an attempt has put, one behind the other.
local function checksums_of(r, task, fence)
  return call('HGET', r.p .. 'ck', task .. ':' .. fence) or ''
end

local function drop_chunks(r, task, fence)
  local count = #checksums_of(r, task, fence) / CHECKSUM
  if count == 0 then return end
  for index = 0, count - 1 do call('UNLINK', chunk_key(r, task, fence, index)) end
  call('HDEL', r.p .. 'ck', task .. ':' .. fence)
end

local function release_output(r, t)
  if floor(t.flags / CHUNKED) % 2 == 1 then
    drop_chunks(r, t.task, t.fence)
  elseif r.outputs[t.task] then
    r.outputs[t.task] = nil
  else
    r.released[#r.released + 1] = field_of(t.task)
  end
end

-- A task has one reader less. Lets go of what nobody will read any more.
local function drop_reader(r, task)
  local t = state_of(r, task)
  t.readers = t.readers - 1
  if t.readers > 0 or t.flags % 2 == KEPT or t.status ~= COMMITTED then
    changed(r, t)
  else
    release_output(r, t)  -- Nobody counts its readers any more.
  end
end

local function drop_item(r, map, row)
  local name = map .. ':' .. row
  if call('HINCRBY', r.p .. 'ir', name, -1) > 0 then return end
  call('HDEL', r.p .. 'ir', name)
  call('HDEL', r.p .. 'i', name)
end

-- A task is done, however it ended: it reads no more.
local function release_inputs(r, t, g)
  local dependencies = dependencies_of(g)
  if not r.maps then
    for i = 1, #dependencies do
      if dependency_kind(g, i) == OUTPUT then drop_reader(r, dependencies[i]) end
    end
    return
  end
  local from = origin_of(r, t)
  for i = 1, #dependencies do
    local task, kind = dependencies[i], dependency_kind(g, i)
    if kind == OUTPUT then
      drop_reader(r, resolve(r, from, task))
    elseif kind == GATHER then
      local gathered = stated(r, task)
      local x = expansion_of(r, resolve(r, from, scope_of(r, gathered.scope).map))
      if x then
        for row = 0, x.items - 1 do
          drop_reader(r, x.first + row * x.width + gathered.position)
        end
      end
    end
  end
  if g.kind == 1 then
    for _, task in ipairs(scope_of(r, g.body).retained) do
      drop_reader(r, resolve(r, from, task))
    end
  end
  if not from.expansion then return end
  for _, map in ipairs(scope_of(r, g.scope).items_read[g.position + 1]) do
    local row = row_of(r, from, map)
    drop_item(r, row.expansion.map, row.row)
  end
end

-- -- grants ---------------------------------------------------------------------------------------

-- Values that a grant needs are named first and read together: o<task> or i<map>:<row>.
local function want(wants, key, name)
  local list = wants[key]
  list[#list + 1] = name
  return #list
end

-- What a grant consists of, its values still to be read.
local function outline(r, t, wants)
  local g = stated(r, t.template)
  local from = origin_of(r, t)
  local slots = {}
  for i, task in ipairs(dependencies_of(g)) do
    local kind = dependency_kind(g, i)
    if kind == OUTPUT then
      local real = resolve(r, from, task)
      slots[i] = {kind = kind, task = real, want(wants, 'o', real)}
    elseif kind == ORDER then
      slots[i] = {kind = kind, task = resolve(r, from, task)}
    elseif kind == ITEM then
      local row = row_of(r, from, task)
      slots[i] = {kind = kind, task = resolve(r, from, task),
                  want(wants, 'i', row.expansion.map .. ':' .. row.row)}
    else
      local gathered = stated(r, task)
      local x = expansion_of(r, resolve(r, from, scope_of(r, gathered.scope).map))
      local slot = {kind = kind, task = task}
      for row = 0, x.items - 1 do
        slot[row + 1] = want(wants, 'o', x.first + row * x.width + gathered.position)
      end
      slots[i] = slot
    end
  end
  return {t = t, slots = slots, path = path_of(r, from), inside = from.expansion ~= nil}
end

-- The fields of a hash.
local function read_fields(key, names)
  local values = {}
  each_batch(names, BATCH, function(first, last)
    local some = call('HMGET', key, spread(names, first, last))
    for i = 1, #some do values[first + i - 1] = some[i] end
  end)
  return values
end

-- Outputs of tasks, by task, with those that this step has made; false for one that is not there.
local function read_outputs(r, tasks)
  local values, unread, fields = {}, {}, {}
  for i = 1, #tasks do
    local task = tasks[i]
    if values[task] == nil then
      values[task] = r.outputs[task] or false
      if not values[task] then
        unread[#unread + 1] = task
        fields[#fields + 1] = field_of(task)
      end
    end
  end
  local found = read_fields(r.p .. 'o', fields)
  for i = 1, #unread do values[unread[i]] = found[i] end
  return values
end

-- The checksums of an output's parts; nothing when it has none: only a worker holds it, or it was
-- released.
local function in_parts(r, t)
  if t.status ~= COMMITTED or floor(t.flags / CHUNKED) % 2 == 0 then return nil end
  local checksums = checksums_of(r, t.task, t.fence)
  return checksums ~= '' and checksums
end

-- A value as it stands in a grant: its size and bytes, or that it is elsewhere, or missing.
local function written_value(r, slot, n, values, wants, left)
  if slot.kind == ITEM then
    local item = values.i[slot[n]]
    return item and pack('<I4', #item) .. item or pack('<I4', MISSING), item and #item or 0
  end
  local task = wants.o[slot[n]]
  local value = values.o[task]
  if value and #value <= left then return pack('<I4', #value) .. value, #value end
  if value or in_parts(r, state_of(r, task)) then return pack('<I4I4', ELSEWHERE, task), 0 end
  return pack('<I4', MISSING), 0
end

-- A grant as one string: task, template, fence, attempt, rows of its element, and for each slot
-- the task it names, how many values it has, and these.
local function written(r, o, values, wants)
  local t = o.t
  local parts = {pack('<I4I4I4I4I4I4', t.task, t.template, t.fence, t.attempt,
                      o.inside and 1 or 0, #o.path)}
  for i = 1, #o.path do parts[#parts + 1] = pack('<I4', o.path[i]) end
  parts[#parts + 1] = pack('<I4', #o.slots)
  local left = INLINE_BUDGET
  for i = 1, #o.slots do
    local slot = o.slots[i]
    if slot.kind == ORDER then
      parts[#parts + 1] = pack('<BI4I4I4', ORDER, slot.task, 1, MISSING)
    else
      parts[#parts + 1] = pack('<BI4I4', slot.kind, slot.task, slot.kind == GATHER and #slot or 1)
      for n = 1, #slot do
        local text, used = written_value(r, slot, n, values, wants, left)
        left = left - used
        parts[#parts + 1] = text
      end
    end
  end
  return concat(parts)
end

local function grants_inside_maps(r, tasks)
  local wants = {o = {}, i = {}}
  local outlines = {}
  for i = 1, #tasks do outlines[i] = outline(r, tasks[i], wants) end
  local values = {o = read_outputs(r, wants.o), i = read_fields(r.p .. 'i', wants.i)}
  local out = {}
  for i = 1, #outlines do out[i] = written(r, outlines[i], values, wants) end
  return out
end

-- As `written`, of a task whose slots are the dependencies of its record.
local function written_plain(r, t, g, dependencies, values)
  local parts = {pack('<I4I4I4I4I4I4I4', t.task, t.template, t.fence, t.attempt, 0, 0,
                      #dependencies)}
  local left = INLINE_BUDGET
  for i = 1, #dependencies do
    local task, kind = dependencies[i], dependency_kind(g, i)
    local value = kind == OUTPUT and values[task]
    if value and #value <= left then
      parts[#parts + 1] = pack('<BI4I4I4', kind, task, 1, #value)
      parts[#parts + 1] = value
      left = left - #value
    elseif kind == OUTPUT and (value or in_parts(r, state_of(r, task))) then
      parts[#parts + 1] = pack('<BI4I4I4I4', kind, task, 1, ELSEWHERE, task)
    else
      parts[#parts + 1] = pack('<BI4I4I4', kind, task, 1, MISSING)
    end
  end
  return concat(parts)
end

-- The grants of tasks that have just been claimed, as strings.
local function grants_of(r, tasks)
  if #tasks == 0 then return tasks end
  local templates = {}
  for i = 1, #tasks do templates[i] = tasks[i].template end
  read_stated(r, templates)
  if r.maps then return grants_inside_maps(r, tasks) end
  local lists, wants = {}, {}
  for i = 1, #tasks do
    local g = stated(r, tasks[i].template)
    local list = dependencies_of(g)
    lists[i] = list
    for n = 1, #list do
      if dependency_kind(g, n) == OUTPUT then wants[#wants + 1] = list[n] end
    end
  end
  local values = read_outputs(r, wants)
  local out = {}
  for i = 1, #tasks do
    out[i] = written_plain(r, tasks[i], stated(r, tasks[i].template), lists[i], values)
  end
  return out
end

-- -- leases ---------------------------------------------------------------------------------------

local function extend_lease(r, worker)
  r.extended[worker] = true
end

-- Its claims, by a walk over all states: only when something was lost.
local function claims_of(r, worker)
  write_states(r)
  local found = {}
  local piece = 1000
  local mark = pack('>I4', worker)
  for first = 0, r.next - 1, piece do
    local bytes = call('GETRANGE', r.s, HEAD + RECORD * first, HEAD + RECORD * (first + piece) - 1)
    for i = 0, floor(#bytes / RECORD) - 1 do
      local at = i * RECORD
      if byte(bytes, at + 1) == CLAIMED and sub(bytes, at + 9, at + 12) == mark then
        found[#found + 1] = first + i
      end
    end
  end
  return found
end

local function leave_ready(r, entries)
  for i = 1, #entries do
    r.left[#r.left + 1] = pack('>I4I4', entries[i].task, entries[i].fence)
  end
end

-- Takes claims back; whoever had them is fenced off.
local function requeue(r, tasks)
  for i = 1, #tasks do
    local t = tasks[i]
    drop_chunks(r, t.task, t.fence)
    t.fence = t.fence + 1
    t.status = READY
    changed(r, t)
  end
  leave_ready(r, tasks)
end

-- -- what became ready ----------------------------------------------------------------------------

local function sooner(a, b)
  if a.rank ~= b.rank then return a.rank > b.rank end
  return a.task < b.task
end

local function sort_by_rank(tasks)
  for i = 2, #tasks do
    if sooner(tasks[i], tasks[i - 1]) then
      table.sort(tasks, sooner)
      return
    end
  end
end

-- Counts these tasks down by one. Answers those that need nothing more.
local function count_down(r, tasks)
  local fresh = {}
  for i = 1, #tasks do
    local t = state_of(r, tasks[i])
    if t.status == WAITING then
      t.pending = t.pending - 1
      changed(r, t)
      if t.pending == 0 then fresh[#fresh + 1] = t end
    end
  end
  return fresh
end

local function dependents(r, t, g)
  local list = children_of(g)
  if r.maps and t.expansion ~= NO_EXPANSION then
    local from = origin_of(r, t)
    for i = 1, #list do list[i] = resolve(r, from, list[i]) end
  end
  if floor(t.flags / EDGES) % 2 == 1 then
    local edges = call('HGET', r.p .. 'd', t.task)
    call('HDEL', r.p .. 'd', t.task)
    t.flags = t.flags - EDGES
    changed(r, t)
    for at = 1, #edges, 12 do
      local first, stride, count = unpack('>I4I4I4', edges, at)
      for row = 0, count - 1 do list[#list + 1] = first + row * stride end
    end
  end
  return list
end

-- -- the end of a run -----------------------------------------------------------------------------

-- Messages that begin with this byte tell of a task: whoever reads them puts its name there.
local NAME = '\1'

local function finish(r, state, message, task)
  r.state = state
  r.counted = true
  call('HSET', r.p .. 'm', 'ended', r.now, 'message', message)
  event(r, EVENT_ENDED, task or 0, 0, 0, 0, message)
  if state ~= SUCCEEDED and call('HGET', r.p .. 'm', 'kept') == '' then
    call('UNLINK', r.p .. 'o')
    r.outputs, r.released = {}, {}
  end
  call('UNLINK', r.p .. 'i', r.p .. 'ir', r.p .. 'l', r.p .. 'd', r.p .. 'r', r.p .. 'q',
       r.p .. 'k')
  r.left, r.extended = {}, {}
  hint(r, true)
end

local function finish_failed(r)
  local cause = call('HMGET', r.p .. 'm', 'cause', 'cause_task')
  finish(r, FAILED_RUN, 'failed: ' .. cause[1], tonumber(cause[2]))
end

local function finish_if_done(r)
  if r.committed + r.failed + r.skipped < r.total then return end
  if r.failed == 0 then
    finish(r, SUCCEEDED, 'succeeded')
  else
    finish_failed(r)
  end
end

-- -- commit ---------------------------------------------------------------------------------------

-- Whether an attempt may end its task. One that may not is an event.
local function admit(r, t, fence, worker)
  if r.state ~= RUNNING then return ENDED end
  local current = t.fence == fence
  if t.status == CLAIMED and current then return WON end
  local lost = t.status == COMMITTED
  -- The winner that did not hear the answer asks again: nothing was lost.
  if lost and current and t.worker == worker then return LOST end
  event(r, EVENT_LOST, t.task, worker, current and t.attempt or 0, lost and 0 or 1)
  hint(r)
  return lost and LOST or FENCED
end

-- Records the winner and its output.
local function settle(r, t, q, output)
  if q.chunks > 0 then t.flags = t.flags + CHUNKED end
  t.status, t.worker = COMMITTED, q.worker
  changed(r, t)
  r.committed = r.committed + 1
  r.counted = true
  event(r, EVENT_COMMITTED, t.task, q.worker, t.attempt, 0)
  local needed = t.readers > 0 or t.flags % 2 == KEPT
  if q.chunks > 0 then
    if not needed then drop_chunks(r, t.task, t.fence) end
    return
  end
  if q.put then drop_chunks(r, t.task, t.fence) end
  if needed and output then r.outputs[t.task] = output end
end

-- Whether a worker is launched and its lease has not run out. Read once in a step.
local function launched(r, worker)
  local live = r.launched[worker]
  if live ~= nil then return live end
  local lease = call('HMGET', r.p .. 'l', worker, 'h' .. worker)
  live = lease[2] and (r.extended[worker] or (lease[1] and tonumber(lease[1]) > r.now)) or false
  r.launched[worker] = live
  return live
end

-- Tells workers what was claimed for them: all that one call did in one message each.
local function tell_all(r, told)
  for worker, tasks in pairs(told) do
    local number = call('HINCRBY', r.p .. 'l', 't' .. worker, 1)
    local parts = {pack('<I4I4', number, #tasks)}
    local grants = grants_of(r, tasks)
    for i = 1, #grants do
      parts[#parts + 1] = pack('<I4', #grants[i])
      parts[#parts + 1] = grants[i]
    end
    call('PUBLISH', r.p .. 'w:' .. worker, concat(parts))
  end
end

-- Claims what became ready for the worker, and for others; what is left is ready.
local function share_out(r, q, fresh, told)
  local granted, ready = {}, {}
  local flexible_left = true
  for i = 1, #fresh do
    local t = fresh[i]
    local flexible = t.planned == FLEXIBLE
    local mine = q.claim ~= NONE and (q.claim == ALL or t.planned == q.worker or
                                      (flexible and flexible_left))
    if mine and #granted < q.limit then
      if flexible then flexible_left = false end
      t.status, t.worker = CLAIMED, q.worker
      granted[#granted + 1] = t
    elseif q.claim == PLACED and not flexible and t.planned ~= q.worker and
           launched(r, t.planned) then
      t.status, t.worker = CLAIMED, t.planned
      local list = told[t.planned]
      if not list then
        list = {}
        told[t.planned] = list
      end
      list[#list + 1] = t
    else
      t.status = READY
      ready[#ready + 1] = t
    end
    changed(r, t)
  end
  if #granted > 0 then extend_lease(r, q.worker) end
  leave_ready(r, ready)
  return granted, ready
end

-- Rank travels as it is kept: an integer in the same order.
local function written_ready(tasks)
  if #tasks == 0 then return '' end
  local parts = {}
  for i = 1, #tasks do
    parts[i] = pack('<I4I4I4', tasks[i].task, tasks[i].planned, tasks[i].rank)
  end
  return concat(parts)
end

local WON_ONE, WON_THE_LAST = '\0\0', '\0\1'  -- The outcome, and whether the run has ended.

-- Answers what the step has done; its grants are added at the end of the call.
local function go_on(r, q, fresh, told)
  finish_if_done(r)
  local ended = r.state ~= RUNNING and 1 or 0
  hint(r)
  if #fresh == 0 or ended == 1 then return {ended == 1 and WON_THE_LAST or WON_ONE, ''}, {} end
  sort_by_rank(fresh)
  local granted, ready = share_out(r, q, fresh, told)
  return {WON_ONE, written_ready(ready)}, granted
end

-- Adds their grants to the answers of several steps, all read together.
local function add_grants(r, answers, granted)
  local all = {}
  for i = 1, #answers do
    for n = 1, #granted[i] do all[#all + 1] = granted[i][n] end
  end
  local grants = grants_of(r, all)
  local at = 0
  for i = 1, #answers do
    for n = 1, #granted[i] do answers[i][n + 2] = grants[at + n] end
    at = at + #granted[i]
  end
end

local function request_of(bytes)
  local task, fence, worker, chunks, limit, claim, has_output, put =
    unpack('<I4I4I4I4I4BBB', bytes)
  return {task = task, fence = fence, worker = worker, chunks = chunks, limit = limit,
          claim = claim, has_output = has_output == 1, put = put == 1}
end

local function problem(text)
  return {pack('<BB', 255, 0), text}
end

local function known(t)
  return t.status ~= ABSENT
end

local function commit_one(r, q, output, told)
  local t = state_of(r, q.task)
  if not known(t) then return problem('unknown'), {} end
  local g = stated(r, t.template)
  if g.kind ~= 0 then return problem('map'), {} end
  local outcome = admit(r, t, q.fence, q.worker)
  if outcome ~= WON then return {pack('<BB', outcome, 0), ''}, {} end
  if q.chunks > 0 then
    local count = #checksums_of(r, t.task, t.fence) / CHECKSUM
    if count ~= q.chunks then return problem('chunks ' .. count), {} end
  end
  settle(r, t, q, q.has_output and output or nil)
  local fresh = count_down(r, dependents(r, t, g))
  release_inputs(r, t, g)
  return go_on(r, q, fresh, told)
end

-- Several commits, each as two arguments: the request and its output.
local function commit(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local requests, templates = {}, {}
  for i = 2, #args, 2 do
    local q = request_of(args[i])
    requests[i / 2] = q
    templates[i / 2] = state_of(r, q.task).template
  end
  read_stated(r, templates)
  local answers, granted, told = {}, {}, {}
  for i = 1, #requests do
    answers[i], granted[i] = commit_one(r, requests[i], args[2 * i + 1], told)
  end
  add_grants(r, answers, granted)
  tell_all(r, told)
  flush(r)
  return answers
end

-- -- failure --------------------------------------------------------------------------------------

local function skip_dependents(r, t)
  local stack = {t}
  while #stack > 0 do
    local done = table.remove(stack)
    local list = dependents(r, done, stated(r, done.template))
    for i = 1, #list do
      local d = state_of(r, list[i])
      if d.status == WAITING then
        d.status = SKIPPED
        changed(r, d)
        r.skipped = r.skipped + 1
        r.counted = true
        event(r, EVENT_SKIPPED, d.task, 0, 0, t.task)
        release_inputs(r, d, stated(r, d.template))
        stack[#stack + 1] = d
      end
    end
  end
end

-- What went wrong: as a task reported it, or in that it has cost too many workers.
local REPORTED, TOLL = 0, 1

local function keep_error(r, kind, task, attempt, worker, message, error)
  if call('LLEN', r.p .. 'x') >= MAX_ERRORS then return end
  call('RPUSH', r.p .. 'x',
       pack('>I4I4I4BI4', task, attempt, worker, kind, #message) .. message .. error)
end

-- @param t claimed until now. @param error encoded; its message apart
local function fail_finally(r, t, worker, kind, error, message)
  t.status, t.worker, t.fence = FAILED, worker, t.fence + 1
  changed(r, t)
  r.failed = r.failed + 1
  r.counted = true
  event(r, EVENT_TASK_FAILED, t.task, worker, t.attempt, 0, message)
  keep_error(r, kind, t.task, t.attempt, worker, message, error)
  if call('HSETNX', r.p .. 'm', 'cause', message) == 1 then
    call('HSET', r.p .. 'm', 'cause_task', t.task)
  end
  if r.fail_fast then
    finish_failed(r)
    return
  end
  release_inputs(r, t, stated(r, t.template))
  skip_dependents(r, t)
  finish_if_done(r)
end

-- task, fence, worker, retry; the error; its message
local function fail(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local task, fence, worker, retry = unpack('<I4I4I4B', args[2])
  local t = state_of(r, task)
  if not known(t) then return problem('unknown') end
  local outcome = admit(r, t, fence, worker)
  if outcome ~= WON then
    flush(r)
    return {pack('<BBI4I4', outcome, 0, 0, 0)}
  end
  drop_chunks(r, t.task, t.fence)
  local answer
  if retry == 1 then
    event(r, EVENT_ATTEMPT_FAILED, task, worker, t.attempt, 0, args[4])
    t.fence, t.attempt, t.worker = t.fence + 1, t.attempt + 1, worker
    changed(r, t)
    r.retries = r.retries + 1
    r.counted = true
    extend_lease(r, worker)
    answer = {pack('<BBI4I4', WON, 0, t.fence, t.attempt)}
  else
    fail_finally(r, t, worker, REPORTED, args[3], args[4])
    answer = {pack('<BBI4I4', WON, r.state ~= RUNNING and 1 or 0, 0, 0)}
  end
  hint(r)
  flush(r)
  return answer
end

-- -- expansion of maps ----------------------------------------------------------------------------

local function pattern_of(r, from, scope)
  local pattern = {}
  for position, template in ipairs(scope.templates) do
    local g = stated(r, template)
    local t = state_of(r, template)
    pattern[position] = {template = template, pending = g.pending, readers = g.readers,
                         flags = t.flags % 2, rank = t.rank, worker = g.worker,
                         fixed = g.origin == 1 or g.worker == FLEXIBLE}
  end
  return pattern
end

local function count_gatherers(r, from, scope, items, pattern)
  for _, gatherer in ipairs(scope.gatherers) do
    local task, positions = gatherer[1], gatherer[2]
    local t = state_of(r, resolve(r, from, task))
    if t.status == WAITING then
      t.pending = t.pending + items * #positions
      changed(r, t)
    else
      -- It was skipped before there was anything to gather.
      for _, position in ipairs(positions) do
        pattern[position + 1].readers = pattern[position + 1].readers - 1
      end
    end
  end
end

-- Makes the rows wait for what has not committed outside of them.
local function await_outer(r, from, scope, x, pattern)
  for _, wait in ipairs(scope.waits) do
    local position, outer = wait[1], resolve(r, from, wait[2])
    local t = state_of(r, outer)
    if t.status ~= COMMITTED then
      pattern[position + 1].pending = pattern[position + 1].pending + 1
      if floor(t.flags / EDGES) % 2 == 0 then
        t.flags = t.flags + EDGES
        changed(r, t)
      end
      local edges = call('HGET', r.p .. 'd', outer) or ''
      call('HSET', r.p .. 'd', outer,
           edges .. pack('>I4I4I4', x.first + position, x.width, x.items))
    end
  end
end

local function write_rows(r, from, x, pattern, map_task, workers)
  local offset = 0
  for _, row in ipairs(path_of(r, from)) do offset = offset + row end
  local parts, fresh = {}, {}
  local number = x.first
  for row = 0, x.items - 1 do
    for i = 1, #pattern do
      local p = pattern[i]
      local planned = p.fixed and p.worker or (p.worker + offset + row) % workers
      parts[#parts + 1] = pack(STATE, WAITING, p.flags, 1, r.base, 0, p.pending, p.readers,
                               planned, p.rank, p.template, x.number)
      if p.pending == 0 then
        fresh[#fresh + 1] = number
        r.states[number] = {task = number, status = WAITING, flags = p.flags, attempt = 1,
                             changed = false, fence = r.base, worker = 0, pending = 0, readers = p.readers,
                             planned = planned, rank = p.rank, template = p.template,
                             expansion = x.number}
      end
      number = number + 1
    end
  end
  if #parts == 0 then parts[1] = string.rep('\0', RECORD) end  -- An empty one takes a number, too.
  call('SETRANGE', r.s, HEAD + RECORD * x.first, concat(parts))
  r.pages = {}  -- They may have ended before.
  return fresh
end

-- Counts the rows as readers of what they take from outside, and their elements' readers.
local function retain_inputs(r, from, scope, x)
  for _, outer in ipairs(scope.outer_inputs) do
    local t = state_of(r, resolve(r, from, outer[1]))
    t.readers = t.readers + x.items * outer[2]
    changed(r, t)
  end
  local read_here = false
  for _, use in ipairs(scope.item_uses) do
    if use[1] == scope.map then
      read_here = true
      for row = 0, x.items - 1 do call('HSET', r.p .. 'ir', x.map .. ':' .. row, use[2]) end
    else
      local row = row_of(r, from, use[1])
      call('HINCRBY', r.p .. 'ir', row.expansion.map .. ':' .. row.row, x.items * use[2])
    end
  end
  if read_here then return end
  for row = 0, x.items - 1 do call('HDEL', r.p .. 'i', x.map .. ':' .. row) end
end

-- Skips those that need a task which has failed or was skipped already.
local function skip_rows(r, from, scope)
  if r.failed == 0 then return end
  for _, wait in ipairs(scope.waits) do
    local t = state_of(r, resolve(r, from, wait[2]))
    if t.status == FAILED or t.status == SKIPPED then skip_dependents(r, t) end
  end
end

local function add_rows(r, t, g, items)
  local scope = scope_of(r, g.body)
  local width = #scope.templates
  local number = tonumber(call('HINCRBY', r.p .. 'p', 'count', 1)) - 1
  local x = {number = number, map = t.task, scope = g.body, first = r.next, items = items,
             width = width}
  call('HSET', r.p .. 'p', number, pack('>I4I4I4I4I4', x.map, x.scope, x.first, items, width),
       'm' .. t.task, number)
  if not r.expansions then r.expansions = {} end
  r.expansions[number] = x
  r.next = r.next + math.max(items * width, 1)
  r.total = r.total + items * width
  r.counted = true
  event(r, EVENT_EXPANDED, t.task, t.worker, 0, items * width)
  local from = origin_of(r, t)
  local pattern = pattern_of(r, from, scope)
  count_gatherers(r, from, scope, items, pattern)
  await_outer(r, from, scope, x, pattern)
  local workers = tonumber(call('HGET', r.p .. 'm', 'workers'))
  local fresh = write_rows(r, from, x, pattern, t.task, workers)
  retain_inputs(r, from, scope, x)
  skip_rows(r, from, scope)
  local left = {}
  for i = 1, #fresh do
    local row = state_of(r, fresh[i])
    -- One that was skipped meanwhile has seen nothing of it.
    if row.status == WAITING then left[#left + 1] = row end
  end
  return left
end

-- Elements of a map that is about to expand: request, first row, elements
local function put_items(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local q = request_of(args[2])
  local t = state_of(r, q.task)
  if r.state ~= RUNNING or t.status ~= CLAIMED or t.fence ~= q.fence then return 0 end
  local first = tonumber(args[3])
  for i = 4, #args do call('HSET', r.p .. 'i', q.task .. ':' .. (first + i - 4), args[i]) end
  return 1
end

-- request, number of elements, whether they follow, elements
local function expand(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local q = request_of(args[2])
  local items = tonumber(args[3])
  local t = state_of(r, q.task)
  if not known(t) then return problem('unknown') end
  local g = stated(r, t.template)
  if g.kind ~= 1 then return problem('function') end
  local scope = scope_of(r, g.body)
  local width = #scope.templates
  if items > scope.items_max then return problem('width ' .. scope.items_max) end
  if r.next + items * width >= 0xffffffff then return problem('numbers') end
  local outcome = admit(r, t, q.fence, q.worker)
  if outcome ~= WON then
    flush(r)
    return {pack('<BB', outcome, 0), ''}
  end
  q.chunks = 0
  settle(r, t, q, nil)
  t.worker = q.worker
  if args[4] == '1' then
    for i = 0, items - 1 do call('HSET', r.p .. 'i', t.task .. ':' .. i, args[5 + i]) end
  end
  local fresh = add_rows(r, t, g, items)
  local others = count_down(r, dependents(r, t, g))
  for i = 1, #others do fresh[#fresh + 1] = others[i] end
  release_inputs(r, t, g)
  local told = {}
  local answer, granted = go_on(r, q, fresh, told)
  add_grants(r, {answer}, {granted})
  tell_all(r, told)
  flush(r)
  return answer
end

-- -- claims ---------------------------------------------------------------------------------------

local NOT_READY, HELD, REFUSED_COMMITTED, REFUSED_ENDED = 0, 1, 2, 3

local function refusal(r, t, worker, duplicate)
  if r.state ~= RUNNING then return REFUSED_ENDED end
  if t.status == READY then return nil end
  if t.status == CLAIMED then
    if duplicate or t.worker == worker then return nil end
    return HELD
  end
  if t.status == COMMITTED then return REFUSED_COMMITTED end
  return NOT_READY
end

local MODE_DUPLICATE, MODE_TOLD = 1, 2

-- worker, mode, tasks
local function claim(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker, mode = unpack('<I4B', args[2])
  local refused, granted, told = {}, {}, {}
  local absent = mode == MODE_TOLD and not launched(r, worker)
  local states = {}
  for at = 6, #args[2], 4 do
    local t = state_of(r, (unpack('<I4', args[2], at)))
    if not known(t) then return problem('unknown') end
    states[#states + 1] = t
  end
  for i = 1, #states do
    local t = states[i]
    local reason = refusal(r, t, worker, mode == MODE_DUPLICATE)
    if absent and t.status == READY and not reason then reason = NOT_READY end
    if reason then
      refused[#refused + 1] = pack('<I4B', t.task, reason)
    else
      if t.status == READY then
        t.status, t.worker = CLAIMED, worker
        changed(r, t)
        told[#told + 1] = t
      end
      granted[#granted + 1] = t
    end
  end
  if mode == MODE_TOLD then
    granted = {}
    if #told > 0 then tell_all(r, {[worker] = told}) end
  end
  if #granted > 0 then extend_lease(r, worker) end
  local answer = {pack('<BB', WON, 0), concat(refused)}
  local grants = grants_of(r, granted)
  for i = 1, #grants do answer[i + 2] = grants[i] end
  flush(r)
  return answer
end

-- worker, tasks
local function release(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker = unpack('<I4', args[2])
  local back = {}
  for at = 5, #args[2], 4 do
    local t = state_of(r, (unpack('<I4', args[2], at)))
    if not known(t) then return problem('unknown') end
    if t.status == CLAIMED and t.worker == worker then back[#back + 1] = t end
  end
  if r.state == RUNNING then requeue(r, back) end
  flush(r)
  return {pack('<BB', WON, 0)}
end

local function held(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker = unpack('<I4', args[2])
  local tasks = {}
  if r.state == RUNNING then
    for i, task in ipairs(claims_of(r, worker)) do tasks[i] = state_of(r, task) end
  end
  return grants_of(r, tasks)
end

-- -- workers --------------------------------------------------------------------------------------

local function lease_of(r, worker)
  local values = call('HMGET', r.p .. 'l', worker, 'h' .. worker, 't' .. worker)
  local lease = {holder = values[2] or '', told = tonumber(values[3] or 0)}
  lease.expiry = values[1] and tonumber(values[1]) or nil
  lease.live = lease.expiry ~= nil and lease.expiry > r.now
  return lease
end

local function drop_lease(r, worker)
  call('HDEL', r.p .. 'l', worker, 'h' .. worker, 't' .. worker)
end

-- Withdraws all claims of a worker: they are fenced, and nobody's yet.
local function withdraw_all(r, worker, message)
  local lost = {}
  for i, task in ipairs(claims_of(r, worker)) do
    local t = state_of(r, task)
    event(r, EVENT_REQUEUED, task, worker, t.attempt, 0, message)
    lost[i] = t
  end
  return lost
end

-- The lease has run out: what it held is ready again, and the next sweep tells of it.
local function lapse(r, worker)
  local lost = withdraw_all(r, worker, 'the lease of worker ' .. worker .. ' ran out')
  requeue(r, lost)
  for i = 1, #lost do
    call('SADD', r.p .. 'q', lost[i].task)
    call('HINCRBY', r.p .. 'k', 'v' .. lost[i].task, 1)
  end
end

local function toll_of(r, task)
  local toll = call('HMGET', r.p .. 'k', 'e' .. task, 'v' .. task)
  return tonumber(toll[1] or 0), tonumber(toll[2] or 0)
end

-- Who vanished may have been ended by any of the tasks that it held.
local function toll_reaches(r, task, max_kills)
  local ended, vanished = toll_of(r, task)
  return VANISHED_PER_KILL * ended + vanished >= VANISHED_PER_KILL * max_kills
end

local function times(n)
  return n .. (n == 1 and ' time' or ' times')
end

-- Fails a task that has cost too many workers. `cause`: how the last one ended; nothing when it
-- vanished.
local function give_up(r, t, cause, cause_message)
  local ended, vanished = toll_of(r, t.task)
  local message
  if ended == 0 then
    message = NAME .. 'is given up: its workers vanished ' .. times(vanished)
  else
    message = NAME .. 'has ended ' .. ended .. (ended == 1 and ' worker' or ' workers')
    if vanished > 0 then message = message .. ', and its workers vanished ' .. times(vanished) end
  end
  if cause then message = message .. '; the last: ' .. cause_message end
  fail_finally(r, t, t.worker, TOLL, cause or '', message)
end

-- worker, holder
local function launch(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  if r.state ~= RUNNING then return 0 end
  local worker = unpack('<I4', args[2])
  local holder = args[3]
  local lease = lease_of(r, worker)
  if lease.live and lease.holder ~= '' and lease.holder ~= holder then return 0 end
  if not lease.live then
    if lease.expiry then
      lapse(r, worker)
      hint(r)
    end
    call('HDEL', r.p .. 'l', 't' .. worker)
  end
  call('HSET', r.p .. 'l', worker, r.now + r.lease, 'h' .. worker, holder)
  flush(r)
  return 1
end

local function renew(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker = unpack('<I4', args[2])
  local lease = lease_of(r, worker)
  if r.state ~= RUNNING or not lease.live or lease.holder ~= args[3] then return {0, 0} end
  extend_lease(r, worker)
  flush(r)
  return {1, lease.told}
end

local function park(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker = unpack('<I4', args[2])
  if r.state ~= RUNNING or lease_of(r, worker).holder ~= args[3] then return 1 end
  if #claims_of(r, worker) > 0 then return 0 end
  drop_lease(r, worker)
  return 1
end

-- worker, most kills, suspects; holder; the cause as an error; its message
local function abandon(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker, max_kills = unpack('<I4I4', args[2])
  local lease = lease_of(r, worker)
  if r.state ~= RUNNING or not lease.expiry or lease.holder ~= args[3] then
    return {pack('<BB', WON, 0), ''}
  end
  local lost = withdraw_all(r, worker, 'worker ' .. worker .. ' ended: ' .. args[5])
  drop_lease(r, worker)
  local suspects = {}
  for at = 9, #args[2], 4 do suspects[unpack('<I4', args[2], at)] = true end
  for i = 1, #lost do
    local t = lost[i]
    call('SREM', r.p .. 'q', t.task) -- The answer tells of it.
    if suspects[t.task] then call('HINCRBY', r.p .. 'k', 'e' .. t.task, 1) end
  end
  local back = {}
  for i = 1, #lost do
    local t = lost[i]
    if r.state ~= RUNNING then break end
    if suspects[t.task] and toll_reaches(r, t.task, max_kills) then
      drop_chunks(r, t.task, t.fence)
      give_up(r, t, args[4], args[5])
    else
      back[#back + 1] = t
    end
  end
  hint(r)
  if r.state ~= RUNNING then
    flush(r)
    return {pack('<BB', WON, 1), ''}
  end
  requeue(r, back)
  sort_by_rank(back)
  flush(r)
  return {pack('<BB', WON, 0), written_ready(back)}
end

-- -- sweep ----------------------------------------------------------------------------------------

local function lapse_expired(r)
  local entries = call('HGETALL', r.p .. 'l')
  for i = 1, #entries, 2 do
    local worker = tonumber(entries[i])
    if worker and tonumber(entries[i + 1]) <= r.now then
      lapse(r, worker)
      drop_lease(r, worker)
    end
  end
end

-- Reports what was requeued since the last sweep, and gives up what has been too often.
local function settle_lapsed(r)
  local tasks = call('SMEMBERS', r.p .. 'q')
  call('UNLINK', r.p .. 'q')
  for i = 1, #tasks do tasks[i] = tonumber(tasks[i]) end
  table.sort(tasks)
  local requeued = {}
  for i = 1, #tasks do
    local t = state_of(r, tasks[i])
    -- Somebody may have claimed it since it was requeued.
    if t.status == READY then
      if toll_reaches(r, t.task, MAX_KILLS) then
        give_up(r, t)
      else
        requeued[#requeued + 1] = t
      end
      if r.state ~= RUNNING then return {} end
    end
  end
  return requeued
end

local function orphans_of(r)
  local orphans = {}
  while true do
    local first = call('LINDEX', r.p .. 'r', 0)
    if not first then break end
    local since = unpack('>d', first)
    if r.now - since <= r.lease then break end
    call('LPOP', r.p .. 'r')
    for at = 9, #first, 8 do
      local task, fence = unpack('>I4I4', first, at)
      local t = state_of(r, task)
      if t.status == READY and t.fence == fence then orphans[#orphans + 1] = t end
    end
  end
  leave_ready(r, orphans)  -- Reported again after another lease.
  return orphans
end

-- Answers whether the run may be erased, what was requeued, and what nobody has claimed.
local function sweep(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  if r.state ~= RUNNING then
    local ended = tonumber(call('HGET', r.p .. 'm', 'ended'))
    local left = ended + r.retention - r.now
    return {left <= 0 and 1 or 0, '', '', pack('<d', left)}
  end
  lapse_expired(r)
  local requeued = settle_lapsed(r)
  if #requeued > 0 then hint(r) end
  local orphans = r.state == RUNNING and orphans_of(r) or {}
  flush(r)
  return {0, written_ready(requeued), written_ready(orphans), pack('<d', 0)}
end

-- -- the life of a run ----------------------------------------------------------------------------

-- Brings a run to life whose parts have been written: token, tasks that are ready, names and values
-- of what is fixed
local function create(keys, args)
  local s = keys[1]
  local p = sub(s, 1, -2)
  local token = args[2]
  local made_by = call('HGET', p .. 'm', 'token')
  if made_by and made_by ~= token then return 0 end
  if call('HGET', p .. 'm', 'alive') then return 1 end
  if call('STRLEN', s) < HEAD then return 2 end  -- What was written has gone meanwhile.
  local created = now_of(args[1]) - tonumber(args[3])
  call('SETRANGE', s, 32, pack('>d', created))
  for i = 5, #args, 2 do call('HSET', p .. 'm', args[i], args[i + 1]) end
  call('HSET', p .. 'm', 'alive', 1)
  for _, name in ipairs({'s', 'm', 'g'}) do call('PERSIST', p .. name) end
  local r = open(keys, args)
  event(r, EVENT_CREATED, 0, 0, 0, 0)
  flush(r)
  if #args[4] > 0 then call('RPUSH', p .. 'r', pack('>d', r.now) .. args[4]) end
  if r.total == 0 then finish_if_done(r) end
  flush(r)
  return 1
end

-- Claims the id for a run that is being written: token, for how long
local function reserve(keys, args)
  local p = sub(keys[1], 1, -2)
  call('HSETNX', p .. 'm', 'token', args[2])
  if call('HGET', p .. 'm', 'token') ~= args[2] then return 0 end
  if not call('HGET', p .. 'm', 'alive') then
    call('HSET', p .. 'g', 't', '')  -- So that it can be given its time.
    call('PEXPIRE', p .. 'm', args[3])
    call('PEXPIRE', p .. 'g', args[3])
  end
  return 1
end

local function cancel(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  if r.state ~= RUNNING then return 0 end
  keep_error(r, REPORTED, 0xffffffff, 0, 0, '', args[3])
  finish(r, CANCELLED, args[2])
  flush(r)
  return 1
end

local function status(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local ended = r.state ~= RUNNING and tonumber(call('HGET', r.p .. 'm', 'ended')) or r.now
  return {call('GETRANGE', r.s, 0, HEAD - 1), pack('<d', ended), call('LRANGE', r.p .. 'x', 0, -1)}
end

-- -- values ---------------------------------------------------------------------------------------

-- Outputs of tasks: each its value, or where its parts are, or nothing.
local function fetch(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local out = {}
  for at = 1, #args[2], 4 do
    local task = unpack('<I4', args[2], at)
    local t = state_of(r, task)
    if not known(t) then return problem('unknown') end
    local readable = r.state == RUNNING or r.state == SUCCEEDED or t.flags % 2 == KEPT
    local value = readable and call('HGET', r.p .. 'o', field_of(task))
    local parts = readable and not value and in_parts(r, t)
    if value then
      out[#out + 1] = pack('<I4', 0) .. value
    elseif parts then
      out[#out + 1] = pack('<I4I4', ELSEWHERE, t.fence) .. parts
    else
      out[#out + 1] = pack('<I4', MISSING)
    end
  end
  return out
end

-- A part of an output has been written under its key: task, fence, index; its checksum
local function put_chunk(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local task, fence, index = unpack('<I4I4I4', args[2])
  local t = state_of(r, task)
  local key = chunk_key(r, task, fence, index)
  if not known(t) then
    call('UNLINK', key)
    return problem('unknown')
  end
  if r.state ~= RUNNING or t.status ~= CLAIMED or t.fence ~= fence then
    if not (t.status == COMMITTED and t.fence == fence) then call('UNLINK', key) end
    return {1}
  end
  local checksums = checksums_of(r, task, fence)
  local count = #checksums / CHECKSUM
  if index > count then
    call('UNLINK', key)
    return {2, count}
  end
  call('PERSIST', key)
  if index == count then call('HSET', r.p .. 'ck', task .. ':' .. fence, checksums .. args[3]) end
  hint(r)
  flush(r)
  return {0}
end

-- task: its fence, whether its parts are all, their checksums
local function chunks(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local t = state_of(r, (unpack('<I4', args[2])))
  if not known(t) then return problem('unknown') end
  local checksums = checksums_of(r, t.task, t.fence)
  if floor(t.flags / CHUNKED) % 2 == 1 and checksums == '' then return problem('released') end
  return {pack('<BBI4', WON, t.status == COMMITTED and 1 or 0, t.fence), checksums}
end

-- -- a store that has lost its tail ---------------------------------------------------------------

-- Begins a new epoch unless this incarnation has: nothing from before may commit any more.
local function renew_epoch(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  if call('HGET', r.p .. 'm', 'incarnation') == args[2] then return 0 end
  call('HSET', r.p .. 'm', 'incarnation', args[2])
  if r.state ~= RUNNING then return 0 end
  local epoch = r.epoch + 1
  r.epoch = epoch
  r.counted = true
  local fence = epoch * FENCES + 1
  local back = {}
  local fence_bytes = pack('>I4', fence)
  local piece = 1000
  for first = 0, r.next - 1, piece do
    local bytes = call('GETRANGE', r.s, HEAD + RECORD * first, HEAD + RECORD * (first + piece) - 1)
    local parts = {}
    for i = 0, floor(#bytes / RECORD) - 1 do
      local record = sub(bytes, i * RECORD + 1, (i + 1) * RECORD)
      local state = byte(record, 1)
      if state == WAITING or state == READY or state == CLAIMED then
        if state ~= WAITING then
          back[#back + 1] = {task = first + i, fence = fence}
          if state == CLAIMED then
            local t = state_of(r, first + i)
            drop_chunks(r, t.task, t.fence)
            event(r, EVENT_REQUEUED, t.task, t.worker, t.attempt, 0,
                  'the store came back without its last writes')
          end
          state = READY
        end
        record = string.char(state) .. sub(record, 2, 4) .. fence_bytes .. sub(record, 9)
      end
      parts[i + 1] = record
    end
    call('SETRANGE', r.s, HEAD + RECORD * first, concat(parts))
  end
  call('UNLINK', r.p .. 'l', r.p .. 'r', r.p .. 'q')
  -- Told at once: nobody is at work on them.
  local parts = {pack('>d', r.now - r.lease - 1)}
  for i = 1, #back do parts[i + 1] = pack('>I4I4', back[i].task, back[i].fence) end
  if #back > 0 then call('RPUSH', r.p .. 'r', concat(parts)) end
  hint(r, true)
  flush(r)
  return 1
end

-- All keys of a run go, whatever is in them.
local function erase(keys, args)
  local p = sub(keys[1], 1, -2)
  local parts = call('HGETALL', p .. 'ck')
  for i = 1, #parts, 2 do
    for index = 0, #parts[i + 1] / CHECKSUM - 1 do
      call('UNLINK', p .. 'c:' .. parts[i] .. ':' .. index)
    end
  end
  for _, name in ipairs({'s', 'm', 'g', 'o', 'ck', 'i', 'ir', 'e', 'x', 'p', 'd', 'l', 'r', 'k',
                         'q'}) do
    call('UNLINK', p .. name)
  end
  call('PUBLISH', p .. 'n', '')
  return 1
end

-- Asks to be told of the next change.
local function want_hint(keys, args)
  if call('STRLEN', keys[1]) < HEAD then return UNKNOWN end
  call('SETRANGE', keys[1], 2, '\1')  -- The hint's place in the header.
  return 1
end

local function register(name, step)
  redis.register_function('@library@_' .. name, function(keys, args)
    if not call then borrow() end
    return step(keys, args)
  end)
end

register('reserve', reserve)
register('create', create)
register('cancel', cancel)
register('status', status)
register('erase', erase)
register('claim', claim)
register('commit', commit)
register('put_items', put_items)
register('expand', expand)
register('fail', fail)
register('release', release)
register('fetch', fetch)
register('put_chunk', put_chunk)
register('chunks', chunks)
register('launch', launch)
register('renew', renew)
register('park', park)
register('held', held)
register('abandon', abandon)
register('sweep', sweep)
register('renew_epoch', renew_epoch)
register('want_hint', want_hint)
