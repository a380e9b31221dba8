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
