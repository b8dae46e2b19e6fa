import { images } from '../images/index.ts'
import type { Place } from '../reach.ts'
import { podsOf, withServer, type ServerFixture } from '../server-fixture.ts'
import { demand, type Stage } from '../stage.ts'

/** Opens connections, sends `request` over each as often as told, reads nothing, and stays for three seconds. Prints how many were opened. */
const flooding = (address: string, count: number, request: string, times: number): string => `
const { connect } = require('net')
const bytes = Buffer.from(${JSON.stringify(request)}.repeat(${times}))
let opened = 0
for (let at = 0; at < ${count}; at += 1) {
  const socket = connect({ host: ${JSON.stringify(address)}, port: 18080 }, () => (opened += 1)).on('error', () => undefined)
  socket.pause()
  socket.write(bytes)
}
setTimeout(() => { console.log(opened); process.exit() }, 3000)`

const request = (lines: readonly string[], body = ''): string => [...lines, '', body].join('\r\n')

/** A call in the form of 2026-07-28, whose server answers with some kilobytes. */
function call(host: string, server: string, key: string): string {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'flood', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } })
  const head = [
    `POST /mcp/${server} HTTP/1.1`,
    `Host: ${host}`,
    `X-API-Key: ${key}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    'MCP-Protocol-Version: 2026-07-28',
    'Mcp-Method: tools/list',
    `Content-Length: ${body.length}`,
  ]
  return request(head, body)
}

async function restartsOf({ kubectl }: Stage, namespace: string, pod: string): Promise<number> {
  const path = 'jsonpath={.status.initContainerStatuses[?(@.name=="gateway")].restartCount}'
  return Number(await kubectl.ok(['get', 'pod', '-n', namespace, pod, '-o', path]))
}

async function flood(stage: Stage, fixture: ServerFixture, place: Place, what: string, times: number): Promise<string> {
  const { kubectl } = stage
  const [pod] = await podsOf(stage, fixture.namespace, fixture.server)
  const address = await kubectl.ok(['get', 'pod', '-n', fixture.namespace, pod!, '-o', 'jsonpath={.status.podIP}'])
  const code = flooding(address, 400, what, times)
  const running = kubectl.run(['exec', '-n', place.namespace, place.pod, '--', 'node', '-e', code])
  const during = await fixture.call('echo', { text: 'during' })
  const { stdout } = await running
  const after = await fixture.call('echo', { text: 'after' })
  demand(Number(stdout) > 0, 'no connection was opened')
  demand(during.result !== undefined && after.result !== undefined, during.error ?? after.error ?? 'no answer')
  const restarts = await restartsOf(stage, fixture.namespace, pod!)
  demand(restarts === 0, `the guard was started anew ${restarts} times`)
  return `${stdout.trim()} of 400 connections opened, ${times} requests on each; calls of others answered, the guard lives`
}

/** What ended a guard within seconds before, in its container with its memory limit. */
export async function floods(stage: Stage): Promise<void> {
  await withServer(stage, 'e2e-floods', { server: { image: images.server } }, async fixture => {
    const host = `mcp-${fixture.server}.${fixture.namespace}.svc:8080`
    const place = { kubectl: stage.kubectl, namespace: fixture.namespace, pod: 'caller' }
    const stranger = request(['GET / HTTP/1.1', `Host: ${host}`])
    await stage.row('requests of strangers who read no answer end nothing', () =>
      flood(stage, fixture, place, stranger, 4000),
    )
    await stage.row('calls with a key whose answers are not read end nothing', () =>
      flood(stage, fixture, place, call(host, fixture.server, fixture.key), 200),
    )
  })
}
