import { setTimeout as pause } from 'node:timers/promises'
import { text } from 'node:stream/consumers'
import { ApiClient } from '../client.ts'
import type { ApiCredentials } from '../credentials.ts'
import { Leader } from '../leader.ts'

/**
 * A replica that writes its name into a ConfigMap as fast as it can while it may, for tests of the lease. It reads who it is from stdin, prints `wrote VERSION`, `lost`
 * and `released`, hands over at SIGTERM, and leaves when it has lost the lease. With `freezeAt` it stops itself in the worst moment: so many times it has asked
 * whether it may write, and it has just been told that it may.
 */
export type WriterOptions = {
  readonly credentials: ApiCredentials
  readonly identity: string
  readonly leaseDuration: number
  readonly renewDeadline: number
  readonly retryPeriod: number
  readonly freezeAt?: number
}

const { credentials, identity, freezeAt, ...times } = JSON.parse(await text(process.stdin)) as WriterOptions
const stop = new AbortController()
let looks = 0
const mayWrite = (): boolean => {
  const may = leader.isLeader()
  if (may) looks += 1
  if (may && looks === freezeAt) process.kill(process.pid, 'SIGSTOP')
  return may
}
const client: ApiClient = new ApiClient({ credentials, mayWrite, fence: times.leaseDuration - times.renewDeadline })
const lost = (): never => {
  console.log('lost')
  process.exit(1)
}
const leader = new Leader({ client, namespace: 'default', name: 'writers', identity, lost, ...times })
const configMaps = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true }

process.on('SIGTERM', () => stop.abort())
const running = leader.run(stop.signal)
await Promise.race([leader.elected(), running])
for (let count = 0; !stop.signal.aborted; count++) {
  const object = { metadata: { name: 'written' }, data: { writer: identity, count: String(count) } }
  // Four at once, so that some wait for their turn in the moment in which the process is frozen.
  const writes = Array.from({ length: 4 }, () => client.apply(configMaps, 'default', object, { manager: identity }))
  for (const outcome of await Promise.allSettled(writes))
    if (outcome.status === 'fulfilled') console.log(`wrote ${outcome.value.metadata.resourceVersion}`)
  await pause(1)
}
await running
await leader.release()
console.log('released')
await client.close()
