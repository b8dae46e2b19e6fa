-- wrk -s call.lua URL -- TOOL KEY: tools/call in the revision 2026-07-28, about 300 bytes, a different id in every call of a connection's round.
local bodies = {}
local turn = 0

init = function(args)
  local tool, key = args[1], args[2]
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json, text/event-stream"
  wrk.headers["MCP-Protocol-Version"] = "2026-07-28"
  wrk.headers["Mcp-Method"] = "tools/call"
  wrk.headers["Mcp-Name"] = tool
  if key and key ~= "" then wrk.headers["X-API-Key"] = key end
  for i = 1, 1000 do
    local body = '{"jsonrpc":"2.0","id":' .. (1000000 + i) .. ',"method":"tools/call","params":{"name":"' .. tool ..
      '","arguments":{"city":"Lisbon","units":"metric"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",' ..
      '"io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"}}}}'
    bodies[i] = wrk.format(nil, nil, nil, body)
  end
end

request = function()
  turn = turn % 1000 + 1
  return bodies[turn]
end

done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"calls":%d,"errors":%d,"seconds":%.6f,"p50":%.1f,"p99":%.1f}\n',
    summary.requests, e.connect + e.read + e.write + e.status + e.timeout, summary.duration / 1e6,
    latency:percentile(50), latency:percentile(99)))
end
