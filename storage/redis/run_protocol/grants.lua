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
  local budget = math.min(INLINE_BUDGET, r.inline_left)
  local left = budget
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
  r.inline_left = r.inline_left - (budget - left)
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
  local budget = math.min(INLINE_BUDGET, r.inline_left)
  local left = budget
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
  r.inline_left = r.inline_left - (budget - left)
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
