// node probe.mjs INTERVAL TARGET...: asks every target again and again with the key in BARTIZAN_KEY, and prints a line of JSON whenever it is let
// in or refused anew. While it is let in it holds a listen stream and a running call, and prints when each ends; then it asks at once. A target is
// ADDRESS,HOST,SERVER.
import { request, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { callTool, modern } from '../../../../hack/testing/mcp-request.ts'

const [interval = '20', ...targets] = process.argv.slice(2)
const key = process.env['BARTIZAN_KEY'] ?? ''
const say = (line: object): void => void process.stdout.write(`${JSON.stringify({ ...line, at: Date.now() })}\n`)

type Target = { readonly address: string; readonly host: string; readonly server: string }
type Sending = ReturnType<typeof modern>

function send({ address, host, server }: Target, { body, headers }: Sending): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const about = { host, accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
    const call = request(`http://${address}/mcp/${server}`, {
      method: 'POST',
      agent: false,
      headers: { ...about, 'x-api-key': key, ...(headers as Record<string, string>) },
    })
    call.on('response', resolve)
    call.on('error', reject)
    call.end(body)
  })
}

/** Holds an answer until it ends, in whatever way. */
async function hold(target: Target, what: 'listen' | 'call', sending: Sending): Promise<void> {
  try {
    const answer = await send(target, sending)
    for await (const _ of answer);
  } catch {
    // A broken end is an end.
  }
  say({ target: target.address, ended: what })
}

async function watch(target: Target): Promise<void> {
  let admitted: boolean | undefined
  const never = new Promise<void>(() => {})
  let ended = never
  for (let number = 0; ; number++) {
    const answer = await send(target, modern('tools/list', `probe-${number}`)).catch(() => undefined)
    answer?.resume()
    const now = answer?.statusCode === 200
    if (now !== admitted) {
      admitted = now
      say({ target: target.address, admitted, status: answer?.statusCode ?? 0 })
      if (admitted) {
        const listen = modern('subscriptions/listen', 'listen', '"notifications":{"toolsListChanged":true}')
        ended = hold(target, 'listen', listen)
        const args = JSON.stringify({ id: `held-${number}`, seconds: 60 })
        void hold(target, 'call', callTool('wait', `held-${number}`, args))
      }
    }
    await Promise.race([sleep(Number(interval)), ended.then(() => (ended = never))])
  }
}

await Promise.all(
  targets.map(text => {
    const [address = '', host = '', server = ''] = text.split(',')
    return watch({ address, host, server })
  }),
)
