import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { noControlPlane } from './absent.ts'
import { authority } from './certificates.ts'
import { freePort, onFreePorts, type Choose } from './ports.ts'
import { rest } from './rest.ts'
import { startServers, type Servers } from './servers.ts'
import { locate } from '../cluster/binaries.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Chooses these ports first, and free ones afterwards. */
function first(...ports: number[]): Choose {
  return async () => ports.shift() ?? freePort()
}

async function plane(choose?: Choose): Promise<Servers> {
  const found = locate()
  if ('reason' in found) throw new Error(found.reason)
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-ports-'))
  cleanups.push(() => rmSync(folder, { recursive: true }))
  const servers = await startServers({ bin: found.folder, folder, authority: await authority(folder) }, [], choose)
  cleanups.push(() => servers.stop())
  return servers
}

const portOf = (url: string): number => Number(new URL(url).port)

async function namespaces({ admin }: Servers): Promise<unknown[]> {
  const client = rest(admin)
  const { body } = await client.request('GET', '/api/v1/namespaces')
  client.close()
  return (body['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name)
}

describe.skipIf(noControlPlane)('a control plane whose ports another was faster to take', () => {
  test('takes others, and does not take the other one for itself', async () => {
    const one = await plane()
    const [client, server] = [portOf(one.etcd), portOf(one.server)]
    const two = await plane(first(client, await freePort(), await freePort(), await freePort(), server))
    expect([client, server]).not.toContain(portOf(two.etcd))
    expect([client, server]).not.toContain(portOf(two.server))
    const mine = rest(two.admin)
    const made = await mine.request('POST', '/api/v1/namespaces', { metadata: { name: 'of-two' } })
    mine.close()
    expect(made.status).toBe(201)
    expect(await namespaces(one)).not.toContain('of-two')
    expect(await namespaces(two)).toContain('of-two')
  })
})

describe('ports', () => {
  test('are different ones', async () => {
    const ports = await onFreePorts(2, async ports => ports, first(20_001, 20_001, 20_002))
    expect(ports).toEqual([20_001, 20_002])
  })

  test('are chosen again only for a program that says that one is in use, and not for ever', async () => {
    let tries = 0
    const failing = (said: string) =>
      onFreePorts(1, () => {
        tries += 1
        return Promise.reject(new Error(said))
      })
    await expect(failing('no such flag')).rejects.toThrow('no such flag')
    expect(tries).toBe(1)
    await expect(failing('listen tcp 127.0.0.1:1: bind: address already in use')).rejects.toThrow('in use')
    expect(tries).toBe(11)
  })
})
