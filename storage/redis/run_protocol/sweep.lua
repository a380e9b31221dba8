-- -- sweep ----------------------------------------------------------------------------------------

local function lapse_expired(r)
  local entries = call('HGETALL', r.p .. 'l')
  local expired = {}
  for i = 1, #entries, 2 do
    local worker = tonumber(entries[i])
    if worker and tonumber(entries[i + 1]) <= r.now then expired[#expired + 1] = worker end
  end
  if #expired == 0 then return end
  lapse(r, expired)
  for i = 1, #expired do drop_lease(r, expired[i]) end
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

-- Of the clients of a store, one sweeps at a time: for how long
local function take_turn(keys, args)
  return call('SET', keys[1], '1', 'NX', 'PX', args[1]) and 1 or 0
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
