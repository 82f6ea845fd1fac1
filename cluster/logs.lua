-- What the collector makes of one line: where it comes from, how grave it is, and nothing that is secret or personal.
-- Two opening braces in a row would be a template of the chart's.

-- In four words, as on Docker.
local LEVELS = {
  trace = "debug", debug = "debug", verbose = "debug",
  info = "info", information = "info", notice = "info", log = "info",
  warn = "warn", warning = "warn",
  error = "error", err = "error",
  fatal = "error", critical = "error", crit = "error", panic = "error", alert = "error", emergency = "error",
}
local BY_NUMBER = { [10] = "debug", [20] = "debug", [30] = "info", [40] = "warn", [50] = "error", [60] = "error" }

local SECRETS = {
  "password", "passwd", "secret", "token", "apikey", "authorization", "cookie", "privatekey", "credential", "session",
  "signature",
}

local function is_secret(key)
  local plain = key:lower():gsub("[-_.]", "")
  for _, word in ipairs(SECRETS) do
    if plain:find(word, 1, true) then return true end
  end
  return false
end

-- The place of the quote that ends a string of JSON which starts after `from`.
local function ends(line, from)
  local at = from
  while true do
    local quote = line:find('"', at, true)
    if not quote then return #line + 1 end
    local slashes = #line:sub(from, quote - 1):match("\\*$")
    if slashes % 2 == 0 then return quote end
    at = quote + 1
  end
end

local function without_secret_members(line)
  local made, at = {}, 1
  while true do
    local first, last, key = line:find('"([%w_.-]+)"%s*:%s*"', at)
    if not first then break end
    local quote = ends(line, last + 1)
    if is_secret(key) then
      made[#made + 1] = line:sub(at, last) .. "[redacted]"
      at = quote
    else
      made[#made + 1] = line:sub(at, last)
      at = last + 1
    end
  end
  made[#made + 1] = line:sub(at)
  return table.concat(made)
end

-- Addresses inside a cluster are no person's.
local function is_private(a, b)
  return a == 0 or a == 10 or a == 127 or (a == 172 and b >= 16 and b <= 31) or (a == 192 and b == 168)
    or (a == 169 and b == 254) or (a == 100 and b >= 64 and b <= 127)
end

local function without_ipv4(address)
  local a, b, c, d = address:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
  if not a then return nil end
  a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
  if a > 255 or b > 255 or c > 255 or d > 255 or is_private(a, b) then return nil end
  return "[address]"
end

local function without_ipv6(word)
  local _, colons = word:gsub(":", "")
  if colons < 2 or not (word:find("::", 1, true) or colons == 7) then return nil end
  if word == "::" or word == "::1" or word:lower():find("^f[cde]") then return nil end
  return "[address]"
end

function redacted(line)
  line = without_secret_members(line)
  line = line:gsub('\\"([%w_.-]+)\\"(%s*:%s*)\\"(.-)\\"', function(key, between)  -- JSON inside a string of JSON
    if is_secret(key) then return '\\"' .. key .. '\\"' .. between .. '\\"[redacted]\\"' end
    return nil
  end)
  line = line:gsub("([Bb]earer%s+)[%w._~+/=-]+", "%1[redacted]")
  line = line:gsub("([Bb]asic%s+)[%w+/=]+", "%1[redacted]")
  line = line:gsub("eyJ[%w_-]+%.[%w_-]+%.?[%w_-]*", "[token]")
  line = line:gsub("(://[^/%s:@\"]*):[^/%s@\"]+@", "%1:[redacted]@")
  line = line:gsub("([%w_.-]+)=([^%s&;,\"'\\]+)", function(key, value)
    if is_secret(key) then return key .. "=[redacted]" end
    return nil
  end)
  line = line:gsub("[%w.+_-]+@[%w-]+%.[%w.-]+", "[mail]")
  line = line:gsub("::[fF][fF][fF][fF]:(%d+%.%d+%.%d+%.%d+)", "%1")  -- IPv4 as IPv6 sockets tell it
  line = line:gsub("%d+%.%d+%.%d+%.%d+", without_ipv4)
  line = line:gsub("[%x:]+:[%x:.]*", without_ipv6)
  return line
end

local function level_of(fields, stream)
  local silent = stream == "stderr" and "warn" or "info"
  local inner = type(fields.record) == "table" and fields.record.error_severity  -- PostgreSQL, as its operator writes it
  local given = inner or fields.level or fields.severity or fields.lvl
  if type(given) == "number" then return BY_NUMBER[given] or silent end
  if type(given) == "string" then return LEVELS[given:lower()] or silent end
  return silent
end

local function word(value)
  return type(value) == "string" and redacted(value) or nil
end

function shape(tag, timestamp, record)
  local namespace, pod, container = tag:match("^kube%.([^.]+)%.(.+)%.([^.]+)$")
  local kubernetes = type(record.kubernetes) == "table" and record.kubernetes or {}
  local labels = type(kubernetes.labels) == "table" and kubernetes.labels or {}
  local fields = type(record.fields) == "table" and record.fields or {}
  return 2, timestamp, {
    line = redacted(tostring(record.log or "")),
    namespace = namespace or "unknown",
    instance_name = labels["app.kubernetes.io/instance"] or "unknown",
    level = level_of(fields, record.stream),
    class = (fields.audit == true or fields.audit == "true") and "audit" or "app",
    pod = pod or "unknown",
    container = container or "unknown",
    request_id = word(fields.request_id or fields.requestId),
    trace_id = word(fields.trace_id or fields.traceId),
  }
end
