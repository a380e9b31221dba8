-- -- leases ---------------------------------------------------------------------------------------

local function extend_lease(r, worker)
  r.extended[worker] = true
end

-- The claims of workers, by a walk over all states: only when something was lost.
local function claims_of(r, workers)
  write_states(r)
  local found = {}
  local piece = 1000
  local marks = {}
  for i = 1, #workers do marks[pack('>I4', workers[i])] = true end
  for first = 0, r.next - 1, piece do
    local bytes = call('GETRANGE', r.s, HEAD + RECORD * first, HEAD + RECORD * (first + piece) - 1)
    for i = 0, floor(#bytes / RECORD) - 1 do
      local at = i * RECORD
      if byte(bytes, at + 1) == CLAIMED and marks[sub(bytes, at + 9, at + 12)] then
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
