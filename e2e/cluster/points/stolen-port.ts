import { keyOf } from '../caller.ts'
import { images } from '../images/index.ts'
import { callerPod, gateway, key, server } from '../manifests.ts'
import { nodeRow, signalGateway } from '../node.ts'
import { podsOf, untilReady } from '../server-fixture.ts'
import { demand, eventually, inNamespace, type Stage } from '../stage.ts'
import { certificates, renewal } from './certificate.ts'

const space = 'e2e-stolen'
const host = `mcp-one.${space}.svc`

/** Calls over and over with the key, as many clients would, over new connections; counts what came of it. */
const calling = (seconds: number, ca: string): string =>
  `const https = require('https')
const seen = {}
const until = Date.now() + ${seconds * 1000}
const headers = {'x-api-key': process.env.BARTIZAN_KEY, 'content-type': 'application/json', accept: 'application/json, text/event-stream'}
const once = () => new Promise(done => {
  const end = says => done(seen[says] = (seen[says] ?? 0) + 1)
  const call = https.request('https://${host}:8443/mcp/one', {method: 'POST', agent: false, ca: ${JSON.stringify(ca)}, headers, timeout: 1000}, answer => {
    answer.resume().on('close', () => end(answer.statusCode))
  })
  call.on('timeout', () => call.destroy(new Error('ETIMEDOUT'))).on('error', error => end(error.code ?? error.message))
  call.end('{}')
})
const lane = async () => { while (Date.now() < until) { await once(); await new Promise(done => setTimeout(done, 20)) } }
Promise.all([lane(), lane(), lane(), lane()]).then(() => console.log(JSON.stringify(seen)))`

/**
 * One call with the key over plain HTTP to the port that was served with TLS: what a client without TLS would give away. To the pod itself, since
 * the Service has turned away from it.
 */
const callingPlainly = (
  address: string,
): string => `const call = require('http').request('http://${address}:18080/mcp/one', {method: 'POST', headers: {'x-api-key': process.env.BARTIZAN_KEY}, timeout: 3000},
  answer => answer.resume().on('close', () => process.exit()))
call.on('timeout', () => process.exit()).on('error', () => process.exit()).end('{}')`

async function inCaller({ kubectl }: Stage, secret: string, code: string): Promise<string> {
  const { stdout } = await kubectl.run([
    'exec',
    '-n',
    space,
    'caller',
    '--',
    'env',
    `BARTIZAN_KEY=${secret}`,
    'node',
    '-e',
    code,
  ])
  return stdout.trim()
}

const stolen = (log: string): string[] =>
  log.split('\n').filter(line => line.startsWith('stolen') && line.includes(':18080'))

/** Until the server has the port it was after: its guard is killed again and again, as `kill -9` does. */
async function killed(stage: Stage, pod: string): Promise<string> {
  const log = (): Promise<string> => stage.kubectl.ok(['logs', '-n', space, pod, '-c', 'server'])
  let kills = 0
  await eventually(async () => {
    const text = await log()
    if (/^bound .*:18080$/m.test(text)) return
    await signalGateway(stage.kubectl, { namespace: space, pod }, 'SIGKILL')
    kills++
    throw new Error(`killed ${kills} times, and the server has not got the port`)
  }, 90_000)
  return `the server has the port after ${kills} kill${kills === 1 ? '' : 's'}`
}

async function judge(stage: Stage, pod: string, secret: string, ca: string): Promise<string> {
  const calls = inCaller(stage, secret, calling(30, ca))
  calls.catch(() => undefined) // it is awaited below
  await new Promise(resolve => setTimeout(resolve, 3000))
  const how = await killed(stage, pod)
  const counts = await calls
  const log = await stage.kubectl.ok(['logs', '-n', space, pod, '-c', 'server'])
  const [came, keys] = [stolen(log), stolen(log).filter(line => line.endsWith('WITH A KEY'))]
  const text = `${how}; ${came.length} connections came to it, ${keys.length} with a key; answers and errors: ${counts}`
  demand(came.length > 0, `${text}: nothing came, so nothing is proved`)
  demand(keys.length === 0 && !/"200"/.test(counts.replace(/^\{"200"/, '')), text)
  return text
}

/** Were a key sent, it would be seen. */
async function control(stage: Stage, pod: string, secret: string): Promise<string> {
  const address = await stage.kubectl.ok(['get', 'pod', '-n', space, pod, '-o', 'jsonpath={.status.podIP}'])
  await inCaller(stage, secret, callingPlainly(address))
  return eventually(async () => {
    const log = await stage.kubectl.ok(['logs', '-n', space, pod, '-c', 'server'])
    const keys = stolen(log).filter(line => line.endsWith('WITH A KEY'))
    demand(keys.length > 0, 'a key that was sent in the open was not seen')
    return `${keys.length} key seen: the test would have noticed`
  }, 10_000)
}

/** The guard is killed, and the server beside it takes its port. */
export async function stolenPort(stage: Stage): Promise<void> {
  const { kubectl } = stage
  await inNamespace(kubectl, space, async () => {
    const issued = await certificates(stage, space, host)
    try {
      await issued.renew()
      const documents = [
        gateway(space, { tls: { secretName: 'mcp-tls' } }),
        server(space, 'one', { image: images.hostile }),
      ]
      await kubectl.apply([...documents, key(space, 'ann', ['one']), callerPod(space)].join('\n'))
      // The operator uses each gateway as a client would before it says so: here over TLS.
      await untilReady(stage, space, 'one')
      await kubectl.ok(['wait', '-n', space, 'pod/caller', '--for=condition=Ready', '--timeout=60s'])
      const secret = await keyOf(kubectl, space, 'ann-key')
      const [pod = ''] = await podsOf(stage, space, 'one')
      await stage.row('a certificate is renewed without a restart', () => renewal(stage, { space, host, pod }, issued))
      await nodeRow(stage, 'after kill -9 of the guard no client that uses TLS hands its key to the server', () =>
        judge(stage, pod, secret, issued.ca),
      )
      await nodeRow(stage, 'a client without TLS would', () => control(stage, pod, secret))
    } finally {
      issued.forget()
    }
  })
}
