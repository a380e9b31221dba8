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
