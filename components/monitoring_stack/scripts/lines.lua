-- Turns one line of a container's log into a record for Loki, and takes out what must not be stored.
-- Called by Fluent Bit: https://docs.fluentbit.io/manual/pipeline/filters/lua. It runs LuaJIT, so Lua 5.1.

local PATTERNS = {
  -- A header or a setting that is a secret by its name.
  { "([Aa]uthorization[\"']?%s*[:=]%s*[\"']?%a+%s+)[%w%-%._~%+/=]+", "%1[secret]" },
  { "([Pp]assword[\"']?%s*[:=]%s*[\"']?)[^%s\"',&}]+", "%1[secret]" },
  { "([Tt]oken[\"']?%s*[:=]%s*[\"']?)[^%s\"',&}]+", "%1[secret]" },
  { "([Ss]ecret[\"']?%s*[:=]%s*[\"']?)[^%s\"',&}]+", "%1[secret]" },
  -- A JSON Web Token, wherever it stands.
  { "eyJ[%w%-_]+%.[%w%-_]+%.[%w%-_]*", "[token]" },
  -- A password inside a URL.
  { "(%a[%w%+%.%-]*://[^%s/:@]*:)[^%s/@]+@", "%1[secret]@" },
  -- Addresses of people.
  { "[%w%.%%%+%-_]+@[%w%-]+%.[%w%.%-]*%w", "[email]" },
  { "%f[%d]%d%d?%d?%.%d%d?%d?%.%d%d?%d?%.%d%d?%d?%f[^%d]", "[address]" },
}

local SECRET_KEYS = { authorization = true, password = true, secret = true, token = true, cookie = true }

local LEVELS = {
  trace = "debug", debug = "debug", info = "info", notice = "info", information = "info",
  warn = "warn", warning = "warn", error = "error", err = "error", fatal = "error", critical = "error", panic = "error",
  ["10"] = "debug", ["20"] = "debug", ["30"] = "info", ["40"] = "warn", ["50"] = "error", ["60"] = "error",
}

local function clean(value)
  if type(value) == "string" then
    for _, rule in ipairs(PATTERNS) do
      value = value:gsub(rule[1], rule[2])
    end
    return value
  end
  if type(value) ~= "table" then
    return value
  end
  local kept = {}
  for key, inner in pairs(value) do
    if SECRET_KEYS[tostring(key):lower()] then
      kept[key] = "[secret]"
    else
      kept[key] = clean(inner)
    end
  end
  return kept
end

-- Docker's files carry the container's name as a tag; a stack's containers begin with its prefix.
local function instance_of(record)
  local attrs = record["attrs"]
  local name = type(attrs) == "table" and attrs["tag"] or nil
  if type(name) ~= "string" or name:sub(1, #PREFIX + 1) ~= PREFIX .. "-" then
    return nil
  end
  return name:sub(#PREFIX + 2)
end

function line(tag, timestamp, record)
  local instance = instance_of(record)
  if instance == nil then
    return -1, timestamp, record -- another project's
  end
  local level = LEVELS[tostring(record["level"] or ""):lower()]
  if level == nil then
    level = record["stream"] == "stderr" and "warn" or "info"
  end
  local audit = record["audit"] == true or record["audit"] == "true"
  local request, trace = record["request_id"], record["trace_id"]
  for _, key in ipairs({ "attrs", "stream", "log_parsed" }) do
    record[key] = nil
  end
  if next(record, next(record)) ~= nil then
    record["log"] = nil -- it was JSON, and its fields are here
  end
  local out = clean(record)
  out["instance_name"] = instance
  out["level"] = level
  out["class"] = audit and "audit" or "app"
  out["request_id"] = clean(request)
  out["trace_id"] = clean(trace)
  return 1, timestamp, out
end
